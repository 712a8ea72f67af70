/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/check_processes.h"

#include "cli/win32/check_system.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/device_path.h"
#include "driverless-hooks/nt_query.h"

#include <psapi.h>
#include <string.h>

enum {
    IDLE_ID = 0,
    SYSTEM_ID = 4,
    NAME_UNITS = 4096,
    NAME_BYTES_MAX = 64 * 1024,
    REGIONS_MAX = 1000 * 1000, /* of one process: its owner may make as many as there is memory */
};

typedef struct gathering {
    eg_check_pc *pc;
    eg_check_open_process open;
    eg_check_system *system; /* which files are Windows' own */
    eg_device_paths *devices;
    eg_event_text text;
    eg_buf name;              /* of the process */
    eg_buf folder;            /* of this program, with a backslash at its end */
    bool is_ours;             /* the process */
    WCHAR mapped[NAME_UNITS]; /* file of a region */
} gathering;

/* The kernel's own: no file stands behind them, and nobody but the kernel has this parent. */
static bool is_of_kernel(const eg_nt_process *process, eg_str name)
{
    return process->pid == IDLE_ID || process->pid == SYSTEM_ID ||
           (process->parent_pid == SYSTEM_ID && !memchr(name.ptr, '.', name.len));
}

/* Windows lets only code into such a process that Microsoft has signed for it. */
static bool is_protected(gathering *g, uint32_t pid)
{
    PROCESS_PROTECTION_LEVEL_INFORMATION level = {PROTECTION_LEVEL_NONE};
    HANDLE process = g->open(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    if (!process) {
        return false;
    }
    bool known = GetProcessInformation(process, ProcessProtectionLevelInfo, &level, sizeof(level));
    CloseHandle(process);
    return known && level.ProtectionLevel != PROTECTION_LEVEL_NONE;
}

/* Service and scan worker hold the rules in their memory, which would meet themselves there. */
static bool is_ours(const gathering *g, eg_str path)
{
    static const eg_str names[] = {EG_STR_INIT("emoguard.exe"), EG_STR_INIT("emoguard-service.exe"),
                                   EG_STR_INIT("emoguard-worker.exe"),
                                   EG_STR_INIT("emoguard-tray.exe")};
    eg_str folder = eg_buf_str(&g->folder);
    if (folder.len == 0 || !eg_str_starts_nocase(path, folder)) {
        return false;
    }
    eg_str name = {path.ptr + folder.len, path.len - folder.len};
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        if (eg_str_equal_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

static int find_folder(gathering *g)
{
    DWORD units = GetModuleFileNameW(NULL, g->mapped, NAME_UNITS);
    if (units == 0 || units == NAME_UNITS) {
        return eg_fail_os(GetLastError(), "find the folder of this program");
    }
    while (units > 0 && g->mapped[units - 1] != L'\\') {
        units--;
    }
    return eg_utf8_from_utf16(&g->folder, (const uint16_t *)g->mapped, units);
}

static int add_image(gathering *g, DWORD units, bool is_program)
{
    eg_event_text_reset(&g->text);
    eg_str path = eg_event_text_utf16le(&g->text, g->mapped, units * sizeof(WCHAR));
    path = eg_device_path_dos(g->devices, path, &g->text);
    if (g->text.status != EG_OK) {
        return g->text.status;
    }
    g->is_ours = is_program ? is_ours(g, path) : g->is_ours;
    /* one that has no drive cannot be opened by its name, which the scan says */
    return !is_program && eg_check_system_owns(g->system, path)
               ? EG_OK
               : eg_check_files_add_once(g->pc->files, EG_CHECK_PROCESS, path);
}

/* Every file that is mapped as code, whether or not the process's own lists name it. */
static int add_images(gathering *g, HANDLE process)
{
    MEMORY_BASIC_INFORMATION region;
    const char *address = NULL;
    const void *last = NULL;
    int status = EG_OK;
    for (size_t i = 0; i < REGIONS_MAX && status == EG_OK; i++) {
        if (VirtualQueryEx(process, address, &region, sizeof(region)) != sizeof(region)) {
            break;
        }
        if (region.Type == MEM_IMAGE && region.AllocationBase != last) {
            DWORD units = GetMappedFileNameW(process, region.BaseAddress, g->mapped, NAME_UNITS);
            last = region.AllocationBase;
            status = units > 0 && units < NAME_UNITS ? add_image(g, units, false) : EG_OK;
        }
        const char *next = (const char *)region.BaseAddress + region.RegionSize;
        if (next <= address) {
            break;
        }
        address = next;
    }
    return status;
}

/* The file that the process was started from, also where its memory may not be seen. */
static int add_program(gathering *g, HANDLE process)
{
    DWORD units = NAME_UNITS;
    return QueryFullProcessImageNameW(process, 0, g->mapped, &units) && units > 0
               ? add_image(g, units, true)
               : EG_OK;
}

static int refuse(gathering *g, const eg_nt_process *process, eg_str name, DWORD error)
{
    if (error == ERROR_INVALID_PARAMETER || is_protected(g, process->pid)) {
        return EG_OK; /* it has ended, or holds nothing but Windows' own */
    }
    (void)eg_fail_os(error, "see into the program");
    return eg_check_pc_add_failure(g->pc, EG_CHECK_PROCESS, name, EG_CHECK_REASON_PROGRAM);
}

static int gather_process(gathering *g, const eg_nt_process *process, eg_str name)
{
    g->is_ours = false;
    HANDLE limited = g->open(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process->pid);
    int status = limited ? add_program(g, limited) : EG_OK;
    if (limited) {
        CloseHandle(limited);
    }
    HANDLE opened = status == EG_OK
                        ? g->open(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, process->pid)
                        : NULL;
    if (!opened) {
        return status == EG_OK ? refuse(g, process, name, GetLastError()) : status;
    }
    eg_check_pc_looked(g->pc, EG_CHECK_PROCESS, 1);
    status = add_images(g, opened);
    if (status == EG_OK && g->pc->memory && !g->is_ours && process->pid != GetCurrentProcessId()) {
        status = eg_check_files_add_process(g->pc->files, name, process->pid, process->create_time);
    }
    CloseHandle(opened);
    return status;
}

static int gather_all(gathering *g, eg_nt_list *list)
{
    eg_nt_process process;
    size_t total = 0, done = 0;
    int status = eg_nt_list_read(list);
    if (status != EG_OK) {
        return status;
    }
    while (eg_nt_list_next(list, &process)) {
        total++;
    }
    list->next = 0;
    while (status == EG_OK && eg_nt_list_next(list, &process)) {
        eg_buf_clear(&g->name);
        eg_utf8_from_utf16(&g->name, (const uint16_t *)(const void *)process.name,
                           process.name_size / sizeof(uint16_t));
        eg_str name = eg_buf_str(&g->name);
        status = eg_check_pc_step(g->pc, EG_CHECK_PHASE_PROCESSES, done++, total, name);
        if (status == EG_OK && !is_of_kernel(&process, name)) {
            status = gather_process(g, &process, name);
        }
    }
    return status;
}

int eg_check_processes_gather(eg_check_pc *pc, eg_check_open_process open)
{
    eg_nt_list list = {0};
    gathering *g = eg_alloc_zero(1, sizeof(*g));
    if (!g) {
        return EG_E_NOMEM;
    }
    g->pc = pc;
    g->open = open;
    eg_buf_init(&g->name, NAME_BYTES_MAX);
    eg_buf_init(&g->folder, NAME_BYTES_MAX);
    int status = eg_event_text_init(&g->text);
    if (status == EG_OK) {
        status = find_folder(g);
    }
    if (status == EG_OK) {
        status = eg_device_paths_create(&g->devices);
    }
    if (status == EG_OK) {
        status = eg_check_system_create(&g->system);
    }
    if (status == EG_OK) {
        status = gather_all(g, &list);
    }
    eg_nt_list_done(&list);
    eg_check_system_destroy(g->system);
    eg_device_paths_destroy(g->devices);
    if (g->text.arena) {
        eg_event_text_done(&g->text);
    }
    eg_buf_done(&g->folder);
    eg_buf_done(&g->name);
    eg_free(g);
    return status;
}
