/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a process to a verdict: regions as a source hands them out, each read in pieces
 * that overlap a little, each piece given to the scanner. What cannot be read of a living process
 * is passed over; what is not read for lack of time or room is told. One thread, that of the scan.
 */
#ifndef EG_YARA_MEMORY_SCAN_H
#define EG_YARA_MEMORY_SCAN_H

#include "core/yara/file_scan.h"

#define EG_MEMORY_PIECE ((size_t)16 * 1024 * 1024)
#define EG_MEMORY_OVERLAP ((size_t)4096) /* a text at the end of a piece is whole in the next */

typedef struct eg_memory_source {
    void *user;
    /* The first region that lies at or behind `at`; false when there is none. */
    bool (*region)(void *user, uint64_t at, uint64_t *start, uint64_t *size);
    /* How many of the bytes at `at` could be read. */
    size_t (*read)(void *user, uint64_t at, void *out, size_t size);
} eg_memory_source;

/* At most `bytes` are read and `seconds` used. EG_E_NOMEM is the only failure. */
int eg_memory_scan_run(eg_file_scan *scan, const eg_memory_source *source,
                       const eg_yara_facts *facts, uint64_t bytes, uint32_t seconds,
                       eg_file_report *out);

#endif
