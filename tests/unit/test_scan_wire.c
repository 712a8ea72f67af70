/* SPDX-License-Identifier: Apache-2.0 */
/* What the scan worker is asked and answers, whole, cut short and contradictory. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/yara/scan_wire.h"

#include <string.h>

typedef struct fixture {
    eg_yara_rules *rules;
    eg_scan_rules told;
    eg_buf bytes;
    eg_scan_answer answer, back;
} fixture;

static int setup(void **state)
{
    const eg_yara_source source = {"t.yar",
                                   EG_STR("rule a { condition: true } rule b { condition: true }")};
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(eg_yara_engine.compile(&source, 1, NULL, &f->rules), EG_OK);
    f->told = (eg_scan_rules){&eg_yara_engine, f->rules};
    eg_buf_init(&f->bytes, EG_SCAN_REQUEST_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    eg_yara_engine.rules_destroy(f->rules);
    eg_buf_done(&f->bytes);
    eg_free(f);
    return 0;
}

/* A report with all there is room for. */
static void fill_report(fixture *f)
{
    eg_file_report *report = &f->answer.report;
    memset(&f->answer, 0, sizeof(f->answer));
    f->answer.kind = EG_SCAN_REPORT;
    report->verdict = EG_FILE_SUSPICIOUS;
    report->gap = EG_GAP_PACKED;
    memset(report->reason, 'r', sizeof(report->reason) - 1);
    memset(report->buffer, 'b', sizeof(report->buffer) - 1);
    report->bytes = UINT64_C(0x123456789A);
    report->result.count = report->result.total = EG_YARA_MATCHES_MAX;
    for (size_t i = 0; i < EG_YARA_MATCHES_MAX; i++) {
        eg_yara_match *match = &report->result.matches[i];
        match->rule = eg_yara_engine.rule(f->rules, i % 2);
        match->string_count = EG_YARA_STRINGS_MAX;
        for (size_t k = 0; k < EG_YARA_STRINGS_MAX; k++) {
            eg_yara_string *string = &match->strings[k];
            memset(string->name, 'n', sizeof(string->name) - 1);
            memset(string->excerpt, 0xFE, sizeof(string->excerpt));
            string->excerpt_length = sizeof(string->excerpt);
            string->offset = UINT64_MAX - k;
            string->length = UINT32_MAX;
        }
    }
}

static int send(fixture *f)
{
    uint32_t length = 0;
    eg_buf_clear(&f->bytes);
    assert_int_equal(eg_scan_answer_write(&f->bytes, &f->answer, &f->told), EG_OK);
    assert_int_equal(
        eg_scan_header_read((const uint8_t *)f->bytes.data, EG_SCAN_ANSWER_MAX, &length), EG_OK);
    assert_int_equal(length, f->bytes.len - EG_SCAN_HEADER);
    return eg_scan_answer_read((eg_str){f->bytes.data + EG_SCAN_HEADER, length}, &f->told,
                               &f->back);
}

static void report__as_large_as_can_be__comes_back_the_same(void **state)
{
    fixture *f = *state;
    fill_report(f);
    assert_int_equal(send(f), EG_OK);
    assert_memory_equal(&f->back, &f->answer, sizeof(f->answer));
    assert_ptr_equal(f->back.report.result.matches[1].rule, eg_yara_engine.rule(f->rules, 1));
}

static void answer__cut_anywhere_or_too_long__is_refused(void **state)
{
    fixture *f = *state;
    fill_report(f);
    f->answer.report.result.count = 1;
    assert_int_equal(send(f), EG_OK);
    eg_str whole = {f->bytes.data + EG_SCAN_HEADER, f->bytes.len - EG_SCAN_HEADER};
    for (size_t size = 0; size < whole.len; size++) {
        /* a copy of its own size, so that reading behind it is seen */
        char *copy = eg_copy_bytes(whole.ptr, size);
        assert_int_equal(eg_scan_answer_read((eg_str){copy, size}, &f->told, &f->back),
                         EG_E_INVALID);
        eg_free(copy);
    }
    assert_int_equal(eg_buf_append_char(&f->bytes, 'x'), EG_OK);
    whole = (eg_str){f->bytes.data + EG_SCAN_HEADER, f->bytes.len - EG_SCAN_HEADER};
    assert_int_equal(eg_scan_answer_read(whole, &f->told, &f->back), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "more behind it"));
}

static void verdict__that_contradicts_itself__is_refused(void **state)
{
    fixture *f = *state;
    eg_file_report *report = &f->answer.report;
    for (int way = 0; way < 6; way++) {
        memset(&f->answer, 0, sizeof(f->answer));
        f->answer.kind = EG_SCAN_REPORT;
        switch (way) {
        case 0: report->verdict = EG_FILE_SUSPICIOUS; break; /* by no rule */
        case 1: report->verdict = EG_FILE_NOT_LOOKED; break; /* for no reason */
        case 2: report->gap = EG_GAP_TOO_SLOW; break;        /* of a clean one */
        case 3: memcpy(report->reason, "x", 2); break;
        case 4: f->answer.report.verdict = (eg_file_verdict)3; break;
        default:
            report->result.count = 1; /* clean, and a rule is met */
            report->result.total = 1;
            report->result.matches[0].rule = eg_yara_engine.rule(f->rules, 0);
        }
        assert_int_equal(send(f), EG_E_INVALID);
    }
}

static void rule__beyond_the_last__is_refused(void **state)
{
    fixture *f = *state;
    const eg_yara_rule stranger = {.score = 0};
    fill_report(f);
    f->answer.report.result.count = 1;
    f->answer.report.result.matches[0].rule = &stranger;
    assert_int_equal(send(f), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "a rule that does not exist"));
}

static void reason__with_half_a_character__is_mended_before_it_is_sent(void **state)
{
    fixture *f = *state;
    memset(&f->answer, 0, sizeof(f->answer));
    f->answer.kind = EG_SCAN_REPORT;
    f->answer.report.verdict = EG_FILE_NOT_LOOKED;
    f->answer.report.gap = EG_GAP_UNREADABLE;
    memcpy(f->answer.report.reason, "a\xED\xA0\x80z\xFF", 7);
    assert_int_equal(send(f), EG_OK);
    assert_string_equal(f->back.report.reason, "a\xEF\xBF\xBDz\xEF\xBF\xBD");
}

static void request__comes_back_the_same(void **state)
{
    fixture *f = *state;
    const eg_scan_request request = {
        .verb = EG_SCAN_LOOK_MEMORY,
        .seconds = 7,
        .byte_limit = UINT64_MAX,
        .handle = 0x1234,
        .name = EG_STR("name"),
        .bytes = EG_STR("by\0tes"),
        .facts = {.path = EG_STR("C:\\a"), .owner = EG_STR("o"), .event_kind = EG_STR("check")}};
    eg_scan_request back;
    assert_int_equal(eg_scan_request_write(&f->bytes, &request), EG_OK);
    eg_str whole = {f->bytes.data + EG_SCAN_HEADER, f->bytes.len - EG_SCAN_HEADER};
    assert_int_equal(eg_scan_request_read(whole, &back), EG_OK);
    assert_int_equal(back.verb, request.verb);
    assert_int_equal(back.seconds, 7);
    assert_true(back.byte_limit == UINT64_MAX && back.handle == 0x1234);
    assert_true(eg_str_equal(back.bytes, request.bytes));
    assert_true(eg_str_equal(back.facts.path, request.facts.path));
    assert_true(eg_str_equal(back.facts.event_kind, request.facts.event_kind));
    whole.len--;
    assert_int_equal(eg_scan_request_read(whole, &back), EG_E_INVALID);
}

static void header__of_nothing_or_too_much__is_refused(void **state)
{
    const uint8_t none[EG_SCAN_HEADER] = {0};
    const uint8_t much[EG_SCAN_HEADER] = {1, 0, 2, 0};
    uint32_t length = 9;
    EG_UNUSED(state);
    assert_int_equal(eg_scan_header_read(none, EG_SCAN_ANSWER_MAX, &length), EG_E_INVALID);
    assert_int_equal(eg_scan_header_read(much, EG_SCAN_ANSWER_MAX, &length), EG_E_INVALID);
    assert_int_equal(length, 9);
}

#define WITH_RULES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int eg_test_scan_wire(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RULES(report__as_large_as_can_be__comes_back_the_same),
        WITH_RULES(answer__cut_anywhere_or_too_long__is_refused),
        WITH_RULES(verdict__that_contradicts_itself__is_refused),
        WITH_RULES(rule__beyond_the_last__is_refused),
        WITH_RULES(reason__with_half_a_character__is_mended_before_it_is_sent),
        WITH_RULES(request__comes_back_the_same),
        cmocka_unit_test(header__of_nothing_or_too_much__is_refused),
    };
    return cmocka_run_group_tests_name("scan_wire", tests, NULL, NULL);
}
