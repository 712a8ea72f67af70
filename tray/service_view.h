/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this tray knows of the service: whether it answers, what it said at hello, and the newest of
 * each kind of news. Owns it all. Window thread only.
 */
#ifndef EG_TRAY_SERVICE_VIEW_H
#define EG_TRAY_SERVICE_VIEW_H

#include "tray/notice.h"

typedef struct eg_service_view {
    bool connected;
    bool tried;             /* a connection failed or ended since the start */
    eg_service_info *info;  /* NULL until the service said hello, as are the next */
    eg_service_news *state; /* the others, too, are told after each hello */
    eg_service_news *check;
    eg_service_news *update;
} eg_service_view;

void eg_service_view_done(eg_service_view *view);
/* These take over what came; the news are all told again after a hello. */
void eg_service_view_connected(eg_service_view *view, eg_service_info *info);
void eg_service_view_take(eg_service_view *view, eg_service_news *news);
void eg_service_view_disconnected(eg_service_view *view);
/* NULL when the service did not say. */
const eg_service_state *eg_service_view_state(const eg_service_view *view);
const eg_check_state *eg_service_view_check(const eg_service_view *view);
const eg_update_state *eg_service_view_update(const eg_service_view *view);
/* Days from when the rules were made to `at`; -1 when that is not known, or later. */
int64_t eg_service_view_rule_days(const eg_service_view *view, uint64_t at);
bool eg_service_view_can_check(const eg_service_view *view);
bool eg_service_view_can_update(const eg_service_view *view);

#endif
