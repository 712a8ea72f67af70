/* SPDX-License-Identifier: Apache-2.0 */
/* Scanners of a check in children that may die, and without them. */
#include "tests/unit/unit.h"

#include "cli/check_scanner.c"

#include "cli/check_files.h"
#include "core/base/utf.h"
#include "tests/unit/temp_folder.h"

#include <windows.h>

#define NEEDLE "needle-of-the-check"

typedef struct fixture {
    char *folder;
    eg_buf worker; /* one that crashes on demand */
    eg_ruleset *ruleset;
    eg_check_files files;
    eg_check_scanner scanner;
} fixture;

static void find_worker(eg_buf *out)
{
    WCHAR wide[1000];
    DWORD length = GetModuleFileNameW(NULL, wide, 1000);
    while (length > 0 && wide[length - 1] != L'\\') {
        length--;
    }
    assert_int_equal(eg_utf8_from_utf16(out, (const uint16_t *)wide, length), EG_OK);
    assert_int_equal(eg_buf_append_cstr(out, "scan-worker.exe"), EG_OK);
}

static const char *write_file(const fixture *f, const char *name, const char *text)
{
    const char *path = eg_test_path(f->folder, name);
    assert_int_equal(eg_file_write_atomic(path, text, strlen(text)), EG_OK);
    return path;
}

static int set_up(void **state)
{
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(eg_test_folder_make((void **)&f->folder), EG_OK);
    eg_buf_init(&f->worker, 4096);
    find_worker(&f->worker);
    assert_int_equal(eg_check_files_init(&f->files), EG_OK);
    const char *rules = write_file(f, "r.yar",
                                   "rule other { strings: $a = \"haystack\" condition: $a }\n"
                                   "rule evil { strings: $a = \"" NEEDLE "\" condition: $a }\n");
    assert_int_equal(eg_ruleset_load(&rules, 1, false, NULL, &f->ruleset), EG_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    eg_check_files_done(&f->files);
    eg_ruleset_unref(f->ruleset);
    eg_buf_done(&f->worker);
    int status = eg_test_folder_remove((void **)&f->folder);
    eg_free(f);
    return status;
}

static bool go_on(void *user, size_t done, size_t total, eg_str now)
{
    EG_UNUSED(user);
    EG_UNUSED(done);
    EG_UNUSED(total);
    EG_UNUSED(now);
    return true;
}

static void look(fixture *f, const char *worker, eg_scan_kind kind)
{
    const eg_check_look look = {.kind = kind,
                                .jobs = 2,
                                .user = &f->scanner,
                                .open = eg_check_scanner_make,
                                .close = eg_check_scanner_drop,
                                .go_on = go_on};
    assert_int_equal(eg_check_scanner_open(&f->scanner, f->ruleset, NULL, worker), EG_OK);
    assert_int_equal(eg_check_files_run(&f->files, &look), EG_OK);
    eg_check_scanner_close(&f->scanner);
}

static void add_file(fixture *f, const char *name, const char *text)
{
    assert_int_equal(eg_check_files_add(&f->files, EG_CHECK_FILE, write_file(f, name, text)),
                     EG_OK);
}

static void add_ourselves(fixture *f)
{
    FILETIME begin, other;
    assert_true(GetProcessTimes(GetCurrentProcess(), &begin, &other, &other, &other));
    assert_int_equal(
        eg_check_files_add_process(&f->files, EG_STR("emoguard-tests.exe"), GetCurrentProcessId(),
                                   (uint64_t)begin.dwHighDateTime << 32 | begin.dwLowDateTime),
        EG_OK);
}

static void file_that_kills_the_scanner__is_a_gap_and_the_check_goes_on(void **state)
{
    fixture *f = *state;
    add_file(f, "a", "please crash");
    add_file(f, "b", "a " NEEDLE);
    add_file(f, "c", "please crash, too");
    add_file(f, "d", "ordinary");
    look(f, eg_buf_cstr(&f->worker), EG_SCAN_FILE);
    for (size_t i = 0; i < 4; i++) {
        assert_true(f->files.items[i].looked);
    }
    assert_int_equal(f->files.items[0].report->gap, EG_GAP_WORKER);
    assert_int_equal(f->files.items[1].report->verdict, EG_FILE_SUSPICIOUS);
    assert_ptr_equal(f->files.items[1].report->result.matches[0].rule,
                     eg_yara_engine.rule(eg_ruleset_yara(f->ruleset), 1));
    assert_int_equal(f->files.items[2].report->gap, EG_GAP_WORKER);
    assert_null(f->files.items[3].report);
}

static void marker__in_the_memory_of_a_program__is_found(void **state)
{
    fixture *f = *state;
    add_ourselves(f);
    look(f, eg_buf_cstr(&f->worker), EG_SCAN_PROCESS);
    assert_true(f->files.items[0].looked);
    assert_int_equal(f->files.items[0].report->verdict, EG_FILE_SUSPICIOUS);
}

static void program__that_has_ended__is_gone(void **state)
{
    fixture *f = *state;
    assert_int_equal(eg_check_files_add_process(&f->files, EG_STR("ended.exe"), 0xFFFFFFF0, 1),
                     EG_OK);
    look(f, eg_buf_cstr(&f->worker), EG_SCAN_PROCESS);
    assert_int_equal(f->files.items[0].report->gap, EG_GAP_GONE);
}

static void without_a_worker__files_are_looked_at_and_memory_is_a_gap(void **state)
{
    fixture *f = *state;
    add_file(f, "b", "a " NEEDLE);
    look(f, NULL, EG_SCAN_FILE);
    assert_int_equal(f->files.items[0].report->verdict, EG_FILE_SUSPICIOUS);
    add_ourselves(f);
    look(f, NULL, EG_SCAN_PROCESS);
    assert_int_equal(f->files.items[1].report->verdict, EG_FILE_NOT_LOOKED);
    assert_int_equal(f->files.items[1].report->gap, EG_GAP_WORKER);
}

static void worker__that_is_not_there__is_a_gap_of_each_file(void **state)
{
    fixture *f = *state;
    add_file(f, "b", "a " NEEDLE);
    look(f, "C:\\there is none.exe", EG_SCAN_FILE);
    assert_int_equal(f->files.items[0].report->gap, EG_GAP_WORKER);
}

int eg_test_check_scanner(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_that_kills_the_scanner__is_a_gap_and_the_check_goes_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(marker__in_the_memory_of_a_program__is_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(program__that_has_ended__is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_worker__files_are_looked_at_and_memory_is_a_gap,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(worker__that_is_not_there__is_a_gap_of_each_file, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("check_scanner", tests, NULL, NULL);
}
