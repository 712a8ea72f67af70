/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts from a file instead of the service, to look at the window: one message a line, in the form
 * of the pipe (a "welcome" with computer, contact and rules, then "hit" lines). Blank lines are
 * skipped.
 */
#ifndef EG_TRAY_SHOW_FILE_H
#define EG_TRAY_SHOW_FILE_H

#include "tray/notice_list.h"

/*
 * Fills the list and *service (NULL without a welcome; the caller frees it). Errors name the line.
 */
int eg_show_file_read(const wchar_t *path, eg_notice_list *list, eg_service_info **service);

#endif
