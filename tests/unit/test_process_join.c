/* SPDX-License-Identifier: Apache-2.0 */
/* Joining the two records of a process start or stop, and the event they become. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/process_event.h"
#include "tests/unit/alloc.h"
#include "tests/unit/process_records.h"

#include <stdio.h>
#include <string.h>

#define MS UINT64_C(1000000) /* of the caller's clock, ns */
#define DAY_1 UINT64_C(134116992000000000)

/* What left the join: "S100k+p " is the start of pid 100, both halves, "S100k+p! " once more. */
typedef struct journal {
    char text[512];
} journal;

static void note(void *user, const eg_process_pair *pair)
{
    journal *to = user;
    const eg_process_half *half = pair->kernel ? pair->kernel : pair->provider;
    size_t used = strlen(to->text);
    char role = pair->role == EG_ETW_ROLE_PROCESS_START  ? 'S'
                : pair->role == EG_ETW_ROLE_PROCESS_STOP ? 'E'
                                                         : 'R';
    snprintf(to->text + used, sizeof(to->text) - used, "%c%u%s%s%s%s ", role,
             (unsigned)half->decoded.as.process.pid, pair->kernel ? "k" : "",
             pair->kernel && pair->provider ? "+" : "", pair->provider ? "p" : "",
             pair->again ? "!" : "");
}

static eg_process_join *make_join(journal *to, size_t held_max, size_t bytes_max)
{
    eg_process_join *join = NULL;
    eg_process_join_options options = {held_max, bytes_max, note, to};
    to->text[0] = '\0';
    assert_int_equal(eg_process_join_create(&join, &options), EG_OK);
    eg_process_join_expect_provider(join, true);
    return join;
}

static eg_test_process some_process(uint32_t pid)
{
    return (eg_test_process){
        .pid = pid,
        .parent_pid = 4,
        .session_id = 1,
        .writer_pid = 8,
        .writer_tid = 12,
        .create_time = DAY_1,
        .time = DAY_1 + 20,
        .sequence = pid + 1000,
        .parent_sequence = 1004,
        .exit_status = 3,
        .image = "\\Device\\HarddiskVolume3\\Windows\\x.exe",
        .command_line = "x.exe -enc AAAA",
    };
}

static void add_of(eg_process_join *join, eg_test_record what, const eg_test_process *process,
                   uint64_t now)
{
    uint8_t payload[EG_TEST_PAYLOAD_MAX];
    eg_etw_record record = eg_test_process_record(what, process, payload);
    eg_process_join_add(join, &record, now);
    memset(payload, 0xEE, sizeof(payload)); /* whatever is held must be a copy */
}

static void add(eg_process_join *join, eg_test_record what, uint32_t pid, uint64_t now)
{
    eg_test_process process = some_process(pid);
    add_of(join, what, &process, now);
}

static void join__both_halves_in_either_order__leave_together_at_once(void **state)
{
    journal left;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    assert_string_equal(left.text, "");
    add(join, EG_TEST_PROVIDER_START, 100, 0);
    add(join, EG_TEST_PROVIDER_START, 104, 0);
    add(join, EG_TEST_KERNEL_START, 104, 0);
    add(join, EG_TEST_KERNEL_STOP, 100, 0);
    add(join, EG_TEST_PROVIDER_STOP, 100, 0);
    assert_string_equal(left.text, "S100k+p S104k+p E100k+p ");
    assert_int_equal(eg_process_join_held(join), 0);
    assert_int_equal(eg_process_join_bytes(join), 0);
    eg_process_join_destroy(join);
}

static void join__half_missing__leaves_alone_after_the_wait(void **state)
{
    journal left;
    eg_process_join_stats stats;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    add(join, EG_TEST_PROVIDER_START, 104, 10 * MS);
    eg_process_join_expire(join, (EG_PROCESS_JOIN_WAIT_MS - 1) * MS, true);
    assert_string_equal(left.text, "");
    eg_process_join_expire(join, EG_PROCESS_JOIN_WAIT_MS * MS, true);
    assert_string_equal(left.text, "S100k ");
    eg_process_join_expire(join, (EG_PROCESS_JOIN_WAIT_MS + 10) * MS, true);
    assert_string_equal(left.text, "S100k S104p ");
    eg_process_join_stats_get(join, &stats);
    assert_int_equal(stats.kernel_only, 1);
    assert_int_equal(stats.provider_only, 1);
    eg_process_join_destroy(join);
}

static void join__records_wait_to_be_read__wait_longer_for_theirs(void **state)
{
    journal left;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    eg_process_join_expire(join, (EG_PROCESS_JOIN_WAIT_MOST_MS - 1) * MS, false);
    assert_string_equal(left.text, "");
    eg_process_join_expire(join, EG_PROCESS_JOIN_WAIT_MOST_MS * MS, false);
    assert_string_equal(left.text, "S100k ");
    eg_process_join_destroy(join);
}

/* A parent is told before its child, although the child is complete first. */
static void join__second_complete_before_the_first__keeps_the_order_of_arrival(void **state)
{
    journal left;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    add(join, EG_TEST_KERNEL_START, 104, 0);
    add(join, EG_TEST_PROVIDER_START, 104, 0);
    assert_string_equal(left.text, "");
    add(join, EG_TEST_PROVIDER_START, 100, 50 * MS);
    assert_string_equal(left.text, "S100k+p S104k+p ");
    eg_process_join_destroy(join);
}

static void join__half_comes_after_its_start_left__leaves_again_whole(void **state)
{
    journal left;
    eg_process_join_stats stats;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    eg_process_join_expire(join, 200 * MS, true);
    add(join, EG_TEST_PROVIDER_START, 100, 300 * MS);
    add(join, EG_TEST_KERNEL_START, 100, 300 * MS); /* and the same once more */
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S100k S100k+p! ");
    eg_process_join_stats_get(join, &stats);
    assert_int_equal(stats.late, 2);
    assert_int_equal(stats.completed, 1);
    assert_int_equal(stats.joined, 0);
    assert_int_equal(eg_process_join_bytes(join), 0);
    eg_process_join_destroy(join);
}

/* The two records of one start, the kernel logger's `ticks` after the provider's. */
static void add_interrupted(eg_process_join *join, eg_test_process process, uint64_t ticks)
{
    add_of(join, EG_TEST_PROVIDER_START, &process, 0);
    process.time += ticks;
    add_of(join, EG_TEST_KERNEL_START, &process, 0);
    eg_process_join_flush(join);
}

/* On a busy machine the thread waits for its next turn before it writes the second record. */
static void join__thread_was_interrupted__tells_each_half_and_then_all(void **state)
{
    journal left;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add_interrupted(join, some_process(100), EG_TICKS_PER_SECOND / 2);
    assert_string_equal(left.text, "S100p S100k S100k+p! ");
    assert_int_equal(eg_process_join_bytes(join), 0);
    eg_process_join_destroy(join);
}

static void join__halves_of_two_processes__are_not_put_together(void **state)
{
    journal left;
    eg_test_process later = some_process(100), other = some_process(104);
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add_interrupted(join, some_process(108), 2 * EG_TICKS_PER_SECOND);
    assert_string_equal(left.text, "S108p S108k ");
    left.text[0] = '\0';
    later.time += EG_TICKS_PER_SECOND / 2;
    later.create_time = later.time - 20; /* after the kernel logger's record was written */
    add(join, EG_TEST_KERNEL_START, 100, 0);
    add_of(join, EG_TEST_PROVIDER_START, &later, 0);
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S100k S100p ");
    left.text[0] = '\0';
    add(join, EG_TEST_PROVIDER_START, 104, 0);
    other.writer_tid++;
    other.time += EG_TICKS_PER_SECOND / 2;
    add_of(join, EG_TEST_KERNEL_START, &other, 0);
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S104p S104k ");
    eg_process_join_destroy(join);
}

/* Kept for the other half, which never comes: no longer than there is room for. */
static void join__halves_kept_in_vain__give_way_to_those_that_wait(void **state)
{
    journal left;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 1000); /* one record has about 150 bytes */
    for (uint32_t pid = 100; pid < 900; pid += 4) {
        left.text[0] = '\0';
        add(join, EG_TEST_KERNEL_START, pid, 0);
        assert_int_equal(eg_process_join_held(join), 1);
        eg_process_join_flush(join);
        assert_true(eg_process_join_bytes(join) > 0 && eg_process_join_bytes(join) <= 1000);
    }
    left.text[0] = '\0';
    add(join, EG_TEST_PROVIDER_START, 896, 0);
    add(join, EG_TEST_PROVIDER_START, 100, 0);
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S896k+p! S100p ");
    eg_process_join_destroy(join);
}

static void join__pid_used_again_by_the_same_thread__is_another_start(void **state)
{
    journal left;
    eg_test_process again = some_process(100);
    EG_UNUSED(state);
    again.time += 50 * EG_TICKS_PER_MS;
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0); /* its other half is lost */
    add_of(join, EG_TEST_PROVIDER_START, &again, 50 * MS);
    add_of(join, EG_TEST_KERNEL_START, &again, 50 * MS);
    eg_process_join_expire(join, 100 * MS, true);
    assert_string_equal(left.text, "S100k S100k+p ");
    eg_process_join_destroy(join);
}

static void join__other_thread__is_another_start(void **state)
{
    journal left;
    eg_test_process other = some_process(100);
    EG_UNUSED(state);
    other.writer_tid++;
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    add_of(join, EG_TEST_PROVIDER_START, &other, 0);
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S100k S100p ");
    eg_process_join_destroy(join);
}

/* The clock was set between the starts of the two sessions. */
static void join__clocks_an_hour_apart__are_learnt(void **state)
{
    journal left;
    eg_process_join_stats stats;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 64, 100000);
    for (uint32_t i = 0; i < 30; i++) {
        eg_test_process process = some_process(100 + 4 * i);
        left.text[0] = '\0';
        add_of(join, EG_TEST_KERNEL_START, &process, 0);
        process.time += 3600 * EG_TICKS_PER_SECOND;
        add_of(join, EG_TEST_PROVIDER_START, &process, 0);
        eg_process_join_flush(join);
    }
    assert_string_equal(left.text, "S216k+p ");
    eg_process_join_stats_get(join, &stats);
    assert_true(stats.joined > 20);
    eg_process_join_destroy(join);
}

static void join__provider_does_not_run__holds_nothing(void **state)
{
    journal left;
    eg_process_join_stats stats;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    eg_process_join_expect_provider(join, false);
    assert_string_equal(left.text, "S100k ");
    add(join, EG_TEST_KERNEL_START, 104, 0);
    assert_string_equal(left.text, "S100k S104k ");
    add(join, EG_TEST_PROVIDER_START, 104, 0); /* one that was under way */
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S100k S104k ");
    eg_process_join_stats_get(join, &stats);
    assert_int_equal(stats.kernel_only, 1);
    eg_process_join_destroy(join);
}

static void join__rundown__does_not_wait(void **state)
{
    journal left;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_RUNNING, 100, 0);
    add(join, EG_TEST_PROVIDER_RUNNING, 100, 0);
    assert_string_equal(left.text, "R100k R100p ");
    eg_process_join_destroy(join);
}

static void join__more_than_it_may_hold__lets_the_oldest_go(void **state)
{
    journal left;
    eg_process_join_stats stats;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 2, 100000);
    for (uint32_t pid = 100; pid < 116; pid += 4) {
        add(join, EG_TEST_KERNEL_START, pid, 0);
        assert_true(eg_process_join_held(join) <= 2);
    }
    assert_string_equal(left.text, "S100k S104k ");
    eg_process_join_stats_get(join, &stats);
    assert_int_equal(stats.forced, 2);
    eg_process_join_destroy(join);
    join = make_join(&left, 16, 300); /* one record has about 150 bytes */
    for (uint32_t pid = 100; pid < 116; pid += 4) {
        add(join, EG_TEST_KERNEL_START, pid, 0);
        assert_true(eg_process_join_bytes(join) <= 300);
    }
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S100k S104k S108k S112k ");
    eg_process_join_destroy(join);
}

static void join__no_memory_to_hold__lets_go_in_order_and_loses_nothing(void **state)
{
    journal left;
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    eg_mem_fail_after(0);
    add(join, EG_TEST_KERNEL_START, 104, 0);
    eg_mem_fail_after(-1);
    assert_string_equal(left.text, "S100k S104k ");
    add(join, EG_TEST_PROVIDER_START, 104, 0);
    eg_process_join_flush(join);
    assert_string_equal(left.text, "S100k S104k ");
    eg_process_join_destroy(join);
}

static int create_and_destroy(void *arg)
{
    eg_process_join *join = NULL;
    eg_process_join_options options = {16, 1000, note, NULL};
    EG_UNUSED(arg);
    int status = eg_process_join_create(&join, &options);
    eg_process_join_destroy(join);
    return status;
}

static void create__no_memory__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_test_each_allocation_fails(create_and_destroy, NULL), 3);
}

static void add__cut_and_foreign_records__are_counted_or_ignored(void **state)
{
    journal left;
    eg_process_join_stats stats;
    uint8_t payload[EG_TEST_PAYLOAD_MAX];
    eg_test_process process = some_process(100);
    EG_UNUSED(state);
    eg_process_join *join = make_join(&left, 16, 100000);
    eg_etw_record record = eg_test_process_record(EG_TEST_PROVIDER_START, &process, payload);
    record.size = 20;
    eg_process_join_add(join, &record, 0);
    record.id = 5; /* an image load, cut as well */
    eg_process_join_add(join, &record, 0);
    record.id = 99;
    eg_process_join_add(join, &record, 0);
    eg_process_join_flush(join);
    assert_string_equal(left.text, "");
    eg_process_join_stats_get(join, &stats);
    assert_int_equal(stats.malformed, 2);
    eg_process_join_destroy(join);
}

/* ---- the event ---- */

typedef struct made {
    eg_event_text text;
    eg_event event;
} made;

static void make_event(void *user, const eg_process_pair *pair)
{
    made *to = user;
    eg_event_text_reset(&to->text);
    assert_int_equal(eg_process_event(pair, &to->text, &to->event), EG_OK);
}

static void assert_field(const eg_event *event, eg_field field, const char *expected)
{
    eg_str text = event->field[field];
    char shown[256];
    snprintf(shown, sizeof(shown), "%.*s", EG_STR_ARGS(text));
    assert_string_equal(shown, expected);
}

static eg_process_join *make_event_join(made *to)
{
    eg_process_join *join = NULL;
    eg_process_join_options options = {16, 100000, make_event, to};
    assert_int_equal(eg_event_text_init(&to->text), EG_OK);
    assert_int_equal(eg_process_join_create(&join, &options), EG_OK);
    eg_process_join_expect_provider(join, true);
    return join;
}

static void event__of_both_halves__has_what_each_knows(void **state)
{
    made got;
    eg_test_process process = some_process(100);
    EG_UNUSED(state);
    eg_process_join *join = make_event_join(&got);
    add_of(join, EG_TEST_KERNEL_START, &process, 0);
    add_of(join, EG_TEST_PROVIDER_START, &process, 0);
    assert_true(eg_str_equal(got.event.source, EG_STR("etw:kernel+provider")));
    assert_field(&got.event, EG_FIELD_IMAGE, "\\Device\\HarddiskVolume3\\Windows\\x.exe");
    assert_field(&got.event, EG_FIELD_COMMAND_LINE, "x.exe -enc AAAA");
    assert_field(&got.event, EG_FIELD_USER, "S-1-5-18");
    assert_field(&got.event, EG_FIELD_INTEGRITY_LEVEL, "Medium");
    assert_field(&got.event, EG_FIELD_PARENT_PROCESS_ID, "4");
    assert_field(&got.event, EG_FIELD_CREATOR_PROCESS_ID, "8");
    assert_field(&got.event, EG_FIELD_PROCESS_SEQUENCE_NUMBER, "1100");
    assert_field(&got.event, EG_FIELD_PARENT_PROCESS_SEQUENCE_NUMBER, "1004");
    assert_field(&got.event, EG_FIELD_PROCESS_TOKEN_ELEVATION_TYPE, "3");
    assert_field(&got.event, EG_FIELD_PROCESS_TOKEN_IS_ELEVATED, "0");
    assert_null(got.event.field[EG_FIELD_EXIT_STATUS].ptr);
    assert_true(got.event.create_time == DAY_1);
    assert_int_equal(got.event.pid, 100);
    assert_int_equal(got.event.parent_pid, 4);
    add_of(join, EG_TEST_KERNEL_STOP, &process, 0);
    add_of(join, EG_TEST_PROVIDER_STOP, &process, 0);
    assert_int_equal(got.event.kind, EG_KIND_PROCESS_STOP);
    assert_field(&got.event, EG_FIELD_EXIT_STATUS, "3");
    assert_field(&got.event, EG_FIELD_IMAGE, "x.exe");
    assert_true(got.event.create_time == DAY_1);
    eg_process_join_destroy(join);
    eg_event_text_done(&got.text);
}

static void event__of_one_half__says_which(void **state)
{
    made got;
    EG_UNUSED(state);
    eg_process_join *join = make_event_join(&got);
    add(join, EG_TEST_KERNEL_START, 100, 0);
    eg_process_join_flush(join);
    assert_true(eg_str_equal(got.event.source, EG_STR("etw:kernel")));
    assert_field(&got.event, EG_FIELD_IMAGE, "x.exe");
    assert_true(got.event.create_time == 0);
    add(join, EG_TEST_PROVIDER_START, 104, 0);
    eg_process_join_flush(join);
    assert_true(eg_str_equal(got.event.source, EG_STR("etw:provider")));
    assert_null(got.event.field[EG_FIELD_COMMAND_LINE].ptr);
    eg_process_join_destroy(join);
    eg_event_text_done(&got.text);
}

static void event__command_line_at_the_kernels_limit__is_marked_as_cut(void **state)
{
    static char command[EG_ETW_COMMAND_LINE_CUT + 1];
    made got;
    eg_test_process process = some_process(100);
    EG_UNUSED(state);
    memset(command, 'a', EG_ETW_COMMAND_LINE_CUT);
    process.command_line = command;
    eg_process_join *join = make_event_join(&got);
    add_of(join, EG_TEST_KERNEL_START, &process, 0);
    add_of(join, EG_TEST_PROVIDER_START, &process, 0);
    assert_true(got.event.flags & EG_EVENT_COMMAND_LINE_CUT);
    command[EG_ETW_COMMAND_LINE_CUT - 1] = '\0';
    process.pid = 104;
    add_of(join, EG_TEST_KERNEL_START, &process, 0);
    add_of(join, EG_TEST_PROVIDER_START, &process, 0);
    assert_false(got.event.flags & EG_EVENT_COMMAND_LINE_CUT);
    eg_process_join_destroy(join);
    eg_event_text_done(&got.text);
}

int eg_test_process_join(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join__both_halves_in_either_order__leave_together_at_once),
        cmocka_unit_test(join__half_missing__leaves_alone_after_the_wait),
        cmocka_unit_test(join__records_wait_to_be_read__wait_longer_for_theirs),
        cmocka_unit_test(join__second_complete_before_the_first__keeps_the_order_of_arrival),
        cmocka_unit_test(join__half_comes_after_its_start_left__leaves_again_whole),
        cmocka_unit_test(join__thread_was_interrupted__tells_each_half_and_then_all),
        cmocka_unit_test(join__halves_of_two_processes__are_not_put_together),
        cmocka_unit_test(join__halves_kept_in_vain__give_way_to_those_that_wait),
        cmocka_unit_test(join__pid_used_again_by_the_same_thread__is_another_start),
        cmocka_unit_test(join__other_thread__is_another_start),
        cmocka_unit_test(join__clocks_an_hour_apart__are_learnt),
        cmocka_unit_test(join__provider_does_not_run__holds_nothing),
        cmocka_unit_test(join__rundown__does_not_wait),
        cmocka_unit_test(join__more_than_it_may_hold__lets_the_oldest_go),
        cmocka_unit_test(join__no_memory_to_hold__lets_go_in_order_and_loses_nothing),
        cmocka_unit_test(create__no_memory__fails_cleanly),
        cmocka_unit_test(add__cut_and_foreign_records__are_counted_or_ignored),
        cmocka_unit_test(event__of_both_halves__has_what_each_knows),
        cmocka_unit_test(event__of_one_half__says_which),
        cmocka_unit_test(event__command_line_at_the_kernels_limit__is_marked_as_cut),
    };
    return cmocka_run_group_tests_name("process_join", tests, NULL, NULL);
}
