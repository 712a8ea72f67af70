/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emoguard-tray.exe: the icon in the notification area of one session, and the window that tells
 * the person there what was found. It decides nothing and reads nothing from disk; everything
 * comes from the service.
 */
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/version.h"
#include "tray/app.h"
#include "tray/text.h"

#include <windows.h>

#include <commctrl.h>
#include <shellapi.h>

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void harden(void)
{
    PROCESS_MITIGATION_IMAGE_LOAD_POLICY images = {0};

    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    /* No DLL from a share or a low-integrity folder. Screen readers need the extension points. */
    images.NoRemoteImages = 1;
    images.NoLowMandatoryLabelImages = 1;
    SetProcessMitigationPolicy(ProcessImageLoadPolicy, &images, sizeof(images));
}

static bool write_to(DWORD which, const char *bytes, size_t size)
{
    HANDLE out = GetStdHandle(which);
    DWORD written;

    return out && out != INVALID_HANDLE_VALUE && GetFileType(out) != FILE_TYPE_UNKNOWN &&
           WriteFile(out, bytes, (DWORD)size, &written, NULL);
}

/* Log lines go to a debugger, and to standard error where somebody gave us one. */
static void log_line(void *user, eg_log_level level, const char *area, const char *line)
{
    eg_buf text;

    EG_UNUSED(user);
    eg_buf_init(&text, 4096);
    eg_buf_appendf(&text, "emoguard-%s: %s: %s\n", area, eg_log_level_name(level), line);
    uint16_t *wide = eg_utf16_copy(eg_buf_str(&text));
    if (wide) {
        OutputDebugStringW((const wchar_t *)wide);
        eg_free(wide);
    }
    write_to(STD_ERROR_HANDLE, eg_buf_cstr(&text), text.len);
    eg_buf_done(&text);
}

/* To standard output where there is one, else as a message box: the program has no console. */
static void tell(const wchar_t *text, UINT box_icon)
{
    eg_buf bytes;

    eg_buf_init(&bytes, 64u * 1024);
    eg_utf8_from_utf16(&bytes, (const uint16_t *)text, wcslen(text));
    if (!write_to(box_icon == MB_ICONERROR ? STD_ERROR_HANDLE : STD_OUTPUT_HANDLE, bytes.data,
                  bytes.len)) {
        MessageBoxW(NULL, text, L"EmoGuard", MB_OK | box_icon);
    }
    eg_buf_done(&bytes);
}

/* False when this session has a tray on the same pipe already. */
static bool take_session(const wchar_t *pipe)
{
    wchar_t name[MAX_PATH] = L"Local\\EmoGuardTray";
    size_t at = wcslen(name);

    for (const wchar_t *c = pipe ? pipe : L""; *c && at + 1 < MAX_PATH; c++) {
        name[at++] = *c == L'\\' ? L'/' : *c;
    }
    name[at] = L'\0';
    return CreateMutexW(NULL, FALSE, name) && GetLastError() != ERROR_ALREADY_EXISTS;
}

static int run(HINSTANCE instance, const eg_tray_options *options, eg_arena *arena)
{
    INITCOMMONCONTROLSEX controls = {sizeof(controls), ICC_STANDARD_CLASSES | ICC_WIN95_CLASSES};
    int status;

    if (options->help) {
        tell(eg_tray_text(arena, EG_TEXT_USAGE), MB_ICONINFORMATION);
        return EXIT_FINE;
    }
    if (options->version) {
        tell(L"emoguard-tray "
             L"" EG_VERSION_STRING L"\n",
             MB_ICONINFORMATION);
        return EXIT_FINE;
    }
    if (!options->show && !take_session(options->pipe)) {
        eg_log(EG_LOG_INFO, "tray", "the icon is there already in this session");
        return EXIT_FINE;
    }
    InitCommonControlsEx(&controls);
    status = eg_app_run(instance, options);
    if (status != EG_OK) {
        eg_str reason = eg_str_from(eg_error_message());
        tell(eg_tray_text_format1(arena, EG_TEXT_START_FAILED,
                                  eg_tray_text_safe(arena, reason, false, 1024)),
             MB_ICONERROR);
        return EXIT_FAILED;
    }
    return EXIT_FINE;
}

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE before, wchar_t *command_line, int show)
{
    eg_tray_options options;
    const wchar_t *wrong = L"";
    eg_arena *arena = NULL;
    wchar_t **arguments;
    int count = 0, code = EXIT_FAILED;

    EG_UNUSED(before);
    EG_UNUSED(command_line);
    EG_UNUSED(show);
    harden();
    eg_log_set_sink(log_line, NULL);
    eg_tray_text_use(NULL, eg_language_of_user());
    arguments = CommandLineToArgvW(GetCommandLineW(), &count);
    if (arguments && eg_arena_create(&arena, 8192) == EG_OK) {
        if (eg_tray_options_read(count, arguments, &options, &wrong) == EG_OK) {
            code = run(instance, &options, arena);
        } else {
            tell(eg_tray_text_format1(arena, EG_TEXT_BAD_OPTION, wrong), MB_ICONERROR);
            code = EXIT_USAGE;
        }
    }
    eg_arena_destroy(arena);
    LocalFree(arguments);
    return code;
}
