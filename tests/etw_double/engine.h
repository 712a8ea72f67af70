/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated kernel ETW for tests: sessions by name and GUID, providers enabled in them, buffers
 * of limited number, a consumer thread that is called back, and everything that goes wrong with
 * them. One for the process. Two fronts: natively front_posix.c takes the place of api_win32.c;
 * on Windows front_win32.c takes the place of Windows' own functions at link time.
 *
 * At first, and after eg_etw_double_reset(false), there is no ETW: the calls answer as Wine's do
 * (everything starts, nothing opens). Tests call eg_etw_double_reset(true) and, at their end,
 * eg_etw_double_reset(false). All functions are safe from any thread; reset only while no consumer
 * runs.
 *
 * Delivering fast: eg_etw_double_emit copies a record into the buffers of the sessions that want
 * it, about a microsecond each, and never waits, as the kernel does not. A buffer goes to the
 * consumer when it is full, flushed, or a second old. When all buffers of a session are full the
 * record is lost: emit returns one less, the session's EventsLost counts it (lost in
 * eg_etw_double_look), and the stream tells it (RT_LostEvent) as soon as there is room again.
 */
#ifndef EG_TESTS_ETW_DOUBLE_ENGINE_H
#define EG_TESTS_ETW_DOUBLE_ENGINE_H

#include "driverless-hooks/etw/api.h"

void eg_etw_double_reset(bool present);
bool eg_etw_double_is_present(void);

/* ---- what providers do ---- */

/*
 * A provider writes: `level` and `keyword` as in its record's header (4 and 0 do for most). The
 * kernel's process records (3d6fa8d0-...) go to system loggers with the process flag, all others
 * where their provider is enabled. Returns how many sessions took it.
 */
int eg_etw_double_emit(const eg_etw_record *record, uint8_t level, uint64_t keyword);
/* How many registrations of the provider there are, 1 at first; with 0 nobody can be asked. */
void eg_etw_double_register(const uint8_t guid[EG_ETW_GUID_SIZE], int count);

/* ---- what others do to us; false when there is no such session ---- */

bool eg_etw_double_stop(const char *session);
/* ProcessTrace returns `code` although the session goes on. */
bool eg_etw_double_return_early(const char *session, uint32_t code);
/* The consumer does not notice the end of the session until its trace is closed. */
bool eg_etw_double_hang(const char *session);
/* So many events are gone; counted, and told by the stream. */
bool eg_etw_double_lose(const char *session, uint32_t events);
bool eg_etw_double_disable(const char *session, const uint8_t guid[EG_ETW_GUID_SIZE]);
bool eg_etw_double_change(const char *session, const uint8_t guid[EG_ETW_GUID_SIZE], uint8_t level,
                          uint64_t any_keyword);
bool eg_etw_double_set_flags(const char *session, uint32_t flags);
/* Makes a session that is not ours, or one left by an earlier run of ours. */
void eg_etw_double_plant(const char *session, const eg_etw_properties *properties);

/* ---- refusing ---- */

typedef enum eg_etw_double_call {
    EG_ETW_DOUBLE_START,
    EG_ETW_DOUBLE_QUERY,
    EG_ETW_DOUBLE_STOP,
    EG_ETW_DOUBLE_FLUSH,
    EG_ETW_DOUBLE_ENABLE, /* and disable */
    EG_ETW_DOUBLE_CAPTURE,
    EG_ETW_DOUBLE_OPEN,
    EG_ETW_DOUBLE_PROCESS,
    EG_ETW_DOUBLE_CLOSE,
    EG_ETW_DOUBLE_ENABLINGS,
    EG_ETW_DOUBLE_FIND,
    EG_ETW_DOUBLE_PROTECT,
    EG_ETW_DOUBLE_CALLS,
} eg_etw_double_call;

/* The next `times` calls of this kind answer `code`; -1: all from now on, 0: none any more. */
void eg_etw_double_refuse(eg_etw_double_call call, uint32_t code, int times);

/* ---- looking ---- */

typedef struct eg_etw_double_view {
    eg_etw_properties properties;
    size_t providers;   /* enabled */
    uint64_t delivered; /* records that the consumer was called with */
    uint64_t lost;      /* records and what eg_etw_double_lose took */
    uint64_t flushes;
    size_t buffers; /* most ever in use */
    bool is_protected;
} eg_etw_double_view;

bool eg_etw_double_look(const char *session, eg_etw_double_view *out);
bool eg_etw_double_enabled(const char *session, const uint8_t guid[EG_ETW_GUID_SIZE],
                           eg_etw_enable *out);
int eg_etw_double_calls(eg_etw_double_call call); /* made since the reset */
int eg_etw_double_captures(const uint8_t guid[EG_ETW_GUID_SIZE]);
/*
 * Names of the calls made since the reset, each with a blank behind it, flushes in a row once:
 * "query start open process enable flush disable stop close ". Cut when it grows long.
 */
void eg_etw_double_history(char *out, size_t size);

/* ---- the calls themselves; for the fronts ---- */

extern const char eg_etw_double_front[]; /* of the front in this program: "table", "win32" */

extern const eg_etw_api eg_etw_double_api;
/* QueryAllTraces: all sessions, at most *count. */
uint32_t eg_etw_double_list(eg_etw_properties *list, size_t *count);

#endif
