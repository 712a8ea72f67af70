/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to the service, on a thread of its own: connects, checks that the other side is
 * our service, says hello, hands what comes to the window thread as messages, fetches what the
 * service asks for (errand.h), and starts over with a growing pause whenever the connection ends.
 * Call the functions from the window thread.
 */
#ifndef EG_TRAY_PIPE_CLIENT_H
#define EG_TRAY_PIPE_CLIENT_H

#include "tray/notice.h"

#include <windows.h>

/*
 * Posted to the window; the receiver of a pointer frees it. Pointers still in the queue when the
 * window goes are freed by eg_pipe_client_drain.
 */
#define EG_PIPE_CONNECTED (WM_APP + 20) /* lparam: eg_service_info * */
#define EG_PIPE_HIT (WM_APP + 21)       /* lparam: eg_tray_notice * */
#define EG_PIPE_NEWS (WM_APP + 22)      /* lparam: eg_service_news * */
#define EG_PIPE_DISCONNECTED (WM_APP + 23)
#define EG_PIPE_ANSWERED (WM_APP + 24) /* wparam: kept or refused; lparam: the story */
#define EG_PIPE_RESOLVED (WM_APP + 25) /* lparam: the story */

typedef struct eg_pipe_client eg_pipe_client;

/*
 * `pipe` is the full name; `check_server` asks the service manager whose pipe it is. Without a
 * service to compare with, the user's login is lent to nobody.
 */
int eg_pipe_client_start(const wchar_t *pipe, bool check_server, HWND window, eg_language language,
                         eg_pipe_client **out);
/* Ends the connection and the thread, then frees. NULL-safe. */
void eg_pipe_client_stop(eg_pipe_client *client);
/* Begins a new connection: the service then tells all hits again that nobody has seen. */
void eg_pipe_client_begin_again(eg_pipe_client *client);
/*
 * Tells the service that a window for this hit is on the screen, or, with the title "", that one
 * was; lost when not connected.
 */
void eg_pipe_client_shown(eg_pipe_client *client, int64_t hit_id, const wchar_t *title);
/* Hands the service an answer; lost when not connected, so send it until EG_PIPE_ANSWERED. */
void eg_pipe_client_answer(eg_pipe_client *client, int64_t story, eg_answer_kind answer);
/* Asks for a check of this PC or its end, or for a look for new rules; lost when not connected. */
void eg_pipe_client_check(eg_pipe_client *client, eg_check_action action);
void eg_pipe_client_update(eg_pipe_client *client);
/* Frees what was posted to `window` and not received; after eg_pipe_client_stop. */
void eg_pipe_client_drain(HWND window);

#endif
