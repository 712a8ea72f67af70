/* SPDX-License-Identifier: Apache-2.0 */
/* A predicate in words: "CommandLine contains ' -enc '". Appends raw bytes, not safe to show. */
#ifndef EG_SIGMA_EXPLAIN_TEXT_H
#define EG_SIGMA_EXPLAIN_TEXT_H

#include "core/sigma/correlation.h"

/* Called for each line; anything but EG_OK ends it. */
typedef int (*eg_explain_found)(void *user, size_t depth, eg_str text);
/* What a correlation asks, line by line; `text` is room to write in. */
int eg_explain_correlation(const eg_written_correlation *correlation, eg_buf *text,
                           eg_explain_found found, void *user);
/* Returns the buffer's status. */
int eg_explain_predicate(const eg_sigma_set *set, const eg_predicate *predicate, eg_buf *out);

#endif
