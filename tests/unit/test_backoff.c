/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/backoff.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/unit.h"

#include <string.h>

#define FIRST_MS 1000u
#define MOST_MS 60000u

static int random_refused(void *out, size_t size)
{
    EG_UNUSED(out);
    EG_UNUSED(size);
    return eg_fail(EG_E_IO, "no randomness");
}

static int random_highest(void *out, size_t size)
{
    memset(out, 0xff, size);
    return EG_OK;
}

static int random_zero(void *out, size_t size)
{
    memset(out, 0, size);
    return EG_OK;
}

static void backoff_next__again_and_again__doubles_up_to_the_bound(void **state)
{
    EG_UNUSED(state);
    static const uint32_t pauses[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    eg_backoff backoff = {.first_ms = FIRST_MS, .most_ms = MOST_MS};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < EG_COUNT(pauses); i++) {
            assert_int_equal(eg_backoff_next(&backoff), pauses[i]);
        }
        eg_backoff_reset(&backoff);
    }
}

static void backoff_at_least__of_more_or_less__only_makes_it_longer(void **state)
{
    EG_UNUSED(state);
    eg_backoff backoff = {.first_ms = FIRST_MS, .most_ms = MOST_MS};
    eg_backoff_at_least(&backoff, 10 * FIRST_MS);
    assert_int_equal(eg_backoff_next(&backoff), 10 * FIRST_MS);
    eg_backoff_at_least(&backoff, FIRST_MS);
    assert_int_equal(eg_backoff_next(&backoff), 20 * FIRST_MS);
}

static void backoff_next__at_the_limits_of_its_numbers__does_not_wrap(void **state)
{
    EG_UNUSED(state);
    eg_backoff backoff = {.first_ms = UINT32_MAX / 2 + 1, .most_ms = UINT32_MAX};
    assert_int_equal(eg_backoff_next(&backoff), UINT32_MAX / 2 + 1);
    assert_true(eg_backoff_next(&backoff) == UINT32_MAX);
    assert_true(eg_backoff_next(&backoff) == UINT32_MAX);
    eg_backoff none = {.first_ms = 0, .most_ms = 0};
    assert_int_equal(eg_backoff_next(&none), 0);
    assert_int_equal(eg_backoff_next(&none), 0);
}

static void backoff_next_spread__by_its_source__is_anything_up_to_the_pause(void **state)
{
    EG_UNUSED(state);
    eg_backoff backoff = {.first_ms = FIRST_MS, .most_ms = MOST_MS};
    assert_int_equal(eg_backoff_next_spread(&backoff, random_zero), 0);
    assert_int_equal(eg_backoff_next_spread(&backoff, random_refused), FIRST_MS);
    assert_int_equal(eg_backoff_next(&backoff), 4 * FIRST_MS);
    for (int i = 0; i < 1000; i++) {
        eg_backoff_reset(&backoff);
        assert_in_range(eg_backoff_next_spread(&backoff, eg_random_bytes), 0, FIRST_MS);
    }
}

static void random_up_to__with_every_maximum__stays_below_and_reaches_it(void **state)
{
    EG_UNUSED(state);
    bool seen[3] = {false, false, false};
    assert_int_equal(eg_random_up_to(0, random_highest), 0);
    assert_true(eg_random_up_to(UINT32_MAX, random_highest) == UINT32_MAX);
    assert_int_equal(eg_random_up_to(9, random_refused), 4);
    for (int i = 0; i < 1000; i++) {
        seen[eg_random_up_to(2, eg_random_bytes)] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

int eg_test_backoff(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_next__again_and_again__doubles_up_to_the_bound),
        cmocka_unit_test(backoff_at_least__of_more_or_less__only_makes_it_longer),
        cmocka_unit_test(backoff_next__at_the_limits_of_its_numbers__does_not_wrap),
        cmocka_unit_test(backoff_next_spread__by_its_source__is_anything_up_to_the_pause),
        cmocka_unit_test(random_up_to__with_every_maximum__stays_below_and_reaches_it),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
