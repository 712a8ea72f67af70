/* SPDX-License-Identifier: Apache-2.0 */
#include "service/status.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/message.h"
#include "core/version.h"

static void write_counters(const eg_status_view *view, eg_json *json)
{
    eg_json_key(json, "counters");
    eg_json_object(json);
    eg_json_put_u64(json, "events", view->events);
    eg_json_put_u64(json, "hits", view->hits.stored);
    eg_json_put_u64(json, "dropped", view->dropped);
    eg_json_put_u64(json, "waiting", view->hits.waiting);
    eg_json_put_u64(json, "lost", view->hits.lost);
    eg_json_put_u64(json, "forgotten", view->forgotten);
    eg_json_object_end(json);
}

/* What outlives the service. */
static void write_lifetime(const eg_status_view *view, eg_json *json)
{
    static const char *const names[] = {"starts", "ended_by_force", "events_dropped"};
    eg_json_key(json, "lifetime");
    eg_json_object(json);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        uint64_t amount = 0;
        if (view->store && eg_store_get_count(view->store, names[i], &amount) != EG_OK) {
            eg_log(EG_LOG_WARNING, "status", "%s", eg_error_message());
        }
        eg_json_put_u64(json, names[i], amount);
    }
    eg_json_object_end(json);
}

static void write_files(const eg_status_view *view, eg_json *json)
{
    eg_json_key(json, "files");
    eg_json_object(json);
    eg_json_put_u64(json, "read", view->files.read);
    eg_json_put_u64(json, "remembered", view->files.remembered);
    eg_json_put_u64(json, "waiting", view->second_pass.waiting);
    eg_json_put_u64(json, "not_taken", view->second_pass.not_taken);
    eg_json_put_u64(json, "elsewhere", view->files.elsewhere);
    eg_json_put_u64(json, "unreadable", view->files.unreadable);
    eg_json_put_u64(json, "too_large", view->files.too_large);
    eg_json_put_u64(json, "too_slow", view->files.too_slow);
    eg_json_put_u64(json, "changed", view->files.changed);
    eg_json_object_end(json);
}

#define EXCEPTIONS_TOLD 20u
#define EXPIRED_TICKS (EG_TICKS_PER_SECOND * 86400 * 30)

typedef struct exceptions {
    const eg_ruleset *rules; /* NULL: not loaded yet */
    uint64_t now, in_force, hidden;
    int64_t expired[EXCEPTIONS_TOLD], without_rule[EXCEPTIONS_TOLD];
    size_t expired_count, without_rule_count;
} exceptions;

static void note(int64_t *ids, size_t *count, int64_t id)
{
    if (*count < EXCEPTIONS_TOLD) {
        ids[(*count)++] = id;
    }
}

static int look_at_exception(void *user, const eg_exception *exception)
{
    exceptions *to = user;
    if (exception->revoked_time != 0) {
        return EG_OK;
    }
    if (!eg_exception_in_force(exception, to->now)) {
        if (to->now - exception->expires_time < EXPIRED_TICKS) {
            note(to->expired, &to->expired_count, exception->id);
        }
        return EG_OK;
    }
    to->in_force++;
    to->hidden += exception->hits;
    if (to->rules && exception->rule_id.len > 0 &&
        !eg_ruleset_has_rule(to->rules, exception->rule_id)) {
        note(to->without_rule, &to->without_rule_count, exception->id);
    }
    return EG_OK;
}

static void write_ids(eg_json *json, const char *key, const int64_t *ids, size_t count)
{
    eg_json_key(json, key);
    eg_json_array(json);
    for (size_t i = 0; i < count; i++) {
        eg_json_i64(json, ids[i]);
    }
    eg_json_array_end(json);
}

static void write_exceptions(const eg_status_view *view, eg_json *json)
{
    exceptions found = {.now = eg_clock_utc()};
    eg_ruleset *rules = view->rules ? eg_ruleset_slot_get(eg_rules_slot(view->rules)) : NULL;
    found.rules = rules;
    if (view->store && eg_store_each_exception(view->store, look_at_exception, &found) != EG_OK) {
        eg_log(EG_LOG_WARNING, "status", "%s", eg_error_message());
    }
    eg_json_key(json, "exceptions");
    eg_json_object(json);
    eg_json_put_u64(json, "in_force", found.in_force);
    eg_json_put_u64(json, "hidden", found.hidden);
    eg_json_put_u64(json, "of_pack",
                    rules ? eg_exception_list_count(eg_ruleset_exceptions(rules)) : 0);
    write_ids(json, "expired", found.expired, found.expired_count);
    write_ids(json, "without_rule", found.without_rule, found.without_rule_count);
    eg_json_object_end(json);
    eg_ruleset_unref(rules);
}

static void write_scans(const eg_status_view *view, eg_json *json)
{
    const eg_scan_counts *scans = &view->scans;
    eg_json_key(json, "scans");
    eg_json_object(json);
    eg_json_put_u64(json, "waiting", scans->waiting);
    eg_json_put_u64(json, "not_taken", scans->not_taken);
    eg_json_put_u64(json, "events", scans->events);
    eg_json_put_u64(json, "looked", scans->looked);
    eg_json_put_u64(json, "remembered", scans->remembered);
    eg_json_put_u64(json, "suspicious", scans->suspicious);
    eg_json_put_u64(json, "missing", scans->missing);
    eg_json_put_u64(json, "unresolved", scans->unresolved);
    eg_json_key(json, "could_not_look");
    eg_json_object(json);
    for (int gap = EG_GAP_NONE + 1; gap < EG_GAP_COUNT; gap++) {
        eg_json_put_u64(json, eg_file_gap_name((eg_file_gap)gap), scans->gaps[gap]);
    }
    eg_json_object_end(json);
    eg_json_key(json, "worker");
    eg_json_object(json);
    eg_json_put_u64(json, "starts", view->worker.starts);
    eg_json_put_u64(json, "stops", view->worker.stops);
    eg_json_put_u64(json, "skipped", view->worker.skipped);
    eg_json_put_u64(json, "bytes_peak", view->worker.bytes_peak);
    eg_json_object_end(json);
    eg_json_object_end(json);
}

static void write_last_hit(const eg_status_view *view, eg_json *json)
{
    char time[EG_TIME_TEXT_SIZE] = "";
    if (view->last_hit_time) {
        eg_time_format(view->last_hit_time, time);
    }
    eg_json_key(json, "last_hit");
    eg_json_object(json);
    eg_json_key(json, "id");
    eg_json_i64(json, view->last_hit_id);
    eg_json_put_str(json, "time", eg_str_from(time));
    eg_json_object_end(json);
}

/* How much of the lists is written: the next line when the one before did not fit. */
static const struct {
    size_t problems;
    size_t clients;
    size_t hits;
} limits[] = {{SIZE_MAX, SIZE_MAX, 20}, {5, 16, 10}, {1, 4, 5}};

/* A text that a user made up is cut: the status as a whole has to fit into one frame. */
#define HIT_TEXT_MAX 300u

typedef struct recent {
    eg_json *json;
    eg_arena *arena;
} recent;

static int write_hit(void *user, const eg_hit *hit)
{
    recent *to = user;
    eg_hit_notice notice;
    char time[EG_TIME_TEXT_SIZE];
    eg_arena_reset(to->arena);
    if (eg_hit_notice_from_hit(hit, EG_LANGUAGE_EN, to->arena, &notice) != EG_OK) {
        return EG_OK; /* the hit stays in the store; only this list lacks it */
    }
    eg_time_format(notice.time, time);
    eg_json_object(to->json);
    eg_json_put_u64(to->json, "id", (uint64_t)notice.id);
    eg_json_put_str(to->json, "time", eg_str_from(time));
    eg_json_put_str(to->json, "level", eg_str_from(eg_level_name(notice.level)));
    eg_json_put_str(to->json, "kind", eg_str_from(eg_kind_name(notice.kind)));
    eg_json_put_str(to->json, "title", eg_utf8_cut(notice.text.title, HIT_TEXT_MAX));
    eg_json_put_str(to->json, "program", eg_utf8_cut(notice.program, HIT_TEXT_MAX));
    eg_json_put_str(to->json, "target", eg_utf8_cut(notice.target, HIT_TEXT_MAX));
    eg_json_object_end(to->json);
    return EG_OK;
}

static void write_recent_hits(const eg_status_view *view, eg_json *json, size_t limit)
{
    const eg_hit_query query = {.newest_first = true, .limit = limit};
    recent to = {json, NULL};
    eg_json_key(json, "recent_hits");
    eg_json_array(json);
    if (view->store && eg_arena_create(&to.arena, 16 * 1024) == EG_OK) {
        if (eg_store_each_hit(view->store, &query, write_hit, &to) != EG_OK) {
            eg_log(EG_LOG_WARNING, "status", "%s", eg_error_message());
        }
        eg_arena_destroy(to.arena);
    }
    eg_json_array_end(json);
}

static void write_parts(const eg_status_view *view, eg_json *json, size_t attempt)
{
    eg_json_key(json, "rules");
    if (view->rules) {
        eg_rules_write(view->rules, json, limits[attempt].problems);
    } else {
        eg_json_null(json);
    }
    eg_json_key(json, "updates");
    if (view->updates) {
        eg_updates_write(view->updates, json, limits[attempt].problems);
    } else {
        eg_json_null(json);
    }
    eg_json_key(json, "sensors");
    if (view->sensors) {
        eg_sensors_host_write(view->sensors, json);
    } else {
        eg_json_null(json);
    }
    eg_json_key(json, "clients");
    if (view->clients) {
        eg_clients_write(view->clients, json, limits[attempt].clients);
    } else {
        eg_json_null(json);
    }
    eg_json_key(json, "check");
    if (view->checks) {
        eg_check_runner_write(view->checks, json);
    } else {
        eg_json_null(json);
    }
    eg_json_key(json, "notices");
    if (view->notices) {
        eg_notices_write(view->notices, json);
    } else {
        eg_json_null(json);
    }
}

static int write_all(const eg_status_view *view, eg_buf *out, size_t attempt)
{
    eg_json json;
    eg_json_begin(&json, out);
    eg_json_object(&json);
    eg_json_put_str(&json, "version", EG_STR(EG_VERSION_STRING));
    eg_json_put_u64(&json, "pid", view->pid);
    eg_json_put_u64(&json, "uptime_seconds", view->uptime_seconds);
    eg_json_put_str(&json, "data_folder", eg_str_from(view->data_folder));
    eg_json_put_str(&json, "database", eg_str_from(view->database));
    eg_json_put_str(&json, "pipe", eg_str_from(view->pipe));
    eg_json_put_str(&json, "settings_error", eg_str_from(view->settings_error));
    eg_json_put_bool(&json, "shortened", attempt > 0);
    write_counters(view, &json);
    write_lifetime(view, &json);
    write_exceptions(view, &json);
    write_files(view, &json);
    write_scans(view, &json);
    write_last_hit(view, &json);
    write_recent_hits(view, &json, limits[attempt].hits);
    write_parts(view, &json, attempt);
    eg_json_object_end(&json);
    return out->status;
}

int eg_status_write(const eg_status_view *view, eg_buf *out)
{
    int status = EG_E_LIMIT;
    for (size_t attempt = 0; status == EG_E_LIMIT && attempt < EG_COUNT(limits); attempt++) {
        eg_buf_clear(out);
        status = write_all(view, out, attempt);
    }
    return status;
}
