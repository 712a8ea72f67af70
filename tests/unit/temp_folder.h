/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of its own for a test that writes files, removed with all it holds. Include after
 * unit.h. Use eg_test_folder_make and eg_test_folder_remove as setup and teardown of a test: *state
 * is then the folder's path.
 */
#ifndef EG_TESTS_TEMP_FOLDER_H
#define EG_TESTS_TEMP_FOLDER_H

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <inttypes.h>

static inline int eg_test_folder_make(void **state)
{
    uint64_t number = 0;
    eg_buf path;
    eg_buf_init(&path, 4096);
    int status = eg_temp_dir(&path);
    if (status == EG_OK) {
        status = eg_random_bytes(&number, sizeof(number));
    }
    if (status == EG_OK) {
        status = eg_buf_appendf(&path, "/emoguard-test-%016" PRIx64, number);
    }
    if (status == EG_OK) {
        status = eg_dir_create(path.data);
    }
    *state = status == EG_OK ? eg_buf_take(&path) : NULL;
    eg_buf_done(&path);
    return status;
}

/* Files at once; folders are only emptied, since the walk names a folder before what it holds. */
static inline int eg_test_delete_files(void *user, const eg_dir_entry *entry)
{
    bool *left = user;
    if (!entry->is_dir) {
        return eg_file_delete(entry->path);
    }
    *left = eg_dir_delete(entry->path) != EG_OK || *left;
    return EG_OK;
}

static inline int eg_test_folder_remove(void **state)
{
    char *path = *state;
    bool left = true;
    for (int round = 0; left && round < 100; round++) {
        left = false;
        eg_dir_walk(path, 100, eg_test_delete_files, &left);
    }
    int status = eg_dir_delete(path);
    eg_free(path);
    return status;
}

/* `folder`/`name`, in one of eight buffers that are used in turn. */
static inline const char *eg_test_path(const char *folder, const char *name)
{
    static char texts[8][4096];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    eg_buf path;
    eg_buf_init(&path, sizeof(texts[0]) - 1);
    assert_int_equal(eg_path_join(&path, folder, name), EG_OK);
    for (size_t i = 0; i <= path.len; i++) {
        text[i] = path.data[i];
    }
    eg_buf_done(&path);
    return text;
}

#endif
