/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rule_search.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/detect/pack.h"
#include "core/sigma/explain.h"
#include "core/sigma/pattern.h"

#include <string.h>

/* How a rule agrees with what is wanted, the closest last. */
enum { RANK_NONE, RANK_PART, RANK_FILE, RANK_TITLE, RANK_ID };

static bool is_file(eg_str wanted, const char *file)
{
    eg_str path = eg_str_from(file);
    return eg_str_equal(path, wanted) || eg_str_equal_nocase(eg_path_base(path), wanted);
}

/* In any script, without regard to case; lack of memory finds nothing. */
static int title_rank(eg_str wanted, eg_str title)
{
    eg_buf part, whole;
    int rank = RANK_NONE;
    eg_buf_init(&part, 64 * 1024);
    eg_buf_init(&whole, 64 * 1024);
    if (eg_fold_str(&part, wanted) == EG_OK && eg_fold_str(&whole, title) == EG_OK) {
        if (eg_str_equal(eg_buf_str(&part), eg_buf_str(&whole))) {
            rank = RANK_TITLE;
        } else if (eg_pattern_find(eg_buf_str(&whole), 0, eg_buf_str(&part)) != SIZE_MAX) {
            rank = RANK_PART;
        }
    }
    eg_buf_done(&part);
    eg_buf_done(&whole);
    return rank;
}

static int rank_of(eg_str wanted, const eg_rule_info *info)
{
    if (eg_str_equal_nocase(info->id, wanted)) {
        return RANK_ID;
    }
    int rank = title_rank(wanted, info->title);
    if (rank < RANK_FILE && is_file(wanted, info->file)) {
        rank = RANK_FILE;
    }
    return rank;
}

static void forget(eg_rule_search *search)
{
    for (size_t i = 0; i < search->count; i++) {
        eg_sigma_rule_destroy(search->rules[i]);
    }
    search->count = 0;
}

/* Takes over the rule, also on failure. */
static int keep(eg_sigma_rule ***rules, size_t *count, size_t *capacity, eg_sigma_rule *rule)
{
    if (*count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 8;
        eg_sigma_rule **grown = eg_realloc((void *)*rules, more * sizeof(*grown));
        if (!grown) {
            eg_sigma_rule_destroy(rule);
            return EG_E_NOMEM;
        }
        *rules = grown;
        *capacity = more;
    }
    (*rules)[(*count)++] = rule;
    return EG_OK;
}

static int consider(void *user, eg_sigma_rule *rule)
{
    eg_rule_search *search = user;
    if (eg_explain_is_filter(rule)) {
        return keep(&search->filters, &search->filter_count, &search->filter_capacity, rule);
    }
    int rank = rank_of(eg_str_from(search->wanted), eg_sigma_rule_info(rule));
    if (rank == RANK_NONE || rank < search->rank) {
        eg_sigma_rule_destroy(rule);
        return EG_OK;
    }
    if (rank > search->rank) {
        forget(search);
        search->rank = rank;
    }
    return keep(&search->rules, &search->count, &search->capacity, rule);
}

static void on_problem(void *user, const eg_problem *problem)
{
    eg_rule_search *search = user;
    eg_str wanted = eg_str_from(search->wanted);
    if (problem->kind == EG_PROBLEM_WARNING || search->problem.len > 0) {
        return;
    }
    if (eg_str_equal_nocase(problem->rule_id, wanted) || is_file(wanted, problem->file)) {
        eg_buf_appendf(&search->problem, "%s:%d: %s: %s", problem->file, problem->line,
                       eg_problem_kind_name(problem->kind), problem->reason);
    }
}

/* A file that cannot be read may not be the one that is wanted. */
static int search_file(eg_rule_search *search, const char *file, eg_buf *text)
{
    const eg_report report = {on_problem, search};
    eg_str name = eg_path_base(eg_str_from(file));

    eg_buf_clear(text);
    int status = eg_file_read(file, EG_PACK_FILE_MAX, text);
    if (status == EG_OK && eg_str_equal(name, EG_STR(EG_PACK_PLACEHOLDERS))) {
        return eg_placeholders_read(search->placeholders, eg_buf_str(text), file, &report);
    }
    if (status == EG_OK) {
        return eg_sigma_parse(eg_buf_str(text), file, &report, consider, search);
    }
    if (is_file(eg_str_from(search->wanted), file)) {
        eg_buf_append_cstr(&search->problem, eg_error_message());
    }
    return status == EG_E_NOMEM ? status : EG_OK;
}

int eg_rule_search_run(const char *wanted, const eg_rule_paths *paths, eg_rule_search *out)
{
    eg_buf text;

    memset(out, 0, sizeof(*out));
    out->wanted = wanted;
    eg_buf_init(&out->problem, 64 * 1024);
    eg_buf_init(&text, EG_PACK_FILE_MAX);
    int status = eg_placeholders_create(&out->placeholders);
    for (size_t i = 0; i < paths->rules.count && status == EG_OK; i++) {
        status = search_file(out, paths->rules.items[i], &text);
    }
    eg_buf_done(&text);
    if (status != EG_OK) {
        eg_rule_search_done(out);
    }
    return status;
}

void eg_rule_search_done(eg_rule_search *search)
{
    forget(search);
    for (size_t i = 0; i < search->filter_count; i++) {
        eg_sigma_rule_destroy(search->filters[i]);
    }
    eg_free((void *)search->rules);
    eg_free((void *)search->filters);
    eg_placeholders_destroy(search->placeholders);
    eg_buf_done(&search->problem);
    memset(search, 0, sizeof(*search));
}
