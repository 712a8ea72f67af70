/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/task_traces.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#include "tests/unit/alloc.h"

#define MS UINT64_C(1000000)
#define START (1000000 * MS)

static bool unseen(eg_task_traces *traces, uint64_t now)
{
    eg_task_trace trace;
    return eg_task_traces_unseen(traces, now, &trace);
}

static void record__before_the_change__names_who_did_it(void **state)
{
    eg_task_traces *traces = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_task_traces_create(&traces), EG_OK);
    eg_task_traces_record(traces, START, EG_KIND_TASK_REGISTERED, EG_STR("\\A"), EG_STR("PC\\me"));
    eg_str user = eg_task_traces_told(traces, START + 20 * MS, EG_STR("\\a"));
    assert_true(eg_str_equal(user, EG_STR("PC\\me")));
    assert_null(eg_task_traces_told(traces, START, EG_STR("\\Other")).ptr);
    assert_false(unseen(traces, START + 10000 * MS));
    /* an old record says nothing of a new change */
    assert_null(eg_task_traces_told(traces, START + 61000 * MS, EG_STR("\\A")).ptr);
    eg_task_traces_destroy(traces);
}

static void record__after_the_change__is_not_told_again(void **state)
{
    eg_task_traces *traces = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_task_traces_create(&traces), EG_OK);
    assert_null(eg_task_traces_told(traces, START, EG_STR("\\A")).ptr);
    eg_task_traces_record(traces, START + 900 * MS, EG_KIND_TASK_REGISTERED, EG_STR("\\A"),
                          EG_STR("me"));
    assert_false(unseen(traces, START + 5000 * MS));
    eg_task_traces_destroy(traces);
}

static void record__of_which_nothing_is_seen__is_given_when_its_time_is_over(void **state)
{
    eg_task_traces *traces = NULL;
    eg_task_trace trace;
    EG_UNUSED(state);
    assert_int_equal(eg_task_traces_create(&traces), EG_OK);
    assert_true(eg_task_traces_next(traces, START) == UINT64_MAX);
    eg_task_traces_record(traces, START, EG_KIND_TASK_REGISTERED, EG_STR("\\A"), EG_STR("me"));
    assert_true(eg_task_traces_next(traces, START) == START + 50 * MS);
    assert_true(eg_task_traces_next(traces, START + 51 * MS) == START + 250 * MS);
    assert_true(eg_task_traces_next(traces, START + 251 * MS) == START + 1250 * MS);
    assert_false(unseen(traces, START + 1249 * MS));
    assert_true(eg_task_traces_unseen(traces, START + 1250 * MS, &trace));
    assert_int_equal(trace.kind, EG_KIND_TASK_REGISTERED);
    assert_true(eg_str_equal(trace.name, EG_STR("\\A")));
    assert_true(eg_str_equal(trace.user, EG_STR("me")));
    assert_false(unseen(traces, START + 1251 * MS));
    /* 142 is no event by itself */
    eg_task_traces_record(traces, START, EG_KIND_OTHER, EG_STR("\\B"), EG_STR("me"));
    assert_false(unseen(traces, START + 2000 * MS));
    eg_task_traces_destroy(traces);
}

static void records__more_than_fit__forget_the_oldest(void **state)
{
    eg_task_traces *traces = NULL;
    EG_UNUSED(state);
    assert_int_equal(eg_task_traces_create(&traces), EG_OK);
    for (uint64_t i = 0; i < 1000; i++) {
        char name[16];
        snprintf(name, sizeof(name), "\\%u", (unsigned)i);
        eg_task_traces_record(traces, START + i * MS, EG_KIND_TASK_UPDATED, eg_str_from(name),
                              EG_STR("u"));
    }
    assert_non_null(eg_task_traces_told(traces, START + 1000 * MS, EG_STR("\\999")).ptr);
    assert_null(eg_task_traces_told(traces, START + 1000 * MS, EG_STR("\\0")).ptr);
    eg_task_traces_destroy(traces);
}

static int trace_once(void *arg)
{
    eg_task_traces *traces = NULL;
    EG_UNUSED(arg);
    int status = eg_task_traces_create(&traces);
    if (status == EG_OK) {
        eg_task_traces_record(traces, START, EG_KIND_TASK_UPDATED, EG_STR("\\A"), EG_STR("me"));
        eg_str user = eg_task_traces_told(traces, START, EG_STR("\\A"));
        status = user.ptr ? EG_OK : EG_E_NOMEM;
        eg_task_traces_destroy(traces);
    }
    return status;
}

static void traces__without_memory__are_survived(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_test_each_allocation_fails(trace_once, NULL), 3);
}

int eg_test_task_traces(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record__before_the_change__names_who_did_it),
        cmocka_unit_test(record__after_the_change__is_not_told_again),
        cmocka_unit_test(record__of_which_nothing_is_seen__is_given_when_its_time_is_over),
        cmocka_unit_test(records__more_than_fit__forget_the_oldest),
        cmocka_unit_test(traces__without_memory__are_survived),
    };
    return cmocka_run_group_tests_name("task_traces", tests, NULL, NULL);
}
