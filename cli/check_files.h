/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files and processes that a check looks at with YARA: gathered, looked at on several threads,
 * kept with what is worth telling: what met a rule, and what could not be looked at. The order is
 * that of gathering, whatever the number of threads. One thread gathers and waits for the others;
 * texts and reports belong to the list until eg_check_files_done.
 */
#ifndef EG_CLI_CHECK_FILES_H
#define EG_CLI_CHECK_FILES_H

#include "cli/check_report.h"
#include "cli/paths.h"
#include "core/base/os.h"
#include "core/yara/scanner.h"

#define EG_CHECK_ITEMS_MAX ((size_t)1000 * 1000)

typedef struct eg_check_item {
    eg_check_area_id area;
    eg_scan_kind kind;      /* EG_SCAN_FILE or EG_SCAN_PROCESS */
    const char *path;       /* of a process: its image */
    uint32_t process_id;    /* of EG_SCAN_PROCESS */
    uint64_t created;       /* of EG_SCAN_PROCESS */
    uint64_t key;           /* by which the same file is found again; 0 for others */
    eg_file_report *report; /* NULL: clean, or not looked at yet */
    bool looked;
} eg_check_item;

typedef struct eg_check_files {
    eg_check_item *items;
    size_t count, capacity;
    uint64_t left_out;    /* beyond EG_CHECK_ITEMS_MAX */
    eg_path_list folders; /* that could not be read */
    eg_path_list reasons; /* of them */
    uint64_t bytes;       /* looked at */
    size_t *slots;        /* which files are known: index + 1, 0 free */
    size_t slot_count;    /* a power of two */
    eg_buf plain;         /* the path being added */
    eg_arena *arena;      /* of the paths */
    eg_mutex lock;        /* held while items change: another thread may read them under it */
    int status;           /* of gathering */
} eg_check_files;

int eg_check_files_init(eg_check_files *files);
void eg_check_files_done(eg_check_files *files);
/* Adds a file, or all files below a folder. Links are not followed. EG_E_NOMEM only. */
int eg_check_files_add(eg_check_files *files, eg_check_area_id area, const char *path);
/* Adds a file unless it is there already under a name that Windows takes for the same. */
int eg_check_files_add_once(eg_check_files *files, eg_check_area_id area, eg_str path);
int eg_check_files_add_process(eg_check_files *files, eg_str image, uint32_t process_id,
                               uint64_t created);
/* A folder that could not be read; the error message says why. */
int eg_check_files_unreadable(eg_check_files *files, const char *path);

typedef struct eg_check_look {
    eg_scan_kind kind; /* only the items of this kind */
    size_t jobs;       /* threads */
    void *user;
    /* A scanner for one thread, and its end; on that thread. */
    int (*open)(void *user, eg_scanner *out);
    void (*close)(void *user, eg_scanner *scanner);
    /* A few times a second, on the calling thread; false ends the looking. */
    bool (*go_on)(void *user, size_t done, size_t total, eg_str now);
} eg_check_look;

/*
 * EG_OK also when something could not be looked at: see the reports. EG_E_CLOSED when go_on ended
 * it: the rest is not `looked`.
 */
int eg_check_files_run(eg_check_files *files, const eg_check_look *look);

#endif
