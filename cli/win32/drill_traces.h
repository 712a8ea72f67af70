/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the drill leaves on the PC while it runs, and how it goes away again: copies of the
 * stand-in, the harmless library, a Run value, a scheduled task. All carry the name EmoGuardDrill;
 * eg_drill_clean removes them whether this process made them or one that was killed did.
 * One thread; CoInitializeEx is done by the task functions themselves.
 */
#ifndef EG_CLI_DRILL_TRACES_H
#define EG_CLI_DRILL_TRACES_H

#include "core/base/str.h"

typedef struct eg_drill_paths {
    eg_buf program_folder; /* of emoguard.exe: the originals lie beside it */
    eg_buf stage_folder;
    eg_buf dll_folder;
    eg_buf dll;
    eg_buf first_stage; /* full path of the program to start */
} eg_drill_paths;

int eg_drill_paths_init(eg_drill_paths *paths); /* done must be called also on failure */
void eg_drill_paths_done(eg_drill_paths *paths);

int eg_drill_place_files(const eg_drill_paths *paths);
int eg_drill_set_run_value(const eg_drill_paths *paths);
int eg_drill_register_task(const eg_drill_paths *paths);

/*
 * Removes everything; waits up to two seconds for programs that still hold a file. EG_OK also when
 * nothing was there. On failure the message names what is left.
 */
int eg_drill_clean(const eg_drill_paths *paths);

#endif
