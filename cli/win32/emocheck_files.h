/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that have signs of core/detect/emocheck.h, one folder below the local application data of
 * every profile and below the folder of 32-bit system programs. Belongs to one thread; texts live
 * in the list's arena, freed by eg_emocheck_files_done.
 */
#ifndef EG_CLI_EMOCHECK_FILES_H
#define EG_CLI_EMOCHECK_FILES_H

#include "cli/check_pc.h"

#define EG_EMOCHECK_FILES_MAX 256

typedef struct eg_emocheck_candidate {
    eg_str path;
    unsigned signs; /* what is left to be told of it */
} eg_emocheck_candidate;

typedef struct eg_emocheck_files {
    eg_arena *arena;
    eg_emocheck_candidate items[EG_EMOCHECK_FILES_MAX];
    size_t count;
} eg_emocheck_files;

/* Folders that cannot be read become gaps. EG_E_NOMEM, or EG_E_CLOSED when cancelled. */
int eg_emocheck_files_find(eg_check_pc *pc, eg_emocheck_files *out);
void eg_emocheck_files_done(eg_emocheck_files *files);

/* A gap of EG_CHECK_EMOCHECK: the reason is the last error message. */
int eg_emocheck_add_gap(eg_check_pc *pc, eg_str what, eg_check_reason reason);

#endif
