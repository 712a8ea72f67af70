/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a check of this PC goes, and what it found, in words a clerk understands: three verdicts,
 * always with the time and the age of the rules. Texts live in the arena.
 */
#ifndef EG_TRAY_CHECK_TEXT_H
#define EG_TRAY_CHECK_TEXT_H

#include "tray/panel.h"
#include "tray/service_view.h"

void eg_check_panel_make(eg_arena *arena, const eg_service_view *service, eg_panel *out);

#endif
