/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of a stream of any length, one at a time, in memory that is used again. A line longer than
 * the limit is skipped and reported as such; the lines after it are still read. One thread.
 */
#ifndef EG_CLI_LINE_READER_H
#define EG_CLI_LINE_READER_H

#include "core/base/str.h"

#include <stdio.h>

typedef struct eg_line_reader {
    FILE *file;        /* borrowed */
    char *buffer;
    size_t capacity;   /* of buffer; the longest line */
    size_t start, end; /* bytes read and not handed out yet */
    bool at_end;
    uint64_t bytes;    /* handed out so far, for progress */
} eg_line_reader;

int eg_line_reader_init(eg_line_reader *reader, FILE *file, size_t longest);
void eg_line_reader_done(eg_line_reader *reader);
/*
 * EG_OK and the line without its end ("\n" or "\r\n"), valid until the next call; EG_E_LIMIT for a
 * line that is too long (it is skipped); EG_E_NOTFOUND at the end; EG_E_IO.
 */
int eg_line_reader_next(eg_line_reader *reader, eg_str *line);

#endif
