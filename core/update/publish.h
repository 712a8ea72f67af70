/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of metadata.h: writes TUF 1.0 documents, in canonical JSON and signed, so that the
 * same input gives the same bytes. Pure functions: each appends one whole document to `out`, which
 * is the caller's. Without signers a document bears no signature: a draft.
 */
#ifndef EG_UPDATE_PUBLISH_H
#define EG_UPDATE_PUBLISH_H

#include "core/update/key_file.h"
#include "core/update/release.h"

typedef struct eg_publish_signers {
    const eg_secret_key *const *keys;
    size_t count;
} eg_publish_signers;

typedef struct eg_publish_head {
    uint64_t version;
    uint64_t expires;   /* FILETIME; fractions of a second are left out */
    uint64_t signed_at; /* the same; 0: not told. Member "x-emoguard-signed-at" */
    eg_publish_signers signers;
} eg_publish_head;

/* With consistent snapshots. */
int eg_publish_root(const eg_publish_head *head, const eg_tuf_role roles[EG_TUF_KIND_COUNT],
                    eg_buf *out);
/* A snapshot tells of targets.json, a timestamp of snapshot.json: its version and its bytes. */
int eg_publish_listing(eg_tuf_kind kind, const eg_publish_head *head, uint64_t version,
                       eg_str bytes, eg_buf *out);
int eg_publish_targets(const eg_publish_head *head, const eg_tuf_target *targets, size_t count,
                       eg_buf *out);

/* Length and hashes of a file that becomes a target. */
void eg_publish_describe(eg_str bytes, eg_tuf_target *out);
/* The "custom" objects that release.h reads. */
void eg_publish_release(const eg_release *release, eg_json *json);
void eg_publish_delta(const uint8_t from[EG_HASH256_SIZE], const uint8_t to[EG_HASH256_SIZE],
                      eg_json *json);

#endif
