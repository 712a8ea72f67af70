/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/backoff.h"

#include "core/base/status.h"

uint32_t eg_backoff_next(eg_backoff *backoff)
{
    eg_backoff_at_least(backoff, backoff->first_ms);
    uint32_t pause = backoff->next_ms;
    backoff->next_ms = pause < backoff->most_ms / 2 ? 2 * pause : backoff->most_ms;
    return pause;
}

uint32_t eg_backoff_next_spread(eg_backoff *backoff, eg_random_source random)
{
    return eg_random_up_to(eg_backoff_next(backoff), random);
}

void eg_backoff_at_least(eg_backoff *backoff, uint32_t milliseconds)
{
    if (backoff->next_ms < milliseconds) {
        backoff->next_ms = milliseconds;
    }
}

void eg_backoff_reset(eg_backoff *backoff)
{
    backoff->next_ms = 0;
}

uint32_t eg_random_up_to(uint32_t max, eg_random_source random)
{
    uint64_t number = 0; /* so wide that no number is likelier than another */
    return random(&number, sizeof(number)) == EG_OK ? (uint32_t)(number % ((uint64_t)max + 1))
                                                    : max / 2;
}
