/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line_reader.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

/* Large enough that asking for bytes costs nothing, small enough to stay in the cache. */
#define READ_SIZE ((size_t)256 * 1024)

int eg_line_reader_init(eg_line_reader *reader, eg_line_source source, void *user, size_t longest)
{
    memset(reader, 0, sizeof(*reader));
    reader->capacity = longest < READ_SIZE ? longest + 1 : READ_SIZE;
    reader->buffer = eg_alloc(reader->capacity);
    if (!reader->buffer) {
        return EG_E_NOMEM;
    }
    reader->source = source;
    reader->user = user;
    reader->longest = longest;
    return EG_OK;
}

void eg_line_reader_done(eg_line_reader *reader)
{
    eg_free(reader->buffer);
    memset(reader, 0, sizeof(*reader));
}

void eg_line_reader_restart(eg_line_reader *reader)
{
    reader->start = reader->end = 0;
    reader->at_end = false;
}

/* Room for a line that does not fit; up to the longest one and its newline. */
static int grow(eg_line_reader *reader)
{
    size_t capacity =
        reader->capacity > reader->longest / 2 ? reader->longest + 1 : reader->capacity * 2;
    char *buffer = eg_realloc(reader->buffer, capacity);
    if (!buffer) {
        return EG_E_NOMEM;
    }
    reader->buffer = buffer;
    reader->capacity = capacity;
    return EG_OK;
}

/* Moves what is left to the front and reads on. */
static int refill(eg_line_reader *reader)
{
    size_t left = reader->end - reader->start;
    size_t got = 0;

    memmove(reader->buffer, reader->buffer + reader->start, left);
    reader->start = 0;
    reader->end = left;
    if (left == reader->capacity) {
        int status = grow(reader);
        if (status != EG_OK) {
            return status;
        }
    }
    int status = reader->source(reader->user, reader->buffer + left, reader->capacity - left, &got);
    if (status != EG_OK) {
        return status;
    }
    reader->end += got;
    reader->at_end = got == 0;
    return EG_OK;
}

static int skip_long_line(eg_line_reader *reader)
{
    for (;;) {
        char *from = reader->buffer + reader->start;
        char *newline = memchr(from, '\n', reader->end - reader->start);
        if (newline) {
            reader->start += (size_t)(newline - from) + 1;
            break;
        }
        reader->start = reader->end;
        if (reader->at_end) {
            break;
        }
        int status = refill(reader);
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_fail(EG_E_LIMIT, "the line is longer than %zu bytes", reader->longest);
}

int eg_line_reader_next(eg_line_reader *reader, eg_str *line)
{
    size_t searched = 0; /* bytes of the line known to hold no newline */
    for (;;) {
        char *start = reader->buffer + reader->start;
        size_t available = reader->end - reader->start;
        char *newline = memchr(start + searched, '\n', available - searched);
        size_t length = newline ? (size_t)(newline - start) : available;
        if (length > reader->longest) {
            return skip_long_line(reader);
        }
        if (newline || (reader->at_end && available > 0)) {
            reader->start += newline ? length + 1 : length;
            if (length > 0 && start[length - 1] == '\r') {
                length--;
            }
            *line = (eg_str){start, length};
            return EG_OK;
        }
        if (reader->at_end) {
            return EG_E_NOTFOUND;
        }
        searched = available;
        int status = refill(reader);
        if (status != EG_OK) {
            return status;
        }
    }
}
