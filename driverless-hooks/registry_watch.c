/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/registry_watch.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>
#include <wchar.h>

enum {
    NOTIFY_THREAD_AGNOSTIC = 0x10000000, /* Windows 8; without it the arming thread must live on */
    OPEN_TRIES = 8,                      /* keys that come and go while we open them */
    KEY_NAME_INFORMATION = 3,            /* KeyNameInformation */
    NAME_UNITS = 1024,                   /* of which names are told apart */
};

/* Of the driver kit; ntdll exports it to everybody. */
LONG NTAPI NtQueryKey(HANDLE key, int information_class, void *out, ULONG size, ULONG *used);

struct eg_registry_watch {
    HKEY root;
    WCHAR *path;
    char *shown;
    const WCHAR *names; /* of the values that count, as in the table of places */
    int depth;
    HKEY key;        /* what is armed: the key itself or an ancestor; NULL when none */
    bool on_key;     /* it is the key itself */
    uint64_t name;   /* of that key when it was opened, as name_of */
    HANDLE changed;  /* auto-reset event that the registry signals */
    HANDLE wait;     /* of the thread pool, on `changed` */
    HANDLE wake;     /* the caller's */
    eg_atomic armed; /* a notification is outstanding */
    eg_atomic due;
    eg_value_list *values; /* as last read; NULL for none */
};

static void CALLBACK on_change(void *context, BOOLEAN timed_out)
{
    eg_registry_watch *watch = context;
    EG_UNUSED(timed_out);
    eg_atomic_set(&watch->armed, 0);
    eg_atomic_set(&watch->due, 1);
    SetEvent(watch->wake);
}

static void close_key(eg_registry_watch *watch)
{
    if (watch->key) {
        RegCloseKey(watch->key);
        watch->key = NULL;
        watch->on_key = false;
    }
}

void eg_registry_watch_release(eg_registry_watch *watch)
{
    close_key(watch);
    eg_atomic_set(&watch->armed, 0);
    eg_atomic_set(&watch->due, 1);
}

void eg_registry_watch_destroy(eg_registry_watch *watch)
{
    if (!watch) {
        return;
    }
    if (watch->wait) {
        UnregisterWaitEx(watch->wait, INVALID_HANDLE_VALUE);
    }
    close_key(watch);
    if (watch->changed) {
        CloseHandle(watch->changed);
    }
    eg_value_list_destroy(watch->values);
    eg_free(watch->shown);
    eg_free(watch->path);
    eg_free(watch);
}

static WCHAR *copy_path(const WCHAR *path)
{
    size_t size = (wcslen(path) + 1) * sizeof(*path);
    WCHAR *copy = eg_alloc(size);
    if (copy) {
        memcpy(copy, path, size);
    }
    return copy;
}

int eg_registry_watch_create(eg_registry_watch **out, const eg_registry_place *place, HANDLE wake)
{
    eg_registry_watch *watch = eg_alloc_zero(1, sizeof(*watch));
    if (!watch) {
        return EG_E_NOMEM;
    }
    int status = EG_OK;
    watch->root = place->root;
    watch->names = place->values;
    watch->depth = place->depth;
    watch->wake = wake;
    watch->path = copy_path(place->path);
    watch->shown = eg_copy_bytes(place->shown, strlen(place->shown));
    if (!watch->path || !watch->shown) {
        status = EG_E_NOMEM;
        goto fail;
    }
    eg_atomic_set(&watch->due, 1);
    watch->changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!watch->changed || !RegisterWaitForSingleObject(&watch->wait, watch->changed, on_change,
                                                        watch, INFINITE, WT_EXECUTEINWAITTHREAD)) {
        status = eg_fail_os(GetLastError(), "watch %s", watch->shown);
        goto fail;
    }
    *out = watch;
    return EG_OK;

fail:
    eg_registry_watch_destroy(watch);
    return status;
}

bool eg_registry_watch_is_at(const eg_registry_watch *watch, const eg_registry_place *place)
{
    return watch->root == place->root && wcscmp(watch->path, place->path) == 0;
}

const char *eg_registry_watch_key(const eg_registry_watch *watch)
{
    return watch->shown;
}

bool eg_registry_watch_due(const eg_registry_watch *watch)
{
    return eg_atomic_get(&watch->due) != 0;
}

static LSTATUS open_path(const eg_registry_watch *watch, const WCHAR *path, HKEY *out)
{
    return RegOpenKeyExW(watch->root, path, 0, KEY_READ | KEY_NOTIFY | KEY_WOW64_64KEY, out);
}

/* A hash (FNV-1a) of what the key is called now; 0 when it has been deleted. */
static uint64_t name_of(HKEY key)
{
    struct {
        ULONG size;
        WCHAR name[NAME_UNITS];
    } now = {0};
    ULONG used = 0;
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    /* a longer name is cut, which is no success either; then its beginning counts */
    NtQueryKey(key, KEY_NAME_INFORMATION, &now, sizeof(now), &used);
    if (now.size == 0) {
        return 0;
    }
    for (size_t i = 0; i < NAME_UNITS && i < now.size / sizeof(WCHAR); i++) {
        hash = (hash ^ now.name[i]) * UINT64_C(0x100000001B3);
    }
    return hash;
}

void eg_registry_watch_check(eg_registry_watch *watch)
{
    HKEY found = NULL;
    if (watch->on_key) {
        /* a handle goes with its key: renamed, it would leave the place unwatched */
        if (name_of(watch->key) != watch->name) {
            eg_registry_watch_release(watch);
        }
        return;
    }
    if (open_path(watch, watch->path, &found) == ERROR_SUCCESS) {
        RegCloseKey(found);
    }
    if (found || !watch->key) {
        eg_atomic_set(&watch->due, 1);
    }
}

/* Opens the nearest ancestor that exists. */
static LSTATUS open_ancestor(eg_registry_watch *watch)
{
    WCHAR *path = copy_path(watch->path);
    LSTATUS error = ERROR_FILE_NOT_FOUND;
    if (!path) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    for (WCHAR *end = wcsrchr(path, L'\\'); end && error != ERROR_SUCCESS;
         end = wcsrchr(path, L'\\')) {
        *end = L'\0';
        error = open_path(watch, path, &watch->key);
    }
    eg_free(path);
    return error;
}

static LSTATUS arm(eg_registry_watch *watch)
{
    DWORD filter = REG_NOTIFY_CHANGE_NAME | NOTIFY_THREAD_AGNOSTIC;
    if (watch->on_key) {
        filter |= REG_NOTIFY_CHANGE_LAST_SET;
    }
    if (eg_atomic_get(&watch->armed)) {
        return ERROR_SUCCESS;
    }
    eg_atomic_set(&watch->armed, 1);
    LSTATUS error = RegNotifyChangeKeyValue(watch->key, watch->on_key && watch->depth > 0, filter,
                                            watch->changed, TRUE);
    if (error != ERROR_SUCCESS) {
        eg_atomic_set(&watch->armed, 0);
    }
    return error;
}

/* Steps down to the key if it exists by now, else to an ancestor of it. */
static LSTATUS open_nearest(eg_registry_watch *watch)
{
    HKEY found = NULL;
    LSTATUS error = watch->on_key ? ERROR_SUCCESS : open_path(watch, watch->path, &found);
    if (found) {
        close_key(watch);
        watch->key = found;
        watch->on_key = true;
        watch->name = name_of(found);
        eg_atomic_set(&watch->armed, 0);
    } else if (error == ERROR_FILE_NOT_FOUND && !watch->key) {
        eg_atomic_set(&watch->armed, 0);
        error = open_ancestor(watch);
    } else if (error == ERROR_FILE_NOT_FOUND) {
        error = ERROR_SUCCESS; /* goes on waiting at the ancestor */
    }
    return error;
}

/* Arms at the key or, where there is none, above it: what happens from now on is signalled. */
static int arm_nearest(eg_registry_watch *watch)
{
    LSTATUS error = ERROR_SUCCESS;
    for (int i = 0; i < OPEN_TRIES; i++) {
        bool waited = watch->key && eg_atomic_get(&watch->armed);
        error = open_nearest(watch);
        if (error == ERROR_SUCCESS) {
            error = arm(watch);
        }
        if (error == ERROR_KEY_DELETED || error == ERROR_INVALID_HANDLE) {
            close_key(watch);
            continue;
        }
        /* at an ancestor the key may have come before the arming: look once more */
        if (error != ERROR_SUCCESS || watch->on_key || waited) {
            break;
        }
    }
    return error == ERROR_SUCCESS ? EG_OK : eg_fail_os((uint32_t)error, "watch %s", watch->shown);
}

static int read_now(eg_registry_watch *watch, eg_value_list **out)
{
    eg_value_list *values = NULL;
    int status = eg_value_list_create(&values);
    if (status == EG_OK && watch->on_key) {
        status = eg_registry_read(watch->key, watch->names, watch->depth, values);
    }
    if (status != EG_OK) {
        eg_value_list_destroy(values);
        return status;
    }
    eg_value_list_seal(values);
    *out = values;
    return EG_OK;
}

int eg_registry_watch_refresh(eg_registry_watch *watch, eg_value_change change, void *user)
{
    eg_value_list *now = NULL;
    int status = EG_E_NOTFOUND;
    eg_atomic_set(&watch->due, 0);
    for (int i = 0; i < OPEN_TRIES && status == EG_E_NOTFOUND; i++) {
        status = arm_nearest(watch);
        if (status == EG_OK) {
            status = read_now(watch, &now);
        }
        if (status == EG_E_NOTFOUND) {
            close_key(watch);
        }
    }
    if (status != EG_OK) {
        return status;
    }
    if (change) {
        eg_value_diff(watch->values, now, change, user);
    }
    eg_value_list_destroy(watch->values);
    watch->values = now;
    return EG_OK;
}
