/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a match is printed: JSON lines for tools, a table for people. Appends to the caller's buffer,
 * whose status tells about failures. Reads only; any thread.
 */
#ifndef EG_CLI_HUNT_FORMAT_H
#define EG_CLI_HUNT_FORMAT_H

#include "cli/event_files.h"
#include "core/event/event.h"
#include "core/sigma/set.h"

typedef struct eg_hunt_format {
    bool table;
    bool authors;             /* JSON: with "author"; the table always has them */
    const char *const *files; /* JSON: with "file"; NULL when there is only one */
} eg_hunt_format;

void eg_hunt_format_match(const eg_hunt_format *format, const eg_event_line *line,
                          const eg_event *event, const eg_rule_info *rule, eg_buf *out);
/* The table's first line, and what stands below it: each rule met, how often, and who wrote it. */
void eg_hunt_format_heading(eg_buf *out);
void eg_hunt_format_summary(const eg_sigma_set *set, const uint64_t *rule_hits, eg_buf *out);

#endif
