/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "tests/unit/alloc.h"
#include "tests/unit/baseline_fixture.h"

#include <stdio.h>
#include <string.h>

/* Very many things, no memory, and any order of changes, losses and restarts. */

static void baseline__full__counts_and_lets_the_rest_pass(void **state)
{
    eg_baseline_fixture *fix = *state;
    char name[64];
    first_start(fix);
    fix->disk_full = true;
    for (unsigned i = 0; i < EG_BASELINE_OBJECTS_MAX; i++) {
        snprintf(name, sizeof(name), MACHINE "%u", i);
        tell(fix, LIVE, name, "1");
        fix->told[0] = '\0';
    }
    eg_baseline_stats stats;
    eg_baseline_stats_get(fix->baseline, &stats);
    assert_int_equal(stats.objects, EG_BASELINE_OBJECTS_MAX);
    assert_int_equal(stats.forgotten, 2);
    mark(fix, EG_SNAPSHOT_BEGIN, "");
    tell(fix, EXISTING, MACHINE "unknown", "1");
    assert_told(fix, "existing set unknown=1; ");
}

/* More differences than are held back: none is lost, and each knows what was there before. */
static void baseline__very_many_differences__tells_each_once(void **state)
{
    eg_baseline_fixture *fix = *state;
    char name[64];
    size_t told = 0;
    snapshot(fix, EG_SNAPSHOT_BEGIN, NULL, NULL);
    fix->disk_full = true;
    for (int round = 0; round < 3; round++) {
        mark(fix, EG_SNAPSHOT_CHECK, "");
        for (unsigned i = 0; i < 3000; i++) {
            snprintf(name, sizeof(name), MACHINE "%u", i);
            tell(fix, EXISTING, name, round < 2 ? "1" : "2");
            assert_true(round < 2 || !fix->told[0] || strstr(fix->told, "=2 was 1; "));
            told += fix->told[0] != '\0';
            fix->told[0] = '\0';
        }
        mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
        mark(fix, EG_SNAPSHOT_END, "");
        fix->now += HOLD * MS;
        eg_event *event = NULL;
        while (eg_baseline_take(fix->baseline, fix->now, &event) == EG_OK) {
            told++;
            eg_free(event);
        }
        assert_int_equal(told, round < 2 ? 3000 : 6000);
    }
}

static int use_all(void *arg)
{
    EG_UNUSED(arg);
    eg_baseline *baseline = NULL;
    eg_event *held = NULL;
    bool pass = false;
    static eg_baseline_fixture none = {.disk_full = true};
    int status = eg_baseline_create(eg_baseline_keep_row, &none, &baseline);
    for (int round = 0; status == EG_OK && round < 2; round++) {
        eg_event events[5];
        eg_snapshot_mark(&events[0], EG_SNAPSHOT_BEGIN, EG_STR("registry"), EG_STR(""));
        events[1] = value_event(EXISTING, MACHINE "a", round == 0 ? "1" : "2");
        events[2] = value_event(EXISTING, round == 0 ? MACHINE "b" : MACHINE "c", "1");
        eg_snapshot_mark(&events[3], EG_SNAPSHOT_LISTED, EG_STR("registry"), EG_STR(MACHINE));
        eg_snapshot_mark(&events[4], EG_SNAPSHOT_END, EG_STR("registry"), EG_STR(""));
        for (size_t i = 0; status == EG_OK && i < EG_COUNT(events); i++) {
            status = eg_baseline_judge(baseline, &events[i], 1, &pass);
        }
    }
    while (status == EG_OK && eg_baseline_take(baseline, UINT64_MAX, &held) == EG_OK) {
        eg_free(held);
    }
    eg_baseline_stats stats = {0};
    if (status == EG_OK) {
        eg_baseline_stats_get(baseline, &stats);
    }
    eg_baseline_destroy(baseline);
    return stats.forgotten > 0 ? EG_E_NOMEM : status;
}

static void baseline__memory_runs_out_anywhere__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(use_all, NULL) > 8);
}

/* ---- any order of things ---- */

enum { THINGS = 6 };

typedef struct world {
    eg_baseline_fixture *fix;
    uint32_t random;
    int value[THINGS];    /* 0: not there */
    int believed[THINGS]; /* by whoever heard all that was told */
} world;

static uint32_t next(world *w, uint32_t below)
{
    w->random = w->random * 1664525u + 1013904223u;
    return (w->random >> 16) % below;
}

static void hear(world *w)
{
    char *line = w->fix->told;
    for (char *end; (end = strstr(line, "; ")) != NULL; line = end + 2) {
        char *thing = strstr(line, "set t");
        bool set = thing && thing < end;
        thing = set ? thing + 5 : strstr(line, "delete t") + 8;
        int index = *thing - '0';
        int value = set ? thing[2] - '0' : 0;
        bool found = strncmp(line, "down", 4) == 0 || strncmp(line, "missed", 6) == 0;
        assert_false(strncmp(line, "existing", 8) == 0 && w->believed[index] != value);
        assert_false(found && w->believed[index] == value);
        w->believed[index] = value;
    }
    w->fix->told[0] = '\0';
}

static void tell_thing(world *w, uint32_t flags, int index)
{
    char name[32];
    char details[2] = {(char)('0' + w->value[index]), '\0'};
    snprintf(name, sizeof(name), MACHINE "t%d", index);
    tell(w->fix, flags, name, w->value[index] ? details : NULL);
    hear(w);
}

static void change_something(world *w, bool heard)
{
    int index = (int)next(w, THINGS);
    int before = w->value[index];
    w->value[index] = (int)next(w, 4);
    if (heard && w->value[index] != before) {
        tell_thing(w, LIVE, index);
    }
}

/* Changes on the way are heard of, as they are while a sensor runs. */
static void look_at_all(world *w, eg_snapshot_step begin)
{
    mark(w->fix, begin, "");
    for (int i = 0; i < THINGS; i++) {
        if (next(w, 4) == 0) {
            change_something(w, true);
        }
        if (w->value[i]) {
            tell_thing(w, EXISTING, i);
        }
    }
    mark(w->fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(w->fix, EG_SNAPSHOT_END, "");
    hear(w);
}

static void settle(world *w)
{
    pass_time(w->fix, HOLD);
    hear(w);
    for (int i = 0; i < THINGS; i++) {
        assert_int_equal(w->believed[i], w->value[i]);
    }
}

/*
 * Whatever is changed, heard of or not, over restarts: each change of what is believed is told
 * once, and after each look what is believed is what is there.
 */
static void baseline__any_changes__ends_in_what_is_there(void **state)
{
    eg_baseline_fixture *fix = *state;
    world w = {.fix = fix, .random = 4711};
    mark(fix, EG_SNAPSHOT_BEGIN, "");
    mark(fix, EG_SNAPSHOT_LISTED, MACHINE);
    mark(fix, EG_SNAPSHOT_END, "");
    for (int round = 0; round < 3000; round++) {
        for (uint32_t i = next(&w, 4); i > 0; i--) {
            change_something(&w, true);
        }
        bool restart = next(&w, 3) == 0;
        if (restart) {
            begin_run(fix);
        }
        for (uint32_t i = next(&w, 3); i > 0; i--) {
            change_something(&w, false);
        }
        look_at_all(&w, restart || next(&w, 2) ? EG_SNAPSHOT_BEGIN : EG_SNAPSHOT_CHECK);
        settle(&w);
    }
}

#define WITH(test) \
    cmocka_unit_test_setup_teardown(test, eg_baseline_fixture_set_up, eg_baseline_fixture_tear_down)

int eg_test_baseline_any(void)
{
    const struct CMUnitTest tests[] = {
        WITH(baseline__full__counts_and_lets_the_rest_pass),
        WITH(baseline__very_many_differences__tells_each_once),
        cmocka_unit_test(baseline__memory_runs_out_anywhere__fails_cleanly),
        WITH(baseline__any_changes__ends_in_what_is_there),
    };
    return cmocka_run_group_tests_name("baseline_any", tests, NULL, NULL);
}
