/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file as an event: its times, its owner, the Mark of the Web, and what a shortcut starts.
 * A reporter belongs to one thread at a time.
 */
#ifndef EG_FILE_REPORT_H
#define EG_FILE_REPORT_H

#include "driverless-hooks/sensor.h"

typedef struct eg_file_reporter eg_file_reporter;

int eg_file_reporter_create(eg_file_reporter **out, const eg_sink *sink);
void eg_file_reporter_destroy(eg_file_reporter *reporter); /* NULL-safe */

/*
 * Emits file_created for the file with this full path and the flags EG_EVENT_.... Of a file that is
 * gone, or that may not be read, the event has the name only; a folder is none.
 */
void eg_file_report(eg_file_reporter *reporter, eg_str path, uint32_t flags);

#endif
