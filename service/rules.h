/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules the service works with: loads them on a thread of its own, puts them into the slot the
 * pipeline reads, keeps what was wrong with them for `status`. While there are none it looks again
 * every now and then, so that rules put in place later are found. Owned by the host.
 */
#ifndef EG_SERVICE_RULES_H
#define EG_SERVICE_RULES_H

#include "core/base/json.h"
#include "core/detect/ruleset.h"

typedef struct eg_rules eg_rules;

#define EG_RULES_SOURCES_MAX 3

/* What to load; everything is borrowed until `release`. */
typedef struct eg_rules_sources {
    eg_ruleset_source item[EG_RULES_SOURCES_MAX];
    size_t count;
} eg_rules_sources;

typedef struct eg_rules_options {
    const char *path; /* pack, folder or file; must outlive the object */
    uint32_t retry_ms;
    void *user;
    /* After each attempt, on the loading thread. `first` for the first one, good or bad. */
    void (*settled)(void *user, eg_rules *rules, int status, bool first);
    /* Before and after each load: adds packs to `path`, or takes its place. NULL: it alone. */
    void (*sources)(void *user, eg_rules_sources *out);
    void (*release)(void *user);
} eg_rules_options;

/* How many of the rules are what. */
typedef struct eg_rules_summary {
    char name[128]; /* of the pack */
    uint64_t serial;
    uint64_t loaded, inert, rejected;
    char first_problem[512]; /* "" none */
} eg_rules_summary;

int eg_rules_start(const eg_rules_options *options, eg_rules **out);
void eg_rules_stop(eg_rules *rules);                       /* does not wait */
int eg_rules_join(eg_rules *rules, uint32_t milliseconds); /* EG_E_TIMEOUT: still loading */
void eg_rules_destroy(eg_rules *rules);                    /* after a successful join; NULL-safe */

/*
 * Loads anew, on the calling thread, and swaps. After a failure what was loaded before goes on. Not
 * from `settled`.
 */
int eg_rules_reload(eg_rules *rules);
eg_ruleset_slot *eg_rules_slot(eg_rules *rules);
void eg_rules_summarize(eg_rules *rules, eg_rules_summary *out); /* any thread */
/*
 * Writes {"path","state","name","serial","loaded","inert","rejected","error","problems":[...]}
 * with at most so many problems. Any thread.
 */
void eg_rules_write(eg_rules *rules, eg_json *json, size_t problems_max);

#endif
