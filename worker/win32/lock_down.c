/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/win32/lock_down.h"

#include "core/base/compiler.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

/* All of them are one DWORD of flags; the flag is the same in every SDK, its name is not. */
typedef struct measure {
    const char *name;
    PROCESS_MITIGATION_POLICY policy;
    DWORD flags;
} measure;

static const measure measures[] = {
    {"no new code", ProcessDynamicCodePolicy, 0x1},           /* ProhibitDynamicCode */
    {"strict handles", ProcessStrictHandleCheckPolicy, 0x3},  /* raise, for good */
    {"no window calls", ProcessSystemCallDisablePolicy, 0x1}, /* DisallowWin32kSystemCalls */
    {"no extension points", ProcessExtensionPointDisablePolicy, 0x1},
    {"Microsoft's libraries only", ProcessSignaturePolicy, 0x1},
    {"no other fonts", ProcessFontDisablePolicy, 0x1},
    {"no foreign images", ProcessImageLoadPolicy, 0x7}, /* remote, low label, System32 first */
    {"no child processes", (PROCESS_MITIGATION_POLICY)13, 0x1}, /* ProcessChildProcessPolicy */
};

static void tell(char *told, size_t size, const char *name)
{
    size_t length = strlen(told);
    (void)snprintf(told + length, size - length, "%s%s (%lu)", length > 0 ? ", " : "", name,
                   (unsigned long)GetLastError());
}

/* Below low: such a process may write to nothing that others read. */
static bool become_untrusted(void)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    DWORD size = sizeof(sid);
    HANDLE token = NULL;
    TOKEN_MANDATORY_LABEL label = {{sid, SE_GROUP_INTEGRITY}};
    if (!CreateWellKnownSid(WinUntrustedLabelSid, NULL, sid, &size) ||
        !OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_DEFAULT, &token)) {
        return false;
    }
    BOOL done = SetTokenInformation(token, TokenIntegrityLevel, &label,
                                    (DWORD)sizeof(label) + GetLengthSid(sid));
    DWORD error = GetLastError();
    CloseHandle(token);
    SetLastError(error);
    return done != 0;
}

void eg_worker_lock_down(char *told, size_t size)
{
    told[0] = '\0';
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    if (!HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0)) {
        tell(told, size, "end on heap corruption");
    }
    if (!SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32)) {
        tell(told, size, "libraries from the system folder only");
    }
    for (size_t i = 0; i < EG_COUNT(measures); i++) {
        DWORD flags = measures[i].flags;
        if (!SetProcessMitigationPolicy(measures[i].policy, &flags, sizeof(flags))) {
            tell(told, size, measures[i].name);
        }
    }
    if (!become_untrusted()) {
        tell(told, size, "untrusted integrity");
    }
}
