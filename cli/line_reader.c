/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line_reader.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

int eg_line_reader_init(eg_line_reader *reader, FILE *file, size_t longest)
{
    memset(reader, 0, sizeof(*reader));
    reader->buffer = eg_alloc(longest);
    if (!reader->buffer) {
        return EG_E_NOMEM;
    }
    reader->file = file;
    reader->capacity = longest;
    return EG_OK;
}

void eg_line_reader_done(eg_line_reader *reader)
{
    eg_free(reader->buffer);
    memset(reader, 0, sizeof(*reader));
}

/* Moves what is left to the front and reads on. */
static int refill(eg_line_reader *reader)
{
    size_t left = reader->end - reader->start;
    memmove(reader->buffer, reader->buffer + reader->start, left);
    reader->start = 0;
    reader->end = left;
    size_t wanted = reader->capacity - left;
    size_t got = fread(reader->buffer + left, 1, wanted, reader->file);
    reader->end += got;
    if (got < wanted) {
        if (ferror(reader->file)) {
            return eg_fail(EG_E_IO, "reading failed after %llu bytes",
                           (unsigned long long)reader->bytes);
        }
        reader->at_end = true;
    }
    return EG_OK;
}

static int skip_long_line(eg_line_reader *reader)
{
    for (;;) {
        char *newline = memchr(reader->buffer + reader->start, '\n', reader->end - reader->start);
        if (newline) {
            size_t used = (size_t)(newline - reader->buffer) + 1 - reader->start;
            reader->start += used;
            reader->bytes += used;
            break;
        }
        reader->bytes += reader->end - reader->start;
        reader->start = reader->end;
        if (reader->at_end) {
            break;
        }
        int status = refill(reader);
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_fail(EG_E_LIMIT, "line is longer than %zu bytes", reader->capacity);
}

int eg_line_reader_next(eg_line_reader *reader, eg_str *line)
{
    for (;;) {
        char *start = reader->buffer + reader->start;
        size_t available = reader->end - reader->start;
        char *newline = memchr(start, '\n', available);
        if (newline || (reader->at_end && available > 0)) {
            size_t length = newline ? (size_t)(newline - start) : available;
            size_t used = newline ? length + 1 : length;
            reader->start += used;
            reader->bytes += used;
            if (length > 0 && start[length - 1] == '\r') {
                length--;
            }
            *line = (eg_str){start, length};
            return EG_OK;
        }
        if (reader->at_end) {
            return EG_E_NOTFOUND;
        }
        if (available == reader->capacity) {
            return skip_long_line(reader);
        }
        int status = refill(reader);
        if (status != EG_OK) {
            return status;
        }
    }
}
