/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pipe thread hands to the window thread: copies of decoded messages that own their text,
 * each in one arena. Whoever holds one frees it.
 */
#ifndef EG_TRAY_NOTICE_H
#define EG_TRAY_NOTICE_H

#include "core/base/mem.h"
#include "core/ipc/message.h"

typedef struct eg_tray_notice {
    eg_arena *arena;
    eg_hit_notice hit;
} eg_tray_notice;

typedef enum eg_answer_state {
    EG_ANSWER_NONE,
    EG_ANSWER_SENDING, /* until the service says that it has it */
    EG_ANSWER_KEPT,
    EG_ANSWER_REFUSED,
    EG_ANSWER_CLOSED, /* an administrator has closed the story: none is wanted any more */
} eg_answer_state;

/* What the person at the PC said about a story. */
typedef struct eg_given_answer {
    eg_answer_state state;
    eg_answer_kind kind;
} eg_given_answer;

int eg_tray_notice_create(const eg_hit_notice *hit, eg_tray_notice **out);
void eg_tray_notice_destroy(eg_tray_notice *notice); /* NULL-safe */

typedef struct eg_service_info {
    eg_arena *arena;
    eg_welcome welcome;
} eg_service_info;

int eg_service_info_create(const eg_welcome *welcome, eg_service_info **out);
void eg_service_info_destroy(eg_service_info *info); /* NULL-safe */

/* A state, check_state or update_state. */
typedef struct eg_service_news {
    eg_arena *arena;
    eg_message message;
} eg_service_news;

int eg_service_news_create(const eg_message *message, eg_service_news **out);
void eg_service_news_destroy(eg_service_news *news); /* NULL-safe */

#endif
