/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/win32/file_access.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "worker/win32/open_file.h"
#include "worker/win32/signature.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <bcrypt.h>
#include <winternl.h>

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

static int open_file(void *user, eg_str path, void **file)
{
    HANDLE opened = NULL;
    EG_UNUSED(user);
    int status = eg_open_file_at_once(path, false, &opened);
    if (status == EG_OK) {
        *file = opened;
    }
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
    WCHAR *name = (WCHAR *)eg_utf16_copy(path);
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
