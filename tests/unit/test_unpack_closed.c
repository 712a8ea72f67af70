/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot be looked into, encrypted or packed in a way that is not opened, is told. */
#include "tests/unit/unit.h"

#include "tests/unit/ole_blob.h"
#include "tests/unit/unpack_seen.h"
#include "tests/unit/zip_blob.h"

#include <stdio.h>

static void container__that_is_not_opened__is_told_by_name(void **state)
{
    static const struct {
        size_t at;
        eg_str mark;
        const char *name;
    } cases[] = {
        {0, EG_STR_INIT("7z\xBC\xAF\x27\x1C"), "7z archive"},
        {0, EG_STR_INIT("Rar!\x1A\x07\1\0"), "RAR archive"},
        {0, EG_STR_INIT("Rar!\x1A\x07\0"), "RAR archive"},
        {0, EG_STR_INIT("MSCF\0\0\0\0"), "cabinet"},
        {0x8001, EG_STR_INIT("CD001"), "disc image (ISO)"},
        {0, EG_STR_INIT("vhdxfile"), "virtual disk (VHDX)"},
        {1024, EG_STR_INIT("conectix"), "virtual disk (VHD)"},
        {257, EG_STR_INIT("ustar"), "tar archive"},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_buf blob;
        eg_buf_init(&blob, 65536);
        while (blob.len < cases[i].at) {
            eg_buf_append_char(&blob, 'x');
        }
        eg_buf_append_str(&blob, cases[i].mark);
        while (blob.len < cases[i].at + 512) {
            eg_buf_append_char(&blob, 0);
        }
        char problem[128];
        snprintf(problem, sizeof(problem), "unsupported : could not look into it: a %s",
                 cases[i].name);
        seen_check(&blob, "", problem);
        /* the beginning of the mark is not enough */
        blob.len = cases[i].at + 4;
        seen found;
        assert_int_equal(seen_unpack(&found, eg_buf_str(&blob), NULL), EG_OK);
        assert_string_equal(eg_buf_cstr(&found.problems), "");
        seen_done(&found);
        eg_buf_done(&blob);
    }
}

static void archive__within_an_archive__is_told_where_it_lies(void **state)
{
    zip_blob zip;
    EG_UNUSED(state);
    zip_begin(&zip, "");
    zip_text(&zip, "inner.7z", "7z\xBC\xAF\x27\x1C");
    zip_end(&zip);
    seen_check(&zip.bytes, "archive member inner.7z=", "inner.7z: could not look into it: a 7z");
    eg_buf_done(&zip.bytes);
}

static void check_stream(const char *name, eg_str bytes, const char *problem)
{
    eg_buf blob;
    ole_item items[] = {{name, 0, bytes}};
    ole_build(&blob, items, 1, 9);
    seen_check(&blob, "stream ", problem);
    eg_buf_done(&blob);
}

static void document__that_is_encrypted__is_told(void **state)
{
    EG_UNUSED(state);
    check_stream("WordDocument", EG_STR("\xEC\xA5\xC1\0\0\0\0\0\0\0\0\1"),
                 "WordDocument: could not look: encrypted");
    check_stream("WordDocument", EG_STR("\xEC\xA5\xC1\0\0\0\0\0\0\0\xFF\xFE"), NULL);
    check_stream("WordDocument", EG_STR("\xEC\xA5"), NULL);
    check_stream("Workbook", EG_STR("\x09\x08\x04\0\0\6\5\0\x2F\0\x02\0\0\0"),
                 "Workbook: could not look: encrypted");
    check_stream("EncryptedPackage", EG_STR("x"), "EncryptedPackage: could not look: encrypted");
    check_stream("EncryptedSummary", EG_STR("x"), "EncryptedSummary: could not look: encrypted");
}

static void open_document__with_macros__gives_them_and_tells_encryption(void **state)
{
    zip_blob zip;
    EG_UNUSED(state);
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        zip_begin(&zip, "");
        zip_text(&zip, "mimetype", "application/vnd.oasis.opendocument.text");
        zip_text(&zip, "Basic/Standard/Module1.xml", "Sub Main Shell(marker)");
        zip_text(&zip, "META-INF/manifest.xml",
                 encrypted ? "<manifest:encryption-data manifest:checksum=\"x\">" : "<manifest/>");
        zip_end(&zip);
        seen_check(&zip.bytes, "archive member Basic/Standard/Module1.xml=Sub Main Shell(marker)\n",
                   encrypted ? "unsupported : could not look: encrypted" : NULL);
        eg_buf_done(&zip.bytes);
    }
}

int eg_test_unpack_closed(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(container__that_is_not_opened__is_told_by_name),
        cmocka_unit_test(archive__within_an_archive__is_told_where_it_lies),
        cmocka_unit_test(document__that_is_encrypted__is_told),
        cmocka_unit_test(open_document__with_macros__gives_them_and_tells_encryption),
    };
    return cmocka_run_group_tests_name("unpack_closed", tests, NULL, NULL);
}
