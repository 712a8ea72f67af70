/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of packs survives crashes, and damage never makes it say something else. */
#include "core/base/status.h"
#include "core/update/agent_state.h"
#include "tests/unit/unit.h"

#include "tests/unit/alloc.h"
#include "tests/unit/child.h"
#include "tests/unit/temp_folder.h"

#include <stdio.h>
#include <string.h>

#define KILLS 100

static void fill(eg_agent_state *state)
{
    *state = (eg_agent_state){.on_trial = true, .trial_since = 12345678901234567u, .crashes = 1};
    state->pace = (eg_guard_pace){{5000, 70}};
    state->tested = (eg_agent_pack){.serial = 2026112303, .size = 4096};
    state->testing = true;
    state->test_crashes = 1;
    state->current = (eg_agent_pack){.serial = 2026112302, .size = 2048, .guard = {50, 4}};
    memset(state->current.archive, 0xA5, EG_HASH256_SIZE);
    eg_agent_pack bad = {.serial = 2026112301};
    eg_agent_state_reject(state, &bad, 77, "line 3: \"unknown\" \xe3\x83\xab");
}

static void state__written_and_read__is_the_same(void **unused)
{
    eg_agent_state state, again;
    eg_buf bytes;
    EG_UNUSED(unused);
    fill(&state);
    eg_buf_init(&bytes, 8192);
    assert_int_equal(eg_agent_state_encode(&state, &bytes), EG_OK);
    assert_int_equal(eg_agent_state_decode(eg_buf_str(&bytes), &again), EG_OK);
    assert_int_equal(again.current.serial, 2026112302);
    assert_memory_equal(again.current.archive, state.current.archive, EG_HASH256_SIZE);
    assert_int_equal(again.current.size, 2048);
    assert_int_equal(again.current.guard.max_hits_per_hour, 50);
    assert_int_equal(again.current.guard.max_slowdown, 4);
    assert_int_equal(again.last_good.serial, 0);
    assert_true(again.on_trial && !again.running && again.crashes == 1);
    assert_true(again.trial_since == state.trial_since);
    assert_memory_equal(&again.pace, &state.pace, sizeof(state.pace));
    assert_int_equal(again.tested.serial, 2026112303);
    assert_true(again.testing && again.test_crashes == 1);
    assert_int_equal(again.rejected_count, 1);
    assert_string_equal(again.rejected[0].reason, state.rejected[0].reason);
    assert_memory_equal(again.rejected[0].archive, state.rejected[0].archive, EG_HASH256_SIZE);
    eg_buf_done(&bytes);
}

static void state__of_which_anything_changed__is_corrupt(void **unused)
{
    eg_agent_state state, again;
    eg_buf bytes;
    EG_UNUSED(unused);
    fill(&state);
    eg_buf_init(&bytes, 8192);
    assert_int_equal(eg_agent_state_encode(&state, &bytes), EG_OK);
    for (size_t i = 0; i < bytes.len; i++) {
        char was = bytes.data[i];
        bytes.data[i] = (char)(was ^ 1);
        assert_int_equal(eg_agent_state_decode(eg_buf_str(&bytes), &again), EG_E_CORRUPT);
        bytes.data[i] = was;
        assert_int_equal(eg_agent_state_decode((eg_str){bytes.data, i}, &again), EG_E_CORRUPT);
    }
    eg_buf_done(&bytes);
}

static void rejected__stays_to_be_told__until_a_newer_pack_is_good(void **unused)
{
    eg_agent_state state = {.current = {.serial = 5}};
    EG_UNUSED(unused);
    assert_null(eg_agent_state_refused(&state));
    eg_agent_state_reject(&state, &(eg_agent_pack){.serial = 4, .size = 1}, 1, "old");
    assert_null(eg_agent_state_refused(&state));
    eg_agent_state_reject(&state, &(eg_agent_pack){.serial = 7, .size = 1}, 2, "seven");
    eg_agent_state_reject(&state, &(eg_agent_pack){.serial = 6, .size = 1}, 3, "six");
    assert_string_equal(eg_agent_state_refused(&state)->reason, "seven");
    state.last_good = state.current; /* 8 comes, and is on trial */
    state.current.serial = 8;
    state.on_trial = true;
    assert_string_equal(eg_agent_state_refused(&state)->reason, "seven");
    state.on_trial = false; /* it has proven good */
    assert_null(eg_agent_state_refused(&state));
    assert_int_equal(state.rejected_count, 3);
}

static void state__with_many_rejected__forgets_the_oldest_and_fits(void **unused)
{
    eg_agent_state state = {0}, again;
    char reason[2 * EG_AGENT_STATE_REASON_SIZE];
    eg_buf bytes;
    EG_UNUSED(unused);
    memset(reason, 1, sizeof(reason)); /* each takes six bytes in JSON */
    reason[sizeof(reason) - 1] = '\0';
    for (uint8_t i = 0; i < EG_AGENT_STATE_REJECTED_MAX + 3; i++) {
        eg_agent_pack pack = {.serial = i + 1u};
        pack.archive[0] = i;
        eg_agent_state_reject(&state, &pack, i, reason);
    }
    assert_int_equal(state.rejected_count, EG_AGENT_STATE_REJECTED_MAX);
    assert_int_equal(state.rejected[0].serial, 4);
    eg_buf_init(&bytes, EG_AGENT_STATE_BYTES_MAX);
    assert_int_equal(eg_agent_state_encode(&state, &bytes), EG_OK);
    assert_int_equal(eg_agent_state_decode(eg_buf_str(&bytes), &again), EG_OK);
    assert_int_equal(again.rejected_count, EG_AGENT_STATE_REJECTED_MAX);
    eg_buf_done(&bytes);
}

static int save_and_load(void *arg)
{
    const char *path = arg;
    eg_agent_state state, again;
    fill(&state);
    int status = eg_agent_state_save(path, &state);
    return status == EG_OK ? eg_agent_state_load(path, &again) : status;
}

static void state__without_memory__says_so(void **state)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/packs.json", (const char *)*state);
    assert_true(eg_test_each_allocation_fails(save_and_load, path) >= 3);
}

/* In the child: counts up in the state and tells each number that is written. */
static void count_up(void *arg, eg_child_tell tell, void *pipe)
{
    const char *path = eg_test_path(arg, "packs.json");
    eg_agent_state state = {0};
    fill(&state);
    for (state.current.serial = 1;; state.current.serial++) {
        if (eg_agent_state_save(path, &state) != EG_OK ||
            tell(pipe, (int64_t)state.current.serial) != EG_OK) {
            return;
        }
    }
}

static void state__whose_writer_is_killed__is_whole(void **folder)
{
    for (int round = 0; round < KILLS; round++) {
        eg_agent_state state;
        eg_child *child = NULL;
        int64_t last = 0;
        int status = eg_child_start(count_up, *folder, &child);
        if (status == EG_E_UNSUPPORTED) {
            printf("skipped: %s\n", eg_error_message());
            skip();
        }
        assert_int_equal(status, EG_OK);
        for (int i = 0; i <= round % 5; i++) {
            assert_int_equal(eg_child_hear(child, &last), EG_OK);
        }
        eg_child_kill(child);
        while (eg_child_hear(child, &last) == EG_OK) {
            continue;
        }
        eg_child_destroy(child);
        assert_int_equal(eg_agent_state_load(eg_test_path(*folder, "packs.json"), &state), EG_OK);
        assert_true((int64_t)state.current.serial >= last);
        assert_int_equal(state.rejected_count, 1);
    }
}

int eg_test_agent_state(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state__written_and_read__is_the_same),
        cmocka_unit_test(state__of_which_anything_changed__is_corrupt),
        cmocka_unit_test(state__with_many_rejected__forgets_the_oldest_and_fits),
        cmocka_unit_test(rejected__stays_to_be_told__until_a_newer_pack_is_good),
        cmocka_unit_test_setup_teardown(state__without_memory__says_so, eg_test_folder_make,
                                        eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(state__whose_writer_is_killed__is_whole,
                                        eg_test_folder_make, eg_test_folder_remove),
    };
    return cmocka_run_group_tests_name("agent_state", tests, NULL, NULL);
}
