/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/task_actions.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"
#include "tests/unit/task_blob.h"

static void decode__of_a_program__gives_command_arguments_and_folder(void **state)
{
    EG_UNUSED(state);
    for (uint16_t version = 1; version <= 3; version++) {
        eg_task_xml task;
        eg_buf blob;
        blob_begin(&blob, version);
        blob_exec(&blob, version, "C:\\Windows\\System32\\rundll32.exe",
                  "C:\\Users\\\xE7\x94\xB0\xE4\xB8\xAD\\a.dll,Run", "C:\\w");
        eg_task_xml_init(&task);
        assert_int_equal(eg_task_actions_decode(blob.data, blob.len, &task), EG_OK);
        assert_string_equal(eg_buf_cstr(&task.command), "C:\\Windows\\System32\\rundll32.exe");
        assert_string_equal(eg_buf_cstr(&task.arguments),
                            "C:\\Users\\\xE7\x94\xB0\xE4\xB8\xAD\\a.dll,Run");
        assert_string_equal(eg_buf_cstr(&task.working_directory), "C:\\w");
        eg_task_xml_done(&task);
        eg_buf_done(&blob);
    }
}

static void decode__of_several_actions__lists_them_as_the_file_would(void **state)
{
    static const uint8_t class_id[16] = {0x78, 0x56, 0x34, 0x12, 0xBC, 0x9A, 0xF0, 0xDE,
                                         1,    2,    3,    4,    5,    6,    7,    8};
    eg_task_xml task;
    eg_buf blob;
    EG_UNUSED(state);
    blob_begin(&blob, 3);
    blob_exec(&blob, 3, "one.exe", "", "");
    blob_number(&blob, 0x9999, 2); /* a message */
    blob_text(&blob, "id");
    blob_text(&blob, "caption");
    blob_text(&blob, "text");
    blob_number(&blob, 0x7777, 2); /* a COM handler */
    blob_text(&blob, "");
    eg_buf_append(&blob, class_id, sizeof(class_id));
    blob_text(&blob, "data");
    blob_number(&blob, 0x8888, 2); /* a mail with a file and a header */
    for (int i = 0; i < 9; i++) {
        blob_text(&blob, "x");
    }
    blob_number(&blob, 1, 4);
    blob_text(&blob, "file");
    blob_number(&blob, 1, 4);
    blob_text(&blob, "name");
    blob_text(&blob, "value");
    blob_exec(&blob, 3, "two.exe", "-x", "");
    eg_task_xml_init(&task);
    assert_int_equal(eg_task_actions_decode(blob.data, blob.len, &task), EG_OK);
    assert_string_equal(eg_buf_cstr(&task.command), "one.exe; two.exe");
    assert_string_equal(eg_buf_cstr(&task.arguments), "-x");
    assert_string_equal(eg_buf_cstr(&task.com_class), "{12345678-9ABC-DEF0-0102-030405060708}");
    eg_task_xml_done(&task);
    eg_buf_done(&blob);
}

/* Copies to a block of exactly that size, so that one byte too many is seen. */
static int decode_part(const eg_buf *blob, size_t size, eg_task_xml *task)
{
    char *copy = eg_copy_bytes(blob->data, size);
    char *exact = eg_alloc(size);
    assert_non_null(exact);
    memcpy(exact, copy, size);
    int status = eg_task_actions_decode(exact, size, task);
    eg_free(exact);
    eg_free(copy);
    return status;
}

static void decode__cut_at_each_byte__keeps_what_was_whole(void **state)
{
    eg_task_xml task;
    eg_buf blob;
    EG_UNUSED(state);
    blob_begin(&blob, 3);
    size_t context = blob.len;
    blob_exec(&blob, 3, "one.exe", "-x", "C:\\");
    eg_task_xml_init(&task);
    for (size_t size = 0; size < blob.len; size++) {
        int status = decode_part(&blob, size, &task);
        assert_int_equal(status, size == context ? EG_OK : EG_E_INVALID);
        assert_true(task.command.len == 0 || strcmp(eg_buf_cstr(&task.command), "one.exe") == 0);
    }
    assert_string_equal(eg_buf_cstr(&task.command), "one.exe");
    eg_task_xml_done(&task);
    eg_buf_done(&blob);
}

static void decode__of_hostile_numbers__is_refused_with_the_place(void **state)
{
    eg_task_xml task;
    eg_buf blob;
    EG_UNUSED(state);
    eg_task_xml_init(&task);
    blob_begin(&blob, 4);
    assert_int_equal(eg_task_actions_decode(blob.data, blob.len, &task), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "version 4"));
    eg_buf_done(&blob);
    blob_begin(&blob, 3);
    blob_number(&blob, 0x6666, 2);
    blob_number(&blob, 0xFFFFFFFF, 4);
    assert_int_equal(eg_task_actions_decode(blob.data, blob.len, &task), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "at 24 of 24"));
    eg_buf_done(&blob);
    blob_begin(&blob, 3);
    blob_number(&blob, 0x1234, 2);
    blob_text(&blob, "");
    assert_int_equal(eg_task_actions_decode(blob.data, blob.len, &task), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "0x1234"));
    eg_buf_done(&blob);
    blob_begin(&blob, 3);
    for (int i = 0; i < 33; i++) {
        blob_exec(&blob, 3, "a", "", "");
    }
    assert_int_equal(eg_task_actions_decode(blob.data, blob.len, &task), EG_E_LIMIT);
    eg_buf_done(&blob);
    eg_task_xml_done(&task);
}

static int decode_once(void *arg)
{
    eg_buf *blob = arg;
    eg_task_xml task;
    eg_task_xml_init(&task);
    int status = eg_task_actions_decode(blob->data, blob->len, &task);
    eg_task_xml_done(&task);
    return status;
}

static void decode__without_memory__fails(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    blob_begin(&blob, 3);
    blob_exec(&blob, 3, "one.exe", "-x", "C:\\");
    assert_true(eg_test_each_allocation_fails(decode_once, &blob) >= 3);
    eg_buf_done(&blob);
}

int eg_test_task_actions(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode__of_a_program__gives_command_arguments_and_folder),
        cmocka_unit_test(decode__of_several_actions__lists_them_as_the_file_would),
        cmocka_unit_test(decode__cut_at_each_byte__keeps_what_was_whole),
        cmocka_unit_test(decode__of_hostile_numbers__is_refused_with_the_place),
        cmocka_unit_test(decode__without_memory__fails),
    };
    return cmocka_run_group_tests_name("task_actions", tests, NULL, NULL);
}
