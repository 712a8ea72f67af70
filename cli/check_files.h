/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at many files on several threads and keeps what is worth telling: files that met a rule,
 * and what could not be looked at. The order of what is kept is that of the files, whatever the
 * number of threads. The rules are borrowed. Used by one thread, which waits for the others.
 */
#ifndef EG_CLI_CHECK_FILES_H
#define EG_CLI_CHECK_FILES_H

#include "cli/paths.h"
#include "core/yara/file_scan.h"

typedef struct eg_check_counts {
    uint64_t files; /* named by the paths, or found in their folders */
    uint64_t bytes; /* looked at */
    uint64_t suspicious,
        not_looked; /* a file can be both: met a rule, and only in part looked at */
} eg_check_counts;

typedef struct eg_check_files {
    const char *cache_file;   /* remembers clean files from run to run; NULL: nothing does */
    eg_path_list paths;       /* the files */
    eg_file_report **reports; /* by file; NULL: clean */
    eg_path_list folders;     /* that could not be read */
    eg_path_list reasons;     /* of them */
    eg_check_counts counts;
    int status; /* of gathering */
} eg_check_files;

/* Adds a file, or all files below a folder. Links are not followed. EG_E_NOMEM only. */
int eg_check_files_add(eg_check_files *files, const char *path);
/* EG_OK also when files could not be looked at: see the reports. */
int eg_check_files_run(eg_check_files *files, const eg_yara_rules *rules, size_t jobs,
                       const eg_file_scan_limits *limits);
void eg_check_files_done(eg_check_files *files);

#endif
