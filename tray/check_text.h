/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a check of this PC goes, and what it found, in words a clerk understands: three verdicts,
 * always with the time and the age of the rules. Texts live in the arena.
 */
#ifndef EG_TRAY_CHECK_TEXT_H
#define EG_TRAY_CHECK_TEXT_H

#include "tray/icon.h"
#include "tray/service_view.h"
#include "tray/text.h"

typedef struct eg_check_words {
    eg_icon_state icon;
    const wchar_t *headline;
    const wchar_t *detail; /* may be several lines, or "" */
    const wchar_t *item;   /* what it looks at now, or "" */
    const wchar_t *left;   /* the time left, or "" */
    unsigned percent;
    bool running; /* can be cancelled */
} eg_check_words;

void eg_check_words_make(eg_arena *arena, const eg_service_view *service, eg_check_words *out);

#endif
