/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ETW payloads to typed structs. Each known record has a layout: a table of columns in payload
 * order, each with the versions it appears in and the struct member it fills. The reader walks the
 * table; from the same table come the raw fields (eg_etw_write_fields) and the event
 * (eg_etw_make_event). A new record is one table and one line in a list.
 *
 * A version higher than the tables know is read by the newest known layout and its tail ignored:
 * providers only append. Pure functions, any thread; nothing is allocated, spans borrow from the
 * payload.
 */
#ifndef EG_DECODE_ETW_DECODE_H
#define EG_DECODE_ETW_DECODE_H

#include "core/event/event.h"
#include "driverless-hooks/decode/etw_record.h"

#include <stdbool.h>

/* A part of the payload; bytes NULL when the record does not have it. */
typedef struct eg_etw_span {
    const uint8_t *bytes;
    size_t size;
} eg_etw_span;

/* Process start, stop and rundown, of the kernel logger and of Kernel-Process. */
typedef struct eg_etw_process {
    uint64_t pid, parent_pid, session_id;
    uint64_t exit_status; /* sign-extended */
    uint64_t create_time, exit_time;
    uint64_t sequence, parent_sequence;
    uint64_t object_key, directory_table, flags;
    uint64_t elevation_type, elevated, checksum, time_stamp, mitigations, partition, machine;
    uint64_t handle_count, commit_charge, commit_peak, cycles;
    uint64_t read_count, write_count, read_kilobytes, write_kilobytes, hard_faults;
    eg_etw_span user_sid, mandatory_label;
    eg_etw_span image_name;   /* code-page or UTF-16LE bytes, as the layout says */
    eg_etw_span command_line; /* UTF-16LE */
    eg_etw_span package_name, application_id;
} eg_etw_process;

typedef struct eg_etw_image {
    uint64_t base, size, pid, checksum, time_stamp, default_base;
    eg_etw_span name;
} eg_etw_image;

/* Kernel-Registry SetValueKey. The key's path is normally empty: only an object address. */
typedef struct eg_etw_registry_value {
    uint64_t key_object, status, type, data_size, captured_size;
    uint64_t previous_type, previous_size, previous_captured_size;
    eg_etw_span key_name, value_name, data, previous_data;
} eg_etw_registry_value;

typedef struct eg_etw_dns_query {
    uint64_t type, options, status;
    eg_etw_span name, results;
} eg_etw_dns_query;

typedef struct eg_etw_script_block {
    uint64_t number, total;
    eg_etw_span text, id, path;
} eg_etw_script_block;

typedef struct eg_etw_task {
    uint64_t pid, priority, result, engine_pid;
    eg_etw_span name, user, path, action, instance;
} eg_etw_task;

typedef enum eg_etw_role {
    EG_ETW_ROLE_OTHER,
    EG_ETW_ROLE_PROCESS_START,
    EG_ETW_ROLE_PROCESS_STOP,
    EG_ETW_ROLE_PROCESS_RUNNING, /* rundown at session start: it runs already */
    EG_ETW_ROLE_PROCESS_LEFT,    /* rundown at session end: it still runs */
    EG_ETW_ROLE_PROCESS_GONE,    /* the object died; the process had stopped before */
} eg_etw_role;

struct eg_etw_layout;

typedef struct eg_etw_decoded {
    const struct eg_etw_layout *layout;
    eg_etw_role role;
    eg_kind kind;     /* EG_KIND_OTHER: decoded, but no event of ours */
    uint32_t version; /* of the record */
    union {
        eg_etw_process process;
        eg_etw_image image;
        eg_etw_registry_value registry_value;
        eg_etw_dns_query dns_query;
        eg_etw_script_block script_block;
        eg_etw_task task;
    } as;
} eg_etw_decoded;

typedef enum eg_etw_result {
    EG_ETW_EVENT,     /* decoded */
    EG_ETW_IGNORED,   /* a record we do not know */
    EG_ETW_MALFORMED, /* one we know, whose payload contradicts its layout */
} eg_etw_result;

/* `out` is only written for EG_ETW_EVENT. */
eg_etw_result eg_etw_decode(const eg_etw_record *record, eg_etw_decoded *out);

const char *eg_etw_result_name(eg_etw_result result); /* "event", "ignored", "malformed" */

/* UTF-16 units at which the kernel cuts CommandLine: one this long has to be read again. */
#define EG_ETW_COMMAND_LINE_CUT 1024u
bool eg_etw_command_line_cut(const eg_etw_process *process);

#endif
