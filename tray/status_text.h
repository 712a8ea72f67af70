/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Status and version" of the icon's menu in words: whether the service watches, what needs
 * attention, rules with their age, sensors, the last check, versions. Texts live in the arena.
 */
#ifndef EG_TRAY_STATUS_TEXT_H
#define EG_TRAY_STATUS_TEXT_H

#include "tray/notice_list.h"
#include "tray/panel.h"
#include "tray/service_view.h"

void eg_status_panel_make(eg_arena *arena, const eg_service_view *service,
                          const eg_notice_list *notices, eg_panel *out);

#endif
