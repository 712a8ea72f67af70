/* SPDX-License-Identifier: Apache-2.0 */
#include "service/host_internal.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)
#define PRUNE_EVERY_NS (3600 * SECOND_NS)
#define PRUNE_FIRST_NS (60 * SECOND_NS)
#define PRUNE_EVERY_HITS 2000
#define INCIDENTS_RESTORED 100
#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)

static int keep_last_hit(void *user, const eg_hit *hit)
{
    eg_host *host = user;
    eg_atomic_set(&host->last_hit_id, hit->id);
    eg_atomic_set(&host->last_hit_time, (int64_t)hit->time);
    return EG_OK;
}

static void note_last_end(eg_host *host, eg_store *store)
{
    eg_buf value;
    eg_buf_init(&value, 64);
    if (eg_store_get_meta(store, EG_META_RUNNING, &value) == EG_OK &&
        strcmp(eg_buf_cstr(&value), "1") == 0) {
        eg_log(EG_LOG_WARNING, "service", "the last run was ended by force or crashed");
        eg_host_report(host, EG_EVENT_MESSAGE_KILLED, "");
        eg_store_count(store, "ended_by_force", 1);
    }
    eg_buf_done(&value);
    eg_store_set_meta(store, EG_META_RUNNING, EG_STR("1"));
    eg_store_count(store, "starts", 1);
}

/* The store has logged it. */
static void tell_damage(eg_host *host, const eg_buf *notice)
{
    if (notice->len > 0) {
        eg_notices_set(&host->notices, EG_TOPIC_DATABASE, eg_buf_cstr(notice));
        eg_host_report(host, EG_EVENT_MESSAGE_DATABASE, eg_buf_cstr(notice));
    }
}

static int open_store(eg_host *host)
{
    eg_buf notice;
    eg_store *store = NULL;
    eg_hit_query newest = {0};
    eg_buf_init(&notice, 8192);
    int status = eg_store_open(eg_buf_cstr(&host->options.paths->database), EG_STORE_READ_WRITE,
                               &notice, &store);
    if (status == EG_OK) {
        tell_damage(host, &notice);
    }
    eg_buf_done(&notice);
    if (status != EG_OK) {
        return status;
    }
    newest.newest_first = true;
    newest.limit = 1;
    status = eg_store_each_hit(store, &newest, keep_last_hit, host);
    if (status != EG_OK) {
        eg_store_close(store);
        return status;
    }
    note_last_end(host, store);
    eg_mutex_lock(&host->store_lock);
    host->store = store;
    eg_mutex_unlock(&host->store_lock);
    return EG_OK;
}

static void tell_not_open(eg_host *host)
{
    char text[EG_NOTICE_SIZE];
    snprintf(text, sizeof(text), "the hit database cannot be opened, hits wait in memory: %s",
             eg_error_message());
    if (eg_notices_set(&host->notices, EG_TOPIC_DATABASE_OPEN, text)) {
        eg_log(EG_LOG_ERROR, "store", "%s", text);
        eg_host_report(host, EG_EVENT_MESSAGE_NOT_STORED, text);
    }
}

int eg_host_store_open(eg_host *host)
{
    host->next_prune = eg_clock_monotonic_ns() + PRUNE_FIRST_NS;
    host->prune_at_hit = INT64_MAX; /* the first time is soon */
    eg_atomic_set(&host->stories_changed, 1);
    int status = open_store(host);
    if (status == EG_OK || status == EG_E_UNSUPPORTED || status == EG_E_NOMEM) {
        return status;
    }
    tell_not_open(host);
    return EG_OK;
}

eg_store *eg_host_store(void *user)
{
    eg_host *host = user;
    eg_mutex_lock(&host->store_lock);
    eg_store *store = host->store;
    eg_mutex_unlock(&host->store_lock);
    return store;
}

int eg_host_store_add(void *user, const eg_hit *hit, const eg_event *event, int64_t *id,
                      bool *is_new)
{
    eg_store *store = eg_host_store(user);
    if (!store) {
        return eg_fail(EG_E_IO, "the hit database is not open");
    }
    return eg_store_add_hit(store, hit, event, id, is_new);
}

/* For new stories while the database cannot be read: above all numbers that it can hold by now. */
static int64_t number_by_clock(uint64_t now)
{
    const uint64_t year_2024 = UINT64_C(133485408000000000);
    return now > year_2024 ? (int64_t)((now - year_2024) / EG_TICKS_PER_SECOND / 10) : 0;
}

static int restore_one(void *user, const eg_stored_incident *incident)
{
    if (eg_pipeline_restore_incident(user, incident->story, incident->memory) != EG_OK) {
        eg_log(EG_LOG_WARNING, "store", "incident %lld: %s", (long long)incident->id,
               eg_error_message());
    }
    return EG_OK;
}

void eg_host_store_restore(eg_host *host, eg_pipeline *pipeline)
{
    uint64_t now = eg_clock_utc();
    int64_t last = 0;
    eg_store *store = eg_host_store(host);
    if (!store || eg_store_last_incident(store, &last) != EG_OK) {
        eg_pipeline_number_incidents(pipeline, number_by_clock(now));
        return;
    }
    eg_pipeline_number_incidents(pipeline, last);
    if (eg_store_each_incident(store, now - TICKS_PER_DAY, true, INCIDENTS_RESTORED, restore_one,
                               pipeline) != EG_OK) {
        eg_log(EG_LOG_WARNING, "store", "incidents cannot be read: %s", eg_error_message());
    }
}

#define SENSOR_KEY_SIZE 128

static int open_store_and_key(eg_host *host, const char *name, eg_store **store,
                              char key[SENSOR_KEY_SIZE])
{
    *store = eg_host_store(host);
    snprintf(key, SENSOR_KEY_SIZE, "sensor.%s", name);
    return *store ? EG_OK : eg_fail(EG_E_IO, "the hit database is not open");
}

int eg_host_store_keep(void *user, const char *name, eg_str value)
{
    char key[SENSOR_KEY_SIZE];
    eg_store *store;
    int status = open_store_and_key(user, name, &store, key);
    return status == EG_OK ? eg_store_set_meta(store, key, value) : status;
}

int eg_host_store_recall(void *user, const char *name, eg_buf *value)
{
    char key[SENSOR_KEY_SIZE];
    eg_store *store;
    int status = open_store_and_key(user, name, &store, key);
    return status == EG_OK ? eg_store_get_meta(store, key, value) : status;
}

static void open_late(eg_host *host)
{
    if (open_store(host) != EG_OK) {
        tell_not_open(host);
        return;
    }
    eg_notices_clear(&host->notices, EG_TOPIC_DATABASE_OPEN);
    eg_log(EG_LOG_INFO, "store", "the hit database is open now");
    eg_host_exceptions_load(host);
    eg_pipe_server_hit_stored(host->pipe, eg_atomic_get(&host->last_hit_id));
}

static void prune(eg_host *host, eg_store *store)
{
    host->next_prune = eg_clock_monotonic_ns() + PRUNE_EVERY_NS;
    host->prune_at_hit = eg_atomic_get(&host->last_hit_id) + PRUNE_EVERY_HITS;
    uint64_t keep = host->settings.retention_days * TICKS_PER_DAY;
    uint64_t now = eg_clock_utc();
    if (eg_store_prune(store, now > keep ? now - keep : 0, host->settings.max_hits) != EG_OK) {
        eg_log(EG_LOG_WARNING, "store", "old hits cannot be deleted: %s", eg_error_message());
    }
}

/* Damage that a read or write met while the service was running. */
static void look_for_damage(eg_host *host, eg_store *store)
{
    eg_buf notice;
    eg_buf_init(&notice, 8192);
    if (eg_store_take_notice(store, &notice) == EG_OK) {
        if (notice.len > 0) {
            eg_baseline_keeper_restore(host->baseline);
        }
        tell_damage(host, &notice);
    }
    eg_buf_done(&notice);
}

void eg_host_store_upkeep(eg_host *host)
{
    eg_store *store = eg_host_store(host);
    if (!store) {
        open_late(host);
        return;
    }
    look_for_damage(host, store);
    if (eg_clock_monotonic_ns() >= host->next_prune ||
        eg_atomic_get(&host->last_hit_id) >= host->prune_at_hit) {
        prune(host, store);
    }
}

void eg_host_store_end(eg_host *host)
{
    eg_store *store = eg_host_store(host);
    if (store) {
        eg_store_set_meta(store, EG_META_RUNNING, EG_STR("0"));
    }
}
