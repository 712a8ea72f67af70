/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/yara/scan_wire.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_scan_wire(const uint8_t *data, size_t size);

static eg_scan_rules rules;
static eg_scan_answer answer;
static eg_scan_answer again;

static void prepare(void)
{
    static eg_yara_rules *compiled;
    const eg_yara_source source = {"fuzz.yar",
                                   EG_STR("rule a { condition: true } rule b { condition: true }")};
    EG_FUZZ_CHECK(eg_yara_engine.compile(&source, 1, NULL, &compiled) == EG_OK);
    rules = (eg_scan_rules){&eg_yara_engine, compiled};
}

/* What is accepted of an answer is bounded, names rules that exist, and can be said again. */
static void check_answer(void)
{
    const eg_yara_result *result = &answer.report.result;
    eg_buf bytes;
    EG_FUZZ_CHECK(result->count <= EG_YARA_MATCHES_MAX && result->count <= result->total);
    for (size_t i = 0; i < result->count; i++) {
        const eg_yara_match *match = &result->matches[i];
        EG_FUZZ_CHECK(match->rule == eg_yara_engine.rule(rules.rules, 0) ||
                      match->rule == eg_yara_engine.rule(rules.rules, 1));
        EG_FUZZ_CHECK(match->string_count <= EG_YARA_STRINGS_MAX);
    }
    eg_buf_init(&bytes, 2 * (size_t)EG_SCAN_ANSWER_MAX);
    EG_FUZZ_CHECK(eg_scan_answer_write(&bytes, &answer, &rules) == EG_OK);
    EG_FUZZ_CHECK(
        eg_scan_answer_read((eg_str){bytes.data + EG_SCAN_HEADER, bytes.len - EG_SCAN_HEADER},
                            &rules, &again) == EG_OK);
    EG_FUZZ_CHECK(again.report.result.count == result->count);
    eg_buf_done(&bytes);
}

/* Any bytes as an answer, and as a request. */
int eg_fuzz_scan_wire(const uint8_t *data, size_t size)
{
    eg_str message = {size > 0 ? (const char *)data : "", size};
    eg_scan_request request;
    if (!rules.rules) {
        prepare();
    }
    if (eg_scan_answer_read(message, &rules, &answer) == EG_OK) {
        check_answer();
    }
    if (eg_scan_request_read(message, &request) == EG_OK) {
        EG_FUZZ_CHECK(request.verb < EG_SCAN_VERB_COUNT && request.bytes.len <= size);
    }
    return 0;
}
