/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four kinds of TUF 1.0 metadata (specification 1.0.34, section 4) as plain structs. Reading
 * checks the form only: who signed, which version and how old it is are the client's questions.
 * A document owns all its texts and lists; whoever reads it destroys it. One thread at a time.
 */
#ifndef EG_UPDATE_METADATA_H
#define EG_UPDATE_METADATA_H

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/update/crypto.h"

typedef enum eg_tuf_kind {
    EG_TUF_ROOT,
    EG_TUF_TIMESTAMP,
    EG_TUF_SNAPSHOT,
    EG_TUF_TARGETS, /* also that of every delegated role */
    EG_TUF_KIND_COUNT,
} eg_tuf_kind;

/* Bounds on what one document may list, whatever its size. */
#define EG_TUF_SIGNATURES_MAX 64
#define EG_TUF_KEYS_MAX 256
#define EG_TUF_NAME_MAX 512 /* bytes of a role's name or a target's path */

typedef struct eg_tuf_key {
    eg_str id;   /* SHA-256 of the canonical form of the key, as hexadecimal; checked */
    eg_str type; /* "ed25519", "ecdsa", "rsa"; others are kept, and no signature of theirs counts */
    eg_str scheme;
    eg_str value; /* the public half: hexadecimal or PEM */
} eg_tuf_key;

/* Who may sign for a role: `threshold` of these keys. */
typedef struct eg_tuf_role {
    const eg_tuf_key **keys; /* each once; ids without a key of that id are left out */
    size_t key_count;
    uint64_t threshold;
} eg_tuf_role;

typedef struct eg_tuf_signature {
    eg_str key_id;
    eg_str hex; /* "" where a signer has not signed yet */
} eg_tuf_signature;

/* Of the hashes that a document gives for a file, those we know. */
typedef struct eg_tuf_hashes {
    size_t given; /* how many, the unknown ones too */
    bool has_sha256, has_sha512;
    uint8_t sha256[EG_HASH256_SIZE];
    uint8_t sha512[EG_HASH512_SIZE];
} eg_tuf_hashes;

/* A metadata file as timestamp and snapshot describe it. */
typedef struct eg_tuf_meta {
    eg_str name; /* "snapshot.json" */
    uint64_t version;
    bool has_length;
    uint64_t length;
    eg_tuf_hashes hashes;
} eg_tuf_meta;

typedef struct eg_tuf_target {
    eg_str path;
    uint64_t length;
    eg_tuf_hashes hashes;
    yyjson_val *custom; /* an object, or NULL; borrows from the document */
} eg_tuf_target;

typedef struct eg_tuf_delegation {
    eg_str name;
    eg_tuf_role role;
    bool terminating;
    const eg_str *paths; /* patterns with '*' and '?', neither of which is a '/' */
    size_t path_count;
    const eg_str *hash_prefixes; /* hexadecimal beginnings of the SHA-256 of a path */
    size_t hash_prefix_count;
} eg_tuf_delegation;

typedef struct eg_tuf_metadata {
    eg_tuf_kind kind;
    uint64_t version;
    uint64_t expires;    /* FILETIME */
    uint64_t signed_at;  /* FILETIME; 0 when not told. Our own member "x-emoguard-signed-at" */
    eg_str signed_bytes; /* canonical form of "signed": what signatures are made over */
    const eg_tuf_signature *signatures; /* each key id once */
    size_t signature_count;
    /* root */
    bool consistent_snapshot;
    eg_tuf_role roles[EG_TUF_KIND_COUNT];
    /* timestamp: exactly "snapshot.json"; snapshot: "targets.json" and the delegated ones */
    const eg_tuf_meta *meta;
    size_t meta_count;
    /* targets */
    const eg_tuf_target *targets;
    size_t target_count;
    const eg_tuf_delegation *delegations; /* in order of trust */
    size_t delegation_count;
    /* private */
    eg_arena *arena;
    yyjson_doc *document;
} eg_tuf_metadata;

/*
 * Reads a document of the kind that is wanted; `bytes` may go afterwards. EG_E_INVALID names the
 * member that is wrong. Does not look at signatures.
 */
int eg_tuf_metadata_read(eg_str bytes, eg_tuf_kind kind, eg_tuf_metadata **out);
void eg_tuf_metadata_destroy(eg_tuf_metadata *metadata); /* NULL-safe */

/* "root", "timestamp", "snapshot", "targets". */
const char *eg_tuf_kind_name(eg_tuf_kind kind);
/* The entry "`role`.json"; NULL when there is none. */
const eg_tuf_meta *eg_tuf_find_meta(const eg_tuf_metadata *metadata, eg_str role);
const eg_tuf_target *eg_tuf_find_target(const eg_tuf_metadata *metadata, eg_str path);
/* True when the delegation speaks for `path`. */
bool eg_tuf_delegates(const eg_tuf_delegation *delegation, eg_str path);
/* True when every known hash fits and there is at least one of these. */
bool eg_tuf_hashes_fit(const eg_tuf_hashes *hashes, const uint8_t sha256[EG_HASH256_SIZE],
                       const uint8_t sha512[EG_HASH512_SIZE]);
/* True when both roles are held by the same keys. */
bool eg_tuf_same_keys(const eg_tuf_role *a, const eg_tuf_role *b);
/* True when there is a key that holds both. */
bool eg_tuf_shares_a_key(const eg_tuf_role *a, const eg_tuf_role *b);

#endif
