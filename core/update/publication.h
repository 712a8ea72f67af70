/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository on the publisher's disk: metadata/ and targets/ as they are served, and draft.json,
 * the targets that are meant to be published next. Opening verifies all of it from its root on;
 * what is signed is read back and verified before a byte is written, and the timestamp comes behind
 * what it tells of, so that neither a crash nor a reader finds a half state. One thread; who opens
 * closes.
 */
#ifndef EG_UPDATE_PUBLICATION_H
#define EG_UPDATE_PUBLICATION_H

#include "core/update/publish.h"

#define EG_PUBLICATION_METADATA "metadata"
#define EG_PUBLICATION_TARGETS "targets"
#define EG_PUBLICATION_DRAFT "draft.json"
#define EG_PUBLICATION_FILE_MAX ((size_t)4 * 1024 * 1024)

typedef struct eg_publication {
    eg_buf folder;
    /* The newest of each; all NULL in a repository that is only being made. */
    eg_tuf_metadata *published[EG_TUF_KIND_COUNT];
    eg_tuf_metadata *draft; /* of kind targets, not signed; NULL: nothing waits */
} eg_publication;

/* Empty: for a repository that is to be made in `folder`. EG_E_EXISTS when there is one. */
int eg_publication_begin(const char *folder, eg_publication *out);
/* EG_E_NOTFOUND when there is none; EG_E_INVALID, EG_E_CORRUPT with what is wrong in it. */
int eg_publication_open(const char *folder, eg_publication *out);
void eg_publication_close(eg_publication *publication);

/* The targets to start from: those of the draft, else the published ones. */
const eg_tuf_metadata *eg_publication_next(const eg_publication *publication);
/* These are to be published next. Replaces the draft; opens it again. */
int eg_publication_put_draft(eg_publication *publication, const eg_tuf_target *targets,
                             size_t count);
/* A file below targets/, under the name that has its hash in it; `target` describes it. */
int eg_publication_put_target(eg_publication *publication, const eg_tuf_target *target,
                              eg_str bytes);
/* "rules/7.x" with this SHA-256 is stored as "rules/<hash>.7.x". */
int eg_publication_target_path(eg_str path, const uint8_t sha256[EG_HASH256_SIZE], eg_buf *out);

typedef struct eg_publication_order {
    uint64_t now;                     /* FILETIME; goes into the metadata */
    uint64_t days[EG_TUF_KIND_COUNT]; /* how long each kind is valid */
    const eg_secret_key *keys;        /* those that are at hand */
    size_t key_count;
    bool targets;             /* publish the draft, or sign the targets anew */
    const eg_tuf_role *roles; /* a new root with these; NULL: it stays as it is */
} eg_publication_order;

/*
 * Signs what is due: a new root if asked for, targets if asked for or when a new root gives them
 * other keys, the snapshot when it tells of new targets, got other keys or is past two thirds of
 * its time, the timestamp always. While keys change, documents are signed by the old and the new
 * ones that are at hand, so that PCs with the old root follow. EG_E_DENIED when too few keys are at
 * hand: nothing was written then. `*written`: 1 << kind of each new document.
 */
int eg_publication_sign(eg_publication *publication, const eg_publication_order *order,
                        unsigned *written);

#endif
