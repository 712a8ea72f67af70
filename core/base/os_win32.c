/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/os.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <bcrypt.h>
#include <limits.h>
#include <process.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(SRWLOCK) <= sizeof(eg_mutex), "eg_mutex is too small");
_Static_assert(sizeof(CONDITION_VARIABLE) <= sizeof(eg_cond), "eg_cond is too small");
_Static_assert(sizeof(wchar_t) == sizeof(uint16_t), "wchar_t is UTF-16 here");

/* ---- errors ---- */

static int status_from_win32(uint32_t code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_NOT_FOUND:
    case ERROR_SERVICE_DOES_NOT_EXIST: return EG_E_NOTFOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_WRITE_PROTECT: return EG_E_DENIED;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS:
    case ERROR_SERVICE_EXISTS: return EG_E_EXISTS;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES: return EG_E_NOMEM;
    default: return EG_E_IO;
    }
}

/* The system's own text for `code` as UTF-8, in the system's language; "" when it has none. */
static void system_text(uint32_t code, char *out, int size)
{
    wchar_t wide[256];
    DWORD flags =
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    DWORD length = FormatMessageW(flags, NULL, code, 0, wide, (DWORD)EG_COUNT(wide), NULL);
    while (length > 0 && (wide[length - 1] == L' ' || wide[length - 1] == L'.')) {
        length--;
    }
    int bytes = 0;
    if (length > 0) {
        bytes = WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, out, size - 1, NULL, NULL);
    }
    out[bytes > 0 ? bytes : 0] = '\0';
}

int eg_fail_os(uint32_t os_code, const char *format, ...)
{
    char what[1024];
    char reason[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    if (length < 0) {
        what[0] = '\0';
    }
    system_text(os_code, reason, (int)sizeof(reason));
    return eg_fail(status_from_win32(os_code), "%s: %s (%lu)", what,
                   reason[0] ? reason : "system error", (unsigned long)os_code);
}

/* ---- threads ---- */

struct eg_thread {
    HANDLE handle;
    eg_thread_main run;
    void *arg;
};

static unsigned __stdcall thread_entry(void *arg)
{
    eg_thread *thread = arg;
    thread->run(thread->arg);
    return 0;
}

/* For debuggers and dumps only; Windows before 10 1607 cannot, and nothing depends on it. */
static void name_thread(HANDLE thread, const char *name)
{
    typedef HRESULT(WINAPI * set_description)(HANDLE thread, PCWSTR text);
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    FARPROC found = kernel ? GetProcAddress(kernel, "SetThreadDescription") : NULL;
    if (!found) {
        return;
    }
    set_description describe;
    memcpy(&describe, &found, sizeof(describe));
    uint16_t *wide = eg_utf16_copy(eg_str_from(name));
    if (wide) {
        describe(thread, (PCWSTR)wide);
    }
    eg_free(wide);
}

int eg_thread_start(eg_thread **out, const char *name, eg_thread_main run, void *arg)
{
    eg_thread *thread = eg_alloc_zero(1, sizeof(*thread));
    if (!thread) {
        return EG_E_NOMEM;
    }
    thread->run = run;
    thread->arg = arg;
    /* Suspended, since the thread may end before its handle is stored. */
    uintptr_t handle = _beginthreadex(NULL, 0, thread_entry, thread, CREATE_SUSPENDED, NULL);
    if (handle == 0) {
        eg_free(thread);
        return eg_fail(EG_E_NOMEM, "start thread %s: no thread left", name);
    }
    thread->handle = (HANDLE)handle;
    name_thread(thread->handle, name);
    ResumeThread(thread->handle);
    *out = thread;
    return EG_OK;
}

void eg_thread_join(eg_thread *thread)
{
    if (!thread) {
        return;
    }
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
    eg_free(thread);
}

void eg_thread_cancel_io(eg_thread *thread)
{
    (void)CancelSynchronousIo(thread->handle); /* fails when it waits in none */
}

void eg_thread_sleep_ms(uint32_t milliseconds)
{
    Sleep(milliseconds);
}

/* Not the whole process: its background mode holds the working set to a few megabytes. */
void eg_thread_stand_back(void)
{
    if (!SetThreadPriority(GetCurrentThread(), THREAD_MODE_BACKGROUND_BEGIN)) {
        SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_LOWEST);
    }
}

int eg_mutex_init(eg_mutex *mutex)
{
    InitializeSRWLock((PSRWLOCK)mutex->opaque);
    return EG_OK;
}

void eg_mutex_done(eg_mutex *mutex)
{
    EG_UNUSED(mutex);
}

void eg_mutex_lock(eg_mutex *mutex)
{
    AcquireSRWLockExclusive((PSRWLOCK)mutex->opaque);
}

void eg_mutex_unlock(eg_mutex *mutex)
{
    ReleaseSRWLockExclusive((PSRWLOCK)mutex->opaque);
}

int eg_cond_init(eg_cond *cond)
{
    InitializeConditionVariable((PCONDITION_VARIABLE)cond->opaque);
    return EG_OK;
}

void eg_cond_done(eg_cond *cond)
{
    EG_UNUSED(cond);
}

int eg_cond_wait(eg_cond *cond, eg_mutex *mutex, uint32_t milliseconds)
{
    DWORD limit = milliseconds == EG_FOREVER ? INFINITE : milliseconds;
    BOOL woken = SleepConditionVariableSRW((PCONDITION_VARIABLE)cond->opaque,
                                           (PSRWLOCK)mutex->opaque, limit, 0);
    return woken || GetLastError() != ERROR_TIMEOUT ? EG_OK : EG_E_TIMEOUT;
}

void eg_cond_wake_all(eg_cond *cond)
{
    WakeAllConditionVariable((PCONDITION_VARIABLE)cond->opaque);
}

int64_t eg_atomic_add(eg_atomic *counter, int64_t amount)
{
    return InterlockedExchangeAdd64(&counter->value, amount) + amount;
}

int64_t eg_atomic_get(const eg_atomic *counter)
{
    return EG_ATOMIC_LOAD(&counter->value);
}

void eg_atomic_set(eg_atomic *counter, int64_t value)
{
    InterlockedExchange64(&counter->value, value);
}

/* ---- clocks ---- */

uint64_t eg_clock_utc(void)
{
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return (uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime;
}

uint64_t eg_clock_local(uint64_t utc)
{
    FILETIME time = {(DWORD)utc, (DWORD)(utc >> 32)};
    SYSTEMTIME fields;
    SYSTEMTIME local;
    /* By way of fields, which knows the summer time of that day, not of today. */
    if (!FileTimeToSystemTime(&time, &fields) ||
        !SystemTimeToTzSpecificLocalTime(NULL, &fields, &local) ||
        !SystemTimeToFileTime(&local, &time)) {
        return utc;
    }
    return ((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) + utc % EG_TICKS_PER_MS;
}

uint64_t eg_clock_monotonic_ns(void)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER now;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    uint64_t per_second = (uint64_t)frequency.QuadPart;
    uint64_t ticks = (uint64_t)now.QuadPart;
    /* Whole seconds apart, so that the product stays within 64 bits. */
    return ticks / per_second * 1000000000 + ticks % per_second * 1000000000 / per_second;
}

/* ---- surroundings ---- */

static int replace_text(eg_buf *out, const wchar_t *wide, size_t length)
{
    eg_buf_clear(out);
    return eg_utf8_from_utf16(out, (const uint16_t *)wide, length);
}

int eg_env_get(const char *name, eg_buf *out)
{
    uint16_t *wide_name = eg_utf16_copy(eg_str_from(name));
    if (!wide_name) {
        return EG_E_NOMEM;
    }
    int status = EG_OK;
    wchar_t *value = NULL;
    DWORD capacity = 256;
    DWORD length = 0;
    for (;;) {
        wchar_t *larger = eg_realloc(value, capacity * sizeof(*value));
        if (!larger) {
            status = EG_E_NOMEM;
            goto out;
        }
        value = larger;
        SetLastError(ERROR_SUCCESS);
        length = GetEnvironmentVariableW((LPCWSTR)wide_name, value, capacity);
        if (length < capacity) {
            break;
        }
        capacity = length + 1; /* it may have grown since */
    }
    if (length == 0 && GetLastError() == ERROR_ENVVAR_NOT_FOUND) {
        status = eg_fail(EG_E_NOTFOUND, "environment variable %s is not set", name);
    } else {
        status = replace_text(out, value, length);
    }
out:
    eg_free(value);
    eg_free(wide_name);
    return status;
}

int eg_temp_dir(eg_buf *out)
{
    wchar_t folder[MAX_PATH + 2];
    DWORD length = GetTempPathW((DWORD)EG_COUNT(folder), folder);
    if (length == 0 || length >= EG_COUNT(folder)) {
        return eg_fail_os(GetLastError(), "find the folder for temporary files");
    }
    while (length > 3 && folder[length - 1] == L'\\') {
        length--;
    }
    return replace_text(out, folder, length);
}

int eg_host_name(eg_buf *out)
{
    wchar_t name[256];
    DWORD length = (DWORD)EG_COUNT(name);
    if (!GetComputerNameExW(ComputerNameDnsHostname, name, &length)) {
        return eg_fail_os(GetLastError(), "read the host name");
    }
    return replace_text(out, name, length);
}

int eg_system_language(eg_buf *out)
{
    wchar_t name[LOCALE_NAME_MAX_LENGTH];
    LCID language = MAKELCID(GetUserDefaultUILanguage(), SORT_DEFAULT);
    int length = LCIDToLocaleName(language, name, LOCALE_NAME_MAX_LENGTH, 0);
    return replace_text(out, name, length > 0 ? (size_t)length - 1 : 0);
}

uint32_t eg_process_id(void)
{
    return GetCurrentProcessId();
}

uint32_t eg_cpu_count(void)
{
    DWORD count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return count > 0 ? count : 1;
}

int eg_random_bytes(void *out, size_t size)
{
    unsigned char *bytes = out;
    while (size > 0) {
        ULONG part = size > 0x10000 ? 0x10000 : (ULONG)size;
        NTSTATUS status = BCryptGenRandom(NULL, bytes, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
        if (status < 0) {
            return eg_fail(EG_E_IO, "read random bytes: status 0x%08lx", (unsigned long)status);
        }
        bytes += part;
        size -= part;
    }
    return EG_OK;
}

int eg_utf8_from_code_page(uint32_t code_page, eg_str text, eg_buf *out)
{
    /* 0 to 3 are not code pages but "that of the system" and the like */
    if (code_page <= CP_THREAD_ACP || !IsValidCodePage(code_page)) {
        return eg_fail(EG_E_NOTFOUND, "code page %u is not known here", (unsigned)code_page);
    }
    int size = text.len < INT_MAX ? (int)text.len : INT_MAX;
    int units = size > 0 ? MultiByteToWideChar(code_page, 0, text.ptr, size, NULL, 0) : 0;
    if (units <= 0) {
        return size == 0
                   ? EG_OK
                   : eg_fail_os(GetLastError(), "read text of code page %u", (unsigned)code_page);
    }
    uint16_t *wide = eg_alloc((size_t)units * sizeof(*wide));
    if (!wide) {
        return out->status = EG_E_NOMEM;
    }
    MultiByteToWideChar(code_page, 0, text.ptr, size, (wchar_t *)wide, units);
    int status = eg_utf8_from_utf16(out, wide, (size_t)units);
    eg_free(wide);
    return status;
}
