/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the baseline share: a baseline with the disk it is kept on and a clock, and
 * what went on to the rules, in words. One test at a time. Include after unit.h.
 */
#ifndef EG_TESTS_BASELINE_FIXTURE_H
#define EG_TESTS_BASELINE_FIXTURE_H

#include "core/detect/baseline.h"
#include "core/event/snapshot_mark.h"

#define MS UINT64_C(1000000)
#define HOLD EG_BASELINE_HOLD_MS
#define MACHINE "HKLM\\"
#define USER "HKU\\S-1-5-21-1\\"
#define LIVE 0
#define EXISTING EG_EVENT_EXISTING

enum { EG_DISK_ROWS = 64 };

typedef struct eg_disk_row {
    eg_kind kind;
    uint64_t state;
    char name[128], details[128];
} eg_disk_row;

typedef struct eg_baseline_fixture {
    eg_baseline *baseline;
    eg_disk_row disk[EG_DISK_ROWS];
    size_t rows;
    bool disk_full;
    uint64_t now;
    char told[4096]; /* "down set a=2 was 1; " and the like, one for each event */
} eg_baseline_fixture;

/* For cmocka. */
int eg_baseline_fixture_set_up(void **state);
int eg_baseline_fixture_tear_down(void **state);

void eg_baseline_keep_row(void *user, const eg_baseline_row *row); /* on the fixture's disk */
void begin_run(eg_baseline_fixture *fix); /* a new baseline with what is on disk */
/* Compares what was told since the last look. */
void assert_told(eg_baseline_fixture *fix, const char *expected);
void pass_time(eg_baseline_fixture *fix, uint32_t milliseconds);
int judge(eg_baseline_fixture *fix, eg_event *event);
void mark_with_losses(eg_baseline_fixture *fix, eg_snapshot_step step, const char *prefix,
                      const char *losses);
void mark(eg_baseline_fixture *fix, eg_snapshot_step step, const char *prefix);
eg_event value_event(uint32_t flags, const char *name, const char *details); /* NULL: deleted */
void tell(eg_baseline_fixture *fix, uint32_t flags, const char *name, const char *details);
/* A snapshot of the machine that finds the values a and b, unless they are NULL. */
void snapshot(eg_baseline_fixture *fix, eg_snapshot_step begin, const char *a, const char *b);
void first_start(eg_baseline_fixture *fix); /* one that finds a=1 and b=1 */

#endif
