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

/* Kernel-Registry: a key is created (1), opened (2), deleted (3: key_object, status, key_name). */
typedef struct eg_etw_registry_key {
    uint64_t base_object, key_object, status, disposition;
    eg_etw_span base_name, key_name; /* the key's name is relative to its base */
} eg_etw_registry_key;

/*
 * Kernel-Registry: a value is set (5) or deleted (6, without type and data). The key's path is
 * normally empty: only an object address.
 */
typedef struct eg_etw_registry_value {
    uint64_t key_object, status, type, data_size, captured_size;
    uint64_t previous_type, previous_size, previous_captured_size;
    eg_etw_span key_name, value_name, data, previous_data;
} eg_etw_registry_value;

/* The registry group of a system logger: one layout for all operations. */
typedef struct eg_etw_registry_operation {
    uint64_t initial_time, status, index, key_handle;
    eg_etw_span name;
} eg_etw_registry_operation;

typedef struct eg_etw_dns_query {
    uint64_t type, options, status;
    uint64_t client_pid; /* who asked, of the records that the DNS service writes for others */
    uint64_t is_network, network_index, interface_index, is_async, blob;
    eg_etw_span name, results, servers;
} eg_etw_dns_query;

typedef struct eg_etw_script_block {
    uint64_t number, total; /* counted from 1 */
    eg_etw_span text, id, path;
} eg_etw_script_block;

typedef struct eg_etw_amsi_scan {
    uint64_t session, scan_status, result;
    uint64_t content_size, original_size; /* unlike where the content was cut */
    uint64_t filtered;
    eg_etw_span application, content_name;
    eg_etw_span content;       /* UTF-16LE text, or whatever bytes the host handed over */
    eg_etw_span hash;          /* SHA-256 of the content */
    eg_etw_span original_hash; /* from version 1 on */
} eg_etw_amsi_scan;

typedef struct eg_etw_task {
    uint64_t pid, priority, result, engine_pid;
    eg_etw_span name, user, path, action, instance;
} eg_etw_task;

/* WMI-Activity. A binding (5861) has namespace, filter, consumer and cause. */
typedef struct eg_etw_wmi {
    uint64_t result, pid, query_id;
    uint64_t group, operation_id, created_pid, created_time, client_pid, client_time, is_local;
    eg_etw_span name_space, query, user, provider, machine, machine_full, cause;
    eg_etw_span filter, consumer;
    eg_etw_span id, component, operation, host, path, command_line;
} eg_etw_wmi;

/* Records that are only shown, under the names of their columns. */
typedef struct eg_etw_plain {
    uint64_t number[4];
    eg_etw_span part[3];
} eg_etw_plain;

typedef enum eg_etw_role {
    EG_ETW_ROLE_OTHER,
    EG_ETW_ROLE_PROCESS_START,
    EG_ETW_ROLE_PROCESS_STOP,
    EG_ETW_ROLE_PROCESS_RUNNING, /* rundown at session start: it runs already */
    EG_ETW_ROLE_PROCESS_LEFT,    /* rundown at session end: it still runs */
    EG_ETW_ROLE_PROCESS_GONE,    /* the object died; the process had stopped before */
    EG_ETW_ROLE_LOST,            /* the session lost records (id 32), buffers (33) or a file (34) */
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
        eg_etw_registry_key registry_key;
        eg_etw_registry_value registry_value;
        eg_etw_registry_operation registry_operation;
        eg_etw_dns_query dns_query;
        eg_etw_script_block script_block;
        eg_etw_amsi_scan amsi_scan;
        eg_etw_task task;
        eg_etw_wmi wmi;
        eg_etw_plain plain;
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

/* UTF-16LE text without the NULs at its end and without half a unit. */
eg_etw_span eg_etw_trim_wide(eg_etw_span text);

/*
 * True when AMSI content is UTF-16LE text, as scripts are, and not the bytes of a program or of
 * text in another encoding: it has no NUL but at its end, and a character below U+0100, which any
 * script has.
 */
bool eg_etw_content_is_wide(eg_etw_span content);

/* UTF-16 units at which the kernel cuts CommandLine: one this long has to be read again. */
#define EG_ETW_COMMAND_LINE_CUT 1024u
bool eg_etw_command_line_cut(const eg_etw_process *process);

#endif
