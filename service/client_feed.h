/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hits one client still has to get. At hello: a reminder of each story that was shown a day
 * ago and that nobody has answered, then those hits that nobody has seen yet, oldest first (of more
 * than EG_FEED_BACKLOG_MAX the newest; the others wait for the next hello); then every new one as
 * it is stored. The store is the queue: a feed holds only numbers, so a slow client costs
 * nothing and loses nothing. One thread per feed.
 */
#ifndef EG_SERVICE_CLIENT_FEED_H
#define EG_SERVICE_CLIENT_FEED_H

#include "core/store/store.h"

#define EG_FEED_BACKLOG_MAX 1000

typedef struct eg_client_feed {
    eg_store *store;
    eg_language language;
    eg_level min_level;
    eg_arena *arena; /* for one notice at a time */
    int64_t backlog[EG_FEED_BACKLOG_MAX];
    size_t backlog_count;
    size_t backlog_next;
    size_t reminders; /* the first so many of the backlog were shown before and not answered */
    int64_t start;    /* live hits are those above this id */
    int64_t cursor;   /* live hits up to this id have been handed out */
} eg_client_feed;

/* `newest` is the id of the newest hit stored so far. */
int eg_client_feed_init(eg_client_feed *feed, eg_store *store, int64_t newest, eg_language language,
                        eg_level min_level);
void eg_client_feed_done(eg_client_feed *feed);
/*
 * Appends the frame of the next hit up to id `newest` to `out`; EG_E_NOTFOUND when there is none. A
 * hit that disappeared (retention) is passed over. On any other failure `out` may hold a part of a
 * frame; a hit that cannot be encoded is not tried again.
 */
int eg_client_feed_next(eg_client_feed *feed, int64_t newest, eg_buf *out);
/*
 * True when this hit was handed to this client: only such may be called shown by it. (True also for
 * what was passed over between two live ones.)
 */
bool eg_client_feed_was_sent(const eg_client_feed *feed, int64_t id);

#endif
