/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events are about things that stay, and what of them names the thing and what is its
 * content. Pure functions, any thread.
 */
#ifndef EG_DETECT_BASELINE_KIND_H
#define EG_DETECT_BASELINE_KIND_H

#include "core/base/str.h"
#include "core/event/event.h"

typedef struct eg_baseline_kind {
    eg_kind object;  /* by which it is remembered, and told when it is new */
    eg_kind changed; /* by which a known one is told that has another content */
    eg_kind removed; /* by which one is told that is gone; EG_KIND_OTHER: nobody tells that */
    eg_field name;
    eg_field content[3]; /* EG_FIELD_COUNT ends the list */
    eg_field details[3]; /* of the content, what people want to see */
} eg_baseline_kind;

/* NULL for events about things that pass: processes, script blocks. */
const eg_baseline_kind *eg_baseline_kind_of(eg_kind kind);

/*
 * A number for the content, the same in every version and on every machine; false when the event
 * does not tell the content.
 */
bool eg_baseline_state(const eg_baseline_kind *kind, const eg_event *event, uint64_t *state);
/* Replaces what is in `out`; "" when there is nothing to show. */
int eg_baseline_details(const eg_baseline_kind *kind, const eg_event *event, eg_buf *out);

#endif
