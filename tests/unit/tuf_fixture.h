/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository, a folder for the state and a client of it. Use eg_tuf_fixture_set_up and
 * eg_tuf_fixture_tear_down as setup and teardown: *state is then the fixture. Include after unit.h.
 */
#ifndef EG_TESTS_TUF_FIXTURE_H
#define EG_TESTS_TUF_FIXTURE_H

#include "core/update/client.h"
#include "tests/unit/tuf_repository.h"

typedef struct eg_tuf_fixture {
    void *folder; /* of temp_folder.h */
    char state_path[512];
    eg_test_repository repository;
    eg_buf installed; /* root.json of the installer */
    eg_tuf_options options;
    uint64_t now;
    eg_tuf_client *client;
    eg_tuf_status status; /* of the last refresh */
    eg_buf target;        /* what the last download brought */
} eg_tuf_fixture;

int eg_tuf_fixture_set_up(void **state);
int eg_tuf_fixture_tear_down(void **state);

int eg_tuf_fixture_open(eg_tuf_fixture *fix); /* closes an open client first */
/* Opens when need be. */
int eg_tuf_fixture_refresh(eg_tuf_fixture *fix);
/* Refreshes, and wants success, or this failure with this in its message. */
void eg_tuf_fixture_accepts(eg_tuf_fixture *fix);
void eg_tuf_fixture_refuses(eg_tuf_fixture *fix, eg_tuf_outcome outcome, const char *reason);
/* Versions of root, timestamp, snapshot and targets that are trusted, here and after a restart. */
void eg_tuf_fixture_trusts(eg_tuf_fixture *fix, uint64_t root, uint64_t timestamp,
                           uint64_t snapshot, uint64_t targets);
/* Finds and downloads into fix->target. */
int eg_tuf_fixture_download(eg_tuf_fixture *fix, const char *path);

#endif
