/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/policy.c"
#include "service/settings.c"
#include "tests/unit/temp_folder.h"

#include <string.h>

static void assert_message_has(const char *part)
{
    if (!strstr(eg_error_message(), part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, eg_error_message());
    }
}

static void settings__not_read__are_the_defaults(void **state)
{
    EG_UNUSED(state);
    eg_settings settings;
    assert_int_equal(eg_settings_init(&settings), EG_OK);
    assert_int_equal(settings.min_level, EG_LEVEL_MEDIUM);
    assert_int_equal(settings.log, EG_LOG_INFO);
    assert_int_equal(settings.retention_days, 365);
    assert_int_equal(settings.max_hits, 100000);
    assert_int_equal(settings.max_clients, 16);
    assert_int_equal(settings.contact.len, 0);
    assert_int_equal(settings.rules_stale_days, 14);
    assert_int_equal(settings.checks.rhythm, EG_CHECK_WEEKLY);
    for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
        assert_int_equal(settings.instructions[language].len, 0);
    }
    eg_check_schedule written = {EG_CHECK_NEVER, 0, 0};
    assert_true(eg_check_schedule_read(eg_buf_str(&settings.check_schedule), &written));
    assert_int_equal(written.rhythm, settings.checks.rhythm);
    assert_int_equal(written.day, settings.checks.day);
    assert_int_equal(written.minute, settings.checks.minute);
    eg_settings_done(&settings);
}

static void settings_read__every_key__takes_it(void **state)
{
    EG_UNUSED(state);
    eg_settings settings;
    assert_int_equal(eg_settings_init(&settings), EG_OK);
    eg_str text = EG_STR("# EmoGuard\nlog_level = debug\nalert_min_level = high\n"
                         "contact = 情報システム係 内線 1234\nretention_days = 30\n"
                         "max_hits = 5000\nmax_clients = 8\nrules_stale_days = 3\n"
                         "instructions_en = Leave USB sticks. | Tell the office.\n"
                         "instructions_ja = USB メモリーも外さない\n"
                         "check_schedule = daily 6:30\nself_check_minutes = 0\n");
    assert_int_equal(eg_settings_read(&settings, text, "emoguard.conf"), EG_OK);
    assert_int_equal(settings.log, EG_LOG_DEBUG);
    assert_int_equal(settings.min_level, EG_LEVEL_HIGH);
    assert_string_equal(eg_buf_cstr(&settings.contact), "情報システム係 内線 1234");
    assert_int_equal(settings.retention_days, 30);
    assert_int_equal(settings.max_hits, 5000);
    assert_int_equal(settings.max_clients, 8);
    assert_int_equal(settings.rules_stale_days, 3);
    assert_string_equal(eg_buf_cstr(&settings.instructions[EG_LANGUAGE_EN]),
                        "Leave USB sticks. | Tell the office.");
    assert_string_equal(eg_buf_cstr(&settings.instructions[EG_LANGUAGE_JA]),
                        "USB メモリーも外さない");
    assert_int_equal(settings.checks.rhythm, EG_CHECK_DAILY);
    assert_int_equal(settings.checks.minute, 390);
    assert_int_equal(settings.self_check_minutes, 0);
    eg_settings_done(&settings);
}

static void assert_refused(const char *text, const char *first, const char *second)
{
    eg_settings settings;
    assert_int_equal(eg_settings_init(&settings), EG_OK);
    assert_int_equal(eg_settings_read(&settings, eg_str_from(text), "my.conf"), EG_E_INVALID);
    assert_message_has("my.conf");
    assert_message_has(first);
    assert_message_has(second);
    assert_int_equal(settings.retention_days, 365); /* nothing of the file is in force */
    assert_int_equal(settings.min_level, EG_LEVEL_MEDIUM);
    eg_settings_done(&settings);
}

static void settings_read__repositories__are_taken_or_refused(void **state)
{
    EG_UNUSED(state);
    eg_settings settings;
    assert_int_equal(eg_settings_init(&settings), EG_OK);
    assert_int_equal(settings.repository[EG_REPOSITORY_SITE].url.len, 0);
    assert_string_equal(eg_buf_cstr(&settings.rules_channel), "stable");
    assert_string_equal(eg_buf_cstr(&settings.rules_courier), "sign-in");
    assert_true(settings.rules_doorbell && settings.rules_poll_minutes == 60);
    eg_str text = EG_STR("rules_url = https://rules.example/v1\nrules_root = C:\\root.json\n"
                         "vendor_rules_url = C:\\rules\nvendor_rules_root = C:\\vendor.json\n"
                         "vendor_rules_hold_serial = 2026112305\nrules_channel = canary\n"
                         "rules_doorbell = false\nrules_poll_minutes = 5\nrules_proxy = none\n");
    assert_int_equal(eg_settings_read(&settings, text, "emoguard.conf"), EG_OK);
    assert_string_equal(eg_buf_cstr(&settings.repository[EG_REPOSITORY_SITE].url),
                        "https://rules.example/v1");
    assert_int_equal(settings.repository[EG_REPOSITORY_SITE].hold, 0);
    assert_string_equal(eg_buf_cstr(&settings.repository[EG_REPOSITORY_VENDOR].root),
                        "C:\\vendor.json");
    assert_int_equal(settings.repository[EG_REPOSITORY_VENDOR].hold, 2026112305);
    assert_false(settings.rules_doorbell);
    eg_settings_done(&settings);
    assert_refused("rules_url = https://rules.example/v1\n", "rules_root", "rules_url");
    assert_refused("rules_channel = a/b\n", "rules_channel", "a-z");
    assert_refused("rules_courier = yes\n", "rules_courier", "must be sign-in, stored or off");
    assert_refused("rules_poll_minutes = 0\n", "rules_poll_minutes", "1");
}

static void settings_read__unknown_key__names_line_and_keeps_defaults(void **state)
{
    EG_UNUSED(state);
    assert_refused("retention_days = 30\n\nretenion = 3\n", "3", "retenion");
}

static void settings_read__number_out_of_range__is_refused(void **state)
{
    EG_UNUSED(state);
    assert_refused("retention_days = 0\n", "1", "retention_days");
    assert_refused("max_clients = 61\n", "1", "max_clients");
    assert_refused("rules_stale_days = 0\n", "1", "rules_stale_days");
    assert_refused("rules_stale_days = 3651\n", "1", "rules_stale_days");
}

static void settings_read__unknown_level__says_which_there_are(void **state)
{
    EG_UNUSED(state);
    assert_refused("alert_min_level = loud\n", "loud", "critical");
    assert_refused("retention_days = 30\nlog_level = chatty\n", "chatty", "warning");
}

static void settings_read__instructions_too_long__are_refused(void **state)
{
    eg_buf text;
    EG_UNUSED(state);
    eg_buf_init(&text, 4096);
    eg_buf_append_cstr(&text, "instructions_ja = ");
    for (size_t i = 0; i <= EG_INSTRUCTIONS_MAX; i++) {
        eg_buf_append_char(&text, 'x');
    }
    eg_buf_append_char(&text, '\n');
    assert_refused(eg_buf_cstr(&text), "1", "instructions_ja");
    eg_buf_done(&text);
}

static void settings_read__unknown_schedule__says_which_there_are(void **state)
{
    EG_UNUSED(state);
    assert_refused("check_schedule = sometimes\n", "sometimes", "weekly DAY HH:MM");
}

static void settings_load__no_file__keeps_defaults(void **state)
{
    eg_settings settings;
    assert_int_equal(eg_settings_init(&settings), EG_OK);
    assert_int_equal(eg_settings_load(&settings, eg_test_path(*state, "none.conf"), NULL), EG_OK);
    assert_int_equal(settings.retention_days, 365);
    eg_settings_done(&settings);
}

static void settings_load__file__takes_it(void **state)
{
    const char *path = eg_test_path(*state, "設定.conf");
    eg_settings settings;
    assert_int_equal(eg_settings_init(&settings), EG_OK);
    assert_int_equal(eg_file_append(path, "\xEF\xBB\xBFmax_hits = 700\r\n", 19), EG_OK);
    assert_int_equal(eg_settings_load(&settings, path, NULL), EG_OK);
    assert_int_equal(settings.max_hits, 700);
    eg_settings_done(&settings);
}

/* ---- policies ---- */

/* "name", "value", ... to NULL. */
static int read_fake(void *user, const char *name, eg_buf *out)
{
    for (const char *const *pair = user; pair[0]; pair += 2) {
        if (strcmp(pair[0], name) == 0) {
            return eg_buf_append_cstr(out, pair[1]);
        }
    }
    return EG_E_NOTFOUND;
}

static int load_with(const char *path, const char *const *set, eg_settings *settings)
{
    const eg_settings_policies policies = {(void *)(uintptr_t)set, read_fake};
    assert_int_equal(eg_settings_init(settings), EG_OK);
    return eg_settings_load(settings, path, &policies);
}

static void policies__over_a_file__win_one_by_one(void **state)
{
    static const char *const set[] = {
        "contact", "IT desk", "rules_doorbell", "0", "rules_poll_minutes", "7", NULL};
    const char *path = eg_test_path(*state, "a.conf");
    const char text[] = "contact = nobody\nmax_hits = 700\n";
    eg_settings settings;
    assert_int_equal(eg_file_append(path, text, strlen(text)), EG_OK);
    assert_int_equal(load_with(path, set, &settings), EG_OK);
    assert_string_equal(eg_buf_cstr(&settings.contact), "IT desk");
    assert_int_equal(settings.max_hits, 700);
    assert_int_equal(settings.rules_poll_minutes, 7);
    assert_false(settings.rules_doorbell);
    assert_string_equal(eg_buf_cstr(&settings.by_policy),
                        "contact, rules_poll_minutes, rules_doorbell");
    eg_settings_done(&settings);
}

static void policies__or_a_file_that_is_wrong__leave_the_other_in_force(void **state)
{
    static const char *const good[] = {"contact", "IT desk", NULL};
    static const char *const bad[] = {"log_level", "chatty",        "max_hits",    "701",
                                      "contact",   "IT desk",       "max_clients", "many",
                                      "rules_url", "https://rules", "rules_root",  "C:\\root.json",
                                      NULL};
    static const char *const alone[] = {"rules_url", "https://rules", "max_hits", "702", NULL};
    static const char *const sly[] = {"contact", "x\nrules_proxy = http://evil:1", NULL};
    const char *right = eg_test_path(*state, "right.conf"), *wrong = eg_test_path(*state, "w.conf");
    eg_settings settings;
    assert_int_equal(eg_file_append(right, "max_hits = 700\n", 15), EG_OK);
    assert_int_equal(eg_file_append(wrong, "max_hits = 1\n", 13), EG_OK);
    assert_int_equal(load_with(wrong, good, &settings), EG_E_INVALID);
    assert_message_has("w.conf line 1");
    assert_string_equal(eg_buf_cstr(&settings.contact), "IT desk");
    assert_int_equal(settings.max_hits, 100000);
    eg_settings_done(&settings);
    assert_int_equal(load_with(right, bad, &settings), EG_E_INVALID);
    assert_message_has("group policy: log_level: log_level is 'chatty'");
    assert_message_has("group policy: max_clients line 1: not a number");
    assert_int_equal(settings.max_hits, 701);
    assert_int_equal(settings.log, EG_LOG_INFO);
    assert_string_equal(eg_buf_cstr(&settings.repository[EG_REPOSITORY_SITE].url), "https://rules");
    assert_string_equal(eg_buf_cstr(&settings.by_policy),
                        "contact, rules_root, max_hits, rules_url");
    eg_settings_done(&settings);
    assert_int_equal(load_with(right, alone, &settings), EG_E_INVALID);
    assert_message_has("rules_url is set, and no rules_root");
    assert_int_equal(settings.max_hits, 702);
    eg_settings_done(&settings);
    assert_int_equal(load_with(wrong, bad, &settings), EG_E_INVALID);
    assert_message_has("w.conf line 1");
    assert_message_has("log_level");
    assert_int_equal(settings.max_hits, 701);
    eg_settings_done(&settings);
    assert_int_equal(load_with(right, sly, &settings), EG_E_INVALID);
    assert_message_has("more than one line");
    assert_int_equal(settings.max_hits, 700);
    assert_int_equal(settings.rules_proxy.len, 0);
    eg_settings_done(&settings);
}

static void policy__of_this_system__is_read_as_text_or_number(void **state)
{
    static const DWORD number = 2026112301;
    static const WCHAR text[] = L"\x60C5\x30B7\x30B9";
    HKEY key = NULL;
    eg_buf value;
    EG_UNUSED(state);
    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"Software\\Policies\\EmoGuard", 0, NULL,
                        REG_OPTION_VOLATILE, KEY_ALL_ACCESS | KEY_WOW64_64KEY, NULL, &key,
                        NULL) != ERROR_SUCCESS) {
        skip(); /* not an administrator */
    }
    RegSetValueExW(key, L"eg_test_text", 0, REG_SZ, (const BYTE *)text, sizeof(text));
    RegSetValueExW(key, L"eg_test_number", 0, REG_DWORD, (const BYTE *)&number, sizeof(number));
    RegSetValueExW(key, L"eg_test_bytes", 0, REG_BINARY, (const BYTE *)&number, sizeof(number));
    eg_buf_init(&value, 100);
    assert_int_equal(eg_policy_read(NULL, "eg_test_text", &value), EG_OK);
    assert_string_equal(eg_buf_cstr(&value), "情シス");
    eg_buf_clear(&value);
    assert_int_equal(eg_policy_read(NULL, "eg_test_number", &value), EG_OK);
    assert_string_equal(eg_buf_cstr(&value), "2026112301");
    assert_int_equal(eg_policy_read(NULL, "eg_test_bytes", &value), EG_E_INVALID);
    assert_int_equal(eg_policy_read(NULL, "eg_test_none", &value), EG_E_NOTFOUND);
    eg_buf_done(&value);
    RegDeleteValueW(key, L"eg_test_text");
    RegDeleteValueW(key, L"eg_test_number");
    RegDeleteValueW(key, L"eg_test_bytes");
    RegCloseKey(key);
}

int eg_test_service_settings(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings__not_read__are_the_defaults),
        cmocka_unit_test_setup_teardown(policies__over_a_file__win_one_by_one, eg_test_folder_make,
                                        eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(policies__or_a_file_that_is_wrong__leave_the_other_in_force,
                                        eg_test_folder_make, eg_test_folder_remove),
        cmocka_unit_test(policy__of_this_system__is_read_as_text_or_number),
        cmocka_unit_test(settings_read__every_key__takes_it),
        cmocka_unit_test(settings_read__repositories__are_taken_or_refused),
        cmocka_unit_test(settings_read__unknown_key__names_line_and_keeps_defaults),
        cmocka_unit_test(settings_read__number_out_of_range__is_refused),
        cmocka_unit_test(settings_read__unknown_level__says_which_there_are),
        cmocka_unit_test(settings_read__instructions_too_long__are_refused),
        cmocka_unit_test(settings_read__unknown_schedule__says_which_there_are),
        cmocka_unit_test_setup_teardown(settings_load__no_file__keeps_defaults, eg_test_folder_make,
                                        eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(settings_load__file__takes_it, eg_test_folder_make,
                                        eg_test_folder_remove),
    };
    return cmocka_run_group_tests_name("service_settings", tests, NULL, NULL);
}
