/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs that EmoCheck looks for. Names and scrambled values were worked out independently, by a
 * list that says for each position of the dictionary to which word it belongs.
 */
#include "tests/unit/unit.h"

#include "core/detect/emocheck.c"

#define BORROWED (1u << EG_EMOCHECK_SYSTEM_NAMES)
#define RANDOM (1u << EG_EMOCHECK_RANDOM_NAMES)
#define WEEK (1u << EG_EMOCHECK_WEEK_APART)

static void program_name__of_serials__is_the_worked_out_one(void **state)
{
    static const struct {
        uint32_t serial;
        const char *name;
    } cases[] = {
        {0, "duckelem.exe"},
        {1, "duckelem.exe"},
        {4, "mfidlelem.exe"}, /* a comma: the word behind it */
        {0x1A2B3C4D, "formatexce.exe"},
        {0xFFFFFFFF, "elemvol.exe"},
        {0xA0B1C2D3, "cyancards.exe"},
        {0xBEEF, "shextdevices.exe"},
    };
    (void)state;
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        char name[EG_EMOCHECK_NAME_MAX];
        eg_emocheck_program_name(cases[i].serial, name);
        assert_string_equal(name, cases[i].name);
    }
}

static void value_name__of_a_serial__has_no_leading_zeros(void **state)
{
    (void)state;
    char name[EG_EMOCHECK_NAME_MAX];
    eg_emocheck_value_name(0x0A2B3C4D, name);
    assert_string_equal(name, "a2b3c4d");
    eg_emocheck_value_name(0, name);
    assert_string_equal(name, "0");
}

static void value__scrambled__is_decoded(void **state)
{
    (void)state;
    static const unsigned char data[] = {0x26, 0x54, 0x46, 0x6F, 0x3F, 0x58,
                                         0x4E, 0x6C, 0x24, 0x52, 0x4E};
    eg_buf out;
    eg_buf_init(&out, 4096);
    assert_int_equal(eg_emocheck_decode_value(0x0A2B3C4D, data, sizeof(data), &out), EG_OK);
    assert_string_equal(eg_buf_cstr(&out), "khmerdefine.exe");
    eg_buf_clear(&out);
    /* What is not printable, a final zero for example, is left out. */
    assert_int_equal(eg_emocheck_decode_value(0, "a\0b c~\x7f\xff", 8, &out), EG_OK);
    assert_string_equal(eg_buf_cstr(&out), "abc.exe");
    eg_buf_done(&out);
}

static void value__without_a_name__is_refused(void **state)
{
    (void)state;
    static const unsigned char data[VALUE_MAX_BYTES + 1];
    eg_buf out;
    eg_buf_init(&out, 4096);
    assert_int_equal(eg_emocheck_decode_value(0, data, 16, &out), EG_E_INVALID);
    assert_int_equal(eg_emocheck_decode_value(1, NULL, 0, &out), EG_E_INVALID);
    assert_int_equal(eg_emocheck_decode_value(0, data, sizeof(data), &out), EG_E_LIMIT);
    assert_int_equal(out.len, 0);
    eg_buf_done(&out);
}

static unsigned signs_of(const char *folder, const char *name)
{
    const eg_emocheck_file file = {.folder_name = eg_str_from(folder),
                                   .name = eg_str_from(name),
                                   .size = 200000,
                                   .written = 50,
                                   .folder_written = 50};
    return eg_emocheck_file_signs(&file);
}

static void file__with_random_names__has_the_sign(void **state)
{
    (void)state;
    assert_int_equal(signs_of("Kqzvw", "abcd.xyz"), RANDOM);
    assert_int_equal(signs_of("Kqzvw", "abcd.dll"), 0);
    assert_int_equal(signs_of("Kqzvw", "abcd.EXE"), 0);
    assert_int_equal(signs_of("Kqzvw", "abcd.xyzw"), 0);
    assert_int_equal(signs_of("Kqzvw", "ab.xyz"), 0);
    assert_int_equal(signs_of("Kqzvw", "abcd"), 0);
    assert_int_equal(signs_of("Kqzvw", "abcd.x.z"), 0);
    assert_int_equal(signs_of("Kqz", "abcd.xyz"), 0);
    assert_int_equal(signs_of("Kqzvw9", "abcd.xyz"), 0);
    assert_int_equal(signs_of("", ""), 0);
    const eg_emocheck_file known = {
        .folder_name = EG_STR("Kqzvw"), .name = EG_STR("abcd.xyz"), .folder_is_known = true};
    assert_int_equal(eg_emocheck_file_signs(&known), 0);
}

static void file__with_borrowed_names__must_not_be_a_copy(void **state)
{
    (void)state;
    eg_emocheck_file file = {.folder_name = EG_STR("msra"),
                             .name = EG_STR("mstask.exe"),
                             .size = 200000,
                             .borrowed = true};
    assert_int_equal(eg_emocheck_file_signs(&file), BORROWED);
    file.twin_size = 200000;
    assert_int_equal(eg_emocheck_file_signs(&file), 0);
    file.twin_size = 200001;
    assert_int_equal(eg_emocheck_file_signs(&file), BORROWED);
    file.size = SMALLEST_PROGRAM - 1;
    assert_int_equal(eg_emocheck_file_signs(&file), 0);
}

static void file__seven_days_older_than_its_folder__has_the_sign(void **state)
{
    (void)state;
    const uint64_t week = UINT64_C(7) * 86400 * EG_TICKS_PER_SECOND;
    static const struct {
        int64_t tenths;
        unsigned signs;
    } cases[] = {{0, WEEK}, {-3, WEEK}, {2, WEEK}, {-4, 0}, {3, 0}};
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_emocheck_file file = {.written = 1000 * week};
        file.folder_written =
            file.written + week + (uint64_t)(cases[i].tenths * (int64_t)EG_TICKS_PER_SECOND / 10);
        assert_int_equal(eg_emocheck_file_signs(&file), cases[i].signs);
        eg_emocheck_file back = {.written = file.folder_written, .folder_written = file.written};
        assert_int_equal(eg_emocheck_file_signs(&back), 0);
    }
}

#define LIBRARY EG_STR("C:\\Users\\a b\\AppData\\Local\\Kqzvw\\abcd.xyz")

static void file__that_runs__is_recognised(void **state)
{
    (void)state;
    const eg_str rundll32 = EG_STR("C:\\Windows\\SysWOW64\\RUNDLL32.exe");
    const eg_str command =
        EG_STR("rundll32.exe  \"c:\\users\\a  b\\appdata\\local\\kqzvw\\ABCD.xyz\",RunDLL");
    assert_true(eg_emocheck_is_run(RANDOM, LIBRARY, rundll32, command));
    assert_true(eg_emocheck_is_run(WEEK, LIBRARY, rundll32, command));
    assert_false(eg_emocheck_is_run(BORROWED, LIBRARY, rundll32, command));
    assert_false(eg_emocheck_is_run(RANDOM, LIBRARY, rundll32, EG_STR_NONE));
    assert_false(eg_emocheck_is_run(RANDOM, LIBRARY, EG_STR("C:\\notepad.exe"), command));
    assert_true(eg_emocheck_is_run(BORROWED, LIBRARY, LIBRARY, EG_STR_NONE));
    assert_true(eg_emocheck_is_run(WEEK, LIBRARY, LIBRARY, EG_STR_NONE));
    assert_false(eg_emocheck_is_run(RANDOM, LIBRARY, LIBRARY, EG_STR_NONE));
    assert_false(eg_emocheck_is_run(0, LIBRARY, LIBRARY, command));
    /* A 32-bit program sees SysWOW64 as System32. */
    assert_true(eg_emocheck_is_run(RANDOM, EG_STR("C:\\Windows\\SysWOW64\\Kqzvw\\abcd.xyz"),
                                   rundll32,
                                   EG_STR("rundll32 C:\\Windows\\System32\\Kqzvw\\abcd.xyz,Xyzw")));
}

static void file__that_is_started__keeps_the_signs_that_fit(void **state)
{
    (void)state;
    const unsigned both = RANDOM | WEEK;
    const eg_str command =
        EG_STR("C:\\Windows\\System32\\rundll32.exe "
               "\"C:\\Users\\a b\\AppData\\Local\\Kqzvw\\abcd.xyz\",ShowDialogA");
    assert_int_equal(eg_emocheck_started_signs(both, LIBRARY, EG_STR("abcd.xyz"), command), both);
    assert_int_equal(eg_emocheck_started_signs(RANDOM, LIBRARY, EG_STR("qwertyui"), command),
                     RANDOM);
    assert_int_equal(eg_emocheck_started_signs(both, LIBRARY, EG_STR("My Tool"), command), WEEK);
    assert_int_equal(eg_emocheck_started_signs(both, LIBRARY, EG_STR("abcd.xyz"), LIBRARY), WEEK);
    assert_int_equal(eg_emocheck_started_signs(both, LIBRARY, EG_STR("abcd.xyz"),
                                               EG_STR("C:\\Windows\\notepad.exe")),
                     0);
    assert_int_equal(eg_emocheck_started_signs(0, LIBRARY, EG_STR("abcd.xyz"), command), 0);
}

static void rules__have_texts_in_each_language(void **state)
{
    (void)state;
    for (int i = 0; i < EG_EMOCHECK_SIGN_COUNT; i++) {
        const eg_emocheck_rule *rule = eg_emocheck_rule_of((eg_emocheck_sign)i);
        assert_memory_equal(rule->id, "emocheck_", 9);
        for (int j = 0; j < EG_LANGUAGE_COUNT; j++) {
            assert_true(rule->text[j].title.len > 0 && rule->text[j].meaning.len > 0 &&
                        rule->text[j].advice.len > 0);
        }
    }
}

int eg_test_emocheck(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_name__of_serials__is_the_worked_out_one),
        cmocka_unit_test(value_name__of_a_serial__has_no_leading_zeros),
        cmocka_unit_test(value__scrambled__is_decoded),
        cmocka_unit_test(value__without_a_name__is_refused),
        cmocka_unit_test(file__with_random_names__has_the_sign),
        cmocka_unit_test(file__with_borrowed_names__must_not_be_a_copy),
        cmocka_unit_test(file__seven_days_older_than_its_folder__has_the_sign),
        cmocka_unit_test(file__that_runs__is_recognised),
        cmocka_unit_test(file__that_is_started__keeps_the_signs_that_fit),
        cmocka_unit_test(rules__have_texts_in_each_language),
    };
    return cmocka_run_group_tests_name("emocheck", tests, NULL, NULL);
}
