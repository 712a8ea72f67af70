/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/predicate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 400 /* bytes of text: more digits than that measure nothing */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

uint64_t eg_predicate_hash(const eg_predicate *predicate)
{
    uint64_t hash = mix(predicate->kind, predicate->slot);
    uint64_t bits = 0;

    switch ((eg_predicate_kind)predicate->kind) {
    case EG_PREDICATE_STRING:
        hash =
            mix(hash, (uint64_t)predicate->want.pattern.kind * 2 + predicate->want.pattern.cased);
        return mix(hash, eg_str_hash(predicate->want.pattern.text));
    case EG_PREDICATE_REGEX:
        return mix(mix(hash, predicate->want.regex->flags),
                   eg_str_hash(predicate->want.regex->source));
    case EG_PREDICATE_NETWORK:
        hash = mix(hash, predicate->want.network->bits);
        return mix(hash, eg_str_hash((eg_str){(const char *)predicate->want.network->address.bytes,
                                              predicate->want.network->address.size}));
    case EG_PREDICATE_NUMBER:
        memcpy(&bits, &predicate->want.number, sizeof(bits));
        return mix(mix(hash, predicate->order), bits);
    case EG_PREDICATE_FIELD:
        return mix(hash, (uint64_t)predicate->other << 16 | (uint64_t)predicate->order << 1 |
                             (uint64_t)predicate->cased);
    case EG_PREDICATE_MISSING:
    case EG_PREDICATE_PRESENT: break;
    }
    return mix(hash, 1);
}

static bool equal_networks(const eg_network *a, const eg_network *b)
{
    return a->bits == b->bits && a->address.size == b->address.size &&
           memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes)) == 0;
}

bool eg_predicate_equal(const eg_predicate *a, const eg_predicate *b)
{
    if (a->kind != b->kind || a->slot != b->slot) {
        return false;
    }
    switch ((eg_predicate_kind)a->kind) {
    case EG_PREDICATE_STRING:
        return a->want.pattern.kind == b->want.pattern.kind &&
               a->want.pattern.cased == b->want.pattern.cased &&
               eg_str_equal(a->want.pattern.text, b->want.pattern.text);
    case EG_PREDICATE_REGEX:
        return a->want.regex->flags == b->want.regex->flags &&
               eg_str_equal(a->want.regex->source, b->want.regex->source);
    case EG_PREDICATE_NETWORK: return equal_networks(a->want.network, b->want.network);
    case EG_PREDICATE_NUMBER:
        return a->order == b->order &&
               memcmp(&a->want.number, &b->want.number, sizeof(double)) == 0;
    case EG_PREDICATE_FIELD:
        return a->order == b->order && a->cased == b->cased && a->other == b->other;
    case EG_PREDICATE_MISSING:
    case EG_PREDICATE_PRESENT: break;
    }
    return true;
}

bool eg_predicate_compare(const eg_predicate *predicate, double value)
{
    double limit = predicate->want.number;

    switch ((eg_ordering)predicate->order) {
    case EG_ORDERING_GT: return value > limit;
    case EG_ORDERING_GTE: return value >= limit;
    case EG_ORDERING_LT: return value < limit;
    case EG_ORDERING_LTE: return value <= limit;
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

/* Digits with single '_' between them, copied without; returns how many digits there were. */
static size_t copy_digits(eg_str text, size_t *at, char *out, size_t *len)
{
    size_t count = 0;

    while (*at < text.len) {
        if (text.ptr[*at] == '_' && count > 0 && *at + 1 < text.len &&
            is_digit(text.ptr[*at + 1])) {
            (*at)++;
        }
        if (!is_digit(text.ptr[*at])) {
            break;
        }
        out[(*len)++] = text.ptr[(*at)++];
        count++;
    }
    return count;
}

/* [digits] ['.' [digits]] [e [sign] digits], as text that strtod reads the same everywhere. */
static bool copy_decimal(eg_str text, char *out)
{
    size_t at = 0, len = 0, digits = copy_digits(text, &at, out, &len);

    if (at < text.len && text.ptr[at] == '.') {
        out[len++] = text.ptr[at++];
        digits += copy_digits(text, &at, out, &len);
    }
    if (digits == 0) {
        return false;
    }
    if (at < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        out[len++] = text.ptr[at++];
        if (at < text.len && (text.ptr[at] == '+' || text.ptr[at] == '-')) {
            out[len++] = text.ptr[at++];
        }
        if (copy_digits(text, &at, out, &len) == 0) {
            return false;
        }
    }
    out[len] = '\0';
    return at == text.len;
}

bool eg_number_parse(eg_str text, double *out)
{
    char decimal[NUMBER_MAX + 1];
    bool negative;

    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    if (text.len == 0 || text.len > NUMBER_MAX) {
        return false;
    }
    negative = text.ptr[0] == '-';
    if (negative || text.ptr[0] == '+') {
        text.ptr++;
        text.len--;
    }
    if (eg_str_equal_nocase(text, EG_STR("inf")) || eg_str_equal_nocase(text, EG_STR("infinity"))) {
        *out = INFINITY;
    } else if (eg_str_equal_nocase(text, EG_STR("nan"))) {
        *out = NAN;
    } else if (copy_decimal(text, decimal)) {
        *out = strtod(decimal, NULL);
    } else {
        return false;
    }
    if (negative) {
        *out = -*out;
    }
    return true;
}
