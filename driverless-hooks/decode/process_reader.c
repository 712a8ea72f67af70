/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/process_reader.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

enum {
    BATCH = 512,     /* records in one call */
    HELD_MAX = 4096, /* 0.2 s of 20,000 starts a second */
    HELD_BYTES_MAX = 4 * 1024 * 1024,
};

struct eg_process_reader {
    eg_process_reader_options options;
    eg_etw_ring *ring;
    eg_process_join *join;
    eg_event_text text;
    uint64_t failed; /* events that could not be made */
};

static void on_pair(void *user, const eg_process_pair *pair)
{
    eg_process_reader *reader = user;
    eg_event event;
    eg_event_text_reset(&reader->text);
    if (eg_process_event(pair, &reader->text, &event) == EG_OK) {
        reader->options.on_event(reader->options.user, &event, pair);
    } else {
        reader->failed++;
    }
}

int eg_process_reader_create(eg_process_reader **out, const eg_process_reader_options *options)
{
    eg_process_reader *reader = eg_alloc_zero(1, sizeof(*reader));
    if (!reader) {
        return EG_E_NOMEM;
    }
    reader->options = *options;
    eg_process_join_options join = {HELD_MAX, HELD_BYTES_MAX, on_pair, reader};
    int status = eg_event_text_init(&reader->text);
    if (status == EG_OK) {
        status = eg_etw_ring_create(&reader->ring, options->ring_size);
    }
    if (status == EG_OK) {
        status = eg_process_join_create(&reader->join, &join);
    }
    if (status != EG_OK) {
        eg_process_reader_destroy(reader);
        return status;
    }
    *out = reader;
    return EG_OK;
}

void eg_process_reader_destroy(eg_process_reader *reader)
{
    if (reader) {
        eg_process_join_destroy(reader->join);
        eg_etw_ring_destroy(reader->ring);
        eg_event_text_done(&reader->text);
        eg_free(reader);
    }
}

eg_etw_ring *eg_process_reader_ring(eg_process_reader *reader)
{
    return reader->ring;
}

void eg_process_reader_expect_provider(eg_process_reader *reader, bool expected)
{
    eg_process_join_expect_provider(reader->join, expected);
}

bool eg_process_reader_read(eg_process_reader *reader, uint32_t milliseconds)
{
    eg_etw_record record;
    uint32_t due = eg_process_join_due(reader->join, eg_clock_monotonic_ns());
    uint32_t wait = due < milliseconds ? due : milliseconds;
    bool emptied = false;
    for (size_t i = 0; i < BATCH && !emptied; i++) {
        if (eg_etw_ring_pop(reader->ring, &record, i == 0 ? wait : 0) == EG_OK) {
            eg_process_join_add(reader->join, &record, eg_clock_monotonic_ns());
        } else {
            emptied = true;
        }
    }
    eg_process_join_expire(reader->join, eg_clock_monotonic_ns(), emptied);
    return emptied;
}

void eg_process_reader_flush(eg_process_reader *reader)
{
    eg_process_join_flush(reader->join);
}

size_t eg_process_reader_held(const eg_process_reader *reader)
{
    return eg_process_join_held(reader->join);
}

uint64_t eg_process_reader_lost(const eg_process_reader *reader)
{
    eg_process_join_stats stats;
    eg_process_join_stats_get(reader->join, &stats);
    return eg_etw_ring_dropped(reader->ring) + stats.malformed + reader->failed;
}

void eg_process_reader_stats(const eg_process_reader *reader, eg_process_join_stats *stats)
{
    eg_process_join_stats_get(reader->join, stats);
}
