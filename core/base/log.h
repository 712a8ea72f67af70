/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines: level, area, one line of UTF-8. One sink for the process, standard error by default;
 * the service points it at its log file. Thread-safe: the sink is called under a lock, so it must
 * not log. Lines are cut at 2047 bytes; control characters are made visible.
 * Never put file contents, passwords or whole script texts into a log line.
 */
#ifndef EG_BASE_LOG_H
#define EG_BASE_LOG_H

#include "core/base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum eg_log_level { EG_LOG_ERROR, EG_LOG_WARNING, EG_LOG_INFO, EG_LOG_DEBUG } eg_log_level;

/* `line` is NUL-terminated without a newline and only valid during the call. */
typedef void (*eg_log_sink)(void *user, eg_log_level level, const char *area, const char *line);

void eg_log_set_sink(eg_log_sink sink, void *user); /* NULL restores standard error */
void eg_log_set_level(eg_log_level level);          /* EG_LOG_INFO by default */
void eg_log(eg_log_level level, const char *area, const char *format, ...) EG_PRINTF(3, 4);
/* True for the 1st, 2nd, 4th, 8th ... failure: what fails for a week must not fill a disk. */
bool eg_log_is_due(uint32_t failures);
const char *eg_log_level_name(eg_log_level level); /* "error", "warning", "info", "debug" */

#endif
