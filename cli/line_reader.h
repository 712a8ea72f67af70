/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines out of bytes that a function reads, one at a time, in memory that is used again. A line
 * longer than the limit is skipped and reported as such; the lines after it are still read. A
 * reader belongs to one thread.
 */
#ifndef EG_CLI_LINE_READER_H
#define EG_CLI_LINE_READER_H

#include "core/base/str.h"

/* Reads up to `size` bytes; *got 0 is the end. Anything but EG_OK is handed to the caller. */
typedef int (*eg_line_source)(void *user, void *out, size_t size, size_t *got);

typedef struct eg_line_reader {
    eg_line_source source;
    void *user;
    char *buffer;
    size_t capacity;   /* of buffer */
    size_t longest;    /* line that is accepted */
    size_t start, end; /* bytes read and not handed out yet */
    bool at_end;
} eg_line_reader;

int eg_line_reader_init(eg_line_reader *reader, eg_line_source source, void *user, size_t longest);
void eg_line_reader_done(eg_line_reader *reader);
/* Forgets what was read: another file comes. */
void eg_line_reader_restart(eg_line_reader *reader);
/*
 * EG_OK and the line without its end ("\n" or "\r\n"), valid until the next call; EG_E_LIMIT for a
 * line that is too long (it is skipped); EG_E_NOTFOUND at the end; what the source returned.
 */
int eg_line_reader_next(eg_line_reader *reader, eg_str *line);

#endif
