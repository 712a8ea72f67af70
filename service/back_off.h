/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pauses by chance, so that many PCs that meet the same thing do not act at the same moment. Pure
 * functions but for the random numbers; any thread.
 */
#ifndef EG_SERVICE_BACK_OFF_H
#define EG_SERVICE_BACK_OFF_H

#include <stdint.h>

#define EG_BACK_OFF_MAX_MS (15u * 60 * 1000)

/* 0 to `max`. */
uint32_t eg_random_up_to(uint32_t max);
/* "Full jitter", in milliseconds: anything up to a bound that doubles with each failure. */
uint32_t eg_back_off(uint32_t failures);

#endif
