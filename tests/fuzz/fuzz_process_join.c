/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of process records for the join. Each record: 1 byte of which provider (lowest bit), id
 * or opcode, version, writer's thread, time passed since the one before in 10 ms, size of the
 * payload (2 bytes), payload. Property: every record of a process leaves once or is counted as
 * late, within the bounds, and nothing waits behind a flush; what leaves again is whole.
 */
#include "core/base/compiler.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/decode/process_event.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { HEAD_SIZE = 7, HELD_MAX = 8, BYTES_MAX = 4096 };

int eg_fuzz_process_join(const uint8_t *data, size_t size);

typedef struct counter {
    eg_event_text text;
    uint64_t halves;
    uint64_t again;
} counter;

static void on_pair(void *user, const eg_process_pair *pair)
{
    counter *left = user;
    eg_event event;
    EG_FUZZ_CHECK(pair->kernel || pair->provider);
    EG_FUZZ_CHECK(!pair->again || (pair->kernel && pair->provider));
    if (pair->again) {
        left->again++;
    } else {
        left->halves += pair->kernel && pair->provider ? 2 : 1;
    }
    eg_event_text_reset(&left->text);
    EG_FUZZ_CHECK(eg_process_event(pair, &left->text, &event) == EG_OK);
}

static bool is_of_a_process(const eg_etw_record *record)
{
    eg_etw_decoded decoded;
    return eg_etw_decode(record, &decoded) == EG_ETW_EVENT &&
           (decoded.role == EG_ETW_ROLE_PROCESS_START || decoded.role == EG_ETW_ROLE_PROCESS_STOP ||
            decoded.role == EG_ETW_ROLE_PROCESS_RUNNING);
}

static size_t read_record(const uint8_t *data, size_t size, eg_etw_record *out)
{
    static const uint8_t kernel[] = EG_ETW_PROVIDER_PROCESS_GROUP;
    static const uint8_t provider[] = EG_ETW_PROVIDER_KERNEL_PROCESS;
    bool classic = data[0] & 1;
    size_t payload = (size_t)(data[5] | data[6] << 8);
    memset(out, 0, sizeof(*out));
    memcpy(out->provider, classic ? kernel : provider, EG_ETW_GUID_SIZE);
    out->id = classic ? 0 : data[1];
    out->opcode = data[1];
    out->version = data[2];
    out->flags = data[0] & 2 ? EG_ETW_FLAG_32_BIT : EG_ETW_FLAG_64_BIT;
    out->pid = 4;
    out->tid = data[3];
    out->payload = data + HEAD_SIZE;
    out->size = payload < size - HEAD_SIZE ? payload : size - HEAD_SIZE;
    return HEAD_SIZE + out->size;
}

int eg_fuzz_process_join(const uint8_t *data, size_t size)
{
    counter left = {.halves = 0};
    eg_process_join *join = NULL;
    eg_process_join_stats stats;
    eg_process_join_options options = {HELD_MAX, BYTES_MAX, on_pair, &left};
    uint64_t now = 0;
    uint64_t came = 0;
    EG_FUZZ_CHECK(eg_event_text_init(&left.text) == EG_OK);
    EG_FUZZ_CHECK(eg_process_join_create(&join, &options) == EG_OK);
    while (size >= HEAD_SIZE) {
        eg_etw_record record;
        now += (uint64_t)data[4] * 10 * 1000000;
        size_t used = read_record(data, size, &record);
        record.time = 1 + now / 100;
        eg_process_join_expect_provider(join, !(data[0] & 4));
        eg_process_join_add(join, &record, now);
        eg_process_join_expire(join, now, data[0] & 8);
        came += is_of_a_process(&record);
        EG_FUZZ_CHECK(eg_process_join_held(join) <= HELD_MAX);
        EG_FUZZ_CHECK(eg_process_join_bytes(join) <= BYTES_MAX);
        data += used;
        size -= used;
    }
    eg_process_join_flush(join);
    eg_process_join_stats_get(join, &stats);
    EG_FUZZ_CHECK(left.halves + stats.late == came);
    EG_FUZZ_CHECK(left.again == stats.completed);
    EG_FUZZ_CHECK(eg_process_join_held(join) == 0);
    eg_process_join_destroy(join);
    eg_event_text_done(&left.text);
    return 0;
}
