/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/win32/emocheck_files.h"

#include "cli/check_cancel.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/detect/emocheck.h"

#include <windows.h>

#include <string.h>
#include <wchar.h>

#define PROFILE_LIST L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"
#define PATH_UNITS 1024
#define PATH_MAX_BYTES ((size_t)64 * 1024)
#define LEVELS 2       /* a folder, and the files in it */
#define KNOWN_LEVELS 3 /* how deep below Program Files and AppData names of folders are known */
#define ARENA_BLOCK ((size_t)16 * 1024)

typedef struct finder {
    eg_check_pc *pc;
    eg_emocheck_files *files;
    eg_buf system_folder; /* C:\Windows\System32 */
    eg_buf root;          /* the folder that is walked */
    eg_buf roaming;       /* AppData\Roaming beside it; empty for the system's */
    eg_buf folder;        /* the folder in which the walk is */
    uint64_t folder_written;
    int status;
} finder;

int eg_emocheck_add_gap(eg_check_pc *pc, eg_str what, eg_check_reason reason)
{
    return eg_check_pc_add_failure(pc, EG_CHECK_EMOCHECK, what, reason);
}

/* ---- one file ---- */

/* There is a program or library of this name, without its extension, in System32. */
static bool is_system_name(finder *f, eg_str base)
{
    static const char *const extensions[] = {"exe", "dll"};
    eg_buf path;
    bool found = false;
    eg_buf_init(&path, PATH_MAX_BYTES);
    for (size_t i = 0; i < EG_COUNT(extensions) && !found; i++) {
        eg_buf_clear(&path);
        found = eg_buf_appendf(&path, "%s\\%.*s.%s", eg_buf_cstr(&f->system_folder),
                               EG_STR_ARGS(base), extensions[i]) == EG_OK &&
                eg_file_exists(path.data);
    }
    eg_buf_done(&path);
    return found;
}

static uint64_t twin_size(finder *f, const char *name)
{
    eg_file_identity identity = {.size = 0};
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    if (eg_path_join(&path, eg_buf_cstr(&f->system_folder), name) != EG_OK ||
        eg_file_identify(path.data, &identity) != EG_OK) {
        identity.size = 0;
    }
    eg_buf_done(&path);
    return identity.size;
}

typedef struct name_search {
    eg_str name;
    bool found;
} name_search;

static int compare_name(void *user, const eg_dir_entry *entry)
{
    name_search *search = user;
    search->found = entry->is_dir && eg_str_equal_nocase(eg_str_from(entry->name), search->name);
    return search->found ? EG_E_CLOSED : EG_OK;
}

/* A folder of this name belongs to a program that is installed. */
static bool is_known_folder(finder *f, eg_str name)
{
    static const char *const variables[] = {"ProgramFiles", "ProgramFiles(x86)"};
    name_search search = {name, false};
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    for (size_t i = 0; i < EG_COUNT(variables) && !search.found; i++) {
        if (eg_env_get(variables[i], &path) == EG_OK) {
            (void)eg_dir_walk(path.data, KNOWN_LEVELS, compare_name, &search);
        }
    }
    if (!search.found && f->roaming.len > 0) {
        (void)eg_dir_walk(f->roaming.data, KNOWN_LEVELS, compare_name, &search);
    }
    eg_buf_done(&path);
    return search.found;
}

static bool is_program(const char *path)
{
    eg_file_identity identity;
    eg_buf head;
    eg_buf_init(&head, 16);
    bool is = eg_file_read_head(path, 2, &head, &identity) == EG_OK &&
              eg_str_equal(eg_buf_str(&head), EG_STR("MZ"));
    eg_buf_done(&head);
    return is;
}

static int keep(finder *f, const char *path, unsigned signs)
{
    if (f->files->count == EG_EMOCHECK_FILES_MAX) {
        return EG_OK;
    }
    char *copy = eg_arena_copy(f->files->arena, path, strlen(path));
    if (!copy) {
        return EG_E_NOMEM;
    }
    for (char *at = strchr(copy, '/'); at; at = strchr(at, '/')) {
        *at = '\\';
    }
    f->files->items[f->files->count++] = (eg_emocheck_candidate){eg_str_from(copy), signs};
    return EG_OK;
}

static int look_at_file(finder *f, const eg_dir_entry *entry)
{
    eg_str name = eg_str_from(entry->name);
    eg_emocheck_file file = {.folder_name = eg_buf_str(&f->folder),
                             .name = name,
                             .size = entry->size,
                             .written = entry->modified,
                             .folder_written = f->folder_written};
    if (eg_str_ends_nocase(name, EG_STR(".exe"))) {
        const eg_str base = {name.ptr, name.len - 4};
        file.borrowed = is_system_name(f, file.folder_name) && is_system_name(f, base);
        file.twin_size = file.borrowed ? twin_size(f, entry->name) : 0;
    }
    unsigned signs = eg_emocheck_file_signs(&file);
    eg_check_pc_looked(f->pc, EG_CHECK_EMOCHECK, 1);
    if (signs == 0 || !is_program(entry->path)) {
        return EG_OK;
    }
    /* The dearest question last, and only of the few that are left. */
    file.folder_is_known = is_known_folder(f, file.folder_name);
    signs = eg_emocheck_file_signs(&file);
    return signs != 0 ? keep(f, entry->path, signs) : EG_OK;
}

static int visit(void *user, const eg_dir_entry *entry)
{
    finder *f = user;
    size_t root = f->root.len + 1;
    if (eg_check_is_cancelled()) {
        return EG_E_CLOSED;
    }
    bool below = strlen(entry->path) > root && strpbrk(entry->path + root, "/\\") != NULL;
    if (entry->is_dir && !below) {
        eg_buf_clear(&f->folder);
        f->folder_written = entry->modified;
        return eg_buf_append_cstr(&f->folder, entry->name);
    }
    return below && !entry->is_dir ? look_at_file(f, entry) : EG_OK;
}

static void add_unreadable(void *user, const char *path)
{
    finder *f = user;
    int status = eg_emocheck_add_gap(f->pc, eg_str_from(path), EG_CHECK_REASON_FOLDER);
    f->status = f->status == EG_OK ? status : f->status;
}

static int walk_root(finder *f)
{
    if (!eg_dir_exists(f->root.data)) {
        return EG_OK; /* a profile that nobody has used yet */
    }
    int status = eg_dir_walk_telling(f->root.data, LEVELS, visit, add_unreadable, f);
    if (status != EG_OK && status != EG_E_NOMEM && status != EG_E_CLOSED) {
        add_unreadable(f, f->root.data);
        status = EG_OK;
    }
    return status == EG_OK ? f->status : status;
}

/* ---- the folders ---- */

static int walk_profile(finder *f, const wchar_t *profile)
{
    eg_buf_clear(&f->root);
    int status = eg_utf8_from_utf16(&f->root, (const uint16_t *)profile, wcslen(profile));
    eg_buf_clear(&f->roaming);
    if (status == EG_OK) {
        eg_buf_append_str(&f->roaming, eg_buf_str(&f->root));
        eg_buf_append_cstr(&f->roaming, "\\AppData\\Roaming");
        eg_buf_append_cstr(&f->root, "\\AppData\\Local");
        status = f->roaming.status == EG_OK ? f->root.status : f->roaming.status;
    }
    return status == EG_OK ? walk_root(f) : status;
}

static int walk_profiles(finder *f)
{
    HKEY list;
    LSTATUS error = RegOpenKeyExW(HKEY_LOCAL_MACHINE, PROFILE_LIST, 0, KEY_READ, &list);
    if (error != ERROR_SUCCESS) {
        (void)eg_fail_os((uint32_t)error, "read the list of profiles");
        return eg_emocheck_add_gap(f->pc, EG_STR("ProfileList"), EG_CHECK_REASON_SETTING);
    }
    int status = EG_OK;
    for (DWORD i = 0; status == EG_OK; i++) {
        wchar_t name[256], profile[PATH_UNITS];
        DWORD units = EG_COUNT(name), size = sizeof(profile);
        if (RegEnumKeyExW(list, i, name, &units, NULL, NULL, NULL, NULL) != ERROR_SUCCESS) {
            break;
        }
        if (RegGetValueW(list, name, L"ProfileImagePath", RRF_RT_REG_SZ, NULL, profile, &size) ==
            ERROR_SUCCESS) {
            status = walk_profile(f, profile);
        }
    }
    RegCloseKey(list);
    return status;
}

static int walk_system(finder *f)
{
    wchar_t path[PATH_UNITS];
    UINT units = GetSystemWow64DirectoryW(path, PATH_UNITS);
    if (units == 0 || units >= PATH_UNITS) { /* a Windows of 32 bits */
        units = GetSystemDirectoryW(path, PATH_UNITS);
    }
    eg_buf_clear(&f->root);
    eg_buf_clear(&f->roaming);
    int status = eg_utf8_from_utf16(&f->root, (const uint16_t *)path, units);
    return status == EG_OK ? walk_root(f) : status;
}

int eg_emocheck_files_find(eg_check_pc *pc, eg_emocheck_files *out)
{
    wchar_t path[PATH_UNITS];
    finder f = {.pc = pc, .files = out};
    eg_buf *const buffers[] = {&f.system_folder, &f.root, &f.roaming, &f.folder};
    for (size_t i = 0; i < EG_COUNT(buffers); i++) {
        eg_buf_init(buffers[i], PATH_MAX_BYTES);
    }
    int status = eg_arena_create(&out->arena, ARENA_BLOCK);
    UINT units = GetSystemDirectoryW(path, PATH_UNITS);
    if (status == EG_OK) {
        status = eg_utf8_from_utf16(&f.system_folder, (const uint16_t *)path, units);
    }
    if (status == EG_OK) {
        status = walk_profiles(&f);
    }
    if (status == EG_OK) {
        status = walk_system(&f);
    }
    for (size_t i = 0; i < EG_COUNT(buffers); i++) {
        eg_buf_done(buffers[i]);
    }
    return status;
}

void eg_emocheck_files_done(eg_emocheck_files *files)
{
    eg_arena_destroy(files->arena);
    files->arena = NULL;
}
