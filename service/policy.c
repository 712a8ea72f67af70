/* SPDX-License-Identifier: Apache-2.0 */
#include "service/policy.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "service/wide.h"

#include <windows.h>

#define POLICY_KEY L"Software\\Policies\\EmoGuard"
#define VALUE_MAX_BYTES (64u * 1024)

static int append_value(DWORD type, const BYTE *bytes, DWORD size, const char *name, eg_buf *out)
{
    DWORD number = 0;
    if (type == REG_DWORD && size == sizeof(number)) {
        memcpy(&number, bytes, sizeof(number));
        return eg_buf_appendf(out, "%lu", (unsigned long)number);
    }
    if (type != REG_SZ || size % sizeof(uint16_t) != 0) {
        return eg_fail(EG_E_INVALID, "group policy: %s is neither text nor number", name);
    }
    size_t units = size / sizeof(uint16_t);
    const uint16_t *text = (const uint16_t *)(const void *)bytes; /* memory of eg_alloc */
    while (units > 0 && text[units - 1] == 0) {
        units--;
    }
    return eg_utf8_from_utf16(out, text, units);
}

static int read_value(HKEY key, const wchar_t *wide, const char *name, eg_buf *out)
{
    DWORD type = 0, size = VALUE_MAX_BYTES;
    BYTE *bytes = eg_alloc(size);
    if (!bytes) {
        return EG_E_NOMEM;
    }
    LSTATUS error = RegQueryValueExW(key, wide, NULL, &type, bytes, &size);
    int status = error == ERROR_SUCCESS ? append_value(type, bytes, size, name, out)
                                        : eg_fail_os((uint32_t)error, "read %s", name);
    eg_free(bytes);
    return status;
}

int eg_policy_read(void *user, const char *name, eg_buf *out)
{
    HKEY key = NULL;
    EG_UNUSED(user);
    LSTATUS error =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, POLICY_KEY, 0, KEY_QUERY_VALUE | KEY_WOW64_64KEY, &key);
    if (error != ERROR_SUCCESS) {
        return eg_fail_os((uint32_t)error, "open the policies");
    }
    wchar_t *wide = eg_wide_copy(eg_str_from(name));
    int status = wide ? read_value(key, wide, name, out) : EG_E_NOMEM;
    eg_free(wide);
    RegCloseKey(key);
    return status;
}
