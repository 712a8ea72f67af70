/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/win32/process_memory.h"

/* Touching a guard page would change what the process sees of its own stack. */
static bool is_readable(const MEMORY_BASIC_INFORMATION *info)
{
    const DWORD readable = PAGE_READONLY | PAGE_READWRITE | PAGE_WRITECOPY | PAGE_EXECUTE_READ |
                           PAGE_EXECUTE_READWRITE | PAGE_EXECUTE_WRITECOPY;
    return info->State == MEM_COMMIT && (info->Protect & readable) != 0 &&
           (info->Protect & PAGE_GUARD) == 0;
}

static bool next_region(void *user, uint64_t at, uint64_t *start, uint64_t *size)
{
    MEMORY_BASIC_INFORMATION info;
    while (VirtualQueryEx((HANDLE)user, (const void *)(uintptr_t)at, &info, sizeof(info)) != 0) {
        uint64_t base = (uint64_t)(uintptr_t)info.BaseAddress;
        if (base + info.RegionSize <= at) {
            return false;
        }
        if (is_readable(&info)) {
            *start = at > base ? at : base;
            *size = base + info.RegionSize - *start;
            return true;
        }
        at = base + info.RegionSize;
    }
    return false;
}

static size_t read_memory(void *user, uint64_t at, void *out, size_t size)
{
    SIZE_T got = 0;
    /* where a page went away meanwhile, what lies before it is still there */
    if (!ReadProcessMemory((HANDLE)user, (const void *)(uintptr_t)at, out, size, &got) &&
        GetLastError() != ERROR_PARTIAL_COPY) {
        return 0;
    }
    return got;
}

eg_memory_source eg_process_memory(HANDLE process)
{
    return (eg_memory_source){process, next_region, read_memory};
}
