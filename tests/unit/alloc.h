/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an operation again and again, each time with one more allocation allowed to succeed, until
 * it runs without a refused allocation. Include after unit.h.
 */
#ifndef EG_TESTS_ALLOC_H
#define EG_TESTS_ALLOC_H

#include "core/base/mem.h"
#include "core/base/status.h"

typedef int (*eg_test_operation)(void *arg);

/* Every refusal must come out as EG_E_NOMEM; returns how many allocations the operation makes. */
static inline long eg_test_each_allocation_fails(eg_test_operation run, void *arg)
{
    for (long allowed = 0;; allowed++) {
        eg_mem_fail_after(allowed);
        int status = run(arg);
        eg_mem_fail_after(-1);
        if (eg_mem_failures() == 0) {
            assert_int_equal(status, EG_OK);
            return allowed;
        }
        assert_int_equal(status, EG_E_NOMEM);
        assert_true(allowed < 10000);
    }
}

#endif
