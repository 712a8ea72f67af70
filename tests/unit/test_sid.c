/* SPDX-License-Identifier: Apache-2.0 */
/* SIDs as text, and integrity levels. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "driverless-hooks/decode/sid.h"

#include <string.h>

static void sid_format__known_sids__read_as_windows_writes_them(void **state)
{
    static const uint8_t user[] = {1,    5,    0,    0,    0,    0,    0,    5,    0x15, 0,
                                   0,    0,    0xa0, 0x65, 0xcf, 0x7e, 0x78, 0x4b, 0x9b, 0x5f,
                                   0xe7, 0x7c, 0x87, 0x70, 0x96, 0x6c, 0x12, 0x00};
    static const uint8_t large[] = {1, 1, 1, 0, 0, 0, 0, 5, 7, 0, 0, 0};
    static const uint8_t empty[] = {1, 0, 0, 0, 0, 0, 0, 1};
    char text[EG_SID_TEXT_SIZE];
    EG_UNUSED(state);
    size_t length = eg_sid_format(user, sizeof(user), text);
    assert_int_equal(length, strlen(text));
    assert_string_equal(text, "S-1-5-21-2127521184-1604012920-1887927527-1207446");
    eg_sid_format(large, sizeof(large), text);
    assert_string_equal(text, "S-1-0x010000000005-7");
    eg_sid_format(empty, sizeof(empty), text);
    assert_string_equal(text, "S-1-1");
}

static void sid_format__longest_sid__fits(void **state)
{
    uint8_t sid[EG_SID_SIZE_MAX];
    char text[EG_SID_TEXT_SIZE];
    EG_UNUSED(state);
    memset(sid, 0xFF, sizeof(sid));
    sid[0] = 1;
    sid[1] = 15;
    assert_int_equal(eg_sid_size(sid, sizeof(sid)), EG_SID_SIZE_MAX);
    size_t length = eg_sid_format(sid, sizeof(sid), text);
    assert_int_equal(length, strlen(text));
    assert_string_equal(text + length - 11, "-4294967295");
}

static void sid_size__cut_or_not_a_sid__is_zero(void **state)
{
    static const uint8_t sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    uint8_t other[sizeof(sid)];
    char text[EG_SID_TEXT_SIZE] = "x";
    EG_UNUSED(state);
    for (size_t size = 0; size < sizeof(sid); size++) {
        assert_int_equal(eg_sid_size(sid, size), 0);
    }
    memcpy(other, sid, sizeof(sid));
    other[0] = 2;
    assert_int_equal(eg_sid_size(other, sizeof(other)), 0);
    assert_int_equal(eg_sid_format(other, sizeof(other), text), 0);
    assert_string_equal(text, "");
    assert_int_equal(eg_sid_size(NULL, 0), 0);
}

static void integrity_level__every_rid__has_the_name_of_its_range(void **state)
{
    static const struct {
        uint32_t rid;
        const char *name;
    } cases[] = {{0, "Untrusted"},   {0x1000, "Low"},    {0x1FFF, "Low"},
                 {0x2000, "Medium"}, {0x2010, "Medium"}, {0x2100, "MediumPlus"},
                 {0x3000, "High"},   {0x4000, "System"}, {0x5000, "System"}};
    static const uint8_t user[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        uint8_t label[] = {
            1, 1, 0, 0, 0, 0, 0, 16, (uint8_t)cases[i].rid, (uint8_t)(cases[i].rid >> 8), 0, 0};
        eg_str name = eg_sid_integrity_level(label, sizeof(label));
        assert_true(eg_str_equal(name, eg_str_from(cases[i].name)));
    }
    assert_null(eg_sid_integrity_level(user, sizeof(user)).ptr);
}

int eg_test_sid(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sid_format__known_sids__read_as_windows_writes_them),
        cmocka_unit_test(sid_format__longest_sid__fits),
        cmocka_unit_test(sid_size__cut_or_not_a_sid__is_zero),
        cmocka_unit_test(integrity_level__every_rid__has_the_name_of_its_range),
    };
    return cmocka_run_group_tests_name("sid", tests, NULL, NULL);
}
