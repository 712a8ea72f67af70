/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_keys.h"

#include "cli/cli.h"
#include "cli/terminal.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

#define ATTEMPTS 3
#define PATH_MAX_BYTES ((size_t)32 * 1024)

void eg_admin_wipe(eg_buf *secret)
{
    if (secret->data) {
        eg_wipe(secret->data, secret->cap);
    }
    eg_buf_done(secret);
}

void eg_key_list_done(eg_key_list *list)
{
    eg_wipe(list, sizeof(*list));
}

const char *eg_admin_label(eg_tuf_kind kind)
{
    return kind == EG_TUF_TIMESTAMP || kind == EG_TUF_SNAPSHOT ? "online" : eg_tuf_kind_name(kind);
}

static bool has_key(const eg_key_list *list, eg_str id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (eg_str_equal(eg_str_from(list->items[i].id), id)) {
            return true;
        }
    }
    return false;
}

/* ---- passphrases ---- */

static void cut_line(eg_buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\r' || text->data[i] == '\n') {
            text->data[i] = '\0';
            text->len = i;
        }
    }
}

/* Without asking anybody; EG_E_NOTFOUND when nothing was given. */
static int given_passphrase(const eg_admin *a, eg_buf *out)
{
    int status = eg_buf_reserve(out, EG_PASSPHRASE_MAX); /* growing would leave copies behind */
    if (status != EG_OK) {
        return status;
    }
    status = a->passphrase_file ? eg_file_read(a->passphrase_file, EG_PASSPHRASE_MAX, out)
                                : eg_env_get("EMOGUARD_PASSPHRASE", out);
    if (status == EG_OK) {
        cut_line(out);
        if (out->len == 0) {
            status = eg_fail(EG_E_INVALID, "the passphrase that was given is empty");
        }
    } else if (a->passphrase_file && status == EG_E_NOTFOUND) {
        status = EG_E_IO;
    }
    return status;
}

static int ask(const char *what, const char *name, eg_buf *out)
{
    eg_buf prompt;
    eg_buf_init(&prompt, 2048);
    eg_admin_wipe(out);
    /* All of it at once: growing would leave copies behind. */
    int status = eg_buf_reserve(out, EG_PASSPHRASE_MAX);
    if (status == EG_OK) {
        status = eg_buf_appendf(&prompt, "%s %s: ", what, name);
    }
    if (status == EG_OK) {
        status = eg_terminal_ask_secret(eg_buf_cstr(&prompt), out);
    }
    eg_buf_done(&prompt);
    return status;
}

static int new_passphrase(eg_admin *a, const char *name, eg_buf *out)
{
    eg_buf again;
    int status = given_passphrase(a, out);
    if (status != EG_E_NOTFOUND) {
        return status;
    }
    status = ask("New passphrase for", name, out);
    if (status == EG_OK && out->len == 0) {
        return eg_fail(EG_E_INVALID, "a passphrase must not be empty");
    }
    eg_buf_init(&again, EG_PASSPHRASE_MAX);
    if (status == EG_OK) {
        status = ask("Once more for", name, &again);
    }
    if (status == EG_OK && !eg_str_equal(eg_buf_str(&again), eg_buf_str(out))) {
        status = eg_fail(EG_E_INVALID, "the two are not the same");
    }
    eg_admin_wipe(&again);
    return status;
}

/* The one before may fit this key, too; else the one that is given, else what is typed. */
static int unlock(eg_admin *a, const char *path, eg_str file, eg_secret_key *out)
{
    eg_buf *passphrase = &a->last_passphrase;
    int status = EG_E_DENIED;
    if (passphrase->len > 0) {
        status = eg_key_file_read(file, eg_buf_str(passphrase), out);
    }
    if (status != EG_E_DENIED) {
        return status;
    }
    eg_admin_wipe(passphrase);
    status = given_passphrase(a, passphrase);
    if (status == EG_OK) {
        return eg_key_file_read(file, eg_buf_str(passphrase), out);
    }
    if (status != EG_E_NOTFOUND) {
        return status;
    }
    for (int i = 0; i < ATTEMPTS; i++) {
        status = ask("Passphrase of", path, passphrase);
        if (status == EG_OK) {
            status = eg_key_file_read(file, eg_buf_str(passphrase), out);
        }
        if (status != EG_E_DENIED) {
            break;
        }
    }
    return status;
}

/* ---- files ---- */

typedef struct search {
    eg_admin *a;
    const eg_tuf_role *role; /* NULL: only look for `id` */
    eg_key_list *list;
    eg_str id;
    bool found, locked;
} search;

static bool role_has(const eg_tuf_role *role, eg_str id)
{
    for (size_t i = 0; i < role->key_count; i++) {
        if (eg_str_equal(role->keys[i]->id, id)) {
            return true;
        }
    }
    return false;
}

static size_t count_of(const eg_tuf_role *role, const eg_key_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        count += role_has(role, eg_str_from(list->items[i].id));
    }
    return count;
}

static int take(search *s, const char *path, eg_str file, const eg_secret_key *seen, bool locked)
{
    eg_str id = eg_str_from(seen->id);
    if (!s->role) {
        s->found = s->found || eg_str_equal(s->id, id);
        s->locked = eg_str_equal(s->id, id) ? locked : s->locked;
        return EG_OK;
    }
    if (!role_has(s->role, id) || has_key(s->list, id) ||
        count_of(s->role, s->list) >= s->role->threshold) {
        return EG_OK;
    }
    if (s->list->count == EG_ADMIN_KEYS_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d keys", EG_ADMIN_KEYS_MAX);
    }
    eg_secret_key *key = &s->list->items[s->list->count];
    int status = locked ? unlock(s->a, path, file, key) : eg_key_file_read(file, EG_STR_NONE, key);
    if (status == EG_OK) {
        s->list->count++;
    } else if (status == EG_E_DENIED) {
        status = eg_fail(EG_E_DENIED, "%.400s: %.500s", path, eg_error_message());
    }
    return status;
}

static int visit(void *user, const eg_dir_entry *entry)
{
    eg_secret_key seen;
    bool locked = false;
    eg_buf file;
    if (entry->is_dir ||
        !eg_str_ends_nocase(eg_str_from(entry->name), EG_STR(EG_ADMIN_KEY_SUFFIX))) {
        return EG_OK;
    }
    eg_buf_init(&file, EG_KEY_FILE_MAX);
    int status = eg_file_read(entry->path, EG_KEY_FILE_MAX, &file);
    if (status == EG_OK) {
        status = eg_key_file_look(eg_buf_str(&file), &seen, &locked);
    }
    if (status == EG_OK) {
        status = take(user, entry->path, eg_buf_str(&file), &seen, locked);
    } else if (status != EG_E_NOMEM) {
        /* Somebody else's file is not ours to judge; a damaged one of ours is said to be. */
        eg_cli_error("%s is passed over: %s", entry->path, eg_error_message());
        status = EG_OK;
    }
    eg_admin_wipe(&file);
    return status;
}

static int search_folders(search *s)
{
    int status = EG_OK;
    for (size_t i = 0; i < s->a->key_folders.count && status == EG_OK; i++) {
        status = eg_dir_walk(s->a->key_folders.items[i], 1, visit, s);
    }
    return status;
}

int eg_key_list_find(eg_admin *a, const eg_tuf_role *role, eg_key_list *list)
{
    search s = {.a = a, .role = role, .list = list};
    return search_folders(&s);
}

bool eg_admin_key_at_hand(const eg_admin *a, eg_str id, bool *locked)
{
    eg_admin copy = *a;
    search s = {.a = &copy, .id = id};
    bool found = search_folders(&s) == EG_OK && s.found;
    *locked = s.locked;
    return found;
}

/* ---- making ---- */

static int write_file(eg_admin *a, const char *path, const eg_secret_key *key, bool open)
{
    const eg_key_cost cost = EG_KEY_COST;
    eg_buf passphrase, file;
    eg_buf_init(&passphrase, EG_PASSPHRASE_MAX);
    eg_buf_init(&file, EG_KEY_FILE_MAX);
    int status = open ? EG_OK : new_passphrase(a, path, &passphrase);
    if (status == EG_E_UNSUPPORTED) {
        status = eg_fail(status, "%s: name one with --passphrase-file", eg_error_message());
    }
    if (status == EG_OK) {
        status = eg_key_file_write(key, open ? EG_STR_NONE : eg_buf_str(&passphrase), &cost, &file);
    }
    if (status == EG_OK) {
        status = eg_private_file_write(path, file.data, file.len);
    }
    eg_admin_wipe(&file);
    eg_admin_wipe(&passphrase);
    return status;
}

int eg_key_list_create(eg_admin *a, const char *folder, const char *role, bool open,
                       eg_key_list *list)
{
    eg_buf path;
    if (list->count == EG_ADMIN_KEYS_MAX) {
        return eg_fail(EG_E_LIMIT, "more than %d keys", EG_ADMIN_KEYS_MAX);
    }
    eg_secret_key *key = &list->items[list->count];
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status = eg_dir_create(folder);
    if (status == EG_OK) {
        status = eg_secret_key_create(role, key);
    }
    if (status == EG_OK) {
        status = eg_buf_appendf(&path, "%s/%s-%.8s" EG_ADMIN_KEY_SUFFIX, folder, role, key->id);
    }
    if (status == EG_OK) {
        status = write_file(a, path.data, key, open);
    }
    if (status == EG_OK) {
        list->count++;
        printf("key of %-8s %s%s\n", role, path.data, open ? " (no passphrase)" : "");
    }
    eg_buf_done(&path);
    return status;
}
