/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs to verdicts in this process, and from files that are open already. */
#include "tests/unit/unit.h"

#include "core/base/os_internal.h"
#include "core/yara/scanner.h"
#include "tests/unit/alloc.h"
#include "tests/unit/temp_folder.h"

#include <string.h>

typedef struct fixture {
    char *folder;
    eg_yara_rules *rules;
    eg_verdict_cache *cache;
    eg_scanner_in_process *owner;
    eg_scanner scanner;
    eg_file_report report;
} fixture;

static const eg_file_scan_limits limits = {1024, 20};

static int setup(void **state)
{
    const eg_yara_source source = {
        "t.yar", EG_STR("rule evil { strings: $a = \"needle\" condition: $a and file_size > 7 }")};
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(eg_test_folder_make((void **)&f->folder), EG_OK);
    assert_int_equal(eg_yara_engine.compile(&source, 1, NULL, &f->rules), EG_OK);
    assert_int_equal(eg_verdict_cache_create(100, &f->cache), EG_OK);
    eg_verdict_cache_use_rules(f->cache, eg_yara_engine.fingerprint(f->rules));
    assert_int_equal(
        eg_scanner_in_process_create(&eg_yara_engine, f->rules, f->cache, &limits, &f->owner),
        EG_OK);
    f->scanner = eg_scanner_in_process_scanner(f->owner);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    eg_scanner_in_process_destroy(f->owner);
    eg_verdict_cache_destroy(f->cache);
    eg_yara_engine.rules_destroy(f->rules);
    int status = eg_test_folder_remove((void **)&f->folder);
    eg_free(f);
    return status;
}

static eg_file_verdict verdict_of(fixture *f, const eg_scan_job *job)
{
    assert_int_equal(f->scanner.scan(f->scanner.user, job, &f->report), EG_OK);
    return f->report.verdict;
}

static const char *write_file(const fixture *f, const char *text)
{
    const char *path = eg_test_path(f->folder, "a");
    assert_int_equal(eg_file_write_atomic(path, text, strlen(text)), EG_OK);
    return path;
}

static void file_and_bytes__with_a_match__are_suspicious(void **state)
{
    fixture *f = *state;
    eg_scan_job job = {.kind = EG_SCAN_FILE};
    job.path = job.facts.path = eg_str_from(write_file(f, "a needle"));
    assert_int_equal(verdict_of(f, &job), EG_FILE_SUSPICIOUS);
    assert_ptr_equal(f->report.result.matches[0].rule, eg_yara_engine.rule(f->rules, 0));
    job.kind = EG_SCAN_BYTES;
    job.bytes = EG_STR("the needle");
    assert_int_equal(verdict_of(f, &job), EG_FILE_SUSPICIOUS);
    assert_int_equal(f->report.bytes, 10);
    job.bytes = EG_STR("needle");
    assert_int_equal(verdict_of(f, &job), EG_FILE_CLEAN);
}

static void memory_of_a_process__is_not_looked_at_here(void **state)
{
    fixture *f = *state;
    const eg_scan_job job = {.kind = EG_SCAN_PROCESS, .process_id = eg_process_id()};
    assert_int_equal(verdict_of(f, &job), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_WORKER);
    assert_string_equal(f->report.reason, "memory is looked at by emoguard-worker.exe only");
}

static void gaps__have_their_kind(void **state)
{
    fixture *f = *state;
    char text[2000];
    eg_scan_job job = {.kind = EG_SCAN_FILE, .path = EG_STR("/no/such/file")};
    assert_int_equal(verdict_of(f, &job), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_GONE);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    job.path = eg_str_from(write_file(f, text));
    assert_int_equal(verdict_of(f, &job), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_TOO_LARGE);
    assert_string_equal(eg_file_gap_name(f->report.gap), "too large");
}

static void open_file__is_looked_at_by_its_handle(void **state)
{
    fixture *f = *state;
    const char *path = write_file(f, "a needle");
    const eg_yara_facts facts = {.path = EG_STR("C:\\told\\name")};
    eg_file_scan *scan = NULL;
    eg_os_file file;
    assert_int_equal(eg_file_scan_create(&eg_yara_engine, f->rules, f->cache, &limits, &scan),
                     EG_OK);
    assert_int_equal(eg_os_open(path, EG_OS_READ, &file), EG_OK);
    assert_int_equal(eg_file_delete(path), EG_OK);
    assert_int_equal(eg_file_scan_handle(scan, file.handle, &facts, &f->report), EG_OK);
    assert_int_equal(f->report.verdict, EG_FILE_SUSPICIOUS);
    assert_int_equal(f->report.bytes, 8);
    eg_os_close(&file);
    eg_file_scan_destroy(scan);
}

static int scan_bytes(void *arg)
{
    fixture *f = arg;
    eg_scanner_in_process *owner = NULL;
    const eg_scan_job job = {.kind = EG_SCAN_BYTES, .bytes = EG_STR("a needle")};
    int status = eg_scanner_in_process_create(&eg_yara_engine, f->rules, f->cache, &limits, &owner);
    if (status == EG_OK) {
        eg_scanner scanner = eg_scanner_in_process_scanner(owner);
        status = scanner.scan(scanner.user, &job, &f->report);
    }
    eg_scanner_in_process_destroy(owner);
    return status;
}

static void allocation__refused_anywhere__is_survived(void **state)
{
    fixture *f = *state;
    assert_true(eg_test_each_allocation_fails(scan_bytes, f) > 3);
    assert_int_equal(f->report.verdict, EG_FILE_SUSPICIOUS);
}

#define WITH_SCANNER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int eg_test_scanner(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCANNER(file_and_bytes__with_a_match__are_suspicious),
        WITH_SCANNER(memory_of_a_process__is_not_looked_at_here),
        WITH_SCANNER(gaps__have_their_kind),
        WITH_SCANNER(open_file__is_looked_at_by_its_handle),
        WITH_SCANNER(allocation__refused_anywhere__is_survived),
    };
    return cmocka_run_group_tests_name("scanner", tests, NULL, NULL);
}
