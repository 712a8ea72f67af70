/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/detect/exception_list.h"
#include "tests/unit/alloc.h"

#include <string.h>

#define NOW (UINT64_C(134000000) * EG_TICKS_PER_SECOND)
#define DAYS(count) ((count)*EG_TICKS_PER_SECOND * 86400)
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

static eg_exception exception_of(const char *rule, eg_exception_on on, const char *wanted)
{
    eg_exception exception = {.id = 1,
                              .rule_id = eg_str_from(rule),
                              .created_time = NOW,
                              .expires_time = NOW + DAYS(90),
                              .created_by = EG_STR("PC\\admin"),
                              .reason = EG_STR("our own tool")};
    if (on < EG_EXCEPTION_ON_COUNT) {
        exception.wanted[on] = eg_str_from(wanted);
    }
    return exception;
}

static eg_exception_facts sample_facts(void)
{
    return (eg_exception_facts){.rule_id = EG_STR("rule-1"),
                                .of = {[EG_EXCEPTION_SIGNER] = EG_STR("Example Ltd"),
                                       [EG_EXCEPTION_PATH] = EG_STR("C:\\Tools\\Büro.exe"),
                                       [EG_EXCEPTION_HASH] = EG_STR(HASH),
                                       [EG_EXCEPTION_PARENT] = EG_STR("C:\\Windows\\explorer.exe"),
                                       [EG_EXCEPTION_COMMAND_LINE] = EG_STR("büro.exe /all"),
                                       [EG_EXCEPTION_USER] = EG_STR("PC\\田中")},
                                .time = NOW + DAYS(1)};
}

static bool meets(const char *pattern, const char *text)
{
    return eg_exception_pattern_matches(eg_str_from(pattern), eg_str_from(text));
}

static void pattern__wildcards_and_case__as_in_paths(void **state)
{
    EG_UNUSED(state);
    assert_true(meets("c:\\tools\\BÜRO.exe", "C:\\Tools\\büro.EXE"));
    assert_true(meets("C:\\Users\\*\\x.exe", "C:\\Users\\田中\\a\\x.exe"));
    assert_true(meets("*a*b", "xaxbxab"));
    assert_true(meets("?.exe", "田.exe"));
    assert_true(meets("*", ""));
    assert_true(meets("a**", "a"));
    assert_false(meets("?.exe", ".exe"));
    assert_false(meets("x.exe", "xx.exe"));
    assert_false(meets("x.exe", "x.exe "));
    assert_false(meets("*a*b", "xaxbxac"));
    assert_false(meets("", "x"));
    assert_true(meets("", ""));
    assert_true(meets("C:\\a\\*", "C:\\a\\")); /* a backslash is no escape */
}

static void pattern__that_would_take_for_ever__does_not_match(void **state)
{
    EG_UNUSED(state);
    static char text[64 * 1024], pattern[1024];
    memset(text, 'a', sizeof(text) - 1);
    for (size_t i = 0; i + 1 < sizeof(pattern) - 1; i += 2) {
        memcpy(pattern + i, "*a", 2);
    }
    pattern[sizeof(pattern) - 2] = 'b';
    assert_false(meets(pattern, text));
}

static void exception__each_condition__has_to_be_met(void **state)
{
    EG_UNUSED(state);
    static const char *const good[] = {"example*", "c:\\tools\\*.exe", HASH, "*\\explorer.exe",
                                       "*/ALL",    "pc\\田中"};
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        eg_exception_facts facts = sample_facts();
        eg_exception exception = exception_of("rule-1", (eg_exception_on)i, good[i]);
        assert_int_equal(eg_exception_check(&exception), EG_OK);
        assert_true(eg_exception_matches(&exception, &facts));
        exception.rule_id = EG_STR("rule-2");
        assert_false(eg_exception_matches(&exception, &facts));
        exception.rule_id = EG_STR("");
        assert_true(eg_exception_matches(&exception, &facts));
        facts.of[i] = EG_STR("something else");
        assert_false(eg_exception_matches(&exception, &facts));
        facts.of[i] = EG_STR(""); /* not known */
        assert_false(eg_exception_matches(&exception, &facts));
    }
}

static void exception__over__hides_nothing(void **state)
{
    EG_UNUSED(state);
    eg_exception_facts facts = sample_facts();
    eg_exception exception = exception_of("rule-1", EG_EXCEPTION_USER, "PC\\*");
    facts.time = exception.expires_time - 1;
    assert_true(eg_exception_matches(&exception, &facts));
    facts.time = exception.expires_time;
    assert_false(eg_exception_matches(&exception, &facts));
    exception.expires_time = 0;
    assert_true(eg_exception_matches(&exception, &facts));
    exception.revoked_time = NOW;
    assert_false(eg_exception_matches(&exception, &facts));
}

static void expect_refused(const eg_exception *exception, const char *why)
{
    assert_int_equal(eg_exception_check(exception), EG_E_INVALID);
    if (!strstr(eg_error_message(), why)) {
        fail_msg("\"%s\" does not say \"%s\"", eg_error_message(), why);
    }
}

static void check__what_hides_too_much__is_refused(void **state)
{
    EG_UNUSED(state);
    static const struct {
        const char *rule;
        eg_exception_on on;
        const char *wanted, *why;
    } bad[] = {
        {"", EG_EXCEPTION_ON_COUNT, "", "nearly everything"},
        {"r", EG_EXCEPTION_ON_COUNT, "", "every hit of the rule"},
        {"r", EG_EXCEPTION_PATH, "*", "wildcards alone"},
        {"r", EG_EXCEPTION_PATH, "**?*", "wildcards alone"},
        {"", EG_EXCEPTION_PATH, "*.exe", "nearly everything"},
        {"", EG_EXCEPTION_PATH, "C:\\*", "nearly everything"},
        {"", EG_EXCEPTION_USER, "PC\\tanaka", "nearly everything"},
        {"", EG_EXCEPTION_PARENT, "C:\\Windows\\explorer.exe", "nearly everything"},
        {"", EG_EXCEPTION_SIGNER, "Microsoft Windows", "nearly everything"},
        {"", EG_EXCEPTION_SIGNER, "m*", "nearly everything"},
        {"r", EG_EXCEPTION_HASH, "abc", "SHA-256"},
        {"r", EG_EXCEPTION_HASH, "*" HASH, "SHA-256"},
        {"r", EG_EXCEPTION_PATH, "C:\\a\nb", "control character"},
        {"r", EG_EXCEPTION_PATH, "C:\\a\xFF", "UTF-8"},
    };
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        eg_exception exception = exception_of(bad[i].rule, bad[i].on, bad[i].wanted);
        expect_refused(&exception, bad[i].why);
    }
    eg_exception whole = exception_of("r", EG_EXCEPTION_ON_COUNT, "");
    whole.whole_rule = true;
    assert_int_equal(eg_exception_check(&whole), EG_OK);
}

static void check__reason_and_times__are_needed(void **state)
{
    EG_UNUSED(state);
    eg_exception exception = exception_of("r", EG_EXCEPTION_PATH, "C:\\x.exe");
    exception.reason = EG_STR(" \t");
    expect_refused(&exception, "control character");
    exception.reason = EG_STR("  ");
    expect_refused(&exception, "say why");
    exception.reason = EG_STR("ours");
    exception.expires_time = NOW;
    expect_refused(&exception, "before it begins");
    exception.expires_time = NOW + DAYS(367);
    expect_refused(&exception, "366 days");
    exception.expires_time = NOW + DAYS(366);
    assert_int_equal(eg_exception_check(&exception), EG_OK);
    exception.expires_time = 0;
    assert_int_equal(eg_exception_check(&exception), EG_OK);
    exception.created_time = 0;
    expect_refused(&exception, "created_time");
}

static void facts__of_a_hit__trust_valid_signatures_only(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    eg_exception_facts facts;
    eg_hit hit = {.rule_id = EG_STR("r"), .program = EG_STR("C:\\x.exe"), .time = NOW};
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.field[EG_FIELD_HASHES] = EG_STR("MD5=00,SHA256=" HASH ",IMPHASH=11");
    event.field[EG_FIELD_SIGNATURE] = EG_STR("Example Ltd");
    event.field[EG_FIELD_SIGNED] = EG_STR("true");
    event.field[EG_FIELD_SIGNATURE_STATUS] = EG_STR("Valid");
    event.field[EG_FIELD_COMMAND_LINE] = EG_STR("x.exe /s");
    eg_exception_facts_of(&hit, &event, &facts);
    assert_true(eg_str_equal(facts.of[EG_EXCEPTION_SIGNER], EG_STR("Example Ltd")));
    assert_true(eg_str_equal(facts.of[EG_EXCEPTION_HASH], EG_STR(HASH)));
    assert_true(eg_str_equal(facts.of[EG_EXCEPTION_COMMAND_LINE], EG_STR("x.exe /s")));
    assert_true(eg_str_equal(facts.of[EG_EXCEPTION_PARENT], EG_STR("")));
    event.field[EG_FIELD_SIGNATURE_STATUS] = EG_STR("Expired");
    eg_exception_facts_of(&hit, &event, &facts);
    assert_int_equal(facts.of[EG_EXCEPTION_SIGNER].len, 0);
}

static const char good_pack[] =
    "{\"exceptions\":[{\"id\":4,\"rule\":\"rule-1\",\"path\":\"c:\\\\tools\\\\*\",\"signer\":\"\","
    "\"created_time\":\"2026-01-01T00:00:00Z\",\"expires_time\":null,\"created_by\":\"IT\","
    "\"reason\":\"ours\",\"hits\":7,\"scope\":\"pc\"},"
    "{\"id\":5,\"rule\":\"rule-2\",\"whole_rule\":true,\"created_time\":\"2026-01-01T00:00:00Z\","
    "\"expires_time\":\"2026-03-01T00:00:00Z\",\"reason\":\"noise\"}]}";

static void list__of_a_pack__is_read_and_found_in(void **state)
{
    EG_UNUSED(state);
    eg_exception_list *list = NULL;
    eg_exception_facts facts = sample_facts();
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    assert_int_equal(eg_exception_list_read(list, eg_str_from(good_pack)), EG_OK);
    assert_int_equal(eg_exception_list_count(list), 2);
    const eg_exception *found = eg_exception_list_find(list, &facts);
    assert_non_null(found);
    assert_int_equal(found->id, -4);
    assert_int_equal(found->hits, 0); /* another database counted those */
    facts.rule_id = EG_STR("rule-3");
    assert_null(eg_exception_list_find(list, &facts));
    assert_null(eg_exception_list_find(NULL, &facts));
    eg_exception_list_destroy(list);
}

static void list__wrong_member__refuses_all(void **state)
{
    EG_UNUSED(state);
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"[]", "no list"},
        {"{\"exceptions\":{}}", "no list"},
        {"{\"exceptions\":[7]}", "is an object"},
        {"{\"exceptions\":[{\"comand_line\":\"x\",\"expires_time\":null}]}", "comand_line"},
        {"{\"exceptions\":[{\"rule\":7,\"expires_time\":null}]}", "not a text"},
        {"{\"exceptions\":[{\"id\":-1,\"expires_time\":null}]}", "number from"},
        {"{\"exceptions\":[{\"id\":1,\"whole_rule\":1,\"expires_time\":null}]}", "whole_rule"},
        {"{\"exceptions\":[{\"id\":1}]}", "expires_time"},
        {"{\"exceptions\":[{\"id\":1,\"expires_time\":\"soon\"}]}", "no time"},
        {"{\"exceptions\":[{\"expires_time\":null}]}", "\"id\" is missing"},
    };
    eg_exception_list *list = NULL;
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        assert_int_equal(eg_exception_list_read(list, eg_str_from(bad[i].text)), EG_E_INVALID);
        if (!strstr(eg_error_message(), bad[i].why)) {
            fail_msg("\"%s\" does not say \"%s\"", eg_error_message(), bad[i].why);
        }
        assert_int_equal(eg_exception_list_count(list), 0);
    }
    assert_int_equal(eg_exception_list_read(list, eg_str_from(good_pack)), EG_OK);
    assert_int_equal(eg_exception_list_read(list, eg_str_from(good_pack)), EG_E_INVALID); /* ids */
    assert_int_equal(eg_exception_list_count(list), 2);
    eg_exception_list_destroy(list);
}

static void json__of_an_exception__reads_back(void **state)
{
    EG_UNUSED(state);
    eg_buf text;
    eg_json json;
    yyjson_doc *document = NULL;
    eg_exception read;
    eg_exception exception = exception_of("r", EG_EXCEPTION_COMMAND_LINE, "\"C:\\x\" *");
    eg_buf_init(&text, 4096);
    eg_json_begin(&json, &text);
    eg_exception_write_json(&exception, &json);
    assert_int_equal(eg_json_parse(eg_buf_str(&text), &document), EG_OK);
    assert_int_equal(eg_exception_read_json(yyjson_doc_get_root(document), &read), EG_OK);
    assert_int_equal(read.id, exception.id);
    assert_int_equal(read.expires_time, exception.expires_time);
    assert_int_equal(read.created_time, exception.created_time);
    assert_true(eg_str_equal(read.rule_id, exception.rule_id));
    assert_true(eg_str_equal(read.reason, exception.reason));
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        assert_true(eg_str_equal(read.wanted[i],
                                 exception.wanted[i].ptr ? exception.wanted[i] : EG_STR("")));
    }
    yyjson_doc_free(document);
    eg_buf_done(&text);
}

static int read_list(void *arg)
{
    EG_UNUSED(arg);
    eg_exception_list *list = NULL;
    int status = eg_exception_list_create(&list);
    if (status == EG_OK) {
        status = eg_exception_list_read(list, eg_str_from(good_pack));
    }
    eg_exception_list_destroy(list);
    return status;
}

static void list__no_memory__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(read_list, NULL) > 3);
}

static void list__full__takes_no_more(void **state)
{
    EG_UNUSED(state);
    eg_exception_list *list = NULL;
    eg_exception exception = exception_of("r", EG_EXCEPTION_PATH, "C:\\x.exe");
    assert_int_equal(eg_exception_list_create(&list), EG_OK);
    for (int i = 0; i < EG_EXCEPTIONS_MAX; i++) {
        assert_int_equal(eg_exception_list_add(list, &exception), EG_OK);
    }
    assert_int_equal(eg_exception_list_add(list, &exception), EG_E_LIMIT);
    eg_exception_list_destroy(list);
}

int eg_test_exception(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern__wildcards_and_case__as_in_paths),
        cmocka_unit_test(pattern__that_would_take_for_ever__does_not_match),
        cmocka_unit_test(exception__each_condition__has_to_be_met),
        cmocka_unit_test(exception__over__hides_nothing),
        cmocka_unit_test(check__what_hides_too_much__is_refused),
        cmocka_unit_test(check__reason_and_times__are_needed),
        cmocka_unit_test(facts__of_a_hit__trust_valid_signatures_only),
        cmocka_unit_test(list__of_a_pack__is_read_and_found_in),
        cmocka_unit_test(list__wrong_member__refuses_all),
        cmocka_unit_test(json__of_an_exception__reads_back),
        cmocka_unit_test(list__no_memory__fails_cleanly),
        cmocka_unit_test(list__full__takes_no_more),
    };
    return cmocka_run_group_tests_name("exception", tests, NULL, NULL);
}
