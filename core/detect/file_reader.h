/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds out the facts of files (file_facts.h), within bounds: so many bytes, so much time, each
 * file read once as long as it stays the same. What it cannot find out it counts by reason and
 * leaves unknown. The system's part (opening, digests, signatures) comes as a table of calls.
 * Used by one thread; eg_file_reader_stop and the counts by any.
 */
#ifndef EG_DETECT_FILE_READER_H
#define EG_DETECT_FILE_READER_H

#include "core/base/os.h"
#include "core/detect/file_facts.h"

typedef enum eg_digest_kind {
    EG_DIGEST_MD5,
    EG_DIGEST_SHA1,
    EG_DIGEST_SHA256,
    EG_DIGEST_COUNT,
} eg_digest_kind;

typedef struct eg_digest_ops {
    void *user;
    int (*begin)(void *user, eg_digest_kind kind, void **digest);
    int (*add)(void *digest, const void *bytes, size_t size);
    int (*end)(void *digest, uint8_t *out); /* as many bytes as the kind has */
    void (*drop)(void *digest);             /* also after end; NULL-safe */
} eg_digest_ops;

typedef struct eg_file_ops {
    void *user;
    /*
     * Opens a file of this computer for reading without keeping others from changing or deleting
     * it. EG_E_UNSUPPORTED for what lies elsewhere: another computer, a cloud, a tape.
     */
    int (*open)(void *user, eg_str path, void **file);
    int (*identify)(void *file, eg_file_identity *out);
    /* Exactly `size` bytes; EG_E_IO when there are fewer. */
    int (*read)(void *file, uint64_t offset, void *out, size_t size);
    int (*signature)(void *user, void *file, eg_str path, eg_signature *out);
    void (*close)(void *file);
    eg_digest_ops digests;
} eg_file_ops;

typedef struct eg_file_limits {
    uint64_t size_max; /* of a file that is read whole: for digests and signature */
    uint32_t time_ms;  /* for the digests of one file */
    size_t cache;      /* files that are remembered */
} eg_file_limits;

extern const eg_file_limits eg_file_default_limits;

typedef struct eg_file_counts {
    uint64_t read;       /* files looked into */
    uint64_t remembered; /* files that were known already */
    uint64_t elsewhere;  /* on another computer, in a cloud */
    uint64_t unreadable; /* gone, locked, refused, no file, broken disk */
    uint64_t too_large;
    uint64_t too_slow;
    uint64_t changed; /* while they were read */
} eg_file_counts;

typedef struct eg_file_reader eg_file_reader;

/* `ops` is copied, what it points at must outlive the reader. */
int eg_file_reader_create(const eg_file_ops *ops, const eg_file_limits *limits,
                          eg_file_reader **out);
void eg_file_reader_destroy(eg_file_reader *reader); /* NULL-safe */
/*
 * What can be found out of the `wanted` facts of a file. EG_OK also when that is nothing, with the
 * reason counted; EG_E_NOMEM; EG_E_CLOSED after a stop.
 */
int eg_file_reader_get(eg_file_reader *reader, eg_str path, uint32_t wanted, eg_file_facts *out);
/* Puts them into the event that is about the file; texts come from `arena`. As above. */
int eg_file_reader_complete(eg_file_reader *reader, uint32_t wanted, eg_arena *arena,
                            eg_event *event);
void eg_file_reader_stop(eg_file_reader *reader); /* a file being read is left within moments */
void eg_file_reader_counts(const eg_file_reader *reader, eg_file_counts *out);

#endif
