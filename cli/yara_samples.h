/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The samples of a pack's YARA rules: samples/<rule>/hit*.bytes must meet that rule, itself or by
 * what is packed in it, miss*.bytes must not (byte_sample.h says what such a file holds). A rule
 * without both kinds has failed. Failures are printed to standard output. One thread.
 */
#ifndef EG_CLI_YARA_SAMPLES_H
#define EG_CLI_YARA_SAMPLES_H

#include "cli/samples.h"
#include "core/yara/engine.h"

/* Adds to `result`. `folder` is the pack's folder of samples. EG_OK also when samples failed. */
int eg_yara_samples_run(const eg_yara_rules *rules, const char *folder, eg_samples_result *result);

#endif
