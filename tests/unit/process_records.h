/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process records as the two ETW sessions deliver them, for tests and benches that need many: the
 * kernel logger's version 4 and Kernel-Process' version 4 (stop: 2), of 64-bit Windows.
 */
#ifndef EG_TESTS_PROCESS_RECORDS_H
#define EG_TESTS_PROCESS_RECORDS_H

#include "driverless-hooks/decode/etw_record.h"

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

/* The record; its payload lies in `payload`, of EG_TEST_PAYLOAD_MAX bytes. */
eg_etw_record eg_test_process_record(eg_test_record what, const eg_test_process *process,
                                     uint8_t *payload);

#endif
