/* SPDX-License-Identifier: Apache-2.0 */
#include "service/hit_keeper.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "service/hit_copy.h"

#include <stdio.h>
#include <string.h>

struct eg_hit_keeper {
    eg_hit_keeper_options options;
    eg_hit_copy **waiting; /* ring of waiting_max */
    size_t head;
    size_t length;
    bool failing;
    eg_atomic stored;
    eg_atomic waiting_count; /* length, for other threads */
    eg_atomic lost;
};

int eg_hit_keeper_create(const eg_hit_keeper_options *options, eg_hit_keeper **out)
{
    eg_hit_keeper *keeper = eg_alloc_zero(1, sizeof(*keeper));
    if (!keeper) {
        return EG_E_NOMEM;
    }
    keeper->options = *options;
    keeper->waiting = eg_alloc_zero(options->waiting_max, sizeof(eg_hit_copy *));
    if (!keeper->waiting) {
        eg_free(keeper);
        return EG_E_NOMEM;
    }
    *out = keeper;
    return EG_OK;
}

static eg_hit_copy *take_first(eg_hit_keeper *keeper)
{
    eg_hit_copy *first = keeper->waiting[keeper->head];
    keeper->head = (keeper->head + 1) % keeper->options.waiting_max;
    keeper->length--;
    eg_atomic_set(&keeper->waiting_count, (int64_t)keeper->length);
    return first;
}

void eg_hit_keeper_destroy(eg_hit_keeper *keeper)
{
    if (!keeper) {
        return;
    }
    if (keeper->length > 0) {
        eg_log(EG_LOG_ERROR, "store", "%zu hits could not be stored before the end",
               keeper->length);
    }
    while (keeper->length > 0) {
        eg_hit_copy_destroy(take_first(keeper));
    }
    eg_free(keeper->waiting);
    eg_free(keeper);
}

static void tell_failing(eg_hit_keeper *keeper, const char *reason)
{
    char text[EG_NOTICE_SIZE];
    snprintf(text, sizeof(text), "hits cannot be stored and wait in memory: %s", reason);
    if (eg_notices_set(keeper->options.notices, EG_TOPIC_STORE, text)) {
        eg_log(EG_LOG_ERROR, "store", "%s", text);
    }
    if (!keeper->failing) {
        eg_str value = eg_str_from(reason);
        eg_event_source_report(keeper->options.events, EG_EVENT_MESSAGE_NOT_STORED, &value, 1);
    }
    keeper->failing = true;
}

static void tell_recovered(eg_hit_keeper *keeper)
{
    char lost[24];
    snprintf(lost, sizeof(lost), "%lld", (long long)eg_atomic_get(&keeper->lost));
    eg_str value = eg_str_from(lost);
    keeper->failing = false;
    eg_notices_clear(keeper->options.notices, EG_TOPIC_STORE);
    eg_log(EG_LOG_INFO, "store", "hits are stored again; lost in between: %s", lost);
    eg_event_source_report(keeper->options.events, EG_EVENT_MESSAGE_STORED_AGAIN, &value, 1);
}

/* What the pipeline leaves open is set here: the id that the store gave. */
static void tell_stored(eg_hit_keeper *keeper, const eg_hit *hit, int64_t id)
{
    eg_hit stored = *hit;
    stored.id = id;
    bool hidden = hit->exception_id != 0;
    eg_atomic_add(&keeper->stored, 1);
    eg_log(hidden ? EG_LOG_INFO : EG_LOG_WARNING, "hit", "%lld %s%s: %.*s: %.*s", (long long)id,
           eg_level_name(hit->level), hidden ? ", hidden by an exception" : "",
           EG_STR_ARGS(hit->rule_title), EG_STR_ARGS(hit->program));
    if (!hidden) {
        keeper->options.stored(keeper->options.user, id, hit->time);
        eg_event_source_report_hit(keeper->options.events, &stored);
    }
}

/* The store will never take such a hit: it must not hold up those behind it. */
static bool is_hopeless(int status)
{
    return status == EG_E_LIMIT || status == EG_E_INVALID;
}

static void drop(eg_hit_keeper *keeper, const eg_hit *hit)
{
    eg_log(EG_LOG_ERROR, "store", "hit lost, %.*s on %.*s: %s", EG_STR_ARGS(hit->rule_id),
           EG_STR_ARGS(hit->program), eg_error_message());
    eg_atomic_add(&keeper->lost, 1);
}

/* EG_OK when nothing is left to do for this hit. */
static int store_now(eg_hit_keeper *keeper, const eg_hit *hit, const eg_event *event)
{
    int64_t id = 0;
    bool is_new = false;
    int status = keeper->options.store(keeper->options.store_user, hit, event, &id, &is_new);
    if (is_hopeless(status)) {
        drop(keeper, hit);
        return EG_OK;
    }
    if (status != EG_OK) {
        tell_failing(keeper, eg_error_message());
        return status;
    }
    if (keeper->failing) {
        tell_recovered(keeper);
    }
    if (is_new) {
        tell_stored(keeper, hit, id);
    } else if (hit->exception_id == 0) {
        keeper->options.counted(keeper->options.user);
    }
    return EG_OK;
}

/* The list keeps the first hits: they tell how it began. */
static int put_waiting(eg_hit_keeper *keeper, const eg_hit *hit, const eg_event *event)
{
    eg_hit_copy *copy = NULL;
    int status = EG_OK;
    if (keeper->length == keeper->options.waiting_max) {
        status = eg_fail(EG_E_LIMIT, "hit lost: %zu hits wait to be stored", keeper->length);
    } else {
        status = eg_hit_copy_create(hit, event, &copy);
    }
    if (status != EG_OK) {
        eg_atomic_add(&keeper->lost, 1);
        eg_log(EG_LOG_ERROR, "store", "%s", eg_error_message());
        return status;
    }
    size_t index = (keeper->head + keeper->length) % keeper->options.waiting_max;
    keeper->waiting[index] = copy;
    keeper->length++;
    eg_atomic_set(&keeper->waiting_count, (int64_t)keeper->length);
    return EG_OK;
}

int eg_hit_keeper_take(void *user, const eg_hit *hit, const eg_event *event)
{
    eg_hit_keeper *keeper = user;
    if (keeper->length == 0 && store_now(keeper, hit, event) == EG_OK) {
        return EG_OK;
    }
    return put_waiting(keeper, hit, event);
}

void eg_hit_keeper_retry(eg_hit_keeper *keeper)
{
    while (keeper->length > 0) {
        eg_hit_copy *first = keeper->waiting[keeper->head];
        if (store_now(keeper, &first->hit, first->event) != EG_OK) {
            break;
        }
        eg_hit_copy_destroy(take_first(keeper));
    }
}

void eg_hit_keeper_counts_get(const eg_hit_keeper *keeper, eg_hit_keeper_counts *out)
{
    out->stored = (uint64_t)eg_atomic_get(&keeper->stored);
    out->waiting = (uint64_t)eg_atomic_get(&keeper->waiting_count);
    out->lost = (uint64_t)eg_atomic_get(&keeper->lost);
}
