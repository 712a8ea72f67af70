/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How layouts are described; only the files that hold layouts, the reader and the two writers
 * include this. Everything here is constant data.
 */
#ifndef EG_DECODE_ETW_LAYOUT_H
#define EG_DECODE_ETW_LAYOUT_H

#include "core/base/compiler.h"
#include "driverless-hooks/decode/etw_decode.h"
#include "driverless-hooks/decode/etw_providers.h"

typedef enum eg_etw_type {
    EG_ETW_TYPE_U8,
    EG_ETW_TYPE_U16,
    EG_ETW_TYPE_U32,
    EG_ETW_TYPE_I32,
    EG_ETW_TYPE_U64,
    EG_ETW_TYPE_TIME,           /* FILETIME */
    EG_ETW_TYPE_TIME_UTC,       /* the same, shown a second time as text */
    EG_ETW_TYPE_HEX32,          /* u32 that people read in hexadecimal */
    EG_ETW_TYPE_POINTER,        /* 4 or 8 bytes, as the record's flags say */
    EG_ETW_TYPE_WIDE,           /* UTF-16LE and a NUL; the payload's end may stand for the NUL */
    EG_ETW_TYPE_WIDE_LAST,      /* the same, or nothing at all at the end of the payload */
    EG_ETW_TYPE_WIDE_LIST,      /* all texts that are left, at least one */
    EG_ETW_TYPE_WIDE_LIST_LAST, /* the same, or none */
    EG_ETW_TYPE_ANSI,           /* bytes of the machine's code page and a NUL; likewise */
    EG_ETW_TYPE_SID,
    EG_ETW_TYPE_USER_SID, /* MOF "Sid": TOKEN_USER image and SID, or four zero bytes */
    EG_ETW_TYPE_GUID,
    EG_ETW_TYPE_DATA,       /* as many bytes as the number before it says */
    EG_ETW_TYPE_VALUE_DATA, /* the same, of a registry value: shown a second time when text */
    EG_ETW_TYPE_CONTENT,    /* as many bytes as the number before the last one says; likewise */
    EG_ETW_TYPE_SHA256,
    EG_ETW_TYPE_SHA256_LAST, /* the same, or nothing when less is left */
} eg_etw_type;

#define EG_ETW_NEWEST 255

typedef struct eg_etw_column {
    const char *name; /* as Windows calls it */
    eg_etw_type type;
    uint8_t since, until; /* versions that have it, both included */
    uint16_t offset;      /* of an uint64_t or eg_etw_span in eg_etw_decoded */
    eg_field field;       /* of the event, or EG_FIELD_COUNT */
} eg_etw_column;

typedef struct eg_etw_layout {
    uint8_t provider[EG_ETW_GUID_SIZE];
    uint16_t id; /* event id, or the opcode of a classic record */
    bool classic;
    uint8_t since, until;
    eg_etw_role role;
    eg_kind kind;
    const eg_etw_column *columns;
    size_t count;
} eg_etw_layout;

/* Bytes of a SHA-256. */
#define EG_ETW_HASH_SIZE 32

#define EG_ETW_COLUMN(name, type, since, until, member, field) \
    { \
        name, EG_ETW_TYPE_##type, since, until, (uint16_t)offsetof(eg_etw_decoded, as.member), \
            EG_FIELD_##field \
    }

/* A record of a manifest provider that is no process record. */
#define EG_ETW_LAYOUT(provider, id, kind, columns) \
    { \
        provider, id, false, 0, EG_ETW_NEWEST, EG_ETW_ROLE_OTHER, EG_KIND_##kind, columns, \
            EG_COUNT(columns) \
    }

/* The lists that eg_etw_decode searches, each ended by a layout without columns. */
extern const eg_etw_layout eg_etw_kernel_process_layouts[];
extern const eg_etw_layout eg_etw_kernel_registry_layouts[];
extern const eg_etw_layout eg_etw_kernel_lost_layouts[];
extern const eg_etw_layout eg_etw_manifest_process_layouts[];
extern const eg_etw_layout eg_etw_manifest_registry_layouts[];
extern const eg_etw_layout eg_etw_manifest_task_layouts[];
extern const eg_etw_layout eg_etw_manifest_script_layouts[];
extern const eg_etw_layout eg_etw_manifest_dns_layouts[];
extern const eg_etw_layout eg_etw_manifest_wmi_layouts[];

bool eg_etw_column_present(const eg_etw_decoded *decoded, const eg_etw_column *column);
uint64_t eg_etw_number(const eg_etw_decoded *decoded, const eg_etw_column *column);
eg_etw_span eg_etw_bytes(const eg_etw_decoded *decoded, const eg_etw_column *column);

#endif
