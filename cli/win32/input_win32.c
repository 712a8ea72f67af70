/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <string.h>

static HANDLE handle_of(const eg_input *input)
{
    return (HANDLE)input->handle;
}

static bool is_standard(const eg_input *input)
{
    return strcmp(input->path, "-") == 0;
}

static HANDLE open_path(const char *path, DWORD access)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    uint16_t *wide = eg_utf16_copy(eg_str_from(path));
    if (wide) {
        file = CreateFileW((LPCWSTR)wide, access,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    }
    DWORD code = GetLastError();
    eg_free(wide);
    SetLastError(code);
    return file;
}

int eg_input_open(const char *path, eg_input *out)
{
    HANDLE file;
    if (strcmp(path, "-") == 0) {
        file = GetStdHandle(STD_INPUT_HANDLE);
        if (!file || file == INVALID_HANDLE_VALUE) {
            return eg_fail(EG_E_IO, "there is no standard input");
        }
    } else if (eg_dir_exists(path)) {
        return eg_fail(EG_E_INVALID, "%s is a folder, not a file", path);
    } else {
        file = open_path(path, GENERIC_READ);
        if (file == INVALID_HANDLE_VALUE) {
            return eg_fail_os(GetLastError(), "open %s", path);
        }
    }
    bool is_file = GetFileType(file) == FILE_TYPE_DISK;
    *out = (eg_input){.handle = (intptr_t)file, .path = path, .is_file = is_file};
    return EG_OK;
}

void eg_input_close(eg_input *input)
{
    if (input->handle != EG_INPUT_CLOSED && !is_standard(input)) {
        CloseHandle(handle_of(input));
    }
    input->handle = EG_INPUT_CLOSED;
}

int eg_input_read(eg_input *input, void *out, size_t size, size_t *got)
{
    DWORD count = 0;
    DWORD wanted = size > 0x40000000 ? 0x40000000 : (DWORD)size;

    if (eg_interrupted()) {
        return eg_fail(EG_E_CLOSED, "interrupted");
    }
    if (!ReadFile(handle_of(input), out, wanted, &count, NULL)) {
        DWORD code = GetLastError();
        if (code == ERROR_OPERATION_ABORTED || eg_interrupted()) {
            return eg_fail(EG_E_CLOSED, "interrupted");
        }
        if (code != ERROR_BROKEN_PIPE && code != ERROR_HANDLE_EOF) {
            return eg_fail_os(code, "read %s", input->path);
        }
        count = 0; /* whoever wrote into the pipe is done */
    }
    *got = count;
    input->position += count;
    return EG_OK;
}

bool eg_input_may_wait(const eg_input *input)
{
    DWORD available = 0;
    if (input->is_file) {
        return false;
    }
    if (GetFileType(handle_of(input)) != FILE_TYPE_PIPE) {
        return true;
    }
    return PeekNamedPipe(handle_of(input), NULL, 0, NULL, &available, NULL) && available == 0;
}

uint64_t eg_input_size(const eg_input *input)
{
    LARGE_INTEGER size;
    bool known = input->is_file && GetFileSizeEx(handle_of(input), &size);
    return known ? (uint64_t)size.QuadPart : 0;
}

bool eg_input_was_replaced(const eg_input *input)
{
    BY_HANDLE_FILE_INFORMATION ours, named;
    if (is_standard(input)) {
        return false;
    }
    HANDLE file = open_path(input->path, FILE_READ_ATTRIBUTES);
    if (file == INVALID_HANDLE_VALUE) {
        return false;
    }
    bool known = GetFileInformationByHandle(handle_of(input), &ours) &&
                 GetFileInformationByHandle(file, &named);
    CloseHandle(file);
    return known && (ours.dwVolumeSerialNumber != named.dwVolumeSerialNumber ||
                     ours.nFileIndexHigh != named.nFileIndexHigh ||
                     ours.nFileIndexLow != named.nFileIndexLow);
}

int eg_input_rewind(eg_input *input)
{
    LARGE_INTEGER start = {.QuadPart = 0};
    if (!SetFilePointerEx(handle_of(input), start, NULL, FILE_BEGIN)) {
        return eg_fail_os(GetLastError(), "read %s again", input->path);
    }
    input->position = 0;
    return EG_OK;
}

/* ---- Ctrl-C ---- */

static eg_atomic interrupted;

/* The second one is left to the system, which ends the program. */
static BOOL WINAPI on_console(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) {
        return FALSE;
    }
    return eg_atomic_add(&interrupted, 1) == 1;
}

void eg_interrupt_catch(void)
{
    SetConsoleCtrlHandler(on_console, TRUE);
}

bool eg_interrupted(void)
{
    return eg_atomic_get(&interrupted) != 0;
}
