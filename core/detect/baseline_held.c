/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/baseline_held.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/baseline.h"

#define HELD_MAX 1024u
#define HELD_SIZE_MAX (8u * 1024 * 1024)

static void free_held(eg_held *held)
{
    if (held->object) {
        held->object->held = NULL;
    }
    eg_free(held->event);
    eg_free(held);
}

void eg_held_list_done(eg_held_list *list)
{
    while (list->first) {
        eg_held *held = list->first;
        list->first = held->next;
        free_held(held);
    }
}

static size_t text_size(const eg_event *event)
{
    size_t size = sizeof(*event);
    for (size_t i = 0; i < EG_FIELD_COUNT; i++) {
        size += event->field[i].len;
    }
    return size;
}

static int add(eg_held_list *list, const eg_held *given, const eg_event *event)
{
    size_t size = text_size(event);
    if (list->count >= HELD_MAX || list->size + size > HELD_SIZE_MAX) {
        return EG_E_LIMIT;
    }
    eg_held *held = eg_alloc(sizeof(*held));
    if (!held) {
        return EG_E_NOMEM;
    }
    *held = *given;
    held->size = size;
    int status = eg_event_clone(event, &held->event);
    if (status != EG_OK) {
        eg_free(held);
        return status;
    }
    held->object->held = held;
    if (list->last) {
        list->last->next = held;
    } else {
        list->first = held;
    }
    list->last = held;
    list->count++;
    list->size += size;
    return EG_OK;
}

static uint64_t due_at(uint64_t now)
{
    return now + (uint64_t)EG_BASELINE_HOLD_MS * 1000000;
}

int eg_held_add(eg_held_list *list, eg_object *object, const eg_event *event, uint64_t state,
                uint64_t now)
{
    eg_held held = {.object = object, .state = state, .due = due_at(now)};
    return add(list, &held, event);
}

int eg_held_add_removal(eg_held_list *list, eg_object *object, const eg_event *event, uint64_t now)
{
    eg_held held = {.object = object, .removal = true, .due = due_at(now)};
    return add(list, &held, event);
}

/* Takes one out of the list; `before` is the one in front of it, NULL for the first. */
static void unlink_held(eg_held_list *list, eg_held *held, eg_held *before)
{
    if (before) {
        before->next = held->next;
    } else {
        list->first = held->next;
    }
    if (list->last == held) {
        list->last = before;
    }
    held->next = NULL;
    list->count--;
    list->size -= held->size;
}

void eg_held_drop(eg_held_list *list, eg_object *object)
{
    eg_held *wanted = object ? object->held : NULL;
    eg_held *before = NULL;
    for (eg_held *held = wanted ? list->first : NULL; held; before = held, held = held->next) {
        if (held == wanted) {
            unlink_held(list, held, before);
            free_held(held);
            return;
        }
    }
}

bool eg_held_release(eg_held_list *list, eg_object *object)
{
    eg_held *held = object->held;
    held->object = NULL;
    held->due = 0;
    object->held = NULL;
    list->any_released = true;
    return held->event->flags & EG_EVENT_MISSED;
}

eg_held *eg_held_due(eg_held_list *list, uint64_t now)
{
    eg_held *before = NULL;
    if (!list->any_released && (!list->first || list->first->due > now)) {
        return NULL;
    }
    for (eg_held *held = list->first; held; before = held, held = held->next) {
        if (held->due <= now) {
            unlink_held(list, held, before);
            return held;
        }
    }
    list->any_released = false;
    return NULL;
}
