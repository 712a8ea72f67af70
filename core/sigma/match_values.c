/* SPDX-License-Identifier: Apache-2.0 */
/* The values of an event, in the forms in which they are asked. */
#include "core/sigma/matcher.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define NOT_MADE SIZE_MAX

static void add_value(eg_sigma_matcher *m, eg_slot slot, eg_str raw, bool keywords)
{
    eg_value_view *v = &m->values[m->value_count];

    if (m->value_count == EG_MATCHER_VALUES_MAX || (slot == EG_SLOT_NONE && !keywords)) {
        return;
    }
    v->raw = raw;
    v->valid_at = NOT_MADE;
    if (slot != EG_SLOT_NONE && m->slot_generation[slot] != m->generation) {
        m->slot_generation[slot] = m->generation;
        m->slot_value[slot] = (uint16_t)m->value_count;
    }
    m->value_count++;
}

void eg_matcher_take_values(eg_sigma_matcher *m, const eg_event *event, bool keywords)
{
    size_t i;

    for (i = 0; i < EG_FIELD_COUNT; i++) {
        if (event->field[i].ptr) {
            add_value(m, m->set->slots.known[i], event->field[i], keywords);
        }
    }
    for (i = 0; i < event->extra_count; i++) {
        if (event->extra[i].value.ptr) {
            add_value(m, eg_slot_find(&m->set->slots, event->extra[i].name), event->extra[i].value,
                      keywords);
        }
    }
}

int eg_matcher_fold_values(eg_sigma_matcher *m)
{
    static const char padding[EG_LITERAL_PADDING] = {0};
    size_t room = sizeof(padding), i;
    int status;

    for (i = 0; i < m->value_count; i++) {
        room += m->values[i].raw.len;
    }
    m->ascii = true;
    status = eg_buf_reserve(&m->folded, room);
    for (i = 0; i < m->value_count && status == EG_OK; i++) {
        eg_value_view *v = &m->values[i];

        v->folded_at = m->folded.len;
        v->ascii = eg_fold_append_ascii(&m->folded, v->raw);
        if (!v->ascii) {
            m->ascii = false;
            status = eg_fold_str(&m->folded, v->raw);
            room -= v->raw.len; /* it may have grown: the others need theirs behind it */
            if (status == EG_OK) {
                status = eg_buf_reserve(&m->folded, room);
            }
        } else {
            room -= v->raw.len;
        }
        v->folded_len = m->folded.len - v->folded_at;
    }
    return status == EG_OK ? eg_buf_append(&m->folded, padding, sizeof(padding)) : status;
}

eg_str eg_matcher_valid_text(eg_sigma_matcher *m, eg_value_view *v)
{
    size_t at = 0;
    char code[4];

    if (v->valid_at == NOT_MADE) {
        v->valid_at = m->valid.len;
        if (!v->ascii && !eg_utf8_valid(v->raw)) {
            while (at < v->raw.len) {
                uint32_t next = eg_utf8_next(v->raw, &at);

                if (next >= 0xD800 && next <= 0xDFFF) {
                    next = 0xFFFD;
                }
                (void)eg_buf_append(&m->valid, code, eg_utf8_encode(next, code));
            }
        }
        v->valid_len = m->valid.len - v->valid_at;
        if (m->valid.status != EG_OK) {
            m->status = m->valid.status;
        }
    }
    if (v->valid_len == 0 || m->valid.status != EG_OK) {
        return v->raw;
    }
    return (eg_str){m->valid.data + v->valid_at, v->valid_len};
}
