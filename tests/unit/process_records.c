/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/process_records.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Ticks between the two records of one start. */
#define APART 5

static const uint8_t kernel_guid[EG_ETW_GUID_SIZE] = {
    0xd0, 0xa8, 0x6f, 0x3d, 0x05, 0xfe, 0xd0, 0x11, 0x9d, 0xda, 0x00, 0xc0, 0x4f, 0xd7, 0xba, 0x7c};
static const uint8_t provider_guid[EG_ETW_GUID_SIZE] = {
    0xd6, 0x2c, 0xfb, 0x22, 0x7b, 0x0e, 0x2b, 0x42, 0xa0, 0xc7, 0x2f, 0xad, 0x1f, 0xd0, 0xe7, 0x16};
/* S-1-5-18 and S-1-16-8192 */
static const uint8_t system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const uint8_t medium_label[] = {1, 1, 0, 0, 0, 0, 0, 16, 0, 0x20, 0, 0};

typedef struct writer {
    uint8_t *bytes;
    size_t size;
} writer;

static void put(writer *to, const void *bytes, size_t size)
{
    if (to->size + size > EG_TEST_PAYLOAD_MAX) {
        abort();
    }
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static void put_number(writer *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        put(to, &byte, 1);
    }
}

static void put_wide(writer *to, const char *text)
{
    for (size_t i = 0; i <= strlen(text); i++) {
        put_number(to, (unsigned char)text[i], 2);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '\\');
    return slash ? slash + 1 : path;
}

static void put_kernel(writer *to, const eg_test_process *process, bool stop)
{
    const char *name = base_name(process->image);
    put_number(to, 0xffffa08712345080, 8);
    put_number(to, process->pid, 4);
    put_number(to, process->parent_pid, 4);
    put_number(to, process->session_id, 4);
    put_number(to, stop ? process->exit_status : 259, 4);
    put_number(to, 0x187000, 8);
    put_number(to, 0, 4);
    put_number(to, 0xffffa087a0f8ff12, 8);
    put_number(to, 7, 8);
    put(to, system_sid, sizeof(system_sid));
    put(to, name, strlen(name) + 1);
    put_wide(to, process->command_line);
    put_wide(to, "");
    put_wide(to, "");
}

static void put_provider_start(writer *to, const eg_test_process *process)
{
    put_number(to, process->pid, 4);
    put_number(to, process->sequence, 8);
    put_number(to, process->create_time, 8);
    put_number(to, process->parent_pid, 4);
    put_number(to, process->parent_sequence, 8);
    put_number(to, process->session_id, 4);
    put_number(to, 0, 4);
    put_number(to, 3, 4);
    put_number(to, 0, 4);
    put(to, medium_label, sizeof(medium_label));
    put_wide(to, process->image);
    put_number(to, 0xAB, 4);
    put_number(to, 0xCD, 4);
    put_wide(to, "");
    put_wide(to, "");
    put_number(to, 0x11, 4);
}

static void put_provider_stop(writer *to, const eg_test_process *process)
{
    const char *name = base_name(process->image);
    put_number(to, process->pid, 4);
    put_number(to, process->sequence, 8);
    put_number(to, process->create_time, 8);
    put_number(to, process->time, 8);
    put_number(to, process->exit_status, 4);
    put_number(to, 3, 4);
    put_number(to, 50, 4);
    put_number(to, 4096, 8);
    put_number(to, 8192, 8);
    put_number(to, 1000000, 8);
    for (size_t i = 0; i < 5; i++) {
        put_number(to, i, 4);
    }
    put(to, name, strlen(name) + 1);
}

eg_etw_record eg_test_process_record(eg_test_record what, const eg_test_process *process,
                                     uint8_t *payload)
{
    static const struct {
        const uint8_t *provider;
        uint16_t id;
        uint8_t version, opcode;
    } heads[] = {
        {kernel_guid, 0, 4, 1},   {kernel_guid, 0, 4, 2},   {kernel_guid, 0, 4, 3},
        {provider_guid, 1, 4, 1}, {provider_guid, 2, 2, 2}, {provider_guid, 15, 2, 0},
    };
    writer to = {payload, 0};
    switch (what) {
    case EG_TEST_PROVIDER_START:
    case EG_TEST_PROVIDER_RUNNING: put_provider_start(&to, process); break;
    case EG_TEST_PROVIDER_STOP: put_provider_stop(&to, process); break;
    default: put_kernel(&to, process, what == EG_TEST_KERNEL_STOP); break;
    }
    bool kernel = what <= EG_TEST_KERNEL_RUNNING;
    eg_etw_record record = {
        .id = heads[what].id,
        .version = heads[what].version,
        .opcode = heads[what].opcode,
        .flags = EG_ETW_FLAG_64_BIT,
        .pid = what == EG_TEST_KERNEL_RUNNING ? EG_ETW_NO_PROCESS : process->writer_pid,
        .tid = what == EG_TEST_KERNEL_RUNNING ? EG_ETW_NO_PROCESS : process->writer_tid,
        .time = kernel ? process->time : process->time - APART,
        .payload = payload,
        .size = to.size,
    };
    memcpy(record.provider, heads[what].provider, EG_ETW_GUID_SIZE);
    return record;
}
