/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/service_tree.h"

#include "core/base/compiler.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/service_event.h"

#include <wchar.h>

enum {
    KEY_NAME_UNITS = 256, /* a key's own name has at most 255 */
    NAME_SIZE = 4 * KEY_NAME_UNITS + 64,
    DATA_SIZE_FIRST = 4096,
    SERVICES_MAX = 20000,
};

/* A stamp younger than this may stay the same when the key is written again. */
#define FRESH_TICKS UINT64_C(10000000) /* one second in 100 ns */

static const struct {
    const WCHAR *name;
    const char *shown; /* behind "service" */
} value_names[] = {
    {L"ImagePath", "\\ImagePath"},
    {L"Type", "\\Type"},
    {L"Start", "\\Start"},
    {L"ObjectName", "\\ObjectName"},
    {L"FailureCommand", "\\FailureCommand"},
    {L"ServiceDll", "\\ServiceDll"},
};

/* Memory that one reading goes on using for every value. */
typedef struct reading {
    const eg_service_tree *known;
    eg_service_tree made;
    uint64_t now;
    eg_buf service; /* name of the service at hand */
    eg_buf shown;
    uint8_t *data;
    DWORD data_size;
} reading;

static int add_value(reading *r, const char *shown, DWORD type, DWORD size, bool has_data)
{
    eg_buf_clear(&r->shown);
    eg_buf_append_str(&r->shown, eg_buf_str(&r->service));
    eg_buf_append_cstr(&r->shown, shown);
    if (r->shown.status != EG_OK) {
        return r->shown.status;
    }
    eg_value value = {
        .name = eg_buf_str(&r->shown),
        .type = type,
        .data = {(const char *)r->data, has_data ? size : 0},
        .full_size = size,
    };
    return eg_value_list_add(r->made.values, &value);
}

/* A value that is not there, or that nobody may read, is left out. */
static int read_value(reading *r, HKEY key, const WCHAR *name, const char *shown)
{
    DWORD type = 0;
    DWORD size = r->data_size;
    LSTATUS error = RegQueryValueExW(key, name, NULL, &type, r->data, &size);
    while (error == ERROR_MORE_DATA && size > r->data_size && size <= EG_VALUE_DATA_MAX) {
        uint8_t *data = eg_realloc(r->data, size);
        if (!data) {
            return EG_E_NOMEM;
        }
        r->data = data;
        r->data_size = size;
        error = RegQueryValueExW(key, name, NULL, &type, r->data, &size);
    }
    if (error != ERROR_SUCCESS && error != ERROR_MORE_DATA) {
        return EG_OK;
    }
    return add_value(r, shown, type, size, error == ERROR_SUCCESS);
}

static int read_library(reading *r, HKEY root, const WCHAR *name)
{
    WCHAR path[KEY_NAME_UNITS + 16];
    HKEY key = NULL;
    int units = _snwprintf(path, EG_COUNT(path), L"%ls\\Parameters", name);
    if (units < 0 || units >= (int)EG_COUNT(path) ||
        RegOpenKeyExW(root, path, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS) {
        return EG_OK;
    }
    int status = read_value(r, key, L"ServiceDll", "\\Parameters\\ServiceDll");
    RegCloseKey(key);
    return status;
}

static int read_service(reading *r, HKEY root, const WCHAR *name)
{
    HKEY key = NULL;
    int status = EG_OK;
    if (RegOpenKeyExW(root, name, 0, KEY_QUERY_VALUE, &key) != ERROR_SUCCESS) {
        return EG_OK; /* just deleted, or not ours to read */
    }
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(value_names); i++) {
        status = read_value(r, key, value_names[i].name, value_names[i].shown);
    }
    RegCloseKey(key);
    return status == EG_OK ? read_library(r, root, name) : status;
}

static int copy_service(reading *r, HKEY root, const WCHAR *name)
{
    const eg_value_list *values = r->known->values;
    eg_str service = eg_buf_str(&r->service);
    bool hosted = eg_service_is_hosted(values, service);
    int status = EG_OK;
    for (size_t i = eg_value_list_lower(values, service, EG_STR("\\"));
         status == EG_OK && i < eg_value_list_count(values); i++) {
        const eg_value *value = eg_value_list_at(values, i);
        if (!eg_str_equal(eg_service_of(value->name), service)) {
            break;
        }
        if (!hosted || !eg_str_ends_nocase(value->name, EG_STR("\\Parameters\\ServiceDll"))) {
            status = eg_value_list_add(r->made.values, value);
        }
    }
    return status == EG_OK && hosted ? read_library(r, root, name) : status;
}

/* Adds the stamp; true when the service need not be read again. */
static int add_stamp(reading *r, uint64_t written, bool *same)
{
    uint64_t trusted = written;
    if (written > r->now || r->now - written < FRESH_TICKS) {
        r->made.fresh = r->made.fresh || written <= r->now;
        trusted = 0;
    }
    eg_value stamp = {
        .name = eg_buf_str(&r->service),
        .data = {(const char *)&trusted, sizeof(trusted)},
        .full_size = sizeof(trusted),
    };
    const eg_value *before =
        r->known ? eg_value_list_find(r->known->stamps, stamp.name, EG_STR("")) : NULL;
    *same = trusted != 0 && before && eg_value_same(before, &stamp);
    return eg_value_list_add(r->made.stamps, &stamp);
}

static int read_services(reading *r, HKEY root)
{
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK; i++) {
        WCHAR name[KEY_NAME_UNITS];
        DWORD units = KEY_NAME_UNITS;
        FILETIME written = {0, 0};
        bool same = false;
        LSTATUS error = RegEnumKeyExW(root, i, name, &units, NULL, NULL, NULL, &written);
        if (error == ERROR_NO_MORE_ITEMS) {
            return EG_OK;
        }
        if (error == ERROR_KEY_DELETED || error == ERROR_INVALID_HANDLE) {
            return eg_fail(EG_E_NOTFOUND, "the Services key has been deleted");
        }
        if (error != ERROR_SUCCESS) {
            return eg_fail_os((uint32_t)error, "list the services");
        }
        if (i >= SERVICES_MAX) {
            return eg_fail(EG_E_LIMIT, "there are more than %d services", SERVICES_MAX);
        }
        eg_buf_clear(&r->service);
        status = eg_utf8_from_utf16(&r->service, (const uint16_t *)name, units);
        if (status == EG_OK) {
            status =
                add_stamp(r, (uint64_t)written.dwHighDateTime << 32 | written.dwLowDateTime, &same);
        }
        if (status == EG_OK) {
            status = same ? copy_service(r, root, name) : read_service(r, root, name);
        }
    }
    return status;
}

void eg_service_tree_done(eg_service_tree *tree)
{
    eg_value_list_destroy(tree->values);
    eg_value_list_destroy(tree->stamps);
    *tree = (eg_service_tree){0};
}

int eg_service_tree_read(HKEY root, const eg_service_tree *known, eg_service_tree *out)
{
    reading r = {.known = known && known->values ? known : NULL, .now = eg_clock_utc()};
    eg_buf_init(&r.service, NAME_SIZE);
    eg_buf_init(&r.shown, NAME_SIZE);
    int status = eg_value_list_create(&r.made.values);
    if (status == EG_OK) {
        status = eg_value_list_create(&r.made.stamps);
    }
    if (status == EG_OK) {
        r.data_size = DATA_SIZE_FIRST;
        r.data = eg_alloc(r.data_size);
        status = r.data ? read_services(&r, root) : EG_E_NOMEM;
    }
    eg_free(r.data);
    eg_buf_done(&r.shown);
    eg_buf_done(&r.service);
    if (status != EG_OK) {
        eg_service_tree_done(&r.made);
        return status;
    }
    eg_value_list_seal(r.made.values);
    eg_value_list_seal(r.made.stamps);
    *out = r.made;
    return EG_OK;
}
