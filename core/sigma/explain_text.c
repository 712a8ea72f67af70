/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/explain_text.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/sigma/value.h"

#define GROUPS 8 /* of an IPv6 address */

static void append_field(const eg_sigma_set *set, eg_slot slot, eg_buf *out)
{
    if (slot == EG_SLOT_KEYWORD) {
        eg_buf_append_cstr(out, "any field");
    } else {
        eg_buf_append_str(out, set->slots.names[slot]);
    }
}

static void append_literal(eg_str text, eg_buf *out)
{
    size_t i;

    eg_buf_append_char(out, '\'');
    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] == EG_VALUE_STAR) {
            eg_buf_append_char(out, '*');
        } else if (text.ptr[i] == EG_VALUE_ONE) {
            eg_buf_append_char(out, '?');
        } else {
            eg_buf_append_char(out, text.ptr[i]);
        }
    }
    eg_buf_append_char(out, '\'');
}

static const char *pattern_verb(eg_pattern_kind kind)
{
    switch (kind) {
    case EG_PATTERN_ANY: return " is present, with any value";
    case EG_PATTERN_EQUALS: return " is ";
    case EG_PATTERN_PREFIX: return " begins with ";
    case EG_PATTERN_SUFFIX: return " ends with ";
    case EG_PATTERN_CONTAINS: return " contains ";
    case EG_PATTERN_GLOB: return " is like ";
    }
    return " ? ";
}

static void append_pattern(const eg_pattern *pattern, eg_buf *out)
{
    eg_buf_append_cstr(out, pattern_verb(pattern->kind));
    if (pattern->kind == EG_PATTERN_ANY) {
        return;
    }
    append_literal(pattern->text, out);
    if (pattern->cased) {
        eg_buf_append_cstr(out, " (case matters)");
    }
}

static void append_regex(const eg_predicate_regex *regex, eg_buf *out)
{
    eg_buf_append_cstr(out, " matches /");
    eg_buf_append_str(out, regex->source);
    eg_buf_append_char(out, '/');
    if (regex->flags & EG_REGEX_NOCASE) {
        eg_buf_append_char(out, 'i');
    }
    if (regex->flags & EG_REGEX_MULTILINE) {
        eg_buf_append_char(out, 'm');
    }
    if (regex->flags & EG_REGEX_DOTALL) {
        eg_buf_append_char(out, 's');
    }
}

static void append_network(const eg_network *network, eg_buf *out)
{
    const uint8_t *bytes = network->address.bytes;
    int i;

    eg_buf_append_cstr(out, " is an address of ");
    if (network->address.size == 4) {
        eg_buf_appendf(out, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
    } else {
        for (i = 0; i < GROUPS; i++) {
            eg_buf_appendf(out, i ? ":%x" : "%x", (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1]);
        }
    }
    eg_buf_appendf(out, "/%u", network->bits);
}

static void append_number(const eg_predicate *predicate, eg_buf *out)
{
    static const char *const orders[] = {">", ">=", "<", "<="}; /* by eg_ordering */

    eg_buf_appendf(out, " is a number %s %.15g", orders[predicate->order], predicate->want.number);
}

int eg_explain_predicate(const eg_sigma_set *set, const eg_predicate *predicate, eg_buf *out)
{
    append_field(set, predicate->slot, out);
    switch ((eg_predicate_kind)predicate->kind) {
    case EG_PREDICATE_STRING: append_pattern(&predicate->want.pattern, out); break;
    case EG_PREDICATE_REGEX: append_regex(predicate->want.regex, out); break;
    case EG_PREDICATE_NETWORK: append_network(predicate->want.network, out); break;
    case EG_PREDICATE_NUMBER: append_number(predicate, out); break;
    case EG_PREDICATE_MISSING: eg_buf_append_cstr(out, " is missing"); break;
    case EG_PREDICATE_PRESENT: eg_buf_append_cstr(out, " is present"); break;
    case EG_PREDICATE_FIELD:
        eg_buf_append_cstr(out, pattern_verb((eg_pattern_kind)predicate->order));
        eg_buf_append_cstr(out, "the value of ");
        append_field(set, predicate->other, out);
        eg_buf_append_cstr(out, predicate->cased ? " (case matters)" : "");
        break;
    }
    return out->status;
}

/* ---- correlations ---- */

static void append_range(const eg_count_range *range, eg_buf *out)
{
    if (range->except > 0) {
        eg_buf_appendf(out, "any number but %u", (unsigned)range->except);
    } else if (range->low == range->high) {
        eg_buf_appendf(out, "exactly %u", (unsigned)range->low);
    } else if (range->high == UINT32_MAX) {
        eg_buf_appendf(out, "at least %u", (unsigned)range->low);
    } else {
        eg_buf_appendf(out, "%u to %u", (unsigned)range->low, (unsigned)range->high);
    }
}

static void append_names(const eg_str *names, size_t count, eg_buf *out)
{
    size_t i;

    for (i = 0; i < count; i++) {
        eg_buf_appendf(out, "%s%.*s", i ? ", " : "", EG_STR_ARGS(names[i]));
    }
}

static void append_what(const eg_written_correlation *c, eg_buf *out)
{
    append_range(&c->range, out);
    switch (c->type) {
    case EG_CORRELATION_EVENT_COUNT: eg_buf_append_cstr(out, " events that meet any of"); break;
    case EG_CORRELATION_VALUE_COUNT:
        eg_buf_append_cstr(out, " different values of ");
        append_names(c->fields, c->field_count, out);
        eg_buf_append_cstr(out, " in events that meet any of");
        break;
    case EG_CORRELATION_TEMPORAL: eg_buf_append_cstr(out, " met, in any order, of"); break;
    case EG_CORRELATION_TEMPORAL_ORDERED: eg_buf_append_cstr(out, " met, in this order, of"); break;
    }
}

static int tell(eg_buf *text, size_t depth, eg_explain_found found, void *user)
{
    int status = text->status == EG_OK ? found(user, depth, eg_buf_str(text)) : text->status;

    eg_buf_clear(text);
    return status;
}

int eg_explain_correlation(const eg_written_correlation *c, eg_buf *text, eg_explain_found found,
                           void *user)
{
    size_t i;
    int status;

    eg_buf_clear(text);
    append_what(c, text);
    status = tell(text, 0, found, user);
    for (i = 0; i < c->rule_count && status == EG_OK; i++) {
        eg_buf_appendf(text, "rule %.*s", EG_STR_ARGS(c->rules[i].text));
        status = tell(text, 1, found, user);
    }
    if (status == EG_OK) {
        eg_buf_appendf(text, "within %.10g s", (double)c->timespan / (double)EG_TICKS_PER_SECOND);
        status = tell(text, 0, found, user);
    }
    if (status == EG_OK && c->group_count > 0) {
        eg_buf_append_cstr(text, "with the same ");
        append_names(c->group_by, c->group_count, text);
        status = tell(text, 0, found, user);
    }
    for (i = 0; i < c->alias_count && status == EG_OK; i++) {
        const eg_written_alias *alias = &c->aliases[i];

        eg_buf_appendf(text, "where %.*s is %.*s of rule %.*s", EG_STR_ARGS(alias->name),
                       EG_STR_ARGS(alias->field), EG_STR_ARGS(alias->rule.text));
        status = tell(text, 0, found, user);
    }
    return status;
}
