/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex_translate.h"

#include "core/base/utf.h"
#include "core/sigma/regex.h"
#include "core/sigma/regex_translation.h"

#define COUNT_DIGITS_MAX 9

void eg_translation_refuse(eg_translation *t, size_t at, const char *why)
{
    if (t->status == EG_OK) {
        t->status = eg_fail(EG_E_INVALID, "regular expression: %s at character %zu", why, at + 1);
    }
}

static void put_literal(eg_translation *t, uint32_t code)
{
    if (t->nocase && eg_is_letter_code(code)) {
        (void)eg_buf_appendf(t->out, "[%c%c]", (char)(code | 0x20), (char)(code & 0x5F));
    } else {
        eg_translation_put_code(t, code, false);
    }
    t->before = BEFORE_ATOM;
}

/* ---- escapes ---- */

/* "\1" to "\99", or three octal digits. */
static void translate_reference(eg_translation *t)
{
    size_t start = t->at, digits = 1;
    uint32_t number;

    while (digits < 3 && eg_is_digit_char(eg_translation_char(t, start + digits))) {
        digits++;
    }
    if (digits == 3 && eg_is_one_of(eg_translation_char(t, start), "01234567") &&
        eg_is_one_of(eg_translation_char(t, start + 1), "01234567") &&
        eg_is_one_of(eg_translation_char(t, start + 2), "01234567")) {
        number = eg_translation_read_number(t, 3, 8, true);
        if (number > 0xFF) {
            eg_translation_refuse(t, start, "no such character");
        }
        put_literal(t, number);
        return;
    }
    number = eg_translation_read_number(t, digits < 2 ? 1 : 2, 10, true);
    if (t->nocase) {
        eg_translation_refuse(t, start, "a reference back that ignores case is not supported");
    }
    (void)eg_buf_appendf(t->out, "\\g{%u}", (unsigned)number);
    t->before = BEFORE_ATOM;
}

static void translate_escape(eg_translation *t)
{
    size_t start = t->at++;
    char c = eg_translation_char(t, t->at);
    uint32_t code = 0;

    if (eg_is_one_of(c, "dDsSwWbA")) {
        eg_translation_put_char(t, '\\');
        eg_translation_put_char(t, c);
        t->before = eg_is_one_of(c, "bA") ? BEFORE_PLACE : BEFORE_ATOM;
        t->at++;
    } else if (c == 'B') { /* not in a text without characters */
        eg_translation_put(t, "(?!\\A\\z)\\B");
        t->before = BEFORE_PLACE;
        t->at++;
    } else if (c == 'Z') { /* the very end of the text */
        eg_translation_put(t, "\\z");
        t->before = BEFORE_PLACE;
        t->at++;
    } else if (c >= '1' && c <= '9') {
        translate_reference(t);
    } else if (eg_translation_read_code(t, &code)) {
        put_literal(t, code);
    } else {
        eg_translation_refuse(t, start, "no such escape");
    }
}

/* ---- quantifiers ---- */

static eg_str read_digits(eg_translation *t)
{
    size_t start = t->at;

    while (eg_is_digit_char(eg_translation_char(t, t->at))) {
        t->at++;
    }
    return (eg_str){t->pattern.ptr + start, t->at - start};
}

/* "{2}", "{2,}", "{,3}", "{2,3}"; a brace that counts nothing stands for itself. */
static bool translate_braces(eg_translation *t)
{
    size_t start = t->at++;
    eg_str low = read_digits(t), high = low;
    uint64_t least = 0, most = 0;
    bool comma = eg_translation_is_at(t, ',');

    if (comma) {
        t->at++;
        high = read_digits(t);
    }
    if (!eg_translation_is_at(t, '}') || (!comma && low.len == 0)) {
        t->at = start + 1;
        return false;
    }
    t->at++;
    if (low.len > COUNT_DIGITS_MAX || high.len > COUNT_DIGITS_MAX ||
        (low.len > 0 && high.len > 0 && eg_str_to_u64(low, &least) && eg_str_to_u64(high, &most) &&
         most < least)) {
        eg_translation_refuse(t, start, "such a number of repetitions is not possible");
    }
    (void)eg_buf_appendf(t->out, "{%.*s%s%.*s}", EG_STR_ARGS(low.len > 0 ? low : EG_STR("0")),
                         comma ? "," : "", EG_STR_ARGS(comma ? high : EG_STR("")));
    return true;
}

static void translate_quantifier(eg_translation *t)
{
    size_t start = t->at;

    if (eg_translation_is_at(t, '{') && !translate_braces(t)) {
        put_literal(t, '{');
        return;
    }
    if (t->at == start) {
        eg_translation_put_char(t, eg_translation_char(t, t->at++));
    }
    if (t->before == BEFORE_NOTHING || t->before == BEFORE_PLACE) {
        eg_translation_refuse(t, start, "there is nothing to repeat");
    } else if (t->before == BEFORE_REPEAT) {
        eg_translation_refuse(t, start, "a repetition is repeated");
    }
    if (eg_translation_is_at(t, '?') || eg_translation_is_at(t, '+')) {
        eg_translation_put_char(t, eg_translation_char(t, t->at++));
    }
    t->before = BEFORE_REPEAT;
}

/* ---- all of it ---- */

static void translate_element(eg_translation *t)
{
    char c = eg_translation_char(t, t->at);

    switch (c) {
    case '\\': translate_escape(t); break;
    case '[': eg_translation_set(t); break;
    case '(':
        if (eg_translation_group(t)) {
            return;
        }
        break;
    case ')': eg_translation_close_group(t); break;
    case '*':
    case '+':
    case '?':
    case '{': translate_quantifier(t); break;
    case '|':
    case '.':
    case '^':
    case '$':
        eg_translation_put_char(t, c);
        t->before = c == '.' ? BEFORE_ATOM : c == '|' ? BEFORE_NOTHING : BEFORE_PLACE;
        t->at++;
        break;
    default: put_literal(t, eg_utf8_next(t->pattern, &t->at)); break;
    }
    t->begun = true;
}

int eg_regex_translate(eg_str pattern, unsigned flags, eg_buf *out, bool *dotall)
{
    eg_translation t;

    memset(&t, 0, sizeof(t));
    t.pattern = pattern;
    t.out = out;
    t.nocase = (flags & EG_REGEX_NOCASE) != 0;
    t.dotall = (flags & EG_REGEX_DOTALL) != 0;
    while (t.at < pattern.len && t.status == EG_OK && out->status == EG_OK) {
        translate_element(&t);
    }
    if (t.depth > 0) {
        eg_translation_refuse(&t, pattern.len, "a ( without its )");
    }
    *dotall = t.dotall;
    return t.status != EG_OK ? t.status : out->status;
}
