/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts from a file instead of the service, to look at the windows: one message a line, in the
 * form of the pipe (a "welcome" with computer, contact and rules, a "state", then "hit" lines).
 * Blank lines are skipped.
 */
#ifndef EG_TRAY_SHOW_FILE_H
#define EG_TRAY_SHOW_FILE_H

#include "tray/notice_list.h"
#include "tray/service_view.h"

/* Fills the list and what is known of the service. Errors name the line. */
int eg_show_file_read(const wchar_t *path, eg_notice_list *list, eg_service_view *service);

#endif
