/* SPDX-License-Identifier: Apache-2.0 */
/* The small window behind "status" in the icon's menu. Window thread only; waits for its end. */
#ifndef EG_TRAY_STATUS_BOX_H
#define EG_TRAY_STATUS_BOX_H

#include "tray/notice_list.h"

#include <windows.h>

/* `service` is what the service last said of itself, NULL when it never answered. */
void eg_status_box_show(HINSTANCE instance, HWND owner, const eg_service_info *service,
                        bool connected, const eg_notice_list *notices);

#endif
