/* SPDX-License-Identifier: Apache-2.0 */
/* What rules mean, sentence by sentence of the Sigma specification and trap by trap. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "tests/unit/sigma_fixture.h"

#include <stdio.h>

#define HIT EG_TEST_HIT
#define MISS EG_TEST_MISS
#define REJECTED EG_TEST_REJECTED

typedef struct verdict_case {
    const char *selection; /* value of the selection `sel` */
    const char *fields;
    eg_test_verdict want;
} verdict_case;

static void check_cases(const verdict_case *cases, size_t count)
{
    char detection[8192];
    size_t i;

    for (i = 0; i < count; i++) {
        eg_test_verdict got;

        (void)snprintf(detection, sizeof(detection), "  condition: sel\n  sel: %s",
                       cases[i].selection);
        got = eg_test_detection(detection, cases[i].fields);
        if (got != cases[i].want)
            fail_msg("sel: %s on %s gave %d, not %d", cases[i].selection, cases[i].fields, (int)got,
                     (int)cases[i].want);
    }
}

#define CHECK(cases) check_cases(cases, EG_COUNT(cases))

static void plain_value__compares_whole_text_without_case(void **state)
{
    static const verdict_case cases[] = {
        {"{F: Abc}", "{\"F\":\"aBC\"}", HIT},
        {"{F: Abc}", "{\"F\":\"xabc\"}", MISS},
        {"{F: Abc}", "{\"F\":\"abcx\"}", MISS},
        {"{F: Abc}", "{}", MISS},
        {"{F: Abc}", "{\"f\":\"abc\"}", MISS},
        {"{F: Ärger}", "{\"F\":\"äRGER\"}", HIT},
        {"{F: ПРИВЕТ}", "{\"F\":\"привет\"}", HIT},
        {"{F: ｱ漢}", "{\"F\":\"ｱ漢\"}", HIT},
        {"{F: 5}", "{\"F\":\"5\"}", HIT},
        {"{F: 5}", "{\"F\":\"55\"}", MISS},
        {"{F: 0x1F}", "{\"F\":\"31\"}", HIT},
        {"{F: '0x1F'}", "{\"F\":\"0x1f\"}", HIT},
        {"{F: 010}", "{\"F\":\"8\"}", HIT},
        {"{F: 1_000}", "{\"F\":\"1000\"}", HIT},
        {"{F: 1.50}", "{\"F\":\"1.5\"}", HIT},
        {"{F: 08}", "{\"F\":\"08\"}", HIT},
        {"{F: true}", "{\"F\":\"True\"}", HIT},
        {"{F: yes}", "{\"F\":\"true\"}", HIT},
        {"{F: 'yes'}", "{\"F\":\"yes\"}", HIT},
        {"{F: [a, b]}", "{\"F\":\"B\"}", HIT},
        {"{F: 2026-08-05}", "{\"F\":\"2026-08-05\"}", REJECTED},
        {"{F: '2026-08-05'}", "{\"F\":\"2026-08-05\"}", HIT},
        {"{F: {G: a}}", "{\"F\":\"a\"}", REJECTED},
        {"{F: [[a]]}", "{\"F\":\"a\"}", REJECTED},
        {"{F: a, G: b}", "{\"F\":\"a\",\"G\":\"b\"}", HIT},
        {"{F: a, G: b}", "{\"F\":\"a\",\"G\":\"x\"}", MISS},
        {"{4104: a}", "{\"4104\":\"a\"}", HIT},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void wildcards__and_escapes__follow_the_specification(void **state)
{
    static const verdict_case cases[] = {
        {"{F: 'a*c'}", "{\"F\":\"aXXc\"}", HIT},
        {"{F: 'a*c'}", "{\"F\":\"ac\"}", HIT},
        {"{F: 'a*c'}", "{\"F\":\"a\\nc\"}", HIT},
        {"{F: 'a*c'}", "{\"F\":\"acd\"}", MISS},
        {"{F: 'a*b*c'}", "{\"F\":\"aXbYbZc\"}", HIT},
        {"{F: 'a?c'}", "{\"F\":\"ac\"}", MISS},
        {"{F: 'a?c'}", "{\"F\":\"a\\u00e9c\"}", HIT},
        {"{F: 'a?c'}", "{\"F\":\"a\\ud83d\\ude00c\"}", HIT},
        {"{F: 'a?c'}", "{\"F\":\"abbc\"}", MISS},
        {"{F: '*?\?'}", "{\"F\":\"\\u00e9\"}", MISS},
        {"{F: '*?\?'}", "{\"F\":\"\\u00e9\\u00e9\"}", HIT},
        {"{F: '*'}", "{\"F\":\"\"}", HIT},
        {"{F: '*'}", "{}", MISS},
        {"{F: '?'}", "{\"F\":\"\"}", MISS},
        {"{F: 'a\\*c'}", "{\"F\":\"a*c\"}", HIT},
        {"{F: 'a\\*c'}", "{\"F\":\"abc\"}", MISS},
        {"{F: 'a\\?c'}", "{\"F\":\"a?c\"}", HIT},
        {"{F: 'C:\\\\a'}", "{\"F\":\"C:\\\\a\"}", HIT},
        {"{F: 'C:\\a'}", "{\"F\":\"C:\\\\a\"}", HIT},
        {"{F: '\\\\\\\\srv'}", "{\"F\":\"\\\\\\\\srv\"}", HIT},
        {"{F: '\\\\\\srv'}", "{\"F\":\"\\\\\\\\srv\"}", HIT},
        {"{F: 'a\\\\*'}", "{\"F\":\"a\\\\xyz\"}", HIT},
        {"{F: 'a\\\\*'}", "{\"F\":\"axyz\"}", MISS},
        {"{F: 'end\\'}", "{\"F\":\"end\\\\\"}", HIT},
        {"{'F|contains': ' -e* PAA'}", "{\"F\":\"p.exe -enc PAAx\"}", HIT},
        {"{'F|contains': ' -e* PAA'}", "{\"F\":\"p.exe -ePAA\"}", MISS},
        {"{'F|endswith': '14?\?'}", "{\"F\":\"0x1410\"}", HIT},
        {"{'F|endswith': '10?\?'}", "{\"F\":\"0x1410\"}", MISS},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void missing_and_empty__are_told_apart(void **state)
{
    static const verdict_case cases[] = {
        {"{F: null}", "{}", HIT},
        {"{F: null}", "{\"F\":\"\"}", MISS},
        {"{F: null}", "{\"F\":\"x\"}", MISS},
        {"{F: }", "{}", HIT},
        {"{F: []}", "{}", HIT},
        {"{F: ''}", "{\"F\":\"\"}", HIT},
        {"{F: ''}", "{}", MISS},
        {"{F: ''}", "{\"F\":\" \"}", MISS},
        {"{'F|contains': ''}", "{\"F\":\"\"}", HIT},
        {"{'F|contains': ''}", "{}", MISS},
        {"{'F|exists': true}", "{\"F\":\"\"}", HIT},
        {"{'F|exists': true}", "{}", MISS},
        {"{'F|exists': false}", "{}", HIT},
        {"{'F|exists': 'Yes'}", "{\"F\":\"\"}", HIT},
        {"{'F|exists': 0}", "{}", HIT},
        {"{F: [null, a]}", "{\"F\":\"a\"}", HIT},
        {"{F: [null, a]}", "{}", HIT},
        {"{'F|re': null}", "{}", HIT},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void string_modifiers__select_the_place(void **state)
{
    static const verdict_case cases[] = {
        {"{'F|contains': b}", "{\"F\":\"aBc\"}", HIT},
        {"{'F|contains': [x, b]}", "{\"F\":\"b\"}", HIT},
        {"{'F|contains|all': [a, b]}", "{\"F\":\"b a\"}", HIT},
        {"{'F|contains|all': [a, b]}", "{\"F\":\"b\"}", MISS},
        {"{'F|all': a}", "{\"F\":\"a\"}", HIT},
        {"{'F|endswith': '\\cmd.exe'}", "{\"F\":\"C:\\\\Windows\\\\CMD.EXE\"}", HIT},
        {"{'F|endswith': '\\cmd.exe'}", "{\"F\":\"cmd.exe\"}", MISS},
        {"{'F|endswith': 'verylongtail.exe'}", "{\"F\":\"xVeryLongTail.exe\"}", HIT},
        {"{'F|endswith': 'verylongtail.exe'}", "{\"F\":\"otherlongtail.exe\"}", MISS},
        {"{'F|endswith': ['aslongtail.exe', 'bslongtail.exe']}", "{\"F\":\"bslongtail.exe\"}", HIT},
        {"{'F|endswith': ['aslongtail.exe', 'bslongtail.exe']}", "{\"F\":\"cslongtail.exe\"}",
         MISS},
        {"{'F|startswith': ['longheads1', 'longheads2']}", "{\"F\":\"LongHeads2x\"}", HIT},
        {"{'F|startswith': ['longheads1', 'longheads2']}", "{\"F\":\"longheads3x\"}", MISS},
        {"{F: ['longheads1longtails', 'longheads2longtails']}", "{\"F\":\"longheads2longtails\"}",
         HIT},
        {"{F: ['longheads1longtails', 'longheads2longtails']}", "{\"F\":\"longheads3longtails\"}",
         MISS},
        {"{'F|startswith': ab}", "{\"F\":\"ABc\"}", HIT},
        {"{'F|startswith': ab}", "{\"F\":\"cab\"}", MISS},
        {"{'F|startswith': verylonghead}", "{\"F\":\"verylongheaven\"}", MISS},
        {"{'F|contains|cased': b}", "{\"F\":\"aBc\"}", MISS},
        {"{'F|contains|cased': B}", "{\"F\":\"aBc\"}", HIT},
        {"{'F|cased': Ab}", "{\"F\":\"Ab\"}", HIT},
        {"{'F|cased': Ab}", "{\"F\":\"AB\"}", MISS},
        {"{'F|cased|contains': 'A?c*E'}", "{\"F\":\"xAbcdEx\"}", HIT},
        {"{'F|cased|contains': 'A?c*E'}", "{\"F\":\"xabcdEx\"}", MISS},
        {"{'F|unheard': b}", "{\"F\":\"b\"}", REJECTED},
        {"{'F|': b}", "{\"F\":\"b\"}", REJECTED},
        {"{'F|i': b}", "{\"F\":\"b\"}", REJECTED},
        {"{'F|expand': '%x%'}", "{\"F\":\"a\"}", REJECTED},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void numbers_and_networks__compare_by_value(void **state)
{
    static const verdict_case cases[] = {
        {"{'F|neq': 4}", "{\"F\":\"5\"}", HIT},
        {"{'F|neq': 4}", "{\"F\":\"4\"}", MISS},
        {"{'F|neq': 4}", "{}", HIT},
        {"{'F|gt': 4}", "{\"F\":\"5\"}", HIT},
        {"{'F|gt': 4}", "{\"F\":\"4\"}", MISS},
        {"{'F|gte': 4}", "{\"F\":\" 4.0 \"}", HIT},
        {"{'F|lt': 4}", "{\"F\":\"-1e3\"}", HIT},
        {"{'F|lte': 4}", "{\"F\":\"5\"}", MISS},
        {"{'F|gt': 4}", "{\"F\":\"x\"}", MISS},
        {"{'F|gt': 4}", "{\"F\":\"0x10\"}", MISS},
        {"{'F|gt': 4}", "{}", MISS},
        {"{'F|gt': four}", "{\"F\":\"5\"}", REJECTED},
        {"{'F|cidr': 10.0.0.0/8}", "{\"F\":\"10.9.8.7\"}", HIT},
        {"{'F|cidr': 10.0.0.0/8}", "{\"F\":\"11.9.8.7\"}", MISS},
        {"{'F|cidr': 10.0.0.0/8}", "{\"F\":\"010.9.8.7\"}", MISS},
        {"{'F|cidr': 10.0.0.0/8}", "{\"F\":\"host\"}", MISS},
        {"{'F|cidr': 10.0.0.0/255.0.0.0}", "{\"F\":\"10.9.8.7\"}", HIT},
        {"{'F|cidr': 192.168.1.128/25}", "{\"F\":\"192.168.1.127\"}", MISS},
        {"{'F|cidr': '::1/128'}", "{\"F\":\"0:0:0:0:0:0:0:1\"}", HIT},
        {"{'F|cidr': 'fe80::/10'}", "{\"F\":\"febf::1%eth0\"}", HIT},
        {"{'F|cidr': 'fe80::/10'}", "{\"F\":\"fec0::1\"}", MISS},
        {"{'F|cidr': '::ffff:0:0/96'}", "{\"F\":\"::ffff:1.2.3.4\"}", HIT},
        {"{'F|cidr': '::ffff:0:0/96'}", "{\"F\":\"1.2.3.4\"}", MISS},
        {"{'F|cidr': 10.1.0.0/8}", "{\"F\":\"10.9.8.7\"}", REJECTED},
        {"{'F|cidr': nonsense}", "{\"F\":\"10.9.8.7\"}", REJECTED},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void windash_and_base64__make_every_spelling(void **state)
{
    static const verdict_case cases[] = {
        {"{'F|contains|windash': ' -f '}", "{\"F\":\"x /F y\"}", HIT},
        {"{'F|contains|windash': ' /f '}", "{\"F\":\"x \\u2014f y\"}", HIT},
        {"{'F|contains|windash': 'a-b'}", "{\"F\":\"a/b\"}", MISS},
        {"{'F|contains|windash': '--foo'}", "{\"F\":\"-/foo\"}", HIT},
        {"{'F|base64|contains': foobar}", "{\"F\":\"xx Zm9vYmFy yy\"}", HIT},
        {"{'F|base64|contains': 'foo*'}", "{\"F\":\"x\"}", REJECTED},
        {"{'F|contains|base64': foo}", "{\"F\":\"x\"}", REJECTED},
        {"{'F|base64offset|contains': 'IEX (New'}", "{\"F\":\"-e SUVYIChOZXc=\"}", HIT},
        {"{'F|base64offset|contains': 'IEX (New'}", "{\"F\":\"-e eElFWCAoTmV3cQ==\"}", HIT},
        {"{'F|base64offset|contains': 'IEX (New'}", "{\"F\":\"-e eHlJRVggKE5ld3E=\"}", HIT},
        {"{'F|base64offset|contains': 'IEX (New'}", "{\"F\":\"-e Zm9vYmFy\"}", MISS},
        {"{'F|wide|base64|contains': ab}", "{\"F\":\"YQBiAA==\"}", HIT},
        {"{'F|utf16be|base64': ab}", "{\"F\":\"AGEAYg==\"}", HIT},
        {"{'F|utf16|base64': ab}", "{\"F\":\"//5hAGIA\"}", HIT},
        {"{'F|wide|contains': ab}", "{\"F\":\"xa\\u0000b\\u0000\"}", HIT},
        {"{'F|wide|windash': ' -a'}", "{\"F\":\"x\"}", REJECTED},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void regular_expressions__have_sigma_flavour(void **state)
{
    static const verdict_case cases[] = {
        {"{'F|re': 'a.c'}", "{\"F\":\"xabcx\"}", HIT},
        {"{'F|re': 'a.c'}", "{\"F\":\"xABCx\"}", MISS},
        {"{'F|re|i': 'a.c'}", "{\"F\":\"xABCx\"}", HIT},
        {"{'F|re': '(?i)abc'}", "{\"F\":\"xABCx\"}", HIT},
        {"{'F|re': 'a.c'}", "{\"F\":\"a\\nc\"}", MISS},
        {"{'F|re|s': 'a.c'}", "{\"F\":\"a\\nc\"}", HIT},
        {"{'F|re': 'a.c'}", "{\"F\":\"a\\u6f22c\"}", HIT},
        {"{'F|re': 'a.c'}", "{\"F\":\"a\\ud800c\"}", HIT},
        {"{'F|re': '^ab$'}", "{\"F\":\"ab\"}", HIT},
        {"{'F|re': '^ab$'}", "{\"F\":\"ab\\n\"}", HIT},
        {"{'F|re': '^ab\\Z'}", "{\"F\":\"ab\\n\"}", MISS},
        {"{'F|re': '^ab$'}", "{\"F\":\"x\\nab\"}", MISS},
        {"{'F|re|m': '^ab$'}", "{\"F\":\"x\\nab\\ny\"}", HIT},
        {"{'F|re': 'a{,2}b$'}", "{\"F\":\"aab\"}", HIT},
        {"{'F|re': '^a{,2}b$'}", "{\"F\":\"aaab\"}", MISS},
        {"{'F|re': '\\w'}", "{\"F\":\"\\u00e9\"}", MISS},
        {"{'F|re': '\\\\x*\\*'}", "{\"F\":\"a\\\\*\"}", HIT},
        {"{'F|re': '(foo|bar)\\d+x?'}", "{\"F\":\"see BAR7 bar7\"}", HIT},
        {"{'F|re': '(foo|bar)\\d+x?'}", "{\"F\":\"see foo\"}", MISS},
        {"{'F|re': 'ab?c'}", "{\"F\":\"ac\"}", HIT},
        {"{'F|re': 'ab{0}c'}", "{\"F\":\"ac\"}", HIT},
        {"{'F|re': '(ab)?cd|ef'}", "{\"F\":\"ef\"}", HIT},
        {"{'F|re': ''}", "{\"F\":\"\"}", HIT},
        {"{'F|re': '(unclosed'}", "{\"F\":\"x\"}", REJECTED},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void fieldref__compares_two_fields(void **state)
{
    static const verdict_case cases[] = {
        {"{'F|fieldref': G}", "{\"F\":\"a\",\"G\":\"A\"}", HIT},
        {"{'F|fieldref': G}", "{\"F\":\"a\",\"G\":\"b\"}", MISS},
        {"{'F|fieldref': G}", "{\"F\":\"a\"}", MISS},
        {"{'F|fieldref': G}", "{}", MISS},
        {"{'F|fieldref|cased': G}", "{\"F\":\"a\",\"G\":\"A\"}", MISS},
        {"{'F|fieldref|startswith': G}", "{\"F\":\"abc\",\"G\":\"AB\"}", HIT},
        {"{'F|fieldref|contains': G}", "{\"F\":\"abc\",\"G\":\"B\"}", HIT},
        {"{'F|fieldref|endswith': G}", "{\"F\":\"abc\",\"G\":\"ab\"}", MISS},
        {"{'F|fieldref': 'G*'}", "{\"F\":\"a\"}", REJECTED},
        {"{'|fieldref': G}", "{\"F\":\"a\"}", REJECTED},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

static void keywords_and_lists__ask_any_value(void **state)
{
    static const verdict_case cases[] = {
        {"[{F: a, G: b}, {H: c}]", "{\"F\":\"a\",\"G\":\"x\",\"H\":\"c\"}", HIT},
        {"[{F: a, G: b}, {H: c}]", "{\"F\":\"a\",\"G\":\"x\"}", MISS},
        {"[foo, 'b*r']", "{\"X\":\"some FOO\"}", HIT},
        {"[foo, 'b*r']", "{\"X\":\"a bizarre\"}", HIT},
        {"[foo]", "{\"foo\":\"x\"}", MISS},
        {"[\"?'\"]", "{\"X\":\"'a\",\"Y\":\"b'\"}", HIT},
        {"['?bc']", "{\"X\":\"bcd\",\"Y\":\"abc\"}", HIT},
        {"[abcd]", "{\"X\":\"ab\",\"Y\":\"cd\"}", MISS},
        {"foo", "{\"Image\":\"xfoox\"}", HIT},
        {"[7]", "{\"X\":\"a 7 b\"}", HIT},
        {"{'|all': [a1, b1]}", "{\"X\":\"a1\",\"Y\":\"b1\"}", HIT},
        {"{'|all': [a1, b1]}", "{\"X\":\"a1\"}", MISS},
        {"{'|re': 'a\\d'}", "{\"X\":\"a1\"}", HIT},
        {"[foo, {F: a}]", "{\"F\":\"a\"}", HIT},
        {"[[{F: a}], {G: b}]", "{\"F\":\"a\"}", HIT},
        {"[null]", "{}", REJECTED},
        {"[]", "{}", REJECTED},
        {"{}", "{}", REJECTED},
        {"{'': []}", "{}", REJECTED},
    };

    EG_UNUSED(state);
    CHECK(cases);
}

typedef struct condition_case {
    const char *condition;
    const char *fields;
    eg_test_verdict want;
} condition_case;

static void conditions__of_every_form__decide(void **state)
{
    static const condition_case cases[] = {
        {"a or b and c", "{\"F\":\"1\"}", HIT},
        {"(a or b) and c", "{\"F\":\"1\"}", MISS},
        {"not a and b", "{\"G\":\"1\"}", HIT},
        {"not (a and b)", "{\"F\":\"1\"}", HIT},
        {"a and not b", "{\"F\":\"1\"}", HIT},
        {"a and not b", "{\"F\":\"1\",\"G\":\"1\"}", MISS},
        {"not not a", "{\"F\":\"1\"}", HIT},
        {"A or a", "{\"F\":\"1\"}", REJECTED},
        {"a AND NOT b", "{\"F\":\"1\"}", HIT},
        {"1 of them", "{\"I\":\"1\"}", MISS},
        {"all of them", "{\"F\":\"1\",\"G\":\"1\",\"H\":\"1\"}", HIT},
        {"all of them", "{\"F\":\"1\",\"G\":\"1\"}", MISS},
        {"1 of _*", "{\"I\":\"1\"}", HIT},
        {"a or not b", "{}", HIT},
        {"any of them", "{\"G\":\"1\"}", HIT},
        {"not 1 of them", "{}", HIT},
        {"2 of them", "{\"F\":\"1\",\"G\":\"1\"}", HIT},
        {"2 of them", "{\"F\":\"1\"}", MISS},
        {"0 of them", "{}", HIT},
        {"4 of them", "{\"F\":\"1\",\"G\":\"1\",\"H\":\"1\"}", MISS},
        {"1 of a", "{\"F\":\"1\"}", HIT},
        {"a | count() > 3", "{\"F\":\"1\"}", REJECTED},
        {"zz", "{}", REJECTED},
        {"1 of zz*", "{}", REJECTED},
        {"a and (b or", "{}", REJECTED},
        {"a b", "{}", REJECTED},
        {"a)", "{}", REJECTED},
        {"''", "{}", REJECTED},
        {"some of them", "{}", REJECTED},
        {"1 of", "{}", REJECTED},
        {"[a, b]", "{\"G\":\"1\"}", HIT},
        {"[a, b]", "{\"H\":\"1\"}", MISS},
        {"[]", "{}", REJECTED},
        {"{a: b}", "{}", REJECTED},
        {"5", "{}", REJECTED},
    };
    char detection[1024];
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        eg_test_verdict got;

        (void)snprintf(detection, sizeof(detection),
                       "  a: {F: 1}\n  b: {G: 1}\n  c: {H: 1}\n  _d: {I: 1}\n  condition: %s",
                       cases[i].condition);
        got = eg_test_detection(detection, cases[i].fields);
        if (got != cases[i].want)
            fail_msg("%s on %s gave %d, not %d", cases[i].condition, cases[i].fields, (int)got,
                     (int)cases[i].want);
    }
}

static void filters__on_missing_fields__do_not_hit(void **state)
{
    const char *null_filter = "  sel: {F: a}\n  flt: {G: null}\n  condition: sel and not flt";
    const char *text_filter = "  sel: {F: a}\n  flt: {G: b}\n  condition: sel and not flt";

    EG_UNUSED(state);
    assert_int_equal(eg_test_detection(null_filter, "{\"F\":\"a\"}"), MISS);
    assert_int_equal(eg_test_detection(null_filter, "{\"F\":\"a\",\"G\":\"x\"}"), HIT);
    assert_int_equal(eg_test_detection(text_filter, "{\"F\":\"a\"}"), HIT);
    assert_int_equal(eg_test_detection(text_filter, "{\"F\":\"a\",\"G\":\"B\"}"), MISS);
}

int eg_test_sigma_match(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_value__compares_whole_text_without_case),
        cmocka_unit_test(wildcards__and_escapes__follow_the_specification),
        cmocka_unit_test(missing_and_empty__are_told_apart),
        cmocka_unit_test(string_modifiers__select_the_place),
        cmocka_unit_test(numbers_and_networks__compare_by_value),
        cmocka_unit_test(windash_and_base64__make_every_spelling),
        cmocka_unit_test(regular_expressions__have_sigma_flavour),
        cmocka_unit_test(fieldref__compares_two_fields),
        cmocka_unit_test(keywords_and_lists__ask_any_value),
        cmocka_unit_test(conditions__of_every_form__decide),
        cmocka_unit_test(filters__on_missing_fields__do_not_hit),
    };

    return cmocka_run_group_tests_name("sigma_match", tests, NULL, NULL);
}
