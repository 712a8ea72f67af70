/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/event_source.c"

#include <string.h>

static const eg_event_message all[] = {
#define MESSAGE(number, id, type) EG_EVENT_MESSAGE_##id,
#include "service/event_messages.def"
#undef MESSAGE
};

static unsigned placeholders(const char *text)
{
    unsigned found = 0;
    for (; *text; text++) {
        if (text[0] == '%' && text[1] >= '1' && text[1] <= '9') {
            found |= 1u << (text[1] - '0');
        }
    }
    return found;
}

static void messages__each__has_the_same_values_in_every_language(void **state)
{
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(all); i++) {
        assert_true(all[i] >= 1 && all[i] <= 32); /* what service.rc has entries for */
        for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
            const char *text = texts[language][all[i]];
            assert_non_null(text);
            assert_true(eg_utf8_valid(eg_str_from(text)));
            assert_int_equal(placeholders(text), placeholders(texts[EG_LANGUAGE_EN][all[i]]));
        }
    }
}

static void format__values__are_put_in_and_made_safe(void **state)
{
    EG_UNUSED(state);
    eg_buf text;
    const eg_str values[] = {EG_STR("proc\x1b[2J"), EG_STR("why")};
    eg_buf_init(&text, 1000);
    assert_int_equal(
        eg_event_source_format(&text, EG_EVENT_MESSAGE_SENSOR_BLIND, EG_LANGUAGE_EN, values, 2),
        EG_OK);
    assert_string_equal(eg_buf_cstr(&text), "The sensor \"proc\\u{1B}[2J\" sees nothing: why");
    eg_buf_done(&text);
}

static void format__value_missing__leaves_it_empty(void **state)
{
    EG_UNUSED(state);
    eg_buf text;
    eg_buf_init(&text, 1000);
    assert_int_equal(
        eg_event_source_format(&text, EG_EVENT_MESSAGE_STARTED, EG_LANGUAGE_JA, NULL, 0), EG_OK);
    assert_string_equal(eg_buf_cstr(&text), "EmoGuard  を開始しました。");
    eg_buf_done(&text);
}

static void language__from_environment__wins(void **state)
{
    EG_UNUSED(state);
    assert_true(SetEnvironmentVariableW(L"EMOGUARD_LANG", L"ja"));
    assert_int_equal(eg_event_source_system_language(), EG_LANGUAGE_JA);
    assert_true(SetEnvironmentVariableW(L"EMOGUARD_LANG", L"en"));
    assert_int_equal(eg_event_source_system_language(), EG_LANGUAGE_EN);
    assert_true(SetEnvironmentVariableW(L"EMOGUARD_LANG", NULL));
}

static void report__source_absent__does_nothing(void **state)
{
    EG_UNUSED(state);
    eg_event_source_report(NULL, EG_EVENT_MESSAGE_STOPPED, NULL, 0);
}

static void report__more_values_than_fit__writes_the_first(void **state)
{
    EG_UNUSED(state);
    eg_event_source *source = NULL;
    eg_str values[EG_EVENT_VALUES_MAX + 5];
    for (size_t i = 0; i < EG_COUNT(values); i++) {
        values[i] = EG_STR("v");
    }
    assert_int_equal(eg_event_source_create(EG_LANGUAGE_EN, &source), EG_OK);
    eg_event_source_report(source, EG_EVENT_MESSAGE_HIT, values, EG_COUNT(values));
    assert_int_equal(eg_atomic_get(&source->refused), 0);
    eg_event_source_destroy(source);
}

/* What a user can make as long as he likes must not keep a hit out of the log. */
static void copy_strings__values_of_any_length__stay_below_the_record(void **state)
{
    EG_UNUSED(state);
    static char long_value[64 * 1024];
    wchar_t *strings[1 + EG_EVENT_VALUES_MAX] = {NULL};
    eg_str values[EG_EVENT_VALUES_MAX];
    size_t units = 0;
    eg_buf text;
    memset(long_value, 'A', sizeof(long_value));
    for (size_t i = 0; i < EG_COUNT(values); i++) {
        values[i] = (eg_str){long_value, sizeof(long_value)};
    }
    eg_buf_init(&text, TEXT_MAX);
    eg_event_source_format(&text, EG_EVENT_MESSAGE_HIT, EG_LANGUAGE_EN, values, EG_COUNT(values));
    WORD made = copy_strings(strings, eg_buf_str(&text), values, EG_COUNT(values));
    assert_int_equal(made, EG_COUNT(strings)); /* all there, though some are empty */
    for (size_t i = 0; i < made; i++) {
        units += wcslen(strings[i]) + 1;
        eg_free(strings[i]);
    }
    assert_true(units * sizeof(wchar_t) < 60000);
    assert_true(units > TEXT_MAX);
    eg_buf_done(&text);
}

int eg_test_service_event_source(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages__each__has_the_same_values_in_every_language),
        cmocka_unit_test(format__values__are_put_in_and_made_safe),
        cmocka_unit_test(format__value_missing__leaves_it_empty),
        cmocka_unit_test(language__from_environment__wins),
        cmocka_unit_test(report__source_absent__does_nothing),
        cmocka_unit_test(report__more_values_than_fit__writes_the_first),
        cmocka_unit_test(copy_strings__values_of_any_length__stay_below_the_record),
    };
    return cmocka_run_group_tests_name("service_event_source", tests, NULL, NULL);
}
