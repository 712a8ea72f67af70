/* SPDX-License-Identifier: Apache-2.0 */
#include "service/back_off.h"

#include "core/base/os.h"
#include "core/base/status.h"

#define BASE_MS 5000u

uint32_t eg_random_up_to(uint32_t max)
{
    uint64_t number = 0;
    return eg_random_bytes(&number, sizeof(number)) == EG_OK
               ? (uint32_t)(number % ((uint64_t)max + 1))
               : max / 2;
}

uint32_t eg_back_off(uint32_t failures)
{
    uint32_t bound = BASE_MS;
    for (uint32_t i = 1; i < failures && bound < EG_BACK_OFF_MAX_MS; i++) {
        bound *= 2;
    }
    return eg_random_up_to(bound < EG_BACK_OFF_MAX_MS ? bound : EG_BACK_OFF_MAX_MS);
}
