/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A story that a check kept as JSON (core/detect/incident_json.h), taken apart for the reports that
 * people read; how it looks is theirs. The texts lent to them live during the call.
 */
#ifndef EG_CLI_REPORT_STORY_H
#define EG_CLI_REPORT_STORY_H

#include "cli/report_words.h"

typedef struct eg_report_step {
    eg_role role;
    bool marked; /* suspicious */
    eg_str name, detail;
} eg_report_step;

typedef struct eg_report_story_look {
    void (*begin)(const eg_report_writer *writer, eg_str title);
    void (*step)(const eg_report_writer *writer, const eg_report_step *step);
    void (*end)(const eg_report_writer *writer);
} eg_report_story_look;

/* One that cannot be read is left out; want of memory is the status of the writer's buffer. */
void eg_report_story(const eg_report_writer *writer, eg_str json, const eg_report_story_look *look);

#endif
