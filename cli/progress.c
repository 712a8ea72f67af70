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

/* Is it time to write the line anew? */
static bool is_due(eg_progress *progress, double *seconds)
{
    if (!progress->shown) {
        return false;
    }
    uint64_t now = eg_clock_monotonic_ns();
    if (now < progress->next_ns) {
        return false;
    }
    progress->next_ns = now + STEP_NS;
    *seconds = (double)(now - progress->start_ns) / 1e9;
    return true;
}

static int write_part(const eg_progress *progress, uint64_t done, char line[LINE_SIZE])
{
    if (progress->total == 0) {
        return 0;
    }
    double part = (double)done / (double)progress->total;
    return snprintf(line, LINE_SIZE, "%3.0f %%  ", part > 1 ? 100 : part * 100);
}

static void show_line(eg_progress *progress, const char *line, int length)
{
    /* Ends at the start of the line, so that a message writes over it. */
    fprintf(stderr, "%-*s\r", (int)progress->width, line);
    progress->width = (size_t)length;
}

void eg_progress_show(eg_progress *progress, uint64_t bytes, uint64_t events, uint64_t hits)
{
    char line[LINE_SIZE];
    double seconds;
    if (!is_due(progress, &seconds)) {
        return;
    }
    int length = write_part(progress, bytes, line);
    length += snprintf(line + length, sizeof(line) - (size_t)length,
                       "%" PRIu64 " events  %.0f events/s  %.1f MB/s  %" PRIu64 " matches", events,
                       (double)events / seconds, (double)bytes / 1e6 / seconds, hits);
    show_line(progress, line, length);
}

void eg_progress_clear(eg_progress *progress)
{
    if (progress->width > 0) {
        fprintf(stderr, "%*s\r", (int)progress->width, "");
        progress->width = 0;
    }
}
