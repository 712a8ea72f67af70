/* SPDX-License-Identifier: Apache-2.0 */
/* A predicate in words: "CommandLine contains ' -enc '". Appends raw bytes, not safe to show. */
#ifndef EG_SIGMA_EXPLAIN_TEXT_H
#define EG_SIGMA_EXPLAIN_TEXT_H

#include "core/sigma/compiled.h"

/* Returns the buffer's status. */
int eg_explain_predicate(const eg_sigma_set *set, const eg_predicate *predicate, eg_buf *out);

#endif
