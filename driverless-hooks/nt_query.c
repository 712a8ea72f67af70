/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/nt_query.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>
#include <winternl.h>

enum {
    CLASS_PROCESS_LIST = 5,      /* SystemProcessInformation */
    CLASS_BASIC = 0,             /* ProcessBasicInformation */
    CLASS_COMMAND_LINE = 60,     /* ProcessCommandLineInformation, Windows 8.1 */
    PEB_PARAMETERS = 0x20,       /* PEB.ProcessParameters */
    PARAMETERS_DIRECTORY = 0x38, /* RTL_USER_PROCESS_PARAMETERS.CurrentDirectory.DosPath */
    PARAMETERS_COMMAND = 0x70,   /* .CommandLine */
    LIST_SIZE_FIRST = 256 * 1024,
    LIST_SIZE_MAX = 64 * 1024 * 1024,
    TEXT_SIZE_MAX = 65536, /* a UNICODE_STRING cannot be longer */
};

#define STATUS_LENGTH_MISMATCH ((NTSTATUS)0xC0000004L)

/* SYSTEM_PROCESS_INFORMATION as far as we read it. */
typedef struct list_entry {
    ULONG next;
    ULONG threads;
    uint8_t unused_counters[24];
    LARGE_INTEGER create_time;
    LARGE_INTEGER user_time;
    LARGE_INTEGER kernel_time;
    UNICODE_STRING name;
    LONG priority;
    HANDLE pid;
    HANDLE parent_pid;
    ULONG handles;
    ULONG session_id;
} list_entry;

typedef struct basic_information {
    NTSTATUS exit_status;
    void *peb;
    ULONG_PTR affinity;
    LONG priority;
    ULONG_PTR pid;
    ULONG_PTR parent_pid;
} basic_information;

_Static_assert(sizeof(void *) == 8, "64-bit layouts only");
_Static_assert(offsetof(list_entry, create_time) == 32, "SYSTEM_PROCESS_INFORMATION");
_Static_assert(offsetof(list_entry, pid) == 80, "SYSTEM_PROCESS_INFORMATION");
_Static_assert(offsetof(list_entry, session_id) == 100, "SYSTEM_PROCESS_INFORMATION");
_Static_assert(sizeof(basic_information) == 48, "PROCESS_BASIC_INFORMATION");

static int fail_status(NTSTATUS status, const char *what)
{
    return eg_fail_os(RtlNtStatusToDosError(status), "%s", what);
}

static int grow(eg_nt_list *list, size_t size)
{
    if (size > LIST_SIZE_MAX) {
        return eg_fail(EG_E_LIMIT, "the process list takes more than %d bytes", LIST_SIZE_MAX);
    }
    uint8_t *bytes = eg_realloc(list->bytes, size);
    if (!bytes) {
        return EG_E_NOMEM;
    }
    list->bytes = bytes;
    list->size = size;
    return EG_OK;
}

int eg_nt_list_read(eg_nt_list *list)
{
    int status = list->bytes ? EG_OK : grow(list, LIST_SIZE_FIRST);
    list->used = 0;
    list->next = 0;
    while (status == EG_OK) {
        ULONG needed = 0;
        NTSTATUS answer = NtQuerySystemInformation((SYSTEM_INFORMATION_CLASS)CLASS_PROCESS_LIST,
                                                   list->bytes, (ULONG)list->size, &needed);
        if (answer >= 0) {
            list->used = needed < list->size ? needed : list->size;
            return EG_OK;
        }
        if (answer != STATUS_LENGTH_MISMATCH) {
            return fail_status(answer, "read the process list");
        }
        status = grow(list, (needed > list->size ? needed : list->size) + list->size / 2);
    }
    return status;
}

void eg_nt_list_done(eg_nt_list *list)
{
    eg_free(list->bytes);
    memset(list, 0, sizeof(*list));
}

/* Wine shows memory it has not filled yet while a process is being made. */
static uint64_t plausible_time(uint64_t ticks)
{
    return ticks <= eg_clock_utc() + UINT64_C(24) * 3600 * EG_TICKS_PER_SECOND ? ticks : 0;
}

bool eg_nt_list_next(eg_nt_list *list, eg_nt_process *out)
{
    list_entry entry;
    if (list->used < sizeof(entry) || list->next > list->used - sizeof(entry)) {
        return false;
    }
    memcpy(&entry, list->bytes + list->next, sizeof(entry));
    out->pid = (uint32_t)(ULONG_PTR)entry.pid;
    out->parent_pid = (uint32_t)(ULONG_PTR)entry.parent_pid;
    out->session_id = entry.session_id;
    out->create_time = plausible_time((uint64_t)entry.create_time.QuadPart);
    out->name = (const uint8_t *)entry.name.Buffer;
    out->name_size = entry.name.Buffer ? entry.name.Length : 0;
    list->next = entry.next != 0 ? list->next + entry.next : list->used;
    return true;
}

static int direct_command_line(HANDLE process, eg_buf *out)
{
    ULONG size = sizeof(UNICODE_STRING) + TEXT_SIZE_MAX;
    ULONG used = 0;
    uint8_t *bytes = eg_alloc(size);
    if (!bytes) {
        return EG_E_NOMEM;
    }
    NTSTATUS answer = NtQueryInformationProcess(process, (PROCESSINFOCLASS)CLASS_COMMAND_LINE,
                                                bytes, size, &used);
    int status = EG_OK;
    if (answer < 0) {
        status = fail_status(answer, "query a command line");
    } else {
        UNICODE_STRING text;
        memcpy(&text, bytes, sizeof(text));
        status = eg_utf8_from_utf16le(out, text.Buffer, text.Buffer ? text.Length : 0);
    }
    eg_free(bytes);
    return status;
}

static bool read_memory(HANDLE process, uintptr_t address, void *out, size_t size)
{
    SIZE_T done = 0;
    return ReadProcessMemory(process, (const void *)address, out, size, &done) && done == size;
}

/* Reads the UNICODE_STRING at `offset` of the process' parameters, as the process left it there. */
static int parameter_text(HANDLE process, size_t offset, eg_buf *out)
{
    basic_information basic;
    ULONG used = 0;
    uintptr_t parameters = 0;
    UNICODE_STRING text = {0};
    NTSTATUS answer = NtQueryInformationProcess(process, (PROCESSINFOCLASS)CLASS_BASIC, &basic,
                                                sizeof(basic), &used);
    if (answer < 0) {
        return fail_status(answer, "query a process");
    }
    if (!read_memory(process, (uintptr_t)basic.peb + PEB_PARAMETERS, &parameters,
                     sizeof(parameters)) ||
        !read_memory(process, parameters + offset, &text, sizeof(text))) {
        return eg_fail_os(GetLastError(), "read the parameters of a process");
    }
    if (text.Length == 0) {
        return EG_OK;
    }
    uint8_t *bytes = eg_alloc(text.Length);
    if (!bytes) {
        return EG_E_NOMEM;
    }
    int status = EG_OK;
    if (read_memory(process, (uintptr_t)text.Buffer, bytes, text.Length)) {
        status = eg_utf8_from_utf16le(out, bytes, text.Length);
    } else {
        status = eg_fail_os(GetLastError(), "read the parameters of a process");
    }
    eg_free(bytes);
    return status;
}

int eg_nt_command_line(HANDLE process, eg_buf *out)
{
    if (direct_command_line(process, out) == EG_OK) {
        return EG_OK;
    }
    return parameter_text(process, PARAMETERS_COMMAND, out);
}

int eg_nt_current_directory(HANDLE process, eg_buf *out)
{
    return parameter_text(process, PARAMETERS_DIRECTORY, out);
}

bool eg_nt_parent_pid(HANDLE process, uint32_t *out)
{
    basic_information basic;
    ULONG used = 0;
    if (NtQueryInformationProcess(process, (PROCESSINFOCLASS)CLASS_BASIC, &basic, sizeof(basic),
                                  &used) < 0) {
        return false;
    }
    *out = (uint32_t)basic.parent_pid;
    return true;
}
