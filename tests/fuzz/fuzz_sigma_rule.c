/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/sigma/set.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define RULES_MAX 64

int eg_fuzz_sigma_rule(const uint8_t *data, size_t size);

typedef struct rules {
    eg_sigma_rule *items[RULES_MAX];
    size_t count;
    int lines;
    size_t rejected;
} rules;

static int keep(void *user, eg_sigma_rule *rule)
{
    rules *r = user;

    EG_FUZZ_CHECK(eg_sigma_rule_info(rule)->id.len > 0);
    if (r->count == RULES_MAX) {
        eg_sigma_rule_destroy(rule);
        return EG_E_LIMIT;
    }
    r->items[r->count++] = rule;
    return EG_OK;
}

static void check_problem(void *user, const eg_problem *problem)
{
    rules *r = user;

    EG_FUZZ_CHECK(strcmp(problem->file, "fuzz.yml") == 0 && problem->reason[0] != '\0');
    EG_FUZZ_CHECK(problem->line >= 1 && problem->line <= r->lines + 1);
    r->rejected += problem->kind == EG_PROBLEM_REJECTED ? 1 : 0;
}

/* Every fault lies on a line of the file; each rule found is compiled or rejected. */
int eg_fuzz_sigma_rule(const uint8_t *data, size_t size)
{
    eg_str text = {size > 0 ? (const char *)data : "", size};
    rules r = {{NULL}, 0, 1, 0};
    const eg_report report = {check_problem, &r};
    eg_sigma_set *set = NULL;
    size_t i, before;

    r.lines = size < 65536 ? (int)size : 65536; /* other characters than '\n' end a line, too */
    (void)eg_sigma_parse(text, "fuzz.yml", &report, keep, &r);
    before = r.rejected;
    if (eg_sigma_compile((const eg_sigma_rule *const *)r.items, r.count, NULL, &report, &set) ==
        EG_OK)
        EG_FUZZ_CHECK(eg_sigma_set_size(set) + r.rejected - before == r.count);
    eg_sigma_set_destroy(set);
    for (i = 0; i < r.count; i++)
        eg_sigma_rule_destroy(r.items[i]);
    return 0;
}
