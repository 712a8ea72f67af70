/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of emoguard-tray.exe for tests: its resources, loaded as data from the folder above the
 * test program. The handle stays loaded until the program ends.
 */
#ifndef EG_TESTS_TRAY_RESOURCES_H
#define EG_TESTS_TRAY_RESOURCES_H

#include <windows.h>

#include <stdio.h>
#include <string.h>

/* NULL, and a line that says why, when the tray was not built. */
static inline HMODULE eg_test_tray_resources(void)
{
    static const wchar_t program[] = L"\\emoguard-tray.exe";
    static HMODULE module;
    wchar_t path[1024];
    DWORD length = module ? 0 : GetModuleFileNameW(NULL, path, 900);

    for (int folders = 0; length > 0 && folders < 2; length--) {
        folders += path[length - 1] == L'\\';
    }
    if (!module) {
        memcpy(path + length, program, sizeof(program));
        module =
            LoadLibraryExW(path, NULL, LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_IMAGE_RESOURCE);
    }
    if (!module) {
        printf("skipped: emoguard-tray.exe is not in the folder above the tests\n");
    }
    return module;
}

#endif
