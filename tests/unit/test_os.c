/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/os.h"
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "tests/unit/temp_folder.h"

#include <string.h>

static void check_content(const char *path, const char *want)
{
    eg_buf content;
    eg_buf_init(&content, 1 << 20);
    assert_int_equal(eg_file_read(path, 1 << 20, &content), EG_OK);
    assert_string_equal(eg_buf_cstr(&content), want);
    eg_buf_done(&content);
}

static void file__written_appended_and_read__holds_the_bytes(void **state)
{
    const char *path = eg_test_path(*state, "a.txt");
    assert_false(eg_file_exists(path));
    assert_int_equal(eg_file_write_atomic(path, "one", 3), EG_OK);
    check_content(path, "one");
    assert_int_equal(eg_file_append(path, " two", 4), EG_OK);
    check_content(path, "one two");
    assert_int_equal(eg_file_write_atomic(path, "", 0), EG_OK);
    check_content(path, "");
    assert_int_equal(eg_file_append(eg_test_path(*state, "new"), "x", 1), EG_OK);
    check_content(eg_test_path(*state, "new"), "x");
}

static void file_read__of_missing_or_large__fails_and_leaves_the_buffer(void **state)
{
    eg_buf content;
    char large[20000];
    memset(large, 'z', sizeof(large));
    eg_buf_init(&content, 1 << 20);
    eg_buf_append_cstr(&content, "before");
    assert_int_equal(eg_file_read(eg_test_path(*state, "missing"), 10, &content), EG_E_NOTFOUND);
    assert_non_null(strstr(eg_error_message(), "missing"));
    const char *path = eg_test_path(*state, "large");
    assert_int_equal(eg_file_write_atomic(path, large, sizeof(large)), EG_OK);
    assert_int_equal(eg_file_read(path, sizeof(large) - 1, &content), EG_E_LIMIT);
    assert_string_equal(eg_buf_cstr(&content), "before");
    assert_int_equal(eg_file_read(path, sizeof(large), &content), EG_OK);
    assert_int_equal(content.len, sizeof(large) + 6);
    assert_int_not_equal(eg_file_read(*state, 100, &content), EG_OK);
    assert_int_equal(eg_file_read("", 100, &content), EG_E_NOTFOUND);
    eg_buf_done(&content);
}

static int count_entry(void *user, const eg_dir_entry *entry)
{
    EG_UNUSED(entry);
    ++*(int *)user;
    return EG_OK;
}

static void file_write_new__where_there_is_one__leaves_it(void **state)
{
    const char *path = eg_test_path(*state, "new.txt");
    int files = 0;
    assert_int_equal(eg_file_write_new(path, "one", 3), EG_OK);
    assert_int_equal(eg_file_write_new(path, "two", 3), EG_E_EXISTS);
    check_content(path, "one");
    assert_int_equal(eg_file_write_new(eg_test_path(*state, "no/new"), "x", 1), EG_E_NOTFOUND);
    assert_int_equal(eg_dir_walk(*state, 2, count_entry, &files), EG_OK);
    assert_int_equal(files, 1); /* nothing half-written is left */
}

static void file_write_atomic__that_fails__leaves_no_temporary_file(void **state)
{
    int entries = 0;
    assert_int_equal(eg_dir_create(eg_test_path(*state, "folder")), EG_OK);
    assert_int_equal(eg_file_write_atomic(eg_test_path(*state, "folder/x"), "x", 1), EG_OK);
    /* A folder that holds something cannot be replaced by a file. */
    assert_int_not_equal(eg_file_write_atomic(eg_test_path(*state, "folder"), "x", 1), EG_OK);
    assert_int_not_equal(eg_file_write_atomic(eg_test_path(*state, "no/such"), "x", 1), EG_OK);
    assert_int_equal(eg_dir_walk(*state, 5, count_entry, &entries), EG_OK);
    assert_int_equal(entries, 2);
}

static void file__moved_copied_and_deleted__is_where_it_should_be(void **state)
{
    const char *a = eg_test_path(*state, "a");
    const char *b = eg_test_path(*state, "b");
    assert_int_equal(eg_file_write_atomic(a, "A", 1), EG_OK);
    assert_int_equal(eg_file_write_atomic(b, "B", 1), EG_OK);
    assert_int_equal(eg_file_copy(a, b), EG_OK);
    check_content(b, "A");
    check_content(a, "A");
    assert_int_equal(eg_file_write_atomic(a, "new", 3), EG_OK);
    assert_int_equal(eg_file_move(a, b), EG_OK);
    assert_false(eg_file_exists(a));
    check_content(b, "new");
    assert_int_equal(eg_file_move(a, b), EG_E_NOTFOUND);
    assert_int_equal(eg_file_copy(a, b), EG_E_NOTFOUND);
    assert_int_equal(eg_file_delete(b), EG_OK);
    assert_int_equal(eg_file_delete(b), EG_E_NOTFOUND);
}

static void dir__created_with_parents__exists_and_is_deleted_when_empty(void **state)
{
    const char *deep = eg_test_path(*state, "one/two/three");
    assert_int_equal(eg_dir_create(deep), EG_OK);
    assert_int_equal(eg_dir_create(deep), EG_OK);
    assert_true(eg_dir_exists(deep));
    assert_true(eg_file_exists(deep));
    assert_int_equal(eg_dir_create(eg_test_path(*state, "one/four/")), EG_OK);
    assert_true(eg_dir_exists(eg_test_path(*state, "one/four")));
    assert_int_not_equal(eg_dir_delete(eg_test_path(*state, "one")), EG_OK);
    assert_int_equal(eg_dir_delete(eg_test_path(*state, "one/four")), EG_OK);
    assert_int_equal(eg_file_write_atomic(eg_test_path(*state, "file"), "", 0), EG_OK);
    assert_false(eg_dir_exists(eg_test_path(*state, "file")));
    assert_int_not_equal(eg_dir_create(eg_test_path(*state, "file")), EG_OK);
    assert_int_not_equal(eg_dir_create(eg_test_path(*state, "file/below")), EG_OK);
}

typedef struct walked {
    eg_buf names;
    size_t root_length;
    int stop_after;
} walked;

static int note_entry(void *user, const eg_dir_entry *entry)
{
    walked *w = user;
    assert_true(eg_str_ends_nocase(eg_str_from(entry->path), eg_str_from(entry->name)));
    eg_buf_appendf(&w->names, "%s%s;", entry->path + w->root_length, entry->is_dir ? "/" : "");
    if (!entry->is_dir) {
        assert_int_equal(entry->size, 2);
        uint64_t now = eg_clock_utc();
        assert_in_range(entry->modified / EG_TICKS_PER_SECOND, now / EG_TICKS_PER_SECOND - 3600,
                        now / EG_TICKS_PER_SECOND + 3600);
    }
    return --w->stop_after == 0 ? EG_E_CLOSED : EG_OK;
}

static void dir_walk__of_a_tree__goes_in_byte_order_and_not_too_deep(void **state)
{
    const char *const files[] = {"b/z", "b/A", "b/c/deep", "a", "Z", "\xE3\x81\x82.txt"};
    assert_int_equal(eg_dir_create(eg_test_path(*state, "b/c")), EG_OK);
    for (size_t i = 0; i < EG_COUNT(files); i++) {
        assert_int_equal(eg_file_write_atomic(eg_test_path(*state, files[i]), "xy", 2), EG_OK);
    }
    walked w = {.root_length = strlen(*state)};
    eg_buf_init(&w.names, 4096);
    assert_int_equal(eg_dir_walk(*state, 9, note_entry, &w), EG_OK);
    assert_string_equal(eg_buf_cstr(&w.names),
                        "/Z;/a;/b/;/b/A;/b/c/;/b/c/deep;/b/z;/\xE3\x81\x82.txt;");
    eg_buf_clear(&w.names);
    assert_int_equal(eg_dir_walk(*state, 1, note_entry, &w), EG_OK);
    assert_string_equal(eg_buf_cstr(&w.names), "/Z;/a;/b/;/\xE3\x81\x82.txt;");
    eg_buf_clear(&w.names);
    w.stop_after = 2;
    assert_int_equal(eg_dir_walk(*state, 9, note_entry, &w), EG_E_CLOSED);
    assert_string_equal(eg_buf_cstr(&w.names), "/Z;/a;");
    assert_int_equal(eg_dir_walk(eg_test_path(*state, "none"), 1, note_entry, &w), EG_E_NOTFOUND);
    assert_int_equal(eg_dir_walk(*state, 0, note_entry, &w), EG_E_INVALID);
    eg_buf_done(&w.names);
}

/* 8 folders of 100 characters: far beyond the 260 of MAX_PATH. */
static void files__below_a_very_long_path__work_like_others(void **state)
{
    char part[101];
    int entries = 0;
    eg_buf path;
    memset(part, 'd', 100);
    part[100] = '\0';
    eg_buf_init(&path, 8192);
    eg_buf_append_cstr(&path, *state);
    for (int i = 0; i < 8; i++) {
        eg_buf_appendf(&path, "/%s", part);
    }
    assert_int_equal(eg_dir_create(path.data), EG_OK);
    assert_true(eg_dir_exists(path.data));
    const char *deep = eg_test_path(path.data, "./below/../file.txt");
    assert_int_equal(eg_dir_create(eg_test_path(path.data, "below")), EG_OK);
    assert_int_equal(eg_file_write_atomic(deep, "long", 4), EG_OK);
    check_content(deep, "long");
    assert_int_equal(eg_file_append(deep, "er", 2), EG_OK);
    check_content(deep, "longer");
    assert_int_equal(eg_dir_walk(*state, 20, count_entry, &entries), EG_OK);
    assert_int_equal(entries, 8 + 2);
    eg_buf_done(&path);
}

static int walk_all(void *arg)
{
    int entries = 0;
    return eg_dir_walk(arg, 9, count_entry, &entries);
}

static int write_file(void *arg)
{
    return eg_file_write_atomic(arg, "content", 7);
}

static int read_file(void *arg)
{
    eg_buf content;
    eg_buf_init(&content, 1000);
    int status = eg_file_read(arg, 1000, &content);
    eg_buf_done(&content);
    return status;
}

static int make_folder(void *arg)
{
    return eg_dir_create(arg);
}

static void check_each_allocation(int (*run)(void *arg), const char *path)
{
    char *copy = eg_copy_bytes(path, strlen(path));
    assert_non_null(copy);
    for (long allowed = 0;; allowed++) {
        eg_mem_fail_after(allowed);
        int status = run(copy);
        eg_mem_fail_after(-1);
        if (eg_mem_failures() == 0) {
            assert_int_equal(status, EG_OK);
            break;
        }
        /* Asking whether something exists may fail without harm; nothing may fail otherwise. */
        assert_true(status == EG_E_NOMEM || status == EG_OK);
        assert_true(allowed < 1000);
    }
    eg_free(copy);
}

static void files__without_memory__fail_cleanly(void **state)
{
    const char *const files[] = {"b/z", "b/A", "a"};
    assert_int_equal(eg_dir_create(eg_test_path(*state, "b/c")), EG_OK);
    for (size_t i = 0; i < EG_COUNT(files); i++) {
        assert_int_equal(eg_file_write_atomic(eg_test_path(*state, files[i]), "xy", 2), EG_OK);
    }
    check_each_allocation(walk_all, *state);
    check_each_allocation(write_file, eg_test_path(*state, "a"));
    check_content(eg_test_path(*state, "a"), "content");
    check_each_allocation(read_file, eg_test_path(*state, "a"));
    check_each_allocation(make_folder, eg_test_path(*state, "n/e/w"));
    assert_true(eg_dir_exists(eg_test_path(*state, "n/e/w")));
}

static void path_join__of_folder_and_name__adds_one_separator(void **state)
{
    EG_UNUSED(state);
    eg_buf path;
    eg_buf_init(&path, 100);
    assert_int_equal(eg_path_join(&path, "a/b", "c"), EG_OK);
    assert_string_equal(path.data, "a/b/c");
    assert_int_equal(eg_path_join(&path, "a/b/", "c"), EG_OK);
    assert_string_equal(path.data, "a/b/c");
    assert_int_equal(eg_path_join(&path, "", "c"), EG_OK);
    assert_string_equal(path.data, "c");
    assert_int_equal(eg_path_join(&path, "folder", "c"), EG_OK);
#ifdef _WIN32
    assert_string_equal(path.data, "folder\\c");
#else
    assert_string_equal(path.data, "folder/c");
#endif
    eg_buf_done(&path);
}

static void surroundings__asked__give_something_usable(void **state)
{
    EG_UNUSED(state);
    eg_buf text;
    eg_buf_init(&text, 4096);
    assert_int_equal(eg_temp_dir(&text), EG_OK);
    assert_true(eg_dir_exists(text.data));
    assert_int_equal(eg_host_name(&text), EG_OK);
    assert_true(text.len > 0);
    assert_int_equal(eg_system_language(&text), EG_OK);
    assert_int_equal(eg_env_get("PATH", &text), EG_OK);
    assert_true(text.len > 0);
    assert_int_equal(eg_env_get("EMOGUARD_NOT_SET_ANYWHERE", &text), EG_E_NOTFOUND);
    assert_true(eg_process_id() != 0);
    eg_buf_done(&text);
}

static void clock_local__of_now__is_whole_quarters_away(void **state)
{
    EG_UNUSED(state);
    uint64_t now = eg_clock_utc();
    uint64_t local = eg_clock_local(now);
    uint64_t distance = local > now ? local - now : now - local;
    assert_in_range(distance, 0, 24 * 3600 * EG_TICKS_PER_SECOND);
    assert_int_equal(distance % (15 * 60 * EG_TICKS_PER_SECOND), 0);
}

static void random_bytes__twice__differ(void **state)
{
    EG_UNUSED(state);
    unsigned char a[32] = {0};
    unsigned char b[32] = {0};
    assert_int_equal(eg_random_bytes(a, sizeof(a)), EG_OK);
    assert_int_equal(eg_random_bytes(b, sizeof(b)), EG_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(eg_random_bytes(a, 0), EG_OK);
}

typedef struct shared {
    eg_mutex lock;
    eg_cond changed;
    eg_atomic atomic;
    int plain;
    bool go;
} shared;

static void add_many(void *arg)
{
    shared *s = arg;
    eg_mutex_lock(&s->lock);
    while (!s->go) {
        eg_cond_wait(&s->changed, &s->lock, EG_FOREVER);
    }
    eg_mutex_unlock(&s->lock);
    for (int i = 0; i < 10000; i++) {
        eg_atomic_add(&s->atomic, 3);
        eg_mutex_lock(&s->lock);
        s->plain++;
        eg_mutex_unlock(&s->lock);
    }
}

static void threads__under_a_lock__lose_no_count(void **state)
{
    EG_UNUSED(state);
    shared s = {.plain = 0};
    eg_thread *threads[4];
    assert_int_equal(eg_mutex_init(&s.lock), EG_OK);
    assert_int_equal(eg_cond_init(&s.changed), EG_OK);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        assert_int_equal(eg_thread_start(&threads[i], "a rather long name", add_many, &s), EG_OK);
    }
    eg_mutex_lock(&s.lock);
    s.go = true;
    eg_cond_wake_all(&s.changed);
    eg_mutex_unlock(&s.lock);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        eg_thread_join(threads[i]);
    }
    assert_int_equal(s.plain, 40000);
    assert_true(eg_atomic_get(&s.atomic) == 120000);
    assert_true(eg_atomic_add(&s.atomic, -120001) == -1);
    eg_atomic_set(&s.atomic, INT64_MIN);
    assert_true(eg_atomic_get(&s.atomic) == INT64_MIN);
    eg_thread_join(NULL);
    eg_cond_done(&s.changed);
    eg_mutex_done(&s.lock);
}

static void cond_wait__without_a_wake__times_out(void **state)
{
    EG_UNUSED(state);
    eg_mutex lock = EG_MUTEX_INIT;
    eg_cond cond;
    assert_int_equal(eg_cond_init(&cond), EG_OK);
    uint64_t start = eg_clock_monotonic_ns();
    eg_mutex_lock(&lock);
    int status = EG_OK;
    /* 1020 ms also carries over a full second; spurious wake-ups are allowed. */
    while (status == EG_OK && eg_clock_monotonic_ns() - start < UINT64_C(20000000000)) {
        status = eg_cond_wait(&cond, &lock, 1020);
    }
    eg_mutex_unlock(&lock);
    assert_int_equal(status, EG_E_TIMEOUT);
    assert_true(eg_clock_monotonic_ns() - start >= UINT64_C(1000000000));
    eg_cond_done(&cond);
}

int eg_test_os(void)
{
#define WITH_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(file__written_appended_and_read__holds_the_bytes),
        WITH_FOLDER(file_read__of_missing_or_large__fails_and_leaves_the_buffer),
        WITH_FOLDER(file_write_new__where_there_is_one__leaves_it),
        WITH_FOLDER(file_write_atomic__that_fails__leaves_no_temporary_file),
        WITH_FOLDER(file__moved_copied_and_deleted__is_where_it_should_be),
        WITH_FOLDER(dir__created_with_parents__exists_and_is_deleted_when_empty),
        WITH_FOLDER(dir_walk__of_a_tree__goes_in_byte_order_and_not_too_deep),
        WITH_FOLDER(files__below_a_very_long_path__work_like_others),
        WITH_FOLDER(files__without_memory__fail_cleanly),
        cmocka_unit_test(path_join__of_folder_and_name__adds_one_separator),
        cmocka_unit_test(surroundings__asked__give_something_usable),
        cmocka_unit_test(clock_local__of_now__is_whole_quarters_away),
        cmocka_unit_test(random_bytes__twice__differ),
        cmocka_unit_test(threads__under_a_lock__lose_no_count),
        cmocka_unit_test(cond_wait__without_a_wake__times_out),
    };
    return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
