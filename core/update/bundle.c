/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/bundle.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/zstd.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX (EG_TAR_PARTS_MAX + 1)
#define ARENA_BLOCK ((size_t)64 * 1024)

void eg_bundle_init(eg_bundle *bundle)
{
    memset(bundle, 0, sizeof(*bundle));
    eg_buf_init(&bundle->archive, EG_BUNDLE_ARCHIVE_MAX);
}

void eg_bundle_done(eg_bundle *bundle)
{
    eg_buf_done(&bundle->archive);
    eg_arena_destroy(bundle->arena);
    eg_bundle_init(bundle);
}

/* ---- the files of an archive ---- */

static int count_files(eg_str archive, size_t *count)
{
    eg_tar_walk walk = {.archive = archive};
    eg_pack_file file;
    int status;
    do {
        status = eg_tar_next(&walk, &file);
    } while (status == EG_OK);
    *count = walk.count;
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static int list_files(eg_bundle *bundle)
{
    eg_tar_walk walk = {.archive = eg_buf_str(&bundle->archive)};
    size_t count = 0;
    int status = count_files(walk.archive, &count);
    if (status == EG_OK && count == 0) {
        return eg_fail(EG_E_INVALID, "the archive is empty");
    }
    if (status == EG_OK) {
        status = eg_arena_create(&bundle->arena, ARENA_BLOCK);
    }
    if (status != EG_OK) {
        return status;
    }
    bundle->files = eg_arena_alloc(bundle->arena, count * sizeof(*bundle->files));
    if (!bundle->files) {
        return EG_E_NOMEM;
    }
    for (; bundle->count < count; bundle->count++) {
        eg_pack_file *file = &bundle->files[bundle->count];
        status = eg_tar_next(&walk, file);
        if (status != EG_OK) {
            return status;
        }
        file->name.ptr = eg_arena_copy(bundle->arena, file->name.ptr, file->name.len);
        if (!file->name.ptr) {
            return EG_E_NOMEM;
        }
    }
    return EG_OK;
}

static int by_name(const void *key, const void *file)
{
    return eg_tar_compare(*(const eg_str *)key, ((const eg_pack_file *)file)->name);
}

const eg_pack_file *eg_bundle_find(const eg_bundle *bundle, eg_str name)
{
    const eg_pack_file *found = bundle->count > 0 ? bsearch(&name, bundle->files, bundle->count,
                                                            sizeof(*bundle->files), by_name)
                                                  : NULL;
    return found && eg_str_equal(found->name, name) ? found : NULL;
}

/* ---- from a folder ---- */

typedef struct folder {
    size_t root; /* length of the folder's path */
    eg_arena *arena;
    const char **paths;
    size_t count, capacity;
} folder;

static eg_str name_of(const folder *f, const char *path)
{
    eg_str name = eg_str_from(path + f->root);
    while (name.len > 0 && (name.ptr[0] == '/' || name.ptr[0] == '\\')) {
        name.ptr++;
        name.len--;
    }
    return name;
}

static bool is_hidden(eg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '.' && (i == 0 || name.ptr[i - 1] == '/')) {
            return true;
        }
    }
    return false;
}

static int add_path(void *user, const eg_dir_entry *entry)
{
    folder *f = user;
    if (entry->is_dir || is_hidden(name_of(f, entry->path))) {
        return EG_OK;
    }
    if (f->count == EG_TAR_FILES_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d files", EG_TAR_FILES_MAX);
    }
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? f->capacity * 2 : 256;
        const char **paths = eg_realloc((void *)f->paths, capacity * sizeof(*paths));
        if (!paths) {
            return EG_E_NOMEM;
        }
        f->paths = paths;
        f->capacity = capacity;
    }
    f->paths[f->count] = eg_arena_copy(f->arena, entry->path, strlen(entry->path));
    return f->paths[f->count++] ? EG_OK : EG_E_NOMEM;
}

/* All of them begin with the same folder, so the order of paths is that of names. */
static int by_path(const void *a, const void *b)
{
    return eg_tar_compare(eg_str_from(*(const char *const *)a),
                          eg_str_from(*(const char *const *)b));
}

static int write_archive(const folder *f, eg_buf *archive)
{
    eg_buf text;
    eg_str last = EG_STR_NONE;
    int status = EG_OK;
    eg_buf_init(&text, EG_BUNDLE_ARCHIVE_MAX);
    for (size_t i = 0; i < f->count && status == EG_OK; i++) {
        eg_buf_clear(&text);
        status = eg_file_read(f->paths[i], EG_BUNDLE_ARCHIVE_MAX, &text);
        if (status == EG_OK) {
            eg_pack_file file = {name_of(f, f->paths[i]), eg_buf_str(&text)};
            status = eg_tar_append(archive, last, &file);
            last = file.name;
        }
    }
    eg_buf_done(&text);
    return status == EG_OK ? eg_tar_end(archive) : status;
}

int eg_bundle_read_folder(const char *path, eg_bundle *out)
{
    folder f = {.root = strlen(path)};
    eg_bundle_done(out);
    int status = eg_arena_create(&f.arena, ARENA_BLOCK);
    if (status == EG_OK) {
        status = eg_dir_walk(path, DEPTH_MAX, add_path, &f);
    }
    if (status == EG_OK && f.count > 0) {
        qsort((void *)f.paths, f.count, sizeof(*f.paths), by_path);
    }
    if (status == EG_OK) {
        status = write_archive(&f, &out->archive);
    }
    if (status == EG_OK) {
        status = list_files(out);
    }
    eg_free((void *)f.paths);
    eg_arena_destroy(f.arena);
    if (status != EG_OK) {
        eg_bundle_done(out);
    }
    return status;
}

/* ---- compressed ---- */

int eg_bundle_open(eg_buf *archive, eg_bundle *out)
{
    size_t max = archive->max;
    eg_bundle_done(out);
    out->archive = *archive;
    eg_buf_init(archive, max);
    int status = list_files(out);
    if (status != EG_OK) {
        eg_bundle_done(out);
    }
    return status;
}

int eg_bundle_unpack(eg_str packed, eg_str old, eg_bundle *out)
{
    eg_bundle_done(out);
    if (packed.len > EG_BUNDLE_PACKED_MAX) {
        return eg_fail(EG_E_LIMIT, "a bundle of %zu bytes, %u are allowed", packed.len,
                       EG_BUNDLE_PACKED_MAX);
    }
    int status = eg_zstd_decompress(packed, old, &out->archive);
    if (status == EG_OK) {
        status = list_files(out);
    }
    if (status != EG_OK) {
        eg_bundle_done(out);
    }
    return status;
}

int eg_bundle_pack(const eg_bundle *bundle, eg_str old, eg_buf *out)
{
    return eg_zstd_compress(eg_buf_str(&bundle->archive), old, out);
}
