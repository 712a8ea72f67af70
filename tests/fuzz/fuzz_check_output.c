/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/ipc/check_output.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_check_output(const uint8_t *data, size_t size);

/* Whatever a check prints, in whatever pieces: bounded, and a message that trays take. */
int eg_fuzz_check_output(const uint8_t *data, size_t size)
{
    eg_check_output output, whole;
    eg_check_state state = {0};
    eg_str text = {size > 0 ? (const char *)data : "", size};
    eg_check_output_init(&output);
    eg_check_output_init(&whole);
    eg_check_output_feed(&whole, text);
    for (size_t at = 0; at < size; at += 7) {
        eg_check_output_feed(&output, (eg_str){text.ptr + at, size - at < 7 ? size - at : 7});
    }
    EG_FUZZ_CHECK(output.lines == whole.lines && output.percent == whole.percent &&
                  output.phase == whole.phase && output.left_seconds == whole.left_seconds);
    EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&output.item), eg_buf_str(&whole.item)));
    EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&output.complaint), eg_buf_str(&whole.complaint)));
    EG_FUZZ_CHECK(output.percent <= 100 && output.item.len <= EG_CHECK_ITEM_MAX);
    EG_FUZZ_CHECK(output.complaint.len <= EG_CHECK_COMPLAINT_MAX);
    if (eg_check_output_report(text, &state) == EG_OK) {
        EG_FUZZ_CHECK(state.verdict > EG_VERDICT_NONE && state.verdict < EG_VERDICT_COUNT);
        EG_FUZZ_CHECK(state.findings <= 1000000 && state.gaps <= 1000000);
    }
    eg_check_output_done(&output);
    eg_check_output_done(&whole);
    return 0;
}
