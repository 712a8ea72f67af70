/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/unpack/vba.h"
#include "tests/unit/unit.h"

static int unpack(eg_str packed, eg_buf *out)
{
    eg_buf_init(out, 16384);
    return eg_vba_decompress(packed, out);
}

/* The examples of MS-OVBA 3.2. */
static void decompress__of_the_published_examples__gives_their_text(void **state)
{
    static const struct {
        eg_str packed;
        const char *text;
    } examples[] = {
        {EG_STR_INIT("\x01\x19\xB0\x00"
                     "abcdefgh\x00ijklmnop\x00qrstuv."),
         "abcdefghijklmnopqrstuv."},
        {EG_STR_INIT("\x01\x2F\xB0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68"
                     "\x69\x6A\x01\x38\x08\x61\x6B\x6C\x00\x30\x6D\x6E\x6F\x70\x06\x71\x02\x70\x04"
                     "\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79\x7A\x00\x3C"),
         "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"},
        {EG_STR_INIT("\x01\x03\xB0\x02\x61\x45\x00"),
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(examples); i++) {
        eg_buf out;
        assert_int_equal(unpack(examples[i].packed, &out), EG_OK);
        assert_string_equal(eg_buf_cstr(&out), examples[i].text);
        eg_buf_done(&out);
    }
}

static void decompress__of_damaged_bytes__keeps_what_came_before(void **state)
{
    static const struct {
        eg_str packed;
        const char *text;
    } damaged[] = {
        {EG_STR_INIT("\x02\x03\xB0\x02\x61\x45\x00"), ""},      /* no mark */
        {EG_STR_INIT("\x01\x03\x80\x02\x61\x45\x00"), ""},      /* no mark of a chunk */
        {EG_STR_INIT("\x01\x03\xB0\x02\x61\x45\x10"), "a"},     /* a copy from before the start */
        {EG_STR_INIT("\x01\x03\xB0\x02\x61\x45"), "a"},         /* ends within a copy */
        {EG_STR_INIT("\x01\x09\xB0\x00\x61\x62"), "ab"},        /* ends within a chunk */
        {EG_STR_INIT("\x01\x03\xB0\x02\x61\xFF\x0F\x00"), "a"}, /* more than a chunk holds */
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(damaged); i++) {
        eg_buf out;
        assert_int_equal(unpack(damaged[i].packed, &out), EG_E_INVALID);
        assert_string_equal(eg_buf_cstr(&out), damaged[i].text);
        eg_buf_done(&out);
    }
}

static void find_source__among_other_bytes__wants_all_its_marks(void **state)
{
    eg_str bytes = EG_STR("xx\0Attribut\x01\x10\xB0\0Attribute");
    EG_UNUSED(state);
    assert_int_equal(eg_vba_find_source(bytes, 0), 11);
    assert_int_equal(eg_vba_find_source(bytes, 12), bytes.len);
    assert_int_equal(eg_vba_find_source(EG_STR("\0Attribut"), 0), 9);
    assert_int_equal(eg_vba_find_source(EG_STR(""), 0), 0);
}

int eg_test_vba(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decompress__of_the_published_examples__gives_their_text),
        cmocka_unit_test(decompress__of_damaged_bytes__keeps_what_came_before),
        cmocka_unit_test(find_source__among_other_bytes__wants_all_its_marks),
    };
    return cmocka_run_group_tests_name("vba", tests, NULL, NULL);
}
