/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hit database: SQLite, WAL, synchronous=FULL. One writer (the service); other processes with
 * the rights may open it read-only. A hit is on disk when eg_store_add_hit returns. All functions
 * may be called from any thread; one at a time runs. Texts handed in are copied; texts handed out
 * live during the callback.
 */
#ifndef EG_STORE_STORE_H
#define EG_STORE_STORE_H

#include "core/detect/baseline.h"
#include "core/detect/exception.h"
#include "core/detect/hit.h"

typedef struct eg_store eg_store;

typedef enum eg_store_mode { EG_STORE_READ_WRITE, EG_STORE_READ_ONLY } eg_store_mode;

/*
 * Opens or creates and migrates. A damaged file is moved aside to "<path>.damaged-<time>" and a new
 * one started (read-write mode only): EG_OK, and `notice` says so for people; `notice` is empty
 * otherwise (NULL: only the log says it). A database of a newer version: EG_E_UNSUPPORTED, and it
 * is left as it was.
 */
int eg_store_open(const char *path, eg_store_mode mode, eg_buf *notice, eg_store **out);
void eg_store_close(eg_store *store); /* NULL-safe */
/*
 * The same notice for damage that was found later, while the store was open; "" when there is none.
 * Replaces what is in `notice`, and each notice is handed out once.
 */
int eg_store_take_notice(eg_store *store, eg_buf *notice);

/*
 * Stores event and hit in one transaction and sets *id, unless the same fingerprint has a row that
 * speaks for it; *is_new is false then. A hit that tells its story nothing new, or that an
 * exception hides, is counted in the row of the same story or exception when their events are less
 * than EG_HIT_QUIET_TICKS apart. What was only found again (EG_EVENT_EXISTING, and
 * EG_EVENT_CHANGED_WHILE_DOWN as below) is no second time: any row will do, and just its last_time
 * moves. The exception counts each.
 */
int eg_store_add_hit(eg_store *store, const eg_hit *hit, const eg_event *event, int64_t *id,
                     bool *is_new);

/* Which hits: without those that an exception hides, these alone, or both. */
typedef enum eg_hits_hidden { EG_HITS_NOT_HIDDEN, EG_HITS_HIDDEN, EG_HITS_ALL } eg_hits_hidden;

typedef struct eg_hit_query {
    eg_hits_hidden hidden;
    int64_t after_id; /* only larger ids */
    uint64_t since;   /* FILETIME: stored since then, 0 = all */
    eg_level min_level;
    int64_t incident_id; /* only those of this story; 0 = all */
    bool only_not_shown; /* nor resolved */
    bool only_news; /* not those that repeated what their story had told already, nor resolved */
    /* FILETIME: only the newest of each story shown last before then and not answered; 0 = all */
    uint64_t unanswered_since;
    bool newest_first;
    size_t limit; /* 0 = 1000 */
} eg_hit_query;

/* Not EG_OK stops and is returned. Runs under the store's lock: must not call the store. */
typedef int (*eg_hit_visit)(void *user, const eg_hit *hit);
int eg_store_each_hit(eg_store *store, const eg_hit_query *query, eg_hit_visit visit, void *user);
/* EG_E_NOTFOUND when there is no such hit. */
int eg_store_get_hit(eg_store *store, int64_t id, eg_hit_visit visit, void *user);
/*
 * A window showed `user` (DOMAIN\name; "" unknown) this hit, and with it what its story had told
 * before. Of each the first time counts; of the story the latest is kept as well, for reminders.
 * EG_E_NOTFOUND.
 */
int eg_store_set_shown(eg_store *store, int64_t id, uint64_t time, eg_str user);

/* A story that this user was shown. */
typedef struct eg_shown_story {
    int64_t hit_id; /* the newest that was shown and told something new */
    bool resolved;
    eg_str answer; /* the user's latest; "" none */
} eg_shown_story;

/* As eg_hit_visit. */
typedef int (*eg_shown_visit)(void *user, const eg_shown_story *story);
/* Newest first. */
int eg_store_each_shown(eg_store *store, eg_str user, size_t limit, eg_shown_visit visit,
                        void *visit_user);
/* Those that an exception hides are not counted. */
int eg_store_count_hits(eg_store *store, uint64_t since, eg_level min_level, uint64_t *count);

/* A story: see core/detect/incident.h for what the two JSON texts hold. */
typedef struct eg_stored_incident {
    int64_t id;
    uint64_t first_time, last_time; /* FILETIME of its earliest and latest event */
    uint64_t shown_time;            /* when a window showed it first; 0 not yet */
    uint64_t resolved_time;         /* 0 not resolved */
    int64_t absorbed_by;            /* the story that this one became a part of; 0 none */
    eg_level level;
    eg_str answer; /* the latest one; "" none yet */
    eg_str story;
    eg_str memory;
} eg_stored_incident;

/* As eg_hit_visit. */
typedef int (*eg_incident_visit)(void *user, const eg_stored_incident *incident);
/* Newest first, without those absorbed; `since` is of last_time, `open` leaves out the resolved. */
int eg_store_each_incident(eg_store *store, uint64_t since, bool open, size_t limit,
                           eg_incident_visit visit, void *user);
/* Also one that was absorbed. EG_E_NOTFOUND. */
int eg_store_get_incident(eg_store *store, int64_t id, eg_incident_visit visit, void *user);
int eg_store_last_incident(eg_store *store, int64_t *id); /* the largest id ever used; 0 none */
/* Stories of at least this level that nobody has resolved. Reads them all: not for every event. */
int eg_store_count_open(eg_store *store, eg_level min_level, uint64_t *count);

typedef struct eg_answer {
    int64_t id;
    int64_t incident_id;
    uint64_t time; /* FILETIME */
    uint32_t session;
    eg_str user;   /* DOMAIN\name of who answered */
    eg_str answer; /* "did_it", "unknown", "call" */
} eg_answer;

#define EG_STORE_ANSWERS_MAX 100 /* of one story */

/*
 * The same answer as this person's last one is kept already: EG_OK and *is_new false. EG_E_NOTFOUND
 * when there is no such incident, EG_E_DENIED while no window has shown it, EG_E_LIMIT when it has
 * EG_STORE_ANSWERS_MAX.
 */
int eg_store_add_answer(eg_store *store, const eg_answer *answer, bool *is_new);
typedef int (*eg_answer_visit)(void *user, const eg_answer *answer);
int eg_store_each_answer(eg_store *store, int64_t incident_id, eg_answer_visit visit, void *user);
/* The first time counts. EG_E_NOTFOUND. */
int eg_store_resolve_incident(eg_store *store, int64_t id, uint64_t time);

/* Stores what eg_exception_check has passed and sets *id. */
int eg_store_add_exception(eg_store *store, const eg_exception *exception, int64_t *id);
/* The first time counts. EG_E_NOTFOUND. */
int eg_store_revoke_exception(eg_store *store, int64_t id, uint64_t time, eg_str who);
/* As eg_hit_visit. */
typedef int (*eg_exception_visit)(void *user, const eg_exception *exception);
/* Oldest first; those that are over too, they say what is hidden in old hits. */
int eg_store_each_exception(eg_store *store, eg_exception_visit visit, void *user);

int eg_store_get_meta(eg_store *store, const char *key, eg_buf *value); /* EG_E_NOTFOUND */
int eg_store_set_meta(eg_store *store, const char *key, eg_str value);
/* Adds to a named counter that survives restarts (dropped events, restarts ...). */
int eg_store_count(eg_store *store, const char *name, uint64_t amount);
/* 0 for a counter that nothing was added to. */
int eg_store_get_count(eg_store *store, const char *name, uint64_t *amount);

/*
 * Deletes hits last seen before `before` and, oldest first, what exceeds `max_hits` (0 = no limit),
 * and gives some of the room back to the disk.
 */
int eg_store_prune(eg_store *store, uint64_t before, uint64_t max_hits);

/*
 * A row of the baseline to be kept, or to be deleted. It waits in memory until the flush, which
 * puts all that wait on disk at once (EG_OK when none waits). Both from one thread.
 */
int eg_store_baseline_put(eg_store *store, const eg_baseline_row *row);
int eg_store_baseline_flush(eg_store *store);
/*
 * Visits what was flushed last. Not EG_OK stops and is returned. Runs under the store's lock: must
 * not call the store. A hit stored after that flush is what a kill kept from the baseline: the same
 * on an event marked EG_EVENT_CHANGED_WHILE_DOWN is then taken as if it existed.
 */
typedef int (*eg_baseline_visit)(void *user, const eg_baseline_row *row);
int eg_store_baseline_each(eg_store *store, eg_baseline_visit visit, void *user);

#endif
