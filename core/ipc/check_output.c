/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ipc/check_output.h"

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define LEFT_MAX 604800u
#define COUNT_MAX 1000000u

/* The steps of the program; the message has no name for its first and its last. */
static const struct {
    const char *name;
    eg_check_phase phase;
} phases[] = {
    {"rules", EG_CHECK_PHASE_NONE},          {"sensors", EG_CHECK_PHASE_AUTOSTARTS},
    {"processes", EG_CHECK_PHASE_PROCESSES}, {"folders", EG_CHECK_PHASE_FILES},
    {"files", EG_CHECK_PHASE_FILES},         {"memory", EG_CHECK_PHASE_MEMORY},
    {"report", EG_CHECK_PHASE_NONE},
};

void eg_check_output_init(eg_check_output *output)
{
    memset(output, 0, sizeof(*output));
    eg_buf_init(&output->item, EG_CHECK_ITEM_MAX);
    eg_buf_init(&output->complaint, EG_CHECK_COMPLAINT_MAX);
    eg_buf_init(&output->line, EG_CHECK_LINE_MAX);
}

void eg_check_output_done(eg_check_output *output)
{
    eg_buf_done(&output->item);
    eg_buf_done(&output->complaint);
    eg_buf_done(&output->line);
}

static void set_text(eg_buf *to, eg_str text, size_t max)
{
    eg_buf_clear(to);
    eg_buf_append_str(to, eg_utf8_cut(text, max));
}

static bool find_phase(eg_str name, eg_check_phase *out)
{
    for (size_t i = 0; i < EG_COUNT(phases); i++) {
        if (eg_str_equal(name, eg_str_from(phases[i].name))) {
            *out = phases[i].phase;
            return true;
        }
    }
    return false;
}

static bool take_progress(eg_check_output *output, yyjson_val *root)
{
    uint64_t percent = eg_json_get_u64(root, "percent", UINT64_MAX);
    uint64_t left = eg_json_get_u64(root, "left_seconds", 0);
    eg_check_phase phase;
    if (percent > 100 || !find_phase(eg_json_get_str(root, "phase"), &phase)) {
        return false;
    }
    output->lines++;
    output->percent = (uint32_t)percent;
    output->phase = phase;
    output->left_seconds = (uint32_t)(left < LEFT_MAX ? left : LEFT_MAX);
    set_text(&output->item, eg_json_get_str(root, "item"), EG_CHECK_ITEM_MAX);
    return true;
}

static void take_line(eg_check_output *output)
{
    yyjson_doc *document = NULL;
    eg_str line = eg_str_trim(eg_buf_str(&output->line));
    if (line.len == 0) {
        return;
    }
    bool taken = line.ptr[0] == '{' && eg_json_parse(line, &document) == EG_OK &&
                 take_progress(output, yyjson_doc_get_root(document));
    yyjson_doc_free(document);
    if (!taken) {
        set_text(&output->complaint, line, EG_CHECK_COMPLAINT_MAX);
    }
}

void eg_check_output_feed(eg_check_output *output, eg_str bytes)
{
    while (bytes.len > 0) {
        const char *end = memchr(bytes.ptr, '\n', bytes.len);
        size_t length = end ? (size_t)(end - bytes.ptr) : bytes.len;
        if (eg_buf_append(&output->line, bytes.ptr, length) != EG_OK) {
            output->too_long = true;
        }
        if (end) {
            if (!output->too_long) {
                take_line(output);
            }
            output->too_long = false;
            eg_buf_clear(&output->line);
            length++;
        }
        bytes.ptr += length;
        bytes.len -= length;
    }
}

static bool find_verdict(eg_str name, eg_verdict *out)
{
    for (int i = EG_VERDICT_NOTHING_FOUND; i < EG_VERDICT_COUNT; i++) {
        if (eg_str_equal(name, eg_str_from(eg_verdict_names[i]))) {
            *out = (eg_verdict)i;
            return true;
        }
    }
    return false;
}

static uint32_t add(uint32_t sum, uint64_t more)
{
    return more < COUNT_MAX - sum ? sum + (uint32_t)more : COUNT_MAX;
}

int eg_check_output_report(eg_str json, eg_check_state *state)
{
    yyjson_doc *document = NULL;
    yyjson_val *area;
    size_t i, count;
    uint32_t findings = 0, gaps = 0;
    eg_verdict verdict;
    int status = eg_json_parse(json, &document);
    if (status != EG_OK) {
        return status;
    }
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_arr_foreach(yyjson_obj_get(root, "areas"), i, count, area) {
        findings = add(findings, eg_json_get_u64(area, "suspicious", 0));
        gaps = add(gaps, eg_json_get_u64(area, "not_looked", 0));
    }
    if (!find_verdict(eg_json_get_str(root, "verdict"), &verdict)) {
        status = eg_fail(EG_E_INVALID, "the report of the check holds no verdict");
    } else {
        state->verdict = verdict;
        state->findings = findings;
        state->gaps = gaps;
    }
    yyjson_doc_free(document);
    return status;
}
