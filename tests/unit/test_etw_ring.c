/* SPDX-License-Identifier: Apache-2.0 */
/* The ring between the ETW callback and the decoder. */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_ring.h"

#include <string.h>

static int push(eg_etw_ring *ring, uint16_t id, const void *payload, size_t size)
{
    eg_etw_record record = {.id = id, .payload = payload, .size = size};
    return eg_etw_ring_push(ring, &record);
}

static size_t size_of(uint16_t number)
{
    return (size_t)number * 37 % 700;
}

static void ring__records__come_out_in_order_with_their_payload(void **state)
{
    static uint8_t payload[700];
    eg_etw_ring *ring = NULL;
    eg_etw_record record;
    EG_UNUSED(state);
    assert_int_equal(eg_etw_ring_create(&ring, 2000), EG_OK);
    /* far more than the ring holds, and never empty, so that records lie across its end */
    for (uint16_t i = 0; i <= 500; i++) {
        memset(payload, i & 0xFF, size_of(i));
        assert_int_equal(push(ring, i, payload, size_of(i)), EG_OK);
        if (i == 0) {
            continue;
        }
        memset(payload, (i - 1) & 0xFF, sizeof(payload));
        assert_int_equal(eg_etw_ring_pop(ring, &record, 0), EG_OK);
        assert_int_equal(record.id, i - 1);
        assert_int_equal(record.size, size_of((uint16_t)(i - 1)));
        assert_memory_equal(record.payload, payload, record.size);
        assert_int_equal(eg_etw_ring_used(ring), sizeof(record) + size_of(i));
    }
    assert_int_equal(eg_etw_ring_pop(ring, &record, 0), EG_OK);
    assert_int_equal(eg_etw_ring_used(ring), 0);
    assert_int_equal(eg_etw_ring_pop(ring, &record, 0), EG_E_TIMEOUT);
    eg_etw_ring_destroy(ring);
}

static void ring_push__when_full__drops_and_counts(void **state)
{
    static const uint8_t payload[100] = {9};
    eg_etw_ring *ring = NULL;
    eg_etw_record record;
    uint16_t pushed = 0;
    EG_UNUSED(state);
    assert_int_equal(eg_etw_ring_create(&ring, 1000), EG_OK);
    while (push(ring, pushed, payload, sizeof(payload)) == EG_OK) {
        pushed++;
    }
    assert_true(pushed > 3);
    assert_int_equal(eg_etw_ring_dropped(ring), 1);
    for (uint16_t i = 0; i < pushed; i++) {
        assert_int_equal(eg_etw_ring_pop(ring, &record, 0), EG_OK);
        assert_int_equal(record.id, i);
    }
    assert_int_equal(push(ring, 1, payload, sizeof(payload)), EG_OK);
    eg_etw_ring_destroy(ring);
}

static void ring_push__payload_beyond_the_limit__is_dropped(void **state)
{
    static uint8_t payload[EG_ETW_RING_PAYLOAD_MAX + 1];
    eg_etw_ring *ring = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_etw_ring_create(&ring, 4 * sizeof(payload)), EG_OK);
    assert_int_equal(push(ring, 1, payload, sizeof(payload)), EG_E_LIMIT);
    assert_int_equal(push(ring, 1, payload, sizeof(payload) - 1), EG_OK);
    assert_int_equal(eg_etw_ring_dropped(ring), 1);
    eg_etw_ring_destroy(ring);
}

static void push_later(void *arg)
{
    eg_thread_sleep_ms(20);
    push(arg, 42, "abc", 3);
}

static void ring_pop__waiting__is_woken_by_a_push(void **state)
{
    eg_etw_ring *ring = NULL;
    eg_thread *thread = NULL;
    eg_etw_record record;
    EG_UNUSED(state);
    assert_int_equal(eg_etw_ring_create(&ring, 1000), EG_OK);
    assert_int_equal(eg_thread_start(&thread, "push", push_later, ring), EG_OK);
    assert_int_equal(eg_etw_ring_pop(ring, &record, 10000), EG_OK);
    assert_int_equal(record.id, 42);
    eg_thread_join(thread);
    eg_etw_ring_wake(ring);
    assert_int_equal(eg_etw_ring_pop(ring, &record, EG_FOREVER), EG_E_TIMEOUT);
    eg_etw_ring_destroy(ring);
}

int eg_test_etw_ring(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring__records__come_out_in_order_with_their_payload),
        cmocka_unit_test(ring_push__when_full__drops_and_counts),
        cmocka_unit_test(ring_push__payload_beyond_the_limit__is_dropped),
        cmocka_unit_test(ring_pop__waiting__is_woken_by_a_push),
    };
    return cmocka_run_group_tests_name("etw_ring", tests, NULL, NULL);
}
