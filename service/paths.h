/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are: the data folder (ProgramData\EmoGuard unless told otherwise), what lies in it,
 * the program and its rules. Computed once at start on the main thread, then immutable. The data
 * folder belongs to SYSTEM and the Administrators alone; nobody else may read or write in it.
 */
#ifndef EG_SERVICE_PATHS_H
#define EG_SERVICE_PATHS_H

#include "core/base/str.h"

typedef struct eg_paths {
    bool is_default; /* the data folder was not chosen on the command line */
    eg_buf data;     /* folder */
    eg_buf database; /* emoguard.db */
    eg_buf settings; /* emoguard.conf */
    eg_buf log;      /* emoguard.log */
    eg_buf verdicts; /* emoguard.verdicts: files that were found clean */
    eg_buf lock;     /* emoguard.lock: held by the one service that works on this folder */
    eg_buf updates;  /* folder: packs from repositories, and what is trusted of those */
    eg_buf program;  /* this executable */
    eg_buf reports;  /* reports: folder of the checks of this PC */
    eg_buf checker;  /* emoguard.exe beside this executable */
    eg_buf rules;    /* folder or file; default: rules beside the executable */
} eg_paths;

/* NULL means the default place. Touches nothing on disk. */
int eg_paths_init(eg_paths *paths, const char *data_folder, const char *rules);
void eg_paths_done(eg_paths *paths);

/*
 * Makes the data folder with its access rights. A default folder that stands there already and does
 * not belong to SYSTEM or the Administrators (somebody prepared it) or is a junction is moved
 * aside; `notice` then says so for people. A folder named on the command line keeps its rights if
 * it exists.
 */
int eg_paths_secure(const eg_paths *paths, eg_buf *notice);

/* Deletes the data folder and all in it. Junctions and links are removed, never followed. */
int eg_paths_purge(const eg_paths *paths);

/* The same, but the hit database stays, with databases that were moved aside as damaged. */
int eg_paths_remove_all_but_hits(const eg_paths *paths);

#endif
