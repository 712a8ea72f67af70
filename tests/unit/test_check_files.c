/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a check: each once, in order on any number of threads, cancelled, without memory. */
#include "tests/unit/unit.h"

#include "cli/check_files.c"
#include "cli/paths.c"

#include "tests/unit/alloc.h"

#include <stdio.h>

/* A scanner that finds something in names with "bad", and nothing to read in those with "gone". */
typedef struct fake {
    eg_atomic open, scans;
    size_t stop_at; /* go_on ends it after so many calls; 0 never */
    size_t calls;
    int fails; /* what scanning returns */
} fake;

static int fake_scan(void *user, const eg_scan_job *job, eg_file_report *out)
{
    fake *f = user;
    eg_atomic_add(&f->scans, 1);
    memset(out, 0, sizeof(*out));
    if (eg_str_ends_nocase(job->path, EG_STR("bad"))) {
        out->verdict = EG_FILE_SUSPICIOUS;
    } else if (eg_str_ends_nocase(job->path, EG_STR("gone"))) {
        eg_file_report_gap(out, EG_GAP_UNREADABLE, "not there");
    }
    out->bytes = 1;
    return f->fails;
}

static int fake_open(void *user, eg_scanner *out)
{
    fake *f = user;
    eg_atomic_add(&f->open, 1);
    *out = (eg_scanner){f, fake_scan};
    return EG_OK;
}

static void fake_close(void *user, eg_scanner *scanner)
{
    fake *f = user;
    EG_UNUSED(scanner);
    eg_atomic_add(&f->open, -1);
}

static bool fake_go_on(void *user, size_t done, size_t total, eg_str now)
{
    fake *f = user;
    assert_true(done <= total);
    assert_non_null(now.ptr);
    return f->stop_at == 0 || ++f->calls < f->stop_at;
}

static int run(eg_check_files *files, fake *f, eg_scan_kind kind, size_t jobs)
{
    const eg_check_look look = {kind, jobs, f, fake_open, fake_close, fake_go_on};
    return eg_check_files_run(files, &look);
}

static void add(eg_check_files *files, const char *path)
{
    assert_int_equal(eg_check_files_add_once(files, EG_CHECK_PROCESS, eg_str_from(path)), EG_OK);
}

static void files__under_several_names__are_there_once(void **state)
{
    char path[64];
    eg_check_files files;
    EG_UNUSED(state);
    assert_int_equal(eg_check_files_init(&files), EG_OK);
    add(&files, "C:\\Windows\\a.dll");
    add(&files, "c:/windows/A.DLL");
    add(&files, "\\\\?\\C:\\Windows\\a.dll");
    assert_int_equal(files.count, 1);
    assert_string_equal(files.items[0].path, "C:\\Windows\\a.dll");
    add(&files, "C:\\Windows\\a.dll:stream");
    add(&files, "\\\\?\\Volume{1}\\a.dll");
    add(&files, "\xFF\n\x01");
    add(&files, "");
    assert_int_equal(files.count, 5);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < 3000; i++) {
            (void)snprintf(path, sizeof(path), "C:\\%d", i);
            add(&files, path);
        }
    }
    assert_int_equal(files.count, 3005);
    eg_check_files_done(&files);
}

static void files__looked_at_by_any_number_of_threads__are_told_the_same(void **state)
{
    static const size_t jobs[] = {1, 2, 7};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(jobs); i++) {
        fake f = {.fails = EG_OK};
        eg_check_files files;
        assert_int_equal(eg_check_files_init(&files), EG_OK);
        add(&files, "1.bad");
        add(&files, "2.good");
        add(&files, "3.gone");
        assert_int_equal(eg_check_files_add_process(&files, EG_STR("4.bad"), 4, 5), EG_OK);
        assert_int_equal(run(&files, &f, EG_SCAN_FILE, jobs[i]), EG_OK);
        assert_int_equal(files.items[0].report->verdict, EG_FILE_SUSPICIOUS);
        assert_null(files.items[1].report);
        assert_true(files.items[1].looked);
        assert_string_equal(files.items[2].report->reason, "not there");
        assert_false(files.items[3].looked);
        assert_int_equal(files.bytes, 3);
        assert_int_equal(run(&files, &f, EG_SCAN_PROCESS, jobs[i]), EG_OK);
        assert_true(files.items[3].looked);
        assert_int_equal(eg_atomic_get(&f.scans), 4);
        assert_int_equal(eg_atomic_get(&f.open), 0);
        eg_check_files_done(&files);
    }
}

static void files__cancelled__end_and_say_so(void **state)
{
    char path[64];
    fake f = {.stop_at = 1};
    eg_check_files files;
    EG_UNUSED(state);
    assert_int_equal(eg_check_files_init(&files), EG_OK);
    for (int i = 0; i < 200000; i++) {
        (void)snprintf(path, sizeof(path), "C:\\%d.bad", i);
        add(&files, path);
    }
    assert_int_equal(run(&files, &f, EG_SCAN_FILE, 2), EG_E_CLOSED);
    assert_true(eg_atomic_get(&f.scans) < 200000);
    assert_int_equal(eg_atomic_get(&f.open), 0);
    eg_check_files_done(&files);
}

static void files__with_a_scanner_that_fails__end_with_its_status(void **state)
{
    fake f = {.fails = EG_E_NOMEM};
    eg_check_files files;
    EG_UNUSED(state);
    assert_int_equal(eg_check_files_init(&files), EG_OK);
    add(&files, "a");
    add(&files, "b");
    assert_int_equal(run(&files, &f, EG_SCAN_FILE, 2), EG_E_NOMEM);
    eg_check_files_done(&files);
}

static int gather_and_look(void *arg)
{
    fake f = {.fails = EG_OK};
    eg_check_files files;
    EG_UNUSED(arg);
    int status = eg_check_files_init(&files);
    if (status == EG_OK) {
        status = eg_check_files_add_once(&files, EG_CHECK_FILE, EG_STR("C:\\a.bad"));
        status = status == EG_OK ? eg_check_files_add_process(&files, EG_STR("p"), 1, 2) : status;
        status = status == EG_OK ? run(&files, &f, EG_SCAN_FILE, 1) : status;
        eg_check_files_done(&files);
    }
    return status;
}

static void files__without_memory__say_so(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(gather_and_look, NULL) > 5);
}

int eg_test_check_files(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files__under_several_names__are_there_once),
        cmocka_unit_test(files__looked_at_by_any_number_of_threads__are_told_the_same),
        cmocka_unit_test(files__cancelled__end_and_say_so),
        cmocka_unit_test(files__with_a_scanner_that_fails__end_with_its_status),
        cmocka_unit_test(files__without_memory__say_so),
    };
    return cmocka_run_group_tests_name("check_files", tests, NULL, NULL);
}
