/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/task_folder.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/event/task_xml.h"

#include <string.h>

enum {
    NOTIFY_SIZE = 16 * 1024, /* what changed is found by listing: an overflow costs nothing */
    NOTIFY_THREAD_AGNOSTIC = 0x10000000,
    DEPTH_MAX = 16,
    PATH_SIZE_MAX = 128 * 1024,
    SYSTEM_UNITS = 512,
};

struct eg_task_folder {
    HANDLE directory;
    HANDLE changed; /* manual-reset: overlapped reads want it so */
    OVERLAPPED overlapped;
    bool armed;
    DWORD notes[NOTIFY_SIZE / sizeof(DWORD)];
    HKEY cache; /* NULL: not there */
    HANDLE cache_changed;
    bool cache_armed;
};

/* "C:\Windows\System32\Tasks"; we are a 64-bit program, so this is the real one. */
static int root_path(eg_buf *out)
{
    WCHAR system[SYSTEM_UNITS];
    UINT units = GetSystemDirectoryW(system, SYSTEM_UNITS);
    if (units == 0 || units >= SYSTEM_UNITS) {
        return eg_fail_os(GetLastError(), "find the system folder");
    }
    eg_buf_clear(out);
    eg_utf8_from_utf16(out, (const uint16_t *)system, units);
    eg_buf_append_cstr(out, "\\Tasks");
    return out->status;
}

static int open_directory(eg_task_folder *folder)
{
    eg_buf root;
    eg_buf_init(&root, PATH_SIZE_MAX);
    int status = root_path(&root);
    WCHAR *path = status == EG_OK ? (WCHAR *)eg_utf16_copy(eg_buf_str(&root)) : NULL;
    if (status == EG_OK && !path) {
        status = EG_E_NOMEM;
    }
    if (path) {
        folder->directory = CreateFileW(
            path, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
            OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
        if (folder->directory == INVALID_HANDLE_VALUE) {
            status = eg_fail_os(GetLastError(), "watch %s", eg_buf_cstr(&root));
        }
    }
    eg_free(path);
    eg_buf_done(&root);
    return status;
}

static void open_cache(eg_task_folder *folder)
{
    static const WCHAR path[] =
        L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree";
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ | KEY_NOTIFY | KEY_WOW64_64KEY,
                      &folder->cache) != ERROR_SUCCESS) {
        folder->cache = NULL;
        return;
    }
    folder->cache_changed = CreateEventW(NULL, FALSE, FALSE, NULL);
}

void eg_task_folder_close(eg_task_folder *folder)
{
    if (!folder) {
        return;
    }
    if (folder->directory != INVALID_HANDLE_VALUE) {
        DWORD bytes = 0;
        if (folder->armed && CancelIoEx(folder->directory, &folder->overlapped)) {
            /* the kernel writes into our memory until the read is over */
            GetOverlappedResult(folder->directory, &folder->overlapped, &bytes, TRUE);
        }
        CloseHandle(folder->directory);
    }
    if (folder->changed) {
        CloseHandle(folder->changed);
    }
    if (folder->cache) {
        RegCloseKey(folder->cache);
    }
    if (folder->cache_changed) {
        CloseHandle(folder->cache_changed);
    }
    eg_free(folder);
}

int eg_task_folder_open(eg_task_folder **out)
{
    eg_task_folder *folder = eg_alloc_zero(1, sizeof(*folder));
    if (!folder) {
        return EG_E_NOMEM;
    }
    folder->directory = INVALID_HANDLE_VALUE;
    folder->changed = CreateEventW(NULL, TRUE, FALSE, NULL);
    int status = folder->changed ? EG_OK : eg_fail_os(GetLastError(), "create an event");
    if (status == EG_OK) {
        status = open_directory(folder);
    }
    if (status != EG_OK) {
        eg_task_folder_close(folder);
        return status;
    }
    open_cache(folder);
    *out = folder;
    return EG_OK;
}

HANDLE eg_task_folder_changed(const eg_task_folder *folder)
{
    return folder->changed;
}

HANDLE eg_task_folder_cache_changed(const eg_task_folder *folder)
{
    return folder->cache_changed;
}

static void arm_cache(eg_task_folder *folder)
{
    if (!folder->cache_changed) {
        return;
    }
    if (WaitForSingleObject(folder->cache_changed, 0) == WAIT_OBJECT_0) {
        folder->cache_armed = false;
    }
    if (!folder->cache_armed) {
        folder->cache_armed =
            RegNotifyChangeKeyValue(folder->cache, TRUE,
                                    REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET |
                                        NOTIFY_THREAD_AGNOSTIC,
                                    folder->cache_changed, TRUE) == ERROR_SUCCESS;
    }
}

int eg_task_folder_arm(eg_task_folder *folder)
{
    arm_cache(folder);
    if (folder->armed && WaitForSingleObject(folder->changed, 0) == WAIT_TIMEOUT) {
        return EG_OK;
    }
    ResetEvent(folder->changed);
    memset(&folder->overlapped, 0, sizeof(folder->overlapped));
    folder->overlapped.hEvent = folder->changed;
    folder->armed =
        ReadDirectoryChangesW(folder->directory, folder->notes, NOTIFY_SIZE, TRUE,
                              FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME |
                                  FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE,
                              NULL, &folder->overlapped, NULL) != FALSE;
    return folder->armed ? EG_OK : eg_fail_os(GetLastError(), "watch the folder of the tasks");
}

/* What eg_dir_walk needs to make task names out of paths. */
typedef struct listing {
    eg_value_list *list;
    size_t root_size;
} listing;

static int add_task(void *user, const eg_dir_entry *entry)
{
    listing *l = user;
    if (entry->is_dir || strlen(entry->path) <= l->root_size) {
        return EG_OK;
    }
    size_t size = strlen(entry->path) - l->root_size;
    char *name = eg_copy_bytes(entry->path + l->root_size, size);
    uint64_t stamp[2] = {entry->modified, entry->size};
    if (!name) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < size; i++) {
        name[i] = (char)(name[i] == '/' ? '\\' : name[i]);
    }
    eg_value value = {.name = {name, size}, .data = {(const char *)stamp, sizeof(stamp)}};
    value.full_size = sizeof(stamp);
    int status = eg_value_list_add(l->list, &value);
    eg_free(name);
    return status;
}

int eg_task_folder_list(eg_value_list **out)
{
    eg_buf root;
    listing l = {NULL, 0};
    eg_buf_init(&root, PATH_SIZE_MAX);
    int status = root_path(&root);
    l.root_size = root.len;
    if (status == EG_OK) {
        status = eg_value_list_create(&l.list);
    }
    if (status == EG_OK) {
        status = eg_dir_walk(eg_buf_cstr(&root), DEPTH_MAX, add_task, &l);
    }
    eg_buf_done(&root);
    if (status != EG_OK) {
        eg_value_list_destroy(l.list);
        return status;
    }
    eg_value_list_seal(l.list);
    *out = l.list;
    return EG_OK;
}

int eg_task_folder_read(eg_str task_name, eg_buf *out)
{
    eg_buf path;
    eg_buf_init(&path, PATH_SIZE_MAX);
    int status = root_path(&path);
    if (status == EG_OK) {
        status = eg_buf_append_str(&path, task_name);
    }
    if (status == EG_OK) {
        status = eg_file_read(eg_buf_cstr(&path), EG_TASK_XML_MAX, out);
    }
    eg_buf_done(&path);
    return status;
}
