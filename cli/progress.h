/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line on a terminal that tells how far a long job is, rewritten twice a second. Nothing is shown
 * where nobody looks: standard error is no terminal, or results go to the same one. One thread.
 */
#ifndef EG_CLI_PROGRESS_H
#define EG_CLI_PROGRESS_H

#include "core/base/str.h"

typedef struct eg_progress {
    bool shown;
    uint64_t total; /* bytes to come; 0 unknown */
    uint64_t start_ns, next_ns;
    size_t width; /* of what stands on the line now */
} eg_progress;

void eg_progress_begin(eg_progress *progress, uint64_t total);
/* `bytes` read so far. */
void eg_progress_show(eg_progress *progress, uint64_t bytes, uint64_t events, uint64_t hits);
/* Takes the line away, before something else is printed and at the end. */
void eg_progress_clear(eg_progress *progress);

#endif
