/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/check_system.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>
#include <wchar.h>

/* NT SERVICE\TrustedInstaller: the same on every Windows. */
#define INSTALLER L"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"

enum { FOLDER_UNITS = 512, FOLDER_BYTES_MAX = 4 * FOLDER_UNITS };

struct eg_check_system {
    eg_buf folder; /* with a backslash at its end */
    PSID installer;
};

int eg_check_system_create(eg_check_system **out)
{
    WCHAR folder[FOLDER_UNITS];
    UINT units = GetSystemWindowsDirectoryW(folder, FOLDER_UNITS);
    if (units == 0 || units >= FOLDER_UNITS) {
        return eg_fail_os(GetLastError(), "find the folder of Windows");
    }
    eg_check_system *system = eg_alloc_zero(1, sizeof(*system));
    if (!system) {
        return EG_E_NOMEM;
    }
    eg_buf_init(&system->folder, FOLDER_BYTES_MAX);
    eg_utf8_from_utf16(&system->folder, (const uint16_t *)folder, units);
    int status = eg_buf_append_char(&system->folder, '\\');
    if (status == EG_OK && !ConvertStringSidToSidW(INSTALLER, &system->installer)) {
        status = eg_fail_os(GetLastError(), "name the account of Windows' installer");
    }
    if (status != EG_OK) {
        eg_check_system_destroy(system);
        return status;
    }
    *out = system;
    return EG_OK;
}

void eg_check_system_destroy(eg_check_system *system)
{
    if (system) {
        LocalFree(system->installer);
        eg_buf_done(&system->folder);
        eg_free(system);
    }
}

bool eg_check_system_owns(eg_check_system *system, eg_str path)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (!eg_str_starts_nocase(path, eg_buf_str(&system->folder))) {
        return false;
    }
    WCHAR *wide = (WCHAR *)eg_utf16_copy(path);
    bool owns = wide &&
                GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                                      NULL, NULL, NULL, &descriptor) == ERROR_SUCCESS &&
                owner && EqualSid(owner, system->installer);
    LocalFree(descriptor);
    eg_free(wide);
    return owns;
}
