/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one channel of the Windows event log record by record, from where the last reader of it
 * stopped. Subscribed in the pull form, so that no callback comes from outside. What stays silent
 * because the event log service was started anew is the owner's to notice: eg_log_api.service.
 *
 * A reader belongs to one thread. The table of calls is a seam for tests.
 */
#ifndef EG_LOG_READER_H
#define EG_LOG_READER_H

#include "core/base/str.h"

#include <windows.h>

#include <winevt.h>

/*
 * The calls of winevt.h, with what GetLastError says after them (0 after a success, but Wine gives
 * NULL and 0 as well). Those without handle return the error.
 */
typedef struct eg_log_api {
    EVT_HANDLE(*subscribe)
    (HANDLE signal, const WCHAR *channel, const WCHAR *query, EVT_HANDLE bookmark, DWORD flags,
     DWORD *error);
    EVT_HANDLE (*query)(const WCHAR *channel, const WCHAR *query, DWORD flags, DWORD *error);
    DWORD (*next)(EVT_HANDLE results, DWORD size, EVT_HANDLE *events, DWORD *count);
    DWORD (*render)(EVT_HANDLE fragment, DWORD form, DWORD size, void *buffer, DWORD *used);
    EVT_HANDLE (*create_bookmark)(const WCHAR *xml, DWORD *error);
    DWORD (*update_bookmark)(EVT_HANDLE bookmark, EVT_HANDLE event);
    DWORD (*enabled)(const WCHAR *channel, BOOL *enabled);
    void (*close)(EVT_HANDLE object);
    DWORD (*service)(void); /* process id of the event log service, 0 unknown */
} eg_log_api;

extern const eg_log_api eg_log_windows_api;

typedef struct eg_log_channel {
    const WCHAR *path;
    const WCHAR *query; /* XPath: the records wanted */
    const char *name;   /* source of its events: "eventlog/System" */
    bool optional;      /* that it is off or missing is usual */
    /* True when another sensor has told what was logged at this moment (FILETIME); NULL: never. */
    bool (*told_elsewhere)(uint64_t time);
} eg_log_channel;

typedef struct eg_log_reader eg_log_reader;

/*
 * Subscribes. `place` is what eg_log_reader_place gave before, "" to begin behind what is in the
 * log now; `signal` is set when records may have come. *lost: records after `place` are gone, and
 * all that is left of the log is read. EG_E_NOTFOUND: there is no such channel; EG_E_CLOSED: it is
 * switched off; EG_E_UNSUPPORTED: there is no event log at all; EG_E_DENIED.
 */
int eg_log_reader_open(eg_log_reader **out, const eg_log_api *api, const eg_log_channel *channel,
                       eg_str place, HANDLE signal, bool *lost);
void eg_log_reader_close(eg_log_reader *reader); /* NULL-safe */

/*
 * Replaces `xml` with the next record. EG_E_TIMEOUT: there is none yet. EG_E_INVALID: this one
 * cannot be had, and is passed over. Anything else: the subscription is of no use any more.
 */
int eg_log_reader_next(eg_log_reader *reader, eg_buf *xml);
/*
 * Where the reading stands, behind the last record that next gave; replaces what is in `place`.
 * EG_E_NOTFOUND while the channel has not had a record.
 */
int eg_log_reader_place(eg_log_reader *reader, eg_buf *place);

#endif
