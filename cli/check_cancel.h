/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends a check before its end: Ctrl-C, or, for a program that started the check, the end of
 * standard input. One flag for the process; any thread.
 */
#ifndef EG_CLI_CHECK_CANCEL_H
#define EG_CLI_CHECK_CANCEL_H

#include <stdbool.h>

void eg_check_cancel(void); /* also from a handler of the system */
bool eg_check_is_cancelled(void);
/* From now on Ctrl-C cancels instead of ending the program. */
int eg_check_cancel_on_interrupt(void);
/* From now on the end of standard input cancels. */
int eg_check_cancel_on_input_end(void);

#endif
