/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/regex.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/sigma/regex_chain.h"
#include "core/sigma/regex_translate.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_LIMIT 2000000u
#define SECOND_MATCH_LIMIT 2000u /* once the quick form has found nothing */
#define DEPTH_LIMIT 10000u
#define HEAP_LIMIT_KIB 4096u
#define JIT_STACK_MIN (32u * 1024)
#define JIT_STACK_MAX (512u * 1024)
#define PATTERN_MAX 16384
#define TEXT_MAX (PATTERN_MAX * 16) /* of what a pattern becomes */

struct eg_regex {
    pcre2_code *quick; /* finds most of what `code` finds and nothing else; NULL when not needed */
    pcre2_code *code;
    uint32_t shortest; /* characters of the shortest text that can match */
    size_t memory;
};

struct eg_regex_scratch {
    pcre2_general_context *general;
    pcre2_match_context *context, *second_context;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
};

static void *regex_alloc(size_t size, void *user)
{
    EG_UNUSED(user);
    return eg_alloc(size);
}

static void regex_free(void *block, void *user)
{
    EG_UNUSED(user);
    eg_free(block);
}

static int compile_code(eg_str pattern, unsigned flags, pcre2_general_context *general,
                        pcre2_code **out)
{
    uint32_t options = PCRE2_UTF | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    PCRE2_UCHAR reason[160];
    PCRE2_SIZE at = 0;
    int code = 0;

    if (!context) {
        return eg_fail(EG_E_NOMEM, "no memory for a regular expression");
    }
    options |= flags & EG_REGEX_MULTILINE ? PCRE2_MULTILINE : 0;
    options |= flags & EG_REGEX_DOTALL ? PCRE2_DOTALL : 0;
    (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    *out = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options, &code, &at, context);
    pcre2_compile_context_free(context);
    if (*out) {
        return EG_OK;
    }
    if (code == PCRE2_ERROR_HEAP_FAILED) {
        return eg_fail(EG_E_NOMEM, "no memory for a regular expression");
    }
    (void)pcre2_get_error_message(code, reason, sizeof(reason));
    return eg_fail(EG_E_INVALID, "regular expression: %s", (const char *)reason);
}

static int compile_one(eg_str pattern, unsigned flags, eg_regex *regex, pcre2_code **out)
{
    pcre2_general_context *general = pcre2_general_context_create(regex_alloc, regex_free, NULL);
    size_t size = 0, jit_size = 0;
    int status;

    if (!general) {
        return eg_fail(EG_E_NOMEM, "no memory for a regular expression");
    }
    status = compile_code(pattern, flags, general, out);
    pcre2_general_context_free(general);
    if (status != EG_OK) {
        return status;
    }
    /* Where JIT cannot be had, the interpreter gives the same answers, slower. */
    (void)pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE);
    (void)pcre2_pattern_info(*out, PCRE2_INFO_SIZE, &size);
    (void)pcre2_pattern_info(*out, PCRE2_INFO_JITSIZE, &jit_size);
    regex->memory += size + jit_size;
    return EG_OK;
}

/* Written without its traps: tried first, or instead of the other where that is the same. */
static int compile_quick(eg_str pattern, unsigned flags, eg_regex *regex)
{
    eg_regex_form form;
    eg_buf text;
    int status;

    eg_buf_init(&text, TEXT_MAX);
    form = eg_regex_chain(pattern, &text);
    status = text.status;
    if (status == EG_OK && form != EG_REGEX_AS_IT_IS) {
        status = compile_one(eg_buf_str(&text), flags, regex, &regex->quick);
    }
    if (status == EG_OK && form == EG_REGEX_EQUAL) {
        pcre2_code_free(regex->code);
        regex->code = regex->quick;
        regex->quick = NULL;
    }
    eg_buf_done(&text);
    return status;
}

static int compile_forms(eg_str pattern, unsigned flags, eg_regex *regex)
{
    bool dotall = false;
    eg_buf text;
    int status;

    eg_buf_init(&text, TEXT_MAX);
    status = eg_regex_translate(pattern, flags, &text, &dotall);
    if (status == EG_OK) {
        status = compile_one(eg_buf_str(&text), flags, regex, &regex->code);
    }
    if (status == EG_OK && !dotall) {
        status = compile_quick(eg_buf_str(&text), flags, regex);
    }
    eg_buf_done(&text);
    return status;
}

int eg_regex_compile(eg_str pattern, unsigned flags, eg_regex **out)
{
    eg_regex *regex;
    int status;

    if (pattern.len > PATTERN_MAX) {
        return eg_fail(EG_E_LIMIT, "regular expression is longer than %d bytes", PATTERN_MAX);
    }
    regex = eg_alloc_zero(1, sizeof(*regex));
    if (!regex) {
        return EG_E_NOMEM;
    }
    regex->memory = sizeof(*regex);
    status = compile_forms(pattern, flags, regex);
    if (status != EG_OK) {
        eg_regex_destroy(regex);
        return status;
    }
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_MINLENGTH, &regex->shortest);
    *out = regex;
    return EG_OK;
}

void eg_regex_destroy(eg_regex *regex)
{
    if (!regex) {
        return;
    }
    pcre2_code_free(regex->quick);
    pcre2_code_free(regex->code);
    eg_free(regex);
}

size_t eg_regex_memory(const eg_regex *regex)
{
    return regex->memory;
}

static void set_limits(const eg_regex_scratch *scratch, pcre2_match_context *context,
                       uint32_t match_limit)
{
    (void)pcre2_set_match_limit(context, match_limit);
    (void)pcre2_set_depth_limit(context, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
    pcre2_jit_stack_assign(context, NULL, scratch->stack);
}

int eg_regex_scratch_create(eg_regex_scratch **out)
{
    eg_regex_scratch *scratch = eg_alloc_zero(1, sizeof(*scratch));

    if (!scratch) {
        return EG_E_NOMEM;
    }
    scratch->general = pcre2_general_context_create(regex_alloc, regex_free, NULL);
    if (scratch->general) {
        scratch->context = pcre2_match_context_create(scratch->general);
        scratch->second_context = pcre2_match_context_create(scratch->general);
        scratch->data = pcre2_match_data_create(1, scratch->general);
        scratch->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, scratch->general);
    }
    if (!scratch->context || !scratch->second_context || !scratch->data || !scratch->stack) {
        eg_regex_scratch_destroy(scratch);
        return eg_fail(EG_E_NOMEM, "no memory for regular expressions");
    }
    set_limits(scratch, scratch->context, MATCH_LIMIT);
    set_limits(scratch, scratch->second_context, SECOND_MATCH_LIMIT);
    *out = scratch;
    return EG_OK;
}

void eg_regex_scratch_destroy(eg_regex_scratch *scratch)
{
    if (!scratch) {
        return;
    }
    pcre2_jit_stack_free(scratch->stack);
    pcre2_match_data_free(scratch->data);
    pcre2_match_context_free(scratch->context);
    pcre2_match_context_free(scratch->second_context);
    pcre2_general_context_free(scratch->general);
    eg_free(scratch);
}

static int run(const pcre2_code *code, const eg_regex_scratch *scratch,
               pcre2_match_context *context, eg_str subject)
{
    return pcre2_match(code, (PCRE2_SPTR)(subject.ptr ? subject.ptr : ""), subject.len, 0,
                       PCRE2_NO_UTF_CHECK, scratch->data, context);
}

int eg_regex_search(const eg_regex *regex, eg_regex_scratch *scratch, eg_str subject, bool *found)
{
    pcre2_match_context *context = scratch->context;
    int code = PCRE2_ERROR_NOMATCH;

    *found = false;
    if (subject.len < regex->shortest) {
        return EG_OK;
    }
    if (regex->quick) {
        code = run(regex->quick, scratch, context, subject);
        context = scratch->second_context;
    }
    if (code == PCRE2_ERROR_NOMATCH) {
        code = run(regex->code, scratch, context, subject);
    }
    *found = code >= 0;
    if (code >= 0 || code == PCRE2_ERROR_NOMATCH) {
        return EG_OK;
    }
    if (regex->quick && code != PCRE2_ERROR_NOMEMORY) {
        return EG_OK; /* only a match across lines could have been missed */
    }
    if (code == PCRE2_ERROR_NOMEMORY) {
        return eg_fail(EG_E_NOMEM, "no memory for a regular expression");
    }
    return eg_fail(EG_E_LIMIT, "a regular expression took more work than allowed (%d)", code);
}
