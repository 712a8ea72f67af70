/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/unit.h"

#include <string.h>

static void alloc__of_nothing__gives_a_block(void **state)
{
    EG_UNUSED(state);
    void *a = eg_alloc(0);
    void *b = eg_alloc_zero(0, 8);
    assert_non_null(a);
    assert_non_null(b);
    eg_free(a);
    eg_free(b);
    eg_free(NULL);
}

static void alloc_zero__with_overflow__fails_with_a_message(void **state)
{
    EG_UNUSED(state);
    eg_fail(EG_E_IO, "old");
    assert_null(eg_alloc_zero(SIZE_MAX / 2, 3));
    assert_non_null(strstr(eg_error_message(), "out of memory"));
}

static void copy_bytes__with_zeros_inside__copies_all_and_terminates(void **state)
{
    EG_UNUSED(state);
    char *copy = eg_copy_bytes("a\0b", 3);
    assert_memory_equal(copy, "a\0b\0", 4);
    eg_free(copy);
    copy = eg_copy_bytes(NULL, 0);
    assert_string_equal(copy, "");
    eg_free(copy);
}

static void fail_after__counts_down__then_refuses_until_reset(void **state)
{
    EG_UNUSED(state);
    eg_mem_fail_after(2);
    void *a = eg_alloc(1);
    void *b = eg_alloc_zero(1, 1);
    assert_null(eg_alloc(1));
    void *moved = eg_realloc(a, 100);
    assert_null(moved);
    assert_null(eg_copy_bytes("x", 1));
    eg_mem_fail_after(-1);
    assert_int_equal(eg_mem_failures(), 3);
    void *c = eg_alloc(1);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    eg_free(a);
    eg_free(b);
    eg_free(c);
    eg_mem_fail_after(5);
    eg_mem_fail_after(-1);
    assert_int_equal(eg_mem_failures(), 0);
}

typedef struct taker {
    eg_atomic *go;
    long got;
} taker;

static void take_many(void *arg)
{
    taker *t = arg;
    while (eg_atomic_get(t->go) == 0) {
        eg_thread_sleep_ms(1);
    }
    for (int i = 0; i < 1000; i++) {
        void *block = eg_alloc(1);
        if (block) {
            t->got++;
        }
        eg_free(block);
    }
}

static void fail_after__on_two_threads__lets_exactly_that_many_pass(void **state)
{
    EG_UNUSED(state);
    eg_atomic go = {0};
    eg_thread *threads[2];
    taker takers[2] = {{&go, 0}, {&go, 0}};
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        assert_int_equal(eg_thread_start(&threads[i], "take", take_many, &takers[i]), EG_OK);
    }
    eg_mem_fail_after(700);
    eg_atomic_set(&go, 1);
    for (size_t i = 0; i < EG_COUNT(threads); i++) {
        eg_thread_join(threads[i]);
    }
    eg_mem_fail_after(-1);
    assert_int_equal(takers[0].got + takers[1].got, 700);
    assert_int_equal(eg_mem_failures(), 1300);
}

static void arena__of_many_sizes__is_aligned_zeroed_and_apart(void **state)
{
    EG_UNUSED(state);
    eg_arena *arena = NULL;
    assert_int_equal(eg_arena_create(&arena, 512), EG_OK);
    for (int round = 0; round < 3; round++) {
        unsigned char *before = NULL;
        size_t before_size = 0;
        for (size_t size = 0; size < 2000; size += 37) {
            unsigned char *block = eg_arena_alloc(arena, size);
            assert_non_null(block);
            assert_int_equal((uintptr_t)block % 16, 0);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(block[i], 0);
            }
            memset(block, 0xAA, size);
            for (size_t i = 0; i < before_size; i++) {
                assert_int_equal(before[i], 0xBB);
            }
            memset(block, 0xBB, size);
            before = block;
            before_size = size;
        }
        eg_arena_reset(arena);
    }
    eg_arena_destroy(arena);
    eg_arena_destroy(NULL);
}

static void arena__reset_and_filled_again__takes_no_more_memory(void **state)
{
    EG_UNUSED(state);
    eg_arena *arena = NULL;
    assert_int_equal(eg_arena_create(&arena, 1024), EG_OK);
    for (int i = 0; i < 100; i++) {
        assert_non_null(eg_arena_alloc(arena, 100));
    }
    size_t held = eg_arena_bytes(arena);
    assert_true(held >= 100 * 100);
    for (int round = 0; round < 10; round++) {
        eg_arena_reset(arena);
        for (int i = 0; i < 100; i++) {
            assert_non_null(eg_arena_alloc(arena, 100));
        }
    }
    assert_int_equal(eg_arena_bytes(arena), held);
    eg_arena_destroy(arena);
}

static void arena__without_memory__fails_and_stays_usable(void **state)
{
    EG_UNUSED(state);
    eg_arena *arena = NULL;
    eg_mem_fail_after(0);
    assert_int_equal(eg_arena_create(&arena, 64), EG_E_NOMEM);
    eg_mem_fail_after(-1);
    assert_null(arena);
    assert_int_equal(eg_arena_create(&arena, 64), EG_OK);
    eg_mem_fail_after(0);
    assert_null(eg_arena_alloc(arena, 10));
    eg_mem_fail_after(-1);
    assert_null(eg_arena_alloc(arena, SIZE_MAX));
    assert_null(eg_arena_alloc(arena, SIZE_MAX - 40));
    assert_string_equal(eg_arena_copy(arena, "text", 4), "text");
    assert_string_equal(eg_arena_copy(arena, NULL, 0), "");
    eg_arena_destroy(arena);
}

int eg_test_mem(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alloc__of_nothing__gives_a_block),
        cmocka_unit_test(alloc_zero__with_overflow__fails_with_a_message),
        cmocka_unit_test(copy_bytes__with_zeros_inside__copies_all_and_terminates),
        cmocka_unit_test(fail_after__counts_down__then_refuses_until_reset),
        cmocka_unit_test(fail_after__on_two_threads__lets_exactly_that_many_pass),
        cmocka_unit_test(arena__of_many_sizes__is_aligned_zeroed_and_apart),
        cmocka_unit_test(arena__reset_and_filled_again__takes_no_more_memory),
        cmocka_unit_test(arena__without_memory__fails_and_stays_usable),
    };
    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
