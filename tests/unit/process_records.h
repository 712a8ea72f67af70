/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process records as the two ETW sessions deliver them, for tests and benches that need many: the
 * kernel logger's version 4 and Kernel-Process' version 4 (stop: 2), of 64-bit Windows.
 */
#ifndef EG_TESTS_PROCESS_RECORDS_H
#define EG_TESTS_PROCESS_RECORDS_H

#include "driverless-hooks/decode/etw_record.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct eg_test_process {
    uint32_t pid, parent_pid;
    uint32_t session_id;
    uint32_t writer_pid, writer_tid; /* creator of a start, the process itself of a stop */
    uint64_t create_time;
    uint64_t time; /* of the kernel logger's record */
    uint64_t sequence, parent_sequence;
    uint32_t exit_status;
    const char *image; /* as Kernel-Process has it: a whole path */
    const char *command_line;
} eg_test_process;

typedef enum eg_test_record {
    EG_TEST_KERNEL_START,
    EG_TEST_KERNEL_STOP,
    EG_TEST_KERNEL_RUNNING,
    EG_TEST_PROVIDER_START, /* half a microsecond before the kernel logger's */
    EG_TEST_PROVIDER_STOP,
    EG_TEST_PROVIDER_RUNNING,
} eg_test_record;

#define EG_TEST_PAYLOAD_MAX 4096u

/* Ticks between the two records of one start. */
#define EG_TEST_APART 5

static const uint8_t eg_test_kernel_guid[EG_ETW_GUID_SIZE] = {
    0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
static const uint8_t eg_test_provider_guid[EG_ETW_GUID_SIZE] = {
    0xd6, 0x2c, 0xfb, 0x22, 0x7b, 0x0e, 0x2b, 0x42, 0xa0, 0xc7, 0x2f, 0xad, 0x1f, 0xd0, 0xe7, 0x16};
/* S-1-5-18 and S-1-16-8192 */
static const uint8_t eg_test_system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const uint8_t eg_test_medium_label[] = {1, 1, 0, 0, 0, 0, 0, 16, 0, 0x20, 0, 0};

typedef struct eg_test_writer {
    uint8_t *bytes;
    size_t size;
} eg_test_writer;

static inline void eg_test_put(eg_test_writer *to, const void *bytes, size_t size)
{
    if (to->size + size > EG_TEST_PAYLOAD_MAX) {
        abort();
    }
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static inline void eg_test_put_number(eg_test_writer *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        eg_test_put(to, &byte, 1);
    }
}

static inline void eg_test_put_wide(eg_test_writer *to, const char *text)
{
    for (size_t i = 0; i <= strlen(text); i++) {
        eg_test_put_number(to, (unsigned char)text[i], 2);
    }
}

static inline const char *eg_test_base_name(const char *path)
{
    const char *slash = strrchr(path, '\\');
    return slash ? slash + 1 : path;
}

static inline void eg_test_put_kernel(eg_test_writer *to, const eg_test_process *process, bool stop)
{
    const char *name = eg_test_base_name(process->image);
    eg_test_put_number(to, 0xffffa08712345080, 8);
    eg_test_put_number(to, process->pid, 4);
    eg_test_put_number(to, process->parent_pid, 4);
    eg_test_put_number(to, process->session_id, 4);
    eg_test_put_number(to, stop ? process->exit_status : 259, 4);
    eg_test_put_number(to, 0x187000, 8);
    eg_test_put_number(to, 0, 4);
    eg_test_put_number(to, 0xffffa087a0f8ff12, 8);
    eg_test_put_number(to, 7, 8);
    eg_test_put(to, eg_test_system_sid, sizeof(eg_test_system_sid));
    eg_test_put(to, name, strlen(name) + 1);
    eg_test_put_wide(to, process->command_line);
    eg_test_put_wide(to, "");
    eg_test_put_wide(to, "");
}

static inline void eg_test_put_provider_start(eg_test_writer *to, const eg_test_process *process)
{
    eg_test_put_number(to, process->pid, 4);
    eg_test_put_number(to, process->sequence, 8);
    eg_test_put_number(to, process->create_time, 8);
    eg_test_put_number(to, process->parent_pid, 4);
    eg_test_put_number(to, process->parent_sequence, 8);
    eg_test_put_number(to, process->session_id, 4);
    eg_test_put_number(to, 0, 4);
    eg_test_put_number(to, 3, 4);
    eg_test_put_number(to, 0, 4);
    eg_test_put(to, eg_test_medium_label, sizeof(eg_test_medium_label));
    eg_test_put_wide(to, process->image);
    eg_test_put_number(to, 0xAB, 4);
    eg_test_put_number(to, 0xCD, 4);
    eg_test_put_wide(to, "");
    eg_test_put_wide(to, "");
    eg_test_put_number(to, 0x11, 4);
}

static inline void eg_test_put_provider_stop(eg_test_writer *to, const eg_test_process *process)
{
    const char *name = eg_test_base_name(process->image);
    eg_test_put_number(to, process->pid, 4);
    eg_test_put_number(to, process->sequence, 8);
    eg_test_put_number(to, process->create_time, 8);
    eg_test_put_number(to, process->time, 8);
    eg_test_put_number(to, process->exit_status, 4);
    eg_test_put_number(to, 3, 4);
    eg_test_put_number(to, 50, 4);
    eg_test_put_number(to, 4096, 8);
    eg_test_put_number(to, 8192, 8);
    eg_test_put_number(to, 1000000, 8);
    for (size_t i = 0; i < 5; i++) {
        eg_test_put_number(to, i, 4);
    }
    eg_test_put(to, name, strlen(name) + 1);
}

/* The record; its payload lies in `bytes`, of EG_TEST_PAYLOAD_MAX bytes. */
static inline eg_etw_record eg_test_process_record(eg_test_record what,
                                                   const eg_test_process *process, uint8_t *bytes)
{
    static const struct {
        const uint8_t *provider;
        uint16_t id;
        uint8_t version, opcode;
    } heads[] = {
        {eg_test_kernel_guid, 0, 4, 1},   {eg_test_kernel_guid, 0, 4, 2},
        {eg_test_kernel_guid, 0, 4, 3},   {eg_test_provider_guid, 1, 4, 1},
        {eg_test_provider_guid, 2, 2, 2}, {eg_test_provider_guid, 15, 2, 0},
    };
    eg_test_writer to = {bytes, 0};
    switch (what) {
    case EG_TEST_PROVIDER_START:
    case EG_TEST_PROVIDER_RUNNING: eg_test_put_provider_start(&to, process); break;
    case EG_TEST_PROVIDER_STOP: eg_test_put_provider_stop(&to, process); break;
    default: eg_test_put_kernel(&to, process, what == EG_TEST_KERNEL_STOP); break;
    }
    bool kernel = what <= EG_TEST_KERNEL_RUNNING;
    eg_etw_record record = {
        .id = heads[what].id,
        .version = heads[what].version,
        .opcode = heads[what].opcode,
        .flags = EG_ETW_FLAG_64_BIT,
        .pid = what == EG_TEST_KERNEL_RUNNING ? EG_ETW_NO_PROCESS : process->writer_pid,
        .tid = what == EG_TEST_KERNEL_RUNNING ? EG_ETW_NO_PROCESS : process->writer_tid,
        .time = kernel ? process->time : process->time - EG_TEST_APART,
        .payload = bytes,
        .size = to.size,
    };
    memcpy(record.provider, heads[what].provider, EG_ETW_GUID_SIZE);
    return record;
}

#endif
