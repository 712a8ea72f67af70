/* SPDX-License-Identifier: Apache-2.0 */
#include "service/paths.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "service/data_folder.h"
#include "service/security.h"
#include "service/wide.h"

#include <windows.h>

#include <knownfolders.h>
#include <objbase.h>
#include <shlobj.h>

#define DATABASE_NAME "emoguard.db"

#define PATH_MAX_BYTES (96u * 1024) /* 32767 UTF-16 units */

static int default_data_folder(eg_buf *out)
{
    PWSTR folder = NULL;
    HRESULT result = SHGetKnownFolderPath(&FOLDERID_ProgramData, KF_FLAG_DEFAULT, NULL, &folder);
    int status;
    if (FAILED(result)) {
        status = eg_fail(EG_E_NOTFOUND, "Windows does not say where ProgramData is (0x%08lx)",
                         (unsigned long)result);
    } else {
        eg_buf parent;
        eg_buf_init(&parent, PATH_MAX_BYTES);
        status = eg_wide_append_utf8(&parent, folder);
        if (status == EG_OK) {
            status = eg_path_join(out, eg_buf_cstr(&parent), "EmoGuard");
        }
        eg_buf_done(&parent);
    }
    CoTaskMemFree(folder);
    return status;
}

static int program_path(eg_buf *out)
{
    const DWORD units = 32768;
    wchar_t *wide = eg_alloc(units * sizeof(wchar_t));
    if (!wide) {
        return EG_E_NOMEM;
    }
    DWORD length = GetModuleFileNameW(NULL, wide, units);
    int status;
    if (length == 0 || length >= units) {
        status = eg_fail_os(GetLastError(), "find the path of this program");
    } else {
        status = eg_wide_append_utf8(out, wide);
    }
    eg_free(wide);
    return status;
}

/* What lies beside this executable. */
static int beside(const eg_buf *program, const char *wanted, eg_buf *out)
{
    eg_str path = eg_buf_str(program);
    eg_str name = eg_path_base(path);
    eg_buf folder;
    eg_buf_init(&folder, PATH_MAX_BYTES);
    size_t length = path.len - name.len;
    int status = eg_buf_append(&folder, path.ptr, length > 0 ? length - 1 : 0);
    if (status == EG_OK) {
        status = eg_path_join(out, eg_buf_cstr(&folder), wanted);
    }
    eg_buf_done(&folder);
    return status;
}

static int join_all(eg_paths *paths)
{
    const char *data = eg_buf_cstr(&paths->data);
    int status = eg_path_join(&paths->database, data, DATABASE_NAME);
    if (status == EG_OK) {
        status = eg_path_join(&paths->settings, data, "emoguard.conf");
    }
    if (status == EG_OK) {
        status = eg_path_join(&paths->log, data, "emoguard.log");
    }
    if (status == EG_OK) {
        status = eg_path_join(&paths->lock, data, "emoguard.lock");
    }
    if (status == EG_OK) {
        status = eg_path_join(&paths->verdicts, data, "emoguard.verdicts");
    }
    if (status == EG_OK) {
        status = eg_path_join(&paths->updates, data, "updates");
    }
    if (status == EG_OK) {
        status = eg_path_join(&paths->reports, data, "reports");
    }
    return status;
}

int eg_paths_init(eg_paths *paths, const char *data_folder, const char *rules)
{
    eg_buf *const all[] = {&paths->data,    &paths->database, &paths->settings, &paths->log,
                           &paths->lock,    &paths->verdicts, &paths->updates,  &paths->program,
                           &paths->reports, &paths->checker,  &paths->rules};
    paths->is_default = data_folder == NULL;
    for (size_t i = 0; i < EG_COUNT(all); i++) {
        eg_buf_init(all[i], PATH_MAX_BYTES);
    }
    int status = data_folder ? eg_buf_append_cstr(&paths->data, data_folder)
                             : default_data_folder(&paths->data);
    if (status == EG_OK) {
        status = join_all(paths);
    }
    if (status == EG_OK) {
        status = program_path(&paths->program);
    }
    if (status == EG_OK) {
        status = rules ? eg_buf_append_cstr(&paths->rules, rules)
                       : beside(&paths->program, "rules", &paths->rules);
    }
    if (status == EG_OK) {
        status = beside(&paths->program, "emoguard.exe", &paths->checker);
    }
    if (status != EG_OK) {
        eg_paths_done(paths);
    }
    return status;
}

void eg_paths_done(eg_paths *paths)
{
    eg_buf_done(&paths->data);
    eg_buf_done(&paths->database);
    eg_buf_done(&paths->settings);
    eg_buf_done(&paths->log);
    eg_buf_done(&paths->lock);
    eg_buf_done(&paths->verdicts);
    eg_buf_done(&paths->updates);
    eg_buf_done(&paths->program);
    eg_buf_done(&paths->reports);
    eg_buf_done(&paths->checker);
    eg_buf_done(&paths->rules);
}

int eg_paths_secure(const eg_paths *paths, eg_buf *notice)
{
    if (paths->is_default && !eg_security_is_administrator()) {
        return eg_fail(EG_E_DENIED, "the data folder %s needs the rights of an administrator",
                       eg_buf_cstr(&paths->data));
    }
    return eg_data_folder_make(eg_buf_cstr(&paths->data), paths->is_default, notice);
}

int eg_paths_purge(const eg_paths *paths)
{
    return eg_data_folder_delete(eg_buf_cstr(&paths->data));
}

int eg_paths_remove_all_but_hits(const eg_paths *paths)
{
    /* The database, its -wal and -shm, and those that were moved aside as damaged. */
    return eg_data_folder_delete_except(eg_buf_cstr(&paths->data), DATABASE_NAME);
}
