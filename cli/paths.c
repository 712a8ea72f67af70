/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/paths.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pack.h"

#include <string.h>

int eg_path_list_add(eg_path_list *list, const char *path)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        char **items = eg_realloc((void *)list->items, capacity * sizeof(*items));
        if (!items) {
            return EG_E_NOMEM;
        }
        list->items = items;
        list->capacity = capacity;
    }
    char *copy = eg_copy_bytes(path, strlen(path));
    if (!copy) {
        return EG_E_NOMEM;
    }
    list->items[list->count++] = copy;
    return EG_OK;
}

void eg_path_list_done(eg_path_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        eg_free(list->items[i]);
    }
    eg_free((void *)list->items);
    memset(list, 0, sizeof(*list));
}

static int add_file(void *user, const char *path)
{
    eg_rule_paths *paths = user;
    bool test = eg_str_equal_nocase(eg_path_base(eg_str_from(path)), EG_STR("info.yml"));
    return eg_path_list_add(test ? &paths->tests : &paths->rules, path);
}

static int add_pack(eg_rule_paths *paths, const char *folder)
{
    eg_buf sigma;
    eg_buf_init(&sigma, 64 * 1024);
    int status = eg_path_list_add(&paths->packs, folder);
    if (status == EG_OK) {
        status = eg_path_join(&sigma, folder, "sigma");
    }
    if (status == EG_OK && eg_dir_exists(eg_buf_cstr(&sigma))) {
        status = eg_pack_walk(eg_buf_cstr(&sigma), add_file, paths);
    }
    if (status == EG_OK) {
        status = eg_path_join(&sigma, folder, EG_PACK_PLACEHOLDERS);
    }
    if (status == EG_OK && eg_file_exists(eg_buf_cstr(&sigma))) {
        status = eg_path_list_add(&paths->rules, eg_buf_cstr(&sigma));
    }
    eg_buf_done(&sigma);
    return status;
}

static int add_path(eg_rule_paths *paths, const char *path)
{
    if (!eg_file_exists(path)) {
        return eg_fail(EG_E_NOTFOUND, "%s does not exist", path);
    }
    if (!eg_dir_exists(path)) {
        return add_file(paths, path);
    }
    return eg_pack_is_folder(path) ? add_pack(paths, path) : eg_pack_walk(path, add_file, paths);
}

int eg_rule_paths_find(const char *const *paths, size_t count, eg_rule_paths *out)
{
    int status = EG_OK;
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        status = add_path(out, paths[i]);
    }
    if (status != EG_OK) {
        eg_rule_paths_done(out);
    }
    return status;
}

void eg_rule_paths_done(eg_rule_paths *paths)
{
    eg_path_list_done(&paths->packs);
    eg_path_list_done(&paths->rules);
    eg_path_list_done(&paths->tests);
}
