/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures matching alone: reads all events into memory, matches each of them several times against
 * the rules, and prints one JSON object with what an event costs, by log source and altogether.
 * An event's cost is the median of its rounds, so that what else the machine does hardly counts.
 *
 *     bench_match EVENTS.ndjson ROUNDS RULES...
 */
#include "core/base/json.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "core/event/event_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_FILE_MAX (1024u * 1024 * 1024)
#define ROUNDS_MAX 101
#define SLOWEST 8

typedef struct measured {
    eg_event *event;
    uint64_t median; /* of its rounds, ns */
    size_t line;
    size_t hits;
} measured;

typedef struct bench {
    measured *items;
    size_t count, capacity;
    size_t rounds;
    uint32_t *costs; /* ns, round by round */
    eg_sigma_matcher *matcher;
    eg_arena *arena;
    bool refuse; /* refuse matching every allocation, and count them */
    uint64_t refused;
} bench;

typedef struct family {
    const char *name;
    uint32_t first, last; /* Sysmon event ids; 0 to 0: every event */
} family;

static const family families[] = {
    {"process_creation", 1, 1}, {"registry", 12, 14}, {"file", 11, 11},
    {"image_load", 7, 7},       {"dns", 22, 22},      {"all", 0, 0},
};

/* ---- events ---- */

static int keep_event(bench *b, const eg_event *event)
{
    if (b->count == b->capacity) {
        size_t capacity = b->capacity ? b->capacity * 2 : 1024;
        measured *items = eg_realloc(b->items, capacity * sizeof(*items));
        if (!items) {
            return EG_E_NOMEM;
        }
        b->items = items;
        b->capacity = capacity;
    }
    memset(&b->items[b->count], 0, sizeof(*b->items));
    int status = eg_event_clone(event, &b->items[b->count].event);
    if (status == EG_OK) {
        b->count++;
    }
    return status;
}

static int read_events(bench *b, const char *path)
{
    eg_event_reader *reader = NULL;
    eg_buf file;
    eg_event event;
    eg_str line;
    eg_buf_init(&file, EVENTS_FILE_MAX);
    int status = eg_event_reader_create(&reader);
    if (status == EG_OK) {
        status = eg_file_read(path, EVENTS_FILE_MAX, &file);
    }
    eg_str rest = eg_buf_str(&file);
    while (status == EG_OK && eg_str_split(&rest, '\n', &line)) {
        if (line.len == 0) {
            continue;
        }
        status = eg_event_read_json(reader, line, &event);
        if (status == EG_OK) {
            status = keep_event(b, &event);
        }
    }
    eg_buf_done(&file);
    eg_event_reader_destroy(reader);
    return status;
}

/* ---- matching ---- */

/* The event as every log tells it, as `hunt` and the agent match it. */
static int match_event(bench *b, measured *item)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    const uint32_t *rules;
    size_t found = 0;
    eg_arena_reset(b->arena);
    size_t count = eg_event_views(item->event, b->arena, views);
    int status = EG_OK;
    item->hits = 0;
    if (b->refuse) {
        eg_mem_fail_after(0);
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        status = eg_sigma_match(b->matcher, &views[i], &rules, &found);
        item->hits += found;
    }
    if (b->refuse) {
        b->refused += (uint64_t)eg_mem_failures();
        eg_mem_fail_after(-1);
    }
    return status;
}

static int run_round(bench *b, size_t round)
{
    for (size_t i = 0; i < b->count; i++) {
        uint64_t start = eg_clock_monotonic_ns();
        int status = match_event(b, &b->items[i]);
        b->costs[round * b->count + i] = (uint32_t)(eg_clock_monotonic_ns() - start);
        if (status != EG_OK) {
            return status;
        }
    }
    return EG_OK;
}

static int compare_u64(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, left, sizeof(a));
    memcpy(&b, right, sizeof(b));
    return a < b ? -1 : a > b;
}

/* One round to warm up, one in which allocations are refused and counted, then those that count. */
static int run_rounds(bench *b)
{
    uint64_t rounds[ROUNDS_MAX];
    b->costs = eg_alloc_zero(b->rounds * b->count, sizeof(*b->costs));
    if (!b->costs) {
        return EG_E_NOMEM;
    }
    int status = run_round(b, 0);
    if (status != EG_OK) {
        return status;
    }
    b->refuse = true;
    (void)run_round(b, 0);
    b->refuse = false;
    for (size_t round = 0; round < b->rounds && status == EG_OK; round++) {
        status = run_round(b, round);
    }
    for (size_t i = 0; i < b->count; i++) {
        for (size_t round = 0; round < b->rounds; round++) {
            rounds[round] = b->costs[round * b->count + i];
        }
        qsort(rounds, b->rounds, sizeof(rounds[0]), compare_u64);
        b->items[i].median = rounds[b->rounds / 2];
    }
    return status;
}

/* ---- figures ---- */

static bool belongs(const family *f, const eg_event *event)
{
    if (f->first == 0) {
        return true;
    }
    return event->event_id >= f->first && event->event_id <= f->last &&
           eg_str_equal(event->channel, EG_STR(EG_CHANNEL_SYSMON));
}

static void put_us(eg_json *json, const char *key, double ns)
{
    eg_json_key(json, key);
    eg_json_double(json, (double)(uint64_t)(ns + 0.5) / 1000);
}

static void print_family(const bench *b, const family *f, uint64_t *costs, eg_json *json)
{
    size_t count = 0, bytes = 0, hits = 0;
    uint64_t sum = 0;
    for (size_t i = 0; i < b->count; i++) {
        const eg_event *event = b->items[i].event;
        if (!belongs(f, event)) {
            continue;
        }
        costs[count++] = b->items[i].median;
        sum += b->items[i].median;
        hits += b->items[i].hits;
        for (size_t j = 0; j < EG_FIELD_COUNT; j++) {
            bytes += event->field[j].len;
        }
    }
    if (count == 0) {
        return;
    }
    qsort(costs, count, sizeof(*costs), compare_u64);
    eg_json_key(json, f->name);
    eg_json_object(json);
    eg_json_put_u64(json, "events", count);
    eg_json_put_u64(json, "hits", hits);
    eg_json_put_u64(json, "bytes_per_event", bytes / count);
    put_us(json, "mean", (double)sum / (double)count);
    put_us(json, "p50", (double)costs[count / 2]);
    put_us(json, "p99", (double)costs[count * 99 / 100]);
    put_us(json, "max", (double)costs[count - 1]);
    eg_json_object_end(json);
}

static int compare_cost(const void *left, const void *right)
{
    return compare_u64(&((const measured *)right)->median, &((const measured *)left)->median);
}

/* Last, since it sorts the events. */
static void print_slowest(bench *b, eg_json *json)
{
    for (size_t i = 0; i < b->count; i++) {
        b->items[i].line = i;
    }
    qsort(b->items, b->count, sizeof(*b->items), compare_cost);
    eg_json_key(json, "slowest");
    eg_json_array(json);
    for (size_t i = 0; i < SLOWEST && i < b->count; i++) {
        eg_json_object(json);
        eg_json_put_u64(json, "i", b->items[i].line);
        put_us(json, "us", (double)b->items[i].median);
        eg_json_put_u64(json, "hits", b->items[i].hits);
        eg_json_object_end(json);
    }
    eg_json_array_end(json);
}

static int print_figures(bench *b, const eg_ruleset *ruleset, uint64_t load_ns)
{
    uint64_t *costs = eg_alloc_zero(b->count, sizeof(*costs));
    eg_ruleset_stats stats;
    eg_buf out;
    eg_json json;
    if (!costs) {
        return EG_E_NOMEM;
    }
    eg_ruleset_stats_get(ruleset, &stats);
    eg_buf_init(&out, 1024 * 1024);
    eg_json_begin(&json, &out);
    eg_json_object(&json);
    eg_json_put_u64(&json, "rules", stats.loaded);
    eg_json_put_u64(&json, "rule_memory_bytes", stats.memory);
    put_us(&json, "load_ms", (double)load_ns / 1000);
    eg_json_put_u64(&json, "allocations", b->refused);
    eg_json_key(&json, "us");
    eg_json_object(&json);
    for (size_t i = 0; i < EG_COUNT(families); i++) {
        print_family(b, &families[i], costs, &json);
    }
    eg_json_object_end(&json);
    print_slowest(b, &json);
    eg_json_object_end(&json);
    int status = out.status;
    if (status == EG_OK) {
        printf("%s\n", eg_buf_cstr(&out));
    }
    eg_buf_done(&out);
    eg_free(costs);
    return status;
}

/* ---- the program ---- */

static int run(bench *b, const char *events, const char *const *rules, size_t count)
{
    eg_ruleset *ruleset = NULL;
    uint64_t start = eg_clock_monotonic_ns();
    int status = eg_ruleset_load(rules, count, false, NULL, &ruleset);
    uint64_t load_ns = eg_clock_monotonic_ns() - start;
    if (status == EG_OK) {
        status = eg_sigma_matcher_create(eg_ruleset_sigma(ruleset), &b->matcher);
    }
    if (status == EG_OK) {
        status = eg_arena_create(&b->arena, 1024 * 1024);
    }
    if (status == EG_OK) {
        status = read_events(b, events);
    }
    if (status == EG_OK) {
        status = run_rounds(b);
    }
    if (status == EG_OK) {
        status = print_figures(b, ruleset, load_ns);
    }
    for (size_t i = 0; i < b->count; i++) {
        eg_free(b->items[i].event);
    }
    eg_free(b->items);
    eg_free(b->costs);
    eg_arena_destroy(b->arena);
    eg_sigma_matcher_destroy(b->matcher);
    eg_ruleset_unref(ruleset);
    return status;
}

int main(int count, char **arguments)
{
    bench b;
    uint64_t rounds = 0;
    memset(&b, 0, sizeof(b));
    if (count < 4 || !eg_str_to_u64(eg_str_from(arguments[2]), &rounds) || rounds == 0 ||
        rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_match EVENTS.ndjson ROUNDS RULES...\n");
        return 2;
    }
    b.rounds = (size_t)rounds;
    int status =
        run(&b, arguments[1], (const char *const *)(void *)(arguments + 3), (size_t)count - 3);
    if (status != EG_OK) {
        fprintf(stderr, "bench_match: %s\n", eg_error_message());
    }
    return status == EG_OK ? 0 : 1;
}
