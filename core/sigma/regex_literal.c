/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an expression only as far as it is plain: what is not understood ends the text at hand or
 * gives up, which costs time and never a match.
 */
#include "core/sigma/regex_literal.h"

#include "core/base/status.h"

#include <string.h>

#define DEPTH_MAX 16
#define ALTERNATIVES_MAX 64
#define LENGTH_MIN 2

/* One of these texts is in every match of the part they stand for; none when count is 0. */
typedef struct literal_set {
    eg_str texts[ALTERNATIVES_MAX];
    size_t count;
    size_t shortest;
} literal_set;

typedef struct literal_parser {
    eg_arena *arena;
    eg_str pattern;
    size_t at;
    int depth;
    bool gave_up;
    int status;
} literal_parser;

/* The text being read and the best of one alternative so far. */
typedef struct run {
    char *text;
    size_t len;
    literal_set best;
} run;

static void parse_alternatives(literal_parser *parser, literal_set *out);

static bool at_char(const literal_parser *parser, char c)
{
    return parser->at < parser->pattern.len && parser->pattern.ptr[parser->at] == c;
}

static void keep_better(literal_set *best, const literal_set *found)
{
    if (found->count > 0 && found->shortest > best->shortest) {
        *best = *found;
    }
}

/* The text read so far ends here: what follows is not certain to stand directly behind it. */
static void end_run(literal_parser *parser, run *r)
{
    literal_set *best = &r->best;

    if (r->len >= LENGTH_MIN && r->len > best->shortest) {
        char *copy = eg_arena_copy(parser->arena, r->text, r->len);

        if (!copy) {
            parser->status = EG_E_NOMEM;
        }
        best->texts[0] = (eg_str){copy, r->len};
        best->count = 1;
        best->shortest = r->len;
    }
    r->len = 0;
}

typedef enum repeat { REPEAT_ONCE, REPEAT_SOME, REPEAT_MAYBE } repeat;

/* "{2,3}"; a brace that counts nothing is an ordinary character, and not worth understanding. */
static void skip_count(literal_parser *parser)
{
    parser->at++;
    while (parser->at < parser->pattern.len &&
           strchr("0123456789,", parser->pattern.ptr[parser->at]) &&
           parser->pattern.ptr[parser->at] != '\0') {
        parser->at++;
    }
    if (!at_char(parser, '}')) {
        parser->gave_up = true;
        return;
    }
    parser->at++;
}

/* A quantifier, if there is one: at least once, or perhaps never. */
static repeat skip_quantifier(literal_parser *parser)
{
    repeat found;

    if (at_char(parser, '+')) {
        found = REPEAT_SOME;
        parser->at++;
    } else if (at_char(parser, '?') || at_char(parser, '*')) {
        found = REPEAT_MAYBE;
        parser->at++;
    } else if (at_char(parser, '{')) {
        found = REPEAT_MAYBE;
        skip_count(parser);
    } else {
        return REPEAT_ONCE;
    }
    if (at_char(parser, '?') || at_char(parser, '+')) {
        parser->at++;
    }
    if (at_char(parser, '?') || at_char(parser, '+') || at_char(parser, '*') ||
        at_char(parser, '{')) {
        parser->gave_up = true; /* a quantifier of a quantifier: perhaps none at all */
    }
    return found;
}

static void on_char(literal_parser *parser, run *r, char c)
{
    r->text[r->len++] = c;
    switch (skip_quantifier(parser)) {
    case REPEAT_ONCE: return;
    case REPEAT_MAYBE: r->len--; break;
    case REPEAT_SOME: break;
    }
    end_run(parser, r);
}

static void on_other(literal_parser *parser, run *r)
{
    end_run(parser, r);
    (void)skip_quantifier(parser);
}

static void on_escape(literal_parser *parser, run *r)
{
    char c;

    if (parser->at + 1 >= parser->pattern.len) {
        parser->gave_up = true;
        return;
    }
    c = parser->pattern.ptr[parser->at + 1];
    parser->at += 2;
    if (c > ' ' && c < '\x7f' && strchr("dDwWsSbBAZznrtfv", c)) {
        on_other(parser, r);
    } else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (unsigned char)c >= 0x80) {
        parser->gave_up = true;
    } else {
        on_char(parser, r, c);
    }
}

static void on_class(literal_parser *parser, run *r)
{
    parser->at++;
    if (at_char(parser, '^')) {
        parser->at++;
    }
    if (at_char(parser, ']')) {
        parser->at++;
    }
    while (parser->at < parser->pattern.len && !at_char(parser, ']')) {
        if (at_char(parser, '[')) {
            parser->gave_up = true; /* perhaps a named class with a ']' of its own */
        }
        parser->at += at_char(parser, '\\') ? 2 : 1;
    }
    parser->at++;
    on_other(parser, r);
}

/* Behind "(?": true when a group without further meaning follows; else gives up or skips flags. */
static bool open_special(literal_parser *parser)
{
    size_t end = parser->at;

    if (at_char(parser, ':')) {
        parser->at++;
        return true;
    }
    while (end < parser->pattern.len && strchr("ims", parser->pattern.ptr[end]) &&
           parser->pattern.ptr[end] != '\0') {
        end++;
    }
    if (end > parser->at && end < parser->pattern.len && parser->pattern.ptr[end] == ')') {
        parser->at = end + 1;
    } else {
        parser->gave_up = true;
    }
    return false;
}

static void on_group(literal_parser *parser, run *r)
{
    literal_set inner;

    end_run(parser, r);
    parser->at++;
    if (at_char(parser, '*')) {
        parser->gave_up = true;
        return;
    }
    if (at_char(parser, '?')) {
        parser->at++;
        if (!open_special(parser)) {
            return;
        }
    }
    parse_alternatives(parser, &inner);
    if (!at_char(parser, ')')) {
        parser->gave_up = true;
        return;
    }
    parser->at++;
    if (skip_quantifier(parser) != REPEAT_MAYBE) {
        keep_better(&r->best, &inner);
    }
}

static void parse_sequence(literal_parser *parser, literal_set *out)
{
    run r;

    memset(&r, 0, sizeof(r));
    r.text = eg_arena_alloc(parser->arena, parser->pattern.len - parser->at + 1);
    if (!r.text) {
        parser->status = EG_E_NOMEM;
        parser->gave_up = true;
    }
    while (!parser->gave_up && parser->at < parser->pattern.len) {
        char c = parser->pattern.ptr[parser->at];

        if (c == '|' || c == ')') {
            break;
        }
        if (c == '\\') {
            on_escape(parser, &r);
        } else if (c == '[') {
            on_class(parser, &r);
        } else if (c == '(') {
            on_group(parser, &r);
        } else {
            parser->at++;
            if (strchr(".^${}", c) || (unsigned char)c >= 0x80) {
                on_other(parser, &r);
            } else {
                on_char(parser, &r, c);
            }
        }
    }
    if (!parser->gave_up) {
        end_run(parser, &r);
    }
    *out = r.best;
}

/* One text of each alternative: without one for all of them there is none for the whole. */
static void parse_alternatives(literal_parser *parser, literal_set *out)
{
    literal_set one;
    bool complete = true;
    size_t i;

    memset(out, 0, sizeof(*out));
    out->shortest = SIZE_MAX;
    if (++parser->depth > DEPTH_MAX) {
        parser->gave_up = true;
    }
    while (!parser->gave_up) {
        parse_sequence(parser, &one);
        if (one.count == 0 || out->count + one.count > ALTERNATIVES_MAX) {
            complete = false;
        }
        for (i = 0; complete && i < one.count; i++) {
            out->texts[out->count++] = one.texts[i];
        }
        if (complete && one.shortest < out->shortest) {
            out->shortest = one.shortest;
        }
        if (!at_char(parser, '|')) {
            break;
        }
        parser->at++;
    }
    parser->depth--;
    if (!complete || parser->gave_up) {
        out->count = out->shortest = 0;
    }
}

/* A capital sigma folds by what stands beside it, which a part of a text does not tell. */
static bool has_capital_sigma(const literal_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        eg_str text = set->texts[i];
        for (size_t at = 0; at + 1 < text.len; at++) {
            if (memcmp(text.ptr + at, "\xCE\xA3", 2) == 0) {
                return true;
            }
        }
    }
    return false;
}

int eg_regex_literals(eg_arena *arena, eg_str pattern, const eg_str **out, size_t *count)
{
    literal_parser parser = {arena, pattern, 0, 0, false, EG_OK};
    literal_set found;
    eg_str *texts;

    *count = 0;
    *out = NULL;
    parse_alternatives(&parser, &found);
    if (parser.status != EG_OK || parser.gave_up || parser.at < pattern.len || found.count == 0 ||
        has_capital_sigma(&found)) {
        return parser.status;
    }
    texts = eg_arena_alloc(arena, found.count * sizeof(*texts));
    if (!texts) {
        return EG_E_NOMEM;
    }
    memcpy(texts, found.texts, found.count * sizeof(*texts));
    *out = texts;
    *count = found.count;
    return EG_OK;
}
