/* SPDX-License-Identifier: Apache-2.0 */
/* The context menu of the icon. Window thread only; waits until the person has chosen. */
#ifndef EG_TRAY_MENU_H
#define EG_TRAY_MENU_H

#include "tray/notice_list.h"
#include "tray/service_view.h"

#include <windows.h>

typedef enum eg_menu_choice {
    EG_MENU_NONE,
    EG_MENU_SHOW,   /* the alert that is open or waits */
    EG_MENU_STORY,  /* the one in *story */
    EG_MENU_CHECK,  /* this PC */
    EG_MENU_UPDATE, /* look for new rules */
    EG_MENU_STATUS,
    EG_MENU_EXIT,
} eg_menu_choice;

/* `alerts`: there is one to show. What the service cannot do is grey. */
eg_menu_choice eg_menu_ask(HWND owner, POINT where, const eg_notice_list *notices,
                           const eg_service_view *service, bool alerts, int64_t *story);

#endif
