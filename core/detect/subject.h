/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event is about, in the words a person asks: which program, started or written by whom,
 * for which user, and what was changed. Each kind of event keeps these in fields of other names.
 * Pure; the text borrows from the event and the arena.
 */
#ifndef EG_DETECT_SUBJECT_H
#define EG_DETECT_SUBJECT_H

#include "core/base/mem.h"
#include "core/event/event.h"

/* Every text is present; "" where the event does not say. */
typedef struct eg_subject {
    eg_str program;      /* what ran, or what was registered to run: path or command */
    eg_str command_line; /* of the program; "" when nothing is known beyond `program` */
    eg_str parent;       /* who started it, or who wrote it */
    eg_str user;         /* DOMAIN\name or SID */
    eg_str target;       /* registry value, task, service or file; "" for a process */
} eg_subject;

/* Fails only for lack of memory. */
int eg_subject_of(const eg_event *event, eg_arena *arena, eg_subject *out);

#endif
