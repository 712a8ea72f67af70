/* SPDX-License-Identifier: Apache-2.0 */
/* Names of SIDs: from Windows, and from a lookup that takes its time. */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/account_name.h"

#include <string.h>

#define DEADLINE_NS (UINT64_C(20) * 1000000000)
#define SECOND_NS UINT64_C(1000000000)

static const uint8_t local_system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const uint8_t one[] = {1, 1, 0, 0, 0, 0, 0, 5, 101, 0, 0, 0};
static const uint8_t two[] = {1, 1, 0, 0, 0, 0, 0, 5, 102, 0, 0, 0};

static eg_atomic hangs, asked, answered;

static bool slow_lookup(const uint8_t *sid, eg_buf *out)
{
    eg_atomic_add(&asked, 1);
    while (eg_atomic_get(&hangs) != 0) {
        eg_thread_sleep_ms(1);
    }
    eg_buf_appendf(out, "DOMAIN\\user%u", (unsigned)sid[8]);
    eg_atomic_add(&answered, 1);
    return sid[8] != 102;
}

static eg_account_cache *create(void)
{
    eg_account_cache *cache = NULL;
    eg_atomic_set(&asked, 0);
    eg_atomic_set(&answered, 0);
    assert_int_equal(eg_account_cache_create_with(slow_lookup, &cache), EG_OK);
    return cache;
}

static void assert_name(eg_account_cache *cache, const uint8_t *sid, const char *expected)
{
    eg_str name = eg_account_name(cache, sid, sizeof(one));
    assert_int_equal(name.len, strlen(expected));
    assert_memory_equal(name.ptr, expected, name.len);
}

static void account__of_windows__is_named_at_once(void **state)
{
    eg_account_cache *cache = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_account_cache_create(&cache), EG_OK);
    eg_str name = eg_account_name(cache, local_system, sizeof(local_system));
    assert_true(eg_str_ends_nocase(name, EG_STR("\\SYSTEM")));
    assert_null(eg_account_name(cache, local_system, 5).ptr);
    eg_account_cache_destroy(cache);
}

static void account__named_once__is_not_asked_for_again(void **state)
{
    EG_UNUSED(state);
    eg_account_cache *cache = create();
    assert_name(cache, one, "DOMAIN\\user101");
    assert_name(cache, one, "DOMAIN\\user101");
    assert_name(cache, two, "S-1-5-102"); /* nobody knows it */
    assert_name(cache, two, "S-1-5-102");
    assert_int_equal(eg_atomic_get(&asked), 2);
    eg_account_cache_destroy(cache);
}

/* A domain controller that does not answer holds up the first event a little, the others not. */
static void account__lookup_that_hangs__is_not_waited_for(void **state)
{
    EG_UNUSED(state);
    eg_account_cache *cache = create();
    eg_atomic_set(&hangs, 1);
    assert_name(cache, one, "S-1-5-101");
    uint64_t begin = eg_clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        assert_name(cache, one, "S-1-5-101");
        assert_name(cache, two, "S-1-5-102");
    }
    assert_true(eg_clock_monotonic_ns() - begin < 10 * SECOND_NS); /* not half a second each */
    assert_int_equal(eg_atomic_get(&asked), 1);
    eg_atomic_set(&hangs, 0);
    begin = eg_clock_monotonic_ns();
    while (!eg_str_equal(eg_account_name(cache, one, sizeof(one)), EG_STR("DOMAIN\\user101"))) {
        assert_true(eg_clock_monotonic_ns() - begin < DEADLINE_NS);
        eg_thread_sleep_ms(1);
    }
    eg_account_cache_destroy(cache);
}

static void account__cache_gone_before_the_answer__is_survived(void **state)
{
    EG_UNUSED(state);
    eg_account_cache *cache = create();
    eg_atomic_set(&hangs, 1);
    assert_name(cache, one, "S-1-5-101");
    eg_account_cache_destroy(cache);
    eg_atomic_set(&hangs, 0);
    uint64_t begin = eg_clock_monotonic_ns();
    while (eg_atomic_get(&answered) == 0) {
        assert_true(eg_clock_monotonic_ns() - begin < DEADLINE_NS);
        eg_thread_sleep_ms(1);
    }
}

static void account__no_memory__goes_without_a_name(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0; allowed < 8; allowed++) {
        eg_account_cache *cache = NULL;
        eg_mem_fail_after(allowed);
        int status = eg_account_cache_create_with(slow_lookup, &cache);
        if (status == EG_OK) {
            eg_str name = eg_account_name(cache, one, sizeof(one));
            assert_true(!name.ptr || name.len > 0);
        }
        eg_mem_fail_after(-1);
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        eg_account_cache_destroy(cache);
    }
}

int eg_test_account_name(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(account__of_windows__is_named_at_once),
        cmocka_unit_test(account__named_once__is_not_asked_for_again),
        cmocka_unit_test(account__lookup_that_hangs__is_not_waited_for),
        cmocka_unit_test(account__cache_gone_before_the_answer__is_survived),
        cmocka_unit_test(account__no_memory__goes_without_a_name),
    };
    return cmocka_run_group_tests_name("account_name", tests, NULL, NULL);
}
