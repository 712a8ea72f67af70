/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include "core/base/os_internal.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_BYTES ((size_t)64 * 1024)

static int fail_errno(const char *what, const char *path)
{
    return eg_fail_os((uint32_t)errno, "%s %s", what, path);
}

int eg_os_open(const char *path, eg_os_mode mode, eg_os_file *out)
{
    int flags = O_CLOEXEC;
    if (mode == EG_OS_READ) {
        flags |= O_RDONLY;
    } else {
        flags |= O_WRONLY | O_CREAT | (mode == EG_OS_CREATE ? O_EXCL : O_APPEND);
    }
    int file;
    do {
        file = open(path, flags, 0644);
    } while (file < 0 && errno == EINTR);
    if (file < 0) {
        return fail_errno("open", path);
    }
    *out = (eg_os_file){.handle = file, .path = path};
    return EG_OK;
}

int eg_os_read(const eg_os_file *file, void *out, size_t size, size_t *got)
{
    ssize_t count;
    do {
        count = read((int)file->handle, out, size);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return fail_errno("read", file->path);
    }
    *got = (size_t)count;
    return EG_OK;
}

static uint64_t ticks_of(const struct timespec *time)
{
    return EG_UNIX_EPOCH_TICKS + (uint64_t)time->tv_sec * EG_TICKS_PER_SECOND +
           (uint64_t)time->tv_nsec / 100;
}

static int identity_of(const struct stat *info, const char *path, eg_file_identity *out)
{
    if (!S_ISREG(info->st_mode)) {
        return eg_fail(EG_E_INVALID, "%s is no regular file", path);
    }
    *out = (eg_file_identity){
        .volume = info->st_dev,
        .id = {info->st_ino, 0},
        .size = (uint64_t)info->st_size,
        .written = ticks_of(&info->st_mtim),
        .changed = ticks_of(&info->st_ctim),
    };
    return EG_OK;
}

int eg_os_identity(const eg_os_file *file, eg_file_identity *out)
{
    struct stat info;
    if (fstat((int)file->handle, &info) != 0) {
        return fail_errno("look at", file->path);
    }
    return identity_of(&info, file->path, out);
}

int eg_file_identify(const char *path, eg_file_identity *out)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return fail_errno("look at", path);
    }
    return identity_of(&info, path, out);
}

int eg_os_write(const eg_os_file *file, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t count = write((int)file->handle, bytes, size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return fail_errno("write", file->path);
        }
        bytes += count;
        size -= (size_t)count;
    }
    return EG_OK;
}

int eg_os_flush(const eg_os_file *file)
{
    return fsync((int)file->handle) == 0 ? EG_OK : fail_errno("write", file->path);
}

void eg_os_close(const eg_os_file *file)
{
    close((int)file->handle);
}

/* A rename is durable once the folder that holds the name is. */
static void flush_folder_of(const char *path)
{
    eg_buf folder;
    eg_buf_init(&folder, PATH_MAX_BYTES);
    const char *slash = strrchr(path, '/');
    if (slash) {
        eg_buf_append(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    } else {
        eg_buf_append_char(&folder, '.');
    }
    if (folder.status == EG_OK) {
        int handle = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (handle >= 0) {
            fsync(handle);
            close(handle);
        }
    }
    eg_buf_done(&folder);
}

int eg_os_replace(const char *from, const char *to)
{
    if (rename(from, to) != 0) {
        return fail_errno("replace", to);
    }
    flush_folder_of(to);
    return EG_OK;
}

int eg_os_rename(const char *from, const char *to)
{
    /* rename() would replace; a second name is refused when it is taken. */
    if (link(from, to) != 0) {
        return fail_errno("create", to);
    }
    unlink(from);
    flush_folder_of(to);
    return EG_OK;
}

void eg_os_remove_quietly(const char *path)
{
    unlink(path);
}

bool eg_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool eg_dir_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int eg_file_move(const char *from, const char *to)
{
    if (rename(from, to) == 0) {
        flush_folder_of(to);
        return EG_OK;
    }
    if (errno != EXDEV) {
        return fail_errno("move", from);
    }
    int status = eg_file_copy(from, to);
    return status == EG_OK ? eg_file_delete(from) : status;
}

int eg_file_delete(const char *path)
{
    return unlink(path) == 0 ? EG_OK : fail_errno("delete", path);
}

/* One folder; its parent exists. */
static int create_one(const char *path)
{
    if (mkdir(path, 0755) == 0 || (errno == EEXIST && eg_dir_exists(path))) {
        return EG_OK;
    }
    return fail_errno("create folder", path);
}

int eg_dir_create(const char *path)
{
    if (eg_dir_exists(path)) {
        return EG_OK;
    }
    size_t length = strlen(path);
    char *partial = eg_copy_bytes(path, length);
    if (!partial) {
        return EG_E_NOMEM;
    }
    int status = EG_OK;
    for (size_t i = 1; i < length && status == EG_OK; i++) {
        if (partial[i] != '/') {
            continue;
        }
        partial[i] = '\0';
        status = create_one(partial);
        partial[i] = '/';
    }
    if (status == EG_OK) {
        status = create_one(path);
    }
    eg_free(partial);
    return status;
}

int eg_dir_delete(const char *path)
{
    return rmdir(path) == 0 ? EG_OK : fail_errno("delete folder", path);
}

static int add_item(DIR *folder, const char *name, eg_os_listing *listing)
{
    struct stat info;
    /* What vanished since readdir, and links, are left out. */
    if (fstatat(dirfd(folder), name, &info, AT_SYMLINK_NOFOLLOW) != 0 || S_ISLNK(info.st_mode)) {
        return EG_OK;
    }
    eg_os_item item = {
        .name = eg_copy_bytes(name, strlen(name)),
        .is_dir = S_ISDIR(info.st_mode),
        .size = S_ISDIR(info.st_mode) ? 0 : (uint64_t)info.st_size,
        .modified = ticks_of(&info.st_mtim),
    };
    return eg_os_listing_add(listing, item);
}

int eg_os_list_folder(const char *path, eg_os_listing *listing)
{
    DIR *folder = opendir(path);
    if (!folder) {
        return fail_errno("read folder", path);
    }
    int status = EG_OK;
    while (status == EG_OK) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            status = errno == 0 ? EG_OK : fail_errno("read folder", path);
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = add_item(folder, entry->d_name, listing);
        }
    }
    closedir(folder);
    return status;
}
