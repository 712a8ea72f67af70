/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small window behind "status and version" in the icon's menu: whether the service watches,
 * what needs attention, rules with their age, sensors, versions. Window thread only; waits for its
 * end.
 */
#ifndef EG_TRAY_STATUS_BOX_H
#define EG_TRAY_STATUS_BOX_H

#include "tray/notice_list.h"
#include "tray/service_view.h"

#include <windows.h>

void eg_status_box_show(HINSTANCE instance, HWND owner, const eg_service_view *service,
                        const eg_notice_list *notices);

#endif
