/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exception_pack.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/exception_list.h"
#include "core/detect/pack.h"

#define PATH_MAX_BYTES (64u * 1024)

static int visit_all(const eg_exception_list *list, eg_str source, eg_exception_visit visit,
                     void *user)
{
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < eg_exception_list_count(list); i++) {
        eg_exception exception = *eg_exception_list_at(list, i);
        exception.source = source;
        status = visit(user, &exception);
    }
    return status;
}

static int visit_file(const char *path, eg_str source, eg_exception_visit visit, void *user)
{
    eg_exception_list *list = NULL;
    eg_buf text;
    eg_buf_init(&text, EG_PACK_FILE_MAX);
    int status = eg_file_read(path, EG_PACK_FILE_MAX, &text);
    if (status == EG_OK) {
        status = eg_exception_list_create(&list);
    }
    if (status == EG_OK) {
        status = eg_exception_list_read(list, eg_buf_str(&text));
        if (status == EG_E_INVALID) {
            eg_buf_clear(&text);
            eg_buf_append_cstr(&text, eg_error_message());
            status = eg_fail(status, "%s is not used: %s", path, eg_buf_cstr(&text));
        }
    }
    if (status == EG_OK) {
        status = visit_all(list, source, visit, user);
    }
    eg_exception_list_destroy(list);
    eg_buf_done(&text);
    return status;
}

int eg_exceptions_each_of_pack(const char *folder, eg_exception_visit visit, void *user)
{
    eg_pack pack;
    eg_buf path;
    eg_pack_init(&pack);
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status = eg_pack_read(folder, &pack);
    if (status == EG_OK) {
        status = eg_path_join(&path, folder, EG_EXCEPTIONS_FILE);
    }
    if (status == EG_OK) {
        status = visit_file(eg_buf_cstr(&path), eg_buf_str(&pack.name), visit, user);
    }
    eg_buf_done(&path);
    eg_pack_done(&pack);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}
