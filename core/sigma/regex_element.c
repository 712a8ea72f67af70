/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex_element.h"

#include <string.h>

#define NESTED_MAX 8

bool eg_regex_reader_is_at(const eg_regex_reader *reader, char c)
{
    return reader->at < reader->pattern.len && reader->pattern.ptr[reader->at] == c;
}

static bool at_char(const eg_regex_reader *r, size_t at, char wanted)
{
    return at < r->pattern.len && r->pattern.ptr[at] == wanted;
}

/* ---- atoms ---- */

size_t eg_regex_set_end(const eg_regex_reader *r, size_t at)
{
    at++;
    if (at_char(r, at, '^')) {
        at++;
    }
    if (at_char(r, at, ']')) {
        at++;
    }
    while (at < r->pattern.len && r->pattern.ptr[at] != ']') {
        at += r->pattern.ptr[at] == '\\' ? 2 : 1;
    }
    return at + 1;
}

/* Groups with a meaning of their own are not for us. */
static size_t group_end(eg_regex_reader *r, size_t at)
{
    size_t depth = 0;

    while (at < r->pattern.len) {
        char here = r->pattern.ptr[at];

        if (here == '[') {
            at = eg_regex_set_end(r, at);
            continue;
        }
        if (here == '(') {
            depth++;
            if (at_char(r, at + 1, '*') || (at_char(r, at + 1, '?') && !at_char(r, at + 2, ':'))) {
                r->gave_up = true;
            }
        } else if (here == ')' && --depth == 0) {
            return at + 1;
        }
        at += here == '\\' ? 2 : 1;
    }
    r->gave_up = true;
    return at;
}

static size_t escape_end(eg_regex_reader *r, size_t at)
{
    char next = at + 1 < r->pattern.len ? r->pattern.ptr[at + 1] : '0';

    if (strchr("sSdDwWb", next) == NULL &&
        ((next >= '0' && next <= '9') || (next >= 'a' && next <= 'z') ||
         (next >= 'A' && next <= 'Z') || (unsigned char)next >= 0x80)) {
        r->gave_up = true;
    }
    return at + 2;
}

static size_t atom_end(eg_regex_reader *r)
{
    char here = r->pattern.ptr[r->at];

    switch (here) {
    case '\\': return escape_end(r, r->at);
    case '[': return eg_regex_set_end(r, r->at);
    case '(': return group_end(r, r->at);
    case '|':
    case ')':
    case '^':
    case '*':
    case '+':
    case '?':
    case '{': r->gave_up = true; return r->at + 1;
    default:
        if ((unsigned char)here >= 0x80) {
            r->gave_up = true;
        }
        return r->at + 1;
    }
}

/* ---- quantifiers ---- */

static size_t digits_end(const eg_regex_reader *r, size_t at)
{
    while (at < r->pattern.len && r->pattern.ptr[at] >= '0' && r->pattern.ptr[at] <= '9') {
        at++;
    }
    return at;
}

static void read_braces(eg_regex_reader *r, eg_regex_element *e)
{
    size_t digits = r->at + 1, end = digits_end(r, digits);

    e->least = (eg_str){r->pattern.ptr + digits, end - digits};
    e->varies = at_char(r, end, ',');
    if (e->varies) {
        end++;
    }
    e->endless = e->varies && at_char(r, end, '}');
    end = digits_end(r, end);
    if (e->least.len == 0 || !at_char(r, end, '}')) {
        r->gave_up = true;
    }
    r->at = end + 1;
}

void eg_regex_read(eg_regex_reader *r, eg_regex_element *e)
{
    size_t start = r->at;

    memset(e, 0, sizeof(*e));
    r->at = atom_end(r);
    if (r->at > r->pattern.len) {
        r->gave_up = true;
        r->at = r->pattern.len;
    }
    e->atom = (eg_str){r->pattern.ptr + start, r->at - start};
    start = r->at;
    if (eg_regex_reader_is_at(r, '{')) {
        read_braces(r, e);
    } else if (eg_regex_reader_is_at(r, '*') || eg_regex_reader_is_at(r, '+') ||
               eg_regex_reader_is_at(r, '?')) {
        e->varies = true;
        e->endless = r->pattern.ptr[r->at] != '?';
        r->at++;
    }
    if (r->at > start && eg_regex_reader_is_at(r, '?')) {
        r->at++;
    }
    if (r->at > start && eg_regex_reader_is_at(r, '+')) {
        r->gave_up = true;
    }
    if (r->at > r->pattern.len) {
        r->gave_up = true;
        r->at = r->pattern.len;
    }
    e->quantifier = (eg_str){r->pattern.ptr + start, r->at - start};
}

/* ---- what it may match ---- */

bool eg_regex_is_group(const eg_regex_element *element)
{
    return element->atom.ptr[0] == '(';
}

eg_str eg_regex_group_inside(const eg_regex_element *group)
{
    size_t skip = group->atom.len > 3 && memcmp(group->atom.ptr, "(?:", 3) == 0 ? 3 : 1;

    return (eg_str){group->atom.ptr + skip, group->atom.len - skip - 1};
}

bool eg_regex_may_cross_lines(eg_str atom)
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

static bool fixed_length(const eg_regex_element *e, int depth, size_t *length);

/* Of each alternative the same. */
static bool group_length(const eg_regex_element *group, int depth, size_t *length)
{
    eg_regex_reader r = {eg_regex_group_inside(group), 0, false};
    size_t sum = 0, one = 0, first = SIZE_MAX;

    while (r.at <= r.pattern.len) {
        eg_regex_element e;

        if (r.at == r.pattern.len || eg_regex_reader_is_at(&r, '|')) {
            if (first != SIZE_MAX && sum != first) {
                return false;
            }
            first = sum;
            sum = 0;
            r.at++;
            continue;
        }
        eg_regex_read(&r, &e);
        if (r.gave_up || !fixed_length(&e, depth + 1, &one)) {
            return false;
        }
        sum += one;
    }
    *length = first;
    return true;
}

static bool fixed_length(const eg_regex_element *e, int depth, size_t *length)
{
    uint64_t times = 1;
    size_t one = 1;

    if (depth > NESTED_MAX || (e->varies && !e->shrunk) ||
        (e->least.len > 0 && (!eg_str_to_u64(e->least, &times) || times > 65535))) {
        return false;
    }
    if (eg_regex_is_group(e)) {
        if (!group_length(e, depth, &one)) {
            return false;
        }
    } else if (e->atom.ptr[0] == '$' || eg_str_equal(e->atom, EG_STR("\\b"))) {
        one = 0;
    }
    *length = one * (size_t)times;
    return true;
}

bool eg_regex_fixed_length(const eg_regex_element *element, size_t *length)
{
    return fixed_length(element, 0, length);
}
