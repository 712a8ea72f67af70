/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ETW record without anything of Windows in it: what the consumer callback copies out of an
 * EVENT_RECORD, and what recorded fixtures are turned into. Everything from `payload` is hostile:
 * user-mode providers can be imitated by any process.
 *
 * A record borrows its payload; who fills it keeps the bytes alive. Plain data, any thread.
 */
#ifndef EG_DECODE_ETW_RECORD_H
#define EG_DECODE_ETW_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define EG_ETW_GUID_SIZE 16

/* EVENT_HEADER.Flags that decoders need: pointer size is a property of each record. */
#define EG_ETW_FLAG_32_BIT 0x20u
#define EG_ETW_FLAG_64_BIT 0x40u

/* The header's process id in records that the kernel writes without one. */
#define EG_ETW_NO_PROCESS 0xFFFFFFFFu

typedef struct eg_etw_record {
    uint8_t provider[EG_ETW_GUID_SIZE]; /* as a GUID lies in memory */
    uint16_t id;                        /* 0 in classic (kernel logger) records */
    uint8_t version;
    uint8_t opcode;
    uint32_t flags; /* EG_ETW_FLAG_... and others, which are ignored */
    uint32_t pid;   /* of the writer; EG_ETW_NO_PROCESS when unknown */
    uint32_t tid;
    uint64_t time; /* FILETIME */
    const uint8_t *payload;
    size_t size;
} eg_etw_record;

#endif
