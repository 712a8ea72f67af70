/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"
#include "tests/unit/unit.h"

#define SOON_MS 20u
#define LONG_MS 60000u

typedef struct fixture {
    eg_stoppable thread;
    bool held; /* under its lock: the thread does not end while it is set */
    bool rested;
} fixture;

static void rest_then_wait(void *arg)
{
    fixture *f = arg;
    f->rested = eg_stoppable_rest(&f->thread, EG_NEVER);
    eg_mutex_lock(&f->thread.lock);
    while (f->held) {
        eg_cond_wait(&f->thread.changed, &f->thread.lock, EG_FOREVER);
    }
    eg_mutex_unlock(&f->thread.lock);
}

static void let_go(fixture *f)
{
    eg_mutex_lock(&f->thread.lock);
    f->held = false;
    eg_cond_wake_all(&f->thread.changed);
    eg_mutex_unlock(&f->thread.lock);
}

static void cond_wait_until__when_the_time_is_over__says_so_at_once(void **state)
{
    EG_UNUSED(state);
    eg_stoppable owner = {0};
    assert_int_equal(eg_stoppable_init(&owner), EG_OK);
    assert_true(eg_deadline_after(EG_FOREVER) == EG_NEVER);
    uint64_t start = eg_clock_monotonic_ns(), deadline = eg_deadline_after(SOON_MS);
    assert_true(deadline >= start + SOON_MS * UINT64_C(1000000));
    eg_mutex_lock(&owner.lock);
    assert_int_equal(eg_cond_wait_until(&owner.changed, &owner.lock, start), EG_E_TIMEOUT);
    while (eg_cond_wait_until(&owner.changed, &owner.lock, deadline) == EG_OK) {
        continue;
    }
    eg_mutex_unlock(&owner.lock);
    assert_true(eg_clock_monotonic_ns() >= deadline);
    eg_stoppable_done(&owner);
}

static void stoppable_rest__until_a_time__goes_on(void **state)
{
    EG_UNUSED(state);
    eg_stoppable owner = {0};
    assert_int_equal(eg_stoppable_init(&owner), EG_OK);
    uint64_t deadline = eg_deadline_after(SOON_MS);
    assert_true(eg_stoppable_rest(&owner, deadline));
    assert_true(eg_clock_monotonic_ns() >= deadline);
    eg_stoppable_stop(&owner);
    assert_false(eg_stoppable_rest(&owner, EG_NEVER));
    eg_stoppable_done(&owner);
}

static void stoppable_join__of_a_thread_that_stays__times_out_until_it_ends(void **state)
{
    EG_UNUSED(state);
    fixture f = {.held = true, .rested = true};
    assert_int_equal(eg_stoppable_init(&f.thread), EG_OK);
    assert_int_equal(eg_stoppable_start(&f.thread, "test", rest_then_wait, &f), EG_OK);
    assert_int_equal(eg_stoppable_join(&f.thread, 0, "it does not stop"), EG_E_TIMEOUT);
    assert_string_equal(eg_error_message(), "it does not stop");
    eg_stoppable_stop(&f.thread);
    assert_int_equal(eg_stoppable_join(&f.thread, SOON_MS, "it stays"), EG_E_TIMEOUT);
    let_go(&f);
    assert_int_equal(eg_stoppable_join(&f.thread, LONG_MS, "it stays"), EG_OK);
    assert_int_equal(eg_stoppable_join(&f.thread, 0, "again"), EG_OK);
    assert_false(f.rested);
    eg_stoppable_done(&f.thread);
}

static void stoppable_start__without_memory__fails_and_leaves_nothing_to_wait_for(void **state)
{
    EG_UNUSED(state);
    fixture f = {0};
    assert_int_equal(eg_stoppable_init(&f.thread), EG_OK);
    eg_mem_fail_after(0);
    int status = eg_stoppable_start(&f.thread, "test", rest_then_wait, &f);
    eg_mem_fail_after(-1);
    assert_int_equal(status, EG_E_NOMEM);
    assert_int_equal(eg_stoppable_join(&f.thread, EG_FOREVER, "it stays"), EG_OK);
    eg_stoppable_done(&f.thread);
}

int eg_test_stoppable(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cond_wait_until__when_the_time_is_over__says_so_at_once),
        cmocka_unit_test(stoppable_rest__until_a_time__goes_on),
        cmocka_unit_test(stoppable_join__of_a_thread_that_stays__times_out_until_it_ends),
        cmocka_unit_test(stoppable_start__without_memory__fails_and_leaves_nothing_to_wait_for),
    };
    return cmocka_run_group_tests_name("stoppable", tests, NULL, NULL);
}
