/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stories of this session on their way to the screen: which one has the window, which wait,
 * what was answered; the window waits out a presentation, and all hits of a moment are told
 * together. Owns list and window; uses timers of the tray's hidden window. Window thread only.
 */
#ifndef EG_TRAY_ALERTS_H
#define EG_TRAY_ALERTS_H

#include "tray/alert_window.h"
#include "tray/pipe_client.h"
#include "tray/service_view.h"

/* Timers of the hidden window: eg_alerts_on_timer wants these. */
#define EG_TIMER_NEWS 2
#define EG_TIMER_PRESENTATION 3

typedef struct eg_alerts {
    HWND window;            /* the hidden one */
    eg_service_view *view;  /* borrowed */
    eg_pipe_client *client; /* borrowed; NULL while alerts come from a file */
    void *user;
    void (*changed)(void *user);                            /* the icon should follow */
    void (*announce)(void *user, const eg_hit_notice *hit); /* a window comes: say so beside it */
    void (*closed)(void *user);
    eg_alert_window *alert;
    eg_notice_list notices;
    int64_t open_story;      /* the one in the window */
    uint64_t held_since_ms;  /* an alert waits for the end of a presentation; 0 none does */
    uint64_t asked_again_ms; /* when the service was asked for reminders */
    bool news, grown;
} eg_alerts;

/* `alerts` is zeroed but for window, view, user and the callbacks. */
int eg_alerts_init(eg_alerts *alerts, HINSTANCE instance, int scale);
void eg_alerts_done(eg_alerts *alerts);
bool eg_alerts_is_open(const eg_alerts *alerts);
/* The one in the window; NULL when none is open. */
const eg_hit_notice *eg_alerts_open(const eg_alerts *alerts);
/* Takes over a hit that came from the service. */
void eg_alerts_take(eg_alerts *alerts, eg_tray_notice *notice);
/* The service has an answer, or will not take it. */
void eg_alerts_receipt(eg_alerts *alerts, int64_t story, bool kept);
/* An administrator is done with a story; a window that shows it stays until it is closed. */
void eg_alerts_resolved(eg_alerts *alerts, int64_t story);
/* A new connection: tells the service what it may not have heard because it was away. */
void eg_alerts_connected(eg_alerts *alerts);
/* Once a minute: asks the service for reminders when it is time. */
void eg_alerts_ask_for_reminders(eg_alerts *alerts);
void eg_alerts_on_timer(eg_alerts *alerts, WPARAM timer);
/* The service told news of itself: icon and window follow in a moment. */
void eg_alerts_state_changed(eg_alerts *alerts);
/* Opens or raises the window for what waits; false when nothing does. */
bool eg_alerts_show(eg_alerts *alerts);
/* Opens the window for this story, and raises it. */
void eg_alerts_show_story(eg_alerts *alerts, int64_t story);

#endif
