/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "cli/cli.h"
#include "core/base/os.h"

#include <inttypes.h>
#include <string.h>

#define STEP_NS UINT64_C(500000000)
#define LINE_SIZE 160

void eg_progress_begin(eg_progress *progress, uint64_t total)
{
    memset(progress, 0, sizeof(*progress));
    progress->shown = eg_cli_is_terminal(stderr) && !eg_cli_is_terminal(stdout);
    progress->total = total;
    progress->start_ns = eg_clock_monotonic_ns();
    progress->next_ns = progress->start_ns;
}

void eg_progress_show(eg_progress *progress, uint64_t bytes, uint64_t events, uint64_t hits)
{
    char line[LINE_SIZE];
    if (!progress->shown) {
        return;
    }
    uint64_t now = eg_clock_monotonic_ns();
    if (now < progress->next_ns) {
        return;
    }
    progress->next_ns = now + STEP_NS;
    double seconds = (double)(now - progress->start_ns) / 1e9;
    int length = 0;
    if (progress->total > 0) {
        double part = (double)bytes / (double)progress->total;
        length = snprintf(line, sizeof(line), "%3.0f %%  ", part > 1 ? 100 : part * 100);
    }
    length += snprintf(line + length, sizeof(line) - (size_t)length,
                       "%" PRIu64 " events  %.0f events/s  %.1f MB/s  %" PRIu64 " matches", events,
                       (double)events / seconds, (double)bytes / 1e6 / seconds, hits);
    /* Ends at the start of the line, so that a message writes over it. */
    fprintf(stderr, "%-*s\r", (int)progress->width, line);
    progress->width = (size_t)length;
}

void eg_progress_clear(eg_progress *progress)
{
    if (progress->width > 0) {
        fprintf(stderr, "%*s\r", (int)progress->width, "");
        progress->width = 0;
    }
}
