/* SPDX-License-Identifier: Apache-2.0 */
#include "service/file_access.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "service/signature.h"
#include "service/wide.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <bcrypt.h>
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

struct eg_file_access {
    BCRYPT_ALG_HANDLE algorithms[EG_DIGEST_COUNT];
    eg_trust_calls trust;
};

int eg_file_access_create(eg_file_access **out)
{
    static const WCHAR *const names[EG_DIGEST_COUNT] = {
        [EG_DIGEST_MD5] = BCRYPT_MD5_ALGORITHM,
        [EG_DIGEST_SHA1] = BCRYPT_SHA1_ALGORITHM,
        [EG_DIGEST_SHA256] = BCRYPT_SHA256_ALGORITHM,
    };
    eg_file_access *access = eg_alloc_zero(1, sizeof(*access));
    if (!access) {
        return EG_E_NOMEM;
    }
    eg_trust_calls_of_system(&access->trust);
    for (size_t i = 0; i < EG_DIGEST_COUNT; i++) {
        NTSTATUS answer = BCryptOpenAlgorithmProvider(&access->algorithms[i], names[i], NULL, 0);
        if (answer < 0) {
            eg_file_access_destroy(access);
            return eg_fail_os(RtlNtStatusToDosError(answer), "open digest algorithm %zu", i);
        }
    }
    *out = access;
    return EG_OK;
}

void eg_file_access_destroy(eg_file_access *access)
{
    if (access) {
        for (size_t i = 0; i < EG_DIGEST_COUNT; i++) {
            if (access->algorithms[i]) {
                BCryptCloseAlgorithmProvider(access->algorithms[i], 0);
            }
        }
        eg_free(access);
    }
}

/* ---- files ---- */

/* "C:\x" or "\\?\Volume{...}\x" as the kernel takes them; NULL for names of anything else. */
static WCHAR *native_name(eg_str path)
{
    static const eg_str volume = EG_STR_INIT("\\\\?\\Volume{");
    eg_buf name;
    WCHAR *made = NULL;
    bool is_drive = path.len > 3 && path.ptr[1] == ':' && path.ptr[2] == '\\';
    if (!is_drive && !eg_str_starts_nocase(path, volume)) {
        return NULL;
    }
    eg_buf_init(&name, 4 * (size_t)PATH_UNITS_MAX);
    eg_buf_append_cstr(&name, "\\??\\");
    eg_buf_append_str(&name, is_drive ? path : (eg_str){path.ptr + 4, path.len - 4});
    if (name.status == EG_OK) {
        made = eg_wide_copy(eg_buf_str(&name));
    }
    eg_buf_done(&name);
    return made;
}

static bool is_network_drive(eg_str path)
{
    const WCHAR root[] = {(WCHAR)(unsigned char)path.ptr[0], L':', L'\\', L'\0'};
    return path.ptr[1] == ':' && GetDriveTypeW(root) == DRIVE_REMOTE;
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
static bool is_of_this_computer(HANDLE file)
{
    FILE_REMOTE_PROTOCOL_INFO remote;
    FILE_BASIC_INFO basic;
    const DWORD away =
        FILE_ATTRIBUTE_OFFLINE | ATTRIBUTE_RECALL_ON_OPEN | ATTRIBUTE_RECALL_ON_DATA_ACCESS;
    return GetFileType(file) == FILE_TYPE_DISK &&
           !GetFileInformationByHandleEx(file, FileRemoteProtocolInfo, &remote, sizeof(remote)) &&
           GetFileInformationByHandleEx(file, FileBasicInfo, &basic, sizeof(basic)) &&
           (basic.FileAttributes & away) == 0;
}

static int open_file(void *user, eg_str path, void **file)
{
    HANDLE opened = NULL;
    (void)user;
    WCHAR *name = native_name(path);
    if (!name || is_network_drive(path)) {
        eg_free(name);
        return eg_fail(EG_E_UNSUPPORTED, "%.*s is on no disk of this computer", EG_STR_ARGS(path));
    }
    int status = open_at_once(name, path, &opened);
    if (status == EG_OK && !is_of_this_computer(opened)) {
        CloseHandle(opened);
        status = eg_fail(EG_E_UNSUPPORTED, "%.*s leads elsewhere", EG_STR_ARGS(path));
    }
    if (status == EG_OK) {
        *file = opened;
    }
    eg_free(name);
    return status;
}

static uint64_t quad(LARGE_INTEGER value)
{
    return (uint64_t)value.QuadPart;
}

static int identify_file(void *file, eg_file_identity *out)
{
    FILE_ID_INFO id;
    FILE_STANDARD_INFO standard;
    FILE_BASIC_INFO basic;
    if (!GetFileInformationByHandleEx(file, FileIdInfo, &id, sizeof(id)) ||
        !GetFileInformationByHandleEx(file, FileStandardInfo, &standard, sizeof(standard)) ||
        !GetFileInformationByHandleEx(file, FileBasicInfo, &basic, sizeof(basic))) {
        return eg_fail_os(GetLastError(), "identify a file");
    }
    eg_file_identity found = {
        .volume = id.VolumeSerialNumber,
        .size = quad(standard.EndOfFile),
        .written = quad(basic.LastWriteTime),
        .changed = quad(basic.ChangeTime),
    };
    memcpy(found.id, &id.FileId, sizeof(found.id));
    *out = found;
    return EG_OK;
}

static int read_file(void *file, uint64_t offset, void *out, size_t size)
{
    OVERLAPPED at = {0};
    DWORD got = 0;
    at.Offset = (DWORD)offset;
    at.OffsetHigh = (DWORD)(offset >> 32);
    if (!ReadFile(file, out, (DWORD)size, &got, &at)) {
        return eg_fail_os(GetLastError(), "read a file");
    }
    return got == size ? EG_OK : eg_fail(EG_E_IO, "a file became shorter while it was read");
}

static int check_signature(void *user, void *file, eg_str path, eg_signature *out)
{
    const eg_file_access *access = user;
    WCHAR *name = eg_wide_copy(path);
    if (!name) {
        return EG_E_NOMEM;
    }
    int status = eg_signature_check(&access->trust, file, name, out);
    eg_free(name);
    return status;
}

static void close_file(void *file)
{
    CloseHandle(file);
}

/* ---- digests ---- */

static int fail_digest(NTSTATUS answer)
{
    return eg_fail_os(RtlNtStatusToDosError(answer), "compute a digest");
}

static int begin_digest(void *user, eg_digest_kind kind, void **digest)
{
    const eg_file_access *access = user;
    BCRYPT_HASH_HANDLE made = NULL;
    NTSTATUS answer = BCryptCreateHash(access->algorithms[kind], &made, NULL, 0, NULL, 0, 0);
    if (answer < 0) {
        return fail_digest(answer);
    }
    *digest = made;
    return EG_OK;
}

static int add_to_digest(void *digest, const void *bytes, size_t size)
{
    NTSTATUS answer = BCryptHashData(digest, (PUCHAR)bytes, (ULONG)size, 0);
    return answer < 0 ? fail_digest(answer) : EG_OK;
}

static int end_digest(void *digest, uint8_t *out)
{
    ULONG size = 0;
    ULONG used = 0;
    NTSTATUS answer =
        BCryptGetProperty(digest, BCRYPT_HASH_LENGTH, (PUCHAR)&size, sizeof(size), &used, 0);
    if (answer >= 0 && size <= EG_DIGEST_SIZE_MAX) {
        answer = BCryptFinishHash(digest, out, size, 0);
    }
    return answer < 0 ? fail_digest(answer) : EG_OK;
}

static void drop_digest(void *digest)
{
    if (digest) {
        BCryptDestroyHash(digest);
    }
}

eg_file_ops eg_file_access_ops(eg_file_access *access)
{
    return (eg_file_ops){
        .user = access,
        .open = open_file,
        .identify = identify_file,
        .read = read_file,
        .signature = check_signature,
        .close = close_file,
        .digests = {access, begin_digest, add_to_digest, end_digest, drop_digest},
    };
}
