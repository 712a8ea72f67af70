/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reports of files that are not clean, so that such a file is not read again at each start:
 * few and large, where verdict_cache.h holds many and small. They name rules: whoever changes the
 * rules clears it. Bounded: the oldest leave first. Belongs to one thread.
 */
#ifndef EG_DETECT_SCAN_MEMORY_H
#define EG_DETECT_SCAN_MEMORY_H

#include "core/yara/file_scan.h"

#define EG_SCAN_MEMORY_REPORTS 64

typedef struct eg_scan_memory eg_scan_memory;

int eg_scan_memory_create(eg_scan_memory **out);
void eg_scan_memory_destroy(eg_scan_memory *memory); /* NULL-safe */
/* The report of a file as it is; NULL unknown. Valid until the next call that changes anything. */
const eg_file_report *eg_scan_memory_find(const eg_scan_memory *memory, const eg_verdict_key *key);
/* Copies both. Without memory for it the file is read again the next time. */
void eg_scan_memory_add(eg_scan_memory *memory, const eg_verdict_key *key,
                        const eg_file_report *report);
void eg_scan_memory_clear(eg_scan_memory *memory);

#endif
