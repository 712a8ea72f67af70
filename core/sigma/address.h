/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and networks as text, for the cidr modifier. Pure functions. */
#ifndef EG_SIGMA_ADDRESS_H
#define EG_SIGMA_ADDRESS_H

#include "core/base/str.h"

typedef struct eg_address {
    uint8_t bytes[16]; /* network order; IPv4 uses the first four */
    uint8_t size;      /* 4 or 16 */
} eg_address;

typedef struct eg_network {
    eg_address address;
    uint8_t bits; /* of the prefix */
} eg_network;

/* Strict: no blanks, no leading zeros in IPv4; the zone of IPv6 behind '%' is dropped. */
bool eg_address_parse(eg_str text, eg_address *out);
/* "10.0.0.0/8", "fe80::/10", "10.0.0.0/255.0.0.0"; EG_E_INVALID with the reason. */
int eg_network_parse(eg_str text, eg_network *out);
bool eg_network_contains(const eg_network *network, const eg_address *address);

#endif
