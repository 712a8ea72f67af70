/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/samples.h"

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/line_reader.h"
#include "cli/matching.h"
#include "cli/yara_samples.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/sigma/correlator.h"

#include <string.h>

/* What a line of a sample file has to do. */
typedef enum expectation { MUST_HIT, MUST_MISS, MUST_MISS_ALL } expectation;

typedef struct samples {
    eg_matching matching;
    eg_sigma_correlator *correlator;
    const eg_correlation_hit *completed; /* by the event at hand */
    size_t completed_count;
    uint64_t completed_at; /* line that first completed the correlation in question; 0 none */
    eg_buf folder;         /* of the pack's samples */
    eg_samples_result result;
} samples;

static void on_problem(void *user, const eg_problem *problem)
{
    samples *s = user;
    if (problem->kind == EG_PROBLEM_REJECTED) {
        s->result.failed++;
        printf("FAIL %s:%d: %s\n", problem->file, problem->line, problem->reason);
    }
}

#define NO_RULE SIZE_MAX

/* The first rule or correlation that raises a hit for the event at hand. */
static size_t first_hit(const samples *s)
{
    const eg_matching *matching = &s->matching;
    size_t count;
    const uint32_t *met = eg_matching_met(matching, 0, &count);
    for (size_t i = 0; i < count; i++) {
        if (!eg_sigma_set_is_silent(matching->set, met[i])) {
            return met[i];
        }
    }
    return s->completed_count > 0 ? s->completed[0].rule : NO_RULE;
}

static void judge(samples *s, const char *file, uint64_t number, bool good, const char *what,
                  size_t rule)
{
    if (good) {
        s->result.passed++;
        return;
    }
    s->result.failed++;
    const eg_rule_info *info = eg_sigma_set_rule(s->matching.set, rule);
    printf("FAIL %s:%llu: %s ", file, (unsigned long long)number, what);
    eg_cli_print(stdout, info->title);
    putchar('\n');
}

static void judge_line(samples *s, const char *file, uint64_t number, expectation expected,
                       size_t rule)
{
    if (expected == MUST_MISS_ALL) {
        size_t hit = first_hit(s);
        judge(s, file, number, hit == NO_RULE, "hits", hit);
    } else if (!eg_sigma_set_is_correlation(s->matching.set, rule)) {
        bool has = eg_matching_has_met(&s->matching, 0, rule);
        judge(s, file, number, has == (expected == MUST_HIT),
              expected == MUST_HIT ? "does not hit" : "hits", rule);
    } else {
        for (size_t i = 0; i < s->completed_count && s->completed_at == 0; i++) {
            s->completed_at = s->completed[i].rule == rule ? number : 0;
        }
    }
}

/* The events of a file are one stream: its last one completes the correlation, or none does. */
static void judge_stream(samples *s, const char *file, uint64_t last, expectation expected,
                         size_t rule)
{
    if (expected == MUST_HIT) {
        judge(s, file, last, s->completed_at == last,
              s->completed_at == 0 ? "does not complete" : "completes too early", rule);
    } else {
        judge(s, file, s->completed_at, s->completed_at == 0, "completes", rule);
    }
}

static int correlate(samples *s)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    size_t count;
    const uint32_t *met = eg_matching_met(&s->matching, 0, &count);

    eg_arena_reset(s->matching.arena);
    size_t view_count = eg_event_views(&s->matching.events[0], s->matching.arena, views);
    return eg_sigma_correlate(s->correlator, views, view_count, met, count, &s->completed,
                              &s->completed_count);
}

/* One sample; what is wrong with it is a failure of the pack, not of the run. */
static int run_line(samples *s, const char *path, uint64_t number, eg_str line,
                    expectation expected, size_t rule)
{
    eg_matching_clear(&s->matching);
    int status = eg_matching_read(&s->matching, line);
    if (status == EG_OK) {
        status = eg_matching_run(&s->matching);
    }
    if (status == EG_OK) {
        status = correlate(s);
    }
    if (status == EG_OK) {
        judge_line(s, path, number, expected, rule);
    } else if (status == EG_E_INVALID || status == EG_E_LIMIT) {
        s->result.failed++;
        printf("FAIL %s:%llu: %s\n", path, (unsigned long long)number, eg_error_message());
        status = EG_OK;
    }
    return status;
}

static int read_bytes(void *user, void *out, size_t size, size_t *got)
{
    return eg_input_read(user, out, size, got);
}

static int run_lines(samples *s, eg_input *input, expectation expected, size_t rule)
{
    eg_line_reader lines;
    uint64_t number = 0, last = 0;
    bool stream = expected != MUST_MISS_ALL && eg_sigma_set_is_correlation(s->matching.set, rule);
    size_t judged = s->result.passed + s->result.failed;
    eg_sigma_correlator_reset(s->correlator);
    s->completed_at = 0;
    int status = eg_line_reader_init(&lines, read_bytes, input, EG_EVENT_LINE_MAX);
    while (status == EG_OK) {
        eg_str line;
        status = eg_line_reader_next(&lines, &line);
        number++;
        if (status == EG_OK && eg_str_trim(line).len > 0) {
            status = run_line(s, input->path, number, line, expected, rule);
            last = number;
        }
    }
    eg_line_reader_done(&lines);
    if (stream && last > 0) {
        judge_stream(s, input->path, last, expected, rule);
    }
    if (status == EG_E_NOTFOUND && s->result.passed + s->result.failed == judged) {
        s->result.failed++;
        printf("FAIL %s: no events\n", input->path);
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static int run_file(samples *s, const char *path, expectation expected, size_t rule)
{
    eg_input input;
    if (eg_input_open(path, &input) != EG_OK) {
        s->result.failed++;
        printf("FAIL %s\n", eg_error_message());
        return EG_OK;
    }
    int status = run_lines(s, &input, expected, rule);
    eg_input_close(&input);
    return status;
}

static int run_rule(samples *s, size_t rule)
{
    const eg_rule_info *info = eg_sigma_set_rule(s->matching.set, rule);
    eg_str stem = eg_path_base(eg_str_from(info->file));
    eg_buf path;
    int status = EG_OK;

    if (eg_str_ends_nocase(stem, EG_STR(".yml"))) {
        stem.len -= 4;
    }
    eg_buf_init(&path, 16 * 1024);
    for (int miss = 0; miss < 2 && status == EG_OK; miss++) {
        eg_buf_clear(&path);
        status = eg_buf_appendf(&path, "%s/%.*s/%s", eg_buf_cstr(&s->folder), EG_STR_ARGS(stem),
                                miss ? "miss.jsonl" : "hit.jsonl");
        if (status == EG_OK) {
            status = run_file(s, eg_buf_cstr(&path), miss ? MUST_MISS : MUST_HIT, rule);
        }
    }
    eg_buf_done(&path);
    return status;
}

static int visit_ordinary(void *user, const eg_dir_entry *entry)
{
    samples *s = user;
    if (entry->is_dir || !eg_str_ends_nocase(eg_str_from(entry->name), EG_STR(".jsonl"))) {
        return EG_OK;
    }
    return run_file(s, entry->path, MUST_MISS_ALL, 0);
}

int eg_samples_run(const char *pack, eg_samples_result *result)
{
    samples s;
    eg_ruleset *ruleset = NULL;

    memset(&s, 0, sizeof(s));
    eg_buf_init(&s.folder, 16 * 1024);
    const eg_report report = {on_problem, &s};
    int status = eg_ruleset_load(&pack, 1, false, &report, &ruleset);
    if (status == EG_OK) {
        status = eg_matching_init(&s.matching, ruleset);
    }
    if (status == EG_OK) {
        status = eg_sigma_correlator_create(s.matching.set, NULL, &s.correlator);
    }
    if (status == EG_OK) {
        status = eg_path_join(&s.folder, pack, "samples");
    }
    size_t rules = status == EG_OK ? eg_sigma_set_size(s.matching.set) : 0;
    for (size_t i = 0; i < rules && status == EG_OK; i++) {
        if (!eg_sigma_set_is_silent(s.matching.set, i)) { /* else: seen through a correlation */
            status = run_rule(&s, i);
        }
    }
    if (status == EG_OK) {
        status = eg_dir_walk(eg_buf_cstr(&s.folder), 1, visit_ordinary, &s);
    }
    if (status == EG_OK) {
        s.result.rules = rules;
        status = eg_yara_samples_run(eg_ruleset_yara(ruleset), eg_buf_cstr(&s.folder), &s.result);
    }
    if (status == EG_OK) {
        *result = s.result;
    }
    eg_sigma_correlator_destroy(s.correlator);
    eg_matching_done(&s.matching);
    eg_buf_done(&s.folder);
    return status;
}
