/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/filter.h"

#include "core/base/status.h"

int eg_filter_parse(eg_sigma_rule *filter, const eg_rule_place *place, const eg_yaml_node *root)
{
    const eg_yaml_node *map = eg_yaml_get(root, "filter"), *rules = eg_yaml_get(map, "rules");
    const eg_yaml_node *condition = eg_yaml_get(map, "condition");
    eg_written_filter *written = eg_arena_alloc(filter->arena, sizeof(*written));

    if (!written) {
        return EG_E_NOMEM;
    }
    filter->filter = written;
    if (map->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, map->line, "filter must be a map");
    }
    if (eg_yaml_get(root, "detection") || eg_yaml_get(root, "correlation")) {
        return eg_rule_reject(place, map->line, "a filter has neither detection nor correlation");
    }
    if (!rules) {
        return eg_rule_reject(place, map->line, "filter names no rules (or 'any')");
    }
    if (condition && condition->kind != EG_YAML_SCALAR) {
        return eg_rule_reject(place, condition->line, "a filter has one condition");
    }
    if (eg_str_equal_nocase(eg_yaml_text(map, "rules"), EG_STR("any"))) {
        written->any = true;
        return EG_OK;
    }
    return eg_references_parse(filter->arena, place, rules, "rules", EG_FILTER_RULES_MAX,
                               &written->rules, &written->rule_count);
}

/* What the filter's log source leaves open, the rule's may say. */
static bool covers(eg_str filter, eg_str rule)
{
    return !filter.ptr || (rule.ptr && eg_str_equal(filter, rule));
}

static bool covers_logsource(const eg_sigma_rule *filter, const eg_sigma_rule *rule)
{
    return covers(filter->product, rule->product) && covers(filter->category, rule->category) &&
           covers(filter->service, rule->service);
}

bool eg_filter_applies(const eg_sigma_rule *filter, const eg_sigma_rule *rule)
{
    const eg_written_filter *written = filter->filter;
    bool named = written->any;
    size_t i;

    for (i = 0; i < written->rule_count && !named; i++) {
        named = eg_reference_names(written->rules[i].text, rule);
    }
    return named && rule->kind == EG_DOCUMENT_RULE && covers_logsource(filter, rule);
}

static const char *why_unused(const eg_sigma_rule *filter, eg_str reference,
                              const eg_sigma_rule *const *rules, size_t count)
{
    const char *why = "no rule here has that id or name";
    size_t i;

    for (i = 0; i < count; i++) {
        if (rules[i]->kind == EG_DOCUMENT_FILTER || !eg_reference_names(reference, rules[i])) {
            continue;
        }
        if (rules[i]->kind == EG_DOCUMENT_CORRELATION) {
            why = "filters do not apply to correlations";
        } else if (!covers_logsource(filter, rules[i])) {
            why = "that rule has another log source";
        } else {
            return NULL;
        }
    }
    return why;
}

void eg_filter_check(const eg_sigma_rule *filter, const eg_sigma_rule *const *rules, size_t count,
                     const eg_report *report)
{
    const eg_written_filter *written = filter->filter;
    size_t i;

    for (i = 0; i < written->rule_count; i++) {
        eg_str reference = written->rules[i].text;
        const char *why = why_unused(filter, reference, rules, count);

        if (why) {
            eg_report_problem(report, EG_PROBLEM_WARNING, filter->info.file, written->rules[i].line,
                              filter->info.id, "filter for '%.*s' is not used: %s",
                              EG_STR_ARGS(reference), why);
        }
    }
}
