/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The literal indexes of a set: for each log source and field, the texts that its rules look for.
 * Built once the witnesses are known (posting_first), by the thread that compiles.
 */
#ifndef EG_SIGMA_BUCKET_INDEX_H
#define EG_SIGMA_BUCKET_INDEX_H

#include "core/sigma/compiled.h"

/* Whether an index can find it at all. */
bool eg_bucket_index_can(const eg_predicate *predicate);
/*
 * Whether it is worth looking for in every event, though it is no witness: a text anywhere in a
 * value. The scan finds it on its way; to look for it alone would take another one. But what nearly
 * every event holds would be found in each and seldom asked for.
 */
bool eg_bucket_index_wants(const eg_predicate *predicate, const eg_ordinary *ordinary);

/* Makes the indexes, and `indexed`. */
int eg_bucket_index_build(eg_sigma_set *set, const eg_ordinary *ordinary);

#endif
