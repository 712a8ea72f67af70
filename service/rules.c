/* SPDX-License-Identifier: Apache-2.0 */
#include "service/rules.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"
#include "core/base/utf.h"

#include <stdio.h>
#include <string.h>

#define PROBLEMS_KEPT 20
#define PROBLEMS_LOGGED 200

typedef struct problem {
    eg_problem_kind kind;
    int line;
    char file[200];
    char rule_id[64];
    char reason[240];
} problem;

/* What one load reports; becomes visible as a whole when the load is over. */
typedef struct report {
    size_t seen; /* rejected rules and warnings */
    size_t kept;
    problem problems[PROBLEMS_KEPT];
} report;

struct eg_rules {
    eg_rules_options options;
    eg_ruleset_slot *slot;
    eg_stoppable thread;
    eg_mutex load_lock; /* one load after the other */
    /* "loading", "loaded", "missing", "broken"; under the thread's lock, as are the next three */
    const char *state;
    char error[512];
    eg_rules_summary summary;
    report *current; /* shown */
    report *next;    /* being filled by the loading thread alone */
};

/* The end of a path tells more than its beginning. */
static void copy_tail(char *out, size_t size, eg_str text)
{
    if (text.len >= size) {
        size_t skip = text.len - (size - 1);
        while (skip < text.len && ((unsigned char)text.ptr[skip] & 0xC0) == 0x80) {
            skip++;
        }
        text.ptr += skip;
        text.len -= skip;
    }
    eg_utf8_copy(out, size, text);
}

static void on_problem(void *user, const eg_problem *found)
{
    report *into = user;
    if (found->kind == EG_PROBLEM_INERT) {
        eg_log(EG_LOG_DEBUG, "rules", "%s:%d: inert: %s", found->file ? found->file : "",
               found->line, found->reason);
        return;
    }
    if (into->seen < PROBLEMS_LOGGED) {
        eg_log(EG_LOG_WARNING, "rules", "%s:%d: %s: %s", found->file ? found->file : "",
               found->line, eg_problem_kind_name(found->kind), found->reason);
    }
    into->seen++;
    if (into->kept < PROBLEMS_KEPT) {
        problem *keep = &into->problems[into->kept++];
        keep->kind = found->kind;
        keep->line = found->line;
        copy_tail(keep->file, sizeof(keep->file), eg_str_from(found->file));
        eg_utf8_copy(keep->rule_id, sizeof(keep->rule_id), found->rule_id);
        eg_utf8_copy(keep->reason, sizeof(keep->reason), eg_str_from(found->reason));
    }
}

static void first_problem(const report *from, char *out, size_t size)
{
    const problem *first = from->kept > 0 ? &from->problems[0] : NULL;
    if (first) {
        snprintf(out, size, "%s:%d: %s", first->file, first->line, first->reason);
    } else {
        out[0] = '\0';
    }
}

/* Under the lock. */
static void take_stats(eg_rules *rules, const eg_ruleset *set)
{
    eg_ruleset_stats stats;
    eg_ruleset_stats_get(set, &stats);
    eg_utf8_copy(rules->summary.name, sizeof(rules->summary.name), stats.name);
    rules->summary.serial = stats.serial;
    rules->summary.loaded = stats.loaded;
    rules->summary.inert = stats.inert;
    rules->summary.rejected = stats.rejected;
}

static int load_sources(eg_rules *rules, const eg_report *sink, eg_ruleset **out)
{
    eg_rules_sources sources = {.item = {{rules->options.path, NULL, 0}}, .count = 1};
    if (!rules->options.sources) {
        return eg_ruleset_load_from(sources.item, sources.count, true, sink, out);
    }
    rules->options.sources(rules->options.user, &sources);
    int status = eg_ruleset_load_from(sources.item, sources.count, true, sink, out);
    rules->options.release(rules->options.user);
    return status;
}

/* Under load_lock. With `keep`, a failure leaves everything as it was. */
static int load(eg_rules *rules, bool keep)
{
    eg_ruleset *set = NULL;
    uint64_t start = eg_clock_monotonic_ns();
    memset(rules->next, 0, sizeof(*rules->next));
    eg_report sink = {on_problem, rules->next};
    int status = load_sources(rules, &sink, &set);
    uint64_t milliseconds = (eg_clock_monotonic_ns() - start) / 1000000;
    if (keep && status != EG_OK) {
        return status;
    }
    eg_mutex_lock(&rules->thread.lock);
    report *shown = rules->next;
    rules->next = rules->current;
    rules->current = shown;
    memset(&rules->summary, 0, sizeof(rules->summary));
    first_problem(shown, rules->summary.first_problem, sizeof(rules->summary.first_problem));
    rules->error[0] = '\0';
    if (status == EG_OK) {
        rules->state = "loaded";
        take_stats(rules, set);
    } else {
        rules->state = status == EG_E_NOTFOUND ? "missing" : "broken";
        rules->summary.rejected = shown->seen;
        eg_utf8_copy(rules->error, sizeof(rules->error), eg_str_from(eg_error_message()));
    }
    eg_rules_summary summary = rules->summary;
    eg_mutex_unlock(&rules->thread.lock);

    if (status == EG_OK) {
        eg_ruleset_slot_put(rules->slot, set);
        eg_log(EG_LOG_INFO, "rules",
               "%s serial %llu: %llu loaded, %llu inert, %llu rejected, in %llu ms", summary.name,
               (unsigned long long)summary.serial, (unsigned long long)summary.loaded,
               (unsigned long long)summary.inert, (unsigned long long)summary.rejected,
               (unsigned long long)milliseconds);
    }
    return status;
}

static bool wait_for_retry(eg_rules *rules)
{
    return eg_stoppable_rest(&rules->thread, eg_deadline_after(rules->options.retry_ms));
}

static void load_main(void *arg)
{
    eg_rules *rules = arg;
    bool first = true;
    int status;
    char told[sizeof(rules->error)] = "";
    do {
        eg_mutex_lock(&rules->load_lock);
        status = load(rules, false);
        eg_mutex_unlock(&rules->load_lock);
        if (status != EG_OK && strcmp(told, rules->error) != 0) {
            eg_utf8_copy(told, sizeof(told), eg_str_from(rules->error));
            eg_log(EG_LOG_ERROR, "rules", "no rules, nothing can be detected: %s", told);
        }
        rules->options.settled(rules->options.user, rules, status, first);
        first = false;
    } while (status != EG_OK && wait_for_retry(rules));
}

int eg_rules_reload(eg_rules *rules)
{
    eg_mutex_lock(&rules->load_lock);
    int status = load(rules, true);
    eg_mutex_unlock(&rules->load_lock);
    if (status == EG_OK) {
        rules->options.settled(rules->options.user, rules, status, false);
    }
    return status;
}

int eg_rules_start(const eg_rules_options *options, eg_rules **out)
{
    eg_rules *rules = eg_alloc_zero(1, sizeof(*rules));
    if (!rules) {
        return EG_E_NOMEM;
    }
    rules->options = *options;
    rules->state = "loading";
    int status = eg_stoppable_init(&rules->thread);
    if (status != EG_OK) {
        goto free_rules;
    }
    status = eg_mutex_init(&rules->load_lock);
    if (status != EG_OK) {
        goto done_thread;
    }
    rules->current = eg_alloc_zero(1, sizeof(*rules->current));
    rules->next = eg_alloc_zero(1, sizeof(*rules->next));
    status = rules->current && rules->next ? EG_OK : EG_E_NOMEM;
    if (status == EG_OK) {
        status = eg_ruleset_slot_create(&rules->slot);
    }
    if (status == EG_OK) {
        status = eg_stoppable_start(&rules->thread, "rules", load_main, rules);
    }
    if (status == EG_OK) {
        *out = rules;
        return EG_OK;
    }
    eg_rules_destroy(rules);
    return status;

done_thread:
    eg_stoppable_done(&rules->thread);
free_rules:
    eg_free(rules);
    return status;
}

void eg_rules_stop(eg_rules *rules)
{
    eg_stoppable_stop(&rules->thread);
}

int eg_rules_join(eg_rules *rules, uint32_t milliseconds)
{
    return eg_stoppable_join(&rules->thread, milliseconds, "rules are still being loaded");
}

void eg_rules_destroy(eg_rules *rules)
{
    if (!rules) {
        return;
    }
    eg_ruleset_slot_destroy(rules->slot);
    eg_free(rules->current);
    eg_free(rules->next);
    eg_mutex_done(&rules->load_lock);
    eg_stoppable_done(&rules->thread);
    eg_free(rules);
}

eg_ruleset_slot *eg_rules_slot(eg_rules *rules)
{
    return rules->slot;
}

void eg_rules_summarize(eg_rules *rules, eg_rules_summary *out)
{
    eg_mutex_lock(&rules->thread.lock);
    *out = rules->summary;
    eg_mutex_unlock(&rules->thread.lock);
}

static void write_problem(const problem *found, eg_json *json)
{
    eg_json_object(json);
    eg_json_put_str(json, "kind", eg_str_from(eg_problem_kind_name(found->kind)));
    eg_json_put_str(json, "file", eg_str_from(found->file));
    eg_json_put_u64(json, "line", found->line > 0 ? (uint64_t)found->line : 0);
    eg_json_put_str(json, "rule", eg_str_from(found->rule_id));
    eg_json_put_str(json, "reason", eg_str_from(found->reason));
    eg_json_object_end(json);
}

void eg_rules_write(eg_rules *rules, eg_json *json, size_t problems_max)
{
    eg_json_object(json);
    eg_json_put_str(json, "path", eg_str_from(rules->options.path));
    eg_mutex_lock(&rules->thread.lock);
    eg_json_put_str(json, "state", eg_str_from(rules->state));
    eg_json_put_str(json, "name", eg_str_from(rules->summary.name));
    eg_json_put_u64(json, "serial", rules->summary.serial);
    eg_json_put_u64(json, "loaded", rules->summary.loaded);
    eg_json_put_u64(json, "inert", rules->summary.inert);
    eg_json_put_u64(json, "rejected", rules->summary.rejected);
    eg_json_put_str(json, "error", eg_str_from(rules->error));
    eg_json_key(json, "problems");
    eg_json_array(json);
    for (size_t i = 0; i < rules->current->kept && i < problems_max; i++) {
        write_problem(&rules->current->problems[i], json);
    }
    eg_json_array_end(json);
    eg_mutex_unlock(&rules->thread.lock);
    eg_json_object_end(json);
}
