/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that nothing on this system feeds: their log source has no sensor, or they can only be met
 * by a field that no sensor fills. They stay in the set, for events recorded elsewhere.
 */
#ifndef EG_SIGMA_INERT_H
#define EG_SIGMA_INERT_H

#include "core/sigma/correlation.h"

/* Can what our sensors see not meet it? `inert` tells of the correlations before it. */
bool eg_inert_correlation(const eg_sigma_set *set, const eg_correlation *correlation,
                          const bool *inert);

/* Reports each such rule with the reason; returns how many there are. */
size_t eg_inert_report(const eg_sigma_set *set, const eg_report *report);

#endif
