/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of reports. A check writes into a folder inside it that was emptied before; what is
 * whole moves up when the check has ended, and the oldest reports go. One thread.
 */
#ifndef EG_SERVICE_CHECK_REPORTS_H
#define EG_SERVICE_CHECK_REPORTS_H

#include "core/ipc/message.h"

#define EG_CHECK_REPORTS_KEPT 24u /* files: a check makes two */
#define EG_CHECK_REPORT_BYTES_MAX ((size_t)32 * 1024 * 1024)

/* Makes both folders and puts the path of the inner one, which is empty then, in `inner`. */
int eg_check_reports_begin(const char *folder, eg_buf *inner);
/*
 * Reads verdict and numbers from the report as JSON, moves all up and puts the name of the one for
 * people in `name`. EG_E_NOTFOUND when there is no report, EG_E_LIMIT when it is too large.
 */
int eg_check_reports_take(const char *folder, const char *inner, eg_check_state *state,
                          eg_buf *name);

#endif
