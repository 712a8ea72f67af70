/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What portable code needs from the operating system: threads, locks, clocks, files, folders.
 * os_win32.c and os_posix.c implement the same contract; paths are UTF-8, absolute or relative,
 * of any length (the Windows side adds the long-path prefix itself), with '/' or '\\' on Windows.
 * Files are opened with full sharing: an antivirus must never lock somebody's file.
 */
#ifndef EG_BASE_OS_H
#define EG_BASE_OS_H

#include "core/base/str.h"

/* ---- threads ---- */
typedef struct eg_thread eg_thread;
typedef void (*eg_thread_main)(void *arg);
int eg_thread_start(eg_thread **out, const char *name, eg_thread_main run, void *arg);
void eg_thread_join(eg_thread *thread); /* waits, then frees; NULL-safe */
/*
 * Ends the file operation that the thread waits in now, if any, which then fails: for a server that
 * does not answer. Systems that cannot do nothing. Any thread.
 */
void eg_thread_cancel_io(eg_thread *thread);
void eg_thread_sleep_ms(uint32_t milliseconds);
/* From now on this thread lets others go first, on Windows at the disk and in memory as well. */
void eg_thread_stand_back(void);

typedef struct eg_mutex {
    void *opaque[10];
} eg_mutex;
/* For a static mutex, which needs no init and no done. */
/* clang-format off */
#define EG_MUTEX_INIT {{NULL}}
/* clang-format on */
int eg_mutex_init(eg_mutex *mutex);
void eg_mutex_done(eg_mutex *mutex);
void eg_mutex_lock(eg_mutex *mutex); /* not recursive */
void eg_mutex_unlock(eg_mutex *mutex);

typedef struct eg_cond {
    void *opaque[10];
} eg_cond;
int eg_cond_init(eg_cond *cond);
void eg_cond_done(eg_cond *cond);
#define EG_FOREVER UINT32_MAX
/* EG_OK, or EG_E_TIMEOUT. Spurious wake-ups happen: test the condition in a loop. */
int eg_cond_wait(eg_cond *cond, eg_mutex *mutex, uint32_t milliseconds);
void eg_cond_wake_all(eg_cond *cond);
/* The same with a time of eg_clock_monotonic_ns: EG_E_TIMEOUT, at once, when that is over. */
int eg_cond_wait_until(eg_cond *cond, eg_mutex *mutex, uint64_t deadline);
#define EG_NEVER UINT64_MAX
uint64_t eg_deadline_after(uint32_t milliseconds); /* EG_NEVER for EG_FOREVER */

/* Counters and flags shared between threads; sequentially consistent. */
typedef struct eg_atomic {
    volatile int64_t value;
} eg_atomic;
int64_t eg_atomic_add(eg_atomic *counter, int64_t amount); /* the new value */
int64_t eg_atomic_get(const eg_atomic *counter);
void eg_atomic_set(eg_atomic *counter, int64_t value);

/* ---- text ---- */
/*
 * Appends the UTF-8 form of `text` in a code page of Windows; EG_E_NOTFOUND when this system does
 * not know it (elsewhere than on Windows: always).
 */
int eg_utf8_from_code_page(uint32_t code_page, eg_str text, eg_buf *out);

/* ---- clocks ---- */
uint64_t eg_clock_utc(void);          /* FILETIME: 100 ns since 1601-01-01 UTC */
uint64_t eg_clock_monotonic_ns(void); /* never goes back; for durations and deadlines */
/* What clocks on the wall show at this moment, as ticks: for people. */
uint64_t eg_clock_local(uint64_t utc);

/* ---- files ---- */
/* Appends the whole file to `out`; EG_E_LIMIT when it is larger than `max` bytes. */
int eg_file_read(const char *path, size_t max, eg_buf *out);
/* Replaces the file in one step: readers see the old or the new content, also after a crash. */
int eg_file_write_atomic(const char *path, const void *data, size_t size);
/* Makes the file in one step, with all its content; EG_E_EXISTS when there is one of that name. */
int eg_file_write_new(const char *path, const void *data, size_t size);
int eg_file_append(const char *path, const void *data, size_t size);

/* Which file it is, and in which state: two equal ones mean the same bytes. */
typedef struct eg_file_identity {
    uint64_t volume;
    uint64_t id[2]; /* of the file on its volume */
    uint64_t size;
    uint64_t written, changed; /* FILETIME of the last change to its data, to anything */
} eg_file_identity;
bool eg_file_identity_equal(const eg_file_identity *a, const eg_file_identity *b);
/*
 * Of a regular file, without reading it. EG_E_INVALID for a folder or a device, EG_E_UNSUPPORTED
 * for a file whose content lies in a cloud and would have to be fetched.
 */
int eg_file_identify(const char *path, eg_file_identity *out);
/*
 * Appends the first `max` bytes of a regular file to `out` and tells what it was when its reading
 * began. EG_E_IO when it changed meanwhile; else as eg_file_identify.
 */
int eg_file_read_head(const char *path, size_t max, eg_buf *out, eg_file_identity *identity);
/*
 * The same for a file that is open already: `handle` as the system names it (HANDLE, descriptor),
 * at its beginning; `path` is for messages only. It stays open.
 */
int eg_handle_identify(intptr_t handle, const char *path, eg_file_identity *out);
int eg_handle_read_head(intptr_t handle, const char *path, size_t max, eg_buf *out,
                        eg_file_identity *identity);

bool eg_file_exists(const char *path); /* file or folder */
bool eg_dir_exists(const char *path);
int eg_file_move(const char *from, const char *to); /* replaces `to` */
int eg_file_copy(const char *from, const char *to); /* replaces `to` */
int eg_file_delete(const char *path);               /* EG_E_NOTFOUND when it is not there */
int eg_dir_create(const char *path);                /* with its parents; EG_OK when it exists */
int eg_dir_delete(const char *path);                /* must be empty */

typedef struct eg_dir_entry {
    const char *path; /* root joined with the relative path, '/' between */
    const char *name; /* last component */
    bool is_dir;
    uint64_t size;
    uint64_t modified; /* FILETIME */
} eg_dir_entry;
/* Return EG_OK to go on, anything else stops the walk and is returned by it. */
typedef int (*eg_dir_visit)(void *user, const eg_dir_entry *entry);
/*
 * Visits files and folders below `root` in byte order of their names, a folder before what it
 * holds, `depth` levels deep (1 = only the folder itself). Symbolic links and junctions below
 * `root` are left out. A folder below `root` that cannot be read is logged and passed over.
 */
int eg_dir_walk(const char *root, int depth, eg_dir_visit visit, void *user);
/* The same, but tells of each folder below `root` that cannot be read; the error message is set. */
typedef void (*eg_dir_unreadable)(void *user, const char *path);
int eg_dir_walk_telling(const char *root, int depth, eg_dir_visit visit,
                        eg_dir_unreadable unreadable, void *user);

int eg_path_join(eg_buf *out, const char *folder, const char *name); /* replaces what is in out */
int eg_env_get(const char *name, eg_buf *out); /* EG_E_NOTFOUND when unset; replaces out */
int eg_temp_dir(eg_buf *out);                  /* existing folder; replaces out */
int eg_host_name(eg_buf *out);                 /* replaces out */
/* "ja-JP" or "ja_JP.UTF-8": of what programs show to this user; "" unknown. Replaces out. */
int eg_system_language(eg_buf *out);
uint32_t eg_process_id(void);
uint32_t eg_cpu_count(void);                 /* processors this program may use, at least 1 */
int eg_random_bytes(void *out, size_t size); /* from the system's generator */

#endif
