/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child process that a test may kill in the middle of its work, to see what is left. It runs a
 * function of the test and reports through a pipe; what it reported before it died can be read.
 */
#ifndef EG_TESTS_CHILD_H
#define EG_TESTS_CHILD_H

#include <stdint.h>

typedef struct eg_child eg_child;

/* Tells the parent a number. Not EG_OK: the parent is gone. */
typedef int (*eg_child_tell)(void *pipe, int64_t number);
typedef void (*eg_child_main)(void *arg, eg_child_tell tell, void *pipe);

/* EG_E_UNSUPPORTED where a process cannot be copied (Windows). */
int eg_child_start(eg_child_main run, void *arg, eg_child **out);
/* Waits for the next number; EG_E_CLOSED when the child is dead and has told no more. */
int eg_child_hear(eg_child *child, int64_t *number);
void eg_child_kill(eg_child *child);    /* at once, without a chance to tidy up */
void eg_child_destroy(eg_child *child); /* kills, waits, frees; NULL-safe */

#endif
