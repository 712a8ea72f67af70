/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What os_file_win32.c and os_file_posix.c do for the portable half in os_file.c: one open file,
 * one folder. Not for anybody else. Who lists a folder frees the listing with eg_os_listing_done.
 */
#ifndef EG_BASE_OS_INTERNAL_H
#define EG_BASE_OS_INTERNAL_H

#include "core/base/os.h"

typedef struct eg_os_file {
    intptr_t handle;
    const char *path; /* borrowed, for messages */
} eg_os_file;

typedef enum eg_os_mode {
    EG_OS_READ,
    EG_OS_CREATE, /* EG_E_EXISTS when it is there already */
    EG_OS_APPEND, /* created when missing */
} eg_os_mode;

int eg_os_open(const char *path, eg_os_mode mode, eg_os_file *out);
int eg_os_read(const eg_os_file *file, void *out, size_t size, size_t *got); /* *got 0: the end */
/* As eg_file_identify, of an open file. */
int eg_os_identity(const eg_os_file *file, eg_file_identity *out);
int eg_os_write(const eg_os_file *file, const void *data, size_t size); /* all of it */
int eg_os_flush(const eg_os_file *file);                                /* to the disk */
void eg_os_close(const eg_os_file *file);
int eg_os_replace(const char *from, const char *to); /* rename, durable, in the same folder */
int eg_os_rename(const char *from, const char *to);  /* the same, EG_E_EXISTS if `to` is there */
void eg_os_remove_quietly(const char *path);         /* keeps the last error message */

typedef struct eg_os_item {
    char *name;
    bool is_dir;
    uint64_t size;
    uint64_t modified; /* FILETIME */
} eg_os_item;

typedef struct eg_os_listing {
    eg_os_item *items;
    size_t count;
    size_t capacity;
} eg_os_listing;

/* Adds what `path` holds, without "." and "..", links and junctions; in no order. */
int eg_os_list_folder(const char *path, eg_os_listing *listing);
/* Takes item.name, also on failure. */
int eg_os_listing_add(eg_os_listing *listing, eg_os_item item);
void eg_os_listing_done(eg_os_listing *listing);

#endif
