/* SPDX-License-Identifier: Apache-2.0 */
/* The file sensor in the real folders of the user who runs the test. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/file_place.h"
#include "tests/unit/win32/sensor_fixture.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "tests/unit/link_blob.h"

/* A file of the sensor's places: where it is, by how it is found. */
typedef struct finding {
    bool startup;
    bool of_user;
    eg_dropped_root root;
    eg_buf path;
} finding;

static int find_place(void *user, const eg_file_place *place)
{
    finding *wanted = user;
    if (wanted->path.len == 0 && place->startup == wanted->startup &&
        place->of_user == wanted->of_user && (wanted->startup || place->root == wanted->root)) {
        eg_buf_append_cstr(&wanted->path, place->path);
    }
    return EG_OK;
}

/* The path of a file "EgTest..." in a place, whose folder is made; freed with eg_free. */
static char *path_in(bool startup, eg_dropped_root root, const char *folder, const char *name)
{
    finding wanted = {startup, startup || root == EG_DROPPED_ROOT_PROFILE, root, {0}};
    eg_buf_init(&wanted.path, 8192);
    assert_int_equal(eg_file_places(find_place, &wanted), EG_OK);
    assert_true(wanted.path.len > 0);
    eg_buf_append_cstr(&wanted.path, folder);
    assert_int_equal(eg_dir_create(eg_buf_cstr(&wanted.path)), EG_OK);
    eg_buf_append_char(&wanted.path, '\\');
    assert_int_equal(eg_buf_append_cstr(&wanted.path, name), EG_OK);
    eg_file_delete(eg_buf_cstr(&wanted.path));
    return eg_buf_take(&wanted.path);
}

static void write_file(const char *path, const void *data, size_t size)
{
    assert_int_equal(eg_file_append(path, data, size), EG_OK);
}

static const eg_event *wait_for(eg_sensor_fixture *fixture, size_t from, const char *path,
                                size_t *at)
{
    const eg_event *event = eg_sensor_fixture_wait(fixture, from, EG_KIND_FILE_CREATED,
                                                   EG_FIELD_TARGET_FILENAME, path, at);
    if (!event) {
        fail_msg("not told: %s", path);
    }
    return event;
}

static size_t count_of(eg_sensor_fixture *fixture, const char *path)
{
    size_t count = 0;
    size_t at = 0;
    for (size_t from = 0; eg_sensor_fixture_find(fixture, from, EG_KIND_FILE_CREATED,
                                                 EG_FIELD_TARGET_FILENAME, path, &at);
         from = at + 1) {
        count++;
    }
    return count;
}

static void startup_folder__shortcut_put_there__tells_what_would_start(void **state)
{
    char *path = path_in(true, EG_DROPPED_ROOT_PROFILE, "", "EgTest.lnk");
    eg_buf blob;
    size_t at = 0;
    EG_UNUSED(state);
    link_begin(&blob, LINK_INFO | LINK_ARGUMENTS | LINK_UNICODE);
    link_info(&blob, "C:\\Windows\\System32\\regsvr32.exe", NULL);
    link_text(&blob, "/s C:\\Users\\x\\a.dll");
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    write_file(path, blob.data, blob.len);
    const eg_event *event = wait_for(fixture, 0, path, &at);
    assert_event_field(event, EG_FIELD_LINK_TARGET, "C:\\Windows\\System32\\regsvr32.exe");
    assert_event_field(event, EG_FIELD_LINK_ARGUMENTS, "/s C:\\Users\\x\\a.dll");
    assert_true(event->field[EG_FIELD_USER].len > 0);
    assert_true(event->field[EG_FIELD_CREATION_UTC_TIME].len > 0);
    assert_null(event->field[EG_FIELD_IMAGE].ptr);
    assert_int_equal(event->flags, 0);
    /* written over: told again */
    write_file(path, "x", 1);
    wait_for(fixture, at + 1, path, NULL);
    eg_sensor_fixture_stop(fixture);
    assert_int_equal(eg_file_delete(path), EG_OK);
    eg_buf_done(&blob);
    eg_free(path);
}

static void startup_folder__file_renamed_into_it__is_told_by_its_new_name(void **state)
{
    char *path = path_in(true, EG_DROPPED_ROOT_PROFILE, "", "EgTest.cmd");
    char *before = path_in(false, EG_DROPPED_ROOT_PROFILE, "\\AppData", "EgTest.tmp");
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    write_file(before, "echo", 4);
    assert_int_equal(eg_file_move(before, path), EG_OK);
    wait_for(fixture, 0, path, NULL);
    eg_sensor_fixture_stop(fixture);
    eg_file_delete(path);
    eg_free(path);
    eg_free(before);
}

/* Directly in the folders that are watched: of those below, Wine tells nothing. */
static void dropped_file__in_each_root__is_told_once(void **state)
{
    static const struct {
        eg_dropped_root root;
        const char *name;
    } cases[] = {
        {EG_DROPPED_ROOT_PROFILE, "EgTest.ocx"},
        {EG_DROPPED_ROOT_PROGRAM_DATA, "EgTest.dll"},
        {EG_DROPPED_ROOT_PUBLIC, "EgTest.vbs"},
        {EG_DROPPED_ROOT_WINDOWS_TEMP, "EgTest.ps1"},
    };
    char *paths[EG_COUNT(cases)];
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        paths[i] = path_in(false, cases[i].root, "", cases[i].name);
    }
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        write_file(paths[i], "MZ", 2);
    }
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        wait_for(fixture, 0, paths[i], NULL);
    }
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        assert_int_equal(count_of(fixture, paths[i]), 1);
        eg_file_delete(paths[i]);
        eg_free(paths[i]);
    }
    eg_sensor_fixture_stop(fixture);
}

/* What a search finds, in folders of every kind of place: after a sign-off, as after a flood. */
static void dropped_file__below_each_place__is_found_by_a_search(void **state)
{
    static const struct {
        eg_dropped_root root;
        const char *folder, *name;
    } cases[] = {
        {EG_DROPPED_ROOT_PROFILE, "\\AppData\\Local\\Temp\\EgTest_1.zip", "EgTest.js"},
        {EG_DROPPED_ROOT_PROFILE, "\\AppData\\Local\\EgTestWfgxh", "EgTest.dll"},
        {EG_DROPPED_ROOT_PROFILE, "\\AppData\\Roaming", "EgTest.exe"},
        {EG_DROPPED_ROOT_PROFILE,
         "\\AppData\\Local\\Microsoft\\Windows\\INetCache\\Content.Outlook\\EGTEST", "EgTest.doc"},
    };
    char *paths[EG_COUNT(cases)];
    char *odd = path_in(false, EG_DROPPED_ROOT_PROFILE, "\\AppData\\Local\\Packages", "Eg.exe");
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        paths[i] = path_in(false, cases[i].root, cases[i].folder, cases[i].name);
    }
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    eg_sensor_fixture_signed_off(fixture);
    eg_thread_sleep_ms(500);
    write_file(odd, "MZ", 2);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        write_file(paths[i], "MZ", 2);
    }
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        assert_int_equal(wait_for(fixture, 0, paths[i], NULL)->flags, 0);
    }
    assert_int_equal(count_of(fixture, odd), 0);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_file_delete(paths[i]);
        eg_free(paths[i]);
    }
    eg_sensor_fixture_stop(fixture);
    eg_file_delete(odd);
    eg_free(odd);
}

/* Names that mean nothing are not told; a file told after them proves it. */
static void other_files__beside_dropped_ones__are_not_told(void **state)
{
    char *text = path_in(false, EG_DROPPED_ROOT_PUBLIC, "", "EgTest.txt");
    char *last = path_in(false, EG_DROPPED_ROOT_PUBLIC, "", "EgLast.exe");
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    write_file(text, "x", 1);
    write_file(last, "x", 1);
    wait_for(fixture, 0, last, NULL);
    assert_int_equal(count_of(fixture, text), 0);
    eg_sensor_fixture_stop(fixture);
    eg_file_delete(text);
    eg_file_delete(last);
    eg_free(text);
    eg_free(last);
}

static void file__deleted_at_once__is_told_by_its_name(void **state)
{
    char *path = path_in(false, EG_DROPPED_ROOT_PUBLIC, "", "EgGone.exe");
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    write_file(path, "MZ", 2);
    assert_int_equal(eg_file_delete(path), EG_OK);
    const eg_event *event = wait_for(fixture, 0, path, NULL);
    assert_null(event->field[EG_FIELD_CREATION_UTC_TIME].ptr);
    eg_sensor_fixture_stop(fixture);
    eg_free(path);
}

/* Thousands of temporary files leave room for what matters. */
static void startup_folder__file_during_a_flood__is_told(void **state)
{
    enum { FLOOD = 1500 };
    char *flood = path_in(false, EG_DROPPED_ROOT_PUBLIC, "", "EgFlood");
    char *path = path_in(true, EG_DROPPED_ROOT_PROFILE, "", "EgTest.vbs");
    char name[4096];
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    for (int i = 0; i < FLOOD; i++) {
        snprintf(name, sizeof(name), "%s%d.js", flood, i);
        write_file(name, "x", 1);
    }
    write_file(path, "x", 1);
    wait_for(fixture, 0, path, NULL);
    assert_true(eg_sensor_fixture_count(fixture) < FLOOD);
    for (int i = 0; i < FLOOD; i++) {
        snprintf(name, sizeof(name), "%s%d.js", flood, i);
        eg_file_delete(name);
    }
    eg_sensor_fixture_stop(fixture);
    eg_file_delete(path);
    eg_free(path);
    eg_free(flood);
}

static void startup_file__put_there_while_a_user_signs_off__is_told_after_it(void **state)
{
    char *path = path_in(true, EG_DROPPED_ROOT_PROFILE, "", "EgAway.vbs");
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    write_file(path, "x", 1);
    wait_for(fixture, 0, path, NULL);
    eg_file_delete(path);
    eg_sensor_fixture_signed_off(fixture);
    eg_thread_sleep_ms(500);
    size_t from = eg_sensor_fixture_count(fixture);
    write_file(path, "x", 1);
    assert_int_equal(wait_for(fixture, from, path, NULL)->flags, 0);
    eg_sensor_fixture_stop(fixture);
    eg_file_delete(path);
    eg_free(path);
}

static void file_snapshot__files_there_before__are_existing(void **state)
{
    char *startup = path_in(true, EG_DROPPED_ROOT_PROFILE, "", "EgTest.vbs");
    char *path = path_in(false, EG_DROPPED_ROOT_PROFILE, "\\AppData\\Roaming", "EgTest.zip");
    EG_UNUSED(state);
    write_file(startup, "x", 1);
    write_file(path, "PK", 2);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("file");
    eg_sensor_fixture_snapshot(fixture);
    assert_int_equal(wait_for(fixture, 0, startup, NULL)->flags, EG_EVENT_EXISTING);
    assert_int_equal(wait_for(fixture, 0, path, NULL)->flags, EG_EVENT_EXISTING);
    assert_int_equal(count_of(fixture, startup), 1);
    eg_sensor_fixture_stop(fixture);
    eg_file_delete(startup);
    eg_file_delete(path);
    eg_free(startup);
    eg_free(path);
}

int eg_test_hook_file(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(startup_folder__shortcut_put_there__tells_what_would_start),
        cmocka_unit_test(startup_folder__file_renamed_into_it__is_told_by_its_new_name),
        cmocka_unit_test(dropped_file__in_each_root__is_told_once),
        cmocka_unit_test(dropped_file__below_each_place__is_found_by_a_search),
        cmocka_unit_test(other_files__beside_dropped_ones__are_not_told),
        cmocka_unit_test(file__deleted_at_once__is_told_by_its_name),
        cmocka_unit_test(startup_folder__file_during_a_flood__is_told),
        cmocka_unit_test(startup_file__put_there_while_a_user_signs_off__is_told_after_it),
        cmocka_unit_test(file_snapshot__files_there_before__are_existing),
    };
    return cmocka_run_group_tests_name("hook_file", tests, NULL, NULL);
}
