/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/incident.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/incident_story.h"

#include <string.h>

enum {
    OPEN_MAX = 128,
    FLOOD_STORIES = 3, /* stories one rule may open within FLOOD_TIME */
    OPENED_MAX = 64,   /* openings remembered for that */
};

#define FLOOD_TIME (UINT64_C(600) * 10000000)

typedef struct opening {
    uint64_t rule, time;
    int64_t id;
} opening;

struct eg_incidents {
    int64_t next_id;
    eg_arena *scratch;
    eg_story *open[OPEN_MAX];
    size_t count;
    opening opened[OPENED_MAX]; /* a ring */
    size_t opened_count;
};

int eg_incidents_create(eg_incidents **out)
{
    eg_incidents *incidents = eg_alloc_zero(1, sizeof(*incidents));
    if (!incidents) {
        return EG_E_NOMEM;
    }
    incidents->next_id = 1;
    int status = eg_arena_create(&incidents->scratch, 4096);
    if (status != EG_OK) {
        eg_free(incidents);
        return status;
    }
    *out = incidents;
    return EG_OK;
}

void eg_incidents_destroy(eg_incidents *incidents)
{
    if (incidents) {
        for (size_t i = 0; i < incidents->count; i++) {
            eg_story_destroy(incidents->open[i]);
        }
        eg_arena_destroy(incidents->scratch);
        eg_free(incidents);
    }
}

size_t eg_incidents_count(const eg_incidents *incidents)
{
    return incidents->count;
}

static void drop(eg_incidents *incidents, size_t index)
{
    eg_story_destroy(incidents->open[index]);
    incidents->count--;
    memmove(&incidents->open[index], &incidents->open[index + 1],
            (incidents->count - index) * sizeof(incidents->open[0]));
}

void eg_incidents_close(eg_incidents *incidents, int64_t id)
{
    for (size_t i = 0; i < incidents->count; i++) {
        if (incidents->open[i]->view.id == id) {
            drop(incidents, i);
            return;
        }
    }
}

/* One rule that opens story after story is one line in the last of them. */
static eg_story *find_flooded(eg_incidents *incidents, const eg_arrival *new)
{
    uint64_t rule = eg_str_hash(new->hit->rule_id);
    size_t count = incidents->opened_count < OPENED_MAX ? incidents->opened_count : OPENED_MAX;
    int found = 0;
    int64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        const opening *at = &incidents->opened[i];
        if (at->rule == rule && eg_time_apart(at->time, new->hit->time) <= FLOOD_TIME) {
            found++;
            last = at->id > last ? at->id : last;
        }
    }
    for (size_t i = 0; found >= FLOOD_STORIES && i < incidents->count; i++) {
        if (incidents->open[i]->view.id == last) {
            return incidents->open[i];
        }
    }
    return NULL;
}

static void forget_the_quietest(eg_incidents *incidents)
{
    size_t quietest = 0;
    for (size_t i = 1; i < incidents->count; i++) {
        if (incidents->open[i]->view.last_time < incidents->open[quietest]->view.last_time) {
            quietest = i;
        }
    }
    drop(incidents, quietest);
}

static eg_story *open_story(eg_incidents *incidents, eg_arrival *new)
{
    if (incidents->count == OPEN_MAX) {
        forget_the_quietest(incidents);
    }
    eg_story *at = new->fresh;
    new->fresh = NULL;
    at->view.id = incidents->next_id++;
    at->view.first_time = at->view.last_time = new->hit->time;
    incidents->open[incidents->count++] = at;
    incidents->opened[incidents->opened_count++ % OPENED_MAX] =
        (opening){eg_str_hash(new->hit->rule_id), new->hit->time, at->view.id};
    return at;
}

/* The oldest story the hit belongs to; the others it belongs to become part of that one. */
static eg_story *find_and_merge(eg_incidents *incidents, const eg_arrival *new, bool *merged)
{
    eg_story *found = NULL;
    for (size_t i = 0; i < incidents->count;) {
        eg_story *at = incidents->open[i];
        if (!eg_story_belongs(at, new)) {
            i++;
        } else if (!found) {
            found = at;
            i++;
        } else {
            eg_story_merge(found, at);
            *merged = true;
            drop(incidents, i);
        }
    }
    return found;
}

int eg_incidents_add(eg_incidents *incidents, const eg_hit *hit, const eg_event *event,
                     const eg_lineage *lineage, eg_incident_change *out)
{
    const uint32_t found = EG_EVENT_EXISTING | EG_EVENT_CHANGED_WHILE_DOWN;
    eg_arrival new = {.hit = hit, .found = (event->flags & found) != 0};
    eg_incident_change change = {.incident = NULL};
    bool merged = false;
    eg_arena_reset(incidents->scratch);
    int status = eg_incident_steps(event, lineage, hit->file, incidents->scratch, new.steps,
                                   &new.step_count);
    if (status == EG_OK) {
        status = eg_arrival_take(&new);
    }
    if (status != EG_OK) {
        return status;
    }
    eg_story *at = find_and_merge(incidents, &new, &merged);
    if (!at) {
        at = find_flooded(incidents, &new);
    }
    if (!at) {
        at = open_story(incidents, &new);
        change.is_new = true;
    }
    change.is_news = eg_story_grow(at, &new) || merged;
    change.incident = &at->view;
    eg_arrival_done(&new);
    *out = change;
    return EG_OK;
}

static eg_story *find(const eg_incidents *incidents, int64_t id)
{
    for (size_t i = 0; i < incidents->count; i++) {
        if (incidents->open[i]->view.id == id) {
            return incidents->open[i];
        }
    }
    return NULL;
}

void eg_incidents_write_memory(const eg_incidents *incidents, int64_t id, eg_json *json)
{
    const eg_story *at = find(incidents, id);
    if (at) {
        eg_story_write_memory(at, json);
    } else {
        eg_json_null(json);
    }
}

void eg_incidents_number(eg_incidents *incidents, int64_t last_id)
{
    if (last_id >= incidents->next_id) {
        incidents->next_id = last_id + 1;
    }
}

int eg_incidents_restore(eg_incidents *incidents, eg_str story, eg_str memory)
{
    eg_story *at = NULL;
    int status = eg_story_read(story, memory, &at);
    if (status != EG_OK) {
        return status;
    }
    if (find(incidents, at->view.id)) {
        eg_story_destroy(at);
        return eg_fail(EG_E_INVALID, "the stored story: it is open already");
    }
    if (incidents->count == OPEN_MAX) {
        forget_the_quietest(incidents);
    }
    eg_incidents_number(incidents, at->view.id);
    incidents->open[incidents->count++] = at;
    return EG_OK;
}
