/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes things happen for the bench and says exactly when: one command a line on standard input,
 * one answer a line on standard output, times as FILETIME.
 *
 *     run NAME COMMAND    writes a value to HKCU Run    -> time just after the write
 *     delete NAME         deletes it                     -> time
 *     start COMMAND       starts a program               -> time just before CreateProcess
 *     ready PROGRAM       starts it and ends it          -> how long until it waited for input
 *     ping TITLE          asks the window of that name   -> 1 when it answers within a second
 *     close TITLE         closes the window of that name -> 1, or 0 when there is none
 *     says TEXT@TITLE     reads the window of that name  -> 1 when the text is in one of its parts
 *     tip TEXT            reads the tooltips on screen   -> 1 when the text is in one of them
 *     send NUMBER@TITLE   sends it that window message   -> 1 when it was handled within a second
 *     letter C            types it into the open menu    -> 1, or 0 when no menu is open; "Return"
 *                         is that key
 *
 * Started with arguments it is the program that is seen: it stays for a second and ends.
 */
#include <windows.h>

#include <stdio.h>
#include <wchar.h>

#define LINE_MAX 4096
#define STAY_MS 1000
#define READY_MS 10000
#define RUN_KEY L"Software\\Microsoft\\Windows\\CurrentVersion\\Run"

static unsigned long long now(void)
{
    FILETIME time;
    GetSystemTimePreciseAsFileTime(&time);
    return ((unsigned long long)time.dwHighDateTime << 32) | time.dwLowDateTime;
}

static unsigned long long write_value(wchar_t *arguments)
{
    wchar_t *command = wcschr(arguments, L' ');
    if (!command) {
        return 0;
    }
    *command++ = L'\0';
    DWORD size = (DWORD)((wcslen(command) + 1) * sizeof(wchar_t));
    LSTATUS error = RegSetKeyValueW(HKEY_CURRENT_USER, RUN_KEY, arguments, REG_SZ, command, size);
    return error == ERROR_SUCCESS ? now() : 0;
}

static unsigned long long delete_value(wchar_t *name)
{
    return RegDeleteKeyValueW(HKEY_CURRENT_USER, RUN_KEY, name) == ERROR_SUCCESS ? now() : 0;
}

/* CreateProcess gets the program's own path, so the first word of the command is unquoted. */
static unsigned long long start_program(wchar_t *command)
{
    wchar_t program[LINE_MAX];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;

    size_t length = wcscspn(command, L" ");
    wmemcpy(program, command, length);
    program[length] = L'\0';
    unsigned long long time = now();
    if (!CreateProcessW(program, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup,
                        &process)) {
        return 0;
    }
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return time;
}

/* In FILETIME's units; 0 when it never came to that. */
static unsigned long long time_start(const wchar_t *program)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    unsigned long long before = now(), after = 0;
    if (!CreateProcessW(program, NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)) {
        return 0;
    }
    if (WaitForInputIdle(process.hProcess, READY_MS) == 0) {
        after = now();
    }
    TerminateProcess(process.hProcess, 0);
    WaitForSingleObject(process.hProcess, READY_MS);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return after > before ? after - before : 0;
}

static unsigned long long close_window(const wchar_t *title)
{
    HWND window = FindWindowW(NULL, title);
    return window && PostMessageW(window, WM_CLOSE, 0, 0) ? 1 : 0;
}

/* 1 when the window answers within a second. */
static unsigned long long ping_window(const wchar_t *title)
{
    HWND window = FindWindowW(NULL, title);
    DWORD_PTR answer = 0;
    return window && SendMessageTimeoutW(window, WM_NULL, 0, 0, SMTO_NORMAL, 1000, &answer) ? 1 : 0;
}

typedef struct search {
    const wchar_t *text;
    unsigned long long found;
} search;

static BOOL CALLBACK look_at_control(HWND control, LPARAM parameter)
{
    search *wanted = (search *)parameter;
    wchar_t text[LINE_MAX] = L"";
    DWORD_PTR length = 0;
    if (SendMessageTimeoutW(control, WM_GETTEXT, LINE_MAX, (LPARAM)text, SMTO_NORMAL, 1000,
                            &length) &&
        wcsstr(text, wanted->text)) {
        wanted->found = 1;
    }
    return !wanted->found;
}

static unsigned long long read_window(wchar_t *arguments)
{
    search wanted = {.text = arguments};
    wchar_t *title = wcschr(arguments, L'@');
    if (!title) {
        return 0;
    }
    *title++ = L'\0';
    HWND window = FindWindowW(NULL, title);
    if (window) {
        EnumChildWindows(window, look_at_control, (LPARAM)&wanted);
    }
    return wanted.found;
}

static BOOL CALLBACK look_at_tip(HWND window, LPARAM parameter)
{
    wchar_t name[32] = L"";
    if (!IsWindowVisible(window) || !GetClassNameW(window, name, 32) ||
        wcscmp(name, L"tooltips_class32") != 0) {
        return TRUE;
    }
    return look_at_control(window, parameter);
}

static unsigned long long read_tips(const wchar_t *text)
{
    search wanted = {.text = text};
    EnumWindows(look_at_tip, (LPARAM)&wanted);
    return wanted.found;
}

static unsigned long long send_message(const wchar_t *arguments)
{
    wchar_t *title;
    unsigned long number = wcstoul(arguments, &title, 10);
    DWORD_PTR answer = 0;
    HWND window = *title == L'@' ? FindWindowW(NULL, title + 1) : NULL;
    return window && SendMessageTimeoutW(window, number, 0, 0, SMTO_NORMAL, 1000, &answer) ? 1 : 0;
}

static unsigned long long type_letter(const wchar_t *letter)
{
    WPARAM key = wcscmp(letter, L"Return") == 0 ? L'\r' : *letter;
    HWND menu = FindWindowW(L"#32768", NULL); /* the class of every menu */
    return menu && IsWindowVisible(menu) && PostMessageW(menu, WM_CHAR, key, 0) ? 1 : 0;
}

static unsigned long long obey(wchar_t *line)
{
    wchar_t *arguments = wcschr(line, L' ');
    if (!arguments) {
        return 0;
    }
    *arguments++ = L'\0';
    if (wcscmp(line, L"run") == 0) {
        return write_value(arguments);
    }
    if (wcscmp(line, L"delete") == 0) {
        return delete_value(arguments);
    }
    if (wcscmp(line, L"start") == 0) {
        return start_program(arguments);
    }
    if (wcscmp(line, L"ready") == 0) {
        return time_start(arguments);
    }
    if (wcscmp(line, L"ping") == 0) {
        return ping_window(arguments);
    }
    if (wcscmp(line, L"says") == 0) {
        return read_window(arguments);
    }
    if (wcscmp(line, L"tip") == 0) {
        return read_tips(arguments);
    }
    if (wcscmp(line, L"send") == 0) {
        return send_message(arguments);
    }
    if (wcscmp(line, L"letter") == 0) {
        return type_letter(arguments);
    }
    return wcscmp(line, L"close") == 0 ? close_window(arguments) : 0;
}

int main(int argc, char **argv)
{
    char bytes[LINE_MAX];
    wchar_t line[LINE_MAX];

    (void)argv;
    if (argc > 1) {
        Sleep(STAY_MS);
        return 0;
    }
    while (fgets(bytes, sizeof(bytes), stdin)) {
        bytes[strcspn(bytes, "\r\n")] = '\0';
        if (MultiByteToWideChar(CP_UTF8, 0, bytes, -1, line, LINE_MAX) == 0) {
            line[0] = L'\0';
        }
        printf("%llu\n", obey(line));
        fflush(stdout);
    }
    return 0;
}
