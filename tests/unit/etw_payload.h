/* SPDX-License-Identifier: Apache-2.0 */
/* ETW payloads made by hand, as the providers of Windows write them. Include after unit.h. */
#ifndef EG_TESTS_ETW_PAYLOAD_H
#define EG_TESTS_ETW_PAYLOAD_H

#include "driverless-hooks/decode/etw_decode.h"

#include <string.h>

static const uint8_t kernel_process[EG_ETW_GUID_SIZE] = {
    0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
static const uint8_t manifest_process[EG_ETW_GUID_SIZE] = {
    0xd6, 0x2c, 0xfb, 0x22, 0x7b, 0x0e, 0x2b, 0x42, 0xa0, 0xc7, 0x2f, 0xad, 0x1f, 0xd0, 0xe7, 0x16};
static const uint8_t task_scheduler[EG_ETW_GUID_SIZE] = {
    0xea, 0x24, 0x7b, 0xde, 0xc8, 0x73, 0x09, 0x4a, 0x98, 0x5d, 0x5b, 0xda, 0xdc, 0xfa, 0x90, 0x17};
static const uint8_t powershell[EG_ETW_GUID_SIZE] = {
    0x3b, 0x85, 0xc1, 0xa0, 0x40, 0x5c, 0x15, 0x4b, 0x87, 0x66, 0x3c, 0xf1, 0xc5, 0x8f, 0x98, 0x5a};

static const uint8_t amsi[EG_ETW_GUID_SIZE] = {0x87, 0x6b, 0x57, 0x2a, 0xa7, 0x09, 0x0e, 0x52,
                                               0xc2, 0x1a, 0x49, 0x42, 0xf0, 0x27, 0x1d, 0x67};

/* S-1-5-18 and S-1-16-8192 */
static const uint8_t system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const uint8_t medium_label[] = {1, 1, 0, 0, 0, 0, 0, 16, 0, 0x20, 0, 0};

/* A payload under construction. */
typedef struct payload {
    uint8_t bytes[8192];
    size_t size;
} payload;

static inline void put(payload *p, const void *bytes, size_t size)
{
    assert_true(p->size + size <= sizeof(p->bytes));
    memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
}

static inline void put_number(payload *p, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        put(p, &byte, 1);
    }
}

static inline void put_wide(payload *p, const char *text)
{
    for (size_t i = 0; i <= strlen(text); i++) {
        put_number(p, (unsigned char)text[i], 2);
    }
}

static inline void put_user(payload *p, size_t pointer)
{
    put_number(p, 0xa0f8ff12, pointer);
    put_number(p, 7, pointer);
    put(p, system_sid, sizeof(system_sid));
}

/* A Process_TypeGroup1 payload as Windows of that version writes it. */
static inline void make_kernel_process(payload *p, uint8_t version, size_t pointer)
{
    p->size = 0;
    put_number(p, 0x1234, pointer);
    put_number(p, 4321, 4);
    put_number(p, 999, 4);
    put_number(p, 1, 4);
    put_number(p, 0xC000013A, 4);
    if (version >= 3) {
        put_number(p, 0x187000, pointer);
    }
    if (version >= 4) {
        put_number(p, 0, 4);
    }
    put_user(p, pointer);
    put(p, "cmd.exe", 8);
    if (version >= 2) {
        put_wide(p, "cmd /c dir");
    }
    if (version >= 4) {
        put_wide(p, "Package_1");
        put_wide(p, "App");
    }
}

static inline eg_etw_record make_record(const uint8_t *provider, uint16_t id, uint8_t version,
                                        const payload *p)
{
    eg_etw_record record = {.id = id, .version = version, .flags = EG_ETW_FLAG_64_BIT};
    memcpy(record.provider, provider, EG_ETW_GUID_SIZE);
    record.pid = 777;
    record.time = UINT64_C(133000000000000000);
    record.payload = p->bytes;
    record.size = p->size;
    return record;
}

static inline eg_etw_record kernel_record(uint8_t version, uint8_t opcode, size_t pointer,
                                          const payload *p)
{
    eg_etw_record record = make_record(kernel_process, 0, version, p);
    record.opcode = opcode;
    record.flags = pointer == 4 ? EG_ETW_FLAG_32_BIT : EG_ETW_FLAG_64_BIT;
    return record;
}

static inline void assert_span(eg_etw_span span, const void *bytes, size_t size)
{
    assert_non_null(span.bytes);
    assert_int_equal(span.size, size);
    assert_memory_equal(span.bytes, bytes, size);
}

/* Everything up to the user of a version 4 record. */
static inline void make_head(payload *p)
{
    p->size = 0;
    put_number(p, 0x1234, 8);
    put_number(p, 10, 4);
    put_number(p, 20, 4);
    put_number(p, 1, 4);
    put_number(p, 259, 4);
    put_number(p, 0, 8);
    put_number(p, 0, 4);
}

static inline void put_tail(payload *p)
{
    put(p, "x.exe", 6);
    put_wide(p, "x");
    put_wide(p, "");
    put_wide(p, "");
}

/* Kernel-Process 1 from version 3 on. */
static inline void make_manifest_start(payload *p, uint8_t version)
{
    p->size = 0;
    put_number(p, 100, 4);
    put_number(p, 5000, 8);
    put_number(p, 133, 8);
    put_number(p, 90, 4);
    put_number(p, 4999, 8);
    put_number(p, 2, 4);
    put_number(p, 0, 4);
    put_number(p, 3, 4);
    put_number(p, 0, 4);
    put(p, medium_label, sizeof(medium_label));
    put_wide(p, "\\Device\\x.exe");
    put_number(p, 0xAB, 4);
    put_number(p, 0xCD, 4);
    put_wide(p, "");
    put_wide(p, "");
    if (version >= 4) {
        put_number(p, 0x11, 4);
    }
    if (version >= 5) {
        put_number(p, 6, 4);
        put_number(p, 0x8664, 2);
    }
}

/* AMSI 1101 of a script host that found nothing. */
static inline void put_amsi(payload *p, uint8_t version, size_t pointer, const void *content,
                            size_t size, uint32_t original_size)
{
    put_number(p, 0x1D0, pointer);
    put_number(p, 1, 1);
    put_number(p, 1, 4);
    put_wide(p, "VBScript");
    put_wide(p, "C:\\a.vbs");
    put_number(p, size, 4);
    put_number(p, original_size, 4);
    put(p, content, size);
    for (int i = 0; i < 32; i++) {
        put_number(p, 0xAB, 1);
    }
    put_number(p, 0, 4);
    for (int i = 0; version >= 1 && i < 32; i++) {
        put_number(p, 0xCD, 1);
    }
}

#endif
