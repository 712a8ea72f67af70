/* SPDX-License-Identifier: Apache-2.0 */
#include "service/client_feed.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/message.h"

#include <string.h>

#define ARENA_BLOCK 16384u
#define REMINDERS_MAX 16u
#define REMIND_TICKS (EG_TICKS_PER_SECOND * 24 * 3600)

/* One hit on its way into a frame. */
typedef struct delivery {
    eg_client_feed *feed;
    eg_buf *out;
    int64_t id; /* of the hit met, 0 none */
    bool reminder;
} delivery;

static int collect_backlog(void *user, const eg_hit *hit)
{
    eg_client_feed *feed = user;
    if (hit->id <= feed->cursor && feed->backlog_count < EG_FEED_BACKLOG_MAX) {
        feed->backlog[feed->backlog_count++] = hit->id;
    }
    return EG_OK;
}

static void reverse(int64_t *ids, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        int64_t other = ids[count - 1 - i];
        ids[count - 1 - i] = ids[i];
        ids[i] = other;
    }
}

int eg_client_feed_init(eg_client_feed *feed, eg_store *store, int64_t newest, eg_language language,
                        eg_level min_level)
{
    memset(feed, 0, sizeof(*feed));
    int status = eg_arena_create(&feed->arena, ARENA_BLOCK);
    if (status != EG_OK) {
        return status;
    }
    feed->store = store;
    feed->language = language;
    feed->min_level = min_level;
    feed->start = newest;
    feed->cursor = newest;
    eg_hit_query query = {0};
    query.min_level = min_level;
    query.newest_first = true;
    query.limit = REMINDERS_MAX;
    query.unanswered_since = eg_clock_utc() - REMIND_TICKS;
    status = eg_store_each_hit(store, &query, collect_backlog, feed);
    feed->reminders = feed->backlog_count;
    if (status == EG_OK) {
        query.only_not_shown = true;
        query.only_news = true;
        query.unanswered_since = 0;
        query.limit = EG_FEED_BACKLOG_MAX - feed->reminders;
        status = eg_store_each_hit(store, &query, collect_backlog, feed);
    }
    if (status != EG_OK) {
        eg_client_feed_done(feed);
        return status;
    }
    reverse(feed->backlog + feed->reminders, feed->backlog_count - feed->reminders);
    return EG_OK;
}

void eg_client_feed_done(eg_client_feed *feed)
{
    eg_arena_destroy(feed->arena);
    feed->arena = NULL;
}

/* Only encodes: the store is locked during the visit, so nothing here may wait for a client. */
static int encode_hit(void *user, const eg_hit *hit)
{
    delivery *to = user;
    eg_message message = {0};
    message.type = EG_MESSAGE_HIT;
    eg_arena_reset(to->feed->arena);
    to->id = hit->id;
    int status =
        eg_hit_notice_from_hit(hit, to->feed->language, to->feed->arena, &message.body.hit);
    if (status == EG_OK) {
        message.body.hit.reminder = to->reminder;
        status = eg_message_encode(to->out, &message);
    }
    return status;
}

static int next_of_backlog(eg_client_feed *feed, delivery *to)
{
    int status = EG_E_NOTFOUND;
    while (status == EG_E_NOTFOUND && feed->backlog_next < feed->backlog_count) {
        to->reminder = feed->backlog_next < feed->reminders;
        status = eg_store_get_hit(feed->store, feed->backlog[feed->backlog_next], encode_hit, to);
        if (status == EG_OK || status == EG_E_NOTFOUND || to->id != 0) {
            feed->backlog_next++; /* also past one that cannot be encoded */
        }
    }
    return status;
}

static int next_live(eg_client_feed *feed, int64_t newest, delivery *to)
{
    if (feed->cursor >= newest) {
        return EG_E_NOTFOUND;
    }
    eg_hit_query query = {0};
    query.after_id = feed->cursor;
    query.only_news = true;
    query.min_level = feed->min_level;
    query.limit = 1;
    int status = eg_store_each_hit(feed->store, &query, encode_hit, to);
    if (to->id != 0) {
        feed->cursor = to->id; /* also past one that cannot be encoded */
    } else if (status == EG_OK) {
        feed->cursor = newest; /* the rest is below the level, or no news */
        status = EG_E_NOTFOUND;
    }
    return status;
}

int eg_client_feed_next(eg_client_feed *feed, int64_t newest, eg_buf *out)
{
    delivery to = {.feed = feed, .out = out};
    int status = next_of_backlog(feed, &to);
    if (status == EG_E_NOTFOUND) {
        to.reminder = false;
        status = next_live(feed, newest, &to);
    }
    return status == EG_E_NOTFOUND ? eg_fail(status, "no hit to send") : status;
}

bool eg_client_feed_was_sent(const eg_client_feed *feed, int64_t id)
{
    if (id > feed->start) {
        return id <= feed->cursor;
    }
    for (size_t i = 0; i < feed->backlog_next; i++) {
        if (feed->backlog[i] == id) {
            return true;
        }
    }
    return false;
}
