/* SPDX-License-Identifier: Apache-2.0 */
#include "service/harden.h"

#include "core/base/compiler.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#include <stdbool.h>

#include <windows.h>

typedef struct measure {
    const char *name;
    bool done;
    DWORD error;
} measure;

enum {
    MEASURE_HEAP,
    MEASURE_DLL_SEARCH,
    MEASURE_IMAGE_LOAD,
    MEASURE_EXTENSION_POINTS,
    MEASURE_STRICT_HANDLES,
    MEASURE_REDIRECTION,
    MEASURE_FONTS,
    MEASURE_PRIVILEGES,
    MEASURE_COUNT
};

static measure measures[MEASURE_COUNT] = {
    [MEASURE_HEAP] = {"heap: end the process on corruption", false, 0},
    [MEASURE_DLL_SEARCH] = {"libraries from the system folder only", false, 0},
    [MEASURE_IMAGE_LOAD] = {"no images from the network or of low integrity", false, 0},
    [MEASURE_EXTENSION_POINTS] = {"no legacy extension points", false, 0},
    [MEASURE_STRICT_HANDLES] = {"strict handle checks", false, 0},
    [MEASURE_REDIRECTION] = {"no junctions made by users", false, 0},
    [MEASURE_FONTS] = {"no fonts from outside the system folder", false, 0},
    [MEASURE_PRIVILEGES] = {"unneeded privileges removed", false, 0},
};

static void record(int index, BOOL done)
{
    measures[index].done = done != 0;
    measures[index].error = done ? ERROR_SUCCESS : GetLastError();
}

static void set_policy(int index, PROCESS_MITIGATION_POLICY policy, void *flags, size_t size)
{
    record(index, SetProcessMitigationPolicy(policy, flags, size));
}

/*
 * Not set: ProhibitDynamicCode, because the regular expressions of rules are compiled to machine
 * code, and the Microsoft-only signature policy, which would refuse other vendors' COM proxies.
 */
void eg_harden_process(void)
{
    record(MEASURE_HEAP, HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0));
    record(MEASURE_DLL_SEARCH, SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32));
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);

    PROCESS_MITIGATION_IMAGE_LOAD_POLICY images = {0};
    images.NoRemoteImages = 1;
    images.NoLowMandatoryLabelImages = 1;
    images.PreferSystem32Images = 1;
    set_policy(MEASURE_IMAGE_LOAD, ProcessImageLoadPolicy, &images, sizeof(images));

    PROCESS_MITIGATION_EXTENSION_POINT_DISABLE_POLICY extensions = {0};
    extensions.DisableExtensionPoints = 1;
    set_policy(MEASURE_EXTENSION_POINTS, ProcessExtensionPointDisablePolicy, &extensions,
               sizeof(extensions));

    PROCESS_MITIGATION_STRICT_HANDLE_CHECK_POLICY handles = {0};
    handles.RaiseExceptionOnInvalidHandleReference = 1;
    handles.HandleExceptionsPermanentlyEnabled = 1;
    set_policy(MEASURE_STRICT_HANDLES, ProcessStrictHandleCheckPolicy, &handles, sizeof(handles));

    PROCESS_MITIGATION_REDIRECTION_TRUST_POLICY redirection = {0};
    redirection.EnforceRedirectionTrust = 1;
    set_policy(MEASURE_REDIRECTION, ProcessRedirectionTrustPolicy, &redirection,
               sizeof(redirection));

    PROCESS_MITIGATION_FONT_DISABLE_POLICY fonts = {0};
    fonts.DisableNonSystemFonts = 1;
    set_policy(MEASURE_FONTS, ProcessFontDisablePolicy, &fonts, sizeof(fonts));
}

/*
 * Kept: SeDebug reads command lines of other users' processes; SeSystemProfile starts the kernel
 * trace; SeSecurity reads the security log; SeBackup opens keys and tasks that are closed even to
 * SYSTEM; SeImpersonate is what COM needs to reach WMI and the task scheduler.
 */
static bool is_kept(LUID id)
{
    static const wchar_t *const kept[] = {
        L"SeChangeNotifyPrivilege",  L"SeDebugPrivilege",
        L"SeSystemProfilePrivilege", L"SeSecurityPrivilege",
        L"SeBackupPrivilege",        L"SeImpersonatePrivilege",
        L"SeCreateGlobalPrivilege",  L"SeIncreaseWorkingSetPrivilege",
    };
    for (size_t i = 0; i < EG_COUNT(kept); i++) {
        LUID known;
        if (LookupPrivilegeValueW(NULL, kept[i], &known) && known.LowPart == id.LowPart &&
            known.HighPart == id.HighPart) {
            return true;
        }
    }
    return false;
}

void eg_harden_privileges(void)
{
    HANDLE token = NULL;
    DWORD size = 0;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token)) {
        record(MEASURE_PRIVILEGES, FALSE);
        return;
    }
    GetTokenInformation(token, TokenPrivileges, NULL, 0, &size);
    TOKEN_PRIVILEGES *list = size ? eg_alloc(size) : NULL;
    if (!list || !GetTokenInformation(token, TokenPrivileges, list, size, &size)) {
        record(MEASURE_PRIVILEGES, FALSE);
    } else {
        DWORD count = 0;
        for (DWORD i = 0; i < list->PrivilegeCount; i++) {
            if (!is_kept(list->Privileges[i].Luid)) {
                list->Privileges[count].Luid = list->Privileges[i].Luid;
                list->Privileges[count].Attributes = SE_PRIVILEGE_REMOVED;
                count++;
            }
        }
        list->PrivilegeCount = count;
        SetLastError(ERROR_SUCCESS);
        BOOL done = AdjustTokenPrivileges(token, FALSE, list, 0, NULL, NULL);
        record(MEASURE_PRIVILEGES, done && GetLastError() == ERROR_SUCCESS);
    }
    eg_free(list);
    CloseHandle(token);
}

void eg_harden_log(void)
{
    for (size_t i = 0; i < MEASURE_COUNT; i++) {
        if (measures[i].done) {
            eg_log(EG_LOG_DEBUG, "harden", "%s: in force", measures[i].name);
        } else {
            eg_log(EG_LOG_INFO, "harden", "%s: not available here (%lu)", measures[i].name,
                   (unsigned long)measures[i].error);
        }
    }
}
