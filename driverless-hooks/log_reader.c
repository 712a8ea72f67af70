/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/log_reader.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/event_xml.h"

enum {
    BATCH = 16,
    RENDER_MAX = 2 * EG_EVENT_XML_MAX, /* bytes of UTF-16 */
    RENDER_FIRST = 16 * 1024,
};

struct eg_log_reader {
    const eg_log_api *api;
    EVT_HANDLE subscription;
    EVT_HANDLE bookmark; /* behind the last record that was given */
    bool placed;         /* there was one */
    EVT_HANDLE batch[BATCH];
    DWORD count, at;
    void *buffer; /* for rendering; grows */
    DWORD size;
};

/* ---- the calls of Windows ---- */

static EVT_HANDLE with_error(EVT_HANDLE handle, DWORD *error)
{
    *error = handle ? ERROR_SUCCESS : GetLastError();
    return handle;
}

static DWORD error_of(BOOL done)
{
    return done ? ERROR_SUCCESS : GetLastError();
}

static EVT_HANDLE windows_subscribe(HANDLE signal, const WCHAR *channel, const WCHAR *query,
                                    EVT_HANDLE bookmark, DWORD flags, DWORD *error)
{
    SetLastError(ERROR_SUCCESS);
    return with_error(EvtSubscribe(NULL, signal, channel, query, bookmark, NULL, NULL, flags),
                      error);
}

static EVT_HANDLE windows_query(const WCHAR *channel, const WCHAR *query, DWORD flags, DWORD *error)
{
    SetLastError(ERROR_SUCCESS);
    return with_error(EvtQuery(NULL, channel, query, flags), error);
}

static DWORD windows_next(EVT_HANDLE results, DWORD size, EVT_HANDLE *events, DWORD *count)
{
    return error_of(EvtNext(results, size, events, 0, 0, count));
}

static DWORD windows_render(EVT_HANDLE fragment, DWORD form, DWORD size, void *buffer, DWORD *used)
{
    DWORD properties = 0;
    return error_of(EvtRender(NULL, fragment, form, size, buffer, used, &properties));
}

static EVT_HANDLE windows_create_bookmark(const WCHAR *xml, DWORD *error)
{
    SetLastError(ERROR_SUCCESS);
    return with_error(EvtCreateBookmark(xml), error);
}

static DWORD windows_update_bookmark(EVT_HANDLE bookmark, EVT_HANDLE event)
{
    return error_of(EvtUpdateBookmark(bookmark, event));
}

static void windows_close(EVT_HANDLE object)
{
    EvtClose(object);
}

static DWORD windows_enabled(const WCHAR *channel, BOOL *enabled)
{
    EVT_VARIANT value = {0};
    DWORD used = 0, error;
    SetLastError(ERROR_SUCCESS);
    EVT_HANDLE config = with_error(EvtOpenChannelConfig(NULL, channel, 0), &error);
    if (!config) {
        return error != ERROR_SUCCESS ? error : ERROR_CALL_NOT_IMPLEMENTED;
    }
    error = error_of(EvtGetChannelConfigProperty(config, EvtChannelConfigEnabled, 0, sizeof(value),
                                                 &value, &used));
    EvtClose(config);
    if (error == ERROR_SUCCESS) {
        *enabled = value.BooleanVal;
    }
    return error;
}

static DWORD windows_service(void)
{
    SERVICE_STATUS_PROCESS status = {0};
    DWORD needed = 0;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, L"EventLog", SERVICE_QUERY_STATUS) : NULL;
    if (service) {
        QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof(status),
                             &needed);
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
    return status.dwProcessId;
}

const eg_log_api eg_log_windows_api = {
    windows_subscribe, windows_query,           windows_next,
    windows_render,    windows_create_bookmark, windows_update_bookmark,
    windows_enabled,   windows_close,           windows_service,
};

/* ---- open ---- */

static int fail_evt(const eg_log_channel *channel, DWORD error, const char *what)
{
    switch (error) {
    case ERROR_SUCCESS: /* Wine: a NULL handle and no reason */
    case ERROR_CALL_NOT_IMPLEMENTED:
        return eg_fail(EG_E_UNSUPPORTED, "this system has no event log to read");
    case ERROR_EVT_CHANNEL_NOT_FOUND:
    case ERROR_FILE_NOT_FOUND:
        return eg_fail(EG_E_NOTFOUND, "%s: there is no such channel", channel->name);
    default: return eg_fail_os(error, "%s: %s", channel->name, what);
    }
}

/* Is the record of a bookmark gone: the log was cleared, or has come round? */
static bool is_gone(DWORD error)
{
    return error == ERROR_NOT_FOUND || error == ERROR_EVT_QUERY_RESULT_STALE ||
           error == ERROR_EVT_QUERY_RESULT_INVALID_POSITION;
}

/* One that Windows does not take any more is as good as none. */
static int remember(eg_log_reader *reader, eg_str place)
{
    DWORD error;
    if (place.len == 0) {
        return EG_OK;
    }
    uint16_t *xml = eg_utf16_copy(place);
    if (!xml) {
        return EG_E_NOMEM;
    }
    reader->bookmark = reader->api->create_bookmark((const WCHAR *)xml, &error);
    reader->placed = reader->bookmark;
    eg_free(xml);
    return EG_OK;
}

/* Sets the bookmark to the first of `records`, the newest. The log may be empty. */
static DWORD go_to_newest(eg_log_reader *reader, EVT_HANDLE records)
{
    EVT_HANDLE event = NULL;
    DWORD count = 0;
    DWORD error = reader->api->next(records, 1, &event, &count);
    if (error == ERROR_SUCCESS && count == 1) {
        error = reader->api->update_bookmark(reader->bookmark, event);
        reader->placed = error == ERROR_SUCCESS;
        reader->api->close(event);
    }
    return error == ERROR_NO_MORE_ITEMS ? ERROR_SUCCESS : error;
}

static int subscribe(eg_log_reader *reader, const eg_log_channel *channel, HANDLE signal,
                     EVT_HANDLE bookmark, DWORD *error)
{
    DWORD flags = bookmark ? EvtSubscribeStartAfterBookmark | EvtSubscribeStrict
                           : EvtSubscribeStartAtOldestRecord;
    reader->subscription =
        reader->api->subscribe(signal, channel->path, channel->query, bookmark, flags, error);
    return reader->subscription ? EG_OK : fail_evt(channel, *error, "subscribe");
}

static int check_enabled(const eg_log_api *api, const eg_log_channel *channel)
{
    BOOL enabled = TRUE;
    DWORD error = api->enabled(channel->path, &enabled);
    if (error == ERROR_EVT_CHANNEL_NOT_FOUND || error == ERROR_FILE_NOT_FOUND ||
        error == ERROR_CALL_NOT_IMPLEMENTED) {
        /* where this is missing (Wine), asking for more ends the program */
        return fail_evt(channel, error, "");
    }
    /* one that cannot be asked may still be read */
    return enabled ? EG_OK : eg_fail(EG_E_CLOSED, "%s: switched off", channel->name);
}

static int place_bookmark(eg_log_reader *reader, const eg_log_channel *channel, eg_str place,
                          EVT_HANDLE records)
{
    DWORD error = ERROR_SUCCESS;
    int status = remember(reader, place);
    if (status != EG_OK || reader->bookmark) {
        return status;
    }
    reader->bookmark = reader->api->create_bookmark(NULL, &error);
    if (!reader->bookmark) {
        return fail_evt(channel, error, "create a bookmark");
    }
    error = go_to_newest(reader, records);
    return error == ERROR_SUCCESS ? EG_OK : fail_evt(channel, error, "look for the newest record");
}

static int begin(eg_log_reader *reader, const eg_log_channel *channel, eg_str place, HANDLE signal,
                 bool *lost)
{
    DWORD error = ERROR_SUCCESS;
    /* first of all: Wine refuses this, but a call for a bookmark ends the process there */
    EVT_HANDLE records = reader->api->query(channel->path, L"*",
                                            EvtQueryChannelPath | EvtQueryReverseDirection, &error);
    if (!records) {
        return fail_evt(channel, error, "query");
    }
    int status = place_bookmark(reader, channel, place, records);
    reader->api->close(records);
    if (status != EG_OK) {
        return status;
    }
    status = subscribe(reader, channel, signal, reader->placed ? reader->bookmark : NULL, &error);
    if (status != EG_OK && reader->placed && is_gone(error)) {
        status = subscribe(reader, channel, signal, NULL, &error);
        *lost = status == EG_OK;
    }
    return status;
}

int eg_log_reader_open(eg_log_reader **out, const eg_log_api *api, const eg_log_channel *channel,
                       eg_str place, HANDLE signal, bool *lost)
{
    *lost = false;
    int status = check_enabled(api, channel);
    if (status != EG_OK) {
        return status;
    }
    eg_log_reader *reader = eg_alloc_zero(1, sizeof(*reader));
    if (!reader) {
        return EG_E_NOMEM;
    }
    reader->api = api;
    status = begin(reader, channel, place, signal, lost);
    if (status != EG_OK) {
        eg_log_reader_close(reader);
        return status;
    }
    *out = reader;
    return EG_OK;
}

void eg_log_reader_close(eg_log_reader *reader)
{
    if (!reader) {
        return;
    }
    while (reader->at < reader->count) {
        reader->api->close(reader->batch[reader->at++]);
    }
    if (reader->subscription) {
        reader->api->close(reader->subscription);
    }
    if (reader->bookmark) {
        reader->api->close(reader->bookmark);
    }
    eg_free(reader->buffer);
    eg_free(reader);
}

/* ---- read ---- */

static int render(eg_log_reader *reader, EVT_HANDLE fragment, DWORD form, eg_buf *out)
{
    DWORD used = 0;
    DWORD error = ERROR_INSUFFICIENT_BUFFER;
    if (reader->size > 0) {
        error = reader->api->render(fragment, form, reader->size, reader->buffer, &used);
    } else {
        used = RENDER_FIRST;
    }
    while (error == ERROR_INSUFFICIENT_BUFFER) {
        if (used > RENDER_MAX || used <= reader->size) {
            return eg_fail(EG_E_INVALID, "a record of %lu bytes", (unsigned long)used);
        }
        void *buffer = eg_realloc(reader->buffer, used);
        if (!buffer) {
            return EG_E_NOMEM;
        }
        reader->buffer = buffer;
        reader->size = used;
        error = reader->api->render(fragment, form, reader->size, reader->buffer, &used);
    }
    if (error != ERROR_SUCCESS) {
        eg_fail_os(error, "render a record");
        return EG_E_INVALID;
    }
    used = used < reader->size ? used : reader->size;
    const uint16_t *units = reader->buffer;
    size_t count = used / sizeof(*units);
    while (count > 0 && units[count - 1] == 0) {
        count--;
    }
    eg_buf_clear(out);
    return eg_utf8_from_utf16(out, units, count);
}

/* Nothing there: also what EvtNext says of a subscription that has had no record yet. */
static bool is_empty(DWORD error)
{
    return error == ERROR_NO_MORE_ITEMS || error == ERROR_TIMEOUT ||
           error == ERROR_INVALID_OPERATION;
}

static int fetch(eg_log_reader *reader)
{
    reader->at = reader->count = 0;
    DWORD error = reader->api->next(reader->subscription, BATCH, reader->batch, &reader->count);
    if (error == ERROR_SUCCESS && reader->count > 0) {
        return EG_OK;
    }
    reader->count = 0;
    if (error == ERROR_SUCCESS || is_empty(error)) {
        return EG_E_TIMEOUT;
    }
    if (is_gone(error)) {
        return eg_fail(EG_E_CORRUPT, "records are missing from the log");
    }
    return eg_fail_os(error, "read the event log");
}

int eg_log_reader_next(eg_log_reader *reader, eg_buf *xml)
{
    if (reader->at >= reader->count) {
        int status = fetch(reader);
        if (status != EG_OK) {
            return status;
        }
    }
    EVT_HANDLE event = reader->batch[reader->at];
    int status = render(reader, event, EvtRenderEventXml, xml);
    if (status == EG_E_NOMEM) {
        return status;
    }
    reader->at++;
    reader->placed |= reader->api->update_bookmark(reader->bookmark, event) == ERROR_SUCCESS;
    reader->api->close(event);
    return status;
}

int eg_log_reader_place(eg_log_reader *reader, eg_buf *place)
{
    if (!reader->placed) {
        return eg_fail(EG_E_NOTFOUND, "there was no record to remember");
    }
    return render(reader, reader->bookmark, EvtRenderBookmark, place);
}
