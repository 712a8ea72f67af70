/* SPDX-License-Identifier: Apache-2.0 */
#include "service/instance.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "service/wide.h"

#define LOOK_AGAIN_MS 50u

int eg_instance_lock(const char *path, HANDLE *out)
{
    wchar_t *wide = eg_wide_copy(eg_str_from(path));
    if (!wide) {
        return EG_E_NOMEM;
    }
    int status = EG_OK;
    HANDLE lock = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE | DELETE, 0, NULL, OPEN_ALWAYS,
                              FILE_ATTRIBUTE_HIDDEN | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (lock != INVALID_HANDLE_VALUE) {
        *out = lock;
    } else if (GetLastError() == ERROR_SHARING_VIOLATION) {
        status = eg_fail(EG_E_EXISTS,
                         "another EmoGuard service is running on this data folder (%s)", path);
    } else {
        status = eg_fail_os(GetLastError(), "lock %s", path);
    }
    eg_free(wide);
    return status;
}

int eg_instance_lock_within(const char *path, uint32_t milliseconds, HANDLE *out)
{
    uint64_t start = eg_clock_monotonic_ns();
    int status = eg_instance_lock(path, out);
    while (status == EG_E_EXISTS &&
           eg_clock_monotonic_ns() - start < (uint64_t)milliseconds * 1000000) {
        eg_thread_sleep_ms(LOOK_AGAIN_MS);
        status = eg_instance_lock(path, out);
    }
    return status;
}

void eg_instance_unlock(HANDLE lock)
{
    CloseHandle(lock);
}
