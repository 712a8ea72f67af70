/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event: the one thing that sensors make and every later stage reads.
 *
 * An eg_event is a struct of borrowed views: whoever fills it keeps the text alive for the call.
 * eg_event_clone makes one self-contained block, which is what travels through the queue. Not
 * synchronised: an event belongs to one thread at a time.
 *
 * A field that is missing has ptr NULL; a field that is present and empty has len 0 and a pointer.
 * Rules tell the two apart.
 */
#ifndef EG_EVENT_EVENT_H
#define EG_EVENT_EVENT_H

#include "core/base/str.h"

#define EG_CHANNEL_SYSMON "Microsoft-Windows-Sysmon/Operational"
#define EG_PROVIDER_SYSMON "Microsoft-Windows-Sysmon"
#define EG_CHANNEL_TASK "Microsoft-Windows-TaskScheduler/Operational"
#define EG_PROVIDER_TASK "Microsoft-Windows-TaskScheduler"
#define EG_CHANNEL_POWERSHELL "Microsoft-Windows-PowerShell/Operational"
#define EG_PROVIDER_POWERSHELL "Microsoft-Windows-PowerShell"
#define EG_CHANNEL_POWERSHELL_CLASSIC "Windows PowerShell"
#define EG_CHANNEL_POWERSHELL_CORE "PowerShellCore/Operational"
#define EG_PROVIDER_POWERSHELL_CORE "PowerShellCore"
#define EG_CHANNEL_SECURITY "Security"
#define EG_CHANNEL_WMI "Microsoft-Windows-WMI-Activity/Operational"
#define EG_PROVIDER_SECURITY "Microsoft-Windows-Security-Auditing"
#define EG_CHANNEL_SYSTEM "System"
#define EG_PROVIDER_SERVICES "Service Control Manager"
#define EG_CHANNEL_AGENT "EmoGuard"
#define EG_PROVIDER_AGENT "EmoGuard"

typedef enum eg_field {
#define FIELD(id, name) EG_FIELD_##id,
#include "core/event/fields.def"
#undef FIELD
    EG_FIELD_COUNT,
} eg_field;

typedef enum eg_kind {
#define KIND(id, name, channel, provider, event_id) EG_KIND_##id,
#include "core/event/kinds.def"
#undef KIND
    EG_KIND_COUNT,
} eg_kind;

enum {
    EG_EVENT_EXISTING = 1 << 0,           /* from a snapshot: it was there already, not just made */
    EG_EVENT_CHANGED_WHILE_DOWN = 1 << 1, /* differs from what we knew before the service stopped */
    EG_EVENT_COMMAND_LINE_CUT = 1 << 2,   /* by the source, and it could not be re-read */
    EG_EVENT_POLLED = 1 << 3,             /* seen by polling: short-lived ones may be missed */
    EG_EVENT_MISSED = 1 << 4,             /* found by comparing: its sensor had not reported it */
    EG_EVENT_UNLISTED = 1 << 5,           /* live only: snapshots do not tell such things */
    EG_EVENT_MARK = 1 << 6,               /* no event: see snapshot_mark.h */
    EG_EVENT_SECOND_PASS = 1 << 7, /* told before; now with what reading its file has found out */
    EG_EVENT_WAKE = 1 << 8,        /* no event: findings wait for the pipeline (scan_queue.h) */
};

typedef struct eg_named_value {
    eg_str name;
    eg_str value;
} eg_named_value;

#define EG_EVENT_EXTRA_MAX 256

typedef struct eg_event {
    eg_kind kind;
    uint32_t flags; /* EG_EVENT_... */
    uint64_t time;  /* FILETIME, taken at the source */
    uint32_t pid;   /* process the event is about; 0 when none */
    uint32_t parent_pid;
    uint64_t create_time; /* FILETIME of its start, 0 unknown: pid + create_time names it */
    uint32_t event_id;
    eg_str channel;
    eg_str provider;
    eg_str source; /* sensor that saw it: "etw", "poll", "registry", ...; for evidence */
    eg_str field[EG_FIELD_COUNT];
    const eg_named_value *extra; /* fields of other names, sorted as they came */
    size_t extra_count;
} eg_event;

/*
 * Clears the event and sets channel, provider, event_id and the fields that repeat them
 * (EventID, Channel, Provider_Name) from kinds.def; EG_KIND_OTHER sets none.
 */
void eg_event_init(eg_event *event, eg_kind kind);

/* One heap block that needs nothing from the original; free with eg_free. */
int eg_event_clone(const eg_event *event, eg_event **out);

/* Bytes of all its texts: what a copy takes besides the struct. */
size_t eg_event_text_size(const eg_event *event);

/* Value of a field by its id or by any name; EG_STR_NONE when missing. */
eg_str eg_event_get(const eg_event *event, eg_field field);
eg_str eg_event_get_named(const eg_event *event, eg_str name);

const char *eg_field_name(eg_field field);
bool eg_field_from_name(eg_str name, eg_field *out); /* case-sensitive, as Sigma wants */
const char *eg_kind_name(eg_kind kind);
bool eg_kind_from_name(eg_str name, eg_kind *out);

#endif
