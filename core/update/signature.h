/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which key made which signature, and whether enough of a role's keys signed a document. Key types:
 * ed25519/ed25519, ecdsa/ecdsa-sha2-nistp256, rsa/rsassa-pss-sha256. Pure functions.
 */
#ifndef EG_UPDATE_SIGNATURE_H
#define EG_UPDATE_SIGNATURE_H

#include "core/update/metadata.h"

/* False also for a key type that we do not know, and for what is not hexadecimal. */
bool eg_tuf_key_verify(const eg_tuf_key *key, eg_str message, eg_str signature_hex);

/*
 * EG_OK when at least `threshold` different keys of the role signed `metadata`. Otherwise
 * EG_E_INVALID with how many there are and how many are needed; `name` is the role's, for that
 * message. Signatures that do not fit, and those of other keys, do no harm.
 */
int eg_tuf_check_signatures(const eg_tuf_metadata *metadata, const eg_tuf_role *role, eg_str name);

#endif
