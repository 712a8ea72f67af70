/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hits one client still has to get. At hello: the newest stories that its user was shown
 * before, as known; a reminder of each story that was shown a day ago and that nobody has
 * answered; then those hits that nobody has seen yet, oldest first (of more than
 * EG_FEED_BACKLOG_MAX the newest; the others wait for the next hello); then every new one as it is
 * stored, and now and then the count of the story in its window. The store is the queue: a feed
 * holds only numbers, so a slow client costs nothing and loses nothing. One thread per feed.
 */
#ifndef EG_SERVICE_CLIENT_FEED_H
#define EG_SERVICE_CLIENT_FEED_H

#include "core/base/os.h"
#include "core/ipc/message.h"
#include "core/store/store.h"

#define EG_FEED_BACKLOG_MAX 1000
#define EG_FEED_KNOWN_MAX 10 /* the icon's menu lists as many */
#define EG_FEED_USER_MAX 600
#define EG_FEED_LOOK_NS UINT64_C(3000000000) /* a count follows at most so often */

typedef struct eg_client_feed_options {
    eg_store *store;
    const eg_atomic *newest_hit; /* id of the newest hit stored so far */
    const eg_atomic *repeats;    /* grows with each that was only counted */
    eg_language language;
    eg_level min_level;
} eg_client_feed_options;

typedef struct eg_client_feed {
    eg_client_feed_options options;
    char user[EG_FEED_USER_MAX]; /* DOMAIN\name, "" unknown */
    eg_arena *arena;             /* for one notice at a time */
    struct {
        int64_t hit_id;
        eg_told_answer answer;
    } known[EG_FEED_KNOWN_MAX]; /* newest first */
    size_t known_left;          /* so many are still to be handed out */
    size_t known_count;
    int64_t backlog[EG_FEED_BACKLOG_MAX];
    size_t backlog_count;
    size_t backlog_next;
    size_t reminders;      /* the first so many of the backlog were shown before and not answered */
    int64_t start;         /* live hits are those above this id */
    int64_t cursor;        /* live hits up to this id have been handed out */
    int64_t shown;         /* the client said last that a window shows this one; 0 none yet */
    uint64_t shown_hits;   /* what was told of it: the hits of its story, 0 nothing */
    int64_t repeats_start; /* when the feed began */
    int64_t repeats_looked; /* when it looked last whether the story has grown */
    uint64_t looked_ns;     /* when that was, 0 never */
} eg_client_feed;

/* `user` is copied: DOMAIN\name as Windows says it; "" unknown. */
int eg_client_feed_init(eg_client_feed *feed, const eg_client_feed_options *options, eg_str user);
void eg_client_feed_done(eg_client_feed *feed);
/*
 * Appends the frame of what comes next to `out`; EG_E_NOTFOUND when there is nothing. A hit that
 * disappeared (retention) is passed over. On any other failure `out` may hold a part of a frame; a
 * hit that cannot be encoded is not tried again.
 */
int eg_client_feed_next(eg_client_feed *feed, eg_buf *out);
/* After EG_E_NOTFOUND: when to ask again although nothing woke the client; UINT32_MAX never. */
uint32_t eg_client_feed_wait_ms(const eg_client_feed *feed);
/*
 * True when this hit was handed to this client: only such may be called shown by it. (True also for
 * what was passed over between two live ones.)
 */
bool eg_client_feed_was_sent(const eg_client_feed *feed, int64_t id);
/* A window of the client shows this hit: stores that, and follows its count from now on. */
int eg_client_feed_shown(eg_client_feed *feed, int64_t id);

#endif
