/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/task_report.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/task_folder.h"

#include <string.h>

static eg_str content_text(eg_event_text *text, const eg_buf *file)
{
    eg_str raw = eg_buf_str(file);
    if (raw.len >= 2 && memcmp(raw.ptr, "\xFF\xFE", 2) == 0) {
        return eg_event_text_utf16le(text, raw.ptr + 2, raw.len - 2);
    }
    if (raw.len >= 3 && memcmp(raw.ptr, "\xEF\xBB\xBF", 3) == 0) {
        raw.ptr += 3;
        raw.len -= 3;
    }
    return eg_event_text_copy(text, raw);
}

/* `file` and `task` may be NULL. */
static void emit(const eg_sink *sink, eg_event_text *text, const eg_task_news *news,
                 const eg_buf *file, const eg_task_xml *task)
{
    eg_event event;
    eg_event_text_reset(text);
    eg_event_init(&event, news->kind);
    event.time = eg_clock_utc();
    event.flags = news->flags;
    event.source = EG_STR("task");
    event.field[EG_FIELD_UTC_TIME] = eg_event_text_time(text, event.time);
    event.field[EG_FIELD_TASK_NAME] = eg_event_text_copy(text, news->name);
    event.field[EG_FIELD_USER] = eg_event_text_copy(text, news->user);
    event.field[EG_FIELD_TASK_CACHE] = eg_event_text_copy(text, news->findings);
    if (file) {
        event.field[EG_FIELD_TASK_CONTENT] = content_text(text, file);
    }
    if (task) {
        eg_task_xml_fill(task, text->arena, &event);
    }
    if (task && !file) {
        event.field[EG_FIELD_HIDDEN] = EG_STR_NONE; /* a setting that only the file tells */
    }
    sink->emit(sink->user, &event);
}

static int report_file(const eg_sink *sink, eg_event_text *text, const eg_task_news *news,
                       const eg_buf *file, bool insist)
{
    eg_task_xml task;
    eg_task_xml_init(&task);
    int status = eg_task_xml_parse(eg_buf_cstr(file), file->len, &task);
    if (status == EG_OK || insist) {
        emit(sink, text, news, file, status == EG_OK ? &task : NULL);
        status = EG_OK;
    }
    eg_task_xml_done(&task);
    return status;
}

/* A task without a file: what the registry says of it, which may be nothing. */
static int report_cached(const eg_sink *sink, eg_event_text *text, const eg_task_news *news)
{
    eg_task_xml task;
    eg_task_xml_init(&task);
    int status = eg_task_cache_definition(news->cache, news->name, &task);
    if (status != EG_E_NOMEM) {
        emit(sink, text, news, NULL, status == EG_E_NOTFOUND ? NULL : &task);
        status = EG_OK;
    }
    eg_task_xml_done(&task);
    return status;
}

int eg_task_report(const eg_sink *sink, eg_event_text *text, const eg_task_news *news, bool insist)
{
    eg_buf file;
    if (news->kind == EG_KIND_TASK_REMOVED) {
        emit(sink, text, news, NULL, NULL);
        return EG_OK;
    }
    eg_buf_init(&file, EG_TASK_XML_MAX);
    int status = eg_task_folder_read(news->name, &file);
    if (status == EG_OK) {
        status = report_file(sink, text, news, &file, insist);
    } else if (status != EG_E_NOMEM && news->cache) {
        status = report_cached(sink, text, news);
    } else if (insist) {
        emit(sink, text, news, NULL, NULL);
        status = EG_OK;
    }
    eg_buf_done(&file);
    return status;
}
