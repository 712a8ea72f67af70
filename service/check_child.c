/* SPDX-License-Identifier: Apache-2.0 */
#include "service/check_child.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "service/wide.h"

#define PIPE_BYTES 65536u
#define COMMAND_BYTES_MAX ((size_t)128 * 1024)
#define END_MS 500u
#define KILLED 0xE0u

/* What the child inherits. */
typedef struct ends {
    HANDLE input, output, nowhere;
} ends;

static void close(HANDLE *handle)
{
    if (*handle) {
        CloseHandle(*handle);
        *handle = NULL;
    }
}

/* ---- command line ---- */

/* As CommandLineToArgvW reads it: backslashes count before a quotation mark only. */
static int append_quoted(eg_buf *out, const char *argument)
{
    size_t slashes = 0;
    eg_buf_append_cstr(out, out->len > 0 ? " \"" : "\"");
    for (const char *c = argument; *c; c++) {
        if (*c == '"') {
            return eg_fail(EG_E_INVALID, "a quotation mark in %s", argument);
        }
        slashes = *c == '\\' ? slashes + 1 : 0;
        eg_buf_append_char(out, *c);
    }
    while (slashes-- > 0) {
        eg_buf_append_char(out, '\\');
    }
    return eg_buf_append_char(out, '"');
}

static int make_command(const char *program, const char *const *arguments, size_t count,
                        wchar_t **out)
{
    eg_buf line;
    eg_buf_init(&line, COMMAND_BYTES_MAX);
    int status = append_quoted(&line, program);
    for (size_t i = 0; status == EG_OK && i < count; i++) {
        status = append_quoted(&line, arguments[i]);
    }
    if (status == EG_OK) {
        *out = eg_wide_copy(eg_buf_str(&line));
        status = *out ? EG_OK : EG_E_NOMEM;
    }
    eg_buf_done(&line);
    return status;
}

/* ---- pipes ---- */

static int open_pipes(eg_check_child *child, ends *theirs)
{
    SECURITY_ATTRIBUTES inherited = {sizeof(inherited), NULL, TRUE};
    if (!CreatePipe(&theirs->input, &child->input, &inherited, 0) ||
        !CreatePipe(&child->output, &theirs->output, &inherited, PIPE_BYTES) ||
        !SetHandleInformation(child->input, HANDLE_FLAG_INHERIT, 0) ||
        !SetHandleInformation(child->output, HANDLE_FLAG_INHERIT, 0)) {
        return eg_fail_os(GetLastError(), "make the pipes of a check");
    }
    theirs->nowhere = CreateFileW(L"NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                  &inherited, OPEN_EXISTING, 0, NULL);
    if (theirs->nowhere == INVALID_HANDLE_VALUE) {
        theirs->nowhere = NULL;
        return eg_fail_os(GetLastError(), "open NUL");
    }
    return EG_OK;
}

/* ---- process ---- */

static int make_job(eg_check_child *child)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    child->job = CreateJobObjectW(NULL, NULL);
    if (!child->job || !SetInformationJobObject(child->job, JobObjectExtendedLimitInformation,
                                                &limits, sizeof(limits))) {
        return eg_fail_os(GetLastError(), "make the job of a check");
    }
    return EG_OK;
}

static int create(const wchar_t *program, wchar_t *command, const ends *theirs,
                  LPPROC_THREAD_ATTRIBUTE_LIST attributes, PROCESS_INFORMATION *out)
{
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof(startup)}};
    wchar_t folder[MAX_PATH];
    UINT length = GetSystemDirectoryW(folder, MAX_PATH);
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = theirs->input;
    startup.StartupInfo.hStdOutput = theirs->nowhere;
    startup.StartupInfo.hStdError = theirs->output;
    startup.lpAttributeList = attributes;
    if (!CreateProcessW(program, command, NULL, NULL, TRUE,
                        CREATE_SUSPENDED | DETACHED_PROCESS | EXTENDED_STARTUPINFO_PRESENT |
                            IDLE_PRIORITY_CLASS,
                        NULL, length > 0 && length < MAX_PATH ? folder : NULL, &startup.StartupInfo,
                        out)) {
        return eg_fail_os(GetLastError(), "start %ls", program);
    }
    return EG_OK;
}

/* It gets the three handles and no other of ours. */
static int create_with(const wchar_t *program, wchar_t *command, ends *theirs,
                       PROCESS_INFORMATION *out)
{
    HANDLE handles[] = {theirs->input, theirs->output, theirs->nowhere};
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
    int status = UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                                           sizeof(handles), NULL, NULL)
                     ? create(program, command, theirs, list, out)
                     : eg_fail_os(GetLastError(), "limit the handles of a process");
    DeleteProcThreadAttributeList(list);
    eg_free(list);
    return status;
}

/* In its job before it runs its first instruction. */
static int launch(eg_check_child *child, const wchar_t *program, wchar_t *command, ends *theirs)
{
    PROCESS_INFORMATION info = {0};
    int status = create_with(program, command, theirs, &info);
    if (status != EG_OK) {
        return status;
    }
    child->process = info.hProcess;
    if (!AssignProcessToJobObject(child->job, info.hProcess)) {
        status = eg_fail_os(GetLastError(), "put the check into its job");
        TerminateProcess(info.hProcess, KILLED);
    } else {
        ResumeThread(info.hThread);
    }
    CloseHandle(info.hThread);
    return status;
}

int eg_check_child_start(const char *program, const char *const *arguments, size_t count,
                         eg_check_child *out)
{
    eg_check_child child = {0};
    ends theirs = {0};
    wchar_t *wide = NULL, *command = NULL;
    uint32_t code;
    int status = make_command(program, arguments, count, &command);
    if (status == EG_OK) {
        wide = eg_wide_copy(eg_str_from(program));
        status = wide ? EG_OK : EG_E_NOMEM;
    }
    if (status == EG_OK) {
        status = open_pipes(&child, &theirs);
    }
    if (status == EG_OK) {
        status = make_job(&child);
    }
    if (status == EG_OK) {
        status = launch(&child, wide, command, &theirs);
    }
    close(&theirs.input);
    close(&theirs.output);
    close(&theirs.nowhere);
    eg_free(wide);
    eg_free(command);
    if (status == EG_OK) {
        *out = child;
    } else {
        eg_check_child_end(&child, &code);
    }
    return status;
}

bool eg_check_child_read(eg_check_child *child, char *out, size_t max, size_t *size)
{
    DWORD waiting = 0, got = 0;
    if (!PeekNamedPipe(child->output, NULL, 0, NULL, &waiting, NULL) || waiting == 0 ||
        !ReadFile(child->output, out, (DWORD)(waiting < max ? waiting : max), &got, NULL)) {
        return false;
    }
    *size = got;
    return got > 0;
}

void eg_check_child_ask_to_stop(eg_check_child *child)
{
    close(&child->input);
}

bool eg_check_child_end(eg_check_child *child, uint32_t *code)
{
    DWORD ended = 0;
    bool by_itself = child->process && WaitForSingleObject(child->process, 0) == WAIT_OBJECT_0 &&
                     GetExitCodeProcess(child->process, &ended);
    if (child->job) {
        TerminateJobObject(child->job, KILLED);
    }
    if (child->process && !by_itself) {
        WaitForSingleObject(child->process, END_MS);
    }
    close(&child->input);
    close(&child->output);
    close(&child->process);
    close(&child->job);
    *code = ended;
    return by_itself;
}
