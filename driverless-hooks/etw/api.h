/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of Windows that run ETW sessions, without anything of windows.h in them, so that the
 * logic above them is portable. api_win32.c maps them one to one onto the functions named here;
 * the simulation in tests/etw_double takes the place of either side. Names are ASCII.
 *
 * All calls return Win32 error codes and may be made from any thread. The record callback comes on
 * the thread that is inside process().
 */
#ifndef EG_ETW_API_H
#define EG_ETW_API_H

#include "driverless-hooks/decode/etw_record.h"

#include <stdbool.h>

/* The answers that sessions tell apart; the numbers are those of winerror.h. */
enum {
    EG_ETW_OK = 0,
    EG_ETW_DENIED = 5,
    EG_ETW_INVALID = 87, /* also: this Windows has no private system loggers */
    EG_ETW_NO_CALL = 120,
    EG_ETW_EXISTS = 183,         /* the name or the GUID is in use */
    EG_ETW_MORE_DATA = 234,      /* the answer has no room */
    EG_ETW_NO_ACCESS = 998,      /* the callback has faulted */
    EG_ETW_CANCELLED = 1223,     /* by a buffer callback; we have none */
    EG_ETW_NO_RESOURCES = 1450,  /* all sessions, or all of a provider, are taken */
    EG_ETW_NO_PROVIDER = 4200,   /* nobody has registered it at the moment */
    EG_ETW_NO_SESSION = 4201,    /* the session does not exist */
    EG_ETW_CLOSE_PENDING = 7007, /* CloseTrace while ProcessTrace still runs: success */
};

/* LogFileMode and EnableFlags, those we use. */
#define EG_ETW_MODE_REAL_TIME 0x00000100u
#define EG_ETW_MODE_SYSTEM_LOGGER 0x02000000u
#define EG_ETW_MODE_INDEPENDENT 0x08000000u
#define EG_ETW_FLAG_PROCESS 0x00000001u
#define EG_ETW_FLAG_NO_SYSCONFIG 0x10000000u /* leave out the hardware rundown */

/* What open() returns when it fails, whatever Windows' own value for that is. */
#define EG_ETW_NO_TRACE UINT64_MAX

typedef struct eg_etw_properties {
    uint8_t guid[EG_ETW_GUID_SIZE];
    uint32_t mode;
    uint32_t flags; /* kernel groups; system loggers only */
    uint32_t buffer_kilobytes;
    uint32_t buffers_least;
    uint32_t buffers_most;
    uint32_t flush_seconds;
    /* answers */
    uint64_t session; /* handle */
    uint32_t events_lost;
    uint32_t buffers_lost; /* log and real-time buffers */
} eg_etw_properties;

typedef enum eg_etw_control { EG_ETW_QUERY, EG_ETW_STOP, EG_ETW_FLUSH } eg_etw_control;

typedef enum eg_etw_enabling {
    EG_ETW_DISABLE = 0,
    EG_ETW_ENABLE = 1,
    EG_ETW_CAPTURE_STATE = 2, /* have the provider tell what runs already */
} eg_etw_enabling;

typedef struct eg_etw_enable {
    uint8_t guid[EG_ETW_GUID_SIZE];
    uint8_t level;
    uint64_t any_keyword; /* 0: all */
    /*
     * Kernel-Registry only: have it capture the data that is written. An undocumented filter (type
     * 0, four bytes, value 2), known from fibratus.
     */
    bool registry_data;
} eg_etw_enable;

/* How one session has enabled a provider, as one registration of the provider knows it. */
typedef struct eg_etw_enabled {
    uint16_t logger; /* low half of the session's handle */
    bool enabled;
    uint8_t level;
    uint64_t any_keyword;
} eg_etw_enabled;

typedef struct eg_etw_consumer {
    void (*record)(void *user, const eg_etw_record *record);
    void *user;
} eg_etw_consumer;

typedef struct eg_etw_api {
    /* StartTraceW; fills properties->session */
    uint32_t (*start)(const char *name, eg_etw_properties *properties);
    /* ControlTraceW by name, or by handle when `name` is NULL; fills the answers */
    uint32_t (*control)(const char *name, uint64_t session, eg_etw_control code,
                        eg_etw_properties *properties);
    /* EnableTraceEx2 */
    uint32_t (*enable)(uint64_t session, eg_etw_enabling code, const eg_etw_enable *enable);
    /* OpenTraceW; the consumer must outlive the trace. EG_ETW_NO_TRACE and *error when it fails */
    uint64_t (*open)(const char *name, const eg_etw_consumer *consumer, uint32_t *error);
    uint32_t (*process)(uint64_t trace); /* ProcessTrace; blocks until the session ends */
    uint32_t (*close)(uint64_t trace);   /* CloseTrace */
    /*
     * EnumerateTraceGuidsEx(TraceGuidQueryInfo): the enablings of all registrations, at most
     * *count; *count becomes how many were filled in. EG_ETW_NO_PROVIDER when none is registered.
     */
    uint32_t (*enablings)(const uint8_t guid[EG_ETW_GUID_SIZE], eg_etw_enabled *list,
                          size_t *count);
    /* QueryAllTracesW: the session with that GUID, whatever its name; EG_ETW_NO_SESSION */
    uint32_t (*find)(const uint8_t guid[EG_ETW_GUID_SIZE], uint64_t *session);
    /* EventAccessControl: SYSTEM and the account we run as may all, administrators query */
    uint32_t (*protect)(const uint8_t guid[EG_ETW_GUID_SIZE]);
} eg_etw_api;

/* Windows' own calls; in test programs those of the simulation. */
const eg_etw_api *eg_etw_system_api(void);

#endif
