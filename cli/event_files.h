/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of several files of events, one file after the other; the last one may be followed
 * while it grows, is cut to start anew, or is moved away and replaced. One thread, the one that
 * hunts.
 */
#ifndef EG_CLI_EVENT_FILES_H
#define EG_CLI_EVENT_FILES_H

#include "cli/input.h"
#include "cli/line_reader.h"

typedef struct eg_event_line {
    eg_str text;     /* valid until the next line is asked for */
    size_t file;     /* index into the paths */
    uint64_t number; /* in its file, from 1 */
    uint64_t i;      /* over all files, from 0 */
} eg_event_line;

typedef struct eg_event_files {
    const char *const *paths; /* borrowed; "-" is standard input */
    size_t count;
    bool follow;
    /* Called before a read that may have to wait; false ends the reading. */
    bool (*idle)(void *user);
    void *user;

    eg_input input;
    eg_line_reader lines;
    size_t next;        /* path to open next */
    uint64_t number, i; /* of the line handed out next */
    uint64_t bytes;     /* of files read to the end */
    uint64_t total;     /* bytes in all files; 0 when one does not tell */
    size_t unreadable;  /* files that could not be opened or read; said on standard error */
} eg_event_files;

/* Fill in paths, count, follow, idle and user before; everything else is set here. */
int eg_event_files_init(eg_event_files *files);
void eg_event_files_done(eg_event_files *files);
/*
 * EG_OK; EG_E_LIMIT for a line that is too long (skipped, but numbered); EG_E_NOTFOUND at the end,
 * also after Ctrl-C and when `idle` said so; EG_E_NOMEM.
 */
int eg_event_files_next(eg_event_files *files, eg_event_line *line);
uint64_t eg_event_files_position(const eg_event_files *files); /* bytes read so far */

#endif
