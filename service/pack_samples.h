/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The samples of events that a pack brings, against its own Sigma rules: each line of
 * samples/<rule file>/hit.jsonl must hit that rule and none of miss.jsonl may; for a correlation
 * the file is a stream whose last event completes it, or none does. No line of samples/<name>.jsonl
 * (ordinary days) may hit anything. Samples of bytes: pack_bytes.h. Any thread.
 */
#ifndef EG_SERVICE_PACK_SAMPLES_H
#define EG_SERVICE_PACK_SAMPLES_H

#include "core/detect/ruleset.h"
#include "core/update/bundle.h"

/* EG_E_INVALID names the sample that is not met. */
int eg_pack_samples_run(const eg_ruleset *ruleset, const eg_bundle *bundle);

#endif
