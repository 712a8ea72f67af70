/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/os.h"
#include "core/base/status.h"

#define NS_PER_MS UINT64_C(1000000)

uint64_t eg_deadline_after(uint32_t milliseconds)
{
    return milliseconds == EG_FOREVER ? EG_NEVER
                                      : eg_clock_monotonic_ns() + milliseconds * NS_PER_MS;
}

int eg_cond_wait_until(eg_cond *cond, eg_mutex *mutex, uint64_t deadline)
{
    uint32_t left = EG_FOREVER;
    if (deadline != EG_NEVER) {
        uint64_t now = eg_clock_monotonic_ns();
        if (now >= deadline) {
            return EG_E_TIMEOUT;
        }
        uint64_t whole = (deadline - now) / NS_PER_MS + 1; /* rounded up: no turn in vain */
        left = whole < EG_FOREVER ? (uint32_t)whole : EG_FOREVER - 1;
    }
    eg_cond_wait(cond, mutex, left);
    return EG_OK;
}
