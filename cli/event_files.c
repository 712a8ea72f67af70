/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/event_files.h"

#include "cli/cli.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/event/event_json.h"

#include <string.h>

#define FOLLOW_MS 200

/* Pipes wait for their writer by themselves. */
static bool is_followed(const eg_event_files *files)
{
    return files->follow && files->next == files->count && files->input.is_file;
}

/* Waits until the followed file has more (EG_OK), or is over: cut, replaced (EG_E_NOTFOUND). */
static int wait_for_more(const eg_event_files *files)
{
    while (!eg_interrupted() && files->idle(files->user)) {
        bool replaced = eg_input_was_replaced(&files->input); /* before its size: nothing is lost */
        uint64_t size = eg_input_size(&files->input);
        if (size > files->input.position) {
            return EG_OK;
        }
        if (size < files->input.position || replaced) {
            return EG_E_NOTFOUND;
        }
        eg_thread_sleep_ms(FOLLOW_MS);
    }
    return eg_fail(EG_E_CLOSED, "interrupted");
}

static int read_input(void *user, void *out, size_t size, size_t *got)
{
    eg_event_files *files = user;
    for (;;) {
        if (eg_input_may_wait(&files->input) && !files->idle(files->user)) {
            return eg_fail(EG_E_CLOSED, "interrupted");
        }
        int status = eg_input_read(&files->input, out, size, got);
        if (status != EG_OK || *got > 0 || !is_followed(files)) {
            return status;
        }
        status = wait_for_more(files);
        if (status != EG_OK) {
            return status == EG_E_NOTFOUND ? EG_OK : status;
        }
    }
}

int eg_event_files_init(eg_event_files *files)
{
    files->input.handle = EG_INPUT_CLOSED;
    files->next = files->unreadable = 0;
    files->number = files->i = files->bytes = files->total = 0;
    for (size_t i = 0; i < files->count; i++) {
        eg_input input = {.handle = EG_INPUT_CLOSED};
        uint64_t size = 0;
        if (eg_input_open(files->paths[i], &input) == EG_OK) {
            size = eg_input_size(&input);
            eg_input_close(&input);
        }
        if (size == 0) {
            files->total = 0;
            break;
        }
        files->total += size;
    }
    return eg_line_reader_init(&files->lines, read_input, files, EG_EVENT_LINE_MAX);
}

void eg_event_files_done(eg_event_files *files)
{
    eg_input_close(&files->input);
    eg_line_reader_done(&files->lines);
}

uint64_t eg_event_files_position(const eg_event_files *files)
{
    bool open = files->input.handle != EG_INPUT_CLOSED;
    return files->bytes + (open ? files->input.position : 0);
}

static int unreadable(eg_event_files *files)
{
    eg_cli_error("%s", eg_error_message());
    files->unreadable++;
    return EG_OK;
}

static int open_next(eg_event_files *files)
{
    int status = eg_input_open(files->paths[files->next++], &files->input);
    if (status == EG_OK) {
        eg_line_reader_restart(&files->lines);
        files->number = 0;
    }
    return status == EG_OK || status == EG_E_NOMEM ? status : unreadable(files);
}

/* The followed file came to an end: it was cut, or another one has its name. */
static int start_anew(eg_event_files *files)
{
    eg_input fresh = {.handle = EG_INPUT_CLOSED};
    int status = EG_OK;

    eg_line_reader_restart(&files->lines);
    files->number = 0;
    if (eg_input_was_replaced(&files->input)) {
        status = eg_input_open(files->input.path, &fresh);
        if (status == EG_OK) {
            eg_cli_error("%s was replaced: reading the new file", fresh.path);
            files->bytes += files->input.position;
            eg_input_close(&files->input);
            files->input = fresh;
        }
        /* Gone again already: its successor is found the next time. */
        return status == EG_E_NOMEM ? status : EG_OK;
    }
    eg_cli_error("%s was cut: reading from its start", files->input.path);
    return eg_input_rewind(&files->input);
}

/* What to do at the end of a file; EG_E_NOTFOUND behind the last one. */
static int end_of_file(eg_event_files *files)
{
    if (is_followed(files)) {
        return start_anew(files);
    }
    files->bytes += files->input.position;
    eg_input_close(&files->input);
    return EG_OK;
}

/* What Windows PowerShell makes of "> file". */
static bool is_utf16(eg_str text)
{
    return text.len >= 2 &&
           (memcmp(text.ptr, "\xFF\xFE", 2) == 0 || memcmp(text.ptr, "\xFE\xFF", 2) == 0);
}

int eg_event_files_next(eg_event_files *files, eg_event_line *line)
{
    for (;;) {
        int status = EG_OK;
        if (files->input.handle == EG_INPUT_CLOSED) {
            if (files->next == files->count) {
                return EG_E_NOTFOUND;
            }
            status = open_next(files);
        } else {
            status = eg_line_reader_next(&files->lines, &line->text);
            if (files->number == 0 && status == EG_OK && is_utf16(line->text)) {
                status = eg_fail(EG_E_IO, "%s is UTF-16: save it as UTF-8", files->input.path);
            }
            if (status == EG_OK || status == EG_E_LIMIT) {
                line->file = files->next - 1;
                line->number = ++files->number;
                line->i = files->i++;
                return status;
            }
            if (status == EG_E_NOTFOUND) {
                status = end_of_file(files);
            } else if (status == EG_E_CLOSED) {
                return EG_E_NOTFOUND;
            } else if (status == EG_E_IO) {
                unreadable(files);
                eg_input_close(&files->input);
                status = EG_OK;
            }
        }
        if (status != EG_OK) {
            return status;
        }
    }
}
