/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short code of a hit that a clerk reads out on the phone: "7K3-Q9". Made from the hit's number
 * alone, so the window and the administrator's command line agree without storing it; neighbouring
 * numbers look unlike each other. No letter or digit that is mistaken for another. Pure.
 */
#ifndef EG_IPC_CODE_H
#define EG_IPC_CODE_H

#include "core/base/str.h"

#define EG_HIT_CODE_SIZE 7 /* with the NUL */

void eg_hit_code(int64_t hit_id, char out[EG_HIT_CODE_SIZE]);
/* The hit's number (those above 28 million share codes with low ones); any case, dash optional. */
bool eg_hit_id_from_code(eg_str code, int64_t *hit_id);

#endif
