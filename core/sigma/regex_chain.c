/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why it is exact. Take a segment between two gaps and the matches of it that begin on the line at
 * hand. Of those that end on that line too, the one that ends first is enough: the gap behind it
 * covers the others. Lazily from the left, that is the first one found, if the segment is made of
 * parts of fixed length with repeated single characters between them: a match that ended before it
 * would hold a part where one from further left could have had it already, for what lies between
 * is repeated characters there as well. So alternatives of different lengths are tried one by one.
 * Matches that end on another line are all tried, one after the other; they are few, since only
 * blanks may stand before and behind that end of a line.
 */
#include "core/sigma/regex_chain.h"

#include "core/base/status.h"
#include "core/sigma/regex_element.h"

#include <string.h>

#define ELEMENTS_MAX 40
#define BRANCHES_MAX 8
#define ANY_BLANK "\\s"
#define BLANK_IN_LINE "[^\\S\n]"

/* What stands between two gaps, or one of the ways in which it may stand there. */
typedef struct segment {
    eg_regex_element elements[ELEMENTS_MAX];
    size_t count;
} segment;

typedef struct branches {
    segment items[BRANCHES_MAX];
    size_t count;
    bool too_many; /* or not simple enough */
} branches;

typedef struct chain {
    eg_buf *out;
    size_t gaps;
    bool exact;
    bool shrunk;
    bool gave_up;
} chain;

static void put(chain *c, const char *text)
{
    (void)eg_buf_append_cstr(c->out, text);
}

static bool is_gap(const eg_regex_element *e)
{
    return e->atom.len == 1 && e->atom.ptr[0] == '.' && e->endless;
}

/* "(?:.*\\x){1,}" is ".*\\x": the first repetition covers the others. */
static bool unwrap_repeated_gap(const eg_regex_element *e, eg_str *sign)
{
    bool some = e->endless && (e->quantifier.ptr[0] == '+' || eg_str_equal(e->least, EG_STR("1")));
    eg_str inside;

    if (!some || !eg_regex_is_group(e)) {
        return false;
    }
    inside = eg_regex_group_inside(e);
    if (inside.len != 4 || memcmp(inside.ptr, ".*\\", 3) != 0 ||
        !strchr("()[]{}+*?.$^|\\\"'", inside.ptr[3])) {
        return false;
    }
    *sign = (eg_str){inside.ptr + 2, 2};
    return true;
}

/* ---- writing elements ---- */

/* Every repetition in it as short as it can be: the earliest end leaves most for what follows. */
static void write_lazy(chain *c, eg_str text)
{
    eg_regex_reader r = {text, 0, false};

    while (r.at < text.len) {
        char here = text.ptr[r.at];
        size_t start = r.at, end = r.at + 1;
        bool repeats = here == '*' || here == '+' || here == '?' || here == '{';

        if (here == '\\') {
            end = start + 2;
        } else if (here == '[') {
            end = eg_regex_set_end(&r, start);
        } else if (here == '{') {
            const char *close = memchr(text.ptr + start, '}', text.len - start);

            end = close ? (size_t)(close - text.ptr) + 1 : text.len;
        } else if (here == '(' && text.len - start > 2 && text.ptr[start + 1] == '?') {
            end = start + 3;
        }
        end = end < text.len ? end : text.len;
        (void)eg_buf_append(c->out, text.ptr + start, end - start);
        r.at = end;
        if (repeats) {
            put(c, "?");
            r.at += eg_regex_reader_is_at(&r, '?') ? 1 : 0;
            c->gave_up |= eg_regex_reader_is_at(&r, '+'); /* takes all and gives nothing back */
        }
    }
}

static void write_element(chain *c, const eg_regex_element *e)
{
    write_lazy(c, e->atom);
    if (!e->shrunk) {
        write_lazy(c, e->quantifier);
    } else if (e->least.len > 0) {
        (void)eg_buf_appendf(c->out, "{%.*s}", EG_STR_ARGS(e->least));
    }
}

static bool is_blank(const eg_regex_element *e)
{
    return eg_str_equal(e->atom, EG_STR(ANY_BLANK));
}

/* The blank matches no end of a line, or certainly one. */
static void write_blank(chain *c, const eg_regex_element *e, bool ends_line)
{
    if (!ends_line) {
        put(c, BLANK_IN_LINE);
        if (!e->shrunk) {
            write_lazy(c, e->quantifier);
        }
    } else if (e->endless && !e->shrunk) {
        put(c, BLANK_IN_LINE "*?\n" ANY_BLANK "*?");
    } else {
        put(c, "\n");
    }
}

/* ---- alternatives of different lengths ---- */

static void add_element(branches *b, const eg_regex_element *e)
{
    size_t i;

    for (i = 0; i < b->count; i++) {
        segment *s = &b->items[i];

        if (s->count == ELEMENTS_MAX) {
            b->too_many = true;
            return;
        }
        s->elements[s->count++] = *e;
    }
}

/* Simple elements only: another group of different lengths is not for us. */
static bool read_alternative(eg_regex_reader *r, segment *s)
{
    size_t length;

    s->count = 0;
    while (r->at < r->pattern.len && !eg_regex_reader_is_at(r, '|')) {
        eg_regex_element *e = &s->elements[s->count];

        if (s->count == ELEMENTS_MAX) {
            return false;
        }
        eg_regex_read(r, e);
        if (r->gave_up || (eg_regex_is_group(e) && !eg_regex_fixed_length(e, &length))) {
            return false;
        }
        s->count++;
    }
    r->at++;
    return true;
}

static bool read_alternatives(const eg_regex_element *group, branches *out)
{
    eg_regex_reader r = {eg_regex_group_inside(group), 0, false};

    out->count = 0;
    while (r.at <= r.pattern.len) {
        if (out->count == BRANCHES_MAX || !read_alternative(&r, &out->items[out->count])) {
            return false;
        }
        out->count++;
    }
    if (group->quantifier.len > 0) { /* "?": perhaps nothing */
        if (out->count == BRANCHES_MAX) {
            return false;
        }
        out->items[out->count++].count = 0;
    }
    return true;
}

static bool append_segment(segment *to, const segment *more)
{
    if (to->count + more->count > ELEMENTS_MAX) {
        return false;
    }
    memcpy(to->elements + to->count, more->elements, more->count * sizeof(*more->elements));
    to->count += more->count;
    return true;
}

/* Each branch so far, with each of the alternatives behind it. */
static void add_group(branches *b, const eg_regex_element *group)
{
    branches ways;
    size_t i, j;

    if ((group->quantifier.len > 0 && group->quantifier.ptr[0] != '?') ||
        !read_alternatives(group, &ways) || b->count * ways.count > BRANCHES_MAX) {
        b->too_many = true;
        return;
    }
    for (i = b->count; i-- > 0;) {
        for (j = ways.count; j-- > 0;) {
            segment *to = &b->items[i * ways.count + j];

            if (to != &b->items[i]) {
                *to = b->items[i];
            }
            b->too_many |= !append_segment(to, &ways.items[j]);
        }
    }
    b->count *= ways.count;
}

static void expand(const segment *s, branches *b)
{
    size_t length, i;

    b->count = 1;
    b->items[0].count = 0;
    b->too_many = false;
    for (i = 0; i < s->count && !b->too_many; i++) {
        const eg_regex_element *e = &s->elements[i];
        bool crosses = eg_regex_may_cross_lines(e->atom);

        if (eg_regex_is_group(e) && !(eg_regex_fixed_length(e, &length) && !crosses)) {
            add_group(b, e);
        } else {
            add_element(b, e);
        }
    }
}

/* Of what may match the end of a line, only blanks are understood, and no numbers of them. */
static bool is_simple(const branches *b, bool *blanks)
{
    size_t i, j;

    *blanks = false;
    for (i = 0; i < b->count && !b->too_many; i++) {
        for (j = 0; j < b->items[i].count; j++) {
            const eg_regex_element *e = &b->items[i].elements[j];

            if (eg_regex_may_cross_lines(e->atom) && (!is_blank(e) || e->least.len > 0)) {
                return false;
            }
            *blanks |= is_blank(e);
        }
    }
    return !b->too_many;
}

/* ---- writing segments ---- */

static void write_gap(chain *c, const eg_regex_element *gap)
{
    if (gap->least.len > 0) {
        (void)eg_buf_appendf(c->out, ".{%.*s,}?", EG_STR_ARGS(gap->least));
    } else {
        (void)eg_buf_appendf(c->out, ".%c?", gap->quantifier.ptr[0]);
    }
}

/* The blanks among the first elements stay in the line; the one behind them may be to end it. */
static void write_branch(chain *c, const eg_regex_element *gap, const segment *s, size_t in_line,
                         bool ends_line)
{
    size_t i;

    write_gap(c, gap);
    for (i = 0; i < s->count; i++) {
        const eg_regex_element *e = &s->elements[i];

        if (i < in_line && is_blank(e)) {
            write_blank(c, e, false);
        } else if (i == in_line && ends_line) {
            write_blank(c, e, true);
        } else {
            write_element(c, e);
        }
    }
}

/* The ways in which it ends on another line: one for each blank that may end this one. */
static void write_crossings(chain *c, const eg_regex_element *gap, const segment *s)
{
    size_t i;

    for (i = 0; i < s->count; i++) {
        if (is_blank(&s->elements[i])) {
            put(c, "|");
            write_branch(c, gap, s, i, true);
        }
    }
}

static void write_branches(chain *c, const eg_regex_element *gap, const branches *b)
{
    size_t i;

    put(c, "(?:");
    for (i = 0; i < b->count; i++) {
        put(c, i > 0 ? "|(?>" : "(?>");
        write_branch(c, gap, &b->items[i], b->items[i].count, false);
        put(c, ")");
        write_crossings(c, gap, &b->items[i]);
    }
    put(c, ")");
}

/* The last one is met or not, wherever it ends. */
static void write_segment(chain *c, const eg_regex_element *gap, const segment *s, bool last)
{
    branches b;
    bool blanks;

    if (!last) {
        expand(s, &b);
        c->exact &= is_simple(&b, &blanks);
        if (c->exact && (b.count > 1 || blanks)) {
            write_branches(c, gap, &b);
            return;
        }
    }
    put(c, "(?>");
    write_branch(c, gap, s, 0, false);
    put(c, ")");
}

/* ---- reading segments ---- */

/* At the beginning of a segment the fewest repetitions are enough: the gap takes the others. */
static void add_to_segment(chain *c, segment *s, eg_regex_element *e)
{
    if (s->count == ELEMENTS_MAX) {
        c->gave_up = true;
        return;
    }
    if (s->count == 0 && e->varies && (c->gaps == 0 || !eg_regex_may_cross_lines(e->atom))) {
        c->shrunk = true;
        e->shrunk = true;
        if (e->quantifier.ptr[0] == '*' || e->quantifier.ptr[0] == '?') {
            return;
        }
    }
    s->elements[s->count++] = *e;
}

static void write_chain(chain *c, eg_regex_reader *r)
{
    static const eg_regex_element any = {{".", 1}, {"*", 1}, {"", 0}, true, true, false};
    eg_regex_element gap = any, e;
    segment s;
    eg_str sign;

    s.count = 0;
    put(c, "(?m:^)");
    while (r->at < r->pattern.len && !r->gave_up && !c->gave_up) {
        eg_regex_read(r, &e);
        if (!is_gap(&e) && !unwrap_repeated_gap(&e, &sign)) {
            add_to_segment(c, &s, &e);
            continue;
        }
        write_segment(c, &gap, &s, false);
        s.count = 0;
        c->gaps++;
        gap = is_gap(&e) ? e : any;
        if (!is_gap(&e)) {
            memset(&e, 0, sizeof(e));
            e.atom = sign;
            add_to_segment(c, &s, &e);
        }
    }
    write_segment(c, &gap, &s, true);
}

/* Without a gap only the beginning changes. */
static void write_without_gap(chain *c, eg_regex_reader *r)
{
    eg_regex_element e;

    eg_regex_read(r, &e);
    e.shrunk = true;
    if (e.quantifier.ptr[0] != '*' && e.quantifier.ptr[0] != '?') {
        write_element(c, &e);
    }
    (void)eg_buf_append(c->out, r->pattern.ptr + r->at, r->pattern.len - r->at);
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
    eg_regex_reader r = {pattern, 0, false};
    chain c = {out, 0, true, false, false};
    size_t before = out->len;

    write_chain(&c, &r);
    if (!r.gave_up && !c.gave_up && c.gaps == 0 && c.shrunk) {
        take_back(out, before);
        r.at = 0;
        write_without_gap(&c, &r);
    }
    if (r.gave_up || c.gave_up || out->status != EG_OK || (c.gaps == 0 && !c.shrunk)) {
        take_back(out, before);
        return EG_REGEX_AS_IT_IS;
    }
    return c.exact ? EG_REGEX_EQUAL : EG_REGEX_STRICTER;
}
