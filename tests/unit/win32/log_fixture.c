/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/win32/log_fixture.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

typedef struct fake_object {
    enum { FREE, SUBSCRIPTION, QUERY, EVENT, BOOKMARK } type;
    eg_fake_log *channel;
    unsigned record;
    DWORD service; /* of a subscription: the process that serves it */
} fake_object;

eg_fake_logs eg_fake;
static fake_object objects[OBJECTS_MAX];

static eg_fake_log *find_channel(const WCHAR *path)
{
    for (size_t i = 0; i < EG_COUNT(eg_fake.channels); i++) {
        if (eg_fake.channels[i].path && wcscmp(eg_fake.channels[i].path, path) == 0) {
            return &eg_fake.channels[i];
        }
    }
    return NULL;
}

static EVT_HANDLE new_object(int type, eg_fake_log *channel, unsigned record)
{
    for (size_t i = 0; i < OBJECTS_MAX; i++) {
        fake_object *object = &objects[i];
        if (object->type == FREE) {
            object->type = type;
            object->channel = channel;
            object->record = record;
            object->service = eg_fake.service;
            return (EVT_HANDLE)object;
        }
    }
    fail_msg("handles are not closed");
    return NULL;
}

static EVT_HANDLE fake_subscribe(HANDLE signal, const WCHAR *path, const WCHAR *query,
                                 EVT_HANDLE bookmark, DWORD flags, DWORD *error)
{
    EVT_HANDLE handle = NULL;
    assert_non_null(wcsstr(query, L"EventID="));
    AcquireSRWLockExclusive(&eg_fake.lock);
    eg_fake_log *channel = find_channel(path);
    fake_object *from = (fake_object *)bookmark;
    *error = !channel ? ERROR_EVT_CHANNEL_NOT_FOUND : channel->subscribe_error;
    if (channel && from && *error == 0) {
        assert_int_equal(flags, EvtSubscribeStartAfterBookmark | EvtSubscribeStrict);
        *error = from->record < channel->oldest ? ERROR_NOT_FOUND : 0;
    }
    if (*error == NO_REASON) {
        *error = 0;
    } else if (*error == 0) {
        channel->subscriptions++;
        channel->signal = signal;
        handle = new_object(SUBSCRIPTION, channel, from ? from->record : channel->oldest - 1);
    }
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return handle;
}

static EVT_HANDLE fake_query(const WCHAR *path, const WCHAR *query, DWORD flags, DWORD *error)
{
    assert_true(wcscmp(query, L"*") == 0);
    assert_int_equal(flags, EvtQueryChannelPath | EvtQueryReverseDirection);
    AcquireSRWLockExclusive(&eg_fake.lock);
    eg_fake_log *channel = find_channel(path);
    *error = !channel                                ? ERROR_EVT_CHANNEL_NOT_FOUND
             : channel->subscribe_error == NO_REASON ? 0
                                                     : channel->subscribe_error;
    EVT_HANDLE handle = channel && channel->subscribe_error == 0
                            ? new_object(QUERY, channel, channel->newest)
                            : NULL;
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return handle;
}

static DWORD fake_next(EVT_HANDLE results, DWORD size, EVT_HANDLE *events, DWORD *count)
{
    fake_object *from = (fake_object *)results;
    DWORD error = ERROR_NO_MORE_ITEMS;
    *count = 0;
    AcquireSRWLockExclusive(&eg_fake.lock);
    eg_fake_log *channel = from->channel;
    if (from->type == QUERY && channel->newest >= channel->oldest) {
        events[(*count)++] = new_object(EVENT, channel, channel->newest);
    }
    if (from->type == SUBSCRIPTION && channel->next_error) {
        error = channel->next_error;
        channel->next_error = 0;
    } else if (from->type == SUBSCRIPTION && from->service == eg_fake.service) {
        while (*count < size && from->record < channel->newest) {
            events[(*count)++] = new_object(EVENT, channel, ++from->record);
        }
    }
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return *count > 0 ? 0 : error;
}

static size_t write_record(const fake_object *event, char *out, size_t size)
{
    const eg_fake_log *channel = event->channel;
    if (event->record == channel->broken) {
        return (size_t)snprintf(out, size, "<Event><System>");
    }
    int length = snprintf(
        out, size,
        "<Event><System><EventID>7045</EventID><TimeCreated SystemTime='%s-01-01T00:00:00Z'/>"
        "<Channel>System</Channel></System><EventData><Data Name='ServiceName'>%ls/%u</Data>"
        "<Data Name='ImagePath'>%*s</Data></EventData></Event>",
        event->record <= channel->old_until ? "2020" : "2099", channel->path, event->record,
        event->record == channel->large ? 40000 : 1, "x");
    return (size_t)length;
}

static DWORD fake_render(EVT_HANDLE fragment, DWORD form, DWORD size, void *buffer, DWORD *used)
{
    static char text[64 * 1024];
    const fake_object *object = (const fake_object *)fragment;
    WCHAR *units = buffer;
    AcquireSRWLockExclusive(&eg_fake.lock);
    size_t length = form == EvtRenderBookmark
                        ? (size_t)snprintf(text, sizeof(text), "<B RecordId='%u'/>", object->record)
                        : write_record(object, text, sizeof(text));
    *used = (DWORD)((length + 1) * sizeof(*units));
    bool fits = *used <= size;
    for (size_t i = 0; fits && i <= length; i++) {
        units[i] = (unsigned char)text[i];
    }
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return fits ? 0 : ERROR_INSUFFICIENT_BUFFER;
}

static EVT_HANDLE fake_create_bookmark(const WCHAR *xml, DWORD *error)
{
    unsigned record = 0;
    *error = 0;
    if (xml && swscanf(xml, L"<B RecordId='%u'/>", &record) != 1) {
        *error = ERROR_INVALID_PARAMETER;
        return NULL;
    }
    AcquireSRWLockExclusive(&eg_fake.lock);
    EVT_HANDLE handle = new_object(BOOKMARK, NULL, record);
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return handle;
}

static DWORD fake_update_bookmark(EVT_HANDLE bookmark, EVT_HANDLE event)
{
    ((fake_object *)bookmark)->record = ((fake_object *)event)->record;
    return 0;
}

static DWORD fake_enabled(const WCHAR *path, BOOL *enabled)
{
    const eg_fake_log *channel = find_channel(path);
    if (!channel) {
        return ERROR_EVT_CHANNEL_NOT_FOUND;
    }
    *enabled = !channel->off;
    return 0;
}

static void fake_close(EVT_HANDLE handle)
{
    AcquireSRWLockExclusive(&eg_fake.lock);
    assert_int_not_equal(((fake_object *)handle)->type, FREE);
    ((fake_object *)handle)->type = FREE;
    ReleaseSRWLockExclusive(&eg_fake.lock);
}

static DWORD fake_service(void)
{
    AcquireSRWLockExclusive(&eg_fake.lock);
    DWORD service = eg_fake.service;
    ReleaseSRWLockExclusive(&eg_fake.lock);
    return service;
}

const eg_log_api eg_fake_log_api = {
    fake_subscribe,       fake_query,   fake_next,  fake_render,  fake_create_bookmark,
    fake_update_bookmark, fake_enabled, fake_close, fake_service,
};

void eg_fake_logs_reset(void)
{
    memset(&eg_fake, 0, sizeof(eg_fake));
    eg_fake.service = 800;
    eg_fake.channels[0].path = L"System";
    eg_fake.channels[1].path = L"Tasks";
    eg_fake.channels[0].oldest = eg_fake.channels[1].oldest = 1;
    eg_fake.channels[0].newest = eg_fake.channels[0].old_until = 5;
}

size_t eg_fake_logs_handles(void)
{
    size_t count = 0;
    for (size_t i = 0; i < OBJECTS_MAX; i++) {
        count += objects[i].type != FREE;
    }
    return count;
}
