/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex_translation.h"

static void open_group(eg_translation *t, bool nocase)
{
    if (t->depth == EG_TRANSLATION_DEPTH_MAX) {
        eg_translation_refuse(t, t->at, "groups are nested too deeply");
        return;
    }
    t->outer_nocase[t->depth++] = t->nocase;
    t->nocase = nocase;
    t->before = BEFORE_NOTHING;
}

void eg_translation_close_group(eg_translation *t)
{
    if (t->depth == 0) {
        eg_translation_refuse(t, t->at, "a ) without its (");
        return;
    }
    t->nocase = t->outer_nocase[--t->depth];
    t->before = BEFORE_ATOM;
    eg_translation_put_char(t, ')');
    t->at++;
}

/* The name of a group, up to what ends it; empty when it is none. */
static eg_str read_name(eg_translation *t, char end)
{
    size_t start = t->at;

    while (eg_is_letter_code((unsigned char)eg_translation_char(t, t->at)) ||
           eg_is_digit_char(eg_translation_char(t, t->at)) || eg_translation_is_at(t, '_')) {
        t->at++;
    }
    if (!eg_translation_is_at(t, end) || t->at == start) {
        eg_translation_refuse(t, start, "no name of a group");
    }
    t->at++;
    return (eg_str){t->pattern.ptr + start, t->at - 1 - start};
}

/* Behind "(?P": "<name>" begins a group, "=name)" refers to it. */
static void translate_named(eg_translation *t)
{
    char kind = eg_translation_char(t, t->at++);
    eg_str name;

    if (kind == '<') {
        name = read_name(t, '>');
        (void)eg_buf_appendf(t->out, "(?P<%.*s>", EG_STR_ARGS(name));
        open_group(t, t->nocase);
    } else if (kind == '=') {
        name = read_name(t, ')');
        if (t->nocase) {
            eg_translation_refuse(t, t->at - 1,
                                  "a reference back that ignores case is not supported");
        }
        (void)eg_buf_appendf(t->out, "(?P=%.*s)", EG_STR_ARGS(name));
        t->before = BEFORE_ATOM;
    } else {
        eg_translation_refuse(t, t->at - 1, "no such group");
    }
}

/* "(?(1)yes|no)" or by name. */
static void translate_conditional(eg_translation *t)
{
    eg_str name;

    t->at++;
    name = read_name(t, ')');
    (void)eg_buf_appendf(
        t->out, eg_is_digit_char(name.len > 0 ? name.ptr[0] : '0') ? "(?(%.*s)" : "(?(<%.*s>)",
        EG_STR_ARGS(name));
    open_group(t, t->nocase);
}

/* "i", "m" and "s" switched on, and behind a '-' off. */
typedef struct switches {
    bool removing, i_on, i_off;
    char on[3], off[3]; /* of m and s, as text */
    size_t count;
} switches;

static void read_switch(eg_translation *t, switches *s, char c)
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
        eg_translation_refuse(t, t->at - 1, "this flag is not supported");
    }
}

/* Behind "(?": for all of the expression, "i)"; or for a group, "s-i:". */
static void translate_flags(eg_translation *t)
{
    switches s;
    size_t start = t->at;

    memset(&s, 0, sizeof(s));
    while (t->at < t->pattern.len && !eg_translation_is_at(t, ')') &&
           !eg_translation_is_at(t, ':') && t->status == EG_OK) {
        read_switch(t, &s, eg_translation_char(t, t->at++));
    }
    if (t->at >= t->pattern.len || s.count == 0) {
        eg_translation_refuse(t, start, "no such group");
        return;
    }
    if (eg_translation_is_at(t, ':')) {
        (void)eg_buf_appendf(t->out, "(?%s%s%s:", s.on, s.off[0] ? "-" : "", s.off);
        t->at++;
        open_group(t, (t->nocase || s.i_on) && !s.i_off);
        return;
    }
    if (t->begun || s.removing) {
        eg_translation_refuse(
            t, start, "flags of the whole expression stand elsewhere than at its beginning");
    }
    if (s.on[0]) {
        (void)eg_buf_appendf(t->out, "(?%s)", s.on);
    }
    t->nocase |= s.i_on;
    t->at++;
}

static void skip_comment(eg_translation *t)
{
    while (t->at < t->pattern.len && !eg_translation_is_at(t, ')')) {
        t->at++;
    }
    if (t->at >= t->pattern.len) {
        eg_translation_refuse(t, t->at, "a comment has no end");
    }
    t->at++;
}

bool eg_translation_group(eg_translation *t)
{
    size_t start = t->at++;
    char kind;

    if (!eg_translation_is_at(t, '?')) {
        eg_translation_put_char(t, '(');
        open_group(t, t->nocase);
        return false;
    }
    kind = eg_translation_char(t, ++t->at);
    if (eg_is_one_of(kind, ":=!>")) {
        t->at++;
        (void)eg_buf_appendf(t->out, "(?%c", kind);
        open_group(t, t->nocase);
    } else if (kind == '<' && eg_is_one_of(eg_translation_char(t, t->at + 1), "=!")) {
        (void)eg_buf_appendf(t->out, "(?<%c", eg_translation_char(t, t->at + 1));
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
    } else if (eg_is_one_of(kind, "aims-")) {
        size_t depth = t->depth;

        translate_flags(t);
        return t->depth == depth;
    } else {
        eg_translation_refuse(t, start, "no such group");
    }
    return false;
}
