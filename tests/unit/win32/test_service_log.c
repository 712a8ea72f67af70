/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/log_file.c"
#include "tests/unit/temp_folder.h"

static void read_all(const char *path, eg_buf *out)
{
    eg_buf_init(out, 1024 * 1024);
    assert_int_equal(eg_file_read(path, 1024 * 1024, out), EG_OK);
}

static void log_file__line__has_time_level_area_and_text(void **state)
{
    const char *path = eg_test_path(*state, "a.log");
    eg_log_file_options options = {path, 100000, 2, false, 0};
    eg_log_file *file = NULL;
    eg_buf text;
    assert_int_equal(eg_log_file_open(&options, &file), EG_OK);
    eg_log_file_write(file, EG_LOG_WARNING, "pipe", "client 田中 dropped");
    eg_log_file_close(file);
    read_all(path, &text);
    assert_non_null(strstr(eg_buf_cstr(&text), "Z warning pipe: client 田中 dropped\r\n"));
    assert_int_equal(eg_buf_cstr(&text)[0], '2');
    eg_buf_done(&text);
}

static void log_file__opened_again__appends(void **state)
{
    const char *path = eg_test_path(*state, "a.log");
    eg_log_file_options options = {path, 100000, 2, false, 0};
    eg_buf text;
    for (int i = 0; i < 2; i++) {
        eg_log_file *file = NULL;
        assert_int_equal(eg_log_file_open(&options, &file), EG_OK);
        eg_log_file_write(file, EG_LOG_INFO, "x", i == 0 ? "first" : "second");
        eg_log_file_close(file);
    }
    read_all(path, &text);
    assert_non_null(strstr(eg_buf_cstr(&text), "first"));
    assert_non_null(strstr(eg_buf_cstr(&text), "second"));
    eg_buf_done(&text);
}

static void log_file__full__rotates_and_keeps_so_many(void **state)
{
    const char *path = eg_test_path(*state, "a.log");
    eg_log_file_options options = {path, 2000, 2, false, 0};
    eg_log_file *file = NULL;
    eg_buf text;
    char line[101];
    memset(line, 'x', 100);
    line[100] = '\0';
    assert_int_equal(eg_log_file_open(&options, &file), EG_OK);
    for (int i = 0; i < 100; i++) {
        eg_log_file_write(file, EG_LOG_INFO, "x", line);
    }
    eg_log_file_write(file, EG_LOG_INFO, "x", "the last line");
    eg_log_file_close(file);
    assert_true(eg_file_exists(eg_test_path(*state, "a.log.1")));
    assert_true(eg_file_exists(eg_test_path(*state, "a.log.2")));
    assert_false(eg_file_exists(eg_test_path(*state, "a.log.3")));
    read_all(path, &text);
    assert_true(text.len <= 2000);
    assert_non_null(strstr(eg_buf_cstr(&text), "the last line"));
    eg_buf_done(&text);
}

static size_t occurrences(const char *text, const char *word)
{
    size_t found = 0;
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        found++;
    }
    return found;
}

/* Any user can make the pipe's area write a line. */
static void log_file__one_area_floods__leaves_room_for_the_others(void **state)
{
    const char *path = eg_test_path(*state, "a.log");
    eg_log_file_options options = {path, 100000, 2, false, 10};
    eg_log_file *file = NULL;
    eg_buf text;
    assert_int_equal(eg_log_file_open(&options, &file), EG_OK);
    for (int i = 0; i < 500; i++) {
        eg_log_file_write(file, EG_LOG_WARNING, "pipe", "client dropped");
    }
    eg_log_file_write(file, EG_LOG_WARNING, "hit", "something else");
    find_area(file, "pipe")->start -= 2 * MINUTE_NS;
    eg_log_file_write(file, EG_LOG_WARNING, "pipe", "a minute later");
    eg_log_file_close(file);
    read_all(path, &text);
    assert_int_equal(occurrences(eg_buf_cstr(&text), "client dropped"), 10);
    assert_int_equal(occurrences(eg_buf_cstr(&text), "hit: something else"), 1);
    assert_int_equal(occurrences(eg_buf_cstr(&text), "pipe: 490 lines were left out"), 1);
    assert_int_equal(occurrences(eg_buf_cstr(&text), "pipe: a minute later"), 1);
    eg_buf_done(&text);
}

static void log_file__more_areas_than_places__share_the_last(void **state)
{
    eg_log_file_options options = {eg_test_path(*state, "a.log"), 100000, 2, false, 1000};
    eg_log_file *file = NULL;
    assert_int_equal(eg_log_file_open(&options, &file), EG_OK);
    for (int i = 0; i < 2 * AREAS_MAX; i++) {
        char area[AREA_SIZE];
        snprintf(area, sizeof(area), "area%d", i);
        eg_log_file_write(file, EG_LOG_INFO, area, "x");
    }
    assert_int_equal(file->areas[0].lines, 1);
    assert_int_equal(file->areas[AREAS_MAX - 1].lines, AREAS_MAX + 1);
    eg_log_file_close(file);
}

/* An older file must not be dropped with each line while somebody holds the current one. */
static void log_file__cannot_be_moved__keeps_the_older_ones(void **state)
{
    const char *path = eg_test_path(*state, "a.log");
    eg_log_file_options options = {path, 300, 3, false, 0};
    eg_log_file *file = NULL;
    eg_buf text;
    assert_int_equal(eg_file_append(eg_test_path(*state, "a.log.1"), "one", 3), EG_OK);
    assert_int_equal(eg_file_append(eg_test_path(*state, "a.log.2"), "two", 3), EG_OK);
    assert_int_equal(eg_log_file_open(&options, &file), EG_OK);
    wchar_t *wide = eg_wide_copy(eg_str_from(path));
    HANDLE reader = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    eg_free(wide);
    assert_true(reader != INVALID_HANDLE_VALUE);
    for (int i = 0; i < 12; i++) { /* more than one file full, less than two */
        eg_log_file_write(file, EG_LOG_INFO, "x", "a line");
    }
    CloseHandle(reader);
    eg_log_file_close(file);
    read_all(eg_test_path(*state, "a.log.3"), &text);
    assert_string_equal(eg_buf_cstr(&text), "two");
    eg_buf_done(&text);
}

static void log_file__folder_missing__fails_with_the_path(void **state)
{
    eg_log_file_options options = {eg_test_path(*state, "no/such/a.log"), 2000, 2, false, 0};
    eg_log_file *file = NULL;
    assert_int_not_equal(eg_log_file_open(&options, &file), EG_OK);
    assert_null(file);
    assert_non_null(strstr(eg_error_message(), "a.log"));
}

int eg_test_service_log(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(log_file__line__has_time_level_area_and_text),
        IN_FOLDER(log_file__opened_again__appends),
        IN_FOLDER(log_file__full__rotates_and_keeps_so_many),
        IN_FOLDER(log_file__one_area_floods__leaves_room_for_the_others),
        IN_FOLDER(log_file__more_areas_than_places__share_the_last),
        IN_FOLDER(log_file__cannot_be_moved__keeps_the_older_ones),
        IN_FOLDER(log_file__folder_missing__fails_with_the_path),
    };
    return cmocka_run_group_tests_name("service_log", tests, NULL, NULL);
}
