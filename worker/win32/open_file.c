/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/win32/open_file.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>
#include <wchar.h>

#include <winternl.h>

enum {
    OPTION_SEQUENTIAL_ONLY = 0x4, /* FILE_... create options, which not every SDK names */
    OPTION_SYNCHRONOUS = 0x20,
    OPTION_NON_DIRECTORY = 0x40,
    OPTION_COMPLETE_IF_OPLOCKED = 0x100,
    OPTION_NO_RECALL = 0x400000,
    ATTRIBUTE_RECALL_ON_OPEN = 0x40000,
    ATTRIBUTE_RECALL_ON_DATA_ACCESS = 0x400000,
    PATH_UNITS_MAX = 32000, /* a UNICODE_STRING holds 32767 */
};

#define STATUS_BREAK_IN_PROGRESS ((NTSTATUS)0x00000108L)

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

/* "C:\x" and "\\?\..." as the kernel takes them; EG_E_UNSUPPORTED for names of anything else. */
static int native_name(eg_str path, bool network, WCHAR **out)
{
    static const eg_str device = EG_STR_INIT("\\\\?\\");
    static const eg_str volume = EG_STR_INIT("\\\\?\\Volume{");
    eg_buf name;
    bool is_drive = path.len > 3 && path.ptr[1] == ':' && is_separator(path.ptr[2]);
    bool is_server = path.len > 3 && is_separator(path.ptr[0]) && is_separator(path.ptr[1]) &&
                     !eg_str_starts_nocase(path, device);
    bool is_long_drive = path.len > 7 && eg_str_starts_nocase(path, device) && path.ptr[5] == ':';
    if (!is_drive && !is_long_drive && !eg_str_starts_nocase(path, volume) &&
        !(network && is_server)) {
        return eg_fail(EG_E_UNSUPPORTED, "%.*s is on no disk of this computer", EG_STR_ARGS(path));
    }
    size_t skip = is_drive ? 0 : is_server ? 2 : device.len;
    eg_buf_init(&name, 4 * (size_t)PATH_UNITS_MAX);
    eg_buf_append_cstr(&name, is_server ? "\\??\\UNC\\" : "\\??\\");
    eg_buf_append_str(&name, (eg_str){path.ptr + skip, path.len - skip});
    for (size_t i = 0; i < name.len && name.status == EG_OK; i++) {
        name.data[i] = name.data[i] == '/' ? '\\' : name.data[i];
    }
    int status = name.status;
    if (status == EG_OK) {
        *out = (WCHAR *)eg_utf16_copy(eg_buf_str(&name));
        status = *out ? EG_OK : EG_E_NOMEM;
    }
    eg_buf_done(&name);
    return status;
}

static bool is_network_drive(eg_str path)
{
    const char *drive = path.ptr[1] == ':' ? path.ptr : path.ptr + 4; /* "C:" or "\\?\C:" */
    const WCHAR root[] = {(WCHAR)(unsigned char)drive[0], L':', L'\\', L'\0'};
    return drive[1] == ':' && GetDriveTypeW(root) == DRIVE_REMOTE;
}

/*
 * A program may hold an oplock on its own file, and an ordinary open would then wait for it to let
 * go: this one comes back at once.
 */
static int open_at_once(WCHAR *name, eg_str path, HANDLE *out)
{
    size_t length = wcslen(name);
    if (length > PATH_UNITS_MAX) {
        return eg_fail(EG_E_LIMIT, "a path of %zu characters", length);
    }
    UNICODE_STRING text = {(USHORT)(length * sizeof(WCHAR)), (USHORT)(length * sizeof(WCHAR)),
                           name};
    OBJECT_ATTRIBUTES object;
    IO_STATUS_BLOCK io;
    HANDLE file = NULL;
    InitializeObjectAttributes(&object, &text, OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS answer =
        NtCreateFile(&file, FILE_READ_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE, &object, &io, NULL,
                     0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN,
                     OPTION_SEQUENTIAL_ONLY | OPTION_SYNCHRONOUS | OPTION_NON_DIRECTORY |
                         OPTION_COMPLETE_IF_OPLOCKED | OPTION_NO_RECALL,
                     NULL, 0);
    if (answer < 0) {
        return eg_fail_os(RtlNtStatusToDosError(answer), "open %.*s", EG_STR_ARGS(path));
    }
    if (answer == STATUS_BREAK_IN_PROGRESS) {
        CloseHandle(file);
        return eg_fail(EG_E_DENIED, "open %.*s: somebody holds it", EG_STR_ARGS(path));
    }
    *out = file;
    return EG_OK;
}

/* Links lead anywhere, and a cloud's file is on this disk in name only. */
static bool is_at_hand(HANDLE file, bool network)
{
    FILE_REMOTE_PROTOCOL_INFO remote;
    FILE_BASIC_INFO basic;
    const DWORD away =
        FILE_ATTRIBUTE_OFFLINE | ATTRIBUTE_RECALL_ON_OPEN | ATTRIBUTE_RECALL_ON_DATA_ACCESS;
    return GetFileType(file) == FILE_TYPE_DISK &&
           (network ||
            !GetFileInformationByHandleEx(file, FileRemoteProtocolInfo, &remote, sizeof(remote))) &&
           GetFileInformationByHandleEx(file, FileBasicInfo, &basic, sizeof(basic)) &&
           (basic.FileAttributes & away) == 0;
}

int eg_open_file_at_once(eg_str path, bool network, HANDLE *out)
{
    HANDLE opened = NULL;
    WCHAR *name = NULL;
    int status = native_name(path, network, &name);
    if (status != EG_OK) {
        return status;
    }
    if (!network && is_network_drive(path)) {
        status =
            eg_fail(EG_E_UNSUPPORTED, "%.*s is on no disk of this computer", EG_STR_ARGS(path));
    }
    if (status == EG_OK) {
        status = open_at_once(name, path, &opened);
    }
    if (status == EG_OK && !is_at_hand(opened, network)) {
        CloseHandle(opened);
        status = eg_fail(EG_E_UNSUPPORTED, "%.*s leads elsewhere", EG_STR_ARGS(path));
    }
    if (status == EG_OK) {
        *out = opened;
    }
    eg_free(name);
    return status;
}
