/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/compiler.h"
#include "driverless-hooks/decode/dropped_file.h"
#include "tests/unit/unit.h"

#include <string.h>

static void class_of__names__goes_by_the_last_extension(void **state)
{
    static const struct {
        const char *name;
        eg_dropped_class kind;
    } cases[] = {
        {"a.exe", EG_DROPPED_PROGRAM},
        {"A.DLL", EG_DROPPED_PROGRAM},
        {"C:\\Users\\x.y\\invoice.pdf.scr", EG_DROPPED_PROGRAM},
        {"invoice.js ", EG_DROPPED_SCRIPT},
        {"run.hta..", EG_DROPPED_SCRIPT},
        {"form.doc", EG_DROPPED_DOCUMENT},
        {"\xE8\xAB\x8B\xE6\xB1\x82\xE6\x9B\xB8.xlsm", EG_DROPPED_DOCUMENT},
        {"a.lnk", EG_DROPPED_SHORTCUT},
        {"a.iso", EG_DROPPED_IMAGE},
        {"a.zip", EG_DROPPED_ARCHIVE},
        {"a.docx", EG_DROPPED_NONE},
        {"a.pdf", EG_DROPPED_NONE},
        {"exe", EG_DROPPED_NONE},
        {"a.exe\\b", EG_DROPPED_NONE},
        {"a.", EG_DROPPED_NONE},
        {"...", EG_DROPPED_NONE},
        {"", EG_DROPPED_NONE},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        if (eg_dropped_class_of(eg_str_from(cases[i].name)) != cases[i].kind) {
            fail_msg("%s", cases[i].name);
        }
    }
}

static void in_place__paths_of_a_profile__are_told_apart(void **state)
{
    static const struct {
        const char *path;
        bool in_place;
    } cases[] = {
        {"name.ocx", true}, /* Emotet 2022 */
        {"Anything\\a.exe", false},
        {"Downloads\\a.exe", true},
        {"downloads\\1\\2\\3\\a.exe", true},
        {"Downloads\\1\\2\\3\\4\\a.exe", false},
        {"Downloads2\\a.exe", false},
        {"AppData\\Local\\Temp\\Temp1_a.zip\\a.js", true},
        {"AppData\\Local\\Wfgxh\\ab.dll", true}, /* Emotet 2020 */
        {"AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\AB12\\a.doc", true},
        {"AppData\\Local\\Microsoft\\Windows\\INetCache\\IE\\AB12\\a.exe", false},
        {"AppData\\Local\\Packages\\x.exe", false},
        {"AppData\\Roaming\\a.exe", true},
        {"AppData\\Roaming\\Microsoft\\Windows\\Recent\\a.lnk", false},
        {"AppData\\a.exe", false},
        {"", false},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        if (eg_dropped_in_place(EG_DROPPED_ROOT_PROFILE, eg_str_from(cases[i].path)) !=
            cases[i].in_place) {
            fail_msg("%s", cases[i].path);
        }
    }
    assert_true(eg_dropped_in_place(EG_DROPPED_ROOT_PROGRAM_DATA, EG_STR("x.dll")));
    assert_false(eg_dropped_in_place(EG_DROPPED_ROOT_PROGRAM_DATA, EG_STR("EmoGuard\\x.dll")));
}

/* Every folder that lies on the way to a place must be entered, or the place is never walked. */
static void may_hold__folders__lead_to_every_place(void **state)
{
    EG_UNUSED(state);
    const eg_dropped_root root = EG_DROPPED_ROOT_PROFILE;
    assert_true(eg_dropped_may_hold(root, EG_STR("")));
    assert_true(eg_dropped_may_hold(root, EG_STR("AppData")));
    assert_true(eg_dropped_may_hold(root, EG_STR("AppData\\Local\\Microsoft\\Windows\\INetCache")));
    assert_true(eg_dropped_may_hold(root, EG_STR("AppData\\Local\\a\\b")));
    assert_false(eg_dropped_may_hold(root, EG_STR("AppData\\Local\\a\\b\\c")));
    assert_false(eg_dropped_may_hold(root, EG_STR("AppData\\Local\\Packages")));
    assert_false(eg_dropped_may_hold(root, EG_STR("Pictures")));
}

static void check_zone(const char *text, const char *zone, const char *host, const char *referrer)
{
    eg_zone_identifier found;
    eg_zone_identifier_parse(eg_str_from(text), &found);
    const eg_str got[] = {found.zone_id, found.host_url, found.referrer_url};
    const char *const wanted[] = {zone, host, referrer};
    for (size_t i = 0; i < EG_COUNT(got); i++) {
        assert_int_equal(got[i].ptr != NULL, wanted[i] != NULL);
        assert_true(!wanted[i] || eg_str_equal(got[i], eg_str_from(wanted[i])));
    }
}

static void zone_identifier__of_browsers_and_others__is_read(void **state)
{
    EG_UNUSED(state);
    check_zone("[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://a.example/\r\n"
               "HostUrl=https://b.example/x=1\r\n",
               "3", "https://b.example/x=1", "https://a.example/");
    check_zone("\n[zonetransfer]\nzoneid = 4 ", "4", NULL, NULL);
    check_zone("[Other]\nZoneId=3\n", NULL, NULL, NULL);
    check_zone("[ZoneTransfer]\nZoneId=\n[Other]\nHostUrl=x", "", NULL, NULL);
    check_zone("[ZoneTransfer]\n\n=\nZoneId\n==", NULL, NULL, NULL);
    check_zone("", NULL, NULL, NULL);
}

int eg_test_dropped_file(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_of__names__goes_by_the_last_extension),
        cmocka_unit_test(in_place__paths_of_a_profile__are_told_apart),
        cmocka_unit_test(may_hold__folders__lead_to_every_place),
        cmocka_unit_test(zone_identifier__of_browsers_and_others__is_read),
    };
    return cmocka_run_group_tests_name("dropped_file", tests, NULL, NULL);
}
