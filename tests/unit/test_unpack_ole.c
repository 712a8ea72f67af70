/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/alloc.h"
#include "tests/unit/ole_blob.h"
#include "tests/unit/unpack_seen.h"

#define SOURCE \
    "Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\nShell \"marker\"\r\nEnd Sub\r\n"

typedef struct project {
    eg_buf dir, module;
    ole_item items[4];
} project;

/* Macros/VBA with a module whose source lies behind `offset` bytes of compiled code. */
static void project_make(project *made, const char *source, uint32_t code_page, uint32_t says)
{
    eg_buf_init(&made->dir, 8192);
    eg_buf_init(&made->module, 8192);
    vba_dir(&made->dir, code_page, "Module1", says);
    eg_buf_append_cstr(&made->module, "compiled");
    vba_pack(&made->module, eg_str_from(source));
    made->items[0] = (ole_item){"Macros", 0, EG_STR_NONE};
    made->items[1] = (ole_item){"VBA", 1, EG_STR_NONE};
    made->items[2] = (ole_item){"dir", 2, eg_buf_str(&made->dir)};
    made->items[3] = (ole_item){"Module1", 2, eg_buf_str(&made->module)};
}

static void project_build(eg_buf *blob, const char *source, uint32_t code_page, uint32_t says)
{
    project made;
    project_make(&made, source, code_page, says);
    ole_build(blob, made.items, 4, 9);
    eg_buf_done(&made.dir);
    eg_buf_done(&made.module);
}

static void project__with_a_module__gives_its_source(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    project_build(&blob, SOURCE, 1252, 8);
    seen_check(&blob, "macro source Macros/VBA/Module1=" SOURCE, NULL);
    seen_check(&blob, "stream Macros/VBA/Module1=compiled", NULL);
    eg_buf_done(&blob);
}

static void source__in_a_code_page__is_told_as_bytes_and_as_text(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    project_build(&blob, "Attribute 'caf\xE9\x80", 1252, 8);
    seen_check(&blob, "macro source Macros/VBA/Module1=Attribute 'caf\xE9\x80\n", NULL);
    seen_check(&blob, "macro text Macros/VBA/Module1=Attribute 'caf\xC3\xA9\xE2\x82\xAC\n", NULL);
    eg_buf_done(&blob);
    project_build(&blob, "Attribute '\x93\xFA\x96\x7B", 932, 8);
    seen_check(&blob, "macro source Macros/VBA/Module1=Attribute '\x93\xFA\x96\x7B\n", NULL);
#ifdef _WIN32
    seen_check(&blob, "macro text Macros/VBA/Module1=Attribute '\xE6\x97\xA5\xE6\x9C\xAC\n", NULL);
#endif
    eg_buf_done(&blob);
}

static void list_of_modules__that_leads_elsewhere__hides_no_source(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    project_build(&blob, SOURCE, 1252, 1);
    seen_check(&blob, "macro source Macros/VBA/Module1=" SOURCE, "found by search at 8");
    seen_check(&blob, SOURCE, "no compressed source where it should be");
    eg_buf_done(&blob);
    /* no list at all */
    project made;
    project_make(&made, SOURCE, 1252, 8);
    made.items[2].name = "gone";
    ole_build(&blob, made.items, 4, 9);
    seen_check(&blob, "macro source Macros/VBA/Module1=" SOURCE, "found by search at 8");
    eg_buf_done(&blob);
    /* a list that is damaged */
    made.items[2].name = "dir";
    made.dir.data[1] = (char)(made.dir.data[1] - 20);
    made.items[2].bytes = eg_buf_str(&made.dir);
    ole_build(&blob, made.items, 4, 9);
    seen_check(&blob, "macro source Macros/VBA/Module1=" SOURCE, "Macros/VBA/Module1: the list");
    seen_check(&blob, SOURCE, "dir: the list of modules");
    eg_buf_done(&blob);
    eg_buf_done(&made.dir);
    eg_buf_done(&made.module);
}

static void streams__small_and_large_in_both_versions__are_whole(void **state)
{
    eg_buf blob, large;
    EG_UNUSED(state);
    eg_buf_init(&large, 65536);
    for (int i = 0; i < 20000; i++) {
        eg_buf_append_char(&large, (char)('a' + i % 26));
    }
    ole_item items[] = {{"small", 0, EG_STR("a few bytes")},
                        {"dir", 0, EG_STR("no list of modules")},
                        {"large", 0, eg_buf_str(&large)},
                        {"empty", 0, EG_STR("")}};
    for (unsigned shift = 9; shift <= 12; shift += 3) {
        ole_build(&blob, items, 4, shift);
        seen_check(&blob, "stream small=a few bytes\n", NULL);
        seen_check(&blob, "stream large=<20000>\n", NULL);
        seen_check(&blob, "stream empty=\n", NULL);
        eg_buf_done(&blob);
    }
    eg_buf_done(&large);
}

/* Where things lie in what ole_build makes with sectors of 512 bytes. */
enum {
    FAT_AT = 512,
    DIRECTORY_SECTOR = OLE_SECTORS_MAX * 4 / 512,
    DIRECTORY_AT = 512 + OLE_SECTORS_MAX * 4,
};

static void set_number(eg_buf *blob, size_t at, uint32_t number)
{
    for (size_t i = 0; i < 4; i++) {
        blob->data[at + i] = (char)(number >> (8 * i));
    }
}

static void sectors__in_a_circle__end_and_are_told(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    project_build(&blob, SOURCE, 1252, 8);
    set_number(&blob, FAT_AT + 4 * (DIRECTORY_SECTOR + 1), DIRECTORY_SECTOR);
    seen_check(&blob, "macro source Macros/VBA/Module1=" SOURCE,
               "invalid the directory: its chain of sectors runs in a circle");
    eg_buf_done(&blob);
    /* the lists of the FAT */
    project_build(&blob, SOURCE, 1252, 8);
    set_number(&blob, 0x2C, 5000);
    set_number(&blob, 0x44, 1);
    set_number(&blob, FAT_AT + 512 + 508, 1);
    seen_check(&blob, "macro source Macros/VBA/Module1=" SOURCE, "table of sectors");
    eg_buf_done(&blob);
}

static void directory__that_loops__is_read_once_and_told(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    project_build(&blob, SOURCE, 1252, 8);
    set_number(&blob, DIRECTORY_AT + 4 * 128 + 72, 1); /* right of Module1: Macros */
    seen_check(&blob, "macro source Macros/VBA/Module1=" SOURCE, "Module1: the directory loops");
    eg_buf_done(&blob);
    project_build(&blob, SOURCE, 1252, 8);
    set_number(&blob, DIRECTORY_AT + 128 + 76, 0xFFFFFFFFu); /* no child of Macros */
    seen_check(&blob, "macro source unlinked/Module1=" SOURCE,
               "nothing in the directory leads to it");
    eg_buf_done(&blob);
}

static void stream__longer_than_its_chain__is_read_as_far_as_it_goes(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    ole_item items[] = {{"cut", 0, EG_STR("a few bytes")}};
    ole_build(&blob, items, 1, 9);
    set_number(&blob, DIRECTORY_AT + 128 + 120, 3000);
    seen_check(&blob, "stream cut=a few bytes", "invalid cut: its chain ends early");
    set_number(&blob, DIRECTORY_AT + 128 + 116, 77777);
    seen_check(&blob, "stream cut=\n", "invalid cut: its chain leads out of the file");
    eg_buf_done(&blob);
}

static void document__with_a_password__is_told_as_encrypted(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    ole_item items[] = {{"EncryptedPackage", 0, EG_STR("secret")}};
    ole_build(&blob, items, 1, 9);
    seen_check(&blob, "stream EncryptedPackage=secret", "could not look: encrypted");
    eg_buf_done(&blob);
}

static void package__in_a_stream__gives_its_file(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    ole_item items[] = {
        {"\x01Ole10Native", 0,
         EG_STR("\0\0\0\0\2\0a.js\0C:\\a.js\0\0\0\3\0\x05\0\0\0C:\\t\0\6\0\0\0script")}};
    ole_build(&blob, items, 1, 9);
    seen_check(&blob, "embedded file \\u{1}Ole10Native=script\n", NULL);
    eg_buf_done(&blob);
}

static void sheet_record(eg_buf *out, uint32_t id, eg_str data)
{
    blob_number(out, id, 2);
    blob_number(out, (uint32_t)data.len, 2);
    eg_buf_append_str(out, data);
}

static void workbook__with_a_macro_sheet__gives_its_records(void **state)
{
    eg_buf blob, book;
    EG_UNUSED(state);
    eg_buf_init(&book, 4096);
    sheet_record(&book, 0x0809, EG_STR("\0\6\5\0"));
    sheet_record(&book, 0x0085, EG_STR("\x2A\0\0\0\2\1\6\0Macro1")); /* very hidden */
    sheet_record(&book, 0x0085, EG_STR("\0\0\0\0\0\0\2\0S1"));
    sheet_record(&book, 0x000A, EG_STR(""));
    assert_int_equal(book.len, 8 + 18 + 14 + 4);
    book.data[12] = (char)book.len;
    sheet_record(&book, 0x0809, EG_STR("\0\6\x40\0"));
    sheet_record(&book, 0x0006, EG_STR("=EXEC(marker)"));
    sheet_record(&book, 0x000A, EG_STR(""));
    eg_buf_append_cstr(&book, "behind");
    ole_item items[] = {{"Workbook", 0, eg_buf_str(&book)}};
    ole_build(&blob, items, 1, 9);
    seen found;
    assert_int_equal(seen_unpack(&found, eg_buf_str(&blob), NULL), EG_OK);
    seen_has(&found.parts, "macro sheet Workbook/Macro1=");
    seen_has(&found.parts, "=EXEC(marker)\n");
    assert_int_equal(found.part_count, 2);
    assert_string_equal(eg_buf_cstr(&found.problems), "");
    seen_done(&found);
    eg_buf_done(&blob);
    book.data[8] = 0x2F; /* instead of the first sheet: encrypted from here on */
    ole_build(&blob, items, 1, 9);
    seen_check(&blob, "stream Workbook=", "unsupported Workbook: could not look: encrypted");
    eg_buf_done(&blob);
    eg_buf_done(&book);
}

static void file__cut_at_each_byte__reads_nothing_beyond(void **state)
{
    eg_buf blob;
    seen found;
    EG_UNUSED(state);
    project_build(&blob, SOURCE, 1252, 8);
    for (size_t size = 0; size < blob.len; size += size < 700 || size > 4500 ? 1 : 61) {
        char *exact = eg_copy_bytes(blob.data, size);
        assert_non_null(exact);
        assert_int_equal(seen_unpack(&found, (eg_str){exact, size}, NULL), EG_OK);
        /* what is cut of the last sector may be no more than what fills it up */
        assert_true(size < 8 || size + 512 > blob.len || found.problems.len > 0);
        seen_done(&found);
        eg_free(exact);
    }
    eg_buf_done(&blob);
}

static int unpack_once(void *arg)
{
    seen found;
    int status = seen_unpack(&found, eg_buf_str(arg), NULL);
    seen_done(&found);
    return status;
}

static void project__without_memory__fails(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    project_build(&blob, "Attribute 'caf\xE9", 1252, 8);
    assert_true(eg_test_each_allocation_fails(unpack_once, &blob) > 10);
    eg_buf_done(&blob);
}

int eg_test_unpack_ole(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(project__with_a_module__gives_its_source),
        cmocka_unit_test(source__in_a_code_page__is_told_as_bytes_and_as_text),
        cmocka_unit_test(list_of_modules__that_leads_elsewhere__hides_no_source),
        cmocka_unit_test(streams__small_and_large_in_both_versions__are_whole),
        cmocka_unit_test(sectors__in_a_circle__end_and_are_told),
        cmocka_unit_test(directory__that_loops__is_read_once_and_told),
        cmocka_unit_test(stream__longer_than_its_chain__is_read_as_far_as_it_goes),
        cmocka_unit_test(document__with_a_password__is_told_as_encrypted),
        cmocka_unit_test(package__in_a_stream__gives_its_file),
        cmocka_unit_test(workbook__with_a_macro_sheet__gives_its_records),
        cmocka_unit_test(file__cut_at_each_byte__reads_nothing_beyond),
        cmocka_unit_test(project__without_memory__fails),
    };
    return cmocka_run_group_tests_name("unpack_ole", tests, NULL, NULL);
}
