/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every layout, in every version and pointer size: a payload made from its columns is decoded, at
 * any alignment, with a tail, cut at every byte, and mutated at random. EG_ETW_MUTATIONS says how
 * often each is mutated; `make fuzz` does it a million times.
 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/str.h"
#include "driverless-hooks/decode/etw_layout.h"
#include "tests/unit/etw_payload.h"

#include "core/base/os.h"

#include <stdio.h>

int eg_fuzz_etw(const uint8_t *data, size_t size);

enum {
    HEAD_SIZE = EG_ETW_GUID_SIZE + 5, /* what the fuzz target wants before a payload */
    NUMBER = 6,                       /* every number, so that it may be the size of what follows */
    MUTATIONS = 300,
    NEWER_VERSIONS = 6,
};

static const eg_etw_layout *const lists[] = {
    eg_etw_kernel_process_layouts,   eg_etw_kernel_registry_layouts,   eg_etw_kernel_lost_layouts,
    eg_etw_manifest_process_layouts, eg_etw_manifest_registry_layouts, eg_etw_manifest_task_layouts,
    eg_etw_manifest_script_layouts,  eg_etw_manifest_dns_layouts,      eg_etw_manifest_wmi_layouts,
};

typedef struct made {
    const eg_etw_layout *layout;
    uint8_t version;
    size_t pointer;
    payload payload;
} made;

static void put_column(payload *p, const eg_etw_column *column, size_t pointer)
{
    static const uint8_t lone_surrogate[] = {'a', 0, 0x00, 0xD8, 'b', 0, 0, 0};
    static const uint8_t bytes[EG_ETW_HASH_SIZE] = {0x83, 0x5C, 'M', 'Z'};
    switch (column->type) {
    case EG_ETW_TYPE_U8: put_number(p, NUMBER, 1); break;
    case EG_ETW_TYPE_U16: put_number(p, NUMBER, 2); break;
    case EG_ETW_TYPE_U32:
    case EG_ETW_TYPE_I32:
    case EG_ETW_TYPE_HEX32: put_number(p, NUMBER, 4); break;
    case EG_ETW_TYPE_U64:
    case EG_ETW_TYPE_TIME:
    case EG_ETW_TYPE_TIME_UTC: put_number(p, NUMBER, 8); break;
    case EG_ETW_TYPE_POINTER: put_number(p, NUMBER, pointer); break;
    case EG_ETW_TYPE_WIDE:
    case EG_ETW_TYPE_WIDE_LAST:
    case EG_ETW_TYPE_WIDE_LIST:
    case EG_ETW_TYPE_WIDE_LIST_LAST: put(p, lone_surrogate, sizeof(lone_surrogate)); break;
    case EG_ETW_TYPE_ANSI: put(p, "\x83\x5C.exe", 7); break;
    case EG_ETW_TYPE_SID: put(p, system_sid, sizeof(system_sid)); break;
    case EG_ETW_TYPE_USER_SID: put_user(p, pointer); break;
    case EG_ETW_TYPE_GUID: put(p, bytes, EG_ETW_GUID_SIZE); break;
    case EG_ETW_TYPE_DATA:
    case EG_ETW_TYPE_VALUE_DATA:
    case EG_ETW_TYPE_CONTENT: put(p, bytes, NUMBER); break;
    case EG_ETW_TYPE_SHA256:
    case EG_ETW_TYPE_SHA256_LAST: put(p, bytes, EG_ETW_HASH_SIZE); break;
    }
}

static eg_etw_record record_of(const made *m)
{
    eg_etw_record record = make_record(m->layout->provider, m->layout->id, m->version, &m->payload);
    if (m->layout->classic) {
        record.id = 0;
        record.opcode = (uint8_t)m->layout->id;
    }
    record.flags = m->pointer == 4 ? EG_ETW_FLAG_32_BIT : EG_ETW_FLAG_64_BIT;
    return record;
}

static void make_payload(made *m)
{
    eg_etw_decoded as_version = {.version = m->version};
    m->payload.size = 0;
    for (size_t i = 0; i < m->layout->count; i++) {
        if (eg_etw_column_present(&as_version, &m->layout->columns[i])) {
            put_column(&m->payload, &m->layout->columns[i], m->pointer);
        }
    }
}

/* Calls `check` with every layout, version and pointer size; returns how many that were. */
static unsigned for_every(void (*check)(const made *m))
{
    unsigned count = 0;
    for (size_t i = 0; i < EG_COUNT(lists); i++) {
        for (const eg_etw_layout *layout = lists[i]; layout->columns; layout++) {
            for (unsigned add = 0; add <= NEWER_VERSIONS; add++) {
                for (size_t pointer = 4; pointer <= 8; pointer += 4) {
                    made m = {.layout = layout, .pointer = pointer};
                    m.version = (uint8_t)(layout->since + add);
                    make_payload(&m);
                    check(&m);
                    count++;
                }
            }
        }
    }
    return count;
}

/* Parts follow each other inside the payload, and the last column ends it. */
static void check_parts(const eg_etw_record *record, const eg_etw_decoded *decoded)
{
    const uint8_t *at = record->payload;
    for (size_t i = 0; i < decoded->layout->count; i++) {
        const eg_etw_column *column = &decoded->layout->columns[i];
        if (column->type < EG_ETW_TYPE_WIDE || !eg_etw_column_present(decoded, column)) {
            continue;
        }
        eg_etw_span part = eg_etw_bytes(decoded, column);
        if (part.bytes) {
            assert_true(part.bytes >= at);
            assert_true(part.size <= (size_t)(record->payload + record->size - part.bytes));
            at = part.bytes + part.size;
        }
    }
}

static void decode_whole(const made *m)
{
    eg_etw_record record = record_of(m);
    eg_etw_decoded decoded;
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_ptr_equal(decoded.layout, m->layout);
    check_parts(&record, &decoded);
    for (size_t i = 0; i < m->layout->count; i++) {
        const eg_etw_column *column = &m->layout->columns[i];
        if (!eg_etw_column_present(&decoded, column)) {
            continue;
        }
        if (column->type < EG_ETW_TYPE_WIDE) {
            assert_int_equal(eg_etw_number(&decoded, column), NUMBER);
        } else {
            assert_non_null(eg_etw_bytes(&decoded, column).bytes);
        }
    }
}

/* The fuzz target aborts on a part outside the payload, which has exactly its size here. */
static void run_target(const made *m, const uint8_t *bytes, size_t size, size_t offset)
{
    uint8_t *exact = eg_alloc(offset + HEAD_SIZE + size);
    assert_non_null(exact);
    uint8_t *head = exact + offset;
    eg_etw_record record = record_of(m);
    memcpy(head, record.provider, EG_ETW_GUID_SIZE);
    head[16] = (uint8_t)record.id;
    head[17] = (uint8_t)(record.id >> 8);
    head[18] = record.version;
    head[19] = record.opcode;
    head[20] = (uint8_t)record.flags;
    if (size > 0) {
        memcpy(head + HEAD_SIZE, bytes, size);
    }
    assert_int_equal(eg_fuzz_etw(head, HEAD_SIZE + size), 0);
    eg_free(exact);
}

static void cut_everywhere(const made *m)
{
    for (size_t size = 0; size <= m->payload.size; size++) {
        run_target(m, m->payload.bytes, size, size % 2);
    }
}

static void decode_with_tail(const made *m)
{
    made longer = *m;
    eg_etw_decoded decoded;
    put_number(&longer.payload, UINT64_C(0xFFFFFFFFFFFFFFFF), 7);
    eg_etw_record record = record_of(&longer);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    check_parts(&record, &decoded);
}

static unsigned long mutations = MUTATIONS;
static uint32_t random_state = 12345;

static uint32_t next_random(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

/* A few bytes become others, among them those that are limits; sometimes the end is missing. */
static void mutate(const made *m)
{
    static const uint8_t limits[] = {0, 1, 0x7F, 0x80, 0xFF, 0xD8, 15, 16};
    if (m->layout->since + NEWER_VERSIONS == m->version || m->payload.size == 0) {
        return; /* the same columns as the version before */
    }
    for (unsigned long round = 0; round < mutations / (2 * NEWER_VERSIONS) + 1; round++) {
        made changed = *m;
        payload *p = &changed.payload;
        for (uint32_t i = 1 + next_random(8); i > 0; i--) {
            uint32_t value = next_random(256 + EG_COUNT(limits));
            p->bytes[next_random((uint32_t)p->size)] =
                value < 256 ? (uint8_t)value : limits[value - 256];
        }
        size_t left_out = next_random(3) == 0 ? next_random((uint32_t)p->size + 1) : 0;
        run_target(&changed, p->bytes, p->size - left_out, round % 2);
    }
}

static void every_layout__whole__is_decoded(void **state)
{
    EG_UNUSED(state);
    assert_true(for_every(decode_whole) > 500);
}

static void every_layout__with_a_tail__is_decoded(void **state)
{
    EG_UNUSED(state);
    for_every(decode_with_tail);
}

static void every_layout__cut_at_every_byte__stays_within_bounds(void **state)
{
    EG_UNUSED(state);
    for_every(cut_everywhere);
}

static void every_layout__mutated__stays_within_bounds(void **state)
{
    eg_buf wanted;
    EG_UNUSED(state);
    eg_buf_init(&wanted, 64);
    if (eg_env_get("EG_ETW_MUTATIONS", &wanted) == EG_OK) {
        uint64_t number = 0;
        assert_true(eg_str_to_u64(eg_buf_str(&wanted), &number));
        mutations = (unsigned long)number;
    }
    eg_buf_done(&wanted);
    for_every(mutate);
    print_message("each record layout mutated at least %lu times\n", mutations);
}

int eg_test_etw_every(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layout__whole__is_decoded),
        cmocka_unit_test(every_layout__with_a_tail__is_decoded),
        cmocka_unit_test(every_layout__cut_at_every_byte__stays_within_bounds),
        cmocka_unit_test(every_layout__mutated__stays_within_bounds),
    };
    return cmocka_run_group_tests_name("etw_every", tests, NULL, NULL);
}
