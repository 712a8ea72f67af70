/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends a repository to where PCs find it. Order: what is immutable and listed by something else,
 * then the timestamp, then root metadata, which the timestamp's keys may change with (the new
 * timestamp is signed by the old keys as well). So each moment shows a whole repository.
 */
#include "cli/admin.h"
#include "cli/terminal.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES ((size_t)32 * 1024)
#define UPLOADED "uploaded.txt"
#define UPLOADED_MAX ((size_t)16 * 1024 * 1024)
#define TIMESTAMP EG_PUBLICATION_METADATA "/timestamp.json"

typedef enum turn { TURN_LISTED, TURN_TIMESTAMP, TURN_ROOT, TURN_COUNT } turn;

typedef struct sending {
    const eg_admin *a;
    turn turn;
    size_t root; /* length of the repository's path */
    eg_buf uploaded;
    size_t sent;
} sending;

static turn turn_of(const char *name)
{
    if (strcmp(name, TIMESTAMP) == 0) {
        return TURN_TIMESTAMP;
    }
    return eg_str_ends_nocase(eg_str_from(name), EG_STR(".root.json")) ? TURN_ROOT : TURN_LISTED;
}

/* ---- to a folder ---- */

static int copy(sending *s, const char *from, const char *name)
{
    eg_buf to, folder;
    eg_buf_init(&to, PATH_MAX_BYTES);
    eg_buf_init(&folder, PATH_MAX_BYTES);
    int status = eg_buf_appendf(&to, "%s/%s", s->a->to, name);
    if (status == EG_OK && (s->turn == TURN_TIMESTAMP || !eg_file_exists(to.data))) {
        eg_str base = eg_path_base(eg_buf_str(&to));
        status = eg_buf_append(&folder, to.data, to.len - base.len - 1);
        if (status == EG_OK) {
            status = eg_dir_create(folder.data);
        }
        if (status == EG_OK) {
            status = eg_file_copy(from, to.data);
            s->sent++;
        }
    }
    eg_buf_done(&folder);
    eg_buf_done(&to);
    return status;
}

/* ---- by a command ---- */

/* `command` with {file} and {path} replaced by quoted words. */
static int run_command(const char *command, const char *file, const char *path)
{
    eg_buf line;
    int status = EG_OK;
    eg_buf_init(&line, PATH_MAX_BYTES);
    for (const char *at = command; *at != '\0' && status == EG_OK;) {
        if (strncmp(at, "{file}", 6) == 0) {
            status = eg_shell_append_word(&line, file);
            at += 6;
        } else if (path && strncmp(at, "{path}", 6) == 0) {
            status = eg_shell_append_word(&line, path);
            at += 6;
        } else {
            status = eg_buf_append_char(&line, *at++);
        }
    }
    if (status == EG_OK) {
        status = eg_shell_run(eg_buf_cstr(&line));
    }
    eg_buf_done(&line);
    return status;
}

static int uploaded_path(const sending *s, eg_buf *out)
{
    eg_buf_init(out, PATH_MAX_BYTES);
    return eg_path_join(out, s->a->dir, UPLOADED);
}

static bool was_uploaded(const sending *s, const char *name)
{
    eg_str rest = eg_buf_str(&s->uploaded), line;
    while (eg_str_split(&rest, '\n', &line)) {
        if (eg_str_equal(line, eg_str_from(name))) {
            return true;
        }
    }
    return false;
}

static int upload(sending *s, const char *from, const char *name)
{
    eg_buf path, line;
    if (s->turn != TURN_TIMESTAMP && was_uploaded(s, name)) {
        return EG_OK;
    }
    int status = run_command(s->a->upload, from, name);
    if (status != EG_OK || s->turn == TURN_TIMESTAMP) {
        s->sent += status == EG_OK;
        return status;
    }
    s->sent++;
    eg_buf_init(&line, PATH_MAX_BYTES);
    status = uploaded_path(s, &path);
    if (status == EG_OK) {
        status = eg_buf_appendf(&line, "%s\n", name);
    }
    if (status == EG_OK) {
        status = eg_file_append(path.data, line.data, line.len);
    }
    eg_buf_done(&line);
    eg_buf_done(&path);
    return status;
}

/* ---- either ---- */

static int send_one(void *user, const eg_dir_entry *entry)
{
    sending *s = user;
    const char *name = entry->path + s->root;
    while (*name == '/') {
        name++;
    }
    if (entry->is_dir || turn_of(name) != s->turn) {
        return EG_OK;
    }
    return s->a->to ? copy(s, entry->path, name) : upload(s, entry->path, name);
}

static int send_metadata(sending *s)
{
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status = eg_buf_appendf(&path, "%s/" EG_PUBLICATION_METADATA, s->a->dir);
    if (status == EG_OK) {
        status = eg_dir_walk(path.data, 1, send_one, s);
    }
    eg_buf_done(&path);
    return status;
}

/* What is listed: a bundle that was only drafted stays here. */
static int send_targets(sending *s, const eg_tuf_metadata *targets)
{
    eg_buf path;
    int status = EG_OK;
    eg_buf_init(&path, PATH_MAX_BYTES);
    for (size_t i = 0; i < targets->target_count && status == EG_OK; i++) {
        eg_buf_clear(&path);
        eg_buf_appendf(&path, "%s/" EG_PUBLICATION_TARGETS "/", s->a->dir);
        status = eg_publication_target_path(targets->targets[i].path,
                                            targets->targets[i].hashes.sha256, &path);
        if (status == EG_OK) {
            const char *name = path.data + s->root + 1;
            status = s->a->to ? copy(s, path.data, name) : upload(s, path.data, name);
        }
    }
    eg_buf_done(&path);
    return status;
}

static int send_all(sending *s, const eg_tuf_metadata *targets)
{
    int status = send_targets(s, targets);
    for (s->turn = TURN_LISTED; s->turn < TURN_COUNT && status == EG_OK; s->turn++) {
        status = send_metadata(s);
    }
    if (status == EG_OK) {
        printf("%zu files sent\n", s->sent);
    }
    return status;
}

static int ring(const eg_admin *a)
{
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status = eg_buf_appendf(&path, "%s/" TIMESTAMP, a->dir);
    if (status == EG_OK) {
        status = run_command(a->bell_command, path.data, NULL);
    }
    eg_buf_done(&path);
    return status;
}

int eg_admin_send(const eg_admin *a, const eg_publication *publication)
{
    sending s = {.a = a, .root = strlen(a->dir)};
    eg_buf path;
    int status = EG_OK;
    eg_buf_init(&s.uploaded, UPLOADED_MAX);
    if (a->upload) {
        status = uploaded_path(&s, &path);
        if (status == EG_OK) {
            status = eg_file_read(path.data, UPLOADED_MAX, &s.uploaded);
        }
        eg_buf_done(&path);
        status = status == EG_E_NOTFOUND ? EG_OK : status;
    }
    if (status == EG_OK && (a->to || a->upload)) {
        status = send_all(&s, publication->published[EG_TUF_TARGETS]);
    }
    eg_buf_done(&s.uploaded);
    return status == EG_OK && a->bell_command ? ring(a) : status;
}
