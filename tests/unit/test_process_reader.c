/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process records under load, from the ring into which the two sessions' threads copy them to the
 * event: every start told once, whole and in order, in bounded memory; what a ring too small loses
 * is counted. Time only passes in the records: the figures depend on no clock.
 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/process_reader.h"
#include "tests/unit/alloc.h"
#include "tests/unit/process_records.h"

#include <stdio.h>
#include <string.h>

#define DAY_1 UINT64_C(134116992000000000)

enum {
    RING_SIZE = 8 * 1024 * 1024,
    PIDS = 4096, /* used again and again */
    FLUSH_MS = 20,
    DEADLINE_MS = 60 * 1000,
};

typedef struct load {
    eg_process_reader *reader;
    uint32_t count;
    uint64_t ticks_apart; /* between two starts */
    uint64_t refused;     /* records that the ring did not take */
    /* what came out */
    uint8_t *starts, *stops; /* how often each was told */
    uint32_t joined, whole;  /* starts with both halves; with the right command line and path */
    uint32_t again;          /* of these: told before with less */
    uint32_t last;           /* number of the start told last */
    bool ordered;
} load;

/* Process `number` of a tree: each has started the next four. */
static eg_test_process process_of(const load *l, uint32_t number, char command[64])
{
    uint32_t parent = number / 4;
    /* nothing in life is as regular as a counter: up to 2 ms later */
    uint64_t time = DAY_1 + number * l->ticks_apart + (number * 2654435761u >> 8) % 20000;
    snprintf(command, 64, "tool.exe --job %u --from a-document.docm", (unsigned)number);
    return (eg_test_process){
        .pid = 1000 + 4 * (number % PIDS),
        .parent_pid = 1000 + 4 * (parent % PIDS),
        .session_id = number,
        .writer_pid = 1000 + 4 * (parent % PIDS),
        .writer_tid = 7,
        .create_time = time,
        .time = time + 10,
        .sequence = number,
        .parent_sequence = parent,
        .exit_status = 1,
        .image = "\\Device\\HarddiskVolume3\\Program Files\\Some Vendor\\Tool\\tool.exe",
        .command_line = command,
    };
}

static void push_one(load *l, uint32_t number, eg_test_record what)
{
    char command[64];
    uint8_t payload[EG_TEST_PAYLOAD_MAX];
    eg_test_process process = process_of(l, number, command);
    if (what == EG_TEST_KERNEL_STOP || what == EG_TEST_PROVIDER_STOP) {
        process.writer_pid = process.pid;
        process.time += PIDS / 2 * l->ticks_apart; /* long before its pid is used again */
    }
    eg_etw_record record = eg_test_process_record(what, &process, payload);
    l->refused += eg_etw_ring_push(eg_process_reader_ring(l->reader), &record) != EG_OK;
}

/* What one session delivers of [from, to): the starts, and the stops of those long before. */
static void push_session(load *l, uint32_t from, uint32_t to, bool kernel)
{
    for (uint32_t i = from; i < to; i++) {
        if (i < l->count) {
            push_one(l, i, kernel ? EG_TEST_KERNEL_START : EG_TEST_PROVIDER_START);
        }
        if (i >= PIDS / 2) {
            push_one(l, i - PIDS / 2, kernel ? EG_TEST_KERNEL_STOP : EG_TEST_PROVIDER_STOP);
        }
    }
}

static void check_start(load *l, const eg_event *event, uint32_t number, bool again)
{
    char command[64];
    eg_test_process process = process_of(l, number, command);
    l->again += again;
    if (!again) {
        l->starts[number]++;
        l->ordered = l->ordered && (number == 0 || number > l->last);
        l->last = number;
    }
    l->joined += eg_str_equal(event->source, EG_STR("etw:kernel+provider"));
    l->whole += eg_str_equal(event->field[EG_FIELD_COMMAND_LINE], eg_str_from(command)) &&
                eg_str_equal(event->field[EG_FIELD_IMAGE], eg_str_from(process.image)) &&
                event->create_time == process.create_time;
}

static void on_event(void *user, eg_event *event, const eg_process_pair *pair)
{
    load *l = user;
    uint64_t number = pair->kernel ? pair->kernel->decoded.as.process.session_id
                                   : pair->provider->decoded.as.process.sequence;
    assert_true(number < l->count);
    if (event->kind == EG_KIND_PROCESS_START) {
        check_start(l, event, (uint32_t)number, pair->again);
    } else {
        l->stops[number]++;
    }
}

static void begin(load *l, uint32_t count, uint32_t per_second, size_t ring_size)
{
    eg_process_reader_options options = {ring_size, on_event, l};
    memset(l, 0, sizeof(*l));
    l->count = count;
    l->ticks_apart = EG_TICKS_PER_SECOND / per_second;
    l->ordered = true;
    l->starts = eg_alloc_zero(count, 1);
    l->stops = eg_alloc_zero(count, 1);
    assert_non_null(l->starts);
    assert_non_null(l->stops);
    assert_int_equal(eg_process_reader_create(&l->reader, &options), EG_OK);
    eg_process_reader_expect_provider(l->reader, true);
}

static void end(load *l)
{
    eg_process_reader_destroy(l->reader);
    eg_free(l->starts);
    eg_free(l->stops);
}

static uint32_t count_of(const load *l, const uint8_t *told, uint8_t times)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        count += told[i] == times;
    }
    return count;
}

static void read_all(load *l)
{
    while (!eg_process_reader_read(l->reader, 0)) {
    }
}

static void assert_nothing_lost(const load *l)
{
    eg_process_join_stats stats;
    assert_int_equal(l->refused, 0);
    assert_int_equal(count_of(l, l->starts, 1), l->count);
    assert_int_equal(count_of(l, l->stops, 1), l->count);
    assert_int_equal(l->joined, l->count);
    assert_int_equal(l->whole, l->count);
    assert_true(l->ordered);
    assert_int_equal(eg_process_reader_lost(l->reader), 0);
    eg_process_reader_stats(l->reader, &stats);
    assert_int_equal(stats.joined, 2 * l->count);
    assert_int_equal(stats.forced + stats.late + stats.kernel_only + stats.provider_only, 0);
}

/* ---- one second, both sessions at once ---- */

typedef struct session {
    load *l;
    bool kernel;
    load own; /* counts what this thread's pushes were refused */
} session;

static void run_session(void *arg)
{
    session *s = arg;
    s->own = *s->l;
    push_session(&s->own, 0, s->l->count + PIDS / 2, s->kernel);
}

static void reader__tree_of_4000_starts_from_two_threads__tells_each_once_and_whole(void **state)
{
    load l;
    eg_thread *threads[2] = {NULL, NULL};
    EG_UNUSED(state);
    begin(&l, 4000, 4000, RING_SIZE);
    session sessions[2] = {{.l = &l, .kernel = true}, {.l = &l, .kernel = false}};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(eg_thread_start(&threads[i], "session", run_session, &sessions[i]), EG_OK);
    }
    uint64_t begun = eg_clock_monotonic_ns();
    while ((count_of(&l, l.stops, 1) < l.count || l.whole < l.count) &&
           eg_clock_monotonic_ns() - begun < UINT64_C(1000000) * DEADLINE_MS) {
        eg_process_reader_read(l.reader, FLUSH_MS);
    }
    eg_thread_join(threads[0]);
    eg_thread_join(threads[1]);
    l.refused = sessions[0].own.refused + sessions[1].own.refused;
    assert_int_equal(l.refused, 0);
    assert_int_equal(count_of(&l, l.starts, 1), l.count);
    assert_int_equal(count_of(&l, l.stops, 1), l.count);
    assert_int_equal(l.whole, l.count);
    print_message("%u of %u starts were whole only later\n", (unsigned)l.again, (unsigned)l.count);
    assert_int_equal(eg_process_reader_lost(l.reader), 0);
    end(&l);
}

/* ---- ten seconds, in the sessions' own rhythm ---- */

/*
 * Every flush hands over what the sessions have gathered since the one before, one session after
 * the other, in either order; only then is the ring read. So the ring must hold a whole flush of
 * both, and the join one of either: which is all the memory that the load needs.
 */
static void run_in_flushes(load *l)
{
    uint32_t per_flush = (uint32_t)(FLUSH_MS * EG_TICKS_PER_MS / l->ticks_apart);
    uint32_t until = l->count + PIDS / 2;
    for (uint32_t from = 0; from < until; from += per_flush) {
        uint32_t to = from + per_flush < until ? from + per_flush : until;
        bool kernel_first = from / per_flush % 3 != 0;
        push_session(l, from, to, kernel_first);
        push_session(l, from, to, !kernel_first);
        read_all(l);
    }
}

static void
reader__20000_starts_a_second_for_10_seconds__loses_nothing_in_little_memory(void **state)
{
    load l;
    eg_process_join_stats stats;
    EG_UNUSED(state);
    begin(&l, 200000, 20000, RING_SIZE);
    run_in_flushes(&l);
    assert_nothing_lost(&l);
    eg_process_reader_stats(l.reader, &stats);
    /* the starts and stops of one flush */
    assert_true(stats.held_most <= 2 * 20000 * FLUSH_MS / 1000);
    assert_true(stats.bytes_most <= 512 * 1024);
    end(&l);
}

static void reader__ring_too_small__counts_what_it_loses_and_tells_the_rest_once(void **state)
{
    load l;
    EG_UNUSED(state);
    begin(&l, 20000, 20000, 64 * 1024);
    l.count -= 10;
    run_in_flushes(&l);
    eg_process_reader_flush(l.reader);
    assert_true(l.refused > 1000);
    assert_int_equal(eg_process_reader_lost(l.reader), l.refused);
    uint32_t once = count_of(&l, l.starts, 1);
    assert_true(once > 1000);
    assert_int_equal(count_of(&l, l.starts, 0) + once, l.count);
    assert_int_equal(count_of(&l, l.stops, 0) + count_of(&l, l.stops, 1), l.count);
    /* and when the rush is over it is as good as new */
    uint32_t joined = l.joined;
    l.count += 10;
    for (uint32_t i = l.count - 10; i < l.count; i++) {
        push_one(&l, i, EG_TEST_PROVIDER_START);
        push_one(&l, i, EG_TEST_KERNEL_START);
    }
    read_all(&l);
    assert_int_equal(l.joined, joined + 10);
    end(&l);
}

static int create_and_destroy(void *arg)
{
    eg_process_reader *reader = NULL;
    eg_process_reader_options options = {1000, on_event, NULL};
    EG_UNUSED(arg);
    int status = eg_process_reader_create(&reader, &options);
    eg_process_reader_destroy(reader);
    return status;
}

static void create__no_memory__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(create_and_destroy, NULL) >= 6);
}

/* Without memory for its text an event cannot be told: that is a loss like any other. */
static void read__no_memory_for_an_event__is_counted(void **state)
{
    load l;
    EG_UNUSED(state);
    begin(&l, 10, 10, RING_SIZE);
    push_one(&l, 1, EG_TEST_KERNEL_START);
    push_one(&l, 1, EG_TEST_PROVIDER_START);
    eg_mem_fail_after(0);
    read_all(&l);
    eg_process_reader_flush(l.reader);
    eg_mem_fail_after(-1);
    assert_true(eg_process_reader_lost(l.reader) + l.starts[1] >= 1);
    push_one(&l, 2, EG_TEST_KERNEL_START);
    push_one(&l, 2, EG_TEST_PROVIDER_START);
    read_all(&l);
    assert_int_equal(l.starts[2], 1);
    end(&l);
}

int eg_test_process_reader(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader__tree_of_4000_starts_from_two_threads__tells_each_once_and_whole),
        cmocka_unit_test(
            reader__20000_starts_a_second_for_10_seconds__loses_nothing_in_little_memory),
        cmocka_unit_test(reader__ring_too_small__counts_what_it_loses_and_tells_the_rest_once),
        cmocka_unit_test(create__no_memory__fails_cleanly),
        cmocka_unit_test(read__no_memory_for_an_event__is_counted),
    };
    return cmocka_run_group_tests_name("process_reader", tests, NULL, NULL);
}
