/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the hit database share: a folder of its own for each test, removed with all
 * that is in it, and hits to put in. One test at a time.
 */
#ifndef EG_TESTS_STORE_FIXTURE_H
#define EG_TESTS_STORE_FIXTURE_H

#include "core/store/store.h"

typedef struct eg_store_fixture {
    eg_buf folder;
    eg_buf path;   /* of the database */
    eg_buf notice; /* of the last open */
    eg_store *store;
} eg_store_fixture;

/* For cmocka: folder and an open, empty store; closes and removes. */
int eg_store_fixture_set_up(void **state);
int eg_store_fixture_tear_down(void **state);

/* (Re)opens fixture->store; returns what eg_store_open returned. */
int eg_store_fixture_open(eg_store_fixture *fixture, eg_store_mode mode);
void eg_store_fixture_close(eg_store_fixture *fixture);

/* A hit and its event about thing `number`; texts are constant or live until the next call. */
void eg_sample_hit(int number, eg_hit *hit, eg_event *event);
/* Adds it; the id, or the negative status. */
int64_t eg_store_fixture_add(eg_store_fixture *fixture, int number, uint32_t flags);
/* Damaged databases that were kept, their logs not counted. */
size_t eg_store_fixture_kept(const eg_store_fixture *fixture);

#endif
