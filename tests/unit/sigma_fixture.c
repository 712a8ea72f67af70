/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/event/event_json.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 65536

static void keep_problem(void *user, const eg_problem *problem)
{
    eg_test_problems *problems = user;
    eg_test_problem *item;

    if (problems->count == EG_TEST_PROBLEMS_MAX)
        return;
    item = &problems->items[problems->count++];
    item->kind = problem->kind;
    item->line = problem->line;
    (void)snprintf(item->reason, sizeof(item->reason), "%s", problem->reason);
    (void)snprintf(item->rule_id, sizeof(item->rule_id), "%.*s", EG_STR_ARGS(problem->rule_id));
}

void eg_test_problems_init(eg_test_problems *problems)
{
    memset(problems, 0, sizeof(*problems));
    problems->report.problem = keep_problem;
    problems->report.user = problems;
}

static int keep_rule(void *user, eg_sigma_rule *rule)
{
    eg_test_rules *rules = user;

    if (rules->count == EG_COUNT(rules->rules)) {
        eg_sigma_rule_destroy(rule);
        return eg_fail(EG_E_LIMIT, "more rules than the test keeps");
    }
    rules->rules[rules->count++] = rule;
    return EG_OK;
}

int eg_test_rules_parse(eg_test_rules *rules, const char *yaml, const eg_report *report)
{
    rules->count = 0;
    return eg_sigma_parse(eg_str_from(yaml), "rule.yml", report, keep_rule, rules);
}

void eg_test_rules_done(eg_test_rules *rules)
{
    size_t i;

    for (i = 0; i < rules->count; i++)
        eg_sigma_rule_destroy(rules->rules[i]);
    rules->count = 0;
}

/* The matches live as long as the matcher, so they are copied. */
static int match_event(const eg_sigma_set *set, const eg_event *event, uint32_t *rules,
                       size_t *count)
{
    eg_sigma_matcher *matcher;
    const uint32_t *found;
    int status = eg_sigma_matcher_create(set, &matcher);

    if (status != EG_OK)
        return status;
    status = eg_sigma_match(matcher, event, &found, count);
    if (status == EG_OK && *count > 0)
        memcpy(rules, found, *count * sizeof(*rules));
    eg_sigma_matcher_destroy(matcher);
    return status;
}

int eg_test_match(const eg_sigma_set *set, const char *channel, unsigned event_id,
                  const char *fields, uint32_t *rules, size_t *count)
{
    eg_event_reader *reader;
    eg_event event;
    eg_buf line;
    int status = eg_event_reader_create(&reader);

    if (status != EG_OK)
        return status;
    eg_buf_init(&line, TEXT_MAX);
    status = eg_buf_appendf(&line, "{\"channel\":\"%s\",\"event_id\":%u,\"fields\":%s}", channel,
                            event_id, fields);
    if (status == EG_OK)
        status = eg_event_read_json(reader, eg_buf_str(&line), &event);
    if (status == EG_OK)
        status = match_event(set, &event, rules, count);
    eg_buf_done(&line);
    eg_event_reader_destroy(reader);
    return status;
}

eg_test_verdict eg_test_detection(const char *detection, const char *fields)
{
    eg_test_problems problems;
    eg_test_rules rules;
    eg_sigma_set *set;
    uint32_t matches[16];
    size_t count = 0, compiled;
    char yaml[TEXT_MAX];

    (void)snprintf(yaml, sizeof(yaml),
                   "id: x\ntitle: t\nlogsource: {product: windows}\ndetection:\n%s\n", detection);
    eg_test_problems_init(&problems);
    assert_int_equal(eg_test_rules_parse(&rules, yaml, &problems.report), EG_OK);
    assert_int_equal(eg_sigma_compile((const eg_sigma_rule *const *)rules.rules, rules.count, NULL,
                                      &problems.report, &set),
                     EG_OK);
    eg_test_rules_done(&rules);
    compiled = eg_sigma_set_size(set);
    assert_int_equal(compiled + problems.count, 1);
    assert_int_equal(eg_test_match(set, "Test", 1, fields, matches, &count), EG_OK);
    eg_sigma_set_destroy(set);
    if (compiled == 0)
        return EG_TEST_REJECTED;
    return count > 0 ? EG_TEST_HIT : EG_TEST_MISS;
}
