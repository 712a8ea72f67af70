/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "cli/exception_pack.c"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/temp_folder.h"

#include <string.h>

#define PACK "{\"name\":\"Office rules\",\"serial\":2026112301}"
#define EXCEPTIONS \
    "{\"exceptions\":[{\"id\":7,\"rule\":\"r\",\"path\":\"C:\\\\Tools\\\\*\"," \
    "\"created_time\":\"2026-11-23T00:00:00Z\",\"expires_time\":null,\"reason\":\"ours\"}]}"

static void write_file(const char *folder, const char *name, const char *text)
{
    assert_int_equal(eg_file_write_atomic(eg_test_path(folder, name), text, strlen(text)), EG_OK);
}

static int count_one(void *user, const eg_exception *exception)
{
    size_t *count = user;
    ++*count;
    assert_int_equal(exception->id, -7);
    assert_true(eg_str_equal(exception->source, EG_STR("Office rules")));
    assert_true(eg_str_equal(exception->reason, EG_STR("ours")));
    return EG_OK;
}

static void exceptions__of_a_pack__are_told_with_its_name(void **state)
{
    size_t count = 0;
    write_file(*state, "pack.json", PACK);
    assert_int_equal(eg_exceptions_each_of_pack(*state, count_one, &count), EG_OK);
    assert_int_equal(count, 0);
    write_file(*state, EG_EXCEPTIONS_FILE, EXCEPTIONS);
    assert_int_equal(eg_exceptions_each_of_pack(*state, count_one, &count), EG_OK);
    assert_int_equal(count, 1);
}

static void exceptions__of_no_pack__are_none(void **state)
{
    size_t count = 0;
    write_file(*state, EG_EXCEPTIONS_FILE, EXCEPTIONS);
    assert_int_equal(eg_exceptions_each_of_pack(*state, count_one, &count), EG_OK);
    assert_int_equal(eg_exceptions_each_of_pack(eg_test_path(*state, "none"), count_one, &count),
                     EG_OK);
    assert_int_equal(count, 0);
}

static void exceptions__that_are_wrong__are_named_with_their_file(void **state)
{
    size_t count = 0;
    write_file(*state, "pack.json", PACK);
    write_file(*state, EG_EXCEPTIONS_FILE, "{\"exceptions\":[{\"id\":7,\"paht\":\"x\"}]}");
    assert_int_equal(eg_exceptions_each_of_pack(*state, count_one, &count), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), EG_EXCEPTIONS_FILE));
    assert_non_null(strstr(eg_error_message(), "paht"));
    assert_int_equal(count, 0);
}

static void exceptions__without_memory__fail_and_recover(void **state)
{
    size_t count = 0;
    write_file(*state, "pack.json", PACK);
    write_file(*state, EG_EXCEPTIONS_FILE, EXCEPTIONS);
    for (long n = 0; count == 0; n++) {
        assert_in_range(n, 0, 1000);
        eg_mem_fail_after(n);
        int status = eg_exceptions_each_of_pack(*state, count_one, &count);
        eg_mem_fail_after(-1);
        assert_int_equal(status, count == 1 ? EG_OK : EG_E_NOMEM);
    }
}

int eg_test_exception_pack(void)
{
#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(exceptions__of_a_pack__are_told_with_its_name),
        IN_FOLDER(exceptions__of_no_pack__are_none),
        IN_FOLDER(exceptions__that_are_wrong__are_named_with_their_file),
        IN_FOLDER(exceptions__without_memory__fail_and_recover),
    };
    return cmocka_run_group_tests_name("exception_pack", tests, NULL, NULL);
}
