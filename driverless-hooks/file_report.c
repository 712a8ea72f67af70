/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/file_report.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/shell_link.h"
#include "driverless-hooks/account_name.h"
#include "driverless-hooks/decode/dropped_file.h"
#include "driverless-hooks/decode/event_text.h"

#include <string.h>

#include <windows.h>

#include <aclapi.h>

enum { PATH_BYTES_MAX = 128 * 1024 };

/* Files that a cloud keeps: reading one would fetch it. Newer than the headers of MinGW-w64. */
#define RECALLED (FILE_ATTRIBUTE_OFFLINE | 0x00040000u | 0x00400000u)

struct eg_file_reporter {
    eg_sink sink;
    eg_account_cache *accounts;
    eg_event_text text;
    eg_buf path, content;
};

void eg_file_reporter_destroy(eg_file_reporter *reporter)
{
    if (!reporter) {
        return;
    }
    eg_account_cache_destroy(reporter->accounts);
    if (reporter->text.arena) {
        eg_event_text_done(&reporter->text);
    }
    eg_buf_done(&reporter->path);
    eg_buf_done(&reporter->content);
    eg_free(reporter);
}

int eg_file_reporter_create(eg_file_reporter **out, const eg_sink *sink)
{
    eg_file_reporter *reporter = eg_alloc_zero(1, sizeof(*reporter));
    if (!reporter) {
        return EG_E_NOMEM;
    }
    reporter->sink = *sink;
    eg_buf_init(&reporter->path, PATH_BYTES_MAX);
    eg_buf_init(&reporter->content, EG_SHELL_LINK_MAX);
    int status = eg_event_text_init(&reporter->text);
    if (status == EG_OK) {
        status = eg_account_cache_create(&reporter->accounts);
    }
    if (status != EG_OK) {
        eg_file_reporter_destroy(reporter);
        return status;
    }
    *out = reporter;
    return EG_OK;
}

/* Opens the file for its attributes and its owner. */
static HANDLE open_file(const eg_file_reporter *reporter)
{
    WCHAR *wide = (WCHAR *)eg_utf16_copy(eg_buf_str(&reporter->path));
    HANDLE file = INVALID_HANDLE_VALUE;
    if (wide) {
        file =
            CreateFileW(wide, FILE_READ_ATTRIBUTES | READ_CONTROL,
                        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    }
    eg_free(wide);
    return file;
}

static eg_str owner_of(eg_file_reporter *reporter, HANDLE file)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    eg_str name = EG_STR_NONE;
    if (GetSecurityInfo(file, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL, NULL,
                        &descriptor) == ERROR_SUCCESS) {
        name = eg_account_name(reporter->accounts, owner, owner ? GetLengthSid(owner) : 0);
        name = eg_event_text_copy(&reporter->text, name);
        LocalFree(descriptor);
    }
    return name;
}

/* The Mark of the Web lies in a stream of its own beside the file. */
static void add_zone(eg_file_reporter *reporter, eg_event *event)
{
    eg_zone_identifier zone;
    size_t size = reporter->path.len;
    eg_buf_clear(&reporter->content);
    eg_buf_append_cstr(&reporter->path, ":Zone.Identifier");
    int status =
        eg_file_read(eg_buf_cstr(&reporter->path), EG_ZONE_IDENTIFIER_MAX, &reporter->content);
    reporter->path.len = size;
    reporter->path.data[size] = '\0';
    if (status != EG_OK || !eg_utf8_valid(eg_buf_str(&reporter->content))) {
        return;
    }
    eg_zone_identifier_parse(eg_buf_str(&reporter->content), &zone);
    event->field[EG_FIELD_ZONE_ID] = eg_event_text_copy(&reporter->text, zone.zone_id);
    event->field[EG_FIELD_HOST_URL] = eg_event_text_copy(&reporter->text, zone.host_url);
    event->field[EG_FIELD_REFERRER_URL] = eg_event_text_copy(&reporter->text, zone.referrer_url);
}

static void add_link(eg_file_reporter *reporter, eg_event *event)
{
    eg_shell_link link;
    eg_buf_clear(&reporter->content);
    if (eg_file_read(eg_buf_cstr(&reporter->path), EG_SHELL_LINK_MAX, &reporter->content) !=
        EG_OK) {
        return;
    }
    eg_shell_link_init(&link);
    if (eg_shell_link_parse(eg_buf_cstr(&reporter->content), reporter->content.len, &link) !=
        EG_OK) {
        eg_log(EG_LOG_DEBUG, "file", "%s: %s", eg_buf_cstr(&reporter->path), eg_error_message());
    }
    if (link.target.len > 0) {
        event->field[EG_FIELD_LINK_TARGET] =
            eg_event_text_copy(&reporter->text, eg_buf_str(&link.target));
    }
    if (link.arguments.len > 0) {
        event->field[EG_FIELD_LINK_ARGUMENTS] =
            eg_event_text_copy(&reporter->text, eg_buf_str(&link.arguments));
    }
    eg_shell_link_done(&link);
}

/* What the file itself tells; false when it is a folder. */
static bool add_details(eg_file_reporter *reporter, eg_str path, eg_event *event)
{
    BY_HANDLE_FILE_INFORMATION information;
    HANDLE file = open_file(reporter);
    if (file == INVALID_HANDLE_VALUE) {
        return true;
    }
    bool known = GetFileInformationByHandle(file, &information) != FALSE;
    if (known && (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
        CloseHandle(file);
        return false;
    }
    event->field[EG_FIELD_USER] = owner_of(reporter, file);
    CloseHandle(file);
    if (!known) {
        return true;
    }
    event->field[EG_FIELD_CREATION_UTC_TIME] = eg_event_text_time(
        &reporter->text, (uint64_t)information.ftCreationTime.dwHighDateTime << 32 |
                             information.ftCreationTime.dwLowDateTime);
    if (!(information.dwFileAttributes & RECALLED)) {
        add_zone(reporter, event);
        if (eg_str_ends_nocase(path, EG_STR(".lnk"))) {
            add_link(reporter, event);
        }
    }
    return true;
}

void eg_file_report(eg_file_reporter *reporter, eg_str path, uint32_t flags)
{
    eg_event event;
    eg_event_text_reset(&reporter->text);
    eg_event_init(&event, EG_KIND_FILE_CREATED);
    event.time = eg_clock_utc();
    event.flags = flags;
    event.source = EG_STR("file");
    event.field[EG_FIELD_UTC_TIME] = eg_event_text_time(&reporter->text, event.time);
    event.field[EG_FIELD_TARGET_FILENAME] = eg_event_text_copy(&reporter->text, path);
    eg_buf_clear(&reporter->path);
    eg_buf_append_cstr(&reporter->path, "\\\\?\\");
    if (eg_buf_append_str(&reporter->path, path) == EG_OK && add_details(reporter, path, &event) &&
        event.field[EG_FIELD_TARGET_FILENAME].ptr) {
        reporter->sink.emit(reporter->sink.user, &event);
    }
}
