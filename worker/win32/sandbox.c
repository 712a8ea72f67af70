/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/win32/sandbox.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

#define END_TIMEOUT_MS 5000
#define KILLED 0xE0

static void tell(eg_sandbox *sandbox, const char *what, DWORD error)
{
    size_t length = strlen(sandbox->told);
    (void)snprintf(sandbox->told + length, sizeof(sandbox->told) - length, "%s%s (%lu)",
                   length > 0 ? ", " : "", what, (unsigned long)error);
}

const char *eg_sandbox_rights_name(eg_sandbox_rights rights)
{
    static const char *const names[EG_SANDBOX_RIGHTS_COUNT] = {
        [EG_SANDBOX_RESTRICTED] = "restricted token",
        [EG_SANDBOX_LOW] = "token without privileges",
        [EG_SANDBOX_ORDINARY] = "ordinary token",
    };
    return names[rights];
}

/* ---- token ---- */

typedef struct known_sid {
    BYTE bytes[SECURITY_MAX_SID_SIZE];
} known_sid;

static bool make_sid(WELL_KNOWN_SID_TYPE type, known_sid *out)
{
    DWORD size = sizeof(out->bytes);
    return CreateWellKnownSid(type, NULL, out->bytes, &size) != 0;
}

/*
 * With restricting SIDs a thing opens only when its access rules let them in as well: the system's
 * libraries do, other users' files and our own data do not.
 */
static bool restrict_token(HANDLE own, eg_sandbox_rights rights, HANDLE *out)
{
    known_sid administrators;
    known_sid allowed[3];
    SID_AND_ATTRIBUTES denied = {administrators.bytes, 0};
    SID_AND_ATTRIBUTES restricting[] = {
        {allowed[0].bytes, 0}, {allowed[1].bytes, 0}, {allowed[2].bytes, 0}};
    return make_sid(WinBuiltinAdministratorsSid, &administrators) &&
           make_sid(WinWorldSid, &allowed[0]) && make_sid(WinBuiltinUsersSid, &allowed[1]) &&
           make_sid(WinRestrictedCodeSid, &allowed[2]) &&
           CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, 1, &denied, 0, NULL,
                                 rights == EG_SANDBOX_RESTRICTED ? 3 : 0, restricting, out);
}

static void lower_integrity(HANDLE token, eg_sandbox *sandbox)
{
    known_sid low;
    TOKEN_MANDATORY_LABEL label = {{low.bytes, SE_GROUP_INTEGRITY}};
    if (!make_sid(WinLowLabelSid, &low) ||
        !SetTokenInformation(token, TokenIntegrityLevel, &label,
                             (DWORD)sizeof(label) + GetLengthSid(low.bytes))) {
        tell(sandbox, "low integrity", GetLastError());
    }
}

static int make_token(eg_sandbox_rights rights, eg_sandbox *sandbox, HANDLE *out)
{
    HANDLE own = NULL;
    HANDLE made = NULL;
    int status = EG_OK;
    if (!OpenProcessToken(
            GetCurrentProcess(),
            TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT, &own)) {
        return eg_fail_os(GetLastError(), "open our own token");
    }
    if (restrict_token(own, rights, &made)) {
        lower_integrity(made, sandbox);
        *out = made;
    } else {
        status = eg_fail_os(GetLastError(), "make a token without rights");
    }
    CloseHandle(own);
    return status;
}

/* ---- job ---- */

static void set_job(eg_sandbox *sandbox, size_t memory_bytes)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    JOBOBJECT_BASIC_UI_RESTRICTIONS ui = {
        JOB_OBJECT_UILIMIT_DESKTOP | JOB_OBJECT_UILIMIT_DISPLAYSETTINGS |
        JOB_OBJECT_UILIMIT_EXITWINDOWS | JOB_OBJECT_UILIMIT_GLOBALATOMS |
        JOB_OBJECT_UILIMIT_HANDLES | JOB_OBJECT_UILIMIT_READCLIPBOARD |
        JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS | JOB_OBJECT_UILIMIT_WRITECLIPBOARD};
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_PROCESS_MEMORY | JOB_OBJECT_LIMIT_ACTIVE_PROCESS |
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION |
        JOB_OBJECT_LIMIT_PRIORITY_CLASS;
    limits.BasicLimitInformation.ActiveProcessLimit = 1;
    limits.BasicLimitInformation.PriorityClass = BELOW_NORMAL_PRIORITY_CLASS;
    limits.ProcessMemoryLimit = memory_bytes;
    sandbox->job = CreateJobObjectW(NULL, NULL);
    if (!sandbox->job || !SetInformationJobObject(sandbox->job, JobObjectExtendedLimitInformation,
                                                  &limits, sizeof(limits))) {
        tell(sandbox, "job limits", GetLastError());
    }
    if (!sandbox->job ||
        !SetInformationJobObject(sandbox->job, JobObjectBasicUIRestrictions, &ui, sizeof(ui))) {
        tell(sandbox, "job without a user interface", GetLastError());
    }
}

/* ---- process ---- */

/* Freed with DeleteProcThreadAttributeList and eg_free. The handle list must hold, or all leak. */
static int make_attributes(HANDLE *inherited, LPPROC_THREAD_ATTRIBUTE_LIST *out)
{
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST list = eg_alloc(size);
    if (!list) {
        return EG_E_NOMEM;
    }
    if (!InitializeProcThreadAttributeList(list, 1, 0, &size)) {
        eg_free(list);
        return eg_fail_os(GetLastError(), "begin the attributes of a process");
    }
    if (!UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited,
                                   sizeof(*inherited), NULL, NULL)) {
        int status = eg_fail_os(GetLastError(), "limit the handles of a process");
        DeleteProcThreadAttributeList(list);
        eg_free(list);
        return status;
    }
    *out = list;
    return EG_OK;
}

static int create_suspended(const eg_sandbox_options *o, HANDLE token, PROCESS_INFORMATION *out)
{
    const DWORD flags = CREATE_SUSPENDED | DETACHED_PROCESS | EXTENDED_STARTUPINFO_PRESENT |
                        BELOW_NORMAL_PRIORITY_CLASS;
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof(startup)}};
    WCHAR folder[MAX_PATH];
    HANDLE inherited = o->inherited;
    UINT length = GetSystemDirectoryW(folder, MAX_PATH);
    int status = make_attributes(&inherited, &startup.lpAttributeList);
    if (status != EG_OK) {
        return status;
    }
    const WCHAR *place = length > 0 && length < MAX_PATH ? folder : NULL;
    BOOL made = token ? CreateProcessAsUserW(token, o->program, o->command_line, NULL, NULL, TRUE,
                                             flags, NULL, place, &startup.StartupInfo, out)
                      : CreateProcessW(o->program, o->command_line, NULL, NULL, TRUE, flags, NULL,
                                       place, &startup.StartupInfo, out);
    if (!made) {
        status = eg_fail_os(GetLastError(), "start the scan worker");
    }
    DeleteProcThreadAttributeList(startup.lpAttributeList);
    eg_free(startup.lpAttributeList);
    return status;
}

int eg_sandbox_start(const eg_sandbox_options *options, eg_sandbox *out)
{
    PROCESS_INFORMATION info = {0};
    eg_sandbox made = {0};
    HANDLE token = NULL;
    int status = EG_OK;
    if (options->rights != EG_SANDBOX_ORDINARY) {
        status = make_token(options->rights, &made, &token);
    }
    if (status == EG_OK) {
        status = create_suspended(options, token, &info);
    }
    if (token) {
        CloseHandle(token);
    }
    if (status != EG_OK) {
        return status;
    }
    made.process = info.hProcess;
    set_job(&made, options->memory_bytes);
    if (made.job && !AssignProcessToJobObject(made.job, made.process)) {
        tell(&made, "job", GetLastError());
    }
    ResumeThread(info.hThread);
    CloseHandle(info.hThread);
    *out = made;
    return EG_OK;
}

void eg_sandbox_end(eg_sandbox *sandbox)
{
    if (sandbox->process) {
        TerminateProcess(sandbox->process, KILLED);
        WaitForSingleObject(sandbox->process, END_TIMEOUT_MS);
        CloseHandle(sandbox->process);
    }
    if (sandbox->job) {
        CloseHandle(sandbox->job);
    }
    *sandbox = (eg_sandbox){0};
}
