/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/os_internal.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)16 * 1024)
#define HEAD_CHUNK ((size_t)1024 * 1024)
#define PATH_MAX_BYTES ((size_t)128 * 1024)

#ifdef _WIN32
static const char own_separator = '\\';
#else
static const char own_separator = '/';
#endif

static bool is_separator(char c)
{
    return c == '/' || c == own_separator;
}

static int append_component(eg_buf *path, const char *name, char separator)
{
    if (path->len > 0 && !is_separator(path->data[path->len - 1])) {
        eg_buf_append_char(path, separator);
    }
    return eg_buf_append_cstr(path, name);
}

int eg_path_join(eg_buf *out, const char *folder, const char *name)
{
    /* A folder written with '/' stays in that style. */
    char separator = strchr(folder, '/') ? '/' : own_separator;
    eg_buf_clear(out);
    eg_buf_append_cstr(out, folder);
    return append_component(out, name, separator);
}

/* ---- files ---- */

/* What is left of `out` after a failure: nothing of the file, and the reason in the status. */
static int undo_append(eg_buf *out, size_t length, int status)
{
    out->len = length;
    if (out->data) {
        out->data[length] = '\0';
    }
    return status;
}

int eg_file_read(const char *path, size_t max, eg_buf *out)
{
    char chunk[CHUNK];
    eg_os_file file;
    int status = eg_os_open(path, EG_OS_READ, &file);
    if (status != EG_OK) {
        return status;
    }
    size_t before = out->len;
    size_t got = 0;
    do {
        status = eg_os_read(&file, chunk, sizeof(chunk), &got);
        if (status == EG_OK && got > max - (out->len - before)) {
            status = eg_fail(EG_E_LIMIT, "%s is larger than %zu bytes", path, max);
        }
        if (status == EG_OK) {
            status = eg_buf_append(out, chunk, got);
        }
    } while (status == EG_OK && got > 0);
    eg_os_close(&file);
    return status == EG_OK ? EG_OK : undo_append(out, before, status);
}

bool eg_file_identity_equal(const eg_file_identity *a, const eg_file_identity *b)
{
    return a->volume == b->volume && a->id[0] == b->id[0] && a->id[1] == b->id[1] &&
           a->size == b->size && a->written == b->written && a->changed == b->changed;
}

static int read_head(const eg_os_file *file, size_t max, eg_buf *out)
{
    size_t left = max;
    size_t got = 1;
    int status = EG_OK;
    while (status == EG_OK && left > 0 && got > 0) {
        size_t part = left < HEAD_CHUNK ? left : HEAD_CHUNK;
        status = eg_buf_reserve(out, part);
        if (status == EG_OK) {
            status = eg_os_read(file, out->data + out->len, part, &got);
        }
        if (status == EG_OK) {
            out->len += got;
            out->data[out->len] = '\0';
            left -= got;
        }
    }
    return status;
}

int eg_handle_identify(intptr_t handle, const char *path, eg_file_identity *out)
{
    const eg_os_file file = {.handle = handle, .path = path};
    return eg_os_identity(&file, out);
}

int eg_handle_read_head(intptr_t handle, const char *path, size_t max, eg_buf *out,
                        eg_file_identity *identity)
{
    const eg_os_file file = {.handle = handle, .path = path};
    eg_file_identity before;
    eg_file_identity after;
    size_t length = out->len;
    int status = eg_os_identity(&file, &before);
    if (status == EG_OK) {
        status = read_head(&file, before.size < max ? (size_t)before.size : max, out);
    }
    if (status == EG_OK) {
        status = eg_os_identity(&file, &after);
    }
    if (status == EG_OK && !eg_file_identity_equal(&before, &after)) {
        status = eg_fail(EG_E_IO, "%s changed while it was read", path);
    }
    if (status != EG_OK) {
        return undo_append(out, length, status);
    }
    *identity = before;
    return EG_OK;
}

int eg_file_read_head(const char *path, size_t max, eg_buf *out, eg_file_identity *identity)
{
    eg_os_file file;
    eg_file_identity before;
    /* Before it is opened: opening a pipe or a device can wait for ever. */
    int status = eg_file_identify(path, &before);
    if (status == EG_OK) {
        status = eg_os_open(path, EG_OS_READ, &file);
    }
    if (status != EG_OK) {
        return status;
    }
    status = eg_handle_read_head(file.handle, path, max, out, identity);
    eg_os_close(&file);
    return status;
}

/* A name beside `path` that nobody else uses. */
static int temporary_name(const char *path, eg_buf *out)
{
    uint64_t number = 0;
    int status = eg_random_bytes(&number, sizeof(number));
    if (status != EG_OK) {
        return status;
    }
    eg_buf_clear(out);
    return eg_buf_appendf(out, "%s.%016" PRIx64 ".tmp", path, number);
}

static int write_and_flush(const char *path, const void *data, size_t size)
{
    eg_os_file file;
    int status = eg_os_open(path, EG_OS_CREATE, &file);
    if (status != EG_OK) {
        return status;
    }
    status = eg_os_write(&file, data, size);
    if (status == EG_OK) {
        status = eg_os_flush(&file);
    }
    eg_os_close(&file);
    return status;
}

/* Writes a file beside `path`, then gives it that name by `name_it`. */
static int write_beside(const char *path, const void *data, size_t size,
                        int (*name_it)(const char *from, const char *to))
{
    eg_buf temporary;
    eg_buf_init(&temporary, PATH_MAX_BYTES);
    int status = temporary_name(path, &temporary);
    if (status != EG_OK) {
        goto out;
    }
    status = write_and_flush(temporary.data, data, size);
    if (status == EG_OK) {
        status = name_it(temporary.data, path);
    }
    if (status != EG_OK) {
        eg_os_remove_quietly(temporary.data);
    }
out:
    eg_buf_done(&temporary);
    return status;
}

int eg_file_write_atomic(const char *path, const void *data, size_t size)
{
    return write_beside(path, data, size, eg_os_replace);
}

int eg_file_write_new(const char *path, const void *data, size_t size)
{
    return write_beside(path, data, size, eg_os_rename);
}

int eg_file_append(const char *path, const void *data, size_t size)
{
    eg_os_file file;
    int status = eg_os_open(path, EG_OS_APPEND, &file);
    if (status != EG_OK) {
        return status;
    }
    status = eg_os_write(&file, data, size);
    eg_os_close(&file);
    return status;
}

static int copy_bytes(const eg_os_file *from, const eg_os_file *to)
{
    char chunk[CHUNK];
    size_t got = 0;
    int status;
    do {
        status = eg_os_read(from, chunk, sizeof(chunk), &got);
        if (status == EG_OK && got > 0) {
            status = eg_os_write(to, chunk, got);
        }
    } while (status == EG_OK && got > 0);
    return status == EG_OK ? eg_os_flush(to) : status;
}

int eg_file_copy(const char *from, const char *to)
{
    eg_os_file source;
    eg_os_file target;
    eg_buf temporary;
    eg_buf_init(&temporary, PATH_MAX_BYTES);
    int status = eg_os_open(from, EG_OS_READ, &source);
    if (status != EG_OK) {
        return status;
    }
    status = temporary_name(to, &temporary);
    if (status == EG_OK) {
        status = eg_os_open(temporary.data, EG_OS_CREATE, &target);
    }
    if (status != EG_OK) {
        goto out;
    }
    status = copy_bytes(&source, &target);
    eg_os_close(&target);
    if (status == EG_OK) {
        status = eg_os_replace(temporary.data, to);
    }
    if (status != EG_OK) {
        eg_os_remove_quietly(temporary.data);
    }
out:
    eg_os_close(&source);
    eg_buf_done(&temporary);
    return status;
}

/* ---- folders ---- */

int eg_os_listing_add(eg_os_listing *listing, eg_os_item item)
{
    if (!item.name) {
        return EG_E_NOMEM;
    }
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity > 0 ? listing->capacity * 2 : 32;
        eg_os_item *items = eg_realloc(listing->items, capacity * sizeof(*items));
        if (!items) {
            eg_free(item.name);
            return EG_E_NOMEM;
        }
        listing->items = items;
        listing->capacity = capacity;
    }
    listing->items[listing->count++] = item;
    return EG_OK;
}

void eg_os_listing_done(eg_os_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        eg_free(listing->items[i].name);
    }
    eg_free(listing->items);
    *listing = (eg_os_listing){0};
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const eg_os_item *)a)->name, ((const eg_os_item *)b)->name);
}

typedef struct walk {
    eg_buf path; /* of the folder being visited */
    eg_dir_visit visit;
    eg_dir_unreadable unreadable; /* NULL: logged */
    void *user;
} walk;

static int walk_folder(walk *w, int depth, bool is_root);

static int visit_item(walk *w, const eg_os_item *item, int depth)
{
    size_t folder_length = w->path.len;
    int status = append_component(&w->path, item->name, '/');
    if (status != EG_OK) {
        return status;
    }
    eg_dir_entry entry = {
        .path = w->path.data,
        .name = item->name,
        .is_dir = item->is_dir,
        .size = item->size,
        .modified = item->modified,
    };
    status = w->visit(w->user, &entry);
    if (status == EG_OK && item->is_dir && depth > 1) {
        status = walk_folder(w, depth - 1, false);
    }
    w->path.len = folder_length;
    w->path.data[folder_length] = '\0';
    return status;
}

static int walk_folder(walk *w, int depth, bool is_root)
{
    eg_os_listing listing = {0};
    int status = eg_os_list_folder(eg_buf_cstr(&w->path), &listing);
    if (status != EG_OK) {
        eg_os_listing_done(&listing);
        if (is_root || status == EG_E_NOMEM) {
            return status;
        }
        /* One that was removed meanwhile is no news. */
        if (status != EG_E_NOTFOUND && w->unreadable) {
            w->unreadable(w->user, eg_buf_cstr(&w->path));
        } else if (status != EG_E_NOTFOUND) {
            eg_log(EG_LOG_WARNING, "files", "folder passed over: %s", eg_error_message());
        }
        return EG_OK;
    }
    if (listing.count > 0) {
        qsort(listing.items, listing.count, sizeof(*listing.items), compare_names);
    }
    for (size_t i = 0; i < listing.count && status == EG_OK; i++) {
        status = visit_item(w, &listing.items[i], depth);
    }
    eg_os_listing_done(&listing);
    return status;
}

int eg_dir_walk_telling(const char *root, int depth, eg_dir_visit visit,
                        eg_dir_unreadable unreadable, void *user)
{
    if (depth < 1) {
        return eg_fail(EG_E_INVALID, "depth %d for walking %s", depth, root);
    }
    walk w = {.visit = visit, .unreadable = unreadable, .user = user};
    eg_buf_init(&w.path, PATH_MAX_BYTES);
    int status = eg_buf_append_cstr(&w.path, root);
    if (status == EG_OK) {
        status = walk_folder(&w, depth, true);
    }
    eg_buf_done(&w.path);
    return status;
}

int eg_dir_walk(const char *root, int depth, eg_dir_visit visit, void *user)
{
    return eg_dir_walk_telling(root, depth, visit, NULL, user);
}
