/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_pc.h"

#include "cli/win32/check_emocheck.h"
#include "cli/win32/check_folders.h"
#include "cli/win32/check_processes.h"
#include "cli/win32/check_sensors.h"
#include "cli/win32/check_users.h"
#include "core/base/status.h"

#include <windows.h>

#define ARENA_BLOCK ((size_t)64 * 1024)

bool eg_check_pc_possible(void)
{
    return true;
}

/*
 * Administrators may look into programs of others, read any file and load a hive, but must ask.
 * Refused: that becomes gaps.
 */
static void use_privileges(void)
{
    static const WCHAR *const names[] = {SE_DEBUG_NAME, SE_BACKUP_NAME, SE_RESTORE_NAME};
    HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) {
        return;
    }
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1,
                                   .Privileges = {{.Attributes = SE_PRIVILEGE_ENABLED}}};
        if (LookupPrivilegeValueW(NULL, names[i], &wanted.Privileges[0].Luid)) {
            AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
        }
    }
    CloseHandle(token);
}

static bool is_elevated(void)
{
    HANDLE token = NULL;
    TOKEN_ELEVATION elevation = {0};
    DWORD size = 0;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        GetTokenInformation(token, TokenElevation, &elevation, sizeof(elevation), &size);
        CloseHandle(token);
    }
    return elevation.TokenIsElevated != 0;
}

int eg_check_pc_gather(eg_check_pc *pc)
{
    eg_windows_folders folders;
    eg_arena *arena = NULL;
    pc->report->elevated = is_elevated();
    use_privileges();
    int status = eg_arena_create(&arena, ARENA_BLOCK);
    if (status == EG_OK) {
        status = eg_check_users_folders(arena, &folders);
    }
    if (status == EG_OK) {
        status = eg_check_sensors_gather(pc, &folders);
    }
    if (status == EG_OK) {
        status = eg_check_processes_gather(pc, OpenProcess);
    }
    if (status == EG_OK) {
        status = eg_check_folders_gather(pc);
    }
    if (status == EG_OK) {
        status = eg_emocheck_run(pc);
    }
    eg_arena_destroy(arena);
    return status;
}
