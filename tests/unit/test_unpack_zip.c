/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/alloc.h"
#include "tests/unit/unpack_seen.h"
#include "tests/unit/zip_blob.h"

static void archive__of_stored_and_packed_members__gives_them(void **state)
{
    zip_blob zip;
    EG_UNUSED(state);
    zip_begin(&zip, "");
    zip_text(&zip, "a/b.txt", "stored");
    zip_text(&zip, "folder/", "");
    zip_text(&zip, "xl/macrosheets/sheet1.xml", "<f>EXEC()</f>");
    /* "packed" as a block with fixed codes */
    zip_add(&zip, &(zip_member){.name = "p",
                                .bytes = EG_STR("\x2B\x48\x4C\xCE\x4E\x4D\x01\x00"),
                                .method = 8,
                                .unpacked = 6,
                                .checksum = eg_crc32(EG_STR("packed"))});
    zip_end(&zip);
    seen_check(&zip.bytes, "archive member a/b.txt=stored\n", NULL);
    seen_check(&zip.bytes, "archive member p=packed\n", NULL);
    seen_check(&zip.bytes, "macro sheet xl/macrosheets/sheet1.xml=<f>EXEC()</f>\n", NULL);
    eg_buf_done(&zip.bytes);
}

static void archive__behind_a_program__is_found(void **state)
{
    zip_blob zip;
    EG_UNUSED(state);
    zip_begin(&zip, "MZ this is no archive PK\5\6");
    zip_text(&zip, "a", "inside");
    zip_end(&zip);
    seen_check(&zip.bytes, "archive member a=inside\n", NULL);
    eg_buf_done(&zip.bytes);
}

static void file__of_another_kind__gives_nothing(void **state)
{
    static const eg_str others[] = {EG_STR_INIT(""), EG_STR_INIT("PK"),
                                    EG_STR_INIT("text with PK\5\6 in it, and no directory")};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(others); i++) {
        seen found;
        assert_int_equal(seen_unpack(&found, others[i], NULL), EG_OK);
        assert_int_equal(found.part_count, 0);
        assert_string_equal(eg_buf_cstr(&found.problems), "");
        seen_done(&found);
    }
}

static void member__that_cannot_be_unpacked__is_told_and_the_others_given(void **state)
{
    zip_blob zip;
    EG_UNUSED(state);
    zip_begin(&zip, "");
    zip_add(&zip, &(zip_member){.name = "locked", .bytes = EG_STR("xx"), .flags = 1});
    zip_add(&zip, &(zip_member){.name = "lzma", .bytes = EG_STR("xx"), .method = 14});
    zip_add(&zip, &(zip_member){.name = "sum", .bytes = EG_STR("sum?"), .checksum = 7});
    zip_add(&zip, &(zip_member){.name = "size", .bytes = EG_STR("size?"), .unpacked = 7});
    zip_add(&zip, &(zip_member){.name = "bad", .bytes = EG_STR("\xFF\xFF"), .method = 8});
    zip_refer(&zip, &(zip_member){.name = "away", .bytes = EG_STR("")}, 0x7FFFFFFF);
    zip_text(&zip, "good", "good");
    zip_end(&zip);
    seen_check(&zip.bytes, "archive member good=good\n",
               "unsupported locked: could not look: encrypted\n");
    seen_check(&zip.bytes, "archive member sum=sum?\n", "unsupported lzma: could not look: packed");
    seen_check(&zip.bytes, "archive member size=size?\n", "invalid sum: its checksum");
    seen_check(&zip.bytes, "archive member bad=", "invalid size: its size");
    seen_check(&zip.bytes, "good", "invalid bad: packed bytes are damaged");
    seen_check(&zip.bytes, "good", "invalid away: it has no local header");
    eg_buf_done(&zip.bytes);
}

static void archive__without_its_directory__is_read_by_its_headers(void **state)
{
    zip_blob zip;
    EG_UNUSED(state);
    zip_begin(&zip, "");
    zip_text(&zip, "one", "first");
    /* its sizes stand behind it, as programs write that do not know them before */
    zip_add(&zip, &(zip_member){.name = "two",
                                .bytes = EG_STR("\x2B\x48\x4C\xCE\x4E\x4D\x01\x00"),
                                .method = 8,
                                .flags = 8,
                                .checksum = eg_crc32(EG_STR("packed"))});
    zip_add(&zip, &(zip_member){.name = "open", .bytes = EG_STR("stored"), .flags = 8});
    zip_text(&zip, "three", "third");
    size_t whole = zip.bytes.len;
    zip_end(&zip);
    zip.bytes.len = whole;
    seen_check(&zip.bytes, "archive member one=first\n", "its directory is missing");
    seen_check(&zip.bytes, "archive member two=packed\n", "its directory is missing");
    seen_check(&zip.bytes, "archive member open=stored\n", "invalid open: its length is not known");
    seen_check(&zip.bytes, "archive member three=third\n", "its directory is missing");
    eg_buf_done(&zip.bytes);
    /* and one that ends early */
    zip_begin(&zip, "");
    zip_text(&zip, "one", "first");
    zip_text(&zip, "two", "second");
    memset(zip.directory.data + 49, 'x', 4);
    zip_end(&zip);
    seen found;
    assert_int_equal(seen_unpack(&found, eg_buf_str(&zip.bytes), NULL), EG_OK);
    seen_has(&found.parts, "archive member two=second\n");
    seen_has(&found.problems, "its directory is damaged");
    assert_int_equal(found.part_count, 2);
    seen_done(&found);
    eg_buf_done(&zip.bytes);
}

static void members__that_share_bytes__are_told(void **state)
{
    zip_blob zip;
    zip_member shared = {.name = "a", .bytes = EG_STR("shared")};
    EG_UNUSED(state);
    zip_begin(&zip, "");
    zip_add(&zip, &shared);
    shared.name = "b";
    zip_refer(&zip, &shared, 0);
    zip_end(&zip);
    seen_check(&zip.bytes, "archive member a=shared\n",
               "invalid b: it shares bytes with another member");
    seen_check(&zip.bytes, "archive member b=shared\n", "b: it shares");
    eg_buf_done(&zip.bytes);
}

static void archives_in_archives__end_at_the_limit(void **state)
{
    zip_blob inner;
    eg_unpack_limits limits = eg_unpack_usual;
    seen found;
    EG_UNUSED(state);
    limits.depth = 3;
    zip_begin(&inner, "");
    zip_text(&inner, "text", "innermost");
    zip_end(&inner);
    for (int i = 0; i < 4; i++) {
        zip_blob outer;
        zip_begin(&outer, "");
        zip_add(&outer, &(zip_member){.name = "z", .bytes = eg_buf_str(&inner.bytes)});
        zip_end(&outer);
        eg_buf_done(&inner.bytes);
        inner = outer;
    }
    seen_check(&inner.bytes, "archive member z/z/z/z/text=innermost\n", NULL);
    assert_int_equal(seen_unpack(&found, eg_buf_str(&inner.bytes), &limits), EG_OK);
    seen_has(&found.problems, "limit z/z/z: more than 3 containers in each other\n");
    assert_int_equal(found.depth, 3);
    assert_int_equal(found.part_count, 3);
    seen_done(&found);
    eg_buf_done(&inner.bytes);
}

static void bomb__of_each_kind__ends_at_its_limit(void **state)
{
    zip_blob zip;
    eg_buf packed;
    eg_unpack_limits limits = eg_unpack_usual;
    seen found;
    EG_UNUSED(state);
    deflate_bomb(&packed, 40000);
    zip_member bomb = {
        .name = "b", .method = 8, .bytes = eg_buf_str(&packed), .unpacked = 10320001};
    zip_begin(&zip, "");
    zip_add(&zip, &bomb);
    for (int i = 0; i < 100; i++) {
        zip_refer(&zip, &bomb, 0);
    }
    zip_end(&zip);
    eg_str bytes = eg_buf_str(&zip.bytes);
    assert_int_equal(seen_unpack(&found, bytes, &limits), EG_OK);
    seen_has(&found.parts, "archive member b=<10320001>\n");
    assert_int_equal(found.bytes, limits.all_bytes);
    seen_has(&found.problems, "limit b: only its first");
    seen_done(&found);
    limits.ratio = 100;
    assert_int_equal(seen_unpack(&found, bytes, &limits), EG_OK);
    seen_has(&found.problems, "the limit of what so few packed bytes may give");
    seen_done(&found);
    limits = eg_unpack_usual;
    limits.part_bytes = 1000;
    assert_int_equal(seen_unpack(&found, bytes, &limits), EG_OK);
    seen_has(&found.problems, "b: only its first 1000 bytes were looked at: the limit of one part");
    assert_int_equal(found.bytes, 101 * 1000);
    seen_done(&found);
    limits.parts = 5;
    assert_int_equal(seen_unpack(&found, bytes, &limits), EG_OK);
    seen_has(&found.problems, "the limit of 5 parts is reached");
    assert_int_equal(found.part_count, 5);
    seen_done(&found);
    limits = eg_unpack_usual;
    limits.work = bytes.len + 200000;
    assert_int_equal(seen_unpack(&found, bytes, &limits), EG_OK);
    seen_has(&found.problems, "steps is reached");
    seen_done(&found);
    limits = eg_unpack_usual;
    limits.problems = 2;
    assert_int_equal(seen_unpack(&found, bytes, &limits), EG_OK);
    seen_has(&found.problems, "there are more problems");
    seen_done(&found);
    eg_buf_done(&packed);
    eg_buf_done(&zip.bytes);
}

static void archive__cut_at_each_byte__reads_nothing_beyond(void **state)
{
    zip_blob zip;
    seen found;
    EG_UNUSED(state);
    zip_begin(&zip, "");
    zip_text(&zip, "one", "first");
    zip_text(&zip, "two", "second");
    zip_end(&zip);
    for (size_t size = 0; size < zip.bytes.len; size++) {
        char *exact = eg_alloc(size);
        assert_non_null(exact);
        memcpy(exact, zip.bytes.data, size);
        assert_int_equal(seen_unpack(&found, (eg_str){exact, size}, NULL), EG_OK);
        assert_true(size < 4 || found.problems.len > 0);
        seen_done(&found);
        eg_free(exact);
    }
    eg_buf_done(&zip.bytes);
}

static int stop(void *user, const eg_unpack_part *part)
{
    EG_UNUSED(part);
    ++*(int *)user;
    return EG_E_CLOSED;
}

static int no_problem(void *user, eg_str name, int status, const char *why)
{
    EG_UNUSED(user);
    EG_UNUSED(name);
    EG_UNUSED(why);
    return status;
}

static void visitor__that_says_no__ends_the_walk(void **state)
{
    zip_blob zip;
    int calls = 0;
    EG_UNUSED(state);
    zip_begin(&zip, "");
    zip_text(&zip, "one", "first");
    zip_text(&zip, "two", "second");
    zip_end(&zip);
    eg_unpack_visitor visitor = {&calls, stop, no_problem};
    assert_int_equal(eg_unpack(eg_buf_str(&zip.bytes), EG_STR("x"), &eg_unpack_usual, &visitor),
                     EG_E_CLOSED);
    assert_int_equal(calls, 1);
    eg_buf_done(&zip.bytes);
}

static int unpack_once(void *arg)
{
    seen found;
    int status = seen_unpack(&found, eg_buf_str(arg), NULL);
    seen_done(&found);
    return status;
}

static void archive__without_memory__fails(void **state)
{
    zip_blob zip;
    eg_buf packed;
    EG_UNUSED(state);
    deflate_bomb(&packed, 20);
    zip_begin(&zip, "");
    zip_text(&zip, "one", "first");
    zip_add(&zip, &(zip_member){.name = "b", .method = 8, .bytes = eg_buf_str(&packed)});
    zip_end(&zip);
    assert_true(eg_test_each_allocation_fails(unpack_once, &zip.bytes) > 5);
    eg_buf_done(&packed);
    eg_buf_done(&zip.bytes);
}

int eg_test_unpack_zip(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archive__of_stored_and_packed_members__gives_them),
        cmocka_unit_test(archive__behind_a_program__is_found),
        cmocka_unit_test(file__of_another_kind__gives_nothing),
        cmocka_unit_test(member__that_cannot_be_unpacked__is_told_and_the_others_given),
        cmocka_unit_test(archive__without_its_directory__is_read_by_its_headers),
        cmocka_unit_test(members__that_share_bytes__are_told),
        cmocka_unit_test(archives_in_archives__end_at_the_limit),
        cmocka_unit_test(bomb__of_each_kind__ends_at_its_limit),
        cmocka_unit_test(archive__cut_at_each_byte__reads_nothing_beyond),
        cmocka_unit_test(visitor__that_says_no__ends_the_walk),
        cmocka_unit_test(archive__without_memory__fails),
    };
    return cmocka_run_group_tests_name("unpack_zip", tests, NULL, NULL);
}
