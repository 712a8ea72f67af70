/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures what a process start costs between the ring and the event: decoding both records and
 * joining them, then the same with the event's texts. Prints one JSON object; each figure is the
 * median of what short runs of starts cost, so that what else the machine does hardly counts, in
 * microseconds for one start, that is two records.
 *
 *     bench_process ROUNDS
 */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/process_event.h"
#include "tests/unit/process_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STARTS = 2000,
    FLUSH = 100, /* starts that one session delivers before the other does */
    ROUNDS_MAX = 1001,
    COSTS_MAX = ROUNDS_MAX * (STARTS / FLUSH),
    SIDES = 2,
};

typedef struct bench {
    eg_process_join *join;
    eg_event_text text;
    bool make_events;
    uint64_t joined, failed;
    eg_etw_record records[STARTS][SIDES];
    uint8_t *payloads;
    uint64_t costs[COSTS_MAX]; /* of each flush, ns */
    size_t cost_count;
} bench;

static void on_pair(void *user, const eg_process_pair *pair)
{
    bench *b = user;
    eg_event event;
    b->joined += pair->kernel && pair->provider;
    if (b->make_events) {
        eg_event_text_reset(&b->text);
        b->failed += eg_process_event(pair, &b->text, &event) != EG_OK;
    }
}

/* Command lines of 60 to 300 characters, as they are on office PCs. */
static void make_records(bench *b)
{
    char command[320];
    for (uint32_t i = 0; i < STARTS; i++) {
        int size = snprintf(command, sizeof(command),
                            "\"C:\\Program Files\\Some Vendor\\Tool\\tool.exe\" --job %u --mode ",
                            (unsigned)i);
        size_t tail = i % 240;
        memset(command + size, 'a', tail);
        command[(size_t)size + tail] = '\0';
        eg_test_process process = {
            .pid = 1000 + 4 * i,
            .parent_pid = 1000 + i,
            .session_id = 1,
            .writer_pid = 1000 + i,
            .writer_tid = 2000,
            .create_time = UINT64_C(134116992000000000) + i * 500,
            .time = UINT64_C(134116992000000000) + i * 500 + 10,
            .sequence = i,
            .image = "\\Device\\HarddiskVolume3\\Program Files\\Some Vendor\\Tool\\tool.exe",
            .command_line = command,
        };
        uint8_t *payload = b->payloads + (size_t)SIDES * EG_TEST_PAYLOAD_MAX * i;
        b->records[i][0] = eg_test_process_record(EG_TEST_KERNEL_START, &process, payload);
        b->records[i][1] =
            eg_test_process_record(EG_TEST_PROVIDER_START, &process, payload + EG_TEST_PAYLOAD_MAX);
    }
}

/* The times go on from round to round: a record that was seen before would not be told again. */
static void run_flush(bench *b, size_t first)
{
    for (size_t side = 0; side < SIDES; side++) {
        for (size_t i = first; i < first + FLUSH; i++) {
            b->records[i][side].time += EG_TICKS_PER_SECOND;
            eg_process_join_add(b->join, &b->records[i][side], 0);
        }
    }
}

static void run_round(bench *b)
{
    for (size_t first = 0; first < STARTS; first += FLUSH) {
        uint64_t start = eg_clock_monotonic_ns();
        run_flush(b, first);
        b->costs[b->cost_count++] = eg_clock_monotonic_ns() - start;
    }
}

static int compare_u64(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, left, sizeof(a));
    memcpy(&b, right, sizeof(b));
    return a < b ? -1 : a > b;
}

/* Microseconds for one start. */
static double measure(bench *b, size_t rounds, bool make_events)
{
    b->make_events = make_events;
    b->cost_count = 0;
    run_round(b); /* to warm up */
    b->cost_count = 0;
    for (size_t i = 0; i < rounds; i++) {
        run_round(b);
    }
    qsort(b->costs, b->cost_count, sizeof(b->costs[0]), compare_u64);
    return (double)(b->costs[b->cost_count / 2] / FLUSH) / 1000;
}

static int print_figures(bench *b, size_t rounds)
{
    eg_buf out;
    eg_json json;
    eg_process_join_stats stats;
    eg_buf_init(&out, 4096);
    eg_json_begin(&json, &out);
    eg_json_object(&json);
    eg_json_key(&json, "decode_join_us");
    eg_json_double(&json, measure(b, rounds, false));
    eg_json_key(&json, "decode_join_event_us");
    eg_json_double(&json, measure(b, rounds, true));
    eg_process_join_stats_get(b->join, &stats);
    eg_json_put_u64(&json, "starts", b->joined);
    eg_json_put_u64(&json, "held_most", stats.held_most);
    eg_json_object_end(&json);
    int status = out.status;
    if (status == EG_OK && (b->failed > 0 || b->joined != 2 * (rounds + 1) * STARTS)) {
        status = eg_fail(EG_E_INVALID, "not every start was joined");
    }
    if (status == EG_OK) {
        printf("%s\n", eg_buf_cstr(&out));
    }
    eg_buf_done(&out);
    return status;
}

static int run(size_t rounds)
{
    bench *b = eg_alloc_zero(1, sizeof(*b));
    if (!b) {
        return EG_E_NOMEM;
    }
    eg_process_join_options options = {4096, 4 * 1024 * 1024, on_pair, b};
    b->payloads = eg_alloc((size_t)SIDES * EG_TEST_PAYLOAD_MAX * STARTS);
    int status = b->payloads ? EG_OK : EG_E_NOMEM;
    if (status == EG_OK) {
        status = eg_event_text_init(&b->text);
    }
    if (status == EG_OK) {
        status = eg_process_join_create(&b->join, &options);
    }
    if (status == EG_OK) {
        make_records(b);
        eg_process_join_expect_provider(b->join, true);
        status = print_figures(b, rounds);
    }
    eg_process_join_destroy(b->join);
    eg_event_text_done(&b->text);
    eg_free(b->payloads);
    eg_free(b);
    return status;
}

int main(int count, char **arguments)
{
    uint64_t rounds = 0;
    if (count != 2 || !eg_str_to_u64(eg_str_from(arguments[1]), &rounds) || rounds == 0 ||
        rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_process ROUNDS\n");
        return 2;
    }
    int status = run((size_t)rounds);
    if (status != EG_OK) {
        fprintf(stderr, "bench_process: %s\n", eg_error_message());
    }
    return status == EG_OK ? 0 : 1;
}
