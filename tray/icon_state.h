/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the icon says: its state and the words of its tooltip, from what is known. Decides only;
 * icon.h draws. Texts live in the arena.
 */
#ifndef EG_TRAY_ICON_STATE_H
#define EG_TRAY_ICON_STATE_H

#include "tray/icon.h"
#include "tray/notice_list.h"
#include "tray/service_view.h"
#include "tray/text.h"

typedef struct eg_icon_facts {
    const eg_service_view *service;
    const eg_notice_list *notices;
    const eg_hit_notice *open; /* in the alert window; NULL none */
    bool window_open;
    bool alone; /* alerts come from a file: there is no service to miss */
    uint64_t now;
} eg_icon_facts;

eg_icon_state eg_icon_state_of_level(eg_level level);
eg_icon_state eg_icon_state_choose(const eg_icon_facts *facts, eg_arena *arena,
                                   const wchar_t **tip);

#endif
