/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last way to the person at the PC: where a signed-in session has no tray (it was ended, or
 * could not start), a message box of Windows tells each story once. On a thread of its own, since
 * asking Windows for its sessions may take time; nothing waits for the box to be answered. Owned
 * by the host.
 */
#ifndef EG_SERVICE_SESSION_ALARM_H
#define EG_SERVICE_SESSION_ALARM_H

#include "core/store/store.h"

#include <wchar.h>

#define EG_SESSIONS_MAX 32
/* In UTF-16 units with the end; longer texts are cut with "…". */
#define EG_SESSION_TITLE_SIZE 64
#define EG_SESSION_TEXT_SIZE 512

/* What Windows does here; a test stands in for it. */
typedef struct eg_session_calls {
    /* Sessions where somebody is signed in and present, at most `max`. */
    int (*active)(void *user, uint32_t *sessions, size_t max, size_t *count);
    /* Puts up a box in this session and does not wait for it. */
    int (*tell)(void *user, uint32_t session, const wchar_t *title, const wchar_t *text);
} eg_session_calls;
extern const eg_session_calls eg_session_calls_windows;

typedef struct eg_session_alarm_options {
    const eg_session_calls *calls;
    void *calls_user;
    eg_language language; /* of the boxes */
    eg_level min_level;   /* stories below it are not told */
    int64_t newest_hit;   /* only later ones are told: the others wait for a tray */
    uint32_t grace_ms;    /* what a tray gets to connect before a box comes in its place */
    const char *contact;  /* whom to phone, "" unknown; must outlive the alarm */
    void *user;
    eg_store *(*store)(void *user); /* NULL while the database cannot be opened */
    bool (*has_tray)(void *user, uint32_t session);
} eg_session_alarm_options;

typedef struct eg_session_alarm eg_session_alarm;

int eg_session_alarm_start(const eg_session_alarm_options *options, eg_session_alarm **out);
void eg_session_alarm_wake(eg_session_alarm *alarm); /* hits were stored; any thread, NULL-safe */
void eg_session_alarm_stop(eg_session_alarm *alarm); /* does not wait; NULL-safe */
int eg_session_alarm_join(eg_session_alarm *alarm, uint32_t milliseconds); /* EG_E_TIMEOUT */
void eg_session_alarm_destroy(eg_session_alarm *alarm); /* after a successful join; NULL-safe */

#endif
