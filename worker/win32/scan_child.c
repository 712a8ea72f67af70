/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/scan_child.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/yara/scan_wire.h"
#include "worker/win32/open_file.h"
#include "worker/win32/sandbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>

#include <psapi.h>

#define LOOK_MS 250 /* between two looks at the memory of the process */
#define READY_NS UINT64_C(15000000000)
#define PIPE_BYTES (64u * 1024)
#define PART_BYTES (1024u * 1024) /* of a message at a time */
#define PATH_UNITS 32768u

struct eg_scan_child {
    WCHAR *program;
    size_t memory_bytes;
    eg_sandbox_rights rights; /* the fewest it is known to run with */
    eg_sandbox sandbox;
    bool runs;
    HANDLE pipe, stop;
    OVERLAPPED io;
    eg_atomic bytes_peak;
    char told[2 * EG_SANDBOX_TOLD_MAX]; /* last told to the log */
};

/* ---- life ---- */

/* emoguard-worker.exe in the folder of this program. */
static WCHAR *program_beside_us(void)
{
    static const WCHAR name[] = L"emoguard-worker.exe";
    WCHAR *path = eg_alloc((PATH_UNITS + EG_COUNT(name)) * sizeof(*path));
    DWORD length = path ? GetModuleFileNameW(NULL, path, PATH_UNITS) : 0;
    while (length > 0 && path[length - 1] != L'\\') {
        length--;
    }
    if (path) {
        memcpy(path + length, name, sizeof(name));
    }
    return path;
}

int eg_scan_child_create(const char *program, size_t memory_bytes, eg_scan_child **out)
{
    eg_scan_child *child = eg_alloc_zero(1, sizeof(*child));
    if (!child) {
        return EG_E_NOMEM;
    }
    child->memory_bytes = memory_bytes;
    child->program = program ? (WCHAR *)eg_utf16_copy(eg_str_from(program)) : program_beside_us();
    if (!child->program) {
        eg_free(child);
        return EG_E_NOMEM;
    }
    child->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    child->io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!child->stop || !child->io.hEvent) {
        int status = eg_fail_os(GetLastError(), "make an event for the scan worker");
        eg_scan_child_destroy(child);
        return status;
    }
    *out = child;
    return EG_OK;
}

void eg_scan_child_destroy(eg_scan_child *child)
{
    if (child) {
        eg_scan_child_end(child);
        if (child->stop) {
            CloseHandle(child->stop);
        }
        if (child->io.hEvent) {
            CloseHandle(child->io.hEvent);
        }
        eg_free(child->program);
        eg_free(child);
    }
}

void eg_scan_child_end(eg_scan_child *child)
{
    eg_sandbox_end(&child->sandbox);
    if (child->pipe) {
        CloseHandle(child->pipe);
        child->pipe = NULL;
    }
    child->runs = false;
}

void eg_scan_child_stop(eg_scan_child *child)
{
    SetEvent(child->stop);
}

bool eg_scan_child_runs(const eg_scan_child *child)
{
    return child->runs && WaitForSingleObject(child->sandbox.process, 0) == WAIT_TIMEOUT;
}

uint64_t eg_scan_child_bytes_peak(const eg_scan_child *child)
{
    return (uint64_t)eg_atomic_get(&child->bytes_peak);
}

/* ---- the pipe ---- */

static int fail_ended(eg_scan_child *child)
{
    DWORD code = 0;
    WaitForSingleObject(child->sandbox.process, LOOK_MS);
    GetExitCodeProcess(child->sandbox.process, &code);
    return eg_fail(EG_E_IO, "the scanner ended while it looked (code 0x%08lx)",
                   (unsigned long)code);
}

/* The job bounds the memory as well; this holds where the system does not. */
static int look_at_memory(eg_scan_child *child)
{
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof(counters)};
    if (!K32GetProcessMemoryInfo(child->sandbox.process, &counters, sizeof(counters))) {
        return EG_OK;
    }
    if (counters.PagefileUsage > (uint64_t)eg_atomic_get(&child->bytes_peak)) {
        eg_atomic_set(&child->bytes_peak, (int64_t)counters.PagefileUsage);
    }
    return counters.PagefileUsage > child->memory_bytes
               ? eg_fail(EG_E_LIMIT, "the scanner needed more than %zu MiB of memory",
                         child->memory_bytes >> 20)
               : EG_OK;
}

/* Until what was begun is done or there is a reason to give it up. */
static int wait_for_io(eg_scan_child *child, uint64_t deadline, bool *process_ended)
{
    const HANDLE handles[] = {child->io.hEvent, child->stop, child->sandbox.process};
    for (;;) {
        uint64_t now = eg_clock_monotonic_ns();
        uint64_t left = now < deadline ? (deadline - now) / 1000000 + 1 : 0;
        DWORD wait = left < LOOK_MS ? (DWORD)left : LOOK_MS;
        switch (WaitForMultipleObjects(3, handles, FALSE, wait)) {
        case WAIT_OBJECT_0: return EG_OK;
        case WAIT_OBJECT_0 + 1: return eg_fail(EG_E_CLOSED, "the scanner was stopped");
        case WAIT_OBJECT_0 + 2: *process_ended = true; return EG_OK;
        case WAIT_TIMEOUT: break;
        default: return eg_fail_os(GetLastError(), "wait for the scan worker");
        }
        int status = look_at_memory(child);
        if (status != EG_OK) {
            return status;
        }
        if (left == 0) {
            return eg_fail(EG_E_TIMEOUT, "the scanner did not answer in time");
        }
    }
}

/* Ends the transfer that runs, if it does, and tells how many bytes it moved. */
static int finish_io(eg_scan_child *child, BOOL begun, uint64_t deadline, DWORD *moved)
{
    bool ended = false;
    int status = EG_OK;
    if (!begun && GetLastError() != ERROR_IO_PENDING) {
        return fail_ended(child);
    }
    status = wait_for_io(child, deadline, &ended);
    if (status != EG_OK || ended) {
        CancelIoEx(child->pipe, &child->io);
    }
    if (!GetOverlappedResult(child->pipe, &child->io, moved, TRUE) || *moved == 0) {
        return status != EG_OK ? status : fail_ended(child);
    }
    return status;
}

int eg_scan_child_send(eg_scan_child *child, eg_str bytes, uint64_t deadline)
{
    while (bytes.len > 0) {
        DWORD part = bytes.len < PART_BYTES ? (DWORD)bytes.len : PART_BYTES;
        DWORD moved = 0;
        BOOL begun = WriteFile(child->pipe, bytes.ptr, part, NULL, &child->io);
        int status = finish_io(child, begun, deadline, &moved);
        if (status != EG_OK) {
            return status;
        }
        bytes.ptr += moved;
        bytes.len -= moved;
    }
    return EG_OK;
}

static int receive_exactly(eg_scan_child *child, void *out, size_t size, uint64_t deadline)
{
    char *to = out;
    while (size > 0) {
        DWORD moved = 0;
        BOOL begun = ReadFile(child->pipe, to, (DWORD)size, NULL, &child->io);
        int status = finish_io(child, begun, deadline, &moved);
        if (status != EG_OK) {
            return status;
        }
        to += moved;
        size -= moved;
    }
    return EG_OK;
}

int eg_scan_child_receive(eg_scan_child *child, eg_buf *message, uint64_t deadline)
{
    uint8_t header[EG_SCAN_HEADER];
    uint32_t length = 0;
    int status = receive_exactly(child, header, sizeof(header), deadline);
    if (status == EG_OK) {
        status = eg_scan_header_read(header, EG_SCAN_ANSWER_MAX, &length);
    }
    eg_buf_clear(message);
    if (status == EG_OK) {
        status = eg_buf_reserve(message, length);
    }
    if (status == EG_OK) {
        status = receive_exactly(child, message->data, length, deadline);
    }
    if (status == EG_OK) {
        message->len = length;
        message->data[length] = '\0';
        status = look_at_memory(child);
    }
    return status;
}

/* Nobody can guess the name, and there is room for one client only, which is ours. */
static int make_pipe(eg_scan_child *child, HANDLE *theirs)
{
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    uint64_t number[2];
    WCHAR name[80];
    int status = eg_random_bytes(number, sizeof(number));
    if (status != EG_OK) {
        return status;
    }
    (void)swprintf(name, EG_COUNT(name), L"\\\\.\\pipe\\EmoGuard-scan-%016llx%016llx",
                   (unsigned long long)number[0], (unsigned long long)number[1]);
    HANDLE ours = CreateNamedPipeW(
        name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1, PIPE_BYTES,
        PIPE_BYTES, 0, NULL);
    if (ours == INVALID_HANDLE_VALUE) {
        return eg_fail_os(GetLastError(), "make a pipe for the scan worker");
    }
    HANDLE end =
        CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, &inherit, OPEN_EXISTING, 0, NULL);
    if (end == INVALID_HANDLE_VALUE) {
        status = eg_fail_os(GetLastError(), "open the pipe of the scan worker");
        CloseHandle(ours);
        return status;
    }
    child->pipe = ours;
    *theirs = end;
    return EG_OK;
}

/* ---- the process ---- */

static void tell_once(eg_scan_child *child, const char *by_itself)
{
    char told[sizeof(child->told)];
    (void)snprintf(told, sizeof(told), "%s%s%s%s%s", eg_sandbox_rights_name(child->rights),
                   child->sandbox.told[0] || by_itself[0] ? "; not available here: " : "",
                   child->sandbox.told, child->sandbox.told[0] && by_itself[0] ? ", " : "",
                   by_itself);
    if (strcmp(told, child->told) != 0) {
        eg_log(EG_LOG_INFO, "scan", "the scanner runs with a %s", told);
        memcpy(child->told, told, sizeof(told));
    }
}

static int hear_ready(eg_scan_child *child, uint64_t deadline)
{
    const eg_scan_rules no_rules = {NULL, NULL};
    eg_buf message;
    eg_scan_answer *answer = eg_alloc(sizeof(*answer));
    if (!answer) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&message, EG_SCAN_ANSWER_MAX);
    int status = eg_scan_child_receive(child, &message, deadline);
    if (status == EG_OK) {
        status = eg_scan_answer_read(eg_buf_str(&message), &no_rules, answer);
    }
    if (status == EG_OK && answer->kind != EG_SCAN_READY) {
        status = eg_fail(EG_E_INVALID, "the scan worker did not say that it is ready");
    }
    if (status == EG_OK) {
        tell_once(child, answer->text);
    }
    eg_buf_done(&message);
    eg_free(answer);
    return status;
}

static int start_with_rights(eg_scan_child *child, uint64_t deadline)
{
    WCHAR command[64];
    HANDLE theirs = NULL;
    int status = make_pipe(child, &theirs);
    if (status != EG_OK) {
        return status;
    }
    (void)swprintf(command, EG_COUNT(command), L"emoguard-worker.exe --pipe %llu",
                   (unsigned long long)(uintptr_t)theirs);
    const eg_sandbox_options options = {child->program, command, theirs, child->memory_bytes,
                                        child->rights};
    status = eg_sandbox_start(&options, &child->sandbox);
    CloseHandle(theirs);
    if (status == EG_OK) {
        status = hear_ready(child, deadline);
    }
    if (status == EG_OK) {
        child->runs = true;
    } else {
        eg_scan_child_end(child);
    }
    return status;
}

/*
 * A process may be unable to start with so few rights, which only trying tells. What worked is
 * kept; to end up with more rights than needed takes failing to become ready, which no file and
 * no rule has a hand in.
 */
int eg_scan_child_start(eg_scan_child *child, uint64_t deadline)
{
    int status = EG_OK;
    eg_scan_child_end(child);
    for (eg_sandbox_rights r = child->rights; r < EG_SANDBOX_RIGHTS_COUNT; r++) {
        child->rights = r;
        uint64_t soon = eg_clock_monotonic_ns() + READY_NS;
        status = start_with_rights(child, soon < deadline ? soon : deadline);
        if (status == EG_OK || status == EG_E_NOMEM || status == EG_E_CLOSED ||
            status == EG_E_NOTFOUND) {
            break;
        }
        eg_log(EG_LOG_WARNING, "scan", "the scanner does not start with a %s: %s",
               eg_sandbox_rights_name(r), eg_error_message());
    }
    if (status != EG_OK) {
        child->rights = EG_SANDBOX_RESTRICTED;
    }
    return status;
}

/* ---- what it looks at ---- */

static int make_absolute(eg_str path, eg_buf *out)
{
    WCHAR *wide = (WCHAR *)eg_utf16_copy(path);
    WCHAR *full = eg_alloc(PATH_UNITS * sizeof(*full));
    int status = EG_E_NOMEM;
    if (wide && full) {
        DWORD length = GetFullPathNameW(wide, PATH_UNITS, full, NULL);
        status = length > 0 && length < PATH_UNITS
                     ? eg_utf8_from_utf16(out, (const uint16_t *)full, length)
                     : eg_fail(EG_E_NOTFOUND, "%.*s is no path", EG_STR_ARGS(path));
    }
    eg_free(full);
    eg_free(wide);
    return status;
}

int eg_scan_child_open_file(eg_str path, bool network, intptr_t *handle)
{
    HANDLE file = NULL;
    eg_buf full;
    int status = EG_OK;
    bool is_full =
        path.len > 2 && (path.ptr[1] == ':' || path.ptr[0] == '\\' || path.ptr[0] == '/');
    eg_buf_init(&full, 4 * (size_t)PATH_UNITS);
    if (!is_full) {
        status = make_absolute(path, &full);
        path = eg_buf_str(&full);
    }
    if (status == EG_OK) {
        status = eg_open_file_at_once(path, network, &file);
    }
    if (status == EG_OK) {
        *handle = (intptr_t)file;
    }
    eg_buf_done(&full);
    return status;
}

int eg_scan_child_open_process(uint32_t id, uint64_t created, intptr_t *handle)
{
    FILETIME begin;
    FILETIME other;
    HANDLE process = OpenProcess(PROCESS_VM_READ | PROCESS_QUERY_INFORMATION, FALSE, id);
    if (!process && GetLastError() != ERROR_INVALID_PARAMETER) {
        return eg_fail_os(GetLastError(), "open process %lu", (unsigned long)id);
    }
    if (!process || !GetProcessTimes(process, &begin, &other, &other, &other) ||
        ((uint64_t)begin.dwHighDateTime << 32 | begin.dwLowDateTime) != created) {
        if (process) {
            CloseHandle(process);
        }
        return eg_fail(EG_E_NOTFOUND, "process %lu has ended", (unsigned long)id);
    }
    *handle = (intptr_t)process;
    return EG_OK;
}

void eg_scan_child_close(intptr_t handle)
{
    CloseHandle((HANDLE)handle);
}

int eg_scan_child_lend(eg_scan_child *child, intptr_t handle, bool is_file, uint64_t *lent)
{
    const DWORD access = is_file ? FILE_READ_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE
                                 : PROCESS_VM_READ | PROCESS_QUERY_INFORMATION;
    const LARGE_INTEGER start = {.QuadPart = 0};
    HANDLE copy = NULL;
    if (is_file && !SetFilePointerEx((HANDLE)handle, start, NULL, FILE_BEGIN)) {
        return eg_fail_os(GetLastError(), "go to the beginning of a file");
    }
    if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, child->sandbox.process, &copy, access,
                         FALSE, 0)) {
        return eg_fail_os(GetLastError(), "hand something to the scanner");
    }
    *lent = (uint64_t)(uintptr_t)copy;
    return EG_OK;
}
