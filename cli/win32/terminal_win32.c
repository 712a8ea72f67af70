/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/update/crypto.h"

#include <windows.h>

#include <string.h>

#define LINE_MAX_UNITS 1024
#define COMMAND_MAX_UNITS 32768 /* of CreateProcessW */

/* ---- the console ---- */

static int print(HANDLE console, const char *text)
{
    uint16_t wide[LINE_MAX_UNITS];
    DWORD written = 0;
    size_t units = 0;
    int status = eg_utf16_from_utf8(wide, LINE_MAX_UNITS, eg_str_from(text), &units);
    if (status == EG_OK && !WriteConsoleW(console, wide, (DWORD)units, &written, NULL)) {
        status = eg_fail_os(GetLastError(), "asking on the console");
    }
    return status;
}

static int read_hidden(HANDLE input, HANDLE output, const char *prompt, eg_buf *out)
{
    uint16_t typed[LINE_MAX_UNITS];
    DWORD shown = 0, got = 0;
    if (!GetConsoleMode(input, &shown)) {
        return eg_fail(EG_E_UNSUPPORTED, "there is no console to ask for a passphrase");
    }
    int status = print(output, prompt);
    SetConsoleMode(input, (shown | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT) &
                              ~(DWORD)ENABLE_ECHO_INPUT);
    if (status == EG_OK && !ReadConsoleW(input, typed, LINE_MAX_UNITS, &got, NULL)) {
        status = eg_fail_os(GetLastError(), "reading from the console");
    }
    SetConsoleMode(input, shown);
    while (got > 0 && (typed[got - 1] == '\r' || typed[got - 1] == '\n')) {
        got--;
    }
    if (status == EG_OK) {
        status = eg_utf8_from_utf16(out, typed, got);
    }
    eg_wipe(typed, sizeof(typed));
    if (status == EG_OK) {
        status = print(output, "\r\n");
    }
    return status;
}

static HANDLE open_console(const wchar_t *name)
{
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, 0, NULL);
}

int eg_terminal_ask_secret(const char *prompt, eg_buf *out)
{
    HANDLE input = open_console(L"CONIN$");
    HANDLE output = open_console(L"CONOUT$");
    int status = input == INVALID_HANDLE_VALUE || output == INVALID_HANDLE_VALUE
                     ? eg_fail(EG_E_UNSUPPORTED, "there is no console to ask for a passphrase")
                     : read_hidden(input, output, prompt, out);
    if (input != INVALID_HANDLE_VALUE) {
        CloseHandle(input);
    }
    if (output != INVALID_HANDLE_VALUE) {
        CloseHandle(output);
    }
    return status;
}

int eg_private_file_write(const char *path, const void *data, size_t size)
{
    return eg_file_write_new(path, data, size);
}

/* ---- the shell ---- */

/* CreateProcessW writes into the command line it gets. */
static int run(const wchar_t *program, wchar_t *line, DWORD *code)
{
    STARTUPINFOW start = {.cb = sizeof(start)};
    PROCESS_INFORMATION process;
    if (!CreateProcessW(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
        return eg_fail_os(GetLastError(), "start cmd.exe");
    }
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return EG_OK;
}

int eg_shell_run(const char *line)
{
    static const wchar_t name[] = L"\\cmd.exe";
    wchar_t program[MAX_PATH + EG_COUNT(name)];
    DWORD code = 0;
    size_t units = 0;
    UINT length = GetSystemDirectoryW(program, MAX_PATH);
    if (length == 0 || length >= MAX_PATH) {
        return eg_fail_os(GetLastError(), "find cmd.exe");
    }
    memcpy(program + length, name, sizeof(name));
    uint16_t *wide = eg_alloc(COMMAND_MAX_UNITS * sizeof(*wide));
    eg_buf text;
    eg_buf_init(&text, 4 * COMMAND_MAX_UNITS);
    /* /s: of the quotes only the outer ones are taken away. */
    int status = wide ? eg_buf_appendf(&text, "cmd.exe /d /s /c \"%s\"", line) : EG_E_NOMEM;
    if (status == EG_OK) {
        status = eg_utf16_from_utf8(wide, COMMAND_MAX_UNITS, eg_buf_str(&text), &units);
    }
    if (status == EG_OK) {
        status = run(program, (wchar_t *)wide, &code);
    }
    eg_buf_done(&text);
    eg_free(wide);
    if (status == EG_OK && code != 0) {
        status = eg_fail(EG_E_IO, "the command ended with %lu: %.800s", code, line);
    }
    return status;
}

int eg_shell_append_word(eg_buf *line, const char *text)
{
    if (strpbrk(text, "\"%")) {
        return eg_fail(EG_E_INVALID, "%s cannot be part of a command line", text);
    }
    return eg_buf_appendf(line, "\"%s\"", text);
}
