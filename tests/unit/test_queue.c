/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/queue.h"
#include "core/base/status.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

static int create_and_destroy(void *arg)
{
    EG_UNUSED(arg);
    eg_queue *queue = NULL;
    int status = eg_queue_create(&queue, 8);
    eg_queue_destroy(queue, NULL);
    return status;
}

static void queue_create__with_bad_capacity_or_no_memory__fails(void **state)
{
    EG_UNUSED(state);
    eg_queue *queue = NULL;
    assert_int_equal(eg_queue_create(&queue, 0), EG_E_INVALID);
    assert_int_equal(eg_queue_create(&queue, SIZE_MAX / 4), EG_E_INVALID);
    assert_null(queue);
    eg_queue_destroy(NULL, NULL);
    assert_int_equal(eg_test_each_allocation_fails(create_and_destroy, NULL), 1);
}

static void queue_push__when_full__counts_the_drop(void **state)
{
    EG_UNUSED(state);
    int items[4];
    void *item = NULL;
    eg_queue *queue = NULL;
    assert_int_equal(eg_queue_create(&queue, 3), EG_OK);
    /* Around the end of the ring several times. */
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++) {
            assert_int_equal(eg_queue_push(queue, &items[i]), EG_OK);
        }
        assert_int_equal(eg_queue_push(queue, &items[3]), EG_E_LIMIT);
        assert_int_equal(eg_queue_length(queue), 3);
        assert_true(eg_queue_dropped(queue) == (uint64_t)round + 1);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(eg_queue_pop(queue, &item, 0), EG_OK);
            assert_ptr_equal(item, &items[i]);
        }
        assert_int_equal(eg_queue_push(queue, &items[0]), EG_OK);
        assert_int_equal(eg_queue_pop(queue, &item, 0), EG_OK);
    }
    eg_queue_destroy(queue, NULL);
}

static void queue_pop__when_empty__times_out_and_leaves_the_item(void **state)
{
    EG_UNUSED(state);
    int mark;
    void *item = &mark;
    eg_queue *queue = NULL;
    assert_int_equal(eg_queue_create(&queue, 1), EG_OK);
    assert_int_equal(eg_queue_pop(queue, &item, 0), EG_E_TIMEOUT);
    uint64_t start = eg_clock_monotonic_ns();
    assert_int_equal(eg_queue_pop(queue, &item, 30), EG_E_TIMEOUT);
    assert_true(eg_clock_monotonic_ns() - start >= 25 * UINT64_C(1000000));
    assert_ptr_equal(item, &mark);
    eg_queue_destroy(queue, NULL);
}

static void count_drop(void *item)
{
    ++*(int *)item;
}

static void queue_close__with_items_inside__still_gives_them_out(void **state)
{
    EG_UNUSED(state);
    int drops = 0;
    void *item = NULL;
    eg_queue *queue = NULL;
    assert_int_equal(eg_queue_create(&queue, 4), EG_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eg_queue_push(queue, &drops), EG_OK);
    }
    eg_queue_close(queue);
    assert_int_equal(eg_queue_push(queue, &drops), EG_E_CLOSED);
    assert_true(eg_queue_dropped(queue) == 0);
    assert_int_equal(eg_queue_pop(queue, &item, EG_FOREVER), EG_OK);
    eg_queue_destroy(queue, count_drop);
    assert_int_equal(drops, 2);
}

typedef struct waiter {
    eg_queue *queue;
    int status;
} waiter;

static void wait_forever(void *arg)
{
    waiter *w = arg;
    void *item = NULL;
    w->status = eg_queue_pop(w->queue, &item, EG_FOREVER);
}

static void queue_close__while_others_wait__wakes_all(void **state)
{
    EG_UNUSED(state);
    eg_queue *queue = NULL;
    eg_thread *threads[3];
    waiter waiters[3];
    assert_int_equal(eg_queue_create(&queue, 4), EG_OK);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        waiters[i] = (waiter){queue, EG_OK};
        assert_int_equal(eg_thread_start(&threads[i], "wait", wait_forever, &waiters[i]), EG_OK);
    }
    eg_thread_sleep_ms(20);
    eg_queue_close(queue);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        eg_thread_join(threads[i]);
        assert_int_equal(waiters[i].status, EG_E_CLOSED);
    }
    eg_queue_destroy(queue, NULL);
}

#define PRODUCERS 4
#define ITEMS 2000
#define ID_UNIT 0x100000

typedef struct producer {
    eg_queue *queue;
    uintptr_t id;
    uint64_t refused;
} producer;

/* Pushes 1 .. ITEMS, each until it is taken. */
static void produce(void *arg)
{
    producer *p = arg;
    for (uintptr_t i = 1; i <= ITEMS; i++) {
        while (eg_queue_push(p->queue, (void *)(p->id * ID_UNIT + i)) != EG_OK) {
            p->refused++;
            eg_thread_sleep_ms(0);
        }
    }
}

static void wait_for_first_drop(eg_queue *queue)
{
    for (int i = 0; i < 2000 && eg_queue_dropped(queue) == 0; i++) {
        eg_thread_sleep_ms(5);
    }
    assert_true(eg_queue_dropped(queue) > 0);
}

static void queue__with_many_producers__keeps_each_ones_order_and_counts_every_drop(void **state)
{
    EG_UNUSED(state);
    eg_queue *queue = NULL;
    eg_thread *threads[PRODUCERS];
    producer producers[PRODUCERS];
    uintptr_t last[PRODUCERS] = {0};
    uint64_t refused = 0;
    assert_int_equal(eg_queue_create(&queue, 16), EG_OK);
    for (uintptr_t i = 0; i < PRODUCERS; i++) {
        producers[i] = (producer){queue, i, 0};
        assert_int_equal(eg_thread_start(&threads[i], "produce", produce, &producers[i]), EG_OK);
    }
    wait_for_first_drop(queue);
    for (int i = 0; i < PRODUCERS * ITEMS; i++) {
        void *item = NULL;
        assert_int_equal(eg_queue_pop(queue, &item, 30000), EG_OK);
        uintptr_t id = (uintptr_t)item / ID_UNIT;
        assert_true(id < PRODUCERS);
        assert_int_equal((uintptr_t)item % ID_UNIT, last[id] + 1);
        last[id]++;
    }
    for (size_t i = 0; i < PRODUCERS; i++) {
        eg_thread_join(threads[i]);
        refused += producers[i].refused;
    }
    assert_int_equal(eg_queue_length(queue), 0);
    assert_true(eg_queue_dropped(queue) == refused);
    eg_queue_destroy(queue, NULL);
}

int eg_test_queue(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_create__with_bad_capacity_or_no_memory__fails),
        cmocka_unit_test(queue_push__when_full__counts_the_drop),
        cmocka_unit_test(queue_pop__when_empty__times_out_and_leaves_the_item),
        cmocka_unit_test(queue_close__with_items_inside__still_gives_them_out),
        cmocka_unit_test(queue_close__while_others_wait__wakes_all),
        cmocka_unit_test(queue__with_many_producers__keeps_each_ones_order_and_counts_every_drop),
    };
    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
