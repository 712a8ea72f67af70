/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"
#include "tests/unit/link_blob.h"
#include "tests/unit/unpack_seen.h"
#include "tests/unit/zip_blob.h"

/* MS-ONESTORE: the GUID of the file, then objects, each with a mark, size, 12 bytes, the file. */
#define NOTEBOOK "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"
#define OBJECT "\xE7\x16\xE3\xBD\x65\x26\x11\x45\xA4\xC4\x8D\x4D\x0B\x7A\x9E\xAC"

static void notebook_add(eg_buf *blob, eg_str file, uint32_t size)
{
    eg_buf_append(blob, OBJECT, 16);
    blob_number(blob, size, 4);
    blob_number(blob, 0, 4);
    eg_buf_append(blob, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    eg_buf_append_str(blob, file);
}

static void link_make(eg_buf *blob)
{
    link_begin(blob, LINK_INFO | LINK_ARGUMENTS | LINK_ICON | LINK_UNICODE);
    link_info(blob, "C:\\cmd.exe", NULL);
    link_text(blob, "/c marker");
    link_text(blob, "word.ico");
    blob_number(blob, 0, 4);
}

static void notebook__with_files__gives_them(void **state)
{
    eg_buf blob;
    eg_buf shortcut;
    EG_UNUSED(state);
    link_make(&shortcut);
    eg_buf_init(&blob, 65536);
    eg_buf_append(&blob, NOTEBOOK, 16);
    eg_buf_append_cstr(&blob, "pages");
    notebook_add(&blob, EG_STR("first"), 5);
    notebook_add(&blob, eg_buf_str(&shortcut), (uint32_t)shortcut.len);
    seen_check(&blob, "embedded file embedded 1=first\n", NULL);
    seen_check(&blob,
               "shortcut embedded 2/shortcut=target: C:\\cmd.exe\narguments: /c marker\nfolder: \n"
               "icon: word.ico\n",
               NULL);
    /* a size that leads out of the file, or over the next object */
    notebook_add(&blob, EG_STR("third"), 500);
    notebook_add(&blob, EG_STR("fourth"), 6);
    seen_check(&blob, "embedded file embedded 3=third", "invalid embedded 3: it leads out");
    seen_check(&blob, "embedded file embedded 4=fourth\n", "bytes missing");
    eg_buf_done(&blob);
    eg_buf_done(&shortcut);
}

static void shortcut__that_ends_early__is_told_as_far_as_it_goes(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    link_make(&blob);
    blob.len -= 10;
    seen_check(&blob, "arguments: /c marker\n", "invalid : shortcut: its texts end early");
    eg_buf_done(&blob);
}

static void part__with_a_hostile_name__is_printable(void **state)
{
    zip_blob zip;
    char longest[3000];
    EG_UNUSED(state);
    memset(longest, 'n', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    zip_begin(&zip, "");
    zip_text(&zip, "a\x1B[2J\xFF\xE2\x80\xAE.txt", "x");
    zip_text(&zip, longest, "y");
    zip_end(&zip);
    seen_check(&zip.bytes, "archive member a\\u{1B}[2J\\u{FF}\\u{202E}.txt=x\n", NULL);
    eg_buf_done(&zip.bytes);
}

static int first_name(void *user, const eg_unpack_part *part)
{
    return eg_buf_append_str(user, part->name);
}

static int no_problem(void *user, eg_str name, int status, const char *why)
{
    EG_UNUSED(user);
    EG_UNUSED(name);
    EG_UNUSED(why);
    return status;
}

static void part__of_a_named_file__has_its_name_before_it(void **state)
{
    zip_blob zip;
    eg_buf name;
    EG_UNUSED(state);
    eg_buf_init(&name, 100);
    zip_begin(&zip, "");
    zip_text(&zip, "b", "x");
    zip_end(&zip);
    eg_unpack_visitor visitor = {&name, first_name, no_problem};
    assert_int_equal(eg_unpack(eg_buf_str(&zip.bytes), EG_STR("a.zip"), &eg_unpack_usual, &visitor),
                     EG_OK);
    assert_string_equal(eg_buf_cstr(&name), "a.zip/b");
    eg_buf_done(&name);
    eg_buf_done(&zip.bytes);
}

static int unpack_once(void *arg)
{
    seen found;
    int status = seen_unpack(&found, eg_buf_str(arg), NULL);
    seen_done(&found);
    return status;
}

static void shortcut__without_memory__fails(void **state)
{
    eg_buf blob;
    EG_UNUSED(state);
    link_make(&blob);
    assert_true(eg_test_each_allocation_fails(unpack_once, &blob) > 3);
    eg_buf_done(&blob);
}

int eg_test_unpack(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notebook__with_files__gives_them),
        cmocka_unit_test(shortcut__that_ends_early__is_told_as_far_as_it_goes),
        cmocka_unit_test(part__with_a_hostile_name__is_printable),
        cmocka_unit_test(part__of_a_named_file__has_its_name_before_it),
        cmocka_unit_test(shortcut__without_memory__fails),
    };
    return cmocka_run_group_tests_name("unpack", tests, NULL, NULL);
}
