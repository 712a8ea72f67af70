/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/memory_scan.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One process while its memory is looked at. */
typedef struct memory_walk {
    eg_file_scan *scan;
    const eg_memory_source *source;
    const eg_yara_facts *facts;
    eg_file_report *report;
    uint64_t bytes_left;
    uint64_t deadline;
    char *piece;
    bool read_any;
} memory_walk;

static bool is_over(memory_walk *walk)
{
    if (walk->bytes_left == 0) {
        eg_file_report_gap(walk->report, EG_GAP_TOO_LARGE,
                           "the process has more memory than is looked at");
        return true;
    }
    if (eg_clock_monotonic_ns() >= walk->deadline) {
        eg_file_report_gap(walk->report, EG_GAP_TOO_SLOW,
                           "looking at the memory of the process took too long");
        return true;
    }
    return false;
}

static int look_at_piece(memory_walk *walk, uint64_t at, size_t size)
{
    char name[EG_YARA_NAME_MAX];
    int length = snprintf(name, sizeof(name), "memory at 0x%" PRIx64, at);
    walk->read_any = true;
    return eg_file_scan_buffer(walk->scan, (eg_str){name, (size_t)length},
                               (eg_str){walk->piece, size}, walk->facts, walk->report);
}

static int look_at_region(memory_walk *walk, uint64_t start, uint64_t size)
{
    int status = EG_OK;
    uint64_t done = 0;
    while (status == EG_OK && done < size && !is_over(walk)) {
        uint64_t want = size - done < EG_MEMORY_PIECE ? size - done : EG_MEMORY_PIECE;
        want = want < walk->bytes_left ? want : walk->bytes_left;
        size_t got =
            walk->source->read(walk->source->user, start + done, walk->piece, (size_t)want);
        if (got > 0) {
            status = look_at_piece(walk, start + done, got);
        }
        walk->bytes_left -= want;
        bool is_last = done + want >= size || want <= EG_MEMORY_OVERLAP;
        done += is_last ? want : want - EG_MEMORY_OVERLAP;
    }
    return status;
}

int eg_memory_scan_run(eg_file_scan *scan, const eg_memory_source *source,
                       const eg_yara_facts *facts, uint64_t bytes, uint32_t seconds,
                       eg_file_report *out)
{
    memory_walk walk = {.scan = scan, .source = source, .facts = facts, .report = out};
    uint64_t start = 0;
    uint64_t size = 0;
    int status = EG_OK;

    memset(out, 0, sizeof(*out));
    walk.bytes_left = bytes;
    walk.deadline = eg_clock_monotonic_ns() + seconds * UINT64_C(1000000000);
    walk.piece = eg_alloc(EG_MEMORY_PIECE);
    if (!walk.piece) {
        return EG_E_NOMEM;
    }
    while (status == EG_OK && source->region(source->user, start + size, &start, &size) &&
           !is_over(&walk)) {
        status = look_at_region(&walk, start, size);
    }
    if (!walk.read_any) {
        eg_file_report_gap(out, EG_GAP_UNREADABLE, "nothing of its memory could be read");
    }
    eg_free(walk.piece);
    return status;
}
