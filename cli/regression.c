/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/regression.h"

#include "cli/cli.h"
#include "cli/json_objects.h"
#include "cli/matching.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/sigma/yaml_tree.h"

#include <inttypes.h>
#include <string.h>

#define INFO_MAX ((size_t)1024 * 1024)
#define RECORDING_MAX ((size_t)256 * 1024 * 1024)

typedef struct regression {
    eg_matching matching;
    eg_regression_result result;
    eg_buf rejected; /* "<id> <reason>\n" of rules that cannot be used */
    /* the test at hand */
    const char *info;
    eg_str rule;
    uint64_t wanted;
} regression;

static void on_problem(void *user, const eg_problem *problem)
{
    regression *r = user;
    if (problem->kind != EG_PROBLEM_WARNING && problem->rule_id.len > 0) {
        eg_buf_appendf(&r->rejected, "%.*s %s: %s\n", EG_STR_ARGS(problem->rule_id),
                       eg_problem_kind_name(problem->kind), problem->reason);
    }
}

static void fail(regression *r, const char *format, ...) EG_PRINTF(2, 3);

static void fail(regression *r, const char *format, ...)
{
    eg_buf text;
    va_list args;
    eg_buf_init(&text, 64 * 1024);
    eg_buf_appendf(&text, "FAIL %s: rule %.*s: ", r->info, EG_STR_ARGS(r->rule));
    va_start(args, format);
    eg_buf_appendv(&text, format, args);
    va_end(args);
    eg_cli_print(stdout, eg_buf_str(&text));
    putchar('\n');
    eg_buf_done(&text);
    r->result.failed++;
}

/* ---- one test ---- */

static int find_rule(regression *r, size_t *out)
{
    for (size_t i = 0; i < eg_sigma_set_size(r->matching.set); i++) {
        if (eg_str_equal_nocase(eg_sigma_set_rule(r->matching.set, i)->id, r->rule)) {
            *out = i;
            return EG_OK;
        }
    }
    eg_str rest = eg_buf_str(&r->rejected);
    eg_str line;
    while (eg_str_split(&rest, '\n', &line)) {
        if (eg_str_starts_nocase(line, r->rule)) {
            return eg_fail(EG_E_NOTFOUND, "%.*s", (int)(line.len - r->rule.len),
                           line.ptr + r->rule.len);
        }
    }
    return eg_fail(EG_E_NOTFOUND, "it is not among the rules given");
}

/* Counts the events of the recording that meet the rule. */
static int count_events(regression *r, eg_str text, size_t rule, uint64_t *count)
{
    eg_json_objects objects;
    eg_str object;
    size_t line;
    int status = EG_OK;

    eg_json_objects_begin(&objects, text);
    while (status == EG_OK && eg_json_objects_next(&objects, &object, &line)) {
        eg_matching_clear(&r->matching);
        status = eg_matching_read(&r->matching, object);
        if (status == EG_OK) {
            status = eg_matching_run(&r->matching);
        }
        if (status == EG_OK && eg_matching_has_met(&r->matching, 0, rule)) {
            ++*count;
        }
    }
    return status;
}

static int run_recording(regression *r, const char *path)
{
    size_t rule = 0;
    uint64_t count = 0;
    eg_buf text;

    eg_buf_init(&text, RECORDING_MAX);
    int status = find_rule(r, &rule);
    if (status == EG_OK) {
        status = eg_file_read(path, RECORDING_MAX, &text);
    }
    if (status == EG_OK) {
        status = count_events(r, eg_buf_str(&text), rule, &count);
    }
    if (status != EG_OK && status != EG_E_NOMEM) {
        fail(r, "%s", eg_error_message());
    } else if (status == EG_OK && count < r->wanted) {
        fail(r, "%" PRIu64 " events meet it, not %" PRIu64, count, r->wanted);
    } else if (status == EG_OK) {
        r->result.passed++;
    }
    eg_buf_done(&text);
    return status == EG_E_NOMEM ? status : EG_OK;
}

/* ---- info.yml ---- */

static eg_str text_of(const eg_yaml_node *map, const char *key)
{
    const eg_yaml_node *node = eg_yaml_get(map, key);
    return node && node->kind == EG_YAML_SCALAR ? node->text : EG_STR("");
}

/* The recording lies beside info.yml, under the name of the test's path with .json. */
static int recording_path(const char *info, eg_str named, eg_buf *out)
{
    eg_str base = eg_path_base(named);
    size_t folder = strlen(info) - eg_path_base(eg_str_from(info)).len;
    size_t stem = base.len;
    while (stem > 0 && base.ptr[stem - 1] != '.') {
        stem--;
    }
    eg_buf_clear(out);
    eg_buf_append(out, info, folder);
    eg_buf_append(out, base.ptr, stem > 0 ? stem - 1 : base.len);
    return eg_buf_append_cstr(out, ".json");
}

static int run_test(regression *r, const eg_yaml_node *test)
{
    eg_buf path;
    eg_str named = text_of(test, "path");
    eg_buf_init(&path, 64 * 1024);
    r->wanted = 1;
    (void)eg_str_to_u64(text_of(test, "match_count"), &r->wanted);
    int status = EG_OK;
    if (named.len == 0) {
        fail(r, "a test has no path");
    } else {
        status = recording_path(r->info, named, &path);
    }
    if (status == EG_OK && named.len > 0) {
        status = run_recording(r, eg_buf_cstr(&path));
    }
    eg_buf_done(&path);
    return status;
}

static int run_tests(regression *r, const eg_yaml_node *root)
{
    const eg_yaml_node *rules = eg_yaml_get(root, "rule_metadata");
    const eg_yaml_node *tests = eg_yaml_get(root, "regression_tests_info");
    int status = EG_OK;

    if (!tests || tests->kind != EG_YAML_LIST || tests->count == 0) {
        r->result.without++;
        return EG_OK;
    }
    if (!rules || rules->kind != EG_YAML_LIST || rules->count == 0) {
        fail(r, "rule_metadata is missing");
        return EG_OK;
    }
    for (size_t i = 0; i < rules->count; i++) {
        r->rule = text_of(rules->items[i], "id");
        for (size_t j = 0; j < tests->count && status == EG_OK; j++) {
            status = run_test(r, tests->items[j]);
        }
    }
    return status;
}

static int run_info(regression *r, const char *info, eg_arena *arena)
{
    const eg_yaml_node *root = NULL;
    eg_yaml_reader *reader = NULL;
    eg_buf text;

    eg_arena_reset(arena);
    eg_buf_init(&text, INFO_MAX);
    r->info = info;
    r->rule = EG_STR("?");
    int status = eg_file_read(info, INFO_MAX, &text);
    if (status == EG_OK) {
        status = eg_yaml_reader_create(eg_buf_str(&text), &reader);
    }
    if (status == EG_OK) {
        status = eg_yaml_read(reader, arena, &root);
    }
    if (status == EG_OK) {
        status = run_tests(r, root);
    } else if (status != EG_E_NOMEM) {
        fail(r, "%s", eg_error_message());
        status = EG_OK;
    }
    eg_yaml_reader_destroy(reader);
    eg_buf_done(&text);
    return status;
}

/* ---- all of them ---- */

static int load_rules(regression *r, const eg_path_list *rules)
{
    const eg_report report = {on_problem, r};
    eg_ruleset *ruleset = NULL;
    int status =
        eg_ruleset_load((const char *const *)rules->items, rules->count, false, &report, &ruleset);
    if (status == EG_OK) {
        status = eg_matching_init(&r->matching, ruleset);
    }
    if (status == EG_OK) {
        r->result.rules = eg_sigma_set_size(r->matching.set);
    }
    return status;
}

int eg_regression_run(const eg_rule_paths *paths, eg_regression_result *result)
{
    regression r;
    eg_arena *arena = NULL;

    memset(&r, 0, sizeof(r));
    eg_buf_init(&r.rejected, (size_t)16 * 1024 * 1024);
    int status = eg_arena_create(&arena, 16 * 1024);
    if (status == EG_OK) {
        status = load_rules(&r, &paths->rules);
    }
    for (size_t i = 0; i < paths->tests.count && status == EG_OK; i++) {
        status = run_info(&r, paths->tests.items[i], arena);
    }
    if (status == EG_OK) {
        *result = r.result;
    }
    eg_matching_done(&r.matching);
    eg_arena_destroy(arena);
    eg_buf_done(&r.rejected);
    return status;
}
