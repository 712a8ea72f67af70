/* SPDX-License-Identifier: Apache-2.0 */
/* Rules from text and events from JSON, for the tests of Sigma. Include after unit.h. */
#ifndef EG_TESTS_SIGMA_FIXTURE_H
#define EG_TESTS_SIGMA_FIXTURE_H

#include "core/sigma/set.h"

/* What became of a rule and an event. */
typedef enum eg_test_verdict { EG_TEST_MISS, EG_TEST_HIT, EG_TEST_REJECTED } eg_test_verdict;

#define EG_TEST_PROBLEMS_MAX 8
typedef struct eg_test_problem {
    eg_problem_kind kind;
    int line;
    char reason[160];
    char rule_id[64];
} eg_test_problem;

/* Everything that was reported, in order; `report` points back here. */
typedef struct eg_test_problems {
    eg_report report;
    eg_test_problem items[EG_TEST_PROBLEMS_MAX];
    size_t count;
} eg_test_problems;

void eg_test_problems_init(eg_test_problems *problems);

/* The rules of one YAML text. */
typedef struct eg_test_rules {
    eg_sigma_rule *rules[32];
    size_t count;
} eg_test_rules;

int eg_test_rules_parse(eg_test_rules *rules, const char *yaml, const eg_report *report);
void eg_test_rules_done(eg_test_rules *rules);

/* Matches one event, given as the JSON object of its fields, in this channel with this id. */
int eg_test_match(const eg_sigma_set *set, const char *channel, unsigned event_id,
                  const char *fields, uint32_t *rules, size_t *count);

/* A rule for every log source with this `detection` (YAML, indented by two), on these fields. */
eg_test_verdict eg_test_detection(const char *detection, const char *fields);

#endif
