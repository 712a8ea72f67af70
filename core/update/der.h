/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few DER forms that public keys and ECDSA signatures come in, taken apart for a library that
 * wants the bare numbers (Windows' CNG). Strict: lengths in the shortest form, nothing left over.
 * Pure functions; views borrow from the input. False: it is no such thing.
 */
#ifndef EG_UPDATE_DER_H
#define EG_UPDATE_DER_H

#include "core/base/str.h"

enum { EG_P256_NUMBER_SIZE = 32 };

/* SubjectPublicKeyInfo of a P-256 key, uncompressed (RFC 5480): the point as x, then y. */
bool eg_der_p256_key(eg_str der, uint8_t point[2 * EG_P256_NUMBER_SIZE]);
/* Ecdsa-Sig-Value (RFC 3279, section 2.2.3): r, then s, big-endian, padded to 32 bytes each. */
bool eg_der_p256_signature(eg_str der, uint8_t numbers[2 * EG_P256_NUMBER_SIZE]);
/* SubjectPublicKeyInfo of an RSA key (RFC 3279, section 2.3.1): big-endian, no leading zeros. */
bool eg_der_rsa_key(eg_str der, eg_str *modulus, eg_str *exponent);

#endif
