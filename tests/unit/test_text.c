/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/detect/text.h"
#include "tests/unit/alloc.h"

#include <string.h>

#define TEXT(title) "{\"title\":\"" title "\",\"meaning\":\"m\",\"advice\":\"a\"}"

static const char english[] = "{\"rules\":{\"id-1\":" TEXT(
    "of the rule") "},"
                   "\"techniques\":{\"T1059\":" TEXT(
                       "of T1059") ","
                                   "\"T1059.001\":" TEXT("of T1059.001") "},"
                                                                         "\"default\":" TEXT(
                                                                             "of the rest") "}";

static void check_title(const eg_texts *texts, const char *id, const char *tag,
                        eg_language language, const char *want)
{
    const eg_str tags[] = {EG_STR("attack.execution"), eg_str_from(tag)};
    eg_rule_info rule;
    eg_text text;

    memset(&rule, 0, sizeof(rule));
    rule.id = eg_str_from(id);
    rule.title = EG_STR("own title");
    rule.tags = tags;
    rule.tag_count = EG_COUNT(tags);
    eg_texts_find(texts, &rule, language, &text);
    if (!eg_str_equal(text.title, eg_str_from(want))) {
        fail_msg("%s, %s: %.*s", id, tag, EG_STR_ARGS(text.title));
    }
    assert_non_null(text.meaning.ptr);
    assert_non_null(text.advice.ptr);
}

static void texts_find__falls_back_step_by_step(void **state)
{
    eg_texts *texts;

    EG_UNUSED(state);
    assert_int_equal(eg_texts_create(&texts), EG_OK);
    assert_int_equal(eg_texts_read(texts, EG_LANGUAGE_EN, eg_str_from(english), "en.json"), EG_OK);
    check_title(texts, "id-1", "attack.t1059", EG_LANGUAGE_EN, "of the rule");
    check_title(texts, "ID-1", "attack.t1059", EG_LANGUAGE_EN, "of the rule");
    check_title(texts, "id-2", "attack.t1059.001", EG_LANGUAGE_EN, "of T1059.001");
    check_title(texts, "id-2", "attack.T1059.003", EG_LANGUAGE_EN, "of T1059");
    check_title(texts, "id-2", "attack.t1112", EG_LANGUAGE_EN, "of the rest");
    check_title(texts, "id-2", "attack.ta0001", EG_LANGUAGE_EN, "of the rest");
    check_title(texts, "id-1", "attack.t1059", EG_LANGUAGE_JA, "own title");
    assert_true(eg_texts_has(texts, EG_STR("id-1"), EG_LANGUAGE_EN));
    assert_false(eg_texts_has(texts, EG_STR("id-2"), EG_LANGUAGE_EN));
    assert_false(eg_texts_has(texts, EG_STR("id-1"), EG_LANGUAGE_JA));
    eg_texts_destroy(texts);
}

static void texts_read__of_a_second_pack__keeps_the_first(void **state)
{
    eg_texts *texts;

    EG_UNUSED(state);
    assert_int_equal(eg_texts_create(&texts), EG_OK);
    assert_int_equal(eg_texts_read(texts, EG_LANGUAGE_EN, eg_str_from(english), "en.json"), EG_OK);
    assert_int_equal(eg_texts_read(texts, EG_LANGUAGE_EN,
                                   EG_STR("{\"rules\":{\"id-1\":" TEXT("second") ",\"id-3\":" TEXT(
                                       "third") "},\"default\":" TEXT("other") "}"),
                                   "2.json"),
                     EG_OK);
    check_title(texts, "id-1", "x", EG_LANGUAGE_EN, "of the rule");
    check_title(texts, "id-3", "x", EG_LANGUAGE_EN, "third");
    check_title(texts, "id-4", "x", EG_LANGUAGE_EN, "of the rest");
    eg_texts_destroy(texts);
}

static void texts_read__of_broken_text__names_file_and_reason(void **state)
{
    static const struct {
        const char *json, *reason;
    } cases[] = {
        {"{", "en.json"},
        {"[]", "not an object"},
        {"{\"rules\":{\"id-1\":{\"title\":\"t\",\"meaning\":\"m\"}}}", "id-1 has no \"advice\""},
        {"{\"default\":{\"title\":5}}", "default has no \"title\""},
    };
    size_t i;

    EG_UNUSED(state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        eg_texts *texts;

        assert_int_equal(eg_texts_create(&texts), EG_OK);
        assert_int_equal(
            eg_texts_read(texts, EG_LANGUAGE_EN, eg_str_from(cases[i].json), "en.json"),
            EG_E_INVALID);
        assert_non_null(strstr(eg_error_message(), "en.json"));
        assert_non_null(strstr(eg_error_message(), cases[i].reason));
        eg_texts_destroy(texts);
    }
}

static int read_english(void *arg)
{
    eg_texts *texts;
    int status = eg_texts_create(&texts);

    EG_UNUSED(arg);
    if (status != EG_OK) {
        return status;
    }
    status = eg_texts_read(texts, EG_LANGUAGE_EN, eg_str_from(english), "en.json");
    eg_texts_destroy(texts);
    return status;
}

static void lack_of_memory__while_reading_texts__is_reported(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(read_english, NULL) > 3);
}

static void language_from_code__takes_locales_and_tags(void **state)
{
    eg_language language = EG_LANGUAGE_EN;

    EG_UNUSED(state);
    assert_true(eg_language_from_code(EG_STR("ja"), &language));
    assert_int_equal(language, EG_LANGUAGE_JA);
    assert_true(eg_language_from_code(EG_STR("EN_us.UTF-8"), &language));
    assert_int_equal(language, EG_LANGUAGE_EN);
    assert_true(eg_language_from_code(EG_STR("ja-JP"), &language));
    assert_false(eg_language_from_code(EG_STR("jam"), &language));
    assert_false(eg_language_from_code(EG_STR("fr"), &language));
    assert_false(eg_language_from_code(EG_STR(""), &language));
    assert_string_equal(eg_language_code(EG_LANGUAGE_JA), "ja");
}

int eg_test_text(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_find__falls_back_step_by_step),
        cmocka_unit_test(texts_read__of_a_second_pack__keeps_the_first),
        cmocka_unit_test(texts_read__of_broken_text__names_file_and_reason),
        cmocka_unit_test(lack_of_memory__while_reading_texts__is_reported),
        cmocka_unit_test(language_from_code__takes_locales_and_tags),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
