/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/value.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define DASHES 5

typedef struct variant {
    eg_str text;
    bool bytes; /* UTF-16, not text any more: only base64 or the end may follow */
    bool star_before, star_after;
} variant;

typedef struct variant_list {
    variant *items;
    size_t count;
} variant_list;

int eg_value_parse(eg_arena *arena, eg_str written, eg_str *out)
{
    char *text = eg_arena_alloc(arena, written.len + 1);
    size_t len = 0, i;

    if (!text) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < written.len; i++) {
        char c = written.ptr[i];

        if (c == '\\' && i + 1 < written.len && strchr("*?\\", written.ptr[i + 1]) &&
            written.ptr[i + 1] != '\0') {
            text[len++] = written.ptr[++i];
        } else if (c == '*') {
            text[len++] = EG_VALUE_STAR;
        } else if (c == '?') {
            text[len++] = EG_VALUE_ONE;
        } else {
            text[len++] = c;
        }
    }
    *out = (eg_str){text, len};
    return EG_OK;
}

bool eg_value_has_wildcard(eg_str value)
{
    return value.len > 0 && (memchr(value.ptr, (unsigned char)EG_VALUE_STAR, value.len) ||
                             memchr(value.ptr, (unsigned char)EG_VALUE_ONE, value.len));
}

static int new_list(eg_arena *arena, size_t count, variant_list *out)
{
    if (count > EG_VALUES_MAX) {
        return eg_fail(EG_E_LIMIT, "the modifiers make more than %d values of one", EG_VALUES_MAX);
    }
    out->items = eg_arena_alloc(arena, count * sizeof(*out->items));
    out->count = 0;
    return out->items ? EG_OK : EG_E_NOMEM;
}

/* ---- windash ---- */

typedef struct code_range {
    uint32_t first, last;
} code_range;

/* Letters, digits and '_'. Beyond ASCII everything but the blocks of signs and pictures. */
static bool is_word(uint32_t code)
{
    static const code_range signs[] = {
        {0x80, 0xa9},     {0xab, 0xb1},     {0xb4, 0xb4},       {0xb6, 0xb8},
        {0xbb, 0xbb},     {0xbf, 0xbf},     {0xd7, 0xd7},       {0xf7, 0xf7},
        {0x2000, 0x206f}, {0x20a0, 0x20cf}, {0x2190, 0x245f},   {0x249c, 0x24e9},
        {0x2500, 0x2775}, {0x2794, 0x2bff}, {0x3000, 0x3004},   {0x3008, 0x3020},
        {0x3030, 0x3030}, {0xd800, 0xf8ff}, {0xfe00, 0xfe6f},   {0xff01, 0xff0f},
        {0xff1a, 0xff20}, {0xfff0, 0xffff}, {0x1f000, 0x1faff}, {0xe0000, 0x10ffff},
    };
    size_t i;

    if (code < 0x80) {
        return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
               (code >= 'a' && code <= 'z') || code == '_';
    }
    for (i = 0; i < EG_COUNT(signs); i++) {
        if (code >= signs[i].first && code <= signs[i].last) {
            return false;
        }
    }
    return true;
}

static uint32_t code_before(eg_str text, size_t at)
{
    size_t start = at - 1;

    while (start > 0 && at - start < 4 && ((unsigned char)text.ptr[start] & 0xc0) == 0x80) {
        start--;
    }
    return eg_utf8_next(text, &start);
}

/* A '-' or '/' that begins a word without ending one: the dash of an option. */
static bool is_option_dash(eg_str text, size_t at)
{
    size_t next = at + 1;

    if (text.ptr[at] != '-' && text.ptr[at] != '/') {
        return false;
    }
    if (at > 0 && is_word(code_before(text, at))) {
        return false;
    }
    if (next >= text.len || text.ptr[next] == EG_VALUE_STAR || text.ptr[next] == EG_VALUE_ONE) {
        return false;
    }
    return is_word(eg_utf8_next(text, &next));
}

/* Writes `text` with its option dashes replaced; `choice` counts through all combinations. */
static int replace_dashes(eg_arena *arena, eg_str text, size_t choice, eg_str *out)
{
    static const char *const dashes[DASHES] = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
                                               "\xe2\x80\x95"};
    char *copy = eg_arena_alloc(arena, text.len * 3 + 1);
    size_t len = 0, i;

    if (!copy) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < text.len; i++) {
        if (is_option_dash(text, i)) {
            const char *dash = dashes[choice % DASHES];

            memcpy(copy + len, dash, strlen(dash));
            len += strlen(dash);
            choice /= DASHES;
        } else {
            copy[len++] = text.ptr[i];
        }
    }
    *out = (eg_str){copy, len};
    return EG_OK;
}

static size_t dash_combinations(eg_str text)
{
    size_t combinations = 1, i;

    for (i = 0; i < text.len && combinations <= EG_VALUES_MAX; i++) {
        if (is_option_dash(text, i)) {
            combinations *= DASHES;
        }
    }
    return combinations;
}

static int apply_windash(eg_arena *arena, const variant_list *in, variant_list *out)
{
    size_t total = 0, i, choice;
    int status;

    for (i = 0; i < in->count; i++) {
        if (in->items[i].bytes) {
            return eg_fail(EG_E_INVALID, "windash must stand before the encoding");
        }
        total += dash_combinations(in->items[i].text);
    }
    status = new_list(arena, total, out);
    for (i = 0; i < in->count && status == EG_OK; i++) {
        size_t combinations = dash_combinations(in->items[i].text);

        for (choice = 0; choice < combinations && status == EG_OK; choice++) {
            variant *item = &out->items[out->count++];

            *item = in->items[i];
            status = replace_dashes(arena, in->items[i].text, choice, &item->text);
        }
    }
    return status;
}

/* ---- encodings ---- */

static bool is_plain(const variant *item)
{
    return !item->star_before && !item->star_after &&
           (item->bytes || !eg_value_has_wildcard(item->text));
}

static int encode_utf16(eg_arena *arena, eg_modifier modifier, variant *item)
{
    bool big = modifier == EG_MODIFIER_UTF16BE, mark = modifier == EG_MODIFIER_UTF16;
    size_t units = eg_utf16_length(item->text), written, i;
    uint16_t *wide = eg_arena_alloc(arena, (units + 1) * sizeof(*wide));
    char *bytes = eg_arena_alloc(arena, units * 2 + 3);
    size_t len = 0;
    int status;

    if (!wide || !bytes) {
        return EG_E_NOMEM;
    }
    if (item->bytes) {
        return eg_fail(EG_E_INVALID, "the value is UTF-16 already");
    }
    status = eg_utf16_from_utf8(wide, units + 1, item->text, &written);
    if (status != EG_OK) {
        return status;
    }
    if (mark) {
        bytes[len++] = '\xff';
        bytes[len++] = '\xfe';
    }
    for (i = 0; i < written; i++) {
        bytes[len++] = (char)(big ? wide[i] >> 8 : wide[i] & 0xff);
        bytes[len++] = (char)(big ? wide[i] & 0xff : wide[i] >> 8);
    }
    item->text = (eg_str){bytes, len};
    item->bytes = true;
    return EG_OK;
}

/* Base64 of `skip` blanks and the data, cut to the characters that only the data decides. */
static int encode_base64(eg_arena *arena, eg_str data, size_t skip, bool cut, eg_str *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const size_t starts[] = {0, 2, 3}, ends[] = {0, 3, 2};
    size_t total = skip + data.len, at, len = 0, start, end;
    char *text = eg_arena_alloc(arena, (total + 2) / 3 * 4 + 1);

    if (!text) {
        return EG_E_NOMEM;
    }
    for (at = 0; at < total; at += 3) {
        uint32_t group = 0;
        size_t i, have = total - at < 3 ? total - at : 3;

        for (i = 0; i < 3; i++) {
            uint32_t byte = 0;

            if (i < have) {
                byte = at + i < skip ? ' ' : (unsigned char)data.ptr[at + i - skip];
            }
            group = group << 8 | byte;
        }
        for (i = 0; i < 4; i++) {
            text[len++] = i <= have ? alphabet[group >> (18 - 6 * i) & 63] : '=';
        }
    }
    start = cut ? starts[skip] : 0;
    end = cut ? ends[total % 3] : 0;
    *out = start + end <= len ? (eg_str){text + start, len - start - end} : EG_STR("");
    return EG_OK;
}

static int apply_base64(eg_arena *arena, bool offsets, const variant_list *in, variant_list *out)
{
    size_t each = offsets ? 3 : 1, i, skip;
    int status = new_list(arena, in->count * each, out);

    for (i = 0; i < in->count && status == EG_OK; i++) {
        if (!is_plain(&in->items[i])) {
            return eg_fail(EG_E_INVALID, "base64 needs a value without wildcards");
        }
        for (skip = 0; skip < each && status == EG_OK; skip++) {
            variant *item = &out->items[out->count++];

            status = encode_base64(arena, in->items[i].text, skip, offsets, &item->text);
        }
    }
    return status;
}

static int apply_utf16(eg_arena *arena, eg_modifier modifier, variant_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        int status;

        if (!is_plain(&list->items[i])) {
            return eg_fail(EG_E_INVALID, "UTF-16 needs a value without wildcards");
        }
        status = encode_utf16(arena, modifier, &list->items[i]);
        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

static void apply_stars(variant_list *list, bool before, bool after)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        list->items[i].star_before |= before;
        list->items[i].star_after |= after;
    }
}

static int apply(eg_arena *arena, eg_modifier modifier, variant_list *list)
{
    variant_list made = {NULL, 0};
    int status;

    switch (modifier) {
    case EG_MODIFIER_WINDASH: status = apply_windash(arena, list, &made); break;
    case EG_MODIFIER_BASE64:
    case EG_MODIFIER_BASE64OFFSET:
        status = apply_base64(arena, modifier == EG_MODIFIER_BASE64OFFSET, list, &made);
        break;
    case EG_MODIFIER_WIDE:
    case EG_MODIFIER_UTF16LE:
    case EG_MODIFIER_UTF16BE:
    case EG_MODIFIER_UTF16: return apply_utf16(arena, modifier, list);
    case EG_MODIFIER_CONTAINS: apply_stars(list, true, true); return EG_OK;
    case EG_MODIFIER_STARTSWITH: apply_stars(list, false, true); return EG_OK;
    case EG_MODIFIER_ENDSWITH: apply_stars(list, true, false); return EG_OK;
    default: return EG_OK;
    }
    if (status == EG_OK) {
        *list = made;
    }
    return status;
}

/* UTF-16 that nothing encoded further is looked for as text: as UTF-8 if it is, else bytewise. */
static size_t write_text(const variant *item, char *out)
{
    size_t len = 0, i;

    if (!item->bytes || eg_utf8_valid(item->text)) {
        if (item->text.len > 0) {
            memcpy(out, item->text.ptr, item->text.len);
        }
        return item->text.len;
    }
    for (i = 0; i < item->text.len; i++) {
        len += eg_utf8_encode((unsigned char)item->text.ptr[i], out + len);
    }
    return len;
}

static int finish(eg_arena *arena, const variant *item, eg_str *out)
{
    char *text = eg_arena_alloc(arena, item->text.len * 2 + 8);
    size_t len = 0;

    if (!text) {
        return EG_E_NOMEM;
    }
    if (item->star_before) {
        text[len++] = EG_VALUE_STAR;
    }
    len += write_text(item, text + len);
    if (item->star_after) {
        text[len++] = EG_VALUE_STAR;
    }
    *out = (eg_str){text, len};
    return EG_OK;
}

int eg_value_expand(eg_arena *arena, const eg_item *item, eg_str written, const eg_str **out,
                    size_t *count)
{
    variant_list list = {NULL, 0};
    eg_str *values;
    size_t i;
    int status = new_list(arena, 1, &list);

    if (status == EG_OK) {
        status = eg_value_parse(arena, written, &list.items[0].text);
    }
    if (status != EG_OK) {
        return status;
    }
    list.count = 1;
    for (i = 0; i < item->order_count && status == EG_OK; i++) {
        status = apply(arena, (eg_modifier)item->order[i], &list);
    }
    if (item->field.len == 0) {
        apply_stars(&list, true, true);
    }
    if (status != EG_OK) {
        return status;
    }
    values = eg_arena_alloc(arena, list.count * sizeof(*values));
    if (!values) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < list.count; i++) {
        status = finish(arena, &list.items[i], &values[i]);
        if (status != EG_OK) {
            return status;
        }
    }
    *out = values;
    *count = list.count;
    return EG_OK;
}
