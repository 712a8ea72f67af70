/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/task_etw.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/etw_event.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/process_info.h"
#include "driverless-hooks/provider_session.h"

#include <inttypes.h>
#include <windows.h>

enum { RING_SIZE = 256 * 1024, LEVEL_INFORMATION = 4, SYSTEM_UNITS = 512 };
enum {
    REGISTERED = 106,
    STARTED = 129,
    UPDATED = 140,
    REMOVED = 141,
    DISABLED = 142,
    ACTION = 200
};

/* Records carry the bit of their channel only, which no keyword mask selects: all, then by id. */
static const uint16_t ids[] = {REGISTERED, STARTED, UPDATED, REMOVED, DISABLED, ACTION, 0};
static const eg_provider scheduler = {
    .name = "Microsoft-Windows-TaskScheduler",
    .guid = EG_ETW_PROVIDER_TASK_SCHEDULER,
    .level = LEVEL_INFORMATION,
    .ids = ids,
};
static const eg_provider *const providers[] = {&scheduler};

struct eg_task_etw {
    eg_etw_ring *ring;
    eg_provider_feed *feed;
    uint64_t forged, malformed;
};

void eg_task_etw_close(eg_task_etw *etw)
{
    if (etw) {
        eg_provider_feed_leave(etw->feed);
        eg_etw_ring_destroy(etw->ring);
        eg_free(etw);
    }
}

int eg_task_etw_open(eg_task_etw **out)
{
    eg_task_etw *etw = eg_alloc_zero(1, sizeof(*etw));
    if (!etw) {
        return EG_E_NOMEM;
    }
    int status = eg_etw_ring_create(&etw->ring, RING_SIZE);
    if (status == EG_OK) {
        status = eg_provider_feed_join(&etw->feed, providers, EG_COUNT(providers), etw->ring);
    }
    if (status != EG_OK) {
        eg_task_etw_close(etw);
        return status;
    }
    *out = etw;
    return EG_OK;
}

void eg_task_etw_flush(eg_task_etw *etw)
{
    eg_provider_feed_flush(etw->feed);
}

int eg_task_etw_check(eg_task_etw *etw, uint64_t *lost)
{
    int status = eg_provider_feed_check(etw->feed, lost);
    if (status == EG_OK) {
        *lost += eg_etw_ring_dropped(etw->ring) + etw->malformed;
    }
    return status;
}

bool eg_task_etw_is_scheduler(uint32_t pid, eg_event_text *text)
{
    WCHAR system[SYSTEM_UNITS];
    UINT units = GetSystemDirectoryW(system, SYSTEM_UNITS);
    if (units == 0 || units >= SYSTEM_UNITS) {
        return false;
    }
    eg_str folder = eg_event_text_utf16le(text, system, units * sizeof(WCHAR));
    eg_str expected = eg_event_text_path(text, folder, EG_STR("svchost.exe"));
    eg_str image = eg_process_info_image(pid, text);
    return image.len > 0 && eg_str_equal_nocase(image, expected);
}

/* A started action is told as the start of the task, with the number of its own record. */
static bool make_event(const eg_etw_record *record, eg_etw_decoded *decoded, eg_event_text *text,
                       eg_event *event)
{
    bool is_action = record->id == ACTION;
    bool is_other = decoded->kind == EG_KIND_OTHER && !is_action;
    if (is_action) {
        decoded->kind = EG_KIND_TASK_STARTED;
    } else if (is_other) {
        decoded->kind = EG_KIND_TASK_UPDATED;
    }
    if (eg_etw_make_event(record, decoded, text, event) != EG_OK) {
        return false;
    }
    if (is_action) {
        event->event_id = ACTION;
        event->field[EG_FIELD_EVENT_ID] = EG_STR("200");
    } else if (is_other) {
        event->kind = EG_KIND_OTHER;
    }
    /* the header names the scheduler; a started program has a process of its own */
    event->pid = event->kind == EG_KIND_TASK_STARTED ? (uint32_t)decoded->as.task.pid : 0;
    return event->field[EG_FIELD_TASK_NAME].len > 0;
}

bool eg_task_etw_next(eg_task_etw *etw, eg_event_text *text, eg_event *event)
{
    eg_etw_record record;
    while (eg_etw_ring_pop(etw->ring, &record, 0) == EG_OK) {
        eg_etw_decoded decoded;
        eg_event_text_reset(text);
        if (eg_etw_decode(&record, &decoded) != EG_ETW_EVENT) {
            etw->malformed++;
        } else if (!eg_task_etw_is_scheduler(record.pid, text)) {
            if (etw->forged++ == 0) {
                eg_log(EG_LOG_WARNING, "task",
                       "process %" PRIu32 " writes records in the name of the task scheduler",
                       record.pid);
            }
        } else if (make_event(&record, &decoded, text, event)) {
            return true;
        }
    }
    return false;
}
