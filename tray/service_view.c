/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/service_view.h"

#include "core/base/clock.h"
#include "core/base/status.h"

#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)

static eg_service_news **place_of(eg_service_view *view, eg_message_type type)
{
    switch (type) {
    case EG_MESSAGE_CHECK_STATE: return &view->check;
    case EG_MESSAGE_UPDATE_STATE: return &view->update;
    default: return &view->state;
    }
}

void eg_service_view_done(eg_service_view *view)
{
    eg_service_info_destroy(view->info);
    eg_service_news_destroy(view->state);
    eg_service_news_destroy(view->check);
    eg_service_news_destroy(view->update);
    *view = (eg_service_view){0};
}

void eg_service_view_connected(eg_service_view *view, eg_service_info *info)
{
    eg_service_info_destroy(view->info);
    view->info = info;
    view->connected = true;
}

void eg_service_view_take(eg_service_view *view, eg_service_news *news)
{
    eg_service_news **place = place_of(view, news->message.type);

    eg_service_news_destroy(*place);
    *place = news;
}

void eg_service_view_disconnected(eg_service_view *view)
{
    view->connected = false;
    view->tried = true;
}

const eg_service_state *eg_service_view_state(const eg_service_view *view)
{
    return view->state ? &view->state->message.body.state : NULL;
}

const eg_check_state *eg_service_view_check(const eg_service_view *view)
{
    return view->check ? &view->check->message.body.check_state : NULL;
}

const eg_update_state *eg_service_view_update(const eg_service_view *view)
{
    return view->update ? &view->update->message.body.update_state : NULL;
}

int64_t eg_service_view_rule_days(const eg_service_view *view, uint64_t at)
{
    const eg_service_state *state = eg_service_view_state(view);

    if (!state || state->pack_time == 0 || at < state->pack_time) {
        return -1;
    }
    return (int64_t)((at - state->pack_time) / TICKS_PER_DAY);
}

bool eg_service_view_can_check(const eg_service_view *view)
{
    const eg_check_state *check = eg_service_view_check(view);

    return view->connected && check && check->state != EG_JOB_UNAVAILABLE;
}

bool eg_service_view_can_update(const eg_service_view *view)
{
    const eg_update_state *update = eg_service_view_update(view);

    return view->connected && update && update->state != EG_UPDATE_UNAVAILABLE &&
           update->state != EG_UPDATE_CHECKING && update->state != EG_UPDATE_DOWNLOADING;
}
