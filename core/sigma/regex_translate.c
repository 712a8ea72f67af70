/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex_translate.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/sigma/regex.h"

#include <string.h>

#define DEPTH_MAX 100
#define COUNT_DIGITS_MAX 9

/* What a quantifier would repeat. */
typedef enum before { BEFORE_NOTHING, BEFORE_PLACE, BEFORE_ATOM, BEFORE_REPEAT } before;

typedef struct translation {
    eg_str pattern;
    size_t at;
    eg_buf *out;
    bool nocase, dotall;
    bool outer_nocase[DEPTH_MAX]; /* behind the end of each open group */
    size_t depth;
    before before;
    bool begun; /* something stands there: too late for flags of the whole */
    int status;
} translation;

/* A character, or a set of them that a letter stands for ("\d"). */
typedef struct member {
    uint32_t code;
    char set; /* 0 for none */
} member;

static void refuse(translation *t, size_t at, const char *why)
{
    if (t->status == EG_OK) {
        t->status = eg_fail(EG_E_INVALID, "regular expression: %s at character %zu", why, at + 1);
    }
}

static char char_at(const translation *t, size_t at)
{
    return at < t->pattern.len ? t->pattern.ptr[at] : '\0';
}

static bool is_at(const translation *t, char c)
{
    return t->at < t->pattern.len && t->pattern.ptr[t->at] == c;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

static void put(translation *t, const char *text)
{
    (void)eg_buf_append_cstr(t->out, text);
}

static void put_char(translation *t, char c)
{
    (void)eg_buf_append_char(t->out, c);
}

/* ---- characters ---- */

/* One that stands for itself, in a set or outside. */
static void put_code(translation *t, uint32_t code, bool in_set)
{
    char bytes[4];

    if (code >= 0xD800 && code <= 0xDFFF) {
        refuse(t, t->at, "half of a surrogate pair");
    } else if (code == 0) {
        put(t, "\\x{0}");
    } else {
        if (code < 0x80 && is_one_of((char)code, in_set ? "\\[]^-" : "\\^$.|?*+()[]{}#")) {
            put_char(t, '\\');
        }
        (void)eg_buf_append(t->out, bytes, eg_utf8_encode(code, bytes));
    }
}

static void put_literal(translation *t, uint32_t code)
{
    if (t->nocase && is_letter(code)) {
        (void)eg_buf_appendf(t->out, "[%c%c]", (char)(code | 0x20), (char)(code & 0x5F));
    } else {
        put_code(t, code, false);
    }
    t->before = BEFORE_ATOM;
}

static uint32_t read_number(translation *t, size_t digits, unsigned base, bool all)
{
    static const char known[] = "0123456789abcdef";
    uint32_t value = 0;
    size_t i;

    for (i = 0; i < digits; i++, t->at++) {
        char c = char_at(t, t->at);
        const char *digit;

        if (c >= 'A' && c <= 'F') {
            c = (char)(c | 0x20);
        }
        digit = c != '\0' ? strchr(known, c) : NULL;
        if (!digit || (size_t)(digit - known) >= base) {
            if (all) {
                refuse(t, t->at, "a digit is missing");
            }
            return value;
        }
        value = value * base + (uint32_t)(digit - known);
    }
    return value;
}

/* Behind the backslash: what means a single character. False when it is something else. */
static bool read_code(translation *t, uint32_t *code)
{
    static const char names[] = "afnrtv", codes[] = "\a\f\n\r\t\v";
    char c = char_at(t, t->at);

    if (t->at >= t->pattern.len) {
        refuse(t, t->at, "nothing stands behind the backslash");
        return false;
    }
    if (is_one_of(c, names)) {
        *code = (uint32_t)codes[strchr(names, c) - names];
        t->at++;
    } else if (c == 'x' || c == 'u' || c == 'U') {
        t->at++;
        *code = read_number(t, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, true);
        if (*code > 0x10FFFF) {
            refuse(t, t->at, "no such character");
        }
    } else if (c == '0') {
        *code = read_number(t, 3, 8, false);
        if (*code > 0xFF) { /* "\0" and two digits more at most */
            refuse(t, t->at, "no such character");
        }
    } else if (is_digit(c) || is_letter((unsigned char)c)) {
        return false;
    } else {
        *code = eg_utf8_next(t->pattern, &t->at);
    }
    return true;
}

/* ---- sets ---- */

static void read_member(translation *t, member *m)
{
    *m = (member){0, '\0'};
    if (!is_at(t, '\\')) {
        m->code = eg_utf8_next(t->pattern, &t->at);
        return;
    }
    t->at++;
    if (is_one_of(char_at(t, t->at), "dDsSwW")) {
        m->set = char_at(t, t->at++);
    } else if (is_at(t, 'b')) {
        m->code = '\b';
        t->at++;
    } else if (char_at(t, t->at) >= '1' && char_at(t, t->at) <= '7') {
        m->code = read_number(t, 3, 8, false);
        if (m->code > 0xFF) {
            refuse(t, t->at, "no such character");
        }
    } else if (!read_code(t, &m->code)) {
        refuse(t, t->at, "no such escape");
    }
}

/* What a range holds of the letters from `first` on, in the other case. */
static void put_other_case(translation *t, uint32_t low, uint32_t high, uint32_t first)
{
    uint32_t last = first + 25;

    low = low > first ? low : first;
    high = high < last ? high : last;
    if (low <= high) {
        (void)eg_buf_appendf(t->out, "%c-%c", (char)(low ^ 0x20), (char)(high ^ 0x20));
    }
}

static void put_range(translation *t, uint32_t low, uint32_t high)
{
    put_code(t, low, true);
    if (high != low) {
        put_char(t, '-');
        put_code(t, high, true);
        if (low < '\n' && high >= '\n') {
            put_char(t, '\n'); /* so that whoever looks for the end of a line finds it */
        }
    }
    if (t->nocase) {
        put_other_case(t, low, high, 'A');
        put_other_case(t, low, high, 'a');
    }
}

static void translate_member(translation *t)
{
    member low, high;
    size_t start = t->at;

    read_member(t, &low);
    high = low;
    if (is_at(t, '-') && t->at + 1 < t->pattern.len && char_at(t, t->at + 1) != ']') {
        t->at++;
        read_member(t, &high);
        if (low.set || high.set || high.code < low.code) {
            refuse(t, start, "no such range of characters");
            return;
        }
    }
    if (low.set) {
        put_char(t, '\\');
        put_char(t, low.set);
    } else {
        put_range(t, low.code, high.code);
    }
}

static void translate_set(translation *t)
{
    size_t start = t->at++, first;

    put_char(t, '[');
    if (is_at(t, '^')) {
        put_char(t, '^');
        t->at++;
    }
    for (first = t->at; t->at == first || !is_at(t, ']');) {
        if (t->at >= t->pattern.len || t->status != EG_OK) {
            refuse(t, start, "the set of characters has no end");
            return;
        }
        translate_member(t);
    }
    t->at++;
    put_char(t, ']');
    t->before = BEFORE_ATOM;
}

/* ---- escapes ---- */

/* "\1" to "\99", or three octal digits. */
static void translate_reference(translation *t)
{
    size_t start = t->at, digits = 1;
    uint32_t number;

    while (digits < 3 && is_digit(char_at(t, start + digits))) {
        digits++;
    }
    if (digits == 3 && is_one_of(char_at(t, start), "01234567") &&
        is_one_of(char_at(t, start + 1), "01234567") &&
        is_one_of(char_at(t, start + 2), "01234567")) {
        number = read_number(t, 3, 8, true);
        if (number > 0xFF) {
            refuse(t, start, "no such character");
        }
        put_literal(t, number);
        return;
    }
    number = read_number(t, digits < 2 ? 1 : 2, 10, true);
    if (t->nocase) {
        refuse(t, start, "a reference back that ignores case is not supported");
    }
    (void)eg_buf_appendf(t->out, "\\g{%u}", (unsigned)number);
    t->before = BEFORE_ATOM;
}

static void translate_escape(translation *t)
{
    size_t start = t->at++;
    char c = char_at(t, t->at);
    uint32_t code = 0;

    if (is_one_of(c, "dDsSwWbBA")) {
        put_char(t, '\\');
        put_char(t, c);
        t->before = is_one_of(c, "bBA") ? BEFORE_PLACE : BEFORE_ATOM;
        t->at++;
    } else if (c == 'Z') { /* the very end of the text */
        put(t, "\\z");
        t->before = BEFORE_PLACE;
        t->at++;
    } else if (c >= '1' && c <= '9') {
        translate_reference(t);
    } else if (read_code(t, &code)) {
        put_literal(t, code);
    } else {
        refuse(t, start, "no such escape");
    }
}

/* ---- quantifiers ---- */

static eg_str read_digits(translation *t)
{
    size_t start = t->at;

    while (is_digit(char_at(t, t->at))) {
        t->at++;
    }
    return (eg_str){t->pattern.ptr + start, t->at - start};
}

/* "{2}", "{2,}", "{,3}", "{2,3}"; a brace that counts nothing stands for itself. */
static bool translate_braces(translation *t)
{
    size_t start = t->at++;
    eg_str low = read_digits(t), high = low;
    uint64_t least = 0, most = 0;
    bool comma = is_at(t, ',');

    if (comma) {
        t->at++;
        high = read_digits(t);
    }
    if (!is_at(t, '}') || (!comma && low.len == 0)) {
        t->at = start + 1;
        return false;
    }
    t->at++;
    if (low.len > COUNT_DIGITS_MAX || high.len > COUNT_DIGITS_MAX ||
        (low.len > 0 && high.len > 0 && eg_str_to_u64(low, &least) && eg_str_to_u64(high, &most) &&
         most < least)) {
        refuse(t, start, "such a number of repetitions is not possible");
    }
    (void)eg_buf_appendf(t->out, "{%.*s%s%.*s}", EG_STR_ARGS(low.len > 0 ? low : EG_STR("0")),
                         comma ? "," : "", EG_STR_ARGS(comma ? high : EG_STR("")));
    return true;
}

static void translate_quantifier(translation *t)
{
    size_t start = t->at;

    if (is_at(t, '{') && !translate_braces(t)) {
        put_literal(t, '{');
        return;
    }
    if (t->at == start) {
        put_char(t, char_at(t, t->at++));
    }
    if (t->before == BEFORE_NOTHING || t->before == BEFORE_PLACE) {
        refuse(t, start, "there is nothing to repeat");
    } else if (t->before == BEFORE_REPEAT) {
        refuse(t, start, "a repetition is repeated");
    }
    if (is_at(t, '?') || is_at(t, '+')) {
        put_char(t, char_at(t, t->at++));
    }
    t->before = BEFORE_REPEAT;
}

/* ---- groups ---- */

static void open_group(translation *t, bool nocase)
{
    if (t->depth == DEPTH_MAX) {
        refuse(t, t->at, "groups are nested too deeply");
        return;
    }
    t->outer_nocase[t->depth++] = t->nocase;
    t->nocase = nocase;
    t->before = BEFORE_NOTHING;
}

static void close_group(translation *t)
{
    if (t->depth == 0) {
        refuse(t, t->at, "a ) without its (");
        return;
    }
    t->nocase = t->outer_nocase[--t->depth];
    t->before = BEFORE_ATOM;
    put_char(t, ')');
    t->at++;
}

/* The name of a group, up to what ends it; empty when it is none. */
static eg_str read_name(translation *t, char end)
{
    size_t start = t->at;

    while (is_letter((unsigned char)char_at(t, t->at)) || is_digit(char_at(t, t->at)) ||
           is_at(t, '_')) {
        t->at++;
    }
    if (!is_at(t, end) || t->at == start) {
        refuse(t, start, "no name of a group");
    }
    t->at++;
    return (eg_str){t->pattern.ptr + start, t->at - 1 - start};
}

/* Behind "(?P": "<name>" begins a group, "=name)" refers to it. */
static void translate_named(translation *t)
{
    char kind = char_at(t, t->at++);
    eg_str name;

    if (kind == '<') {
        name = read_name(t, '>');
        (void)eg_buf_appendf(t->out, "(?P<%.*s>", EG_STR_ARGS(name));
        open_group(t, t->nocase);
    } else if (kind == '=') {
        name = read_name(t, ')');
        if (t->nocase) {
            refuse(t, t->at - 1, "a reference back that ignores case is not supported");
        }
        (void)eg_buf_appendf(t->out, "(?P=%.*s)", EG_STR_ARGS(name));
        t->before = BEFORE_ATOM;
    } else {
        refuse(t, t->at - 1, "no such group");
    }
}

/* "(?(1)yes|no)" or by name. */
static void translate_conditional(translation *t)
{
    eg_str name;

    t->at++;
    name = read_name(t, ')');
    (void)eg_buf_appendf(t->out,
                         is_digit(name.len > 0 ? name.ptr[0] : '0') ? "(?(%.*s)" : "(?(<%.*s>)",
                         EG_STR_ARGS(name));
    open_group(t, t->nocase);
}

/* "i", "m" and "s" switched on, and behind a '-' off. */
typedef struct switches {
    bool removing, i_on, i_off;
    char on[3], off[3]; /* of m and s, as text */
    size_t count;
} switches;

static void read_switch(translation *t, switches *s, char c)
{
    char *list = s->removing ? s->off : s->on;

    if (c == '-' && !s->removing) {
        s->removing = true;
        return;
    }
    s->count++;
    if (c == 'i') {
        s->i_on |= !s->removing;
        s->i_off |= s->removing;
    } else if (c == 'm' || c == 's') {
        size_t length = strlen(list);

        if (!strchr(list, c)) {
            list[length] = c;
        }
        t->dotall |= c == 's' && !s->removing;
    } else if (c != 'a' || s->removing) {
        refuse(t, t->at - 1, "this flag is not supported");
    }
}

/* Behind "(?": for all of the expression, "i)"; or for a group, "s-i:". */
static void translate_flags(translation *t)
{
    switches s;
    size_t start = t->at;

    memset(&s, 0, sizeof(s));
    while (t->at < t->pattern.len && !is_at(t, ')') && !is_at(t, ':') && t->status == EG_OK) {
        read_switch(t, &s, char_at(t, t->at++));
    }
    if (t->at >= t->pattern.len || s.count == 0) {
        refuse(t, start, "no such group");
        return;
    }
    if (is_at(t, ':')) {
        (void)eg_buf_appendf(t->out, "(?%s%s%s:", s.on, s.off[0] ? "-" : "", s.off);
        t->at++;
        open_group(t, (t->nocase || s.i_on) && !s.i_off);
        return;
    }
    if (t->begun || s.removing) {
        refuse(t, start, "flags of the whole expression stand elsewhere than at its beginning");
    }
    if (s.on[0]) {
        (void)eg_buf_appendf(t->out, "(?%s)", s.on);
    }
    t->nocase |= s.i_on;
    t->at++;
}

static void skip_comment(translation *t)
{
    while (t->at < t->pattern.len && !is_at(t, ')')) {
        t->at++;
    }
    if (t->at >= t->pattern.len) {
        refuse(t, t->at, "a comment has no end");
    }
    t->at++;
}

/* True when it was flags of the whole expression, or a comment: nothing that stands there. */
static bool translate_group(translation *t)
{
    size_t start = t->at++;
    char kind;

    if (!is_at(t, '?')) {
        put_char(t, '(');
        open_group(t, t->nocase);
        return false;
    }
    kind = char_at(t, ++t->at);
    if (is_one_of(kind, ":=!>")) {
        t->at++;
        (void)eg_buf_appendf(t->out, "(?%c", kind);
        open_group(t, t->nocase);
    } else if (kind == '<' && is_one_of(char_at(t, t->at + 1), "=!")) {
        (void)eg_buf_appendf(t->out, "(?<%c", char_at(t, t->at + 1));
        t->at += 2;
        open_group(t, t->nocase);
    } else if (kind == 'P') {
        t->at++;
        translate_named(t);
    } else if (kind == '(') {
        translate_conditional(t);
    } else if (kind == '#') {
        skip_comment(t);
        return true;
    } else if (is_one_of(kind, "aims-")) {
        size_t depth = t->depth;

        translate_flags(t);
        return t->depth == depth;
    } else {
        refuse(t, start, "no such group");
    }
    return false;
}

/* ---- all of it ---- */

static void translate_element(translation *t)
{
    char c = char_at(t, t->at);

    switch (c) {
    case '\\': translate_escape(t); break;
    case '[': translate_set(t); break;
    case '(':
        if (translate_group(t)) {
            return;
        }
        break;
    case ')': close_group(t); break;
    case '*':
    case '+':
    case '?':
    case '{': translate_quantifier(t); break;
    case '|':
    case '.':
    case '^':
    case '$':
        put_char(t, c);
        t->before = c == '.' ? BEFORE_ATOM : c == '|' ? BEFORE_NOTHING : BEFORE_PLACE;
        t->at++;
        break;
    default: put_literal(t, eg_utf8_next(t->pattern, &t->at)); break;
    }
    t->begun = true;
}

int eg_regex_translate(eg_str pattern, unsigned flags, eg_buf *out, bool *dotall)
{
    translation t;

    memset(&t, 0, sizeof(t));
    t.pattern = pattern;
    t.out = out;
    t.nocase = (flags & EG_REGEX_NOCASE) != 0;
    t.dotall = (flags & EG_REGEX_DOTALL) != 0;
    while (t.at < pattern.len && t.status == EG_OK && out->status == EG_OK) {
        translate_element(&t);
    }
    if (t.depth > 0) {
        refuse(&t, pattern.len, "a ( without its )");
    }
    *dotall = t.dotall;
    return t.status != EG_OK ? t.status : out->status;
}
