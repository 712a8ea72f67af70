/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scanning in a child, also in one that dies, hangs, takes memory and lies on demand
 * (tests/scan_worker): each job ends with a verdict or a reason, and the next one is looked at.
 */
#include "tests/unit/unit.h"

#include "core/base/utf.h"
#include "tests/unit/ole_blob.h"
#include "tests/unit/temp_folder.h"
#include "tests/unit/zip_blob.h"
#include "worker/scan_client.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#include <tlhelp32.h>
#include <winioctl.h>
#include <winternl.h>

#define FILE_MAX ((size_t)1024 * 1024)

typedef struct fixture {
    char *folder;
    char program[1024];
    eg_yara_rules *rules;
    eg_verdict_cache *cache;
    eg_scan_client_options options;
    eg_scan_client *client;
    eg_file_report report;
    eg_scan_client_counts counts;
} fixture;

static const eg_yara_source sources[] = {
    {"first.yar", EG_STR_INIT("rule other { strings: $a = \"haystack\" condition: $a }")},
    {"second.yar", EG_STR_INIT("rule evil { strings: $a = \"needle-in-it\" condition: $a }\n"
                               "rule named { condition: filename == \"bad.name\" and "
                               "event_kind == \"check\" }")},
};

/* ---- fixture ---- */

static void find_program(char out[1024], const char *relative)
{
    WCHAR wide[1000];
    eg_buf path;
    DWORD length = GetModuleFileNameW(NULL, wide, 1000);
    while (length > 0 && wide[length - 1] != L'\\') {
        length--;
    }
    eg_buf_init(&path, 1023);
    assert_int_equal(eg_utf8_from_utf16(&path, (const uint16_t *)wide, length), EG_OK);
    assert_int_equal(eg_buf_append_cstr(&path, relative), EG_OK);
    memcpy(out, path.data, path.len + 1);
    eg_buf_done(&path);
}

static int setup(void **state)
{
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(eg_test_folder_make((void **)&f->folder), EG_OK);
    find_program(f->program, "scan-worker.exe");
    assert_int_equal(eg_yara_engine.compile(sources, EG_COUNT(sources), NULL, &f->rules), EG_OK);
    assert_int_equal(eg_verdict_cache_create(5000, &f->cache), EG_OK);
    eg_verdict_cache_use_rules(f->cache, eg_yara_engine.fingerprint(f->rules));
    f->options = (eg_scan_client_options){
        .program = f->program,
        .engine = &eg_yara_engine,
        .rules = f->rules,
        .sources = sources,
        .source_count = EG_COUNT(sources),
        .cache = f->cache,
        .limits = {FILE_MAX, 20},
        .job_seconds = 20,
    };
    *state = f;
    return 0;
}

static void restart_client(fixture *f)
{
    eg_scan_client_destroy(f->client);
    f->client = NULL;
    assert_int_equal(eg_scan_client_create(&f->options, &f->client), EG_OK);
}

static int teardown(void **state)
{
    fixture *f = *state;
    eg_scan_client_destroy(f->client);
    eg_verdict_cache_destroy(f->cache);
    eg_yara_engine.rules_destroy(f->rules);
    int status = eg_test_folder_remove((void **)&f->folder);
    eg_free(f);
    return status;
}

static eg_file_verdict scan(fixture *f, const eg_scan_job *job)
{
    if (!f->client) {
        restart_client(f);
    }
    eg_scanner scanner = eg_scan_client_scanner(f->client);
    assert_int_equal(scanner.scan(scanner.user, job, &f->report), EG_OK);
    eg_scan_client_counts_get(f->client, &f->counts);
    return f->report.verdict;
}

static eg_file_verdict scan_file(fixture *f, const char *path)
{
    eg_scan_job job = {.kind = EG_SCAN_FILE};
    job.path = job.facts.path = eg_str_from(path);
    job.facts.event_kind = EG_STR("check");
    return scan(f, &job);
}

static eg_file_verdict scan_bytes(fixture *f, const char *text)
{
    const eg_scan_job job = {
        .kind = EG_SCAN_BYTES, .path = EG_STR("script"), .bytes = eg_str_from(text)};
    return scan(f, &job);
}

static const char *write_bytes(const fixture *f, const char *name, eg_str bytes)
{
    const char *path = eg_test_path(f->folder, name);
    assert_int_equal(eg_file_write_atomic(path, bytes.ptr, bytes.len), EG_OK);
    return path;
}

static const char *write_file(const fixture *f, const char *name, const char *text)
{
    return write_bytes(f, name, eg_str_from(text));
}

/* Whatever happened before, what follows is looked at. */
static void assert_goes_on(fixture *f)
{
    assert_int_equal(scan_bytes(f, "only a haystack"), EG_FILE_SUSPICIOUS);
    assert_ptr_equal(f->report.result.matches[0].rule, eg_yara_engine.rule(f->rules, 0));
    assert_int_equal(scan_bytes(f, "nothing"), EG_FILE_CLEAN);
}

/* The one child of this process, opened; NULL when there is none. */
static HANDLE open_child(void)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    HANDLE found = NULL;
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(list, &entry); more && !found;
         more = Process32NextW(list, &entry)) {
        if (entry.th32ParentProcessID == GetCurrentProcessId() &&
            wcsstr(entry.szExeFile, L"worker")) {
            found = OpenProcess(PROCESS_TERMINATE | PROCESS_QUERY_INFORMATION | SYNCHRONIZE, FALSE,
                                entry.th32ProcessID);
        }
    }
    CloseHandle(list);
    return found;
}

/* As NtQuerySystemInformation tells them; GetProcessHandleCount says 0 under Wine. */
typedef struct handle_entry {
    USHORT process_id, creator;
    UCHAR type, attributes;
    USHORT value;
    void *object;
    ULONG access;
} handle_entry;

typedef struct handle_list {
    ULONG count;
    handle_entry entries[1];
} handle_list;

static size_t count_handles(DWORD process_id)
{
    const SYSTEM_INFORMATION_CLASS handles_of_all = (SYSTEM_INFORMATION_CLASS)16;
    ULONG size = 16 * 1024 * 1024;
    size_t count = 0;
    handle_list *list = eg_alloc(size);
    assert_non_null(list);
    assert_true(NtQuerySystemInformation(handles_of_all, list, size, &size) >= 0);
    for (ULONG i = 0; i < list->count; i++) {
        count += list->entries[i].process_id == (USHORT)process_id;
    }
    eg_free(list);
    return count;
}

/* ---- looking ---- */

static void file_and_bytes__are_looked_at_in_the_child(void **state)
{
    fixture *f = *state;
    find_program(f->program, "..\\emoguard-worker.exe"); /* the product itself */
    assert_int_equal(scan_file(f, write_file(f, "a", "a needle-in-it")), EG_FILE_SUSPICIOUS);
    assert_int_equal(f->report.result.count, 1);
    assert_ptr_equal(f->report.result.matches[0].rule, eg_yara_engine.rule(f->rules, 1));
    assert_string_equal(f->report.result.matches[0].strings[0].name, "$a");
    assert_int_equal(f->report.result.matches[0].strings[0].offset, 2);
    assert_int_equal(f->report.bytes, 14);
    assert_int_equal(scan_file(f, write_file(f, "bad.name", "x")), EG_FILE_SUSPICIOUS);
    const char *clean = write_file(f, "clean", "nothing");
    assert_int_equal(scan_file(f, clean), EG_FILE_CLEAN);
    assert_false(f->report.from_cache);
    assert_int_equal(scan_file(f, clean), EG_FILE_CLEAN);
    assert_true(f->report.from_cache);
    assert_goes_on(f);
    assert_int_equal(f->counts.starts, 1);
    assert_int_equal(f->counts.stops, 0);
    assert_int_equal(f->counts.scanned, 6);
    assert_int_equal(f->counts.suspicious, 3);
}

static void what_cannot_be_opened__is_told_without_a_child(void **state)
{
    fixture *f = *state;
    assert_int_equal(scan_file(f, eg_test_path(f->folder, "gone")), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_GONE);
    assert_int_equal(scan_file(f, f->folder), EG_FILE_NOT_LOOKED);
    assert_int_equal(scan_file(f, "\\\\server\\share\\file.exe"), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_ELSEWHERE);
    assert_int_equal(f->counts.starts, 0);
    assert_int_equal(f->counts.not_looked[EG_GAP_GONE], 1);
    assert_int_equal(f->counts.not_looked[EG_GAP_UNREADABLE], 1);
    assert_int_equal(f->counts.not_looked[EG_GAP_ELSEWHERE], 1);
}

/* ---- a child that fails ---- */

static void crash__twice_by_one_content__is_skipped_from_then_on(void **state)
{
    fixture *f = *state;
    const char *path = write_file(f, "a", "please crash");
    assert_int_equal(scan_file(f, path), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_WORKER);
    assert_non_null(strstr(f->report.reason, "stopped the scanner twice"));
    assert_int_equal(f->counts.stops, 2);
    assert_int_equal(scan_file(f, path), EG_FILE_NOT_LOOKED);
    assert_string_equal(f->report.reason, "it stopped the scanner twice");
    assert_int_equal(f->counts.stops, 2);
    assert_int_equal(f->counts.skipped, 1);
    assert_int_equal(f->counts.not_looked[EG_GAP_WORKER], 2);
    assert_goes_on(f);
    write_file(f, "a", "a needle-in-it, other content in the same place");
    assert_int_equal(scan_file(f, path), EG_FILE_SUSPICIOUS);
}

static void hang__ends_at_its_time_and_is_too_slow(void **state)
{
    fixture *f = *state;
    f->options.job_seconds = 1;
    assert_int_equal(scan_bytes(f, "please hang"), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_TOO_SLOW);
    assert_int_equal(f->counts.stops, 1);
    assert_goes_on(f);
}

static void memory__beyond_the_limit__ends_the_child_only(void **state)
{
    fixture *f = *state;
    f->options.memory_bytes = (size_t)128 * 1024 * 1024;
    assert_int_equal(scan_bytes(f, "please take memory"), EG_FILE_NOT_LOOKED);
    assert_true(f->report.gap == EG_GAP_ENGINE || f->report.gap == EG_GAP_WORKER);
    assert_true(f->counts.stops >= 1);
    assert_goes_on(f);
}

static void nonsense__is_no_verdict(void **state)
{
    static const char *const wishes[] = {"please answer too much", "please answer nonsense",
                                         "please answer half"};
    fixture *f = *state;
    for (size_t i = 0; i < EG_COUNT(wishes); i++) {
        assert_int_equal(scan_bytes(f, wishes[i]), EG_FILE_NOT_LOOKED);
        assert_int_equal(f->report.gap, EG_GAP_WORKER);
        assert_int_equal(f->counts.stops, 2 * (i + 1));
        assert_goes_on(f);
    }
}

/* Waits until there is a child and it is at work, then ends it, once. */
static void kill_child(void *arg)
{
    HANDLE child = NULL;
    (void)arg;
    for (int i = 0; !child && i < 1000; i++) {
        eg_thread_sleep_ms(10);
        child = open_child();
    }
    eg_thread_sleep_ms(500);
    TerminateProcess(child, 1);
    CloseHandle(child);
}

static void child__killed_while_it_looks__is_replaced(void **state)
{
    fixture *f = *state;
    eg_thread *killer = NULL;
    assert_int_equal(scan_bytes(f, "to start it"), EG_FILE_CLEAN);
    assert_int_equal(eg_thread_start(&killer, "killer", kill_child, NULL), EG_OK);
    assert_int_equal(scan_bytes(f, "please be slow, needle-in-it"), EG_FILE_SUSPICIOUS);
    eg_thread_join(killer);
    assert_int_equal(f->counts.stops, 1);
    assert_int_equal(f->counts.starts, 2);
}

static void stop_soon(void *arg)
{
    eg_thread_sleep_ms(300);
    eg_scan_client_stop(arg);
}

static void stop__ends_the_job_that_runs_and_all_after_it(void **state)
{
    fixture *f = *state;
    const eg_scan_job job = {.kind = EG_SCAN_BYTES, .bytes = EG_STR("please hang")};
    eg_thread *stopper = NULL;
    restart_client(f);
    eg_scanner scanner = eg_scan_client_scanner(f->client);
    uint64_t start = eg_clock_monotonic_ns();
    assert_int_equal(eg_thread_start(&stopper, "stopper", stop_soon, f->client), EG_OK);
    assert_int_equal(scanner.scan(scanner.user, &job, &f->report), EG_E_CLOSED);
    assert_true(eg_clock_monotonic_ns() - start < UINT64_C(15000000000));
    eg_thread_join(stopper);
    assert_int_equal(scanner.scan(scanner.user, &job, &f->report), EG_E_CLOSED);
}

static void child__that_cannot_start__is_told_and_not_tried_at_once_again(void **state)
{
    fixture *f = *state;
    find_program(f->program, "no-such-program.exe");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(scan_bytes(f, "anything"), EG_FILE_NOT_LOOKED);
        assert_int_equal(f->report.gap, EG_GAP_WORKER);
        assert_non_null(strstr(f->report.reason, "could not be started"));
    }
    assert_int_equal(f->counts.starts, 1);
}

static void child__that_cannot_start__is_down_until_it_can(void **state)
{
    fixture *f = *state;
    char worker[1024];
    find_program(worker, "scan-worker.exe");
    find_program(f->program, "scan-worker-late.exe");
    (void)eg_file_delete(f->program);
    assert_int_equal(scan_bytes(f, "anything"), EG_FILE_NOT_LOOKED);
    assert_true(f->counts.down);
    assert_int_equal(eg_file_copy(worker, f->program), EG_OK);
    uint64_t deadline = eg_clock_monotonic_ns() + UINT64_C(120000000000);
    while (eg_scan_client_start(f->client) != EG_OK) {
        assert_true(eg_clock_monotonic_ns() < deadline);
        Sleep(100);
    }
    eg_scan_client_counts_get(f->client, &f->counts);
    assert_false(f->counts.down);
    eg_scan_client_destroy(f->client);
    f->client = NULL;
    (void)eg_file_delete(f->program);
}

/* ---- hostile files ---- */

static const char *write_bomb(const fixture *f)
{
    eg_buf packed;
    zip_blob zip;
    deflate_bomb(&packed, 40000);
    const zip_member bomb = {
        .name = "b", .method = 8, .bytes = eg_buf_str(&packed), .unpacked = 10320001};
    zip_begin(&zip, "");
    zip_add(&zip, &bomb);
    for (int i = 0; i < 100; i++) {
        zip_refer(&zip, &bomb, 0);
    }
    zip_end(&zip);
    const char *path = write_bytes(f, "bomb.zip", eg_buf_str(&zip.bytes));
    eg_buf_done(&zip.bytes);
    eg_buf_done(&packed);
    return path;
}

static void bomb__and_circular_sectors__end_with_a_reason(void **state)
{
    fixture *f = *state;
    eg_buf ole;
    assert_int_equal(scan_file(f, write_bomb(f)), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_PACKED);
    const ole_item items[] = {{"text", 0, EG_STR("Attribute")}};
    ole_build(&ole, items, EG_COUNT(items), 9);
    memset(ole.data + 512, 0, 512); /* every sector of the table is followed by sector 0 */
    assert_int_equal(scan_file(f, write_bytes(f, "circle.doc", eg_buf_str(&ole))),
                     EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_PACKED);
    assert_int_equal(f->counts.stops, 0);
    eg_buf_done(&ole);
}

static void file__of_four_gigabytes__is_looked_at_up_to_its_limit(void **state)
{
    fixture *f = *state;
    const char *path = write_file(f, "sparse", "");
    uint16_t *wide = eg_utf16_copy(eg_str_from(path));
    LARGE_INTEGER size = {.QuadPart = INT64_C(4) * 1024 * 1024 * 1024 + 1};
    DWORD got = 0;
    HANDLE file = CreateFileW((LPCWSTR)wide, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &got, NULL);
    assert_true(SetFilePointerEx(file, size, NULL, FILE_BEGIN));
    assert_true(SetEndOfFile(file));
    CloseHandle(file);
    eg_free(wide);
    assert_int_equal(scan_file(f, path), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_TOO_LARGE);
    assert_int_equal(f->report.bytes, FILE_MAX);
}

/* The largest file, the same as bytes, and a bomb, one after the other. */
static void memory_of_the_child__stays_far_below_its_limit(void **state)
{
    fixture *f = *state;
    eg_str large = {NULL, EG_FILE_SCAN_BYTES};
    char *bytes = eg_alloc(large.len);
    assert_non_null(bytes);
    for (size_t i = 0; i < large.len; i++) {
        bytes[i] = (char)(i * 2654435761u >> 24);
    }
    large.ptr = bytes;
    f->options.limits.bytes = large.len;
    const eg_scan_job job = {.kind = EG_SCAN_BYTES, .path = EG_STR("script"), .bytes = large};
    assert_int_equal(scan_file(f, write_bytes(f, "large", large)), EG_FILE_CLEAN);
    assert_int_equal(scan(f, &job), EG_FILE_CLEAN);
    assert_int_equal(f->report.bytes, large.len);
    assert_int_equal(scan_file(f, write_bomb(f)), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->counts.stops, 0);
    print_message("most memory of the child: %llu MiB\n",
                  (unsigned long long)f->counts.child_bytes_peak >> 20);
    assert_in_range(f->counts.child_bytes_peak, large.len, EG_SCAN_MEMORY_BYTES / 2);
    eg_free(bytes);
}

typedef struct deletion {
    const char *path;
    int status;
} deletion;

static void delete_soon(void *arg)
{
    deletion *d = arg;
    eg_thread_sleep_ms(1000);
    d->status = eg_file_delete(d->path);
}

static void file__deleted_while_it_is_looked_at__is_no_hindrance(void **state)
{
    fixture *f = *state;
    deletion d = {write_file(f, "a", "please be slow, needle-in-it"), EG_E_IO};
    eg_thread *deleter = NULL;
    assert_int_equal(scan_bytes(f, "to start it"), EG_FILE_CLEAN);
    assert_int_equal(eg_thread_start(&deleter, "deleter", delete_soon, &d), EG_OK);
    eg_file_verdict verdict = scan_file(f, d.path);
    eg_thread_join(deleter);
    assert_int_equal(d.status, EG_OK);
    assert_int_equal(verdict, EG_FILE_SUSPICIOUS);
    assert_int_equal(f->counts.stops, 0);
}

static void many_files__leave_no_handle_behind(void **state)
{
    fixture *f = *state;
    char text[32];
    size_t ours = 0, theirs = 0;
    DWORD child = 0;
    const char *path = write_file(f, "a", "first");
    f->options.cache = NULL;
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(text, sizeof(text), "file %d", i);
        if (i % 100 == 0) {
            path = write_file(f, "a", text);
        }
        assert_int_equal(scan_file(f, path), EG_FILE_CLEAN);
        if (i == 100) {
            HANDLE process = open_child();
            child = GetProcessId(process);
            CloseHandle(process);
            ours = count_handles(GetCurrentProcessId());
            theirs = count_handles(child);
        }
    }
    assert_true(ours > 0 && theirs > 0);
    assert_in_range(count_handles(GetCurrentProcessId()), 1, ours + 2);
    assert_in_range(count_handles(child), 1, theirs + 2);
    assert_int_equal(f->counts.starts, 1);
}

/* ---- memory ---- */

static uint64_t created_when(void)
{
    FILETIME begin;
    FILETIME other;
    GetProcessTimes(GetCurrentProcess(), &begin, &other, &other, &other);
    return (uint64_t)begin.dwHighDateTime << 32 | begin.dwLowDateTime;
}

static void memory_of_a_process__is_looked_at_by_its_handle(void **state)
{
    fixture *f = *state;
    eg_scan_job job = {.kind = EG_SCAN_PROCESS,
                       .path = EG_STR("emoguard-tests.exe"),
                       .process_id = GetCurrentProcessId(),
                       .created = created_when()};
    f->options.process_bytes = (uint64_t)1024 * 1024 * 1024;
    f->options.job_seconds = 60;
    assert_int_equal(scan(f, &job), EG_FILE_SUSPICIOUS);
    assert_memory_equal(f->report.buffer, "memory at 0x", 12);
    job.created++; /* the process with this number is another one now */
    assert_int_equal(scan(f, &job), EG_FILE_NOT_LOOKED);
    assert_int_equal(f->report.gap, EG_GAP_GONE);
    assert_non_null(strstr(f->report.reason, "has ended"));
}

/* ---- compiling only ---- */

typedef struct told {
    int errors;
    int line;
    char file[64];
} told;

static void on_problem(void *user, const eg_yara_problem *problem)
{
    told *t = user;
    if (!problem->is_warning) {
        t->errors++;
        t->line = problem->line;
        (void)snprintf(t->file, sizeof(t->file), "%s", problem->file);
    }
}

static int try_sources(fixture *f, const eg_yara_source *tried, size_t count, told *t)
{
    const eg_yara_report report = {on_problem, t};
    f->options.rules = NULL;
    f->options.cache = NULL;
    f->options.sources = tried;
    f->options.source_count = count;
    restart_client(f);
    return eg_scan_client_try(f->client, &report);
}

static void rules__are_tried_in_a_child_that_may_die(void **state)
{
    const eg_yara_source bad[] = {{"good.yar", EG_STR("rule a { condition: true }")},
                                  {"bad.yar", EG_STR("rule b {\n condition: nonsense }")}};
    const eg_yara_source crash = {"c.yar", EG_STR("// please crash")};
    const eg_yara_source hang = {"h.yar", EG_STR("// please hang")};
    fixture *f = *state;
    told t = {0};
    assert_int_equal(try_sources(f, sources, EG_COUNT(sources), &t), EG_OK);
    assert_int_equal(t.errors, 0);
    assert_int_equal(try_sources(f, bad, 2, &t), EG_E_INVALID);
    assert_int_equal(t.errors, 1);
    assert_int_equal(t.line, 2);
    assert_string_equal(t.file, "bad.yar");
    assert_int_equal(try_sources(f, &crash, 1, &t), EG_E_IO);
    f->options.start_seconds = 3;
    assert_int_equal(try_sources(f, &hang, 1, &t), EG_E_TIMEOUT);
    assert_int_equal(t.errors, 1);
}

#define WITH_WORKER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int eg_test_scan_client(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKER(file_and_bytes__are_looked_at_in_the_child),
        WITH_WORKER(what_cannot_be_opened__is_told_without_a_child),
        WITH_WORKER(crash__twice_by_one_content__is_skipped_from_then_on),
        WITH_WORKER(hang__ends_at_its_time_and_is_too_slow),
        WITH_WORKER(memory__beyond_the_limit__ends_the_child_only),
        WITH_WORKER(nonsense__is_no_verdict),
        WITH_WORKER(child__killed_while_it_looks__is_replaced),
        WITH_WORKER(stop__ends_the_job_that_runs_and_all_after_it),
        WITH_WORKER(child__that_cannot_start__is_told_and_not_tried_at_once_again),
        WITH_WORKER(child__that_cannot_start__is_down_until_it_can),
        WITH_WORKER(bomb__and_circular_sectors__end_with_a_reason),
        WITH_WORKER(memory_of_the_child__stays_far_below_its_limit),
        WITH_WORKER(file__of_four_gigabytes__is_looked_at_up_to_its_limit),
        WITH_WORKER(file__deleted_while_it_is_looked_at__is_no_hindrance),
        WITH_WORKER(many_files__leave_no_handle_behind),
        WITH_WORKER(memory_of_a_process__is_looked_at_by_its_handle),
        WITH_WORKER(rules__are_tried_in_a_child_that_may_die),
    };
    return cmocka_run_group_tests_name("scan_client", tests, NULL, NULL);
}
