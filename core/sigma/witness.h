/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of compiling: which predicates the literal index finds, in what order a rule asks
 * its questions, and by which predicates it is found (see compiled.h).
 */
#ifndef EG_SIGMA_WITNESS_H
#define EG_SIGMA_WITNESS_H

#include "core/sigma/compiled.h"

int eg_witness_build(eg_sigma_set *set);

#endif
