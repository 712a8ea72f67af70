/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/baseline.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/baseline_held.h"
#include "core/detect/baseline_kind.h"
#include "core/detect/baseline_scope.h"
#include "core/event/snapshot_mark.h"

#include <string.h>

/* After news that came from a snapshot, the sensor's own report of the same is no news. */
#define ECHO_NS (UINT64_C(60) * 1000000000)

struct eg_baseline {
    eg_baseline_keep keep;
    void *user;
    eg_object_table *objects;
    eg_held_list held;
    eg_baseline_sensors sensors;
    eg_buf details;
    eg_buf previous;
    uint64_t forgotten;
};

/* One event on its way through eg_baseline_judge. */
typedef struct judging {
    eg_event *event;
    const eg_baseline_kind *kind;
    eg_baseline_sensor *sensor;
    eg_str name;
    eg_object *object; /* NULL: unknown */
    bool has_state;
    uint64_t state;
    uint64_t now;
    bool *pass;
} judging;

int eg_baseline_create(eg_baseline_keep keep, void *user, eg_baseline **out)
{
    eg_baseline *baseline = eg_alloc_zero(1, sizeof(*baseline));
    if (!baseline) {
        return EG_E_NOMEM;
    }
    baseline->keep = keep;
    baseline->user = user;
    eg_buf_init(&baseline->details, EG_BASELINE_DETAILS_MAX);
    eg_buf_init(&baseline->previous, EG_BASELINE_DETAILS_MAX);
    int status = eg_object_table_create(&baseline->objects, EG_BASELINE_OBJECTS_MAX);
    if (status != EG_OK) {
        eg_free(baseline);
        return status;
    }
    *out = baseline;
    return EG_OK;
}

void eg_baseline_destroy(eg_baseline *baseline)
{
    if (!baseline) {
        return;
    }
    eg_held_list_done(&baseline->held);
    eg_object_table_destroy(baseline->objects);
    eg_baseline_sensors_done(&baseline->sensors);
    eg_buf_done(&baseline->details);
    eg_buf_done(&baseline->previous);
    eg_free(baseline);
}

/* ---- rows ---- */

static void keep_object(eg_baseline *baseline, const eg_object *object, bool gone)
{
    const eg_baseline_row row = {
        .sensor = eg_str_from(baseline->sensors.at[object->sensor].name),
        .kind = object->kind,
        .name = object->name,
        .state = object->state,
        .details = object->details ? eg_str_from(object->details) : EG_STR(""),
        .time = object->time,
        .gone = gone,
    };
    baseline->keep(baseline->user, &row);
}

static void keep_scope(const eg_baseline *baseline, const eg_baseline_sensor *of,
                       const eg_baseline_scope *listed)
{
    const eg_baseline_row row = {
        .sensor = eg_str_from(of->name),
        .kind = EG_KIND_OTHER,
        .name = eg_str_from(listed->prefix),
        .details = EG_STR(""),
    };
    baseline->keep(baseline->user, &row);
}

static void keep_known(void *user, eg_object *object)
{
    if (!object->gone) {
        keep_object(user, object, false);
    }
}

void eg_baseline_keep_all(eg_baseline *baseline)
{
    eg_object_each(baseline->objects, keep_known, baseline);
    for (size_t i = 0; i < baseline->sensors.count; i++) {
        const eg_baseline_sensor *of = &baseline->sensors.at[i];
        for (size_t k = 0; k < of->scope_count; k++) {
            if (of->scopes[k].known) {
                keep_scope(baseline, of, &of->scopes[k]);
            }
        }
    }
}

int eg_baseline_load(eg_baseline *baseline, const eg_baseline_row *row)
{
    eg_baseline_sensor *of = eg_baseline_sensor_get(&baseline->sensors, row->sensor);
    eg_object *object = NULL;
    eg_baseline_scope *listed = NULL;
    if (!of) {
        return eg_fail(EG_E_LIMIT, "more than %d sensors", EG_BASELINE_SENSORS_MAX);
    }
    if (row->kind == EG_KIND_OTHER) {
        int status = eg_baseline_scope_get(of, row->name, &listed);
        if (status == EG_OK) {
            listed->known = true;
        }
        return status;
    }
    int status = eg_object_add(baseline->objects, eg_baseline_sensor_index(&baseline->sensors, of),
                               row->kind, row->name, &object);
    if (status == EG_OK) {
        object->state = row->state;
        object->time = row->time;
        object->gone = false;
        status = eg_object_set_details(baseline->objects, object, row->details);
    }
    return status;
}

/* Remembers what the event tells of an object. */
static int remember(eg_baseline *baseline, judging *j)
{
    if (!j->object) {
        int status = eg_object_add(baseline->objects,
                                   eg_baseline_sensor_index(&baseline->sensors, j->sensor),
                                   j->kind->object, j->name, &j->object);
        if (status != EG_OK) {
            baseline->forgotten++;
            return status == EG_E_LIMIT ? EG_OK : status;
        }
        j->object->seen = j->sensor->active ? j->sensor->number : 0;
    }
    int status = eg_baseline_details(j->kind, j->event, &baseline->details);
    if (status == EG_OK) {
        status =
            eg_object_set_details(baseline->objects, j->object, eg_buf_str(&baseline->details));
    }
    if (status == EG_OK) {
        j->object->state = j->state;
        j->object->time = j->event->time;
        j->object->gone = false;
        keep_object(baseline, j->object, false);
    }
    return status;
}

/* ---- differences ---- */

/* The event as news about an object; its texts borrow from both. */
static void make_news(const judging *j, uint32_t flag)
{
    eg_event *event = j->event;
    bool known = j->object && !j->object->gone;
    if (known && j->kind->changed != event->kind) {
        eg_event changed;
        eg_event_init(&changed, j->kind->changed);
        for (size_t i = 0; i < EG_FIELD_COUNT; i++) {
            if (changed.field[i].ptr) {
                event->field[i] = changed.field[i];
            }
        }
        event->kind = changed.kind;
        event->event_id = changed.event_id;
        event->channel = changed.channel;
        event->provider = changed.provider;
    }
    if (known && j->object->details && !event->field[EG_FIELD_PREVIOUS_DETAILS].ptr) {
        event->field[EG_FIELD_PREVIOUS_DETAILS] = eg_str_from(j->object->details);
    }
    event->flags = (event->flags & ~(uint32_t)EG_EVENT_EXISTING) | flag;
}

static uint32_t flag_for(const eg_baseline_scope *in)
{
    return in->this_run ? EG_EVENT_MISSED : EG_EVENT_CHANGED_WHILE_DOWN;
}

/* Remembers what is told right now: the news has borrowed the old details. */
static int remember_told(eg_baseline *baseline, judging *j)
{
    eg_str *previous = &j->event->field[EG_FIELD_PREVIOUS_DETAILS];
    eg_buf_clear(&baseline->previous);
    int status = eg_buf_append_str(&baseline->previous, *previous);
    if (status == EG_OK && previous->ptr) {
        *previous = eg_buf_str(&baseline->previous);
    }
    return status == EG_OK ? remember(baseline, j) : status;
}

/* Holds back what a snapshot found until its sensor has had time to report it. */
static int hold_difference(eg_baseline *baseline, judging *j, const eg_baseline_scope *in)
{
    int status = EG_OK;
    if (!j->object) {
        status = eg_object_add(baseline->objects,
                               eg_baseline_sensor_index(&baseline->sensors, j->sensor),
                               j->kind->object, j->name, &j->object);
        if (status != EG_OK) {
            baseline->forgotten++;
            return status == EG_E_LIMIT ? EG_OK : status; /* goes on as existing */
        }
        j->object->seen = j->sensor->active ? j->sensor->number : 0;
    }
    make_news(j, flag_for(in));
    status = eg_held_add(&baseline->held, j->object, j->event, j->state, j->now);
    *j->pass = status != EG_OK;
    if (status == EG_E_LIMIT) { /* too many to hold: it is told at once */
        if (j->event->flags & EG_EVENT_MISSED) {
            j->sensor->missed++;
        }
        j->object->news = j->now;
        status = remember_told(baseline, j);
    }
    return status;
}

static int judge_existing(eg_baseline *baseline, judging *j)
{
    eg_object *object = j->object;
    eg_baseline_sensor *of = j->sensor;
    *j->pass = !(of->active && of->check);
    if (object && of->active) {
        bool again = object->seen == of->number;
        object->seen = of->number;
        if (object->touched == of->number) {
            *j->pass = false; /* read before, but told after, what the sensor reported since */
            return EG_OK;
        }
        if (again && !object->held) {
            return EG_OK;
        }
    }
    if (object && !object->gone && (!j->has_state || object->state == j->state)) {
        eg_held_drop(&baseline->held, object);
        return EG_OK;
    }
    const eg_baseline_scope *in = eg_baseline_scope_of(of, j->name);
    if (!in) {
        return remember(baseline, j);
    }
    if (object && object->held && object->held->state == j->state && !object->held->removal) {
        *j->pass = false;
        return EG_OK;
    }
    eg_held_drop(&baseline->held, object);
    return hold_difference(baseline, j, in);
}

/* ---- live events ---- */

/* What is held of an object was either just reported, or happened before this and is told first. */
static void settle_held(eg_baseline *baseline, eg_object *object, bool same)
{
    if (same) {
        eg_held_drop(&baseline->held, object);
    } else {
        eg_baseline_sensor *of = &baseline->sensors.at[object->sensor];
        if (eg_held_release(&baseline->held, object)) {
            of->missed++;
        }
    }
}

static int judge_set(eg_baseline *baseline, judging *j)
{
    eg_object *object = j->object;
    if (object && object->held) {
        settle_held(baseline, object, !object->held->removal && object->held->state == j->state);
    } else if (object && !object->gone && object->state == j->state && object->news != 0 &&
               j->now - object->news < ECHO_NS) {
        j->event->flags |= EG_EVENT_EXISTING;
    }
    int status = remember(baseline, j);
    if (status == EG_OK && j->object) {
        j->object->touched = j->sensor->active ? j->sensor->number : 0;
    }
    return status;
}

static void judge_removal(eg_baseline *baseline, judging *j)
{
    eg_object *object = j->object;
    if (!object) {
        return;
    }
    if (object->held) {
        settle_held(baseline, object, object->held->removal);
    }
    if (!object->gone) {
        keep_object(baseline, object, true);
    }
    object->gone = true;
    object->touched = j->sensor->number;
    if (!j->sensor->active) {
        eg_object_remove(baseline->objects, object);
    }
}

/* ---- the end of a snapshot ---- */

typedef struct sweeping {
    eg_baseline *baseline;
    eg_baseline_sensor *sensor;
    uint64_t time; /* FILETIME of the end */
    uint64_t now;
    int status;
} sweeping;

static int hold_removal(const sweeping *sweep, eg_object *object, const eg_baseline_scope *in)
{
    eg_baseline *baseline = sweep->baseline;
    const eg_baseline_kind *kind = eg_baseline_kind_of(object->kind);
    char time[EG_TIME_TEXT_SIZE];
    eg_event event;
    eg_event_init(&event, kind->removed);
    event.time = sweep->time;
    event.flags = flag_for(in);
    event.source = eg_str_from(baseline->sensors.at[object->sensor].name);
    eg_time_format_sysmon(event.time, time);
    event.field[EG_FIELD_UTC_TIME] = eg_str_from(time);
    event.field[kind->name] = object->name;
    if (object->details) {
        event.field[EG_FIELD_PREVIOUS_DETAILS] = eg_str_from(object->details);
    }
    if (event.kind == EG_KIND_REGISTRY_DELETE) {
        event.field[EG_FIELD_EVENT_TYPE] = EG_STR("DeleteValue");
    }
    return eg_held_add_removal(&baseline->held, object, &event, sweep->now);
}

static void sweep_object(void *user, eg_object *object)
{
    sweeping *sweep = user;
    eg_baseline *baseline = sweep->baseline;
    const eg_baseline_sensor *of = sweep->sensor;
    if (object->sensor != eg_baseline_sensor_index(&baseline->sensors, of) || object->held) {
        return;
    }
    if (object->gone) {
        eg_object_remove(baseline->objects, object);
        return;
    }
    const eg_baseline_scope *in = eg_baseline_scope_of(of, object->name);
    if (object->seen == of->number || object->touched == of->number || !in ||
        in->listed != of->number) {
        return;
    }
    if (eg_baseline_kind_of(object->kind)->removed == EG_KIND_OTHER) {
        keep_object(baseline, object, true);
        eg_object_remove(baseline->objects, object);
        return;
    }
    int status = hold_removal(sweep, object, in);
    if (status != EG_OK && status != EG_E_LIMIT) {
        sweep->status = status; /* stays known: the next snapshot finds it again */
    }
}

static int list_scope(eg_baseline_sensor *of, eg_str prefix)
{
    eg_baseline_scope *listed = NULL;
    int status = eg_baseline_scope_get(of, prefix, &listed);
    if (status == EG_OK) {
        listed->listed = of->number;
    }
    return status;
}

static int end_snapshot(eg_baseline *baseline, eg_baseline_sensor *of, uint64_t time, uint64_t now)
{
    sweeping sweep = {baseline, of, time, now, EG_OK};
    eg_object_each(baseline->objects, sweep_object, &sweep);
    for (size_t i = 0; i < of->scope_count; i++) {
        eg_baseline_scope *at = &of->scopes[i];
        at->this_run = at->listed == of->number;
        if (at->this_run && !at->known) {
            at->known = true;
            keep_scope(baseline, of, at);
        }
    }
    return sweep.status;
}

static int take_mark(eg_baseline *baseline, const eg_event *mark, uint64_t now)
{
    eg_baseline_sensor *of = eg_baseline_sensor_get(&baseline->sensors, eg_snapshot_sensor(mark));
    eg_snapshot_step step = eg_snapshot_step_of(mark);
    uint64_t lost = 0;
    eg_str_to_u64(eg_event_get(mark, EG_FIELD_EVENT_COUNT), &lost);
    if (!of) {
        return EG_OK;
    }
    if (step == EG_SNAPSHOT_BEGIN || step == EG_SNAPSHOT_CHECK) {
        of->active = true;
        of->check = step == EG_SNAPSHOT_CHECK;
        of->lost = lost;
        of->number++;
        return EG_OK;
    }
    if (!of->active) {
        return EG_OK; /* its begin was lost */
    }
    if (step == EG_SNAPSHOT_LISTED) {
        return list_scope(of, eg_snapshot_prefix(mark));
    }
    int status = EG_OK;
    if (step == EG_SNAPSHOT_END && of->lost == lost) {
        status = end_snapshot(baseline, of, mark->time, now);
    }
    of->active = false;
    return status;
}

/* ---- the way in and the way out ---- */

int eg_baseline_judge(eg_baseline *baseline, eg_event *event, uint64_t now, bool *pass)
{
    *pass = eg_snapshot_step_of(event) == EG_SNAPSHOT_NONE;
    if (!*pass) {
        return take_mark(baseline, event, now);
    }
    judging j = {.event = event, .now = now, .pass = pass};
    j.kind = eg_baseline_kind_of(event->kind);
    j.sensor = j.kind ? eg_baseline_sensor_find(&baseline->sensors, event->source) : NULL;
    if (!j.sensor || event->flags & EG_EVENT_UNLISTED) {
        return EG_OK;
    }
    j.name = eg_event_get(event, j.kind->name);
    if (j.name.len == 0 || !(j.sensor->active || eg_baseline_scope_of(j.sensor, j.name) ||
                             event->flags & EG_EVENT_EXISTING)) {
        return EG_OK;
    }
    j.object =
        eg_object_find(baseline->objects, eg_baseline_sensor_index(&baseline->sensors, j.sensor),
                       j.kind->object, j.name);
    j.has_state = eg_baseline_state(j.kind, event, &j.state);
    int status = EG_OK;
    if (event->flags & EG_EVENT_EXISTING) {
        status = judge_existing(baseline, &j);
    } else if (event->kind == j.kind->removed) {
        judge_removal(baseline, &j);
    } else {
        status = judge_set(baseline, &j);
    }
    if (status != EG_OK) {
        *pass = true;
    }
    return status;
}

/* What was held becomes what is known. */
static void apply(eg_baseline *baseline, const eg_held *held, uint64_t now)
{
    eg_object *object = held->object;
    object->held = NULL;
    if (held->removal) {
        keep_object(baseline, object, true);
        eg_object_remove(baseline->objects, object);
        return;
    }
    judging j = {.event = held->event,
                 .kind = eg_baseline_kind_of(object->kind),
                 .sensor = &baseline->sensors.at[object->sensor],
                 .object = object,
                 .state = held->state};
    object->news = now;
    if (remember(baseline, &j) != EG_OK) {
        baseline->forgotten++;
    }
}

int eg_baseline_take(eg_baseline *baseline, uint64_t now, eg_event **event)
{
    eg_held *held = eg_held_due(&baseline->held, now);
    if (!held) {
        return EG_E_NOTFOUND;
    }
    if (held->object) {
        if (held->event->flags & EG_EVENT_MISSED) {
            baseline->sensors.at[held->object->sensor].missed++;
        }
        apply(baseline, held, now);
    }
    *event = held->event;
    eg_free(held);
    return EG_OK;
}

bool eg_baseline_missed(eg_baseline *baseline, eg_str *sensor_name, uint64_t *count)
{
    for (size_t i = 0; i < baseline->sensors.count; i++) {
        eg_baseline_sensor *of = &baseline->sensors.at[i];
        if (of->missed > 0) {
            *sensor_name = eg_str_from(of->name);
            *count = of->missed;
            of->missed = 0;
            return true;
        }
    }
    return false;
}

void eg_baseline_stats_get(const eg_baseline *baseline, eg_baseline_stats *stats)
{
    *stats = (eg_baseline_stats){eg_object_count(baseline->objects), baseline->forgotten};
}
