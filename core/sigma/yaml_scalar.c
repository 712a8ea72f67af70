/* SPDX-License-Identifier: Apache-2.0 */
/* What an unquoted YAML 1.1 scalar is: null, boolean, number, date, or just text. */
#include "core/sigma/yaml_tree.h"

#include "core/base/status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_TEXT_MAX 128

static bool is_one_of(eg_str text, const char *const *words, size_t count)
{
    size_t i;

    if (text.len > sizeof("false") - 1) {
        return false;
    }
    for (i = 0; i < count; i++) {
        if (eg_str_equal(text, eg_str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_null(eg_str text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    return is_one_of(text, words, EG_COUNT(words));
}

static bool is_bool(eg_str text, bool *value)
{
    static const char *const yes[] = {"yes",  "Yes", "YES", "true", "True",
                                      "TRUE", "on",  "On",  "ON"};
    static const char *const no[] = {"no",    "No",  "NO",  "false", "False",
                                     "FALSE", "off", "Off", "OFF"};

    *value = is_one_of(text, yes, EG_COUNT(yes));
    return *value || is_one_of(text, no, EG_COUNT(no));
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 99;
}

/* Length of the run of digits of this base, with '_' between them. */
static size_t digits(eg_str text, size_t at, int base)
{
    size_t end = at;

    while (end < text.len && (text.ptr[end] == '_' || digit_value(text.ptr[end]) < base)) {
        end++;
    }
    return end - at;
}

static eg_str without_sign(eg_str text)
{
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
        text.ptr++;
        text.len--;
    }
    return text;
}

/* The base of an integer, 0 for no integer. 60 stands for hours:minutes:seconds. */
static int integer_base(eg_str body)
{
    size_t at;

    if (body.len == 0 || body.ptr[0] < '0' || body.ptr[0] > '9') {
        return 0;
    }
    if (body.ptr[0] == '0') {
        if (body.len > 2 && body.ptr[1] == 'b' && 2 + digits(body, 2, 2) == body.len) {
            return 2;
        }
        if (body.len > 2 && body.ptr[1] == 'x' && 2 + digits(body, 2, 16) == body.len) {
            return 16;
        }
        if (body.len == 1) {
            return 10;
        }
        return digits(body, 0, 8) == body.len ? 8 : 0;
    }
    at = digits(body, 0, 10);
    if (at == body.len) {
        return 10;
    }
    while (at < body.len && body.ptr[at] == ':') {
        size_t part = 0;

        at++;
        while (part < 2 && at + part < body.len && digit_value(body.ptr[at + part]) < 10) {
            part++;
        }
        if (part == 0 || (part == 2 && body.ptr[at] > '5')) {
            return 0;
        }
        at += part;
    }
    return at == body.len ? 60 : 0;
}

static int copy_text(eg_arena *arena, const char *text, size_t len, eg_str *out)
{
    char *copy = eg_arena_copy(arena, text, len);

    if (!copy) {
        return EG_E_NOMEM;
    }
    *out = (eg_str){copy, len};
    return EG_OK;
}

static int decimal_text(eg_arena *arena, eg_str body, bool negative, eg_str *out)
{
    char *copy = eg_arena_alloc(arena, body.len + 2);
    size_t len = 0, i;

    if (!copy) {
        return EG_E_NOMEM;
    }
    if (negative && !eg_str_equal(body, EG_STR("0"))) {
        copy[len++] = '-';
    }
    for (i = 0; i < body.len; i++) {
        if (body.ptr[i] != '_') {
            copy[len++] = body.ptr[i];
        }
    }
    *out = (eg_str){copy, len};
    return EG_OK;
}

static bool add_digit(uint64_t *value, uint64_t base, uint64_t digit)
{
    if (*value > (UINT64_MAX - digit) / base) {
        return false;
    }
    *value = *value * base + digit;
    return true;
}

static bool based_value(eg_str body, int base, uint64_t *out)
{
    size_t at = base == 2 || base == 16 ? 2 : 0;
    uint64_t value = 0, part = 0;

    for (; at < body.len; at++) {
        if (body.ptr[at] == '_') {
            continue;
        }
        if (base != 60) {
            if (!add_digit(&value, (uint64_t)base, (uint64_t)digit_value(body.ptr[at]))) {
                return false;
            }
        } else if (body.ptr[at] == ':') {
            if (!add_digit(&value, 60, part)) {
                return false;
            }
            part = 0;
        } else if (!add_digit(&part, 10, (uint64_t)digit_value(body.ptr[at]))) {
            return false;
        }
    }
    if (base == 60 && !add_digit(&value, 60, part)) {
        return false;
    }
    *out = value;
    return true;
}

static int integer_text(eg_arena *arena, eg_str raw, int base, eg_str *out)
{
    eg_str body = without_sign(raw);
    bool negative = raw.ptr[0] == '-';
    char text[32];
    uint64_t value = 0;
    int len;

    if (base == 10) {
        return decimal_text(arena, body, negative, out);
    }
    if (!based_value(body, base, &value)) {
        return eg_fail(EG_E_INVALID, "number %.*s is too large", EG_STR_ARGS(raw));
    }
    len = snprintf(text, sizeof(text), "%s%llu", negative && value ? "-" : "",
                   (unsigned long long)value);
    return copy_text(arena, text, (size_t)len, out);
}

/* digits '.' digits with an optional signed exponent, or a word for infinity or no number. */
static bool is_float(eg_str raw)
{
    static const char *const words[] = {".inf", ".Inf", ".INF"};
    static const char *const nans[] = {".nan", ".NaN", ".NAN"};
    eg_str body = without_sign(raw);
    size_t at;

    if (is_one_of(body, words, EG_COUNT(words)) || is_one_of(raw, nans, EG_COUNT(nans))) {
        return true;
    }
    at = digits(body, 0, 10);
    if (at >= body.len || body.ptr[at] != '.' || body.ptr[0] == '_') {
        return false;
    }
    if (at == 0 && (body.len != raw.len || body.len < 2 || digit_value(body.ptr[1]) > 9)) {
        return false;
    }
    at++;
    at += digits(body, at, 10);
    if (at == body.len) {
        return true;
    }
    if (body.len - at < 3 || (body.ptr[at] != 'e' && body.ptr[at] != 'E') ||
        (body.ptr[at + 1] != '+' && body.ptr[at + 1] != '-')) {
        return false;
    }
    for (at += 2; at < body.len; at++) {
        if (digit_value(body.ptr[at]) > 9) {
            return false;
        }
    }
    return true;
}

/* The shortest decimal text that reads back as the same number, in the form Python prints. */
static size_t float_format(double value, char out[NUMBER_TEXT_MAX])
{
    char text[64], number[32];
    int precision, exponent;
    char *mark;
    size_t len, i, count = 0;

    if (isnan(value) || isinf(value)) {
        return (size_t)snprintf(out, NUMBER_TEXT_MAX, "%s",
                                isnan(value) ? "nan"
                                : value < 0  ? "-inf"
                                             : "inf");
    }
    for (precision = 0; precision < 17; precision++) {
        (void)snprintf(text, sizeof(text), "%.*e", precision, fabs(value));
        if (strtod(text, NULL) == fabs(value)) {
            break;
        }
    }
    mark = strchr(text, 'e');
    exponent = mark ? (int)strtol(mark + 1, NULL, 10) : 0;
    for (i = 0; text[i] && text[i] != 'e'; i++) {
        if (text[i] != '.') {
            number[count++] = text[i];
        }
    }
    number[count] = '\0';
    len = signbit(value) ? 1 : 0;
    out[0] = '-';
    if (exponent < -4 || exponent >= 16) {
        return len + (size_t)snprintf(out + len, NUMBER_TEXT_MAX - len, "%c%s%se%c%02d", number[0],
                                      count > 1 ? "." : "", number + 1, exponent < 0 ? '-' : '+',
                                      abs(exponent));
    }
    if (exponent < 0) {
        return len + (size_t)snprintf(out + len, NUMBER_TEXT_MAX - len, "0.%.*s%s", -exponent - 1,
                                      "0000", number);
    }
    for (i = 0; i <= (size_t)exponent; i++) {
        out[len++] = i < count ? number[i] : '0';
    }
    return len + (size_t)snprintf(out + len, NUMBER_TEXT_MAX - len, ".%s",
                                  count > (size_t)exponent + 1 ? number + exponent + 1 : "0");
}

static int float_text(eg_arena *arena, eg_str raw, eg_str *out)
{
    char text[NUMBER_TEXT_MAX];
    size_t len = 0, i;
    eg_str body = without_sign(raw);
    double value;

    for (i = 0; i < raw.len && len + 1 < sizeof(text); i++) {
        if (raw.ptr[i] != '_') {
            text[len++] = raw.ptr[i];
        }
    }
    text[len] = '\0';
    if (i < raw.len) {
        return eg_fail(EG_E_INVALID, "number %.*s is too long", EG_STR_ARGS(raw));
    }
    if (body.len > 1 && (body.ptr[1] == 'n' || body.ptr[1] == 'N')) {
        value = NAN;
    } else if (body.len > 1 && (body.ptr[1] == 'i' || body.ptr[1] == 'I')) {
        value = raw.ptr[0] == '-' ? -INFINITY : INFINITY;
    } else {
        value = strtod(text, NULL);
    }
    len = float_format(value, text);
    return copy_text(arena, text, len, out);
}

/* 2026-08-05, alone or with a time behind it: YAML readers turn it into a date. */
static bool is_date(eg_str raw)
{
    static const char form[] = "dddd-dd-dd";
    size_t at = 0, i;

    if (raw.len < 8) {
        return false;
    }
    for (i = 0; form[i] != '\0'; i++) {
        if (form[i] == '-' ? (at < raw.len && raw.ptr[at] == '-')
                           : (at < raw.len && digit_value(raw.ptr[at]) < 10)) {
            at++;
        } else if (form[i] == 'd' && i >= 4 && form[i - 1] == 'd' && raw.len > 10) {
            continue; /* with a time, month and day may have one digit */
        } else {
            return false;
        }
    }
    if (at == raw.len) {
        return true;
    }
    if (raw.ptr[at] != 'T' && raw.ptr[at] != 't' && raw.ptr[at] != ' ' && raw.ptr[at] != '\t') {
        return false;
    }
    while (at < raw.len && strchr("Tt \t", raw.ptr[at])) {
        at++;
    }
    return raw.len - at >= 7 && memchr(raw.ptr + at, ':', 3) != NULL &&
           digit_value(raw.ptr[at]) < 10;
}

int eg_yaml_resolve(eg_arena *arena, eg_str raw, eg_yaml_type *type, eg_str *text)
{
    bool yes;
    int base = integer_base(without_sign(raw));

    *text = raw;
    if (is_null(raw)) {
        *type = EG_YAML_NULL;
    } else if (is_bool(raw, &yes)) {
        *type = EG_YAML_BOOL;
        *text = yes ? EG_STR("true") : EG_STR("false");
    } else if (base != 0) {
        *type = EG_YAML_NUMBER;
        return integer_text(arena, raw, base, text);
    } else if (is_float(raw)) {
        *type = EG_YAML_NUMBER;
        return float_text(arena, raw, text);
    } else {
        *type = is_date(raw) ? EG_YAML_DATE : EG_YAML_TEXT;
    }
    return EG_OK;
}
