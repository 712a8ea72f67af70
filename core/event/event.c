/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/event.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

typedef struct kind_row {
    eg_str name, channel, provider;
    uint32_t event_id;
    eg_str event_id_text;
} kind_row;

static const kind_row kinds[] = {
#define KIND(id, name, channel, provider, event_id) \
    {EG_STR_INIT(name), EG_STR_INIT(channel), EG_STR_INIT(provider), event_id, \
     EG_STR_INIT(#event_id)},
#include "core/event/kinds.def"
#undef KIND
};

static const eg_str field_names[] = {
#define FIELD(id, name) EG_STR_INIT(name),
#include "core/event/fields.def"
#undef FIELD
};

void eg_event_init(eg_event *event, eg_kind kind)
{
    memset(event, 0, sizeof(*event));
    event->kind = kind;
    if (kind == EG_KIND_OTHER) {
        return;
    }
    const kind_row *row = &kinds[kind];
    event->channel = row->channel;
    event->provider = row->provider;
    event->event_id = row->event_id;
    event->field[EG_FIELD_EVENT_ID] = row->event_id_text;
    event->field[EG_FIELD_CHANNEL] = row->channel;
    event->field[EG_FIELD_PROVIDER_NAME] = row->provider;
}

/* ---- clone ---- */

size_t eg_event_text_size(const eg_event *event)
{
    size_t size = event->channel.len + event->provider.len + event->source.len;
    for (size_t i = 0; i < EG_FIELD_COUNT; i++) {
        size += event->field[i].len;
    }
    for (size_t i = 0; i < event->extra_count; i++) {
        size += event->extra[i].name.len + event->extra[i].value.len;
    }
    return size;
}

/* Moves the view to a copy of its text at *end; an empty text stays apart from a missing one. */
static void move_text(eg_str *view, char **end)
{
    if (!view->ptr) {
        return;
    }
    if (view->len > 0) {
        memcpy(*end, view->ptr, view->len);
    }
    view->ptr = *end;
    *end += view->len;
}

int eg_event_clone(const eg_event *event, eg_event **out)
{
    /* The struct, the extra fields, the text, in one block; the last byte lets "" point inside. */
    size_t extra_size = event->extra_count * sizeof(eg_named_value);
    char *block = eg_alloc(sizeof(eg_event) + extra_size + eg_event_text_size(event) + 1);
    if (!block) {
        return EG_E_NOMEM;
    }
    eg_event *copy = (eg_event *)(void *)block;
    eg_named_value *extra = (eg_named_value *)(void *)(block + sizeof(eg_event));
    char *end = block + sizeof(eg_event) + extra_size;
    *copy = *event;
    move_text(&copy->channel, &end);
    move_text(&copy->provider, &end);
    move_text(&copy->source, &end);
    for (size_t i = 0; i < EG_FIELD_COUNT; i++) {
        move_text(&copy->field[i], &end);
    }
    for (size_t i = 0; i < event->extra_count; i++) {
        extra[i] = event->extra[i];
        move_text(&extra[i].name, &end);
        move_text(&extra[i].value, &end);
    }
    copy->extra = event->extra_count > 0 ? extra : NULL;
    *end = '\0';
    *out = copy;
    return EG_OK;
}

/* ---- names ---- */

eg_str eg_event_get(const eg_event *event, eg_field field)
{
    return event->field[field];
}

eg_str eg_event_get_named(const eg_event *event, eg_str name)
{
    eg_field field;
    if (eg_field_from_name(name, &field)) {
        return event->field[field];
    }
    for (size_t i = 0; i < event->extra_count; i++) {
        if (eg_str_equal(event->extra[i].name, name)) {
            return event->extra[i].value;
        }
    }
    return EG_STR_NONE;
}

const char *eg_field_name(eg_field field)
{
    return field_names[field].ptr;
}

#define SLOTS 256 /* a power of two, several times EG_FIELD_COUNT */
_Static_assert(EG_FIELD_COUNT * 2 < SLOTS, "the table of field names is too full");

static eg_mutex slots_lock = EG_MUTEX_INIT;
static eg_atomic slots_ready;
static uint8_t slots[SLOTS]; /* field number + 1; 0 free */

static void fill_slots(void)
{
    eg_mutex_lock(&slots_lock);
    for (size_t i = 0; eg_atomic_get(&slots_ready) == 0 && i < EG_FIELD_COUNT; i++) {
        size_t at = (size_t)eg_str_hash(field_names[i]) % SLOTS;
        while (slots[at] != 0) {
            at = (at + 1) % SLOTS;
        }
        slots[at] = (uint8_t)(i + 1);
    }
    eg_atomic_set(&slots_ready, 1);
    eg_mutex_unlock(&slots_lock);
}

bool eg_field_from_name(eg_str name, eg_field *out)
{
    if (eg_atomic_get(&slots_ready) == 0) {
        fill_slots();
    }
    for (size_t at = (size_t)eg_str_hash(name) % SLOTS; slots[at] != 0; at = (at + 1) % SLOTS) {
        size_t field = (size_t)slots[at] - 1;
        if (eg_str_equal(field_names[field], name)) {
            *out = (eg_field)field;
            return true;
        }
    }
    return false;
}

const char *eg_kind_name(eg_kind kind)
{
    return kinds[kind].name.ptr;
}

bool eg_kind_from_name(eg_str name, eg_kind *out)
{
    for (size_t i = 0; i < EG_KIND_COUNT; i++) {
        if (eg_str_equal(kinds[i].name, name)) {
            *out = (eg_kind)i;
            return true;
        }
    }
    return false;
}
