/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check could not look at, gathered and told in groups: what was refused for one reason is
 * one gap, however much of it there is, and names each thing once with its number. Owns copies of
 * its texts. One thread at a time.
 */
#ifndef EG_CLI_CHECK_GAPS_H
#define EG_CLI_CHECK_GAPS_H

#include "cli/check_report.h"

#define EG_CHECK_GROUPS_MAX 64
#define EG_CHECK_NAMES_MAX 2000 /* different ones in a group; more are counted */

typedef enum eg_check_how {
    EG_CHECK_HOW_UNKNOWN,
    EG_CHECK_HOW_ADMINISTRATOR, /* run it as administrator */
    EG_CHECK_HOW_SIGNED_IN,     /* run it while that user is signed in, or as administrator */
    EG_CHECK_HOW_BY_HAND,       /* open it and look, with what opens it */
    EG_CHECK_HOW_WORKER,        /* put the scan worker beside the program */
    EG_CHECK_HOW_COUNT,
} eg_check_how;

typedef struct eg_check_name {
    const char *text; /* in the arena */
    uint64_t count;
} eg_check_name;

typedef struct eg_check_group {
    eg_check_area_id area;
    eg_check_reason reason;
    const char *why; /* in the arena */
    eg_check_name *names;
    size_t count, capacity;
    uint64_t left_out;
} eg_check_group;

typedef struct eg_check_gaps {
    eg_check_group groups[EG_CHECK_GROUPS_MAX];
    size_t count;
    eg_arena *arena;
} eg_check_gaps;

int eg_check_gaps_init(eg_check_gaps *gaps);
void eg_check_gaps_done(eg_check_gaps *gaps);
/*
 * `what`: a program's name, a path, a key; empty: all of the area. The reason also says how to let
 * it be looked at; `why` is the error message, or empty. EG_E_NOMEM.
 */
int eg_check_gaps_add(eg_check_gaps *gaps, eg_check_area_id area, eg_str what,
                      eg_check_reason reason, eg_str why);
/* Of a file or folder: what `why` repeats of the path is left out, so that files share a group. */
int eg_check_gaps_add_path(eg_check_gaps *gaps, eg_check_area_id area, eg_str path,
                           eg_check_reason reason, eg_str why);
/* One gap a group, in the order in which they were met. */
int eg_check_gaps_tell(const eg_check_gaps *gaps, eg_check_report *report);

#endif
