/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/task_cache.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define CACHE_PATH L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\"

enum {
    KEY_NAME_UNITS = 256, /* a key's own name has at most 255 */
    DEPTH_MAX = 16,
    KEYS_MAX = 50000,
    NAME_BYTES_MAX = 64 * 1024,
    DATA_SIZE_MAX = 64 * 1024, /* longer values are known by their beginning only */
    NOTIFY_THREAD_AGNOSTIC = 0x10000000,
};

/* Memory that one reading goes on using for every key. */
typedef struct reading {
    eg_value_list *list;
    const WCHAR *const *names; /* values that count; NULL at the end */
    size_t keys;
    eg_buf path, shown;
    uint8_t *data;
} reading;

static bool is_gone(LSTATUS error)
{
    return error == ERROR_FILE_NOT_FOUND || error == ERROR_KEY_DELETED;
}

static int read_values(reading *r, HKEY key)
{
    int status = EG_OK;
    for (const WCHAR *const *name = r->names; status == EG_OK && *name; name++) {
        DWORD type = 0;
        DWORD size = DATA_SIZE_MAX;
        LSTATUS error = RegQueryValueExW(key, *name, NULL, &type, r->data, &size);
        if (error != ERROR_SUCCESS && error != ERROR_MORE_DATA) {
            continue;
        }
        eg_buf_clear(&r->shown);
        eg_buf_append_str(&r->shown, eg_buf_str(&r->path));
        eg_buf_append_char(&r->shown, '\\');
        status = eg_utf8_from_utf16(&r->shown, (const uint16_t *)*name, wcslen(*name));
        eg_value value = {
            .name = eg_buf_str(&r->shown),
            .type = type,
            .data = {(const char *)r->data, error == ERROR_SUCCESS ? size : 0},
            .full_size = size,
        };
        if (status == EG_OK) {
            status = eg_value_list_add(r->list, &value);
        }
    }
    return status;
}

static int read_below(reading *r, HKEY key, int depth);

/* One key and what lies below it; r->path names it. */
static int read_key(reading *r, HKEY parent, const WCHAR *name, int depth)
{
    HKEY key = NULL;
    if (++r->keys > KEYS_MAX) {
        return eg_fail(EG_E_LIMIT, "TaskCache holds more than %d keys", KEYS_MAX);
    }
    LSTATUS error = RegOpenKeyExW(parent, name, 0, KEY_READ | KEY_WOW64_64KEY, &key);
    if (error != ERROR_SUCCESS) {
        return is_gone(error) ? EG_OK : eg_fail_os((uint32_t)error, "read TaskCache");
    }
    int status = read_values(r, key);
    if (status == EG_OK && depth > 1) {
        status = read_below(r, key, depth - 1);
    }
    RegCloseKey(key);
    return status;
}

static int read_below(reading *r, HKEY key, int depth)
{
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK; i++) {
        WCHAR name[KEY_NAME_UNITS];
        DWORD units = KEY_NAME_UNITS;
        size_t size = r->path.len;
        LSTATUS error = RegEnumKeyExW(key, i, name, &units, NULL, NULL, NULL, NULL);
        if (error == ERROR_NO_MORE_ITEMS || is_gone(error)) {
            break;
        }
        if (error != ERROR_SUCCESS) {
            return eg_fail_os((uint32_t)error, "list TaskCache");
        }
        if (size > 0 || depth > 1) {
            eg_buf_append_char(&r->path, '\\');
        }
        status = eg_utf8_from_utf16(&r->path, (const uint16_t *)name, units);
        if (status == EG_OK) {
            status = read_key(r, key, name, depth);
            r->path.len = size;
            r->path.data[size] = '\0';
        }
    }
    return status;
}

static int read_tree(const WCHAR *path, const WCHAR *const *names, int depth, eg_value_list **out)
{
    HKEY root = NULL;
    reading r = {.names = names};
    LSTATUS error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ | KEY_WOW64_64KEY, &root);
    if (error != ERROR_SUCCESS) {
        return eg_fail_os((uint32_t)error, "read TaskCache");
    }
    eg_buf_init(&r.path, NAME_BYTES_MAX);
    eg_buf_init(&r.shown, NAME_BYTES_MAX);
    r.data = eg_alloc(DATA_SIZE_MAX);
    int status = r.data ? eg_value_list_create(&r.list) : EG_E_NOMEM;
    if (status == EG_OK) {
        status = read_below(&r, root, depth);
    }
    if (status == EG_OK) {
        eg_value_list_seal(r.list);
        *out = r.list;
    } else {
        eg_value_list_destroy(r.list);
    }
    eg_free(r.data);
    eg_buf_done(&r.path);
    eg_buf_done(&r.shown);
    RegCloseKey(root);
    return status;
}

int eg_task_cache_read(eg_task_cache *out)
{
    static const WCHAR *const tree[] = {L"Id", L"Index", L"SD", NULL};
    static const WCHAR *const tasks[] = {L"Path", L"URI", L"Author", L"Actions", NULL};
    eg_task_cache cache = {NULL, NULL};
    int status = read_tree(CACHE_PATH L"Tree", tree, DEPTH_MAX, &cache.tree);
    if (status == EG_OK) {
        status = read_tree(CACHE_PATH L"Tasks", tasks, 1, &cache.tasks);
    }
    if (status != EG_OK) {
        eg_task_cache_done(&cache);
        return status;
    }
    *out = cache;
    return EG_OK;
}

void eg_task_cache_done(eg_task_cache *cache)
{
    eg_value_list_destroy(cache->tree);
    eg_value_list_destroy(cache->tasks);
    *cache = (eg_task_cache){NULL, NULL};
}

/* ---- being told of changes ---- */

static LSTATUS open_key(const WCHAR *path, HKEY *key, HANDLE *changed, bool *armed)
{
    if (*key) {
        return ERROR_SUCCESS;
    }
    LSTATUS error =
        RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ | KEY_NOTIFY | KEY_WOW64_64KEY, key);
    *armed = false;
    if (error == ERROR_SUCCESS && !*changed) {
        *changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    }
    return error == ERROR_SUCCESS && !*changed ? ERROR_NOT_ENOUGH_MEMORY : error;
}

static LSTATUS arm(HKEY *key, HANDLE changed, DWORD filter, bool *armed)
{
    if (!*key || *armed) {
        return ERROR_SUCCESS;
    }
    LSTATUS error =
        RegNotifyChangeKeyValue(*key, TRUE, filter | NOTIFY_THREAD_AGNOSTIC, changed, TRUE);
    *armed = error == ERROR_SUCCESS;
    if (error != ERROR_SUCCESS) {
        RegCloseKey(*key);
        *key = NULL;
    }
    return error;
}

int eg_task_cache_watch_arm(eg_task_cache_watch *watch)
{
    LSTATUS error =
        open_key(CACHE_PATH L"Tree", &watch->tree, &watch->tree_changed, &watch->tree_armed);
    if (error == ERROR_SUCCESS) {
        error = open_key(CACHE_PATH L"Tasks", &watch->tasks, &watch->tasks_changed,
                         &watch->tasks_armed);
    }
    if (error == ERROR_SUCCESS) {
        error = arm(&watch->tree, watch->tree_changed,
                    REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET, &watch->tree_armed);
    }
    if (error == ERROR_SUCCESS) {
        error =
            arm(&watch->tasks, watch->tasks_changed, REG_NOTIFY_CHANGE_NAME, &watch->tasks_armed);
    }
    return error == ERROR_SUCCESS ? EG_OK : eg_fail_os((uint32_t)error, "watch TaskCache");
}

static bool take(HANDLE changed, bool *armed)
{
    if (!changed || WaitForSingleObject(changed, 0) != WAIT_OBJECT_0) {
        return false;
    }
    *armed = false;
    return true;
}

bool eg_task_cache_watch_take(eg_task_cache_watch *watch)
{
    bool tree = take(watch->tree_changed, &watch->tree_armed);
    bool tasks = take(watch->tasks_changed, &watch->tasks_armed);
    return tree || tasks;
}

void eg_task_cache_watch_done(eg_task_cache_watch *watch)
{
    HKEY const keys[] = {watch->tree, watch->tasks};
    HANDLE const events[] = {watch->tree_changed, watch->tasks_changed};
    for (size_t i = 0; i < EG_COUNT(keys); i++) {
        if (keys[i]) {
            RegCloseKey(keys[i]);
        }
        if (events[i]) {
            CloseHandle(events[i]);
        }
    }
    memset(watch, 0, sizeof(*watch));
}
