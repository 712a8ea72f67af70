/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/unpack/shell_link.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"
#include "tests/unit/link_blob.h"

static void check(const eg_buf *blob, const char *target, const char *arguments, const char *folder)
{
    eg_shell_link link;
    eg_shell_link_init(&link);
    assert_int_equal(blob->status, EG_OK);
    if (eg_shell_link_parse(blob->data, blob->len, &link) != EG_OK) {
        fail_msg("%s", eg_error_message());
    }
    assert_string_equal(eg_buf_cstr(&link.target), target);
    assert_string_equal(eg_buf_cstr(&link.arguments), arguments);
    assert_string_equal(eg_buf_cstr(&link.working_directory), folder);
    assert_string_equal(eg_buf_cstr(&link.icon), *folder ? "icon.ico" : "");
    eg_shell_link_done(&link);
}

static void make_full(eg_buf *blob)
{
    link_begin(blob, LINK_INFO | LINK_NAME | LINK_RELATIVE | LINK_FOLDER | LINK_ARGUMENTS |
                         LINK_ICON | LINK_UNICODE);
    link_info(blob, "C:\\?\\a.exe", "C:\\\xE7\x94\xB0\xE4\xB8\xAD\\a.exe");
    link_text(blob, "a name");
    link_text(blob, "..\\a.exe");
    link_text(blob, "C:\\work");
    link_text(blob, "/c start \xE7\x94\xB0.dll");
    link_text(blob, "icon.ico");
    blob_number(blob, 0, 4);
}

static void parse__of_a_shortcut__gives_target_and_arguments(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    make_full(&blob);
    check(&blob, "C:\\\xE7\x94\xB0\xE4\xB8\xAD\\a.exe", "/c start \xE7\x94\xB0.dll", "C:\\work");
    eg_buf_done(&blob);
    /* without Unicode: bytes that are no UTF-8 are replaced */
    link_begin(&blob, LINK_INFO | LINK_ARGUMENTS);
    link_info(&blob, "C:\\x\\\x93\xFA.exe", NULL);
    blob_number(&blob, 5, 2);
    eg_buf_append_cstr(&blob, "-a -b");
    check(&blob, "C:\\x\\\xEF\xBF\xBD\xEF\xBF\xBD.exe", "-a -b", "");
    eg_buf_done(&blob);
}

/* An item of the list: its size, its kind, filling up to the name, the name and a NUL. */
static void link_item(eg_buf *list, uint32_t kind, size_t name_at, const char *name)
{
    size_t size = name_at + strlen(name) + 1;
    size_t start = list->len;
    blob_number(list, (uint32_t)size, 2);
    blob_number(list, kind, 1);
    while (list->len < start + name_at) {
        eg_buf_append_char(list, 'x');
    }
    eg_buf_append(list, name, strlen(name) + 1);
}

/* Shortcuts made by hand often name their target in the list of items only. */
static void parse__without_a_path__takes_what_else_names_it(void **state)
{
    eg_buf blob;
    eg_buf list;
    EG_UNUSED(state);
    eg_buf_init(&list, 1024);
    link_item(&list, 0x1F, 19, "");
    link_item(&list, 0x2F, 3, "C:\\");
    link_item(&list, 0x31, 14, "Windows");
    link_item(&list, 0x32, 14, "cmd.exe");
    blob_number(&list, 0, 2);
    link_begin(&blob, LINK_ITEMS | LINK_RELATIVE | LINK_UNICODE);
    blob_number(&blob, (uint32_t)list.len, 2);
    eg_buf_append_str(&blob, eg_buf_str(&list));
    link_text(&blob, "..\\other.exe");
    check(&blob, "C:\\Windows\\cmd.exe", "", "");
    eg_buf_done(&list);
    eg_buf_done(&blob);
    link_begin(&blob, LINK_RELATIVE | LINK_UNICODE);
    link_text(&blob, "..\\..\\Windows\\cmd.exe");
    check(&blob, "..\\..\\Windows\\cmd.exe", "", "");
    eg_buf_done(&blob);
}

static void append_zeroes(eg_buf *blob, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        eg_buf_append_char(blob, 0);
    }
}

static void parse__with_environment_block__takes_its_target(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    link_begin(&blob, LINK_INFO);
    link_info(&blob, "C:\\shown.exe", NULL);
    blob_number(&blob, 8, 4); /* another block */
    blob_number(&blob, 0xA0000002, 4);
    blob_number(&blob, 0x314, 4);
    blob_number(&blob, 0xA0000001, 4);
    eg_buf_append_cstr(&blob, "%windir%\\real.exe");
    append_zeroes(&blob, 0x314 - 8 - 17);
    check(&blob, "%windir%\\real.exe", "", "");
    eg_buf_done(&blob);
}

static void parse__of_a_file_on_a_share__names_the_server(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    link_begin(&blob, LINK_INFO);
    size_t start = blob.len;
    blob_number(&blob, 0x1C + 20 + 12 + 6, 4);
    blob_number(&blob, 0x1C, 4);
    blob_number(&blob, 2, 4); /* on another computer */
    blob_number(&blob, 0, 4);
    blob_number(&blob, 0, 4);
    blob_number(&blob, 0x1C, 4);
    blob_number(&blob, 0x1C + 20 + 12, 4);
    blob_number(&blob, 32, 4);
    blob_number(&blob, 0, 4);
    blob_number(&blob, 20, 4);
    blob_number(&blob, 0, 4);
    blob_number(&blob, 0, 4);
    eg_buf_append(&blob, "\\\\srv\\share", 12);
    eg_buf_append(&blob, "b.exe", 6);
    assert_int_equal(blob.len - start, 0x1C + 20 + 12 + 6);
    check(&blob, "\\\\srv\\share\\b.exe", "", "");
    eg_buf_done(&blob);
}

static void parse__cut_at_each_byte__reads_nothing_beyond(void **state)
{
    eg_buf blob;
    eg_shell_link link;
    EG_UNUSED(state);
    make_full(&blob);
    eg_shell_link_init(&link);
    for (size_t size = 0; size < blob.len - 4; size++) {
        char *exact = eg_alloc(size);
        assert_non_null(exact);
        memcpy(exact, blob.data, size);
        assert_int_equal(eg_shell_link_parse(exact, size, &link), EG_E_INVALID);
        eg_free(exact);
    }
    assert_string_equal(eg_buf_cstr(&link.arguments), "/c start \xE7\x94\xB0.dll");
    eg_shell_link_done(&link);
    eg_buf_done(&blob);
}

static void parse__of_other_files__is_refused(void **state)
{
    eg_shell_link link;
    EG_UNUSED(state);
    eg_shell_link_init(&link);
    assert_int_equal(eg_shell_link_parse("", 0, &link), EG_E_INVALID);
    char zeroes[0x4C] = {0x4C};
    assert_int_equal(eg_shell_link_parse(zeroes, sizeof(zeroes), &link), EG_E_INVALID);
    eg_shell_link_done(&link);
}

static int parse_once(void *arg)
{
    eg_buf *blob = arg;
    eg_shell_link link;
    eg_shell_link_init(&link);
    int status = eg_shell_link_parse(blob->data, blob->len, &link);
    eg_shell_link_done(&link);
    return status;
}

static void parse__without_memory__fails(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    make_full(&blob);
    assert_true(eg_test_each_allocation_fails(parse_once, &blob) >= 3);
    eg_buf_done(&blob);
}

int eg_test_shell_link(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse__of_a_shortcut__gives_target_and_arguments),
        cmocka_unit_test(parse__without_a_path__takes_what_else_names_it),
        cmocka_unit_test(parse__with_environment_block__takes_its_target),
        cmocka_unit_test(parse__of_a_file_on_a_share__names_the_server),
        cmocka_unit_test(parse__cut_at_each_byte__reads_nothing_beyond),
        cmocka_unit_test(parse__of_other_files__is_refused),
        cmocka_unit_test(parse__without_memory__fails),
    };
    return cmocka_run_group_tests_name("shell_link", tests, NULL, NULL);
}
