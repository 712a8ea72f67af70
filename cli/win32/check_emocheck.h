/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a check that looks for what EmoCheck looks for (core/detect/emocheck.h), on this PC:
 * running programs, Run values and registry values of the machine and of every user who is signed
 * in, services, and files below the profiles of all users. Belongs to the thread that
 * gathers.
 */
#ifndef EG_CLI_CHECK_EMOCHECK_H
#define EG_CLI_CHECK_EMOCHECK_H

#include "cli/check_pc.h"

/*
 * Adds findings, gaps and counts of EG_CHECK_EMOCHECK. EG_E_NOMEM, or EG_E_CLOSED when the check
 * was cancelled; whatever cannot be looked at is a gap.
 */
int eg_emocheck_run(eg_check_pc *pc);

#endif
