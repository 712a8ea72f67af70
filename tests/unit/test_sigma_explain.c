/* SPDX-License-Identifier: Apache-2.0 */
/* A rule in words, and which of them an event meets. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/event/event_json.h"
#include "core/sigma/explain.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 4096

static const char rule_text[] =
    "title: t\nid: r\nlogsource: {product: windows, category: process_creation}\n"
    "detection:\n"
    "  sel_img: {Image|endswith: ['\\cmd.exe', '\\Cmd2.exe']}\n"
    "  sel_cli: {CommandLine|contains|all: [' -a ', needle]}\n"
    "  filter: {User: null}\n"
    "  other: {Size|gte: 5, Ip|cidr: 10.0.0.0/8, Name|re|i: 'x.y', A|fieldref|startswith: B,\n"
    "    C|cased: 'Qq', D: 'a*b?c', E: '*', F|exists: true}\n"
    "  words: [keyword]\n"
    "  condition: (all of sel_* and not filter) or 1 of words\n";

/* One filter that applies, one for another rule. */
static const char filtered_text[] =
    "title: t\nid: r\nname: mine\nlogsource: {product: windows, category: process_creation}\n"
    "detection:\n  sel: {Image|endswith: '\\cmd.exe'}\n  condition: sel\n"
    "---\ntitle: ours\nid: f1\nlogsource: {product: windows}\n"
    "filter:\n  rules: [mine]\n  sel: {User|startswith: adm}\n  condition: not sel\n"
    "---\ntitle: other\nid: f2\nlogsource: {product: windows}\n"
    "filter:\n  rules: [another]\n  sel: {User: x}\n  condition: not sel\n";

static eg_explanation *explain(const char *yaml)
{
    eg_test_rules rules;
    eg_explanation *explanation = NULL;

    assert_int_equal(eg_test_rules_parse(&rules, yaml, NULL), EG_OK);
    const eg_explain_rules asked = {
        .rule = rules.rules[0],
        .others = (const eg_sigma_rule *const *)(rules.rules + 1),
        .other_count = rules.count - 1,
    };
    assert_int_equal(eg_explain_create(&asked, &explanation), EG_OK);
    eg_test_rules_done(&rules); /* nothing of it is kept */
    return explanation;
}

/* Lines of the condition, or those behind it, indented, witnesses with a star. */
static void print(const eg_explanation *explanation, bool condition, char out[TEXT_SIZE])
{
    size_t used = 0, i;

    out[0] = '\0';
    for (i = 0; i < eg_explain_count(explanation); i++) {
        const eg_explain_line *line = eg_explain_line_at(explanation, i);

        if (line->in_condition == condition) {
            used += (size_t)snprintf(out + used, TEXT_SIZE - used, "%*s%.*s%s\n", (int)line->depth,
                                     "", EG_STR_ARGS(line->text), line->witness ? " *" : "");
        }
        assert_true(used < TEXT_SIZE);
    }
}

static bool holds(eg_explanation *explanation, const bool *met, const char *text)
{
    size_t i;

    for (i = 0; i < eg_explain_count(explanation); i++) {
        if (eg_str_equal(eg_explain_line_at(explanation, i)->text, eg_str_from(text))) {
            return met[i];
        }
    }
    fail_msg("no line '%s'", text);
    return false;
}

static bool ask(eg_explanation *explanation, unsigned event_id, const char *fields, bool met[64])
{
    char line[TEXT_SIZE];
    eg_event_reader *reader;
    eg_event event;
    bool hit = false;

    (void)snprintf(line, sizeof(line),
                   "{\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":%u,"
                   "\"fields\":%s}",
                   event_id, fields);
    assert_true(eg_explain_count(explanation) <= 64);
    assert_int_equal(eg_event_reader_create(&reader), EG_OK);
    assert_int_equal(eg_event_read_json(reader, eg_str_from(line), &event), EG_OK);
    assert_int_equal(eg_explain_event(explanation, &event, met, &hit), EG_OK);
    eg_event_reader_destroy(reader);
    return hit;
}

static void condition__is_shown_as_a_tree_of_names(void **state)
{
    eg_explanation *explanation = explain(rule_text);
    char text[TEXT_SIZE];

    EG_UNUSED(state);
    print(explanation, true, text);
    assert_non_null(strstr(text, "any of\n all of\n"));
    assert_non_null(strstr(text, "sel_img\n"));
    assert_non_null(strstr(text, "  not\n   filter\n"));
    assert_non_null(strstr(text, "words\n"));
    assert_null(strstr(text, "other\n"));
    eg_explain_destroy(explanation);
}

static void predicates__of_every_kind__are_put_in_words(void **state)
{
    static const char *const wanted[] = {
        "Image ends with '\\cmd.exe'",
        "CommandLine contains ' -a '",
        "User is missing",
        "Size is a number >= 5",
        "Ip is an address of 10.0.0.0/8",
        "Name matches /x.y/i",
        "A begins with the value of B",
        "C is 'Qq' (case matters)",
        "D is like 'a*b?c'",
        "E is present, with any value",
        "F is present",
        "any field contains 'keyword'",
        "other\n all of\n",
    };
    eg_explanation *explanation = explain(rule_text);
    char text[TEXT_SIZE];
    size_t i;

    EG_UNUSED(state);
    print(explanation, false, text);
    for (i = 0; i < EG_COUNT(wanted); i++) {
        if (!strstr(text, wanted[i])) {
            fail_msg("'%s' is not in\n%s", wanted[i], text);
        }
    }
    assert_non_null(strstr(text, "contains 'keyword' *"));
    assert_null(strstr(text, "User is missing *"));
    assert_false(eg_explain_is_always_asked(explanation));
    eg_explain_destroy(explanation);
}

static void event__is_asked_every_line(void **state)
{
    eg_explanation *explanation = explain(rule_text);
    bool met[64];

    EG_UNUSED(state);
    assert_true(ask(explanation, 1,
                    "{\"Image\":\"C:\\\\CMD2.EXE\",\"CommandLine\":\"x -a needle\",\"User\":\"\"}",
                    met));
    assert_true(holds(explanation, met, "sel_img"));
    assert_true(holds(explanation, met, "Image ends with '\\cmd2.exe'"));
    assert_false(holds(explanation, met, "Image ends with '\\cmd.exe'"));
    assert_true(holds(explanation, met, "CommandLine contains 'needle'"));
    assert_false(holds(explanation, met, "filter"));
    assert_true(holds(explanation, met, "not"));

    /* nothing of the event before is left */
    assert_false(ask(explanation, 1, "{\"CommandLine\":\"needle\"}", met));
    assert_true(holds(explanation, met, "CommandLine contains 'needle'"));
    assert_false(holds(explanation, met, "sel_cli"));
    assert_true(holds(explanation, met, "User is missing"));
    eg_explain_destroy(explanation);
}

static void event__of_another_log_source__is_asked_but_never_a_hit(void **state)
{
    eg_explanation *explanation = explain(rule_text);
    bool met[64];

    EG_UNUSED(state);
    assert_false(ask(explanation, 13, "{\"Any\":\"the keyword\"}", met));
    assert_true(holds(explanation, met, "words"));
    assert_true(holds(explanation, met, "any of"));
    eg_explain_destroy(explanation);
}

static void rule__with_nothing_to_look_for__is_asked_always(void **state)
{
    eg_explanation *explanation = explain("title: t\nid: r\nlogsource: {product: windows}\n"
                                          "detection: {s: {Image: cmd}, condition: not s}\n");
    bool met[64];

    EG_UNUSED(state);
    assert_true(eg_explain_is_always_asked(explanation));
    assert_true(ask(explanation, 1, "{\"Image\":\"x\"}", met));
    assert_true(holds(explanation, met, "not"));
    eg_explain_destroy(explanation);
}

static void rule__that_cannot_be_compiled__is_refused_with_line_and_reason(void **state)
{
    eg_explanation *explanation = NULL;
    eg_test_rules rules;

    EG_UNUSED(state);
    assert_int_equal(eg_test_rules_parse(&rules,
                                         "title: t\nid: r\nlogsource: {product: windows}\n"
                                         "detection:\n  s: {Image|re: '(('}\n  condition: s\n",
                                         NULL),
                     EG_OK);
    assert_int_equal(rules.count, 1);
    assert_int_equal(eg_explain_create(&(eg_explain_rules){.rule = rules.rules[0]}, &explanation),
                     EG_E_INVALID);
    assert_null(explanation);
    assert_non_null(strstr(eg_error_message(), "line 5"));
    eg_test_rules_done(&rules);
}

static void filter__that_applies__is_a_part_of_the_rule(void **state)
{
    eg_explanation *explanation = explain(filtered_text);
    char text[TEXT_SIZE];
    bool met[64];

    EG_UNUSED(state);
    print(explanation, true, text);
    assert_string_equal(text, "all of\n sel\n not\n  sel (of filter ours)\n");
    assert_true(ask(explanation, 1, "{\"Image\":\"C:\\\\cmd.exe\",\"User\":\"me\"}", met));
    assert_false(holds(explanation, met, "User begins with 'adm'"));
    assert_false(ask(explanation, 1, "{\"Image\":\"C:\\\\cmd.exe\",\"User\":\"Admin\"}", met));
    assert_true(holds(explanation, met, "sel"));
    assert_true(holds(explanation, met, "sel (of filter ours)"));
    assert_false(holds(explanation, met, "all of"));
    eg_explain_destroy(explanation);
}

static void correlation__is_put_in_words_and_asks_no_single_event(void **state)
{
    eg_explanation *explanation =
        explain("title: t\nid: c\ncorrelation:\n  type: value_count\n  rules: [a, b]\n"
                "  group-by: [User, Computer]\n  timespan: 5m\n"
                "  condition: {field: Image, gte: 3}\n");
    char text[TEXT_SIZE];
    eg_event event;
    bool hit;

    EG_UNUSED(state);
    assert_true(eg_explain_is_correlation(explanation));
    print(explanation, true, text);
    assert_string_equal(text, "at least 3 different values of Image in events that meet any of\n"
                              " rule a\n rule b\nwithin 300 s\nwith the same User, Computer\n");
    eg_event_init(&event, EG_KIND_OTHER);
    assert_int_equal(eg_explain_event(explanation, &event, NULL, &hit), EG_E_UNSUPPORTED);
    eg_explain_destroy(explanation);
}

static int explain_once(void *arg)
{
    const eg_test_rules *rules = arg;
    const eg_explain_rules asked = {
        .rule = rules->rules[0],
        .others = (const eg_sigma_rule *const *)(rules->rules + 1),
        .other_count = rules->count - 1,
    };
    eg_explanation *explanation = NULL;
    int status = eg_explain_create(&asked, &explanation);

    eg_explain_destroy(explanation);
    return status;
}

static void lack_of_memory__is_reported(void **state)
{
    eg_test_rules rules;

    EG_UNUSED(state);
    assert_int_equal(eg_test_rules_parse(&rules, filtered_text, NULL), EG_OK);
    assert_true(eg_test_each_allocation_fails(explain_once, &rules) > 10);
    eg_test_rules_done(&rules);
}

int eg_test_sigma_explain(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(condition__is_shown_as_a_tree_of_names),
        cmocka_unit_test(predicates__of_every_kind__are_put_in_words),
        cmocka_unit_test(event__is_asked_every_line),
        cmocka_unit_test(event__of_another_log_source__is_asked_but_never_a_hit),
        cmocka_unit_test(rule__with_nothing_to_look_for__is_asked_always),
        cmocka_unit_test(rule__that_cannot_be_compiled__is_refused_with_line_and_reason),
        cmocka_unit_test(filter__that_applies__is_a_part_of_the_rule),
        cmocka_unit_test(correlation__is_put_in_words_and_asks_no_single_event),
        cmocka_unit_test(lack_of_memory__is_reported),
    };

    return cmocka_run_group_tests_name("sigma_explain", tests, NULL, NULL);
}
