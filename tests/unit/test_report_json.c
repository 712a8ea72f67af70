/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON report: everything is in it, and whatever the texts are, it can be read. */
#include "tests/unit/unit.h"

#include "cli/report_json.c"

#include "tests/unit/alloc.h"
#include "tests/unit/report_samples.h"

static yyjson_doc *write_and_read(const eg_check_report *report)
{
    eg_buf out;
    yyjson_doc *document = NULL;
    eg_buf_init(&out, EG_REPORT_BYTES_MAX);
    assert_int_equal(eg_report_write_json(report, &out), EG_OK);
    assert_true(eg_utf8_valid(eg_buf_str(&out)));
    assert_int_equal(out.data[0], '{');
    assert_int_equal(eg_json_parse(eg_buf_str(&out), &document), EG_OK);
    eg_buf_done(&out);
    return document;
}

static void assert_member(yyjson_val *object, const char *key, const char *expected)
{
    assert_true(eg_str_equal(eg_json_get_str(object, key), eg_str_from(expected)));
}

static void json__of_an_infection__holds_all_of_it(void **state)
{
    (void)state;
    eg_check_report *report = make_sample(SAMPLE_INFECTED);
    yyjson_doc *document = write_and_read(report);
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *finding = yyjson_arr_get_first(yyjson_obj_get(root, "findings"));
    yyjson_val *gap = yyjson_arr_get_first(yyjson_obj_get(root, "gaps"));

    assert_int_equal(eg_json_get_u64(root, "schema", 0), EG_REPORT_SCHEMA);
    assert_member(root, "verdict", "suspicious");
    assert_member(root, "started", "2026-11-23T13:10:12.3456789Z");
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "areas")), EG_CHECK_AREA_COUNT);
    assert_member(finding, "level", "critical");
    assert_member(finding, "subject", DLL);
    assert_member(yyjson_obj_get(finding, "rule"), "id", "emotet_2022_loader");
    assert_member(yyjson_obj_get(yyjson_obj_get(finding, "text"), "ja"), "title",
                  "ウイルス Emotet に似たファイル");
    assert_int_equal(eg_json_get_u64(yyjson_obj_get(finding, "evidence"), "size", 0), 421888);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "stories")), 1);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "gaps")), 1);
    assert_member(gap, "reason", "unreadable");
    yyjson_doc_free(document);
    eg_check_report_destroy(report);
}

static void json__of_hostile_texts__gives_them_back_unchanged(void **state)
{
    (void)state;
    eg_check_report *report = make_sample(SAMPLE_HOSTILE);
    yyjson_doc *document = write_and_read(report);
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *finding = yyjson_arr_get_first(yyjson_obj_get(root, "findings"));
    eg_str computer = eg_json_get_str(root, "computer");
    eg_str expected = EG_STR(HOSTILE);
    size_t bad = (size_t)(strchr(expected.ptr, 0xFF) - expected.ptr);

    /* All but the byte that is no text at all. */
    assert_memory_equal(computer.ptr, expected.ptr, bad);
    assert_memory_equal(computer.ptr + bad, "\xEF\xBF\xBD", 3);
    assert_int_equal(eg_json_get_str(finding, "program").len, 32 * 1024);
    assert_true(yyjson_is_null(yyjson_arr_get(yyjson_obj_get(root, "stories"), 1)));
    yyjson_doc_free(document);
    eg_check_report_destroy(report);
}

static int write(void *arg)
{
    eg_buf out;
    eg_buf_init(&out, EG_REPORT_BYTES_MAX);
    int status = eg_report_write_json(arg, &out);
    eg_buf_done(&out);
    return status;
}

static void json__each_allocation_fails__says_so(void **state)
{
    (void)state;
    eg_check_report *report = make_sample(SAMPLE_INFECTED);
    assert_true(eg_test_each_allocation_fails(write, report) > 5);
    eg_check_report_destroy(report);
}

int eg_test_report_json(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json__of_an_infection__holds_all_of_it),
        cmocka_unit_test(json__of_hostile_texts__gives_them_back_unchanged),
        cmocka_unit_test(json__each_allocation_fails__says_so),
    };
    return cmocka_run_group_tests_name("report_json", tests, NULL, NULL);
}
