/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stand-in: one small program that the drill copies under the names of an infection chain. By
 * the name it runs under it starts the next stage, waits for it and ends. It is harmless: it
 * starts only copies of itself, loads only the drill's own library, and refuses to do anything
 * outside a folder named EmoGuardDrill.
 */
#include "cli/drill/drill.h"

#include <windows.h>

#include <stdbool.h>
#include <wchar.h>

#define TEXT_MAX 2048

typedef struct stage {
    wchar_t folder[TEXT_MAX]; /* of this program, without a trailing backslash */
    wchar_t name[64];
    wchar_t library[TEXT_MAX];
} stage;

static bool describe_self(stage *self)
{
    wchar_t local[TEXT_MAX];
    DWORD length = GetModuleFileNameW(NULL, self->folder, TEXT_MAX);
    wchar_t *slash = length > 0 && length < TEXT_MAX ? wcsrchr(self->folder, L'\\') : NULL;
    if (!slash || wcslen(slash + 1) >= 64) {
        return false;
    }
    _snwprintf(self->name, 64, L"%ls", slash + 1);
    *slash = L'\0';
    slash = wcsrchr(self->folder, L'\\');
    if (!slash || _wcsicmp(slash + 1, EG_DRILL_NAME) != 0) {
        return false;
    }
    length = GetEnvironmentVariableW(L"LOCALAPPDATA", local, TEXT_MAX);
    if (length == 0 || length >= TEXT_MAX) {
        return false;
    }
    int written = _snwprintf(self->library, TEXT_MAX, L"%ls%ls\\%ls", local, EG_DRILL_DLL_FOLDER,
                             EG_DRILL_DLL);
    return written > 0 && written < TEXT_MAX;
}

static int start_and_wait(const stage *self, const wchar_t *program, const wchar_t *arguments)
{
    wchar_t path[TEXT_MAX], command[2 * TEXT_MAX];
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    DWORD code = 1;

    int written = _snwprintf(path, TEXT_MAX, L"%ls\\%ls", self->folder, program);
    if (written < 0 || written >= TEXT_MAX) {
        return 1;
    }
    written = _snwprintf(command, 2 * TEXT_MAX, L"\"%ls\" %ls", path, arguments);
    if (written < 0 || written >= 2 * TEXT_MAX) {
        return 1;
    }
    if (!CreateProcessW(path, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup,
                        &process)) {
        return 1;
    }
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return (int)code;
}

static int register_library(const stage *self)
{
    HMODULE library = LoadLibraryExW(
        self->library, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!library) {
        return 1;
    }
    FARPROC found = GetProcAddress(library, "DllRegisterServer");
    HRESULT(WINAPI * entry)(void) = NULL;
    memcpy(&entry, &found, sizeof(entry));
    HRESULT result = entry ? entry() : E_FAIL;
    Sleep(EG_DRILL_LINGER_MS);
    FreeLibrary(library);
    return SUCCEEDED(result) ? 0 : 1;
}

int wmain(void);

int wmain(void)
{
    static stage self;
    wchar_t arguments[2 * TEXT_MAX];

    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!describe_self(&self)) {
        return 2;
    }
    if (_wcsicmp(self.name, EG_DRILL_STAGE_1) == 0) {
        return start_and_wait(&self, EG_DRILL_STAGE_2,
                              L"-NoProfile -WindowStyle Hidden -EncodedCommand " EG_DRILL_ENCODED);
    }
    if (_wcsicmp(self.name, EG_DRILL_STAGE_2) == 0) {
        _snwprintf(arguments, 2 * TEXT_MAX - 1, L"/s \"%ls\"", self.library);
        arguments[2 * TEXT_MAX - 1] = L'\0';
        return start_and_wait(&self, EG_DRILL_STAGE_3, arguments);
    }
    if (_wcsicmp(self.name, EG_DRILL_STAGE_3) == 0) {
        return register_library(&self);
    }
    return 2;
}
