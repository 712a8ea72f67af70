/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a story that one event tells, in order: where it came from, what ran, which file,
 * how it stays. Each step has a key, so that two events that speak of the same process or file
 * speak of the same step. Pure; texts borrow from the event, the lineage and the arena.
 */
#ifndef EG_DETECT_INCIDENT_STEPS_H
#define EG_DETECT_INCIDENT_STEPS_H

#include "core/detect/lineage.h"
#include "core/detect/role.h"

typedef struct eg_step {
    eg_role role;
    uint64_t time; /* FILETIME of when it is first known; 0 unknown */
    uint64_t key;  /* of the process, file or place */
    bool joins;    /* what is this step in two events makes them one story */
    bool suspicious;
    uint32_t pid;  /* of a process, else 0 */
    eg_str name;   /* "invoice.xlsm": what a person calls it */
    eg_str detail; /* its path, command line or place */
} eg_step;

#define EG_STEPS_PER_EVENT (EG_LINEAGE_MAX + 3)

/*
 * Writes at most EG_STEPS_PER_EVENT steps and gives their number in *count. `lineage` begins with
 * the process of the event, or with whoever wrote it; it may be empty. `file` is what YARA found
 * something in because of the event, or EG_STR_NONE. Fails only for lack of memory.
 */
int eg_incident_steps(const eg_event *event, const eg_lineage *lineage, eg_str file,
                      eg_arena *arena, eg_step steps[EG_STEPS_PER_EVENT], size_t *count);

#endif
