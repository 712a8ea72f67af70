/* SPDX-License-Identifier: Apache-2.0 */
/* Entry point on Windows: arguments as UTF-8, a console that shows UTF-8, hardened DLL search. */
#include "cli/cli.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <io.h>
#include <shellapi.h>
#include <wchar.h>

static char **utf8_arguments(int *argc)
{
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), argc);
    if (!wide) {
        return NULL;
    }
    char **argv = eg_alloc_zero((size_t)*argc + 1, sizeof(*argv));
    for (int i = 0; argv && i < *argc; i++) {
        eg_buf text;
        eg_buf_init(&text, 256 * 1024);
        eg_utf8_from_utf16(&text, (const uint16_t *)wide[i], wcslen(wide[i]));
        argv[i] = text.len ? eg_buf_take(&text) : eg_copy_bytes("", 0);
        eg_buf_done(&text);
        if (!argv[i]) {
            *argc = i;
        }
    }
    LocalFree(wide);
    return argv;
}

/* The console's code page before us; 0 without a console. */
static UINT console;

static void give_console_back(void)
{
    fflush(stdout);
    if (console != 0) {
        SetConsoleOutputCP(console);
    }
}

int main(void)
{
    int argc = 0;

    console = GetConsoleOutputCP();
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    SetConsoleOutputCP(CP_UTF8);
    char **argv = utf8_arguments(&argc);
    int code = EG_EXIT_INCOMPLETE;
    if (argv) {
        code = eg_cli_main(argc, argv);
        for (int i = 0; i < argc; i++) {
            eg_free(argv[i]);
        }
        eg_free(argv);
    } else {
        eg_cli_error("cannot read the command line: out of memory");
    }
    give_console_back();
    return code;
}

void eg_cli_leave(int code)
{
    give_console_back();
    TerminateProcess(GetCurrentProcess(), (UINT)code);
}

bool eg_cli_is_terminal(FILE *stream)
{
    return _isatty(_fileno(stream)) != 0;
}

FILE *eg_cli_open(const char *path, const char *mode)
{
    FILE *file = NULL;
    uint16_t *wide_path = eg_utf16_copy(eg_str_from(path));
    uint16_t *wide_mode = eg_utf16_copy(eg_str_from(mode));
    if (wide_path && wide_mode) {
        file = _wfopen((const wchar_t *)wide_path, (const wchar_t *)wide_mode);
        if (!file) {
            eg_fail_os(_doserrno, "open %s", path);
        }
    }
    eg_free(wide_mode);
    eg_free(wide_path);
    return file;
}

static void (*interrupted)(void);

static BOOL WINAPI on_interrupt(DWORD type)
{
    (void)type;
    interrupted();
    return TRUE;
}

int eg_cli_on_interrupt(void (*call)(void))
{
    interrupted = call;
    return SetConsoleCtrlHandler(on_interrupt, TRUE)
               ? EG_OK
               : eg_fail_os(GetLastError(), "listen for Ctrl-C");
}

void eg_cli_wait_input_end(void)
{
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    char bytes[256];
    DWORD got = 0;
    while (ReadFile(input, bytes, sizeof(bytes), &got, NULL) && got > 0) {
    }
}

int eg_cli_default_database(eg_buf *out)
{
    eg_buf data;
    eg_buf_init(&data, 4096);
    int status = eg_env_get("ProgramData", &data);
    if (status == EG_OK) {
        status = eg_path_join(out, eg_buf_cstr(&data), "EmoGuard/emoguard.db");
    }
    eg_buf_done(&data);
    return status;
}

static int path_beside_us(const char *name, eg_buf *out)
{
    enum { UNITS = 32768 };
    eg_buf program;
    wchar_t *wide = eg_alloc(UNITS * sizeof(*wide));
    if (!wide) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&program, (size_t)128 * 1024);
    DWORD length = GetModuleFileNameW(NULL, wide, UNITS);
    int status = EG_OK;
    if (length == 0 || length >= UNITS) {
        status = eg_fail_os(GetLastError(), "find the path of this program");
    } else {
        status = eg_utf8_from_utf16(&program, (const uint16_t *)wide, length);
    }
    if (status == EG_OK) {
        program.len -= eg_path_base(eg_buf_str(&program)).len;
        program.data[program.len] = '\0';
        status = eg_path_join(out, eg_buf_cstr(&program), name);
    }
    eg_buf_done(&program);
    eg_free(wide);
    return status;
}

int eg_cli_default_rules(eg_buf *out)
{
    return path_beside_us("rules", out);
}

int eg_cli_scan_worker(eg_buf *out)
{
    return path_beside_us("emoguard-worker.exe", out);
}
