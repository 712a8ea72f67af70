/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/registry_place.h"

#include "core/base/compiler.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>
#include <wchar.h>

enum {
    PATH_UNITS = 512,
    KEY_NAME_UNITS = 256,     /* a key's own name has at most 255 */
    VALUE_NAME_UNITS = 16384, /* and a value's 16383 */
    DATA_SIZE_FIRST = 4096,
    VALUES_MAX = 20000, /* of one place: a full Run key is an attack on us */
    SUBKEYS_MAX = 1000,
    DEPTH_MAX = 3,
};

static const struct {
    const WCHAR *path;
    bool subtree;
    bool shared; /* one key behind the 32-bit and the 64-bit view of the machine */
} keys[] = {
    {L"Microsoft\\Windows\\CurrentVersion\\Run", false, false},
    {L"Microsoft\\Windows\\CurrentVersion\\RunOnce", false, false},
    {L"Microsoft\\Windows\\CurrentVersion\\RunOnceEx", true, false},
    {L"Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer\\Run", false, true},
};

static int visit_root(HKEY root, const char *root_name, const WCHAR *prefix, bool second_view,
                      eg_registry_visit visit, void *user)
{
    int status = EG_OK;
    eg_buf shown;
    eg_buf_init(&shown, 4 * PATH_UNITS);
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(keys); i++) {
        WCHAR path[PATH_UNITS];
        if (second_view && keys[i].shared) {
            continue;
        }
        int units = _snwprintf(path, PATH_UNITS, L"%ls\\%ls", prefix, keys[i].path);
        if (units < 0 || units >= PATH_UNITS) {
            continue;
        }
        eg_buf_clear(&shown);
        eg_buf_append_cstr(&shown, root_name);
        eg_utf8_from_utf16(&shown, (const uint16_t *)path, (size_t)units);
        status = shown.status;
        if (status == EG_OK) {
            eg_registry_place place = {root, path, eg_buf_cstr(&shown), keys[i].subtree};
            status = visit(user, &place);
        }
    }
    eg_buf_done(&shown);
    return status;
}

/* People, local or from a domain or Azure; services and class hives have no autostart of theirs. */
static bool is_user_hive(const WCHAR *name)
{
    static const WCHAR classes[] = L"_Classes";
    size_t length = wcslen(name);
    size_t suffix = EG_COUNT(classes) - 1;
    if (wcsncmp(name, L"S-1-5-21-", 9) != 0 && wcsncmp(name, L"S-1-12-1-", 9) != 0) {
        return false;
    }
    return length < suffix || _wcsicmp(name + length - suffix, classes) != 0;
}

static int visit_users(eg_registry_visit visit, void *user)
{
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK; i++) {
        WCHAR name[KEY_NAME_UNITS];
        WCHAR prefix[KEY_NAME_UNITS + 16];
        DWORD units = KEY_NAME_UNITS;
        LSTATUS error = RegEnumKeyExW(HKEY_USERS, i, name, &units, NULL, NULL, NULL, NULL);
        if (error != ERROR_SUCCESS) {
            return error == ERROR_NO_MORE_ITEMS
                       ? EG_OK
                       : eg_fail_os((uint32_t)error, "list the loaded user hives");
        }
        if (is_user_hive(name)) {
            _snwprintf(prefix, EG_COUNT(prefix), L"%ls\\Software", name);
            prefix[EG_COUNT(prefix) - 1] = L'\0';
            status = visit_root(HKEY_USERS, "HKU\\", prefix, false, visit, user);
        }
    }
    return status;
}

int eg_registry_places(eg_registry_visit visit, void *user)
{
    int status = visit_root(HKEY_LOCAL_MACHINE, "HKLM\\", L"SOFTWARE", false, visit, user);
    if (status == EG_OK) {
        status =
            visit_root(HKEY_LOCAL_MACHINE, "HKLM\\", L"SOFTWARE\\WOW6432Node", true, visit, user);
    }
    if (status == EG_OK) {
        status = visit_users(visit, user);
    }
    return status;
}

/* Memory that one reading goes on using for every value. */
typedef struct reading {
    eg_value_list *list;
    WCHAR *name;
    uint8_t *data;
    DWORD data_size;
    eg_buf shown;
} reading;

static int grow_data(reading *r, DWORD size)
{
    uint8_t *data = eg_realloc(r->data, size);
    if (!data) {
        return EG_E_NOMEM;
    }
    r->data = data;
    r->data_size = size;
    return EG_OK;
}

static int fail_key(LSTATUS error)
{
    if (error == ERROR_KEY_DELETED || error == ERROR_INVALID_HANDLE) {
        return eg_fail(EG_E_NOTFOUND, "the registry key has been deleted");
    }
    return eg_fail_os((uint32_t)error, "read a registry key");
}

static int add_value(reading *r, eg_str prefix, DWORD name_units, DWORD type, DWORD size,
                     bool has_data)
{
    eg_buf_clear(&r->shown);
    eg_buf_append_str(&r->shown, prefix);
    eg_utf8_from_utf16(&r->shown, (const uint16_t *)r->name, name_units);
    if (r->shown.status != EG_OK) {
        return r->shown.status;
    }
    eg_value value = {
        .name = eg_buf_str(&r->shown),
        .type = type,
        .data = {(const char *)r->data, has_data ? size : 0},
        .full_size = size,
    };
    return eg_value_list_add(r->list, &value);
}

static int read_value(reading *r, HKEY key, DWORD index, eg_str prefix, bool *end)
{
    DWORD units = VALUE_NAME_UNITS;
    DWORD type = 0;
    DWORD size = r->data_size;
    LSTATUS error = RegEnumValueW(key, index, r->name, &units, NULL, &type, r->data, &size);
    while (error == ERROR_MORE_DATA && size > r->data_size && size <= EG_VALUE_DATA_MAX) {
        int status = grow_data(r, size);
        if (status != EG_OK) {
            return status;
        }
        units = VALUE_NAME_UNITS;
        error = RegEnumValueW(key, index, r->name, &units, NULL, &type, r->data, &size);
    }
    if (error == ERROR_NO_MORE_ITEMS) {
        *end = true;
        return EG_OK;
    }
    if (error == ERROR_MORE_DATA) {
        units = VALUE_NAME_UNITS;
        error = RegEnumValueW(key, index, r->name, &units, NULL, &type, NULL, &size);
        return error == ERROR_SUCCESS ? add_value(r, prefix, units, type, size, false)
                                      : fail_key(error);
    }
    return error == ERROR_SUCCESS ? add_value(r, prefix, units, type, size, true) : fail_key(error);
}

static int read_key(reading *r, HKEY key, eg_str prefix, int depth);

static int read_subkeys(reading *r, HKEY key, eg_str prefix, int depth)
{
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK && i < SUBKEYS_MAX; i++) {
        WCHAR name[KEY_NAME_UNITS];
        DWORD units = KEY_NAME_UNITS;
        HKEY subkey = NULL;
        eg_buf below;
        LSTATUS error = RegEnumKeyExW(key, i, name, &units, NULL, NULL, NULL, NULL);
        if (error != ERROR_SUCCESS) {
            return error == ERROR_NO_MORE_ITEMS ? EG_OK : fail_key(error);
        }
        if (RegOpenKeyExW(key, name, 0, KEY_READ | KEY_WOW64_64KEY, &subkey) != ERROR_SUCCESS) {
            continue; /* just deleted, or not ours to read */
        }
        eg_buf_init(&below, 4 * KEY_NAME_UNITS * DEPTH_MAX);
        eg_buf_append_str(&below, prefix);
        eg_utf8_from_utf16(&below, (const uint16_t *)name, units);
        eg_buf_append_char(&below, '\\');
        status =
            below.status == EG_OK ? read_key(r, subkey, eg_buf_str(&below), depth) : below.status;
        eg_buf_done(&below);
        RegCloseKey(subkey);
        if (status == EG_E_NOTFOUND) {
            status = EG_OK;
        }
    }
    return status;
}

static int read_key(reading *r, HKEY key, eg_str prefix, int depth)
{
    bool end = false;
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK && !end; i++) {
        if (i >= VALUES_MAX) {
            return eg_fail(EG_E_LIMIT, "a registry key holds more than %d values", VALUES_MAX);
        }
        status = read_value(r, key, i, prefix, &end);
    }
    if (status == EG_OK && depth > 0) {
        status = read_subkeys(r, key, prefix, depth - 1);
    }
    return status;
}

int eg_registry_read(HKEY key, bool subtree, eg_value_list *list)
{
    reading r = {.list = list};
    int status = EG_E_NOMEM;
    eg_buf_init(&r.shown, 4 * VALUE_NAME_UNITS);
    r.name = eg_alloc(VALUE_NAME_UNITS * sizeof(WCHAR));
    if (r.name) {
        status = grow_data(&r, DATA_SIZE_FIRST);
    }
    if (status == EG_OK) {
        status = read_key(&r, key, EG_STR(""), subtree ? DEPTH_MAX : 0);
    }
    eg_buf_done(&r.shown);
    eg_free(r.data);
    eg_free(r.name);
    return status;
}
