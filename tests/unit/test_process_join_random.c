/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining against a simple model: hundreds of starts and stops of few pids, records that are lost,
 * late, told twice and out of order. Every start and stop of which anything came leaves once, in
 * the order of arrival, never with another one's half; a start of which both halves came leaves
 * whole, then or again.
 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/compiler.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/process_join.h"
#include "tests/unit/process_records.h"

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000) /* of the caller's clock, ns */
#define DAY_1 UINT64_C(134116992000000000)

enum {
    PROCESSES = 400,
    RECORDS = 4 * PROCESSES, /* start and stop, two halves each */
    HELD_MAX = 64,
    BYTES_MAX = 16 * 1024,
};

/* One record on its way to the join. */
typedef struct delivery {
    uint32_t number; /* of the process */
    eg_test_record what;
    uint64_t at; /* ns */
} delivery;

/* What is known of one start or stop. */
typedef struct expected {
    uint64_t came[2]; /* ns + 1; 0: lost */
    int left;         /* how often */
    bool joined;
    bool again;   /* whole, after it had left */
    size_t order; /* of the first arrival */
} expected;

typedef struct model {
    uint32_t seed;
    eg_test_process processes[PROCESSES];
    delivery deliveries[2 * RECORDS];
    size_t delivery_count;
    expected starts[PROCESSES], stops[PROCESSES];
    size_t arrivals, last_left;
    uint64_t now;
} model;

static uint32_t random_below(model *m, uint32_t limit)
{
    m->seed = m->seed * 1664525u + 1013904223u;
    return (m->seed >> 8) % limit;
}

static void check_left(void *user, const eg_process_pair *pair)
{
    model *m = user;
    bool start = pair->role == EG_ETW_ROLE_PROCESS_START;
    /* the kernel logger's record has no sequence number */
    uint64_t number = pair->kernel ? pair->kernel->decoded.as.process.session_id
                                   : pair->provider->decoded.as.process.sequence;
    assert_true(number < PROCESSES);
    expected *about = start ? &m->starts[number] : &m->stops[number];
    if (pair->again) {
        /* what was told before by halves; seldom those of two processes of one pid */
        assert_true(start && pair->kernel && pair->provider && about->left == 1);
        about->again = about->again || pair->provider->decoded.as.process.sequence == number;
        return;
    }
    about->left++;
    about->joined = pair->kernel && pair->provider;
    if (about->joined) {
        assert_int_equal(pair->provider->decoded.as.process.sequence, number);
    }
    /* in the order in which they came */
    assert_true(about->order > m->last_left);
    m->last_left = about->order;
    uint64_t first = about->came[0] == 0 ? about->came[1] : about->came[0];
    if (about->came[1] != 0 && about->came[1] < first) {
        first = about->came[1];
    }
    assert_true(m->now - (first - 1) <= EG_PROCESS_JOIN_WAIT_MOST_MS * MS);
}

static void plan(model *m, uint32_t number, eg_test_record what, uint64_t at)
{
    uint32_t chance = random_below(m, 100);
    if (chance < 6) { /* lost */
        return;
    }
    /* each session delivers with a delay of its own, in bursts; seldom far too late */
    uint64_t late = random_below(m, chance < 10 ? 400000 : 40000) * (MS / 1000);
    m->deliveries[m->delivery_count++] = (delivery){number, what, at + late};
    if (chance > 97) { /* twice */
        m->deliveries[m->delivery_count++] = (delivery){number, what, at + late + MS};
    }
}

/* Few pids, used again soon; all made by the same two threads. */
static void plan_processes(model *m)
{
    uint64_t at = 0;
    uint64_t free_at[8] = {0};
    for (uint32_t i = 0; i < PROCESSES; i++) {
        uint32_t pid = random_below(m, 8);
        at += random_below(m, 8000) * (MS / 1000);
        at = at < free_at[pid] ? free_at[pid] : at;
        m->processes[i] = (eg_test_process){
            .pid = 100 + 4 * pid,
            .parent_pid = 4,
            .session_id = i,
            .sequence = i,
            .writer_pid = 8,
            .writer_tid = 12 + 4 * random_below(m, 2),
            .time = DAY_1 + at / 100,
            .image = "x.exe",
            .command_line = "x",
        };
        plan(m, i, EG_TEST_KERNEL_START, at);
        plan(m, i, EG_TEST_PROVIDER_START, at);
        uint64_t end = at + (1000 + random_below(m, 30000)) * (MS / 1000);
        plan(m, i, EG_TEST_KERNEL_STOP, end);
        plan(m, i, EG_TEST_PROVIDER_STOP, end);
        free_at[pid] = end + 20 * MS;
    }
}

static int compare_deliveries(const void *left, const void *right)
{
    const delivery *a = left;
    const delivery *b = right;
    return a->at < b->at ? -1 : a->at > b->at;
}

static void deliver(model *m, eg_process_join *join, const delivery *from)
{
    uint8_t payload[EG_TEST_PAYLOAD_MAX];
    eg_test_process process = m->processes[from->number];
    bool stop = from->what == EG_TEST_KERNEL_STOP || from->what == EG_TEST_PROVIDER_STOP;
    bool kernel = from->what == EG_TEST_KERNEL_START || from->what == EG_TEST_KERNEL_STOP;
    expected *about = stop ? &m->stops[from->number] : &m->starts[from->number];
    if (stop) {
        process.writer_pid = process.pid;
    }
    if (about->order == 0) {
        about->order = ++m->arrivals;
    }
    if (about->came[!kernel] == 0) {
        about->came[!kernel] = from->at + 1;
    }
    m->now = from->at;
    eg_etw_record record = eg_test_process_record(from->what, &process, payload);
    eg_process_join_add(join, &record, from->at);
    memset(payload, 0xEE, sizeof(payload)); /* whatever is held must be a copy */
    assert_true(eg_process_join_held(join) <= HELD_MAX);
    assert_true(eg_process_join_bytes(join) <= BYTES_MAX);
    if (random_below(m, 4) == 0) {
        eg_process_join_expire(join, m->now, random_below(m, 2) == 0);
    }
}

static size_t check_told(const expected *about)
{
    bool both = about->came[0] != 0 && about->came[1] != 0;
    assert_int_equal(about->left, about->came[0] != 0 || about->came[1] != 0 ? 1 : 0);
    assert_true(both || !about->joined);
    uint64_t apart = about->came[0] > about->came[1] ? about->came[0] - about->came[1]
                                                     : about->came[1] - about->came[0];
    /* with this many held none had to leave early */
    assert_true(!both || apart >= EG_PROCESS_JOIN_WAIT_MS * MS || about->joined);
    assert_true(!about->again || (both && !about->joined));
    return about->joined;
}

static void join__random_arrivals__agree_with_the_model(void **state)
{
    static model m;
    size_t completed = 0, missed = 0;
    EG_UNUSED(state);
    for (uint32_t seed = 1; seed <= 300; seed++) {
        eg_process_join *join = NULL;
        size_t joined = 0, late = 0, again = 0;
        eg_process_join_options options = {HELD_MAX, BYTES_MAX, check_left, &m};
        memset(&m, 0, sizeof(m));
        m.seed = seed;
        plan_processes(&m);
        qsort(m.deliveries, m.delivery_count, sizeof(m.deliveries[0]), compare_deliveries);
        assert_int_equal(eg_process_join_create(&join, &options), EG_OK);
        eg_process_join_expect_provider(join, true);
        for (size_t i = 0; i < m.delivery_count; i++) {
            deliver(&m, join, &m.deliveries[i]);
        }
        eg_process_join_flush(join);
        for (size_t i = 0; i < PROCESSES; i++) {
            joined += check_told(&m.starts[i]);
            joined += check_told(&m.stops[i]);
            late += m.starts[i].came[0] != 0 && m.starts[i].came[1] != 0 && !m.starts[i].joined;
            again += m.starts[i].again;
        }
        assert_true(joined > PROCESSES);
        missed += late - again;
        completed += again;
        eg_process_join_destroy(join);
    }
    print_message("%u starts completed later, %u not\n", (unsigned)completed, (unsigned)missed);
    assert_true(completed > 0 && missed * 4 < completed);
}

int eg_test_process_join_random(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join__random_arrivals__agree_with_the_model),
    };
    return cmocka_run_group_tests_name("process_join_random", tests, NULL, NULL);
}
