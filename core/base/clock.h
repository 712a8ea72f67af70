/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as numbers and as text. Everywhere in EmoGuard a time is a FILETIME value: unsigned
 * 100 ns ticks since 1601-01-01 UTC. Pure functions.
 */
#ifndef EG_BASE_CLOCK_H
#define EG_BASE_CLOCK_H

#include "core/base/str.h"

#define EG_TICKS_PER_SECOND UINT64_C(10000000)
#define EG_TICKS_PER_MS UINT64_C(10000)
#define EG_UNIX_EPOCH_TICKS UINT64_C(116444736000000000)

#define EG_TIME_TEXT_SIZE 32
/* "2026-11-23T01:42:03.1234567Z" into out; always NUL-terminated. */
void eg_time_format(uint64_t ticks, char out[EG_TIME_TEXT_SIZE]);
/* Reads that form: 0 to 9 fraction digits, 'T' or a blank, and Z, an offset or nothing (UTC). */
int eg_time_parse(eg_str text, uint64_t *ticks);
/* Sysmon's UtcTime: "2026-11-23 01:42:03.123". */
void eg_time_format_sysmon(uint64_t ticks, char out[EG_TIME_TEXT_SIZE]);

#endif
