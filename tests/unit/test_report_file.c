/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports as files: their names, and that none is ever replaced. With EMOGUARD_REPORT_FOLDER set,
 * every sample is written there in every form, for tests/check_reports.py.
 */
#include "tests/unit/unit.h"

#include "cli/report_file.c"

#include "tests/unit/report_samples.h"
#include "tests/unit/temp_folder.h"

static void assert_name(const eg_buf *path, const char *before, const char *behind)
{
    eg_str name = eg_path_base(eg_buf_str(path));
    assert_int_equal(name.len, strlen(before) + strlen("20261123221012") + strlen(behind));
    assert_memory_equal(name.ptr, before, strlen(before));
    assert_true(eg_str_ends_nocase(name, eg_str_from(behind)));
}

static void report__saved_twice__has_two_files(void **state)
{
    eg_buf path, first, content;
    eg_check_report *report = make_sample(SAMPLE_CLEAN);
    eg_buf_init(&path, 4096);
    eg_buf_init(&first, 1 << 20);
    eg_buf_init(&content, 1 << 20);

    assert_int_equal(eg_report_save(report, EG_REPORT_TEXT, EG_LANGUAGE_EN, *state, &path), EG_OK);
    assert_name(&path, "PC-0123_", "_emoguard.txt");
    assert_int_equal(eg_file_read(path.data, 1 << 20, &first), EG_OK);
    report->cancelled = true;
    assert_int_equal(eg_report_save(report, EG_REPORT_TEXT, EG_LANGUAGE_EN, *state, &path), EG_OK);
    assert_name(&path, "PC-0123_", "_emoguard_2.txt");
    assert_int_equal(eg_report_save(report, EG_REPORT_HTML, EG_LANGUAGE_EN, *state, &path), EG_OK);
    assert_name(&path, "PC-0123_", "_emoguard.html");
    assert_int_equal(eg_report_save(report, EG_REPORT_JSON, EG_LANGUAGE_EN, *state, &path), EG_OK);
    assert_name(&path, "PC-0123_", "_emoguard.json");
    path.len = path.len - strlen(".json"); /* the first one is as it was */
    eg_buf_append_cstr(&path, ".txt");
    assert_int_equal(eg_file_read(path.data, 1 << 20, &content), EG_OK);
    assert_true(eg_str_equal(eg_buf_str(&first), eg_buf_str(&content)));
    eg_buf_done(&content);
    eg_buf_done(&first);
    eg_buf_done(&path);
    eg_check_report_destroy(report);
}

static void report__of_a_pc_with_a_strange_name__has_a_harmless_one(void **state)
{
    eg_buf path;
    eg_check_report *report = make_sample(SAMPLE_CLEAN);
    eg_buf_init(&path, 4096);

    assert_int_equal(eg_check_report_set_text(report, &report->computer,
                                              EG_STR("..\\..\\a/b:c*?\"<>|\n\xE2\x80\xAE総務")),
                     EG_OK);
    assert_int_equal(eg_report_save(report, EG_REPORT_TEXT, EG_LANGUAGE_EN, *state, &path), EG_OK);
    assert_name(&path, ".._.._a_b_c________総務_", "_emoguard.txt");
    eg_buf_done(&path);
    eg_check_report_destroy(report);
}

static void report__in_a_folder_that_is_not_there__fails(void **state)
{
    eg_buf path;
    eg_check_report *report = make_sample(SAMPLE_CLEAN);
    eg_buf_init(&path, 4096);

    assert_int_equal(eg_report_save(report, EG_REPORT_TEXT, EG_LANGUAGE_EN,
                                    eg_test_path(*state, "missing"), &path),
                     EG_E_NOTFOUND);
    assert_non_null(strstr(eg_error_message(), "missing"));
    eg_buf_done(&path);
    eg_check_report_destroy(report);
}

static void samples__are_written_in_every_form(void **state)
{
    static const char *const names[] = {"clean", "no_rights", "infected", "hostile"};
    const char *folder = *state;
    eg_buf kept, path;
    eg_buf_init(&kept, 4096);
    eg_buf_init(&path, 4096);
    if (eg_env_get("EMOGUARD_REPORT_FOLDER", &kept) == EG_OK) {
        folder = eg_buf_cstr(&kept);
    }
    for (int i = 0; i < SAMPLE_COUNT; i++) {
        eg_check_report *report = make_sample((eg_sample)i);
        assert_int_equal(eg_check_report_set_text(report, &report->computer, eg_str_from(names[i])),
                         EG_OK);
        for (int form = EG_REPORT_TEXT; form <= EG_REPORT_HTML; form++) {
            for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
                assert_int_equal(eg_report_save(report, (eg_report_form)form, (eg_language)language,
                                                folder, &path),
                                 EG_OK);
            }
        }
        eg_check_report_destroy(report);
    }
    eg_buf_done(&path);
    eg_buf_done(&kept);
}

int eg_test_report_file(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(report__saved_twice__has_two_files, eg_test_folder_make,
                                        eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(report__of_a_pc_with_a_strange_name__has_a_harmless_one,
                                        eg_test_folder_make, eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(report__in_a_folder_that_is_not_there__fails,
                                        eg_test_folder_make, eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(samples__are_written_in_every_form, eg_test_folder_make,
                                        eg_test_folder_remove),
    };
    return cmocka_run_group_tests_name("report_file", tests, NULL, NULL);
}
