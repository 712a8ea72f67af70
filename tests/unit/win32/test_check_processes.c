/* SPDX-License-Identifier: Apache-2.0 */
/* Code that runs, of the running system; and of one that refuses every process but our own. */
#include "tests/unit/unit.h"

#include "cli/check_pc.c"
#include "cli/win32/check_processes.c"
#include "cli/win32/check_system.c"

static bool cancelled;

bool eg_check_is_cancelled(void)
{
    return cancelled;
}

typedef struct place {
    eg_check_pc pc;
    eg_mutex lock;
    eg_check_progress progress;
    eg_check_gaps gaps;
    eg_check_files files;
} place;

static int set_up(void **state)
{
    place *p = eg_alloc_zero(1, sizeof(*p));
    assert_non_null(p);
    assert_int_equal(eg_mutex_init(&p->lock), EG_OK);
    assert_int_equal(eg_check_gaps_init(&p->gaps), EG_OK);
    assert_int_equal(eg_check_files_init(&p->files), EG_OK);
    eg_check_progress_begin(&p->progress, EG_CHECK_PROGRESS_NONE, 0);
    p->pc = (eg_check_pc){.memory = true,
                          .progress = &p->progress,
                          .lock = &p->lock,
                          .gaps = &p->gaps,
                          .files = &p->files};
    assert_int_equal(eg_check_report_create(&p->pc.report), EG_OK);
    cancelled = false;
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    eg_check_report_destroy(p->pc.report);
    eg_check_files_done(&p->files);
    eg_check_gaps_done(&p->gaps);
    eg_mutex_done(&p->lock);
    eg_free(p);
    return 0;
}

static const eg_check_item *find(const place *p, eg_scan_kind kind, const char *end)
{
    for (size_t i = 0; i < p->files.count; i++) {
        const eg_check_item *item = &p->files.items[i];
        if (item->kind == kind && eg_str_ends_nocase(eg_str_from(item->path), eg_str_from(end))) {
            return item;
        }
    }
    return NULL;
}

static void processes__that_may_be_seen__give_image_and_dlls(void **state)
{
    place *p = *state;
    assert_int_equal(eg_check_processes_gather(&p->pc, OpenProcess), EG_OK);
    const eg_check_item *own = find(p, EG_SCAN_FILE, "\\emoguard-tests.exe");
    assert_non_null(own);
    assert_true(own->path[1] == ':' && own->path[2] == '\\');
    assert_int_equal(own->area, EG_CHECK_PROCESS);
    assert_true(p->pc.report->areas[EG_CHECK_PROCESS].looked > 0);
    assert_non_null(find(p, EG_SCAN_PROCESS, "services.exe"));
    assert_null(find(p, EG_SCAN_PROCESS, "emoguard-tests.exe")); /* never our own memory */
}

static HANDLE WINAPI refuse_others(DWORD access, BOOL inherit, DWORD process_id)
{
    if (process_id == GetCurrentProcessId()) {
        return OpenProcess(access, inherit, process_id);
    }
    SetLastError(ERROR_ACCESS_DENIED);
    return NULL;
}

static void processes__that_are_refused__are_one_gap_that_names_each(void **state)
{
    place *p = *state;
    assert_int_equal(eg_check_processes_gather(&p->pc, refuse_others), EG_OK);
    assert_int_equal(p->gaps.count, 1);
    assert_int_equal(eg_check_gaps_tell(&p->gaps, p->pc.report), EG_OK);
    const eg_check_gap *gap = &p->pc.report->gaps[0];
    char what[4096];
    (void)snprintf(what, sizeof(what), "%.*s", EG_STR_ARGS(gap->what));
    assert_non_null(strstr(what, "services.exe"));
    assert_null(strstr(what, "emoguard-tests.exe"));
    assert_non_null(gap->how[EG_LANGUAGE_JA].ptr);
    eg_check_report_finish(p->pc.report, 1);
    assert_int_equal(p->pc.report->verdict, EG_CHECK_COULD_NOT_LOOK);
}

static HANDLE WINAPI all_have_ended(DWORD access, BOOL inherit, DWORD process_id)
{
    EG_UNUSED(access);
    EG_UNUSED(inherit);
    EG_UNUSED(process_id);
    SetLastError(ERROR_INVALID_PARAMETER);
    return NULL;
}

static void processes__that_end_meanwhile__are_no_gap(void **state)
{
    place *p = *state;
    assert_int_equal(eg_check_processes_gather(&p->pc, all_have_ended), EG_OK);
    assert_int_equal(p->gaps.count, 0);
}

static void processes__when_cancelled__are_left(void **state)
{
    place *p = *state;
    cancelled = true;
    assert_int_equal(eg_check_processes_gather(&p->pc, OpenProcess), EG_E_CLOSED);
    assert_int_equal(p->files.count, 0);
}

static void kernel__of_processes__is_told_by_its_parent(void **state)
{
    EG_UNUSED(state);
    const eg_nt_process memory = {.pid = 1234, .parent_pid = SYSTEM_ID};
    const eg_nt_process other = {.pid = 1234, .parent_pid = 1000};
    assert_true(is_of_kernel(&memory, EG_STR("Memory Compression")));
    assert_false(is_of_kernel(&memory, EG_STR("smss.exe")));
    assert_false(is_of_kernel(&other, EG_STR("Memory Compression")));
}

static void memory__of_our_own_programs__is_told_by_folder_and_name(void **state)
{
    gathering g = {.is_ours = false};
    EG_UNUSED(state);
    eg_buf_init(&g.folder, 1000);
    assert_false(is_ours(&g, EG_STR("C:\\p\\emoguard-service.exe")));
    assert_int_equal(eg_buf_append_cstr(&g.folder, "C:\\p\\"), EG_OK);
    assert_true(is_ours(&g, EG_STR("C:\\P\\emoguard-service.exe")));
    assert_true(is_ours(&g, EG_STR("C:\\p\\EmoGuard-worker.exe")));
    assert_false(is_ours(&g, EG_STR("C:\\p\\other.exe")));
    assert_false(is_ours(&g, EG_STR("C:\\p\\x\\emoguard-worker.exe")));
    assert_false(is_ours(&g, EG_STR("C:\\q\\emoguard-worker.exe")));
    eg_buf_done(&g.folder);
}

static void files__elsewhere__are_not_windows_own(void **state)
{
    eg_check_system *system = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_check_system_create(&system), EG_OK);
    assert_false(eg_check_system_owns(system, EG_STR("C:\\Users\\a.dll")));
    assert_false(eg_check_system_owns(system, EG_STR("C:\\Windows\\is not there.dll")));
    eg_check_system_destroy(system);
    eg_check_system_destroy(NULL);
}

int eg_test_check_processes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(processes__that_may_be_seen__give_image_and_dlls, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(processes__that_are_refused__are_one_gap_that_names_each,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(processes__that_end_meanwhile__are_no_gap, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(processes__when_cancelled__are_left, set_up, tear_down),
        cmocka_unit_test(kernel__of_processes__is_told_by_its_parent),
        cmocka_unit_test(memory__of_our_own_programs__is_told_by_folder_and_name),
        cmocka_unit_test(files__elsewhere__are_not_windows_own),
    };
    return cmocka_run_group_tests_name("check_processes", tests, NULL, NULL);
}
