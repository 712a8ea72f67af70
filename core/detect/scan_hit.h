/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hit of YARA carries beside the event that led to it: which file, which part of it, what
 * was found where. Pure functions.
 */
#ifndef EG_DETECT_SCAN_HIT_H
#define EG_DETECT_SCAN_HIT_H

#include "core/base/json.h"
#include "core/detect/scan_queue.h"

/*
 * The evidence of one rule that is met: the event as in the line format, and a member "scan" with
 * reason, path, part, size of what was looked at, the rule's name and its strings (name, offset,
 * length, first bytes in hexadecimal and as text), and what could not be looked at.
 */
void eg_scan_hit_write(const eg_scan_finding *finding, const eg_yara_match *match, eg_json *json);
/* Over rule and file, whatever led to it; of a text or memory over rule and event. */
uint64_t eg_scan_hit_fingerprint(const eg_scan_finding *finding, eg_str rule_id);

#endif
