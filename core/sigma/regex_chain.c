/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex_chain.h"

#include "core/base/status.h"

#include <string.h>

/* An atom and how often it stands there. */
typedef struct element {
    eg_str atom;
    eg_str quantifier; /* as written, "" for none */
    eg_str least;      /* of "{3,5}": "3"; "" where it has no braces */
    bool endless;      /* no upper bound */
    bool varies;
} element;

typedef struct chain {
    eg_str pattern;
    size_t at;
    eg_buf *out;
    size_t gaps;
    bool varies, crosses; /* the segment at hand: differs in length; may match the end of a line */
    bool exact;           /* for every segment before the last gap, neither */
    bool shrunk;
    bool gave_up;
} chain;

static bool at_text(const chain *c, size_t at, const char *text)
{
    size_t len = strlen(text);

    return at <= c->pattern.len && c->pattern.len - at >= len &&
           memcmp(c->pattern.ptr + at, text, len) == 0;
}

static bool at_char(const chain *c, size_t at, char wanted)
{
    return at < c->pattern.len && c->pattern.ptr[at] == wanted;
}

/* ---- reading ---- */

static size_t class_end(const chain *c, size_t at)
{
    at++;
    if (at_char(c, at, '^')) {
        at++;
    }
    if (at_char(c, at, ']')) {
        at++;
    }
    while (at < c->pattern.len && c->pattern.ptr[at] != ']') {
        at += c->pattern.ptr[at] == '\\' ? 2 : 1;
    }
    return at + 1;
}

/* Groups with a meaning of their own are not for us. */
static size_t group_end(chain *c, size_t at)
{
    size_t depth = 0;

    while (at < c->pattern.len) {
        char here = c->pattern.ptr[at];

        if (here == '[') {
            at = class_end(c, at);
            continue;
        }
        if (here == '(') {
            depth++;
            if (at_char(c, at + 1, '*') || (at_char(c, at + 1, '?') && !at_char(c, at + 2, ':'))) {
                c->gave_up = true;
            }
        } else if (here == ')' && --depth == 0) {
            return at + 1;
        }
        at += here == '\\' ? 2 : 1;
    }
    c->gave_up = true;
    return at;
}

static size_t escape_end(chain *c, size_t at)
{
    char next = at + 1 < c->pattern.len ? c->pattern.ptr[at + 1] : '0';

    if (strchr("sSdDwWb", next) == NULL &&
        ((next >= '0' && next <= '9') || (next >= 'a' && next <= 'z') ||
         (next >= 'A' && next <= 'Z') || (unsigned char)next >= 0x80)) {
        c->gave_up = true;
    }
    return at + 2;
}

static size_t atom_end(chain *c)
{
    char here = c->pattern.ptr[c->at];

    switch (here) {
    case '\\': return escape_end(c, c->at);
    case '[': return class_end(c, c->at);
    case '(': return group_end(c, c->at);
    case '|':
    case ')':
    case '^':
    case '*':
    case '+':
    case '?':
    case '{': c->gave_up = true; return c->at + 1;
    default:
        if ((unsigned char)here >= 0x80) {
            c->gave_up = true;
        }
        return c->at + 1;
    }
}

static void read_braces(chain *c, element *e)
{
    size_t end = c->at + 1, digits = end;

    while (end < c->pattern.len && c->pattern.ptr[end] >= '0' && c->pattern.ptr[end] <= '9') {
        end++;
    }
    e->least = (eg_str){c->pattern.ptr + digits, end - digits};
    e->varies = at_char(c, end, ',');
    if (e->varies) {
        end++;
    }
    e->endless = e->varies && at_char(c, end, '}');
    while (end < c->pattern.len && c->pattern.ptr[end] >= '0' && c->pattern.ptr[end] <= '9') {
        end++;
    }
    if (e->least.len == 0 || !at_char(c, end, '}')) {
        c->gave_up = true;
    }
    c->at = end + 1;
}

static void read_element(chain *c, element *e)
{
    size_t start = c->at;

    memset(e, 0, sizeof(*e));
    c->at = atom_end(c);
    if (c->at > c->pattern.len) {
        c->gave_up = true;
        c->at = c->pattern.len;
    }
    e->atom = (eg_str){c->pattern.ptr + start, c->at - start};
    start = c->at;
    if (at_char(c, c->at, '{')) {
        read_braces(c, e);
    } else if (at_char(c, c->at, '*') || at_char(c, c->at, '+') || at_char(c, c->at, '?')) {
        e->varies = true;
        e->endless = c->pattern.ptr[c->at] != '?';
        c->at++;
    }
    if (c->at > start && at_char(c, c->at, '?')) {
        c->at++;
    }
    if (c->at > start && at_char(c, c->at, '+')) {
        c->gave_up = true;
    }
    if (c->at > c->pattern.len) {
        c->gave_up = true;
        c->at = c->pattern.len;
    }
    e->quantifier = (eg_str){c->pattern.ptr + start, c->at - start};
}

/* "(?:.*\\x){1,}" is ".*\\x": the first repetition covers the others. */
static bool unwrap_repeated_gap(const element *e, eg_str *sign)
{
    bool some = e->endless && (e->quantifier.ptr[0] == '+' || eg_str_equal(e->least, EG_STR("1")));
    size_t inner = e->atom.len == 8 && memcmp(e->atom.ptr, "(?:", 3) == 0 ? 3 : 1;

    if (!some || e->atom.ptr[0] != '(' || e->atom.len != inner + 5 ||
        memcmp(e->atom.ptr + inner, ".*\\", 3) != 0 ||
        !strchr("()[]{}+*?.$^|\\\"'", e->atom.ptr[inner + 3])) {
        return false;
    }
    *sign = (eg_str){e->atom.ptr + inner + 2, 2};
    return true;
}

/* ---- what it may match ---- */

static bool may_cross_lines(eg_str atom)
{
    size_t i;

    for (i = 0; i + 1 < atom.len; i++) {
        if (atom.ptr[i] == '[' && atom.ptr[i + 1] == '^') {
            return true;
        }
        if (atom.ptr[i] == '\\') {
            if (strchr("sWD", atom.ptr[i + 1])) {
                return true;
            }
            i++;
        }
    }
    return memchr(atom.ptr, '\n', atom.len) != NULL;
}

static bool is_gap(const element *e)
{
    return e->atom.len == 1 && e->atom.ptr[0] == '.' && e->endless;
}

/* ---- writing ---- */

static size_t digits_end(eg_str text, size_t at)
{
    while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9') {
        at++;
    }
    return at;
}

/* Behind "{3}", "{3,}" or "{3,5}" that begins here; 0 when the brace counts nothing. */
static size_t braces_end(eg_str text, size_t at)
{
    size_t end = digits_end(text, at + 1);
    bool counts = end > at + 1;

    if (end < text.len && text.ptr[end] == ',') {
        end = digits_end(text, end + 1);
    }
    return counts && end < text.len && text.ptr[end] == '}' ? end + 1 : 0;
}

/* Every repetition in it as short as it can be: the earliest end leaves most for what follows. */
static void write_lazy(chain *c, eg_str text)
{
    chain part = {text, 0, c->out, 0, false, false, true, false, false};

    while (part.at < text.len) {
        char here = text.ptr[part.at];
        size_t end = part.at + 1;
        bool repeats = here == '*' || here == '+' || here == '?';

        if (here == '\\') {
            end = part.at + 2;
        } else if (here == '[') {
            end = class_end(&part, part.at);
        } else if (here == '{') {
            end = braces_end(text, part.at);
            if (end == 0) {
                c->gave_up = true;
                return;
            }
            repeats = true;
        } else if (here == '(' && at_text(&part, part.at, "(?:")) {
            end = part.at + 3;
        }
        end = end < text.len ? end : text.len;
        (void)eg_buf_append(c->out, text.ptr + part.at, end - part.at);
        if (repeats && !at_char(&part, end, '?')) {
            (void)eg_buf_append_char(c->out, '?');
        } else if (repeats) {
            (void)eg_buf_append_char(c->out, text.ptr[end++]);
        }
        part.at = end;
    }
}

/* At the beginning of a segment the fewest repetitions are enough: the gap takes the others. */
static void write_shrunk(chain *c, const element *e)
{
    char kind = e->quantifier.ptr[0];

    c->shrunk = true;
    if (kind == '*' || kind == '?') {
        return;
    }
    write_lazy(c, e->atom);
    if (kind == '{') {
        (void)eg_buf_appendf(c->out, "{%.*s}", EG_STR_ARGS(e->least));
    }
}

static void write_element(chain *c, const element *e, bool first)
{
    bool crosses = may_cross_lines(e->atom);

    c->crosses |= crosses;
    if (first && e->varies && (c->gaps == 0 || !crosses)) {
        write_shrunk(c, e);
        return;
    }
    c->varies |= e->varies || e->atom.ptr[0] == '(';
    write_lazy(c, e->atom);
    write_lazy(c, e->quantifier);
}

/* The segment before it is settled with its first match. */
static void write_gap(chain *c, const element *e)
{
    c->gaps++;
    c->exact &= !c->varies && !c->crosses;
    c->varies = c->crosses = false;
    (void)eg_buf_append_cstr(c->out, ")(?>.");
    if (e->quantifier.len > 0 && e->quantifier.ptr[0] == '{') {
        (void)eg_buf_appendf(c->out, "{%.*s,}?", EG_STR_ARGS(e->least));
    } else {
        (void)eg_buf_appendf(c->out, "%c?", e->quantifier.ptr[0]);
    }
}

static void write_chain(chain *c)
{
    static const element any = {{".", 1}, {"*", 1}, {"", 0}, true, true};
    bool first = true;

    (void)eg_buf_append_cstr(c->out, "(?m:^)(?>.*?");
    while (c->at < c->pattern.len && !c->gave_up) {
        element e;
        eg_str rest;

        read_element(c, &e);
        if (c->gave_up) {
            return;
        }
        if (is_gap(&e)) {
            write_gap(c, &e);
            first = true;
        } else if (unwrap_repeated_gap(&e, &rest)) {
            write_gap(c, &any);
            (void)eg_buf_append_str(c->out, rest);
            first = false;
        } else {
            write_element(c, &e, first);
            first = false;
        }
    }
    (void)eg_buf_append_char(c->out, ')');
}

/* Without a gap only the beginning changes. */
static void write_without_gap(chain *c, size_t start)
{
    element e;

    c->at = start;
    read_element(c, &e);
    write_shrunk(c, &e);
    (void)eg_buf_append(c->out, c->pattern.ptr + c->at, c->pattern.len - c->at);
}

static void take_back(eg_buf *out, size_t length)
{
    out->len = length;
    if (out->data) {
        out->data[length] = '\0';
    }
}

eg_regex_form eg_regex_chain(eg_str pattern, eg_buf *out)
{
    chain c = {pattern, 0, out, 0, false, false, true, false, false};
    size_t before = out->len, start;

    if (at_text(&c, 0, "(?i)")) {
        c.at = 4;
    }
    start = c.at;
    (void)eg_buf_append(out, pattern.ptr, start);
    write_chain(&c);
    if (!c.gave_up && c.gaps == 0 && c.shrunk) {
        take_back(out, before);
        (void)eg_buf_append(out, pattern.ptr, start);
        write_without_gap(&c, start);
    }
    if (c.gave_up || out->status != EG_OK || (c.gaps == 0 && !c.shrunk)) {
        take_back(out, before);
        return EG_REGEX_AS_IT_IS;
    }
    return c.exact ? EG_REGEX_EQUAL : EG_REGEX_STRICTER;
}
