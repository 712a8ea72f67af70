/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emoguard.log: lines "time level area: text", capped in size. When the file is full it becomes
 * emoguard.log.1, and so on up to the number kept. No area may write so many lines that it pushes
 * the others out: what is left out is counted and told. Used as the sink of core/base/log.h, which
 * calls it under its lock: one line at a time, any thread. A full disk loses lines, never the
 * service.
 */
#ifndef EG_SERVICE_LOG_FILE_H
#define EG_SERVICE_LOG_FILE_H

#include "core/base/log.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct eg_log_file eg_log_file;

typedef struct eg_log_file_options {
    const char *path;    /* copied */
    uint64_t max_bytes;  /* of one file */
    unsigned keep;       /* older files kept beside it */
    bool echo;           /* lines go to standard error as well */
    unsigned per_minute; /* lines of one area, 0 = no limit */
} eg_log_file_options;

int eg_log_file_open(const eg_log_file_options *options, eg_log_file **out);
void eg_log_file_close(eg_log_file *file); /* NULL-safe; after the sink has been taken away */
void eg_log_file_write(void *file, eg_log_level level, const char *area, const char *line);

#endif
