/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of one alert window, made from a hit notice and what the service said of itself. One
 * arena holds everything; eg_alert_content_destroy frees it. Belongs to the window's thread.
 */
#ifndef EG_TRAY_ALERT_CONTENT_H
#define EG_TRAY_ALERT_CONTENT_H

#include "tray/alert_layout.h"
#include "tray/notice_list.h"
#include "tray/service_view.h"

typedef struct eg_alert_box {
    eg_symbol symbol;
    bool suspicious;
    const wchar_t *kind;
    const wchar_t *name;
    const wchar_t *time; /* "" when only the order is known */
    bool gap;            /* steps before it are left out */
} eg_alert_box;

typedef struct eg_alert_content {
    eg_arena *arena;
    int64_t hit_id; /* the newest hit of the story */
    int64_t story;
    bool severe;          /* high or critical: red, else amber */
    bool reported;        /* the administrator has it */
    const wchar_t *title; /* of the window */
    const wchar_t *code;  /* "7K3-Q9", which stands in the last step */
    size_t boxes;
    eg_alert_box box[EG_CHAIN_MAX];
    const wchar_t *text[EG_ALERT_ITEMS]; /* "" for what is not there; boxes: all in one line */
} eg_alert_content;

/* `service` may be NULL: then nothing is known of computer, contact and rules. */
int eg_alert_content_create(const eg_hit_notice *hit, const eg_given_answer *answer,
                            const eg_service_view *service, eg_alert_content **out);
void eg_alert_content_destroy(eg_alert_content *content); /* NULL-safe */

#endif
