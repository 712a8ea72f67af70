/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files a command line names: its program, and what programs that run other people's code were
 * handed (the library of rundll32, the script of wscript, the document of Word, what a shell or a
 * task tool is told to start). Which programs read their arguments how is command_hosts.def.
 * Command lines are hostile: length, nesting and number are bounded. Pure; texts from the arena.
 */
#ifndef EG_DETECT_COMMAND_FILES_H
#define EG_DETECT_COMMAND_FILES_H

#include "core/base/mem.h"
#include "core/base/str.h"

#define EG_COMMAND_LENGTH_MAX 32768 /* bytes that are read; Windows takes no longer ones */
#define EG_NAMED_FILES_MAX 12

typedef struct eg_named_file {
    eg_str path;     /* as written, without quotes */
    eg_str ending;   /* what Windows puts behind a name without one: ".dll", ".exe" or "" */
    bool is_program; /* the program of the whole command line */
} eg_named_file;

typedef struct eg_named_files {
    eg_named_file items[EG_NAMED_FILES_MAX];
    size_t count;
    bool cut; /* there was more than is read */
} eg_named_files;

/* Each file once, in the order of the text. EG_OK or EG_E_NOMEM. */
int eg_command_files(eg_str command, eg_arena *arena, eg_named_files *out);

#endif
