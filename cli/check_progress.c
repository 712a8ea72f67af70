/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_progress.h"

#include "cli/cli.h"
#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

#define STEP_NS UINT64_C(500000000)
#define SECOND_NS UINT64_C(1000000000)
#define LINE_MAX_BYTES 4096
#define ITEM_COLUMNS 44
#define SURE_PERCENT 3 /* before that the time left is a guess */

/* How long the phases take, compared with each other, on an ordinary PC. */
static const struct {
    const char *name;
    const char *shown;
    unsigned weight;
} phases[EG_CHECK_PHASE_COUNT] = {
    [EG_CHECK_PHASE_RULES] = {"rules", "reading the rules", 4},
    [EG_CHECK_PHASE_SENSORS] = {"sensors", "programs and autostart places", 10},
    [EG_CHECK_PHASE_PROCESSES] = {"processes", "parts of running programs", 8},
    [EG_CHECK_PHASE_FOLDERS] = {"folders", "folders of users", 8},
    [EG_CHECK_PHASE_FILES] = {"files", "files", 68},
    [EG_CHECK_PHASE_MEMORY] = {"memory", "memory of programs", 60},
    [EG_CHECK_PHASE_REPORT] = {"report", "writing the report", 2},
};

void eg_check_progress_begin(eg_check_progress *progress, eg_check_progress_form form,
                             uint64_t now_ns)
{
    memset(progress, 0, sizeof(*progress));
    progress->form = form;
    progress->asked[EG_CHECK_PHASE_RULES] = true;
    progress->asked[EG_CHECK_PHASE_REPORT] = true;
    progress->start_ns = now_ns;
    progress->next_ns = now_ns;
}

unsigned eg_check_progress_at(eg_check_progress *progress, eg_check_phase phase, uint64_t done,
                              uint64_t total, uint64_t now_ns, int64_t *left_seconds)
{
    double before = 0, all = 0, part = 0;
    for (int i = 0; i < EG_CHECK_PHASE_COUNT; i++) {
        double weight = progress->asked[i] ? phases[i].weight : 0;
        all += weight;
        before += i < (int)phase ? weight : 0;
    }
    if (total > 0) {
        part = (double)(done < total ? done : total) / (double)total * phases[phase].weight;
    }
    unsigned percent = (unsigned)((before + part) / all * 100);
    percent = percent > 100 ? 100 : percent;
    progress->percent = percent > progress->percent ? percent : progress->percent;

    double passed = (double)(now_ns - progress->start_ns) / (double)SECOND_NS;
    *left_seconds = progress->percent < SURE_PERCENT || passed < 1
                        ? -1
                        : (int64_t)(passed * (100 - progress->percent) / progress->percent);
    return progress->percent;
}

void eg_check_progress_json(eg_buf *out, unsigned percent, eg_check_phase phase, eg_str item,
                            int64_t left_seconds)
{
    eg_json json;
    eg_json_begin(&json, out);
    eg_json_object(&json);
    eg_json_put_u64(&json, "percent", percent);
    eg_json_put_str(&json, "phase", eg_str_from(phases[phase].name));
    eg_json_put_str(&json, "item", item);
    eg_json_key(&json, "left_seconds");
    if (left_seconds < 0) {
        eg_json_null(&json);
    } else {
        eg_json_i64(&json, left_seconds);
    }
    eg_json_object_end(&json);
    eg_buf_append_char(out, '\n');
}

/* The end of a long path says more than its beginning. */
static eg_str end_of(eg_str item)
{
    return item.len > ITEM_COLUMNS ? eg_path_base(item) : item;
}

static void show_line(eg_check_progress *progress, eg_check_phase phase, eg_str item, int64_t left)
{
    eg_buf line;
    eg_buf_init(&line, LINE_MAX_BYTES);
    eg_buf_appendf(&line, "%3u %%  ", progress->percent);
    if (left >= 0) {
        eg_buf_appendf(&line, "%" PRId64 ":%02" PRId64 " left  ", left / 60, left % 60);
    }
    eg_buf_appendf(&line, "%s  ", phases[phase].shown);
    eg_cli_append_column(&line, end_of(item), ITEM_COLUMNS);
    /* Ends at the start of the line, so that a message writes over it. */
    fprintf(stderr, "%-*s\r", (int)progress->width, eg_buf_cstr(&line));
    progress->width = line.len;
    eg_buf_done(&line);
}

void eg_check_progress_show(eg_check_progress *progress, eg_check_phase phase, uint64_t done,
                            uint64_t total, eg_str item)
{
    uint64_t now = eg_clock_monotonic_ns();
    int64_t left = -1;
    (void)eg_check_progress_at(progress, phase, done, total, now, &left);
    bool due = now >= progress->next_ns || phase != progress->phase;
    progress->phase = phase;
    if (progress->form == EG_CHECK_PROGRESS_NONE || !due) {
        return;
    }
    progress->next_ns = now + STEP_NS;
    if (progress->form == EG_CHECK_PROGRESS_LINE) {
        show_line(progress, phase, item, left);
        return;
    }
    eg_buf line;
    eg_buf_init(&line, (size_t)1024 * 1024);
    eg_check_progress_json(&line, progress->percent, phase, item, left);
    if (line.status == EG_OK) {
        fwrite(eg_buf_cstr(&line), 1, line.len, stderr);
        fflush(stderr);
    }
    eg_buf_done(&line);
}

void eg_check_progress_end(eg_check_progress *progress)
{
    if (progress->width > 0) {
        fprintf(stderr, "%*s\r", (int)progress->width, "");
        progress->width = 0;
    }
}
