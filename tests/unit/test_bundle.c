/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/bundle.h"
#include "core/update/zstd.h"
#include "tests/unit/unit.h"

#include "tests/unit/alloc.h"
#include "tests/unit/temp_folder.h"

#include <stdio.h>
#include <string.h>

#define ARCHIVE_ROOM ((size_t)64 * 1024)

static const eg_pack_file files[] = {
    {EG_STR_INIT("pack.json"), EG_STR_INIT("{\"name\":\"x\",\"serial\":2026112301}")},
    {EG_STR_INIT("sigma/a.yml"), EG_STR_INIT("title: A\n")},
    {EG_STR_INIT("sigma/B.yml"), EG_STR_INIT("")},
    {EG_STR_INIT("sigma/windows_is_a_long_folder_name_for_rules/process_creation_has_one_too/"
                 "proc_creation_win_a_rule_with_a_rather_long_file_name_like_those_of_others.yml"),
     EG_STR_INIT("title: long\n")},
};

static void make_archive(eg_buf *out)
{
    eg_str last = EG_STR_NONE;
    eg_buf_init(out, ARCHIVE_ROOM);
    for (size_t i = 0; i < EG_COUNT(files); i++) {
        assert_int_equal(eg_tar_append(out, last, &files[i]), EG_OK);
        last = files[i].name;
    }
    assert_int_equal(eg_tar_end(out), EG_OK);
}

static int walk_all(eg_str archive, size_t *count)
{
    eg_tar_walk walk = {.archive = archive};
    eg_pack_file file;
    int status;
    do {
        status = eg_tar_next(&walk, &file);
    } while (status == EG_OK);
    *count = walk.count;
    return status;
}

static void archive__written__is_read_back(void **state)
{
    eg_buf archive;
    eg_tar_walk walk = {{NULL, 0}, 0, 0, {NULL, 0}, {{0}}};
    EG_UNUSED(state);
    make_archive(&archive);
    walk.archive = eg_buf_str(&archive);
    for (size_t i = 0; i < EG_COUNT(files); i++) {
        eg_pack_file file;
        assert_int_equal(eg_tar_next(&walk, &file), EG_OK);
        assert_true(eg_str_equal(file.name, files[i].name));
        assert_true(eg_str_equal(file.text, files[i].text));
    }
    eg_pack_file file;
    assert_int_equal(eg_tar_next(&walk, &file), EG_E_NOTFOUND);
    eg_buf_done(&archive);
}

static void archive__with_any_byte_of_a_header_or_padding_changed__is_refused(void **state)
{
    eg_buf archive;
    size_t count, text_start = 512, text_end = 512 + files[0].text.len;
    EG_UNUSED(state);
    make_archive(&archive);
    for (size_t i = 0; i < 1024; i++) {
        if (i >= text_start && i < text_end) {
            continue;
        }
        for (int change = 1; change < 256; change <<= 1) {
            archive.data[i] = (char)(archive.data[i] ^ change);
            assert_int_equal(walk_all(eg_buf_str(&archive), &count), EG_E_INVALID);
            archive.data[i] = (char)(archive.data[i] ^ change);
        }
    }
    assert_int_equal(walk_all(eg_buf_str(&archive), &count), EG_E_NOTFOUND);
    eg_buf_done(&archive);
}

static void archive__cut_or_with_more_behind__is_refused(void **state)
{
    eg_buf archive;
    size_t count;
    EG_UNUSED(state);
    make_archive(&archive);
    for (size_t length = 0; length < archive.len; length++) {
        eg_str cut = {archive.data, length};
        assert_int_equal(walk_all(cut, &count), EG_E_INVALID);
    }
    assert_int_equal(eg_buf_append_char(&archive, '\0'), EG_OK);
    assert_int_equal(walk_all(eg_buf_str(&archive), &count), EG_E_INVALID);
    eg_buf_done(&archive);
}

static void name__that_is_not_safe_everywhere__is_refused(void **state)
{
    static const eg_str bad[] = {
        EG_STR_INIT(""),
        EG_STR_INIT("/a"),
        EG_STR_INIT("a/"),
        EG_STR_INIT("a//b"),
        EG_STR_INIT(".."),
        EG_STR_INIT("../a"),
        EG_STR_INIT("a/../b"),
        EG_STR_INIT("a/.b"),
        EG_STR_INIT("a."),
        EG_STR_INIT("c:a"),
        EG_STR_INIT("a\\b"),
        EG_STR_INIT("a b"),
        EG_STR_INIT("nul"),
        EG_STR_INIT("x/CON.yml"),
        EG_STR_INIT("com1.json"),
        EG_STR_INIT("LPT9"),
        EG_STR_INIT("a\0b"),
        EG_STR_INIT("\xE3\x81\x82.yml"),
        EG_STR_INIT("a/b/c/d/e/f/g/h/i"),
    };
    static const eg_str good[] = {EG_STR_INIT("a"), EG_STR_INIT("com.yml"), EG_STR_INIT("nul_x"),
                                  EG_STR_INIT("a/b/c/d/e/f/g/h"), EG_STR_INIT("A-1_b.c")};
    char longest[EG_TAR_PART_MAX + 2];
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        assert_int_equal(eg_tar_check_name(bad[i]), EG_E_INVALID);
    }
    for (size_t i = 0; i < EG_COUNT(good); i++) {
        assert_int_equal(eg_tar_check_name(good[i]), EG_OK);
    }
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(eg_tar_check_name((eg_str){longest, EG_TAR_PART_MAX}), EG_OK);
    assert_int_equal(eg_tar_check_name((eg_str){longest, EG_TAR_PART_MAX + 1}), EG_E_INVALID);
}

static void append__out_of_order_or_differing_in_case_alone__is_refused(void **state)
{
    eg_pack_file file = {EG_STR("a.yml"), EG_STR("x")};
    eg_buf out;
    EG_UNUSED(state);
    eg_buf_init(&out, ARCHIVE_ROOM);
    assert_int_equal(eg_tar_append(&out, EG_STR("b.yml"), &file), EG_E_INVALID);
    assert_int_equal(eg_tar_append(&out, EG_STR("A.YML"), &file), EG_E_INVALID);
    assert_int_equal(out.len, 0);
    assert_int_equal(eg_tar_append(&out, EG_STR("A.YM"), &file), EG_OK);
    eg_buf_done(&out);
}

/* ---- compressed ---- */

static void make_bundle(eg_bundle *bundle)
{
    eg_buf archive, packed;
    make_archive(&archive);
    eg_buf_init(&packed, ARCHIVE_ROOM);
    assert_int_equal(eg_zstd_compress(eg_buf_str(&archive), EG_STR_NONE, &packed), EG_OK);
    eg_bundle_init(bundle);
    assert_int_equal(eg_bundle_unpack(eg_buf_str(&packed), EG_STR_NONE, bundle), EG_OK);
    eg_buf_done(&packed);
    eg_buf_done(&archive);
}

static void bundle__unpacked__finds_its_files(void **state)
{
    eg_bundle bundle;
    EG_UNUSED(state);
    make_bundle(&bundle);
    assert_int_equal(bundle.count, EG_COUNT(files));
    for (size_t i = 0; i < EG_COUNT(files); i++) {
        const eg_pack_file *found = eg_bundle_find(&bundle, files[i].name);
        assert_non_null(found);
        assert_true(eg_str_equal(found->text, files[i].text));
    }
    assert_null(eg_bundle_find(&bundle, EG_STR("sigma/b.yml")));
    assert_null(eg_bundle_find(&bundle, EG_STR("sigma/z.yml")));
    eg_bundle_done(&bundle);
}

static void delta__with_the_old_archive__makes_the_new_one(void **state)
{
    eg_bundle bundle, again;
    eg_buf old, full, delta;
    eg_str other = EG_STR("something else altogether, as long as it is");
    EG_UNUSED(state);
    make_bundle(&bundle);
    eg_bundle_init(&again);
    eg_buf_init(&old, ARCHIVE_ROOM);
    eg_buf_init(&full, ARCHIVE_ROOM);
    eg_buf_init(&delta, ARCHIVE_ROOM);
    assert_int_equal(eg_buf_append_str(&old, eg_buf_str(&bundle.archive)), EG_OK);
    assert_int_equal(eg_buf_append_cstr(&old, "an older end"), EG_OK);
    assert_int_equal(eg_bundle_pack(&bundle, EG_STR_NONE, &full), EG_OK);
    assert_int_equal(eg_bundle_pack(&bundle, eg_buf_str(&old), &delta), EG_OK);
    assert_true(delta.len * 4 < full.len);
    assert_int_equal(eg_bundle_unpack(eg_buf_str(&delta), eg_buf_str(&old), &again), EG_OK);
    assert_true(eg_str_equal(eg_buf_str(&again.archive), eg_buf_str(&bundle.archive)));
    assert_int_equal(eg_bundle_unpack(eg_buf_str(&delta), other, &again), EG_E_INVALID);
    assert_int_equal(again.count, 0);
    assert_int_equal(eg_bundle_unpack(eg_buf_str(&delta), EG_STR_NONE, &again), EG_E_INVALID);
    eg_buf_done(&delta);
    eg_buf_done(&full);
    eg_buf_done(&old);
    eg_bundle_done(&again);
    eg_bundle_done(&bundle);
}

static void frame__damaged_or_too_large__is_refused(void **state)
{
    eg_buf bytes, packed, out;
    EG_UNUSED(state);
    eg_buf_init(&bytes, ARCHIVE_ROOM);
    eg_buf_init(&packed, ARCHIVE_ROOM);
    eg_buf_init(&out, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(eg_buf_append_char(&bytes, (char)(i * 7 % 251)), EG_OK);
    }
    assert_int_equal(eg_zstd_compress(eg_buf_str(&bytes), EG_STR_NONE, &packed), EG_OK);
    assert_int_equal(eg_zstd_decompress(eg_buf_str(&packed), EG_STR_NONE, &out), EG_OK);
    assert_true(eg_str_equal(eg_buf_str(&out), eg_buf_str(&bytes)));
    out.max = 999;
    assert_int_equal(eg_zstd_decompress(eg_buf_str(&packed), EG_STR_NONE, &out), EG_E_LIMIT);
    out.max = 1000;
    for (size_t length = 0; length < packed.len; length++) {
        eg_str cut = {packed.data, length};
        assert_int_equal(eg_zstd_decompress(cut, EG_STR_NONE, &out), EG_E_INVALID);
    }
    packed.data[packed.len - 1] = (char)(packed.data[packed.len - 1] ^ 1); /* of the checksum */
    assert_int_equal(eg_zstd_decompress(eg_buf_str(&packed), EG_STR_NONE, &out), EG_E_INVALID);
    packed.data[packed.len - 1] = (char)(packed.data[packed.len - 1] ^ 1);
    assert_int_equal(eg_buf_append_char(&packed, 'x'), EG_OK);
    assert_int_equal(eg_zstd_decompress(eg_buf_str(&packed), EG_STR_NONE, &out), EG_E_INVALID);
    eg_buf_done(&out);
    eg_buf_done(&packed);
    eg_buf_done(&bytes);
}

static int unpack_operation(void *arg)
{
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    int status = eg_bundle_unpack(*(eg_str *)arg, EG_STR_NONE, &bundle);
    assert_true(status == EG_OK || bundle.count == 0);
    eg_bundle_done(&bundle);
    return status;
}

static void unpacking__without_memory__fails_cleanly(void **state)
{
    eg_bundle bundle;
    eg_buf packed;
    EG_UNUSED(state);
    make_bundle(&bundle);
    eg_buf_init(&packed, ARCHIVE_ROOM);
    assert_int_equal(eg_bundle_pack(&bundle, EG_STR_NONE, &packed), EG_OK);
    eg_str view = eg_buf_str(&packed);
    assert_true(eg_test_each_allocation_fails(unpack_operation, &view) > 0);
    eg_buf_done(&packed);
    eg_bundle_done(&bundle);
}

/* ---- folders ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    assert_int_equal(eg_file_write_atomic(eg_test_path(folder, name), text, strlen(text)), EG_OK);
}

static void folder__read__gives_the_same_archive_whatever_was_written_first(void **state)
{
    const char *root = *state;
    eg_bundle bundle;
    eg_buf archive;
    eg_bundle_init(&bundle);
    assert_int_equal(eg_dir_create(eg_test_path(root, "sigma")), EG_OK);
    write_file(root, "sigma/B.yml", "");
    write_file(root, "sigma/a.yml", "title: A\n");
    write_file(root, ".hidden", "x");
    write_file(root, "pack.json", "{\"name\":\"x\",\"serial\":2026112301}");
    assert_int_equal(eg_bundle_read_folder(root, &bundle), EG_OK);
    assert_int_equal(bundle.count, 3);
    eg_str last = EG_STR_NONE;
    eg_buf_init(&archive, ARCHIVE_ROOM);
    for (size_t i = 0; i < bundle.count; i++) {
        assert_true(eg_str_equal(bundle.files[i].name, files[i].name));
        assert_int_equal(eg_tar_append(&archive, last, &files[i]), EG_OK);
        last = files[i].name;
    }
    assert_int_equal(eg_tar_end(&archive), EG_OK);
    assert_true(eg_str_equal(eg_buf_str(&archive), eg_buf_str(&bundle.archive)));
    eg_buf_done(&archive);
    eg_bundle_done(&bundle);
}

static void folder__with_a_name_that_cannot_travel__is_refused_with_the_name(void **state)
{
    const char *root = *state;
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    write_file(root, "my rule.yml", "x");
    assert_int_equal(eg_bundle_read_folder(root, &bundle), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "my rule.yml"));
    assert_int_equal(bundle.count, 0);
    eg_bundle_done(&bundle);
}

static void folder__empty_or_missing__is_refused(void **state)
{
    const char *root = *state;
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    assert_int_equal(eg_bundle_read_folder(root, &bundle), EG_E_INVALID);
    assert_int_not_equal(eg_bundle_read_folder(eg_test_path(root, "none"), &bundle), EG_OK);
    eg_bundle_done(&bundle);
}

static int read_operation(void *arg)
{
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    int status = eg_bundle_read_folder(arg, &bundle);
    eg_bundle_done(&bundle);
    return status;
}

static void folder__without_memory__fails_cleanly(void **state)
{
    write_file(*state, "pack.json", "{}");
    assert_true(eg_test_each_allocation_fails(read_operation, *state) > 0);
}

#define WITH_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)

int eg_test_bundle(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archive__written__is_read_back),
        cmocka_unit_test(archive__with_any_byte_of_a_header_or_padding_changed__is_refused),
        cmocka_unit_test(archive__cut_or_with_more_behind__is_refused),
        cmocka_unit_test(name__that_is_not_safe_everywhere__is_refused),
        cmocka_unit_test(append__out_of_order_or_differing_in_case_alone__is_refused),
        cmocka_unit_test(bundle__unpacked__finds_its_files),
        cmocka_unit_test(delta__with_the_old_archive__makes_the_new_one),
        cmocka_unit_test(frame__damaged_or_too_large__is_refused),
        cmocka_unit_test(unpacking__without_memory__fails_cleanly),
        WITH_FOLDER(folder__read__gives_the_same_archive_whatever_was_written_first),
        WITH_FOLDER(folder__with_a_name_that_cannot_travel__is_refused_with_the_name),
        WITH_FOLDER(folder__empty_or_missing__is_refused),
        WITH_FOLDER(folder__without_memory__fails_cleanly),
    };
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
