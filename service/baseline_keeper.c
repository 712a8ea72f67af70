/* SPDX-License-Identifier: Apache-2.0 */
#include "service/baseline_keeper.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/event/snapshot_mark.h"

#include <stdio.h>

#define SECOND_NS UINT64_C(1000000000)
#define SAVE_EVERY_NS (2 * SECOND_NS)
#define LOAD_AGAIN_NS (5 * SECOND_NS)

struct eg_baseline_keeper {
    eg_baseline_keeper_options options;
    eg_baseline *baseline; /* NULL until it is loaded */
    uint64_t next_load;    /* monotonic ns */
    uint64_t next_save;
    bool passed_by;     /* a snapshot went by before it was loaded */
    bool incomplete;    /* the database lacks rows */
    uint64_t forgotten; /* as told last */
};

int eg_baseline_keeper_create(const eg_baseline_keeper_options *options, eg_baseline_keeper **out)
{
    eg_baseline_keeper *keeper = eg_alloc_zero(1, sizeof(*keeper));
    if (!keeper) {
        return EG_E_NOMEM;
    }
    keeper->options = *options;
    *out = keeper;
    return EG_OK;
}

void eg_baseline_keeper_destroy(eg_baseline_keeper *keeper)
{
    if (keeper) {
        eg_baseline_destroy(keeper->baseline);
        eg_free(keeper);
    }
}

static void keep_row(void *user, const eg_baseline_row *row)
{
    eg_baseline_keeper *keeper = user;
    eg_store *store = keeper->options.store(keeper->options.user);
    if (store && eg_store_baseline_put(store, row) != EG_OK && !keeper->incomplete) {
        keeper->incomplete = true;
        eg_log(EG_LOG_WARNING, "baseline", "%s", eg_error_message());
    }
}

static int load_row(void *user, const eg_baseline_row *row)
{
    int status = eg_baseline_load(user, row);
    return status == EG_E_LIMIT ? EG_OK : status;
}

/* Loads it as soon as the database is open. */
static bool is_loaded(eg_baseline_keeper *keeper)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (keeper->baseline || now < keeper->next_load) {
        return keeper->baseline;
    }
    keeper->next_load = now + LOAD_AGAIN_NS;
    eg_store *store = keeper->options.store(keeper->options.user);
    eg_baseline *baseline = NULL;
    if (!store) {
        return false;
    }
    int status = eg_baseline_create(keep_row, keeper, &baseline);
    if (status == EG_OK) {
        status = eg_store_baseline_each(store, load_row, baseline);
    }
    if (status != EG_OK) {
        eg_log(EG_LOG_WARNING, "baseline", "what was known is not loaded: %s", eg_error_message());
        eg_baseline_destroy(baseline);
        return false;
    }
    keeper->baseline = baseline;
    if (keeper->passed_by) {
        keeper->options.resync(keeper->options.user);
    }
    return true;
}

bool eg_baseline_keeper_admit(eg_baseline_keeper *keeper, eg_event *event)
{
    bool pass = eg_snapshot_step_of(event) == EG_SNAPSHOT_NONE;
    if (!is_loaded(keeper)) {
        keeper->passed_by = keeper->passed_by || !pass;
        return pass;
    }
    if (eg_baseline_judge(keeper->baseline, event, eg_clock_monotonic_ns(), &pass) != EG_OK) {
        eg_log(EG_LOG_WARNING, "baseline", "%s", eg_error_message());
    }
    return pass;
}

static void tell_missed(eg_baseline_keeper *keeper)
{
    eg_str sensor;
    uint64_t count = 0;
    while (eg_baseline_missed(keeper->baseline, &sensor, &count)) {
        keeper->options.missed(keeper->options.user, sensor.ptr, count);
    }
}

eg_event *eg_baseline_keeper_next(eg_baseline_keeper *keeper)
{
    eg_event *event = NULL;
    if (!keeper->baseline) {
        return NULL;
    }
    if (eg_baseline_take(keeper->baseline, eg_clock_monotonic_ns(), &event) != EG_OK) {
        tell_missed(keeper);
        return NULL;
    }
    return event;
}

static void tell_forgotten(eg_baseline_keeper *keeper)
{
    eg_baseline_stats stats;
    eg_baseline_stats_get(keeper->baseline, &stats);
    if (stats.forgotten > keeper->forgotten) {
        keeper->forgotten = stats.forgotten;
        eg_log(EG_LOG_WARNING, "baseline",
               "%zu things are remembered and there is no room for more: what happens to the others"
               " while the service is down is not found",
               stats.objects);
    }
}

void eg_baseline_keeper_save(eg_baseline_keeper *keeper, bool now)
{
    uint64_t time = eg_clock_monotonic_ns();
    eg_store *store = keeper->baseline ? keeper->options.store(keeper->options.user) : NULL;
    if (!store || (!now && time < keeper->next_save)) {
        return;
    }
    keeper->next_save = time + SAVE_EVERY_NS;
    tell_forgotten(keeper);
    if (eg_store_baseline_flush(store) != EG_OK) {
        eg_log(EG_LOG_WARNING, "baseline", "what is known cannot be stored: %s",
               eg_error_message());
    } else if (keeper->incomplete) {
        keeper->incomplete = false;
        eg_baseline_keep_all(keeper->baseline);
    }
}

void eg_baseline_keeper_restore(eg_baseline_keeper *keeper)
{
    if (keeper && keeper->baseline) {
        eg_baseline_keep_all(keeper->baseline);
    }
}
