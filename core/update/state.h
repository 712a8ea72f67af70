/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TUF client trusts, on disk: the metadata files it accepted, byte for byte, in one file
 * with a checksum. Two generations: a save replaces the older one in one step, so that a crash at
 * any point, or damage to one of them, leaves the other. Nothing in a state is believed because it
 * lies there: the client checks its signatures again from the trusted root on.
 * A state belongs to one thread; who loads it destroys it.
 */
#ifndef EG_UPDATE_STATE_H
#define EG_UPDATE_STATE_H

#include "core/base/str.h"
#include "core/update/crypto.h"

#define EG_TUF_STATE_FILES_MAX 64
#define EG_TUF_STATE_BYTES_MAX ((size_t)32 * 1024 * 1024)

typedef struct eg_tuf_state_file {
    char *name; /* role: "root", "targets", a delegated one */
    size_t name_length;
    char *bytes; /* with a NUL behind */
    size_t size;
} eg_tuf_state_file;

typedef struct eg_tuf_state {
    uint64_t generation;                /* 0: nothing was ever saved */
    uint64_t newest_signed;             /* FILETIME: newest time in signed metadata; 0: none */
    uint8_t installed[EG_HASH256_SIZE]; /* of the installer's root that it began with */
    eg_tuf_state_file files[EG_TUF_STATE_FILES_MAX];
    size_t file_count;
} eg_tuf_state;

void eg_tuf_state_init(eg_tuf_state *state);
void eg_tuf_state_done(eg_tuf_state *state);

/* The file of a role; ptr NULL when there is none. Borrowed until it is put or removed. */
eg_str eg_tuf_state_get(const eg_tuf_state *state, eg_str name);
/* Copies. EG_E_LIMIT: too many files. */
int eg_tuf_state_put(eg_tuf_state *state, eg_str name, eg_str bytes);
void eg_tuf_state_remove(eg_tuf_state *state, eg_str name);

/* The form on disk, as pure functions. EG_E_CORRUPT tells what is wrong with it. */
int eg_tuf_state_encode(const eg_tuf_state *state, eg_buf *out);
int eg_tuf_state_decode(eg_str bytes, eg_tuf_state *out);

/*
 * Reads the newer of the two generations "`path`.0" and "`path`.1" that is undamaged into `out`,
 * which must be initialised. EG_E_NOTFOUND: there is none of them. EG_E_CORRUPT: none is undamaged.
 * A damaged one beside a good one is logged, and `*damaged` says so.
 */
int eg_tuf_state_load(const char *path, eg_tuf_state *out, bool *damaged);
/* Writes the next generation over the older one; counts `generation` up when it lies on disk. */
int eg_tuf_state_save(const char *path, eg_tuf_state *state);

#endif
