/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for the calls of winevt.h: what EvtSubscribe, EvtNext and the others are documented to
 * answer, logs that roll over, a service behind them that is started anew. Include after unit.h.
 */
#ifndef EG_TESTS_LOG_FIXTURE_H
#define EG_TESTS_LOG_FIXTURE_H

#include "driverless-hooks/log_reader.h"

enum { NO_REASON = 0xFFFF, OBJECTS_MAX = 256 };

/* One channel of the machine. Its records are numbered `oldest` to `newest`. */
typedef struct eg_fake_log {
    const WCHAR *path;
    unsigned oldest, newest;
    unsigned old_until; /* records up to this were logged long ago, the others later than now */
    unsigned broken;    /* the record that is no XML */
    unsigned large;     /* the record that is larger than a first buffer */
    DWORD subscribe_error, next_error; /* NO_REASON: NULL and no error */
    bool off;
    int subscriptions;
    HANDLE signal;
} eg_fake_log;

/* What the machine is like; under `lock` while a sensor runs. */
typedef struct eg_fake_logs {
    SRWLOCK lock;
    eg_fake_log channels[2];
    DWORD service; /* process id */
} eg_fake_logs;

extern eg_fake_logs eg_fake;
extern const eg_log_api eg_fake_log_api;

/* Forgets everything; System has the records 1 to 5, of long ago, Tasks has none. */
void eg_fake_logs_reset(void);
size_t eg_fake_logs_handles(void); /* that are open */

#endif
