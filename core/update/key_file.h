/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A publisher's secret key, and the file it rests in: JSON with the public half and the role in the
 * clear, the secret seed sealed with a passphrase (Argon2id, XChaCha20-Poly1305) or, for a key that
 * a scheduled task uses, as it is. Docs: docs/rules-from-the-centre.md. Pure functions; whoever has
 * an eg_secret_key wipes it (eg_secret_key_wipe) as soon as it signed.
 */
#ifndef EG_UPDATE_KEY_FILE_H
#define EG_UPDATE_KEY_FILE_H

#include "core/update/crypto.h"

#define EG_KEY_FILE_MAX 4096 /* bytes */
#define EG_KEY_ROLE_SIZE 16
#define EG_KEY_ID_SIZE (2 * EG_HASH256_SIZE + 1)
#define EG_PASSPHRASE_MAX 1024

typedef struct eg_secret_key {
    char id[EG_KEY_ID_SIZE];     /* as TUF metadata names it: the SHA-256 of its public form */
    char role[EG_KEY_ROLE_SIZE]; /* "root", "targets", "online"; a label, root.json decides */
    uint8_t public_key[EG_ED25519_PUBLIC_SIZE];
    uint8_t seed[EG_ED25519_SEED_SIZE];
} eg_secret_key;

/* What guessing one passphrase costs. */
typedef struct eg_key_cost {
    uint64_t operations; /* passes of Argon2id */
    uint64_t memory;     /* bytes */
} eg_key_cost;
#define EG_KEY_COST ((eg_key_cost){3, UINT64_C(256) * 1024 * 1024})
/* More is not read, so that a file cannot stop the reader. */
#define EG_KEY_COST_MAX ((eg_key_cost){16, UINT64_C(1024) * 1024 * 1024})

/* A new key from the system's random numbers. EG_E_INVALID for a role of other than letters. */
int eg_secret_key_create(const char *role, eg_secret_key *out);
void eg_secret_key_wipe(eg_secret_key *key);

/* Appends the file; passphrase EG_STR_NONE: not locked. */
int eg_key_file_write(const eg_secret_key *key, eg_str passphrase, const eg_key_cost *cost,
                      eg_buf *out);
/* What stands in the clear; seed zeroes. EG_E_INVALID with what is wrong. */
int eg_key_file_look(eg_str bytes, eg_secret_key *out, bool *locked);
/*
 * The key itself. EG_E_DENIED: it is locked and this is not its passphrase (or the file was
 * changed, which nobody can tell apart); EG_E_INVALID: it is no key file or its halves do not
 * belong together.
 */
int eg_key_file_read(eg_str bytes, eg_str passphrase, eg_secret_key *out);

#endif
