/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rich Text Format 1.9.1: the objects in a text, as hexadecimal digits behind \objdata (or
 * \datastore) up to the end of the group. Programs differ in what they make of groups, control
 * words and binary runs between the digits, and documents are made to use that; so where there are
 * such groups the object is handed on in each way it may be read. An object is one of OLE 1
 * (MS-OLEDS 2.2.5), whose native data is a compound file, a package or anything else.
 */
#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/walk.h"

#include <stdio.h>

enum {
    NAME_MAX_BYTES = 128,
    OBJECT_EMBEDDED = 2, /* FormatID */
    OBJECT_TEXTS = 3,    /* class, topic, item */
    HEADER_TEXTS_AT = 8,
};

static const eg_str data_words[] = {EG_STR_INIT("\\objdata"), EG_STR_INIT("\\datastore")};
static const char ole_mark[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/* Which digits belong to an object. */
typedef enum reading {
    READ_OUTER,   /* those in no inner group */
    READ_UNKNOWN, /* not those in groups that begin with \* */
    READ_ALL,
    READ_COUNT
} reading;

static const char *const reading_names[READ_COUNT] = {"", ", inner groups", ", all groups"};

typedef struct digits {
    eg_str bytes;
    size_t at;
    reading way;
    unsigned depth;        /* of inner groups */
    unsigned starred;      /* the group that began with \*; 0: none */
    bool seen[READ_COUNT]; /* digits that only this way of reading takes */
    int high;              /* half a byte that waits for the other; -1: none */
    eg_buf *out;
} digits;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char small = (char)(c | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

static bool is_taken(digits *d)
{
    reading needed = d->depth == 0 ? READ_OUTER : d->starred == 0 ? READ_UNKNOWN : READ_ALL;
    d->seen[needed] = true;
    return needed <= d->way;
}

/* The number behind a control word, and the blank that ends it; 0 when there is none. */
static uint64_t read_number(digits *d)
{
    eg_str bytes = d->bytes;
    uint64_t number = 0;
    d->at += d->at < bytes.len && bytes.ptr[d->at] == '-';
    while (d->at < bytes.len && bytes.ptr[d->at] >= '0' && bytes.ptr[d->at] <= '9') {
        number = number < bytes.len ? 10 * number + (uint64_t)(bytes.ptr[d->at] - '0') : number;
        d->at++;
    }
    d->at += d->at < bytes.len && bytes.ptr[d->at] == ' ';
    return number;
}

/* A control word, behind the backslash; \bin is followed by bytes as they are. */
static void read_word(digits *d)
{
    size_t begin = d->at;
    while (d->at < d->bytes.len && is_letter(d->bytes.ptr[d->at])) {
        d->at++;
    }
    bool is_binary = d->at - begin == 3 && eg_bytes_start(d->bytes, begin, "bin", 3);
    uint64_t number = read_number(d);
    if (is_binary) {
        eg_str raw = eg_bytes_part(d->bytes, d->at, number);
        d->at += raw.len;
        if (is_taken(d)) {
            eg_buf_append_str(d->out, raw);
        }
    }
}

static void read_control(digits *d)
{
    char next = d->at < d->bytes.len ? d->bytes.ptr[d->at] : '\0';
    if (is_letter(next)) {
        read_word(d);
    } else {
        d->at += next == '\'' ? 3 : 1; /* a character by its code, or a symbol */
    }
}

static void open_group(digits *d)
{
    d->depth++;
    if (d->starred == 0 && eg_bytes_start(d->bytes, d->at, "\\*", 2)) {
        d->starred = d->depth;
    }
}

static void read_digit(digits *d, int value)
{
    if (value < 0 || !is_taken(d)) {
        return;
    }
    if (d->high < 0) {
        d->high = value;
    } else {
        eg_buf_append_char(d->out, (char)(uint8_t)(d->high << 4 | value));
        d->high = -1;
    }
}

/* Up to the end of the group. */
static void read_digits(digits *d)
{
    while (d->at < d->bytes.len && d->out->status == EG_OK) {
        char c = d->bytes.ptr[d->at++];
        if (c == '{') {
            open_group(d);
        } else if (c == '}' && d->depth == 0) {
            return;
        } else if (c == '}') {
            d->starred = d->starred == d->depth ? 0 : d->starred;
            d->depth--;
        } else if (c == '\\') {
            read_control(d);
        } else {
            read_digit(d, hex_value(c));
        }
    }
}

/* What an embedded object of OLE 1 holds, and of which class; false when it is none. */
static bool read_object(eg_str object, eg_str *class_name, eg_str *native)
{
    uint64_t at = HEADER_TEXTS_AT;
    if (eg_bytes_u32(object, 4) != OBJECT_EMBEDDED) {
        return false;
    }
    for (int i = 0; i < OBJECT_TEXTS; i++) {
        uint32_t size = eg_bytes_u32(object, at);
        eg_str text = eg_bytes_part(object, at + 4, size);
        if (text.len != size) {
            return false;
        }
        if (i == 0) {
            *class_name = eg_bytes_part(text, 0, size > 0 ? size - 1 : 0); /* without its NUL */
        }
        at += 4 + (uint64_t)size;
    }
    *native = eg_bytes_part(object, at + 4, eg_bytes_u32(object, at));
    return native->len > 0;
}

static void tell_object(eg_walk *walk, const char *name, eg_str object)
{
    eg_str class_name = EG_STR(""), native = EG_STR("");
    char inner[2 * NAME_MAX_BYTES];
    eg_walk_part(walk, eg_str_from(name), EG_PART_EMBEDDED, object);
    if (read_object(object, &class_name, &native)) {
        class_name = eg_bytes_part(class_name, 0, NAME_MAX_BYTES);
        snprintf(inner, sizeof(inner), "%s/%.*s", name, EG_STR_ARGS(class_name));
        eg_walk_part(walk, eg_str_from(inner), EG_PART_EMBEDDED, native);
        if (eg_str_equal_nocase(class_name, EG_STR("Package"))) {
            eg_unpack_package(walk, eg_str_from(inner), native);
        }
        return;
    }
    /* a header that was made to mislead: programs find the compound file all the same */
    size_t at = eg_bytes_find(object, 1, ole_mark, sizeof(ole_mark) - 1);
    if (at < object.len) {
        snprintf(inner, sizeof(inner), "%s/compound file", name);
        eg_walk_part(walk, eg_str_from(inner), EG_PART_EMBEDDED,
                     eg_bytes_part(object, at, object.len));
    }
}

/* In each way the digits from `at` on may be read. */
static void unpack_object(eg_walk *walk, eg_str bytes, size_t at, unsigned number)
{
    digits d = {.bytes = bytes};
    eg_buf out;
    eg_buf_init(&out, eg_walk_room(walk, bytes.len - at));
    for (int way = READ_OUTER; way < READ_COUNT && eg_walk_goes(walk); way++) {
        char name[NAME_MAX_BYTES];
        if (way > READ_OUTER && !d.seen[way]) {
            continue;
        }
        eg_buf_clear(&out);
        d = (digits){.bytes = bytes, .at = at, .way = (reading)way, .high = -1, .out = &out};
        read_number(&d);
        read_digits(&d);
        snprintf(name, sizeof(name), "object %u%s", number, reading_names[way]);
        if (out.status == EG_E_NOMEM) {
            eg_walk_fail(walk, EG_E_NOMEM);
        } else if (eg_walk_spend(walk, d.at - at) && out.len > 0) {
            if (out.status == EG_E_LIMIT) {
                eg_walk_tell_room(walk, eg_str_from(name), bytes.len - at);
            }
            tell_object(walk, name, eg_buf_str(&out));
        }
    }
    eg_buf_done(&out);
}

static bool is_data_word(eg_str bytes, size_t at, size_t *end)
{
    for (size_t i = 0; i < EG_COUNT(data_words); i++) {
        *end = at + data_words[i].len;
        if (eg_bytes_start(bytes, at, data_words[i].ptr, data_words[i].len) &&
            !(*end < bytes.len && is_letter(bytes.ptr[*end]))) {
            return true;
        }
    }
    return false;
}

void eg_unpack_rtf(eg_walk *walk, eg_str bytes)
{
    unsigned count = 0;
    for (size_t at = 0; at < bytes.len && eg_walk_goes(walk); at++) {
        size_t end;
        at = eg_bytes_find(bytes, at, "\\", 1);
        if (is_data_word(bytes, at, &end)) {
            unpack_object(walk, bytes, end, ++count);
        }
    }
}
