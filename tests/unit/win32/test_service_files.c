/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of real files: digests, imports, signature; files that others hold, change, take away. */
#include "tests/unit/unit.h"

#include "worker/win32/file_access.c"
#include "service/file_worker.c"
#include "service/wide.h"
#include "tests/unit/alloc.h"
#include "tests/unit/temp_folder.h"

#include <stdio.h>
#include <winioctl.h>

#define DEADLINE_NS (UINT64_C(20) * 1000000000)
#define FOUR_GIGABYTES (INT64_C(4) * 1024 * 1024 * 1024)

typedef struct fixture {
    void *folder;
    eg_file_access *access;
    eg_file_ops ops; /* of the reader: those of Windows, with `before_read` in front of a read */
    eg_file_reader *reader;
    char path[4096];
    WCHAR *wide;
    void (*before_read)(struct fixture *f);
} fixture;

static fixture *reading; /* the reader's calls know the file only */

static int read_after(void *file, uint64_t offset, void *out, size_t size)
{
    if (reading->before_read) {
        reading->before_read(reading);
        reading->before_read = NULL;
    }
    return read_file(file, offset, out, size);
}

/* The kernel writes names with backslashes. */
static const char *path_of(fixture *f, const char *name)
{
    snprintf(f->path, sizeof(f->path), "%s", eg_test_path(f->folder, name));
    for (char *at = f->path; *at; at++) {
        *at = *at == '/' ? '\\' : *at;
    }
    eg_free(f->wide);
    f->wide = eg_wide_copy(eg_str_from(f->path));
    assert_non_null(f->wide);
    return f->path;
}

static const char *put_file(fixture *f, const char *name, const char *bytes)
{
    const char *path = path_of(f, name);
    assert_int_equal(eg_file_write_atomic(path, bytes, strlen(bytes)), EG_OK);
    return path;
}

static int set_up(void **state)
{
    static fixture made;
    memset(&made, 0, sizeof(made));
    assert_int_equal(eg_test_folder_make(&made.folder), EG_OK);
    assert_int_equal(eg_file_access_create(&made.access), EG_OK);
    made.ops = eg_file_access_ops(made.access);
    made.ops.read = read_after;
    assert_int_equal(eg_file_reader_create(&made.ops, &eg_file_default_limits, &made.reader),
                     EG_OK);
    reading = &made;
    *state = &made;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    eg_file_reader_destroy(f->reader);
    eg_file_access_destroy(f->access);
    eg_free(f->wide);
    return eg_test_folder_remove(&f->folder);
}

static eg_file_facts get(fixture *f, const char *path, uint32_t wanted)
{
    eg_file_facts facts;
    assert_int_equal(eg_file_reader_get(f->reader, eg_str_from(path), wanted, &facts), EG_OK);
    return facts;
}

static eg_file_counts counts(fixture *f)
{
    eg_file_counts found;
    eg_file_reader_counts(f->reader, &found);
    return found;
}

static void check_hashes(const eg_file_facts *facts, const char *expected)
{
    eg_arena *arena = NULL;
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    assert_int_equal(eg_arena_create(&arena, 4096), EG_OK);
    assert_int_equal(eg_file_facts_fill(facts, arena, &event), EG_OK);
    eg_str hashes = eg_event_get(&event, EG_FIELD_HASHES);
    assert_non_null(hashes.ptr);
    assert_string_equal(hashes.ptr, expected);
    eg_arena_destroy(arena);
}

/* The digests of "" and "abc" are those of FIPS 180-4 and RFC 1321. */
static void files__known_bytes__have_the_published_digests(void **state)
{
    fixture *f = *state;
    const uint32_t wanted = EG_FACT_DIGESTS | EG_FACT_IMPHASH;
    eg_file_facts facts = get(f, put_file(f, "abc.bin", "abc"), wanted);
    check_hashes(&facts, "SHA1=A9993E364706816ABA3E25717850C26C9CD0D89D,"
                         "MD5=900150983CD24FB0D6963F7D28E17F72,"
                         "SHA256=BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD,"
                         "IMPHASH=00000000000000000000000000000000");
    facts = get(f, put_file(f, "empty.bin", ""), wanted);
    check_hashes(&facts, "SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,"
                         "MD5=D41D8CD98F00B204E9800998ECF8427E,"
                         "SHA256=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855,"
                         "IMPHASH=00000000000000000000000000000000");
}

static void own_path(char *out, size_t size)
{
    WCHAR path[4096];
    eg_buf text;
    assert_true(GetModuleFileNameW(NULL, path, EG_COUNT(path)) > 0);
    eg_buf_init(&text, size - 1);
    assert_int_equal(eg_wide_append_utf8(&text, path), EG_OK);
    snprintf(out, size, "%s", eg_buf_cstr(&text));
    eg_buf_done(&text);
}

/* This very program, which runs: it can be read, imports something and is not signed. */
static void files__running_program__has_all_facts(void **state)
{
    fixture *f = *state;
    static const uint8_t zero[EG_MD5_SIZE];
    char path[4096];
    own_path(path, sizeof(path));
    eg_file_facts facts = get(f, path, EG_FACTS_ALL);
    assert_int_equal(facts.known, EG_FACTS_ALL);
    assert_memory_not_equal(facts.imphash, zero, sizeof(zero));
    assert_int_equal(facts.signature.status, EG_SIGNATURE_NONE);
    assert_string_equal(facts.signature.signer, "");
    get(f, path, EG_FACTS_ALL);
    assert_int_equal(counts(f).read, 1);
    assert_int_equal(counts(f).remembered, 1);
}

static void files__changed_or_replaced__are_read_again(void **state)
{
    fixture *f = *state;
    eg_file_facts first = get(f, put_file(f, "a.bin", "one"), EG_FACT_DIGESTS);
    eg_file_facts second = get(f, put_file(f, "a.bin", "two"), EG_FACT_DIGESTS); /* another file */
    assert_memory_not_equal(first.md5, second.md5, sizeof(first.md5));
    assert_int_equal(eg_file_append(f->path, "!", 1), EG_OK);
    eg_file_facts third = get(f, f->path, EG_FACT_DIGESTS);
    assert_memory_not_equal(second.md5, third.md5, sizeof(second.md5));
    assert_int_equal(counts(f).read, 3);
}

static void files__names_of_any_length_and_script__are_found(void **state)
{
    fixture *f = *state;
    char name[1024] = "";
    for (int i = 0; i < 6; i++) {
        strncat(name, "a folder with quite a long name that is one of several/",
                sizeof(name) - strlen(name) - 1);
    }
    assert_int_equal(eg_dir_create(eg_test_path(f->folder, name)), EG_OK);
    strncat(name, "\xE8\xA1\xA8 .exe", sizeof(name) - strlen(name) - 1);
    eg_file_facts facts = get(f, put_file(f, name, "abc"), EG_FACT_DIGESTS);
    assert_int_equal(facts.known, EG_FACT_DIGESTS);
}

static void files__by_the_name_of_their_volume__are_found(void **state)
{
    fixture *f = *state;
    WCHAR volume[64];
    WCHAR windows[MAX_PATH];
    eg_buf path;
    assert_true(GetSystemWindowsDirectoryW(windows, EG_COUNT(windows)) > 0);
    if (!GetVolumeNameForVolumeMountPointW(L"C:\\", volume, EG_COUNT(volume))) {
        skip();
    }
    eg_buf_init(&path, 4096);
    eg_wide_append_utf8(&path, volume);
    eg_wide_append_utf8(&path, windows + 3);
    eg_buf_append_cstr(&path, "\\system32\\ntdll.dll");
    get(f, eg_buf_cstr(&path), EG_FACT_IMPHASH);
    assert_int_equal(counts(f).elsewhere, 0);
    eg_buf_done(&path);
}

static void files__elsewhere_or_no_files__are_not_opened(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {
        "\\\\server\\share\\a.exe",
        "\\\\?\\UNC\\server\\share\\a.exe",
        "\\\\.\\pipe\\a",
        "\\\\.\\PhysicalDrive0",
        "\\Device\\HarddiskVolume9\\a.exe",
        "a.exe",
        "C:a.exe",
        "C:\\",
        "",
    };
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        assert_int_equal(get(f, names[i], EG_FACTS_ALL).known, 0);
        assert_int_equal(counts(f).elsewhere, i + 1);
    }
}

static void files__missing_folder_or_held__are_unreadable(void **state)
{
    fixture *f = *state;
    assert_int_equal(get(f, path_of(f, "missing.exe"), EG_FACTS_ALL).known, 0);
    assert_int_equal(eg_dir_create(eg_test_path(f->folder, "folder.exe")), EG_OK);
    assert_int_equal(get(f, path_of(f, "folder.exe"), EG_FACTS_ALL).known, 0);
    assert_int_equal(counts(f).unreadable, 2);
    put_file(f, "held.exe", "abc");
    HANDLE held = CreateFileW(f->wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(held != INVALID_HANDLE_VALUE);
    assert_int_equal(get(f, f->path, EG_FACTS_ALL).known, 0);
    assert_int_equal(counts(f).unreadable, 3);
    CloseHandle(held);
    assert_int_equal(get(f, f->path, EG_FACT_DIGESTS).known, EG_FACT_DIGESTS);
}

static void files__locked_range__is_unreadable(void **state)
{
    fixture *f = *state;
    OVERLAPPED at = {0};
    put_file(f, "locked.exe", "abc");
    HANDLE held = CreateFileW(f->wide, GENERIC_READ | GENERIC_WRITE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    assert_true(held != INVALID_HANDLE_VALUE);
    assert_true(LockFileEx(held, LOCKFILE_EXCLUSIVE_LOCK, 0, 3, 0, &at));
    eg_file_facts facts = get(f, f->path, EG_FACT_DIGESTS);
    /* Wine keeps such locks between its own calls only in part: then the bytes are read */
    assert_true(facts.known == 0 ? counts(f).unreadable == 1 : facts.known == EG_FACT_DIGESTS);
    CloseHandle(held);
}

static void files__four_gigabytes__are_too_large(void **state)
{
    fixture *f = *state;
    LARGE_INTEGER size = {.QuadPart = FOUR_GIGABYTES + 1};
    DWORD used = 0;
    put_file(f, "sparse.exe", "MZ");
    HANDLE file =
        CreateFileW(f->wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &used, NULL);
    assert_true(SetFilePointerEx(file, size, NULL, FILE_BEGIN));
    assert_true(SetEndOfFile(file));
    CloseHandle(file);
    assert_int_equal(get(f, f->path, EG_FACTS_ALL).known, EG_FACT_IMPHASH);
    assert_int_equal(counts(f).too_large, 1);
}

/* ---- somebody else has the file while it is read ---- */

static void append(fixture *f)
{
    assert_int_equal(eg_file_append(f->path, "more", 4), EG_OK);
}

static void take_away(fixture *f)
{
    assert_true(DeleteFileW(f->wide));
}

/* As an updater does: the file in use moves aside. */
static void replace(fixture *f)
{
    assert_int_equal(eg_file_move(f->path, eg_test_path(f->folder, "old.exe")), EG_OK);
    assert_int_equal(eg_file_write_atomic(f->path, "other", 5), EG_OK);
}

static void files__written_to_while_read__give_nothing(void **state)
{
    fixture *f = *state;
    put_file(f, "a.exe", "abc");
    f->before_read = append;
    assert_int_equal(get(f, f->path, EG_FACT_DIGESTS).known, 0);
    assert_int_equal(counts(f).changed, 1);
    assert_int_equal(get(f, f->path, EG_FACT_DIGESTS).known, EG_FACT_DIGESTS);
}

/* Reading keeps nobody from taking a file away, and what is read stays that of one file. */
static void files__taken_away_or_replaced_while_read__are_whole_or_nothing(void **state)
{
    fixture *f = *state;
    static void (*const acts[])(fixture *) = {take_away, replace};
    static const uint8_t abc[] = {0x90, 0x01, 0x50, 0x98};
    for (size_t i = 0; i < EG_COUNT(acts); i++) {
        put_file(f, i == 0 ? "gone.exe" : "other.exe", "abc");
        f->before_read = acts[i];
        eg_file_facts facts = get(f, f->path, EG_FACT_DIGESTS);
        assert_null(f->before_read);
        assert_true(facts.known == 0 || memcmp(facts.md5, abc, sizeof(abc)) == 0);
    }
    assert_int_equal(counts(f).read + counts(f).unreadable, 2);
}

static int make_and_get(void *arg)
{
    eg_file_access *access = NULL;
    eg_file_reader *reader = NULL;
    eg_file_facts facts;
    int status = eg_file_access_create(&access);
    if (status == EG_OK) {
        eg_file_ops ops = eg_file_access_ops(access);
        status = eg_file_reader_create(&ops, &eg_file_default_limits, &reader);
    }
    if (status == EG_OK) {
        status = eg_file_reader_get(reader, eg_str_from(arg), EG_FACTS_ALL, &facts);
    }
    eg_file_reader_destroy(reader);
    eg_file_access_destroy(access);
    return status;
}

/* A name that cannot be turned for want of memory is as good as elsewhere. */
static void files__no_memory__says_so_or_goes_without(void **state)
{
    fixture *f = *state;
    put_file(f, "a.exe", "abc");
    for (long allowed = 0;; allowed++) {
        assert_true(allowed < 1000);
        eg_mem_fail_after(allowed);
        int status = make_and_get(f->path);
        bool refused = eg_mem_failures() > 0;
        eg_mem_fail_after(-1);
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        if (!refused) {
            assert_int_equal(status, EG_OK);
            break;
        }
    }
}

/* ---- the worker ---- */

static eg_atomic came_back;
static eg_event *returned;

static int on_done(void *user, const eg_event *event)
{
    EG_UNUSED(user);
    assert_int_equal(eg_event_clone(event, &returned), EG_OK);
    eg_atomic_set(&came_back, 1);
    return EG_OK;
}

static void worker__event_taken__comes_back_with_the_facts(void **state)
{
    char path[4096];
    eg_file_worker *worker = NULL;
    eg_event event;
    eg_file_counts files;
    eg_second_pass_counts events;
    EG_UNUSED(state);
    own_path(path, sizeof(path));
    eg_atomic_set(&came_back, 0);
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.field[EG_FIELD_IMAGE] = eg_str_from(path);
    assert_int_equal(eg_file_worker_start(on_done, NULL, &worker), EG_OK);
    assert_int_equal(eg_second_pass_take(eg_file_worker_second_pass(worker), &event, EG_FACTS_ALL),
                     EG_OK);
    uint64_t begin = eg_clock_monotonic_ns();
    while (eg_atomic_get(&came_back) == 0) {
        assert_true(eg_clock_monotonic_ns() - begin < DEADLINE_NS);
        eg_thread_sleep_ms(1);
    }
    eg_file_worker_counts(worker, &files, &events);
    assert_int_equal(files.read, 1);
    assert_int_equal(events.not_taken, 0);
    eg_file_worker_stop(worker);
    assert_int_equal(eg_file_worker_join(worker, 20000), EG_OK);
    eg_file_worker_destroy(worker);
    assert_true(returned->flags & EG_EVENT_SECOND_PASS);
    assert_true(eg_str_starts_nocase(returned->field[EG_FIELD_HASHES], EG_STR("SHA1=")));
    assert_int_equal(returned->field[EG_FIELD_IMPHASH].len, 32);
    assert_true(eg_str_equal(returned->field[EG_FIELD_SIGNED], EG_STR("false")));
    eg_free(returned);
    assert_null(eg_file_worker_second_pass(NULL));
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_service_files(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILES(files__known_bytes__have_the_published_digests),
        WITH_FILES(files__running_program__has_all_facts),
        WITH_FILES(files__changed_or_replaced__are_read_again),
        WITH_FILES(files__names_of_any_length_and_script__are_found),
        WITH_FILES(files__by_the_name_of_their_volume__are_found),
        WITH_FILES(files__elsewhere_or_no_files__are_not_opened),
        WITH_FILES(files__missing_folder_or_held__are_unreadable),
        WITH_FILES(files__locked_range__is_unreadable),
        WITH_FILES(files__four_gigabytes__are_too_large),
        WITH_FILES(files__written_to_while_read__give_nothing),
        WITH_FILES(files__taken_away_or_replaced_while_read__are_whole_or_nothing),
        WITH_FILES(files__no_memory__says_so_or_goes_without),
        cmocka_unit_test(worker__event_taken__comes_back_with_the_facts),
    };
    return cmocka_run_group_tests_name("service_files", tests, NULL, NULL);
}
