/* SPDX-License-Identifier: Apache-2.0 */
/* When a pack on trial has to go: too many hits, much slower than the one before. */
#include "core/update/guard.h"
#include "tests/unit/unit.h"

#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

typedef struct fixture {
    eg_guard guard;
    eg_guard_sample sample;
    char reason[200];
} fixture;

static bool is_fine(fixture *f)
{
    return eg_guard_look(&f->guard, &f->sample, f->reason, sizeof(f->reason));
}

static bool works(fixture *f, eg_guard_work_kind kind, uint64_t units, uint64_t ns)
{
    f->sample.work[kind].units += units;
    f->sample.work[kind].ns += units * ns;
    f->sample.time_ns += SECOND_NS;
    return is_fine(f);
}

static fixture begin(eg_release_guard limits, eg_guard_pace pace)
{
    fixture f = {.sample = {.time_ns = 7, .hits = 1000000, .work = {{500, 9}, {500, 9}}}};
    eg_guard_begin(&f.guard, &limits, &pace, &f.sample);
    return f;
}

static void hits__more_than_a_minute_may_have__are_too_many(void **state)
{
    fixture f = begin((eg_release_guard){0}, (eg_guard_pace){{0}});
    EG_UNUSED(state);
    for (int minute = 0; minute < 3; minute++) {
        f.sample.hits += EG_GUARD_HITS_PER_MINUTE;
        f.sample.time_ns += 60 * SECOND_NS;
        assert_true(is_fine(&f));
    }
    f.sample.hits += EG_GUARD_HITS_PER_MINUTE + 1;
    assert_false(is_fine(&f));
    assert_non_null(strstr(f.reason, "1001 hits within a minute"));
}

static void hits__with_a_limit_of_the_pack__are_counted_over_the_trial(void **state)
{
    fixture f = begin((eg_release_guard){.max_hits_per_hour = 5}, (eg_guard_pace){{0}});
    EG_UNUSED(state);
    f.sample.hits += 5;
    f.sample.time_ns += 200 * SECOND_NS;
    assert_true(is_fine(&f));
    f.sample.hits++;
    assert_false(is_fine(&f));
    assert_non_null(strstr(f.reason, "6 hits on trial, 5 in an hour"));
}

static void work__slow_three_times_in_a_row__is_too_slow(void **state)
{
    EG_UNUSED(state);
    for (eg_guard_work_kind i = 0; i < EG_GUARD_WORKS; i++) {
        fixture f = begin((eg_release_guard){0}, (eg_guard_pace){{50000, 50000}});
        for (int k = 0; k < 4; k++) { /* something else keeps the PC busy for a while */
            assert_true(works(&f, i, EG_GUARD_SCANNED_MIN, 400000));
            assert_true(works(&f, i, EG_GUARD_SCANNED_MIN, 400000));
            assert_true(works(&f, i, EG_GUARD_SCANNED_MIN, 250000)); /* five times */
        }
        assert_true(works(&f, i, EG_GUARD_SCANNED_MIN, 400000));
        assert_true(works(&f, i, EG_GUARD_SCANNED_MIN, 400000));
        assert_true(works(&f, i, 10, 400000)); /* too little to tell: counted with what follows */
        assert_false(works(&f, i, EG_GUARD_SCANNED_MIN, 400000));
        assert_non_null(strstr(f.reason, "400 microseconds for a"));
        assert_non_null(strstr(f.reason, "50 with the pack before: more than 5 times"));
    }
}

static void work__slower_than_a_limit_of_the_pack__is_too_slow(void **state)
{
    fixture f = begin((eg_release_guard){.max_slowdown = 20}, (eg_guard_pace){{50000, 50000}});
    EG_UNUSED(state);
    for (int k = 0; k < 9; k++) {
        assert_true(works(&f, EG_GUARD_MATCHING, EG_GUARD_EVENTS_MIN, 1000000));
    }
    assert_true(works(&f, EG_GUARD_MATCHING, EG_GUARD_EVENTS_MIN, 1100000));
    assert_true(works(&f, EG_GUARD_MATCHING, EG_GUARD_EVENTS_MIN, 1100000));
    assert_false(works(&f, EG_GUARD_MATCHING, EG_GUARD_EVENTS_MIN, 1100000));
}

static void work__that_nobody_notices_or_cannot_compare__is_fine(void **state)
{
    EG_UNUSED(state);
    for (eg_guard_work_kind i = 0; i < EG_GUARD_WORKS; i++) {
        fixture quick = begin((eg_release_guard){0}, (eg_guard_pace){{10, 10}});
        fixture unknown = begin((eg_release_guard){0}, (eg_guard_pace){{0}});
        for (unsigned k = 0; k < 3 * EG_GUARD_SLOW_MAX; k++) {
            assert_true(works(&quick, i, EG_GUARD_SCANNED_MIN, EG_GUARD_SCANNED_NS - 1));
            assert_true(works(&unknown, i, EG_GUARD_SCANNED_MIN, 900000000));
        }
    }
}

static void pace__of_too_little_work__stays_what_it_was(void **state)
{
    const eg_guard_sample from = {.work = {{100, 100}, {100, 100}}};
    const eg_guard_sample to = {.work = {{100 + EG_GUARD_EVENTS_MIN, 100 + EG_GUARD_EVENTS_MIN * 7},
                                         {99 + EG_GUARD_SCANNED_MIN, 999999}}};
    eg_guard_pace pace = {{1, 2}};
    EG_UNUSED(state);
    eg_guard_pace_take(&pace, &from, &to);
    assert_int_equal(pace.ns[EG_GUARD_MATCHING], 7);
    assert_int_equal(pace.ns[EG_GUARD_SCANNING], 2);
}

static void check_charged(eg_guard_shares *shares, uint64_t minute, uint64_t first, uint64_t second)
{
    const eg_guard_sample all = {minute * 60 * SECOND_NS, minute, {{minute, 2 * minute}, {0, 0}}};
    eg_guard_shares_charge(shares, &all);
    assert_int_equal(shares->charged[0].hits, first);
    assert_int_equal(shares->charged[0].work[EG_GUARD_MATCHING].ns, 2 * first);
    assert_int_equal(shares->charged[1].hits, second);
    assert_int_equal(shares->charged[1].work[EG_GUARD_MATCHING].units, second);
}

static void packs__on_trial_together__charge_the_later_one(void **state)
{
    eg_guard_shares shares = {.newest = 0};
    EG_UNUSED(state);
    check_charged(&shares, 1, 1, 1);
    eg_guard_shares_change(&shares, &shares.all, 0, true);
    check_charged(&shares, 2, 2, 1);
    eg_guard_shares_change(&shares, &shares.all, 1, true);
    check_charged(&shares, 5, 2, 4);
    eg_guard_shares_change(&shares, &shares.all, 0, false); /* is not the newest any more */
    check_charged(&shares, 6, 2, 5);
    eg_guard_shares_change(&shares, &shares.all, 1, false);
    check_charged(&shares, 7, 3, 6);
    eg_guard_shares_change(&shares, &shares.all, 1, true);
    check_charged(&shares, 36, 3, 35);
    check_charged(&shares, 40, 7, 39); /* its trial is over */
}

int eg_test_guard(void);

int eg_test_guard(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits__more_than_a_minute_may_have__are_too_many),
        cmocka_unit_test(hits__with_a_limit_of_the_pack__are_counted_over_the_trial),
        cmocka_unit_test(work__slow_three_times_in_a_row__is_too_slow),
        cmocka_unit_test(work__slower_than_a_limit_of_the_pack__is_too_slow),
        cmocka_unit_test(work__that_nobody_notices_or_cannot_compare__is_fine),
        cmocka_unit_test(packs__on_trial_together__charge_the_later_one),
        cmocka_unit_test(pace__of_too_little_work__stays_what_it_was),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
