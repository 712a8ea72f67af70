/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/etw_event.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/etw_layout.h"
#include "driverless-hooks/decode/sid.h"

#include <inttypes.h>
#include <string.h>

static eg_str ansi_text(eg_event_text *text, eg_etw_span span)
{
    eg_str raw = {(const char *)span.bytes, span.size};
    if (eg_utf8_valid(raw)) {
        return eg_event_text_copy(text, raw);
    }
    eg_buf_clear(&text->scratch);
    for (size_t i = 0; i < span.size; i++) {
        char byte = raw.ptr[i];
        if ((unsigned char)byte < 0x80) {
            eg_buf_append_char(&text->scratch, byte);
        } else {
            eg_buf_append_cstr(&text->scratch, "\xEF\xBF\xBD");
        }
    }
    return eg_event_text_copy(text, eg_buf_str(&text->scratch));
}

/* Bytes that are no text as a hex dump shows them, so that names inside can be found. */
static eg_str content_text(eg_event_text *text, eg_etw_span span)
{
    eg_str raw = {(const char *)span.bytes, span.size};
    if (eg_etw_content_is_wide(span)) {
        eg_etw_span wide = eg_etw_trim_wide(span);
        return eg_event_text_utf16le(text, wide.bytes, wide.size);
    }
    if (eg_utf8_valid(raw) && memchr(raw.ptr, '\0', raw.len) == NULL) {
        return eg_event_text_copy(text, raw);
    }
    eg_buf_clear(&text->scratch);
    for (size_t i = 0; i < span.size; i++) {
        char byte = raw.ptr[i];
        eg_buf_append_char(&text->scratch, byte >= ' ' && byte <= '~' ? byte : '.');
    }
    return eg_event_text_copy(text, eg_buf_str(&text->scratch));
}

/* As Sysmon writes Hashes. */
static eg_str hash_text(eg_event_text *text, eg_etw_span span)
{
    static const char digits[] = "0123456789ABCDEF";
    char hex[2 * EG_ETW_HASH_SIZE + 1] = "";
    for (size_t i = 0; i < EG_ETW_HASH_SIZE; i++) {
        hex[2 * i] = digits[span.bytes[i] >> 4];
        hex[2 * i + 1] = digits[span.bytes[i] & 15];
    }
    return eg_event_text_format(text, "SHA256=%s", hex);
}

static eg_str sid_text(eg_event_text *text, eg_etw_span span, eg_field field)
{
    char shown[EG_SID_TEXT_SIZE];
    if (!span.bytes) {
        return EG_STR_NONE;
    }
    if (field == EG_FIELD_INTEGRITY_LEVEL) {
        return eg_sid_integrity_level(span.bytes, span.size);
    }
    eg_sid_format(span.bytes, span.size, shown);
    return eg_event_text_copy(text, eg_str_from(shown));
}

static eg_str column_text(const eg_etw_decoded *decoded, const eg_etw_column *column,
                          eg_event_text *text)
{
    eg_etw_span span;
    switch (column->type) {
    case EG_ETW_TYPE_WIDE:
    case EG_ETW_TYPE_WIDE_LAST:
        span = eg_etw_bytes(decoded, column);
        return span.bytes ? eg_event_text_utf16le(text, span.bytes, span.size) : EG_STR_NONE;
    case EG_ETW_TYPE_ANSI: return ansi_text(text, eg_etw_bytes(decoded, column));
    case EG_ETW_TYPE_CONTENT: return content_text(text, eg_etw_bytes(decoded, column));
    case EG_ETW_TYPE_SHA256: return hash_text(text, eg_etw_bytes(decoded, column));
    case EG_ETW_TYPE_SID:
    case EG_ETW_TYPE_USER_SID: return sid_text(text, eg_etw_bytes(decoded, column), column->field);
    case EG_ETW_TYPE_I32:
        return eg_event_text_format(text, "%" PRId64, (int64_t)eg_etw_number(decoded, column));
    default: return eg_event_text_number(text, eg_etw_number(decoded, column));
    }
}

static void finish_process(const eg_etw_process *process, eg_event *event)
{
    if (eg_etw_command_line_cut(process)) {
        event->flags |= EG_EVENT_COMMAND_LINE_CUT;
    }
    if (event->kind == EG_KIND_PROCESS_START) {
        /* a running process has none: the kernel writes STILL_ACTIVE there */
        event->field[EG_FIELD_EXIT_STATUS] = EG_STR_NONE;
    }
}

/* What a program did itself: the header names it, and no program can put another's id there. */
static void set_writer(const eg_etw_record *record, eg_event_text *text, eg_event *event)
{
    static const uint8_t core[] = EG_ETW_PROVIDER_POWERSHELL_CORE;
    if (record->pid == EG_ETW_NO_PROCESS) {
        return;
    }
    event->pid = record->pid;
    if (event->kind == EG_KIND_SCRIPT_BLOCK || event->kind == EG_KIND_AMSI_CONTENT ||
        event->kind == EG_KIND_DNS_QUERY) {
        event->field[EG_FIELD_PROCESS_ID] = eg_event_text_format(text, "%" PRIu32, record->pid);
    }
    if (memcmp(record->provider, core, sizeof(core)) == 0) {
        event->channel = event->field[EG_FIELD_CHANNEL] = EG_STR(EG_CHANNEL_POWERSHELL_CORE);
        event->provider = event->field[EG_FIELD_PROVIDER_NAME] =
            EG_STR(EG_PROVIDER_POWERSHELL_CORE);
    }
}

static void set_identity(const eg_etw_record *record, const eg_etw_decoded *decoded,
                         eg_event_text *text, eg_event *event)
{
    const eg_etw_process *process = &decoded->as.process;
    switch (decoded->role) {
    case EG_ETW_ROLE_PROCESS_START:
        if (record->pid != EG_ETW_NO_PROCESS) {
            event->field[EG_FIELD_CREATOR_PROCESS_ID] = eg_event_text_number(text, record->pid);
        }
        break;
    case EG_ETW_ROLE_PROCESS_RUNNING:
    case EG_ETW_ROLE_PROCESS_LEFT: event->flags |= EG_EVENT_EXISTING; break;
    case EG_ETW_ROLE_OTHER: set_writer(record, text, event); return;
    default: break;
    }
    event->pid = (uint32_t)process->pid;
    event->parent_pid = (uint32_t)process->parent_pid;
    event->create_time = process->create_time;
    finish_process(process, event);
}

/* The fields that the record has and of which the event says nothing yet. */
static void fill_fields(const eg_etw_decoded *decoded, eg_event_text *text, eg_event *event)
{
    for (size_t i = 0; i < decoded->layout->count; i++) {
        const eg_etw_column *column = &decoded->layout->columns[i];
        if (column->field != EG_FIELD_COUNT && event->field[column->field].len == 0 &&
            eg_etw_column_present(decoded, column)) {
            event->field[column->field] = column_text(decoded, column, text);
        }
    }
}

int eg_etw_complete_event(const eg_etw_decoded *decoded, eg_event_text *text, eg_event *event)
{
    const eg_etw_process *process = &decoded->as.process;
    fill_fields(decoded, text, event);
    if (event->create_time == 0) {
        event->create_time = process->create_time;
    }
    finish_process(process, event);
    return text->status;
}

int eg_etw_make_event(const eg_etw_record *record, const eg_etw_decoded *decoded,
                      eg_event_text *text, eg_event *event)
{
    if (decoded->kind == EG_KIND_OTHER) {
        return eg_fail(EG_E_UNSUPPORTED, "ETW record %u has no event of its own",
                       (unsigned)record->id);
    }
    eg_event made;
    eg_event_init(&made, decoded->kind);
    made.time = record->time;
    made.source = EG_STR("etw");
    fill_fields(decoded, text, &made);
    set_identity(record, decoded, text, &made);
    if (made.kind == EG_KIND_WMI_SUBSCRIPTION) {
        /* of Sysmon's three, the one that tells of a binding */
        made.event_id = 21;
        made.field[EG_FIELD_EVENT_ID] = EG_STR("21");
    }
    made.field[EG_FIELD_UTC_TIME] = eg_event_text_time(text, record->time);
    if (text->status != EG_OK) {
        return text->status;
    }
    *event = made;
    return EG_OK;
}
