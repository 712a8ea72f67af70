/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/baseline_kind.h"

#include "core/base/utf.h"

/* FNV-1a: the number is stored. */
#define FNV_BASIS UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)

/*
 * Of a service only its program: that is what the sensor reports a service for. Its other values
 * are objects of their own, as registry values.
 */
static const eg_baseline_kind kinds[] = {
    {EG_KIND_REGISTRY_SET,
     EG_KIND_REGISTRY_SET,
     EG_KIND_REGISTRY_DELETE,
     EG_FIELD_TARGET_OBJECT,
     {EG_FIELD_DETAILS, EG_FIELD_COUNT},
     {EG_FIELD_DETAILS, EG_FIELD_COUNT}},
    {EG_KIND_TASK_REGISTERED,
     EG_KIND_TASK_UPDATED,
     EG_KIND_TASK_REMOVED,
     EG_FIELD_TASK_NAME,
     {EG_FIELD_TASK_CONTENT, EG_FIELD_TASK_CACHE, EG_FIELD_COUNT},
     {EG_FIELD_COMMAND, EG_FIELD_ARGUMENTS, EG_FIELD_COUNT}},
    {EG_KIND_SERVICE_INSTALLED,
     EG_KIND_SERVICE_INSTALLED,
     EG_KIND_OTHER,
     EG_FIELD_SERVICE_NAME,
     {EG_FIELD_IMAGE_PATH, EG_FIELD_COUNT},
     {EG_FIELD_IMAGE_PATH, EG_FIELD_COUNT}},
};

const eg_baseline_kind *eg_baseline_kind_of(eg_kind kind)
{
    for (size_t i = 0; kind != EG_KIND_OTHER && i < EG_COUNT(kinds); i++) {
        if (kind == kinds[i].object || kind == kinds[i].changed || kind == kinds[i].removed) {
            return &kinds[i];
        }
    }
    return NULL;
}

static uint64_t mix(uint64_t hash, eg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.ptr[i]) * FNV_PRIME;
    }
    return (hash ^ 0xFFu) * FNV_PRIME; /* never a byte of UTF-8: ends the field */
}

bool eg_baseline_state(const eg_baseline_kind *kind, const eg_event *event, uint64_t *state)
{
    uint64_t hash = FNV_BASIS;
    bool any = false;
    for (const eg_field *field = kind->content; *field != EG_FIELD_COUNT; field++) {
        eg_str value = eg_event_get(event, *field);
        any = any || value.ptr;
        hash = mix(hash, value);
    }
    *state = hash;
    return any;
}

int eg_baseline_details(const eg_baseline_kind *kind, const eg_event *event, eg_buf *out)
{
    eg_buf_clear(out);
    for (const eg_field *field = kind->details; *field != EG_FIELD_COUNT; field++) {
        eg_str value = eg_event_get(event, *field);
        if (value.len > 0 && out->len > 0 && out->len < out->max) {
            eg_buf_append_char(out, ' ');
        }
        eg_buf_append_str(out, eg_utf8_cut(value, out->max - out->len));
    }
    return out->status;
}
