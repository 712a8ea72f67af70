/* SPDX-License-Identifier: Apache-2.0 */
/* Repositories in folders. Those at web servers: tests/check_http.py and the tests of updates. */
#include "core/update/source.h"
#include "tests/unit/unit.h"

#include "tests/unit/alloc.h"
#include "tests/unit/temp_folder.h"

#include <string.h>

typedef struct taken {
    char bytes[64];
    size_t size;
} taken;

static int take(void *user, const void *bytes, size_t size)
{
    taken *t = user;
    assert_true(t->size + size <= sizeof(t->bytes));
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    return EG_OK;
}

static int fetch_from(const char *url, eg_fetch_area area, const char *path, uint64_t max,
                      taken *out)
{
    const eg_source_options options = {.url = url};
    const eg_fetch_request request = {area, path, max, false};
    const eg_fetch_sink sink = {out, take};
    eg_source *source = NULL;
    out->size = 0;
    int status = eg_source_create(&options, &source);
    if (status == EG_OK) {
        eg_fetcher fetcher = eg_source_fetcher(source);
        assert_false(eg_source_is_web(source));
        status = fetcher.fetch(fetcher.user, &request, &sink);
    }
    eg_source_destroy(source);
    return status;
}

static int make_repository(void **state)
{
    if (eg_test_folder_make(state) != 0) {
        return 1;
    }
    assert_int_equal(eg_dir_create(eg_test_path(*state, "metadata")), EG_OK);
    assert_int_equal(eg_dir_create(eg_test_path(*state, "targets/a b")), EG_OK);
    assert_int_equal(eg_file_write_atomic(eg_test_path(*state, "metadata/1.root.json"), "root", 4),
                     EG_OK);
    assert_int_equal(eg_file_write_atomic(eg_test_path(*state, "targets/a b/x%y"), "target", 6),
                     EG_OK);
    assert_int_equal(eg_file_write_atomic(eg_test_path(*state, "secret"), "secret", 6), EG_OK);
    return 0;
}

static void file__of_either_area__is_brought(void **state)
{
    taken got;
    assert_int_equal(fetch_from(*state, EG_FETCH_METADATA, "1.root.json", 4, &got), EG_OK);
    assert_memory_equal(got.bytes, "root", 4);
    assert_int_equal(fetch_from(*state, EG_FETCH_TARGET, "a%20b/x%25y", 64, &got), EG_OK);
    assert_memory_equal(got.bytes, "target", 6);
}

static void address__in_each_of_its_forms__is_that_folder(void **state)
{
    char url[4200];
    taken got;
    const char *path = *state;
    (void)snprintf(url, sizeof(url), "file://%s%s", path[0] == '/' ? "" : "/", path);
    assert_int_equal(fetch_from(url, EG_FETCH_METADATA, "1.root.json", 64, &got), EG_OK);
    (void)snprintf(url, sizeof(url), "%s//", path);
    assert_int_equal(fetch_from(url, EG_FETCH_METADATA, "1.root.json", 64, &got), EG_OK);
}

static void file__larger_than_allowed_or_missing__is_an_error(void **state)
{
    taken got;
    assert_int_equal(fetch_from(*state, EG_FETCH_METADATA, "1.root.json", 3, &got), EG_E_LIMIT);
    assert_int_equal(fetch_from(*state, EG_FETCH_METADATA, "2.root.json", 64, &got), EG_E_NOTFOUND);
    assert_int_equal(got.size, 0);
}

static void path__that_leaves_the_folder__is_refused(void **state)
{
    static const char *const bad[] = {
        "../secret", "..%2fsecret", "a/../../secret", "%2e%2e/secret", "..\\secret", "c:x",
        "a//b",      "./a",         "a%00b",          "a%2",           "a%zz",       "/secret"};
    taken got;
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        assert_int_equal(fetch_from(*state, EG_FETCH_METADATA, bad[i], 64, &got), EG_E_INVALID);
    }
}

static void address__of_another_kind__is_refused(void **state)
{
    taken got;
    EG_UNUSED(state);
    assert_int_equal(fetch_from("ftp://x/y", EG_FETCH_METADATA, "a", 64, &got), EG_E_INVALID);
    assert_int_equal(fetch_from("", EG_FETCH_METADATA, "a", 64, &got), EG_E_INVALID);
}

static int fetch_operation(void *arg)
{
    taken got;
    return fetch_from(arg, EG_FETCH_METADATA, "1.root.json", 64, &got);
}

static void fetching__without_memory__fails_cleanly(void **state)
{
    assert_true(eg_test_each_allocation_fails(fetch_operation, *state) > 0);
}

#define WITH_REPOSITORY(test) \
    cmocka_unit_test_setup_teardown(test, make_repository, eg_test_folder_remove)

int eg_test_source(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REPOSITORY(file__of_either_area__is_brought),
        WITH_REPOSITORY(address__in_each_of_its_forms__is_that_folder),
        WITH_REPOSITORY(file__larger_than_allowed_or_missing__is_an_error),
        WITH_REPOSITORY(path__that_leaves_the_folder__is_refused),
        cmocka_unit_test(address__of_another_kind__is_refused),
        WITH_REPOSITORY(fetching__without_memory__fails_cleanly),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
