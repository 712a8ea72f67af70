/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes, and the message that explains the last failure.
 *
 * Every function that can fail returns int: EG_OK, or one of the negative codes below. The place
 * that discovers a failure calls eg_fail() once, with what, where and why; everybody above passes
 * the code on without touching the message. The message is thread-local and owned by this module;
 * it stays valid until the next eg_fail() on the same thread. A function that fails leaves its
 * output parameters as they were.
 */
#ifndef EG_BASE_STATUS_H
#define EG_BASE_STATUS_H

#include "core/base/compiler.h"

#include <stdint.h>

enum {
    EG_OK = 0,
    EG_E_NOMEM = -1,        /* memory ran out */
    EG_E_INVALID = -2,      /* malformed input from outside: file, payload, message, argument */
    EG_E_NOTFOUND = -3,     /* the named thing does not exist */
    EG_E_EXISTS = -4,       /* it exists already: a second instance, a duplicate id */
    EG_E_DENIED = -5,       /* the operating system refuses this account */
    EG_E_IO = -6,           /* reading, writing, disk full, network */
    EG_E_LIMIT = -7,        /* larger or more than we accept */
    EG_E_TIMEOUT = -8,      /* a deadline passed */
    EG_E_CLOSED = -9,       /* the other side, or we, shut down */
    EG_E_UNSUPPORTED = -10, /* this build or this system cannot do it */
    EG_E_CORRUPT = -11,     /* our own stored data is damaged */
};

/* Records the message (UTF-8, cut at 1023 bytes) for this thread and returns `status`. */
int eg_fail(int status, const char *format, ...) EG_PRINTF(2, 3);

/*
 * The same for a failed operating-system call: appends ": <system's text> (<code>)" and maps the
 * code (Win32 error or errno) to a status: not found, denied, exists, no memory, else EG_E_IO.
 */
int eg_fail_os(uint32_t os_code, const char *format, ...) EG_PRINTF(2, 3);

/* The last message of this thread, "" if none. Never NULL. */
const char *eg_error_message(void);

/* Short stable name of a status: "ok", "not found", ... Never NULL. */
const char *eg_status_name(int status);

#endif
