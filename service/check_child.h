/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of one check: emoguard.exe behind all other programs, in a job that ends with us, so
 * that neither it nor its scan worker outlives the service. Its standard error is read from here,
 * its standard input is held open: the end of it asks the check to stop. One thread.
 */
#ifndef EG_SERVICE_CHECK_CHILD_H
#define EG_SERVICE_CHECK_CHILD_H

#include "core/base/str.h"

#include <windows.h>

typedef struct eg_check_child {
    HANDLE process;
    HANDLE job;
    HANDLE input;  /* its standard input, NULL after a stop */
    HANDLE output; /* its standard error */
} eg_check_child;

/* EG_E_NOTFOUND, EG_E_DENIED, ... when `program` cannot be started. `arguments` are quoted here. */
int eg_check_child_start(const char *program, const char *const *arguments, size_t count,
                         eg_check_child *out);
/* Appends what it wrote meanwhile, at most `max` bytes; never waits. False: none. */
bool eg_check_child_read(eg_check_child *child, char *out, size_t max, size_t *size);
void eg_check_child_ask_to_stop(eg_check_child *child);
/* Ends whatever still runs and frees. `*code` is its exit code when it had ended by itself. */
bool eg_check_child_end(eg_check_child *child, uint32_t *code);

#endif
