/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex_translation.h"

#include "core/base/utf.h"

/* A character, or a set of them that a letter stands for ("\d"). */
typedef struct member {
    uint32_t code;
    char set; /* 0 for none */
} member;

/* ---- characters ---- */

void eg_translation_put_code(eg_translation *t, uint32_t code, bool in_set)
{
    char bytes[4];

    if (code >= 0xD800 && code <= 0xDFFF) {
        eg_translation_refuse(t, t->at, "half of a surrogate pair");
    } else if (code == 0) {
        eg_translation_put(t, "\\x{0}");
    } else {
        if (code < 0x80 && eg_is_one_of((char)code, in_set ? "\\[]^-" : "\\^$.|?*+()[]{}#")) {
            eg_translation_put_char(t, '\\');
        }
        (void)eg_buf_append(t->out, bytes, eg_utf8_encode(code, bytes));
    }
}

uint32_t eg_translation_read_number(eg_translation *t, size_t digits, unsigned base, bool all)
{
    static const char known[] = "0123456789abcdef";
    uint32_t value = 0;
    size_t i;

    for (i = 0; i < digits; i++, t->at++) {
        char c = eg_translation_char(t, t->at);
        const char *digit;

        if (c >= 'A' && c <= 'F') {
            c = (char)(c | 0x20);
        }
        digit = c != '\0' ? strchr(known, c) : NULL;
        if (!digit || (size_t)(digit - known) >= base) {
            if (all) {
                eg_translation_refuse(t, t->at, "a digit is missing");
            }
            return value;
        }
        value = value * base + (uint32_t)(digit - known);
    }
    return value;
}

bool eg_translation_read_code(eg_translation *t, uint32_t *code)
{
    static const char names[] = "afnrtv", codes[] = "\a\f\n\r\t\v";
    char c = eg_translation_char(t, t->at);

    if (t->at >= t->pattern.len) {
        eg_translation_refuse(t, t->at, "nothing stands behind the backslash");
        return false;
    }
    if (eg_is_one_of(c, names)) {
        *code = (uint32_t)codes[strchr(names, c) - names];
        t->at++;
    } else if (c == 'x' || c == 'u' || c == 'U') {
        t->at++;
        *code = eg_translation_read_number(t, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, true);
        if (*code > 0x10FFFF) {
            eg_translation_refuse(t, t->at, "no such character");
        }
    } else if (c == '0') {
        *code = eg_translation_read_number(t, 3, 8, false);
        if (*code > 0xFF) { /* "\0" and two digits more at most */
            eg_translation_refuse(t, t->at, "no such character");
        }
    } else if (eg_is_digit_char(c) || eg_is_letter_code((unsigned char)c)) {
        return false;
    } else {
        *code = eg_utf8_next(t->pattern, &t->at);
    }
    return true;
}

/* ---- sets ---- */

static void read_member(eg_translation *t, member *m)
{
    *m = (member){0, '\0'};
    if (!eg_translation_is_at(t, '\\')) {
        m->code = eg_utf8_next(t->pattern, &t->at);
        return;
    }
    t->at++;
    if (eg_is_one_of(eg_translation_char(t, t->at), "dDsSwW")) {
        m->set = eg_translation_char(t, t->at++);
    } else if (eg_translation_is_at(t, 'b')) {
        m->code = '\b';
        t->at++;
    } else if (eg_translation_char(t, t->at) >= '1' && eg_translation_char(t, t->at) <= '7') {
        m->code = eg_translation_read_number(t, 3, 8, false);
        if (m->code > 0xFF) {
            eg_translation_refuse(t, t->at, "no such character");
        }
    } else if (!eg_translation_read_code(t, &m->code)) {
        eg_translation_refuse(t, t->at, "no such escape");
    }
}

/* What a range holds of the letters from `first` on, in the other case. */
static void put_other_case(eg_translation *t, uint32_t low, uint32_t high, uint32_t first)
{
    uint32_t last = first + 25;

    low = low > first ? low : first;
    high = high < last ? high : last;
    if (low <= high) {
        (void)eg_buf_appendf(t->out, "%c-%c", (char)(low ^ 0x20), (char)(high ^ 0x20));
    }
}

static void put_range(eg_translation *t, uint32_t low, uint32_t high)
{
    eg_translation_put_code(t, low, true);
    if (high != low) {
        eg_translation_put_char(t, '-');
        eg_translation_put_code(t, high, true);
        if (low < '\n' && high >= '\n') {
            eg_translation_put_char(
                t, '\n'); /* so that whoever looks for the end of a line finds it */
        }
    }
    if (t->nocase) {
        put_other_case(t, low, high, 'A');
        put_other_case(t, low, high, 'a');
    }
}

static void translate_member(eg_translation *t)
{
    member low, high;
    size_t start = t->at;

    read_member(t, &low);
    high = low;
    if (eg_translation_is_at(t, '-') && t->at + 1 < t->pattern.len &&
        eg_translation_char(t, t->at + 1) != ']') {
        t->at++;
        read_member(t, &high);
        if (low.set || high.set || high.code < low.code) {
            eg_translation_refuse(t, start, "no such range of characters");
            return;
        }
    }
    if (low.set) {
        eg_translation_put_char(t, '\\');
        eg_translation_put_char(t, low.set);
    } else {
        put_range(t, low.code, high.code);
    }
}

void eg_translation_set(eg_translation *t)
{
    size_t start = t->at++, first;

    eg_translation_put_char(t, '[');
    if (eg_translation_is_at(t, '^')) {
        eg_translation_put_char(t, '^');
        t->at++;
    }
    for (first = t->at; t->at == first || !eg_translation_is_at(t, ']');) {
        if (t->at >= t->pattern.len || t->status != EG_OK) {
            eg_translation_refuse(t, start, "the set of characters has no end");
            return;
        }
        translate_member(t);
    }
    t->at++;
    eg_translation_put_char(t, ']');
    t->before = BEFORE_ATOM;
}
