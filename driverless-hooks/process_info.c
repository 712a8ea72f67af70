/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/process_info.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/sid.h"
#include "driverless-hooks/nt_query.h"

#include <inttypes.h>
#include <string.h>
#include <windows.h>

enum {
    PATH_UNITS = 32768, /* the longest path Windows knows */
    TOKEN_SIZE = 512,   /* TOKEN_USER or TOKEN_MANDATORY_LABEL with the longest SID */
};

/* Handles of one process while it is queried. */
typedef struct opened {
    HANDLE process;
    bool can_read; /* opened with PROCESS_VM_READ */
} opened;

static int open_process(uint32_t pid, opened *out)
{
    opened made = {NULL, true};
    made.process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_VM_READ, FALSE, pid);
    if (!made.process) {
        made.can_read = false;
        made.process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    }
    if (!made.process) {
        return eg_fail_os(GetLastError(), "open process %" PRIu32, pid);
    }
    *out = made;
    return EG_OK;
}

static eg_str image_path(HANDLE process, eg_event_text *text)
{
    eg_str found = EG_STR_NONE;
    DWORD units = PATH_UNITS;
    WCHAR *path = eg_alloc(PATH_UNITS * sizeof(WCHAR));
    if (path && QueryFullProcessImageNameW(process, 0, path, &units) && units > 0) {
        found = eg_event_text_utf16le(text, path, units * sizeof(WCHAR));
    }
    eg_free(path);
    return found;
}

static eg_str queried_text(HANDLE process, int (*query)(HANDLE, eg_buf *), eg_event_text *text)
{
    eg_str found = EG_STR_NONE;
    eg_buf buf;
    eg_buf_init(&buf, EG_EVENT_TEXT_MAX);
    if (query(process, &buf) == EG_OK) {
        found = eg_event_text_copy(text, eg_buf_str(&buf));
    }
    eg_buf_done(&buf);
    return found;
}

static void read_user(HANDLE token, eg_account_cache *accounts, eg_event_text *text,
                      eg_process_info *out)
{
    uint8_t bytes[TOKEN_SIZE];
    TOKEN_USER user;
    DWORD size = 0;
    if (GetTokenInformation(token, TokenUser, bytes, sizeof(bytes), &size)) {
        memcpy(&user, bytes, sizeof(user));
        out->user = eg_event_text_copy(
            text, eg_account_name(accounts, user.User.Sid, GetLengthSid(user.User.Sid)));
    }
}

/* Sysmon has a word of its own for programs in an app container, whose label is "Low". */
static void read_integrity(HANDLE token, eg_process_info *out)
{
    uint8_t bytes[TOKEN_SIZE];
    TOKEN_MANDATORY_LABEL label;
    DWORD size = 0;
    DWORD contained = 0;
    if (GetTokenInformation(token, TokenIsAppContainer, &contained, sizeof(contained), &size) &&
        contained != 0) {
        out->integrity = EG_STR("AppContainer");
        return;
    }
    if (GetTokenInformation(token, TokenIntegrityLevel, bytes, sizeof(bytes), &size)) {
        memcpy(&label, bytes, sizeof(label));
        out->integrity = eg_sid_integrity_level(label.Label.Sid, GetLengthSid(label.Label.Sid));
    }
}

static void read_token(HANDLE process, eg_account_cache *accounts, eg_event_text *text,
                       eg_process_info *out)
{
    HANDLE token = NULL;
    TOKEN_STATISTICS statistics;
    DWORD size = 0;
    if (!OpenProcessToken(process, TOKEN_QUERY, &token)) {
        return;
    }
    read_user(token, accounts, text, out);
    read_integrity(token, out);
    if (GetTokenInformation(token, TokenStatistics, &statistics, sizeof(statistics), &size)) {
        uint64_t id = (uint64_t)(uint32_t)statistics.AuthenticationId.HighPart << 32 |
                      statistics.AuthenticationId.LowPart;
        out->logon_id = eg_event_text_format(text, "0x%" PRIx64, id);
    }
    CloseHandle(token);
}

int eg_process_info_query(uint32_t pid, eg_account_cache *accounts, eg_event_text *text,
                          eg_process_info *out)
{
    eg_process_info info;
    opened target = {NULL, false};
    FILETIME created, exited, kernel, user;
    DWORD session = 0;
    int status = open_process(pid, &target);
    if (status != EG_OK) {
        return status;
    }
    memset(&info, 0, sizeof(info));
    if (GetProcessTimes(target.process, &created, &exited, &kernel, &user)) {
        info.create_time = (uint64_t)created.dwHighDateTime << 32 | created.dwLowDateTime;
    }
    info.has_parent = eg_nt_parent_pid(target.process, &info.parent_pid);
    info.has_session = ProcessIdToSessionId(pid, &session) != FALSE;
    info.session_id = session;
    info.image = image_path(target.process, text);
    info.command_line = queried_text(target.process, eg_nt_command_line, text);
    if (target.can_read) {
        info.current_directory = queried_text(target.process, eg_nt_current_directory, text);
    }
    read_token(target.process, accounts, text, &info);
    CloseHandle(target.process);
    *out = info;
    return EG_OK;
}

eg_str eg_process_info_image(uint32_t pid, eg_event_text *text)
{
    opened target = {NULL, false};
    if (open_process(pid, &target) != EG_OK) {
        return EG_STR_NONE;
    }
    eg_str image = image_path(target.process, text);
    CloseHandle(target.process);
    return image;
}
