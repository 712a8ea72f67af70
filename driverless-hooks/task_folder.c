/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/task_folder.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/event/task_xml.h"

#include <string.h>
#include <windows.h>

enum {
    DEPTH_MAX = 16,
    PATH_SIZE_MAX = 128 * 1024,
    SYSTEM_UNITS = 512,
};

int eg_task_folder_path(eg_buf *out)
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
    int status = eg_task_folder_path(&root);
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
    int status = eg_task_folder_path(&path);
    if (status == EG_OK) {
        status = eg_buf_append_str(&path, task_name);
    }
    if (status == EG_OK) {
        status = eg_file_read(eg_buf_cstr(&path), EG_TASK_XML_MAX, out);
    }
    eg_buf_done(&path);
    return status;
}
