/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "service/intake.c"
#include "service/pipeline_thread.c"
#include "tests/unit/store_fixture.h"

#define DEADLINE_MS 20000

static void push(eg_intake *intake, uint32_t pid)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.pid = pid;
    eg_intake_push(intake, &event);
}

static void intake__pushed__comes_out_in_order(void **state)
{
    EG_UNUSED(state);
    eg_intake *intake = NULL;
    assert_int_equal(eg_intake_create(4, &intake), EG_OK);
    push(intake, 1);
    push(intake, 2);
    for (uint32_t pid = 1; pid <= 2; pid++) {
        eg_event *event = NULL;
        assert_int_equal(eg_intake_pop(intake, 0, &event), EG_OK);
        assert_int_equal(event->pid, pid);
        eg_free(event);
    }
    assert_int_equal(eg_intake_dropped(intake), 0);
    assert_int_equal(eg_intake_report_loss(intake), 0);
    assert_int_equal(eg_intake_length(intake), 0);
    eg_intake_destroy(intake);
}

/* What is offered leaves room for what happens now, and is never counted as lost. */
static void intake__nearly_full__takes_no_offers(void **state)
{
    EG_UNUSED(state);
    eg_intake *intake = NULL;
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    assert_int_equal(eg_intake_create(16, &intake), EG_OK);
    for (int i = 0; i < 14; i++) {
        assert_int_equal(eg_intake_offer(intake, &event), EG_OK);
    }
    assert_int_equal(eg_intake_offer(intake, &event), EG_E_LIMIT);
    push(intake, 1);
    push(intake, 2);
    assert_int_equal(eg_intake_dropped(intake), 0);
    assert_int_equal(eg_intake_length(intake), 16);
    eg_intake_close(intake);
    eg_intake_destroy(intake);
}

static void intake__full__counts_the_loss_and_makes_it_an_event(void **state)
{
    EG_UNUSED(state);
    eg_intake *intake = NULL;
    eg_event *event = NULL;
    assert_int_equal(eg_intake_create(2, &intake), EG_OK);
    for (uint32_t i = 0; i < 5; i++) {
        push(intake, i);
    }
    assert_int_equal(eg_intake_dropped(intake), 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(eg_intake_pop(intake, 0, &event), EG_OK);
        eg_free(event);
    }
    assert_int_equal(eg_intake_report_loss(intake), 3);
    assert_int_equal(eg_intake_report_loss(intake), 0);
    assert_int_equal(eg_intake_pop(intake, 0, &event), EG_OK);
    assert_int_equal(event->kind, EG_KIND_AGENT);
    assert_true(eg_str_equal(eg_event_get(event, EG_FIELD_REASON), EG_STR("telemetry_lost")));
    assert_true(eg_str_equal(eg_event_get(event, EG_FIELD_EVENT_COUNT), EG_STR("3")));
    eg_free(event);
    eg_intake_destroy(intake);
}

static void intake__large_events__are_bounded_by_their_bytes(void **state)
{
    enum { SIZE = 1024 * 1024, FIT = EG_INTAKE_BYTES_MAX / (SIZE + 1024) };
    EG_UNUSED(state);
    eg_intake *intake = NULL;
    eg_event large, *event = NULL;
    char *text = eg_alloc_zero(1, SIZE);
    assert_non_null(text);
    assert_int_equal(eg_intake_create(4 * FIT, &intake), EG_OK);
    eg_event_init(&large, EG_KIND_SCRIPT_BLOCK);
    large.field[EG_FIELD_SCRIPT_BLOCK_TEXT] = (eg_str){text, SIZE};
    for (int round = 0; round < 2; round++) {
        uint64_t dropped = eg_intake_dropped(intake);
        for (int i = 0; i < 2 * FIT; i++) {
            eg_intake_push(intake, &large);
        }
        size_t length = eg_intake_length(intake);
        assert_true(length >= FIT && length * SIZE <= EG_INTAKE_BYTES_MAX);
        assert_int_equal(eg_intake_dropped(intake) - dropped, 2 * FIT - length);
        while (eg_intake_pop(intake, 0, &event) == EG_OK) {
            eg_free(event);
        }
    }
    eg_intake_destroy(intake);
    eg_free(text);
}

static void intake__no_memory__counts_the_loss(void **state)
{
    EG_UNUSED(state);
    eg_intake *intake = NULL;
    assert_int_equal(eg_intake_create(2, &intake), EG_OK);
    eg_mem_fail_after(0);
    push(intake, 1);
    eg_mem_fail_after(-1);
    assert_int_equal(eg_intake_dropped(intake), 1);
    eg_intake_destroy(intake);
}

static void intake__closed__takes_nothing_and_counts_nothing(void **state)
{
    EG_UNUSED(state);
    eg_intake *intake = NULL;
    eg_event *event = NULL;
    assert_int_equal(eg_intake_create(2, &intake), EG_OK);
    push(intake, 1);
    eg_intake_close(intake);
    push(intake, 2);
    assert_int_equal(eg_intake_dropped(intake), 0);
    assert_int_equal(eg_intake_pop(intake, 0, &event), EG_OK);
    eg_free(event);
    assert_int_equal(eg_intake_pop(intake, 0, &event), EG_E_CLOSED);
    eg_intake_destroy(intake);
}

/* ---- the thread that takes them out ---- */

typedef struct worker {
    eg_store_fixture *store;
    eg_notices notices;
    eg_intake *intake;
    eg_hit_keeper *keeper;
    eg_ruleset_slot *slot;
    eg_pipeline_thread *thread;
    eg_atomic upkeeps;
    eg_atomic lost;
    eg_atomic resyncs;
} worker;

static int never_store(void *user, const eg_hit *hit, const eg_event *event, int64_t *id,
                       bool *is_new)
{
    EG_UNUSED(user);
    EG_UNUSED(hit);
    EG_UNUSED(event);
    EG_UNUSED(id);
    EG_UNUSED(is_new);
    return eg_fail(EG_E_IO, "there are no rules, so no hits");
}

static void on_stored(void *user, int64_t id, uint64_t time)
{
    EG_UNUSED(user);
    EG_UNUSED(id);
    EG_UNUSED(time);
}

static void on_counted(void *user)
{
    EG_UNUSED(user);
}

static void on_upkeep(void *user)
{
    worker *self = user;
    eg_atomic_add(&self->upkeeps, 1);
}

static void on_lost(void *user, uint64_t count)
{
    worker *self = user;
    eg_atomic_add(&self->lost, (int64_t)count);
}

static void on_resync(void *user)
{
    worker *self = user;
    eg_atomic_add(&self->resyncs, 1);
}

static int set_up(void **state)
{
    void *store = NULL;
    worker *self = eg_alloc_zero(1, sizeof(*self));
    assert_non_null(self);
    assert_int_equal(eg_store_fixture_set_up(&store), 0);
    self->store = store;
    assert_int_equal(eg_notices_init(&self->notices), EG_OK);
    assert_int_equal(eg_intake_create(8, &self->intake), EG_OK);
    eg_hit_keeper_options keeper = {never_store, self, &self->notices, NULL,
                                    4,           self, on_stored,      on_counted};
    assert_int_equal(eg_hit_keeper_create(&keeper, &self->keeper), EG_OK);
    assert_int_equal(eg_ruleset_slot_create(&self->slot), EG_OK);
    eg_pipeline_thread_options options = {.intake = self->intake,
                                          .keeper = self->keeper,
                                          .user = self,
                                          .upkeep = on_upkeep,
                                          .lost = on_lost,
                                          .resync = on_resync};
    assert_int_equal(eg_pipeline_thread_create(&options, &self->thread), EG_OK);
    assert_int_equal(eg_pipeline_thread_start(self->thread, self->slot), EG_OK);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    worker *self = *state;
    void *store = self->store;
    eg_intake_close(self->intake);
    eg_pipeline_thread_stop(self->thread, 0);
    assert_int_equal(eg_pipeline_thread_join(self->thread, DEADLINE_MS), EG_OK);
    eg_pipeline_thread_destroy(self->thread);
    eg_ruleset_slot_destroy(self->slot);
    eg_hit_keeper_destroy(self->keeper);
    eg_intake_destroy(self->intake);
    eg_notices_done(&self->notices);
    eg_free(self);
    return eg_store_fixture_tear_down(&store);
}

static void wait_for_events(worker *self, uint64_t count)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_pipeline_thread_events(self->thread) < count) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(1);
    }
}

static void wait_for_one(const eg_atomic *counter)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(counter) == 0) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(1);
    }
}

static void pipeline_thread__rules_not_settled__leaves_events_in_the_queue(void **state)
{
    worker *self = *state;
    push(self->intake, 1);
    eg_thread_sleep_ms(50);
    assert_int_equal(eg_pipeline_thread_events(self->thread), 0);
    assert_int_equal(eg_intake_length(self->intake), 1);
    eg_pipeline_thread_rules_settled(self->thread);
    wait_for_events(self, 1);
}

static void pipeline_thread__running__looks_after_the_house(void **state)
{
    worker *self = *state;
    eg_pipeline_thread_rules_settled(self->thread);
    wait_for_one(&self->upkeeps);
}

static void pipeline_thread__events_lost__tells_and_asks_for_a_snapshot(void **state)
{
    worker *self = *state;
    for (uint32_t i = 0; i < 20; i++) {
        push(self->intake, i);
    }
    eg_pipeline_thread_rules_settled(self->thread);
    wait_for_events(self, 9); /* 8 fitted, and the one that tells of the loss */
    wait_for_one(&self->resyncs);
    assert_int_equal(eg_atomic_get(&self->lost), 12);
}

static void pipeline_thread__stopped__works_off_the_queue_first(void **state)
{
    worker *self = *state;
    for (uint32_t i = 0; i < 8; i++) {
        push(self->intake, i);
    }
    eg_intake_close(self->intake);
    eg_pipeline_thread_rules_settled(self->thread);
    eg_pipeline_thread_stop(self->thread, DEADLINE_MS);
    assert_int_equal(eg_pipeline_thread_join(self->thread, DEADLINE_MS), EG_OK);
    assert_int_equal(eg_pipeline_thread_events(self->thread), 8);
}

static void pipeline_thread__stopped_before_the_rules__ends(void **state)
{
    worker *self = *state;
    eg_pipeline_thread_stop(self->thread, 0);
    assert_int_equal(eg_pipeline_thread_join(self->thread, DEADLINE_MS), EG_OK);
    assert_int_equal(eg_pipeline_thread_events(self->thread), 0);
}

int eg_test_service_intake(void)
{
#define THREAD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intake__pushed__comes_out_in_order),
        cmocka_unit_test(intake__nearly_full__takes_no_offers),
        cmocka_unit_test(intake__full__counts_the_loss_and_makes_it_an_event),
        cmocka_unit_test(intake__large_events__are_bounded_by_their_bytes),
        cmocka_unit_test(intake__no_memory__counts_the_loss),
        cmocka_unit_test(intake__closed__takes_nothing_and_counts_nothing),
        THREAD_TEST(pipeline_thread__rules_not_settled__leaves_events_in_the_queue),
        THREAD_TEST(pipeline_thread__running__looks_after_the_house),
        THREAD_TEST(pipeline_thread__events_lost__tells_and_asks_for_a_snapshot),
        THREAD_TEST(pipeline_thread__stopped__works_off_the_queue_first),
        THREAD_TEST(pipeline_thread__stopped_before_the_rules__ends),
    };
    return cmocka_run_group_tests_name("service_intake", tests, NULL, NULL);
}
