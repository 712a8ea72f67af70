/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TUF repository in memory that tests publish, damage and serve to a client: plain settings, from
 * which each document is made and signed. Keys are numbers. Include after unit.h.
 */
#ifndef EG_TESTS_TUF_REPOSITORY_H
#define EG_TESTS_TUF_REPOSITORY_H

#include "core/update/client.h"

#define EG_TEST_KEYS_MAX 8
#define EG_TEST_TARGETS_MAX 4
#define EG_TEST_DELEGATIONS_MAX 4
#define EG_TEST_FILES_MAX 64
#define EG_TEST_LOG_MAX 64

/* Noon of 2026-11-23, which is when the tests take place. */
uint64_t eg_test_now(void);

typedef struct eg_test_tuf_role {
    int keys[EG_TEST_KEYS_MAX]; /* 0 ends */
    int signers[EG_TEST_KEYS_MAX];
    unsigned threshold;
    uint64_t version;
    int days; /* until it expires, from eg_test_now() */
} eg_test_tuf_role;

typedef struct eg_test_target {
    const char *path;
    const char *content;
    const char *hash;   /* "sha256" unless another is named; "both"; "md5" for an unknown one */
    eg_str bytes;       /* in the place of `content` */
    const char *custom; /* JSON; NULL: one with a serial */
} eg_test_target;

typedef struct eg_test_delegation {
    const char *name;
    int key;
    const char *pattern;
    const char *hash_prefix; /* instead of a pattern */
    bool terminating;
} eg_test_delegation;

typedef struct eg_test_targets {
    const char *name; /* "targets", or that of a delegated role */
    eg_test_tuf_role role;
    bool unlisted; /* the snapshot does not tell of it */
    eg_test_target targets[EG_TEST_TARGETS_MAX];
    eg_test_delegation delegations[EG_TEST_DELEGATIONS_MAX];
} eg_test_targets;

typedef struct eg_test_file {
    char *name; /* "metadata/..." or "targets/..." */
    char *bytes;
    size_t size;
} eg_test_file;

typedef struct eg_test_repository {
    eg_test_tuf_role root, timestamp, snapshot;
    eg_test_targets targets[EG_TEST_DELEGATIONS_MAX]; /* the first is the top-level role */
    bool flat;                                        /* no consistent snapshots */
    bool hashes; /* timestamp and snapshot tell lengths and hashes */
    const char *signed_at;
    /* what is served */
    eg_test_file files[EG_TEST_FILES_MAX];
    size_t file_count;
    const char *endless; /* this one never ends */
    const char *broken;  /* fetching this one fails half-way */
    bool answers_unchanged;
    char log[EG_TEST_LOG_MAX][96]; /* what was asked for, in order */
    size_t log_count;
} eg_test_repository;

/* One key a role (1 root, 2 timestamp, 3 snapshot, 4 targets), version 1, one target, published. */
void eg_test_repository_init(eg_test_repository *repository);
void eg_test_repository_done(eg_test_repository *repository);

typedef enum eg_test_publish {
    EG_PUBLISH_ROOT = 1,
    EG_PUBLISH_TIMESTAMP = 2,
    EG_PUBLISH_SNAPSHOT = 4,
    EG_PUBLISH_TARGETS = 8, /* and the delegated ones */
    EG_PUBLISH_ALL = 15,
} eg_test_publish;
/* Makes, signs and serves these, with the versions that are set. */
void eg_test_publish_as_is(eg_test_repository *repository, unsigned which);
/* The same, each with one version more. */
void eg_test_publish_next(eg_test_repository *repository, unsigned which);

void eg_test_sign_with(eg_test_tuf_role *role, int key); /* it alone, in keys and signers */
/* Serves other bytes under a name; NULL takes the file away. */
void eg_test_serve(eg_test_repository *repository, const char *name, const void *bytes,
                   size_t size);
const eg_test_file *eg_test_served(const eg_test_repository *repository, const char *name);
/* "root", version 1: what an installer would bring. */
eg_str eg_test_first_root(const eg_test_repository *repository);

eg_fetcher eg_test_fetcher(eg_test_repository *repository);
/* The log since the last call, as "a b c". */
const char *eg_test_asked(eg_test_repository *repository);

#endif
