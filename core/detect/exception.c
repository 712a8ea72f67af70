/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/exception.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define RULE_ID_MAX 256u
#define SHA256_DIGITS 64u
#define STEPS_MAX (UINT32_C(1) << 20) /* of one comparison */
#define PROGRAM_LETTERS_MIN 8u        /* what a path needs to name a program without a rule */
#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)

const char *const eg_exception_on_names[] = {"signer", "path",         "hash",
                                             "parent", "command_line", "user"};
_Static_assert(EG_COUNT(eg_exception_on_names) == EG_EXCEPTION_ON_COUNT, "conditions");

bool eg_exception_on_from_name(eg_str name, eg_exception_on *out)
{
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(eg_exception_on_names[i]))) {
            *out = (eg_exception_on)i;
            return true;
        }
    }
    return false;
}

/* ---- matching ---- */

static bool same_character(eg_str a, size_t *at_a, eg_str b, size_t *at_b)
{
    return eg_fold_code(eg_utf8_next(a, at_a)) == eg_fold_code(eg_utf8_next(b, at_b));
}

/* Takes one character of both when the pattern has one that fits. */
static bool take_one(eg_str pattern, size_t *at, eg_str text, size_t *in)
{
    if (*at >= pattern.len || pattern.ptr[*at] == '*') {
        return false;
    }
    if (pattern.ptr[*at] == '?') {
        ++*at;
        eg_utf8_next(text, in);
        return true;
    }
    return same_character(pattern, at, text, in);
}

bool eg_exception_pattern_matches(eg_str pattern, eg_str text)
{
    size_t at = 0, in = 0, after_star = SIZE_MAX, retry = 0;
    for (uint32_t steps = 0; in < text.len && steps < STEPS_MAX; steps++) {
        size_t next_at = at, next_in = in;
        if (at < pattern.len && pattern.ptr[at] == '*') {
            after_star = ++at;
            retry = in;
        } else if (take_one(pattern, &next_at, text, &next_in)) {
            at = next_at;
            in = next_in;
        } else if (after_star != SIZE_MAX) {
            eg_utf8_next(text, &retry); /* the last star takes one character more */
            at = after_star;
            in = retry;
        } else {
            return false;
        }
    }
    while (at < pattern.len && pattern.ptr[at] == '*') {
        at++;
    }
    return in >= text.len && at == pattern.len;
}

/* The digits behind "SHA256=" in "MD5=...,SHA256=...,IMPHASH=..."; "" without. */
static eg_str sha256_of(eg_str hashes)
{
    eg_str part;
    while (eg_str_split(&hashes, ',', &part)) {
        part = eg_str_trim(part);
        if (eg_str_starts_nocase(part, EG_STR("SHA256="))) {
            return (eg_str){part.ptr + 7, part.len - 7};
        }
    }
    return EG_STR("");
}

static eg_str or_empty(eg_str text)
{
    return text.ptr ? text : EG_STR("");
}

void eg_exception_facts_of(const eg_hit *hit, const eg_event *event, eg_exception_facts *out)
{
    bool valid =
        eg_str_equal_nocase(eg_event_get(event, EG_FIELD_SIGNED), EG_STR("true")) &&
        eg_str_equal_nocase(eg_event_get(event, EG_FIELD_SIGNATURE_STATUS), EG_STR("Valid"));
    *out = (eg_exception_facts){.rule_id = hit->rule_id, .time = hit->time};
    out->of[EG_EXCEPTION_SIGNER] =
        valid ? or_empty(eg_event_get(event, EG_FIELD_SIGNATURE)) : EG_STR("");
    out->of[EG_EXCEPTION_PATH] = or_empty(hit->program);
    out->of[EG_EXCEPTION_HASH] = sha256_of(eg_event_get(event, EG_FIELD_HASHES));
    out->of[EG_EXCEPTION_PARENT] = or_empty(hit->parent);
    out->of[EG_EXCEPTION_COMMAND_LINE] = or_empty(eg_event_get(event, EG_FIELD_COMMAND_LINE));
    out->of[EG_EXCEPTION_USER] = or_empty(hit->user);
}

bool eg_exception_in_force(const eg_exception *exception, uint64_t time)
{
    return exception->revoked_time == 0 &&
           (exception->expires_time == 0 || time < exception->expires_time);
}

bool eg_exception_matches(const eg_exception *exception, const eg_exception_facts *facts)
{
    if (!eg_exception_in_force(exception, facts->time) ||
        (exception->rule_id.len > 0 && !eg_str_equal(exception->rule_id, facts->rule_id))) {
        return false;
    }
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        eg_str wanted = exception->wanted[i];
        if (wanted.len > 0 &&
            (facts->of[i].len == 0 || !eg_exception_pattern_matches(wanted, facts->of[i]))) {
            return false;
        }
    }
    return true;
}

/* ---- checking ---- */

static size_t letters_in(eg_str pattern)
{
    size_t count = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        count += pattern.ptr[i] != '*' && pattern.ptr[i] != '?';
    }
    return count;
}

static int check_text(const char *what, eg_str text, size_t max)
{
    if (text.len > max) {
        return eg_fail(EG_E_INVALID, "%s: more than %zu bytes", what, max);
    }
    for (size_t at = 0; at < text.len;) {
        uint32_t code = eg_utf8_next(text, &at);
        if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) {
            return eg_fail(EG_E_INVALID, "%s: holds a control character", what);
        }
    }
    return eg_utf8_valid(text) ? EG_OK : eg_fail(EG_E_INVALID, "%s: malformed UTF-8", what);
}

static bool is_sha256(eg_str text)
{
    size_t digits = 0;
    while (digits < text.len && strchr("0123456789abcdefABCDEF", text.ptr[digits])) {
        digits++;
    }
    return digits == SHA256_DIGITS && text.len == SHA256_DIGITS;
}

static int check_wanted(const eg_exception *exception, size_t *count)
{
    *count = 0;
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        const char *name = eg_exception_on_names[i];
        eg_str wanted = exception->wanted[i];
        if (wanted.len == 0) {
            continue;
        }
        int status = check_text(name, wanted, EG_EXCEPTION_TEXT_MAX);
        if (status != EG_OK) {
            return status;
        }
        if (letters_in(wanted) == 0) {
            return eg_fail(EG_E_INVALID, "%s: wildcards alone say nothing; leave it out", name);
        }
        if (i == EG_EXCEPTION_HASH && !is_sha256(wanted)) {
            return eg_fail(EG_E_INVALID, "hash: wants the %u hexadecimal digits of a SHA-256",
                           SHA256_DIGITS);
        }
        ++*count;
    }
    return EG_OK;
}

/* Names under which Windows signs the tools that it brings, and attackers use. */
static bool is_of_windows(eg_str signer)
{
    static const char *const names[] = {"Microsoft Windows", "Microsoft Corporation",
                                        "Microsoft Windows Publisher"};
    bool found = false;
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        found = found || eg_exception_pattern_matches(signer, eg_str_from(names[i]));
    }
    return found;
}

/* Without a rule the exception has to say which program it is about. */
static bool names_a_program(const eg_exception *exception)
{
    eg_str signer = exception->wanted[EG_EXCEPTION_SIGNER];
    return exception->wanted[EG_EXCEPTION_HASH].len > 0 ||
           letters_in(exception->wanted[EG_EXCEPTION_PATH]) >= PROGRAM_LETTERS_MIN ||
           (signer.len > 0 && !is_of_windows(signer));
}

static int check_scope(const eg_exception *exception, size_t count)
{
    if (exception->rule_id.len > 0 && count == 0 && !exception->whole_rule) {
        return eg_fail(EG_E_INVALID, "it would hide every hit of the rule: say what else is "
                                     "wanted, or that the whole rule is meant");
    }
    if (exception->rule_id.len == 0 && !names_a_program(exception)) {
        return eg_fail(EG_E_INVALID, "it would hide nearly everything: name a rule, a hash, a "
                                     "path, or a signer other than Windows itself");
    }
    return EG_OK;
}

static int check_times(const eg_exception *exception)
{
    uint64_t from = exception->created_time, until = exception->expires_time;
    if (from == 0) {
        return eg_fail(EG_E_INVALID, "created_time: is missing");
    }
    if (until != 0 && until <= from) {
        return eg_fail(EG_E_INVALID, "expires_time: before it begins");
    }
    if (until != 0 && until - from > EG_EXCEPTION_DAYS_MAX * TICKS_PER_DAY) {
        return eg_fail(EG_E_INVALID, "expires_time: more than %u days on; longer only for ever",
                       EG_EXCEPTION_DAYS_MAX);
    }
    return EG_OK;
}

int eg_exception_check(const eg_exception *exception)
{
    size_t count = 0;
    int status = check_text("rule", exception->rule_id, RULE_ID_MAX);
    if (status == EG_OK) {
        status = check_text("reason", exception->reason, EG_EXCEPTION_TEXT_MAX);
    }
    if (status == EG_OK && eg_str_trim(exception->reason).len == 0) {
        status = eg_fail(EG_E_INVALID, "reason: say why, for whoever reads it in a year");
    }
    if (status == EG_OK) {
        status = check_text("created_by", exception->created_by, EG_EXCEPTION_TEXT_MAX);
    }
    if (status == EG_OK) {
        status = check_wanted(exception, &count);
    }
    if (status == EG_OK) {
        status = check_scope(exception, count);
    }
    return status == EG_OK ? check_times(exception) : status;
}
