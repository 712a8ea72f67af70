/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/registry_place.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

enum {
    KEY_NAME_UNITS = 256,     /* a key's own name has at most 255 */
    VALUE_NAME_UNITS = 16384, /* and a value's 16383 */
    DATA_SIZE_FIRST = 4096,
    VALUES_MAX = 20000, /* of one key: a full Run key is an attack on us */
    SUBKEYS_MAX = 1000,
    DEPTH_MAX = 3,
};

/* Memory that one reading goes on using for every value. */
typedef struct reading {
    eg_value_list *list;
    const WCHAR *names; /* between semicolons; NULL: every value */
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

static int read_all_values(reading *r, HKEY key, eg_str prefix)
{
    bool end = false;
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK && !end; i++) {
        if (i >= VALUES_MAX) {
            return eg_fail(EG_E_LIMIT, "a registry key holds more than %d values", VALUES_MAX);
        }
        status = read_value(r, key, i, prefix, &end);
    }
    return status;
}

/* Reads the value whose name is in r->name. */
static int read_named(reading *r, HKEY key, DWORD units, eg_str prefix)
{
    DWORD type = 0;
    DWORD size = r->data_size;
    LSTATUS error = RegQueryValueExW(key, r->name, NULL, &type, r->data, &size);
    while (error == ERROR_MORE_DATA && size > r->data_size && size <= EG_VALUE_DATA_MAX) {
        int status = grow_data(r, size);
        if (status != EG_OK) {
            return status;
        }
        error = RegQueryValueExW(key, r->name, NULL, &type, r->data, &size);
    }
    if (error == ERROR_FILE_NOT_FOUND) {
        return EG_OK;
    }
    if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA) {
        return add_value(r, prefix, units, type, size, error == ERROR_SUCCESS);
    }
    return fail_key(error);
}

static int read_named_values(reading *r, HKEY key, eg_str prefix)
{
    int status = EG_OK;
    const WCHAR *at = r->names;
    while (status == EG_OK && *at) {
        DWORD units = 0;
        while (*at && *at != L';' && units < VALUE_NAME_UNITS - 1) {
            r->name[units++] = *at++;
        }
        r->name[units] = L'\0';
        at += *at == L';';
        status = read_named(r, key, units, prefix);
    }
    return status;
}

static int read_key(reading *r, HKEY key, eg_str prefix, int depth);

static int read_subkeys(reading *r, HKEY key, eg_str prefix, int depth)
{
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK; i++) {
        WCHAR name[KEY_NAME_UNITS];
        DWORD units = KEY_NAME_UNITS;
        HKEY subkey = NULL;
        eg_buf below;
        LSTATUS error = RegEnumKeyExW(key, i, name, &units, NULL, NULL, NULL, NULL);
        if (error != ERROR_SUCCESS) {
            return error == ERROR_NO_MORE_ITEMS ? EG_OK : fail_key(error);
        }
        if (i >= SUBKEYS_MAX) {
            return eg_fail(EG_E_LIMIT, "a registry key holds more than %d keys", SUBKEYS_MAX);
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
    int status = r->names ? read_named_values(r, key, prefix) : read_all_values(r, key, prefix);
    if (status == EG_OK && depth > 0) {
        status = read_subkeys(r, key, prefix, depth - 1);
    }
    return status;
}

int eg_registry_read(HKEY key, const WCHAR *names, int depth, eg_value_list *list)
{
    reading r = {.list = list, .names = names};
    int status = EG_E_NOMEM;
    eg_buf_init(&r.shown, 4 * VALUE_NAME_UNITS);
    r.name = eg_alloc(VALUE_NAME_UNITS * sizeof(WCHAR));
    if (r.name) {
        status = grow_data(&r, DATA_SIZE_FIRST);
    }
    if (status == EG_OK) {
        status = read_key(&r, key, EG_STR(""), depth < DEPTH_MAX ? depth : DEPTH_MAX);
    }
    eg_buf_done(&r.shown);
    eg_free(r.data);
    eg_free(r.name);
    return status;
}
