/* SPDX-License-Identifier: Apache-2.0 */
#include "service/client_feed.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define ARENA_BLOCK 16384u
#define REMINDERS_MAX 16u
#define REMIND_TICKS (EG_TICKS_PER_SECOND * 24 * 3600)

/* One hit on its way into a frame. */
typedef struct delivery {
    eg_client_feed *feed;
    eg_buf *out;
    int64_t id; /* of the hit met, 0 none */
    eg_telling telling;
    eg_told_answer answer;
    bool only_grown; /* nothing is told of a story that has as many hits as were told */
    bool grown;
} delivery;

static int collect_known(void *user, const eg_shown_story *story)
{
    eg_client_feed *feed = user;
    eg_answer_kind answer;
    eg_told_answer told = EG_TOLD_ANSWER_NONE;
    if (story->resolved) {
        told = EG_TOLD_ANSWER_CLOSED;
    } else if (eg_answer_from_name(story->answer, &answer)) {
        told = (eg_told_answer)(EG_TOLD_ANSWER_DID_IT + (int)answer);
    }
    feed->known[feed->known_count].hit_id = story->hit_id;
    feed->known[feed->known_count++].answer = told;
    return EG_OK;
}

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

static int collect_all(eg_client_feed *feed)
{
    eg_store *store = feed->options.store;
    eg_str user = eg_str_from(feed->user);
    int status = user.len == 0
                     ? EG_OK
                     : eg_store_each_shown(store, user, EG_FEED_KNOWN_MAX, collect_known, feed);
    feed->known_left = feed->known_count;
    eg_hit_query query = {0};
    query.min_level = feed->options.min_level;
    query.newest_first = true;
    query.limit = REMINDERS_MAX;
    query.unanswered_since = eg_clock_utc() - REMIND_TICKS;
    if (status == EG_OK) {
        status = eg_store_each_hit(store, &query, collect_backlog, feed);
    }
    feed->reminders = feed->backlog_count;
    if (status == EG_OK) {
        query.only_not_shown = true;
        query.only_news = true;
        query.unanswered_since = 0;
        query.limit = EG_FEED_BACKLOG_MAX - feed->reminders;
        status = eg_store_each_hit(store, &query, collect_backlog, feed);
    }
    reverse(feed->backlog + feed->reminders, feed->backlog_count - feed->reminders);
    return status;
}

int eg_client_feed_init(eg_client_feed *feed, const eg_client_feed_options *options, eg_str user)
{
    memset(feed, 0, sizeof(*feed));
    int status = eg_arena_create(&feed->arena, ARENA_BLOCK);
    if (status != EG_OK) {
        return status;
    }
    feed->options = *options;
    eg_utf8_copy(feed->user, sizeof(feed->user), user);
    feed->start = eg_atomic_get(options->newest_hit);
    feed->cursor = feed->start;
    feed->repeats_start = eg_atomic_get(options->repeats);
    feed->repeats_looked = feed->repeats_start;
    status = collect_all(feed);
    if (status != EG_OK) {
        eg_client_feed_done(feed);
    }
    return status;
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
    eg_client_feed *feed = to->feed;
    eg_message message = {.type = EG_MESSAGE_HIT};
    eg_hit_notice *notice = &message.body.hit;
    eg_arena_reset(feed->arena);
    to->id = hit->id;
    int status = eg_hit_notice_from_hit(hit, feed->options.language, feed->arena, notice);
    if (status != EG_OK) {
        return status;
    }
    to->grown = notice->incident_hits != feed->shown_hits;
    if (to->only_grown && !to->grown) {
        return EG_OK;
    }
    notice->telling = to->telling;
    notice->answer = to->answer;
    if (hit->id == feed->shown) {
        feed->shown_hits = notice->incident_hits;
    }
    return eg_message_encode(to->out, &message);
}

static int next_known(eg_client_feed *feed, delivery *to)
{
    int status = EG_E_NOTFOUND;
    to->telling = EG_TELLING_KNOWN;
    while (status == EG_E_NOTFOUND && feed->known_left > 0) {
        size_t at = feed->known_left - 1;
        to->answer = feed->known[at].answer;
        status = eg_store_get_hit(feed->options.store, feed->known[at].hit_id, encode_hit, to);
        if (status == EG_OK || status == EG_E_NOTFOUND || to->id != 0) {
            feed->known_left--; /* also past one that cannot be encoded */
        }
    }
    to->answer = EG_TOLD_ANSWER_NONE;
    return status;
}

static int next_of_backlog(eg_client_feed *feed, delivery *to)
{
    int status = EG_E_NOTFOUND;
    while (status == EG_E_NOTFOUND && feed->backlog_next < feed->backlog_count) {
        int64_t id = feed->backlog[feed->backlog_next];
        to->telling = feed->backlog_next < feed->reminders ? EG_TELLING_REMINDER : EG_TELLING_NEWS;
        status = eg_store_get_hit(feed->options.store, id, encode_hit, to);
        if (status == EG_OK || status == EG_E_NOTFOUND || to->id != 0) {
            feed->backlog_next++; /* also past one that cannot be encoded */
        }
    }
    return status;
}

static int next_live(eg_client_feed *feed, delivery *to)
{
    int64_t newest = eg_atomic_get(feed->options.newest_hit);
    if (feed->cursor >= newest) {
        return EG_E_NOTFOUND;
    }
    eg_hit_query query = {0};
    query.after_id = feed->cursor;
    query.only_news = true;
    query.min_level = feed->options.min_level;
    query.limit = 1;
    to->telling = EG_TELLING_NEWS;
    int status = eg_store_each_hit(feed->options.store, &query, encode_hit, to);
    if (to->id != 0) {
        feed->cursor = to->id; /* also past one that cannot be encoded */
    } else if (status == EG_OK) {
        feed->cursor = newest; /* the rest is below the level, or no news */
        status = EG_E_NOTFOUND;
    }
    return status;
}

static bool may_look(const eg_client_feed *feed)
{
    return feed->looked_ns == 0 || eg_clock_monotonic_ns() - feed->looked_ns >= EG_FEED_LOOK_NS;
}

/* The story in the client's window, when repeats were counted in it since they were told. */
static int next_count(eg_client_feed *feed, delivery *to)
{
    int64_t repeats = eg_atomic_get(feed->options.repeats);
    if (feed->shown == 0 || repeats == feed->repeats_looked || !may_look(feed)) {
        return EG_E_NOTFOUND;
    }
    feed->looked_ns = eg_clock_monotonic_ns();
    feed->repeats_looked = repeats;
    to->telling = EG_TELLING_KNOWN;
    to->only_grown = true;
    int status = eg_store_get_hit(feed->options.store, feed->shown, encode_hit, to);
    return status == EG_OK && !to->grown ? EG_E_NOTFOUND : status;
}

int eg_client_feed_next(eg_client_feed *feed, eg_buf *out)
{
    static int (*const sources[])(eg_client_feed *, delivery *) = {next_known, next_of_backlog,
                                                                   next_live, next_count};
    delivery to = {.feed = feed, .out = out};
    int status = EG_E_NOTFOUND;
    for (size_t i = 0; status == EG_E_NOTFOUND && i < EG_COUNT(sources); i++) {
        status = sources[i](feed, &to);
    }
    return status == EG_E_NOTFOUND ? eg_fail(status, "no hit to send") : status;
}

uint32_t eg_client_feed_wait_ms(const eg_client_feed *feed)
{
    uint64_t passed = eg_clock_monotonic_ns() - feed->looked_ns;
    if (feed->shown == 0 || feed->looked_ns == 0 || passed >= EG_FEED_LOOK_NS) {
        return EG_FOREVER;
    }
    return (uint32_t)((EG_FEED_LOOK_NS - passed) / 1000000) + 1;
}

bool eg_client_feed_was_sent(const eg_client_feed *feed, int64_t id)
{
    bool sent = id > feed->start && id <= feed->cursor;
    for (size_t i = 0; i < feed->known_count; i++) {
        sent = sent || feed->known[i].hit_id == id;
    }
    for (size_t i = 0; i < feed->backlog_next; i++) {
        sent = sent || feed->backlog[i] == id;
    }
    return sent;
}

int eg_client_feed_shown(eg_client_feed *feed, int64_t id)
{
    if (feed->shown != id) {
        feed->shown = id;
        feed->shown_hits = 0;
        feed->repeats_looked = feed->repeats_start;
    }
    return eg_store_set_shown(feed->options.store, id, eg_clock_utc(), eg_str_from(feed->user));
}
