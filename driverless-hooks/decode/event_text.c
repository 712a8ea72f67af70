/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/event_text.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

enum { ARENA_BLOCK = 16 * 1024 };

int eg_event_text_init(eg_event_text *text)
{
    eg_event_text made = {0};
    int status = eg_arena_create(&made.arena, ARENA_BLOCK);
    if (status != EG_OK) {
        return status;
    }
    /* UTF-16 is cut to the limit first, and grows by half at most when it becomes WTF-8. */
    eg_buf_init(&made.scratch, 2 * (size_t)EG_EVENT_TEXT_MAX);
    *text = made;
    return EG_OK;
}

void eg_event_text_done(eg_event_text *text)
{
    eg_arena_destroy(text->arena);
    eg_buf_done(&text->scratch);
    text->arena = NULL;
}

void eg_event_text_reset(eg_event_text *text)
{
    eg_arena_reset(text->arena);
    text->status = EG_OK;
}

/* Steps back from `limit` to the start of a character. */
static size_t cut_at_character(const char *bytes, size_t limit)
{
    while (limit > 0 && ((unsigned char)bytes[limit] & 0xC0) == 0x80) {
        limit--;
    }
    return limit;
}

eg_str eg_event_text_copy(eg_event_text *text, eg_str value)
{
    if (!value.ptr) {
        return EG_STR_NONE;
    }
    size_t size = value.len;
    if (size > EG_EVENT_TEXT_MAX) {
        size = cut_at_character(value.ptr, EG_EVENT_TEXT_MAX);
    }
    char *copy = eg_arena_copy(text->arena, value.ptr, size);
    if (!copy) {
        text->status = EG_E_NOMEM;
        return EG_STR_NONE;
    }
    return (eg_str){copy, size};
}

static eg_str take_scratch(eg_event_text *text)
{
    if (text->scratch.status != EG_OK) {
        text->status = text->scratch.status;
        return EG_STR_NONE;
    }
    return eg_event_text_copy(text, eg_buf_str(&text->scratch));
}

eg_str eg_event_text_format(eg_event_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    eg_buf_clear(&text->scratch);
    eg_buf_appendv(&text->scratch, format, args);
    va_end(args);
    return take_scratch(text);
}

eg_str eg_event_text_number(eg_event_text *text, uint64_t number)
{
    char digits[20];
    size_t first = sizeof(digits);
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return eg_event_text_copy(text, (eg_str){digits + first, sizeof(digits) - first});
}

eg_str eg_event_text_path(eg_event_text *text, eg_str folder, eg_str name)
{
    eg_buf_clear(&text->scratch);
    eg_buf_append_str(&text->scratch, folder);
    eg_buf_append_char(&text->scratch, '\\');
    eg_buf_append_str(&text->scratch, name);
    return take_scratch(text);
}

eg_str eg_event_text_utf16le(eg_event_text *text, const void *bytes, size_t size)
{
    eg_buf_clear(&text->scratch);
    eg_utf8_from_utf16le(&text->scratch, bytes,
                         size < EG_EVENT_TEXT_MAX ? size : EG_EVENT_TEXT_MAX);
    return take_scratch(text);
}

eg_str eg_event_text_time(eg_event_text *text, uint64_t ticks)
{
    char shown[EG_TIME_TEXT_SIZE];
    eg_time_format_sysmon(ticks, shown);
    return eg_event_text_copy(text, eg_str_from(shown));
}
