/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The update client as other people's tests want it: the command line of tuf-conformance
 * (github.com/theupdateframework/tuf-conformance, CLIENT-CLI.md).
 *
 *   tuf_client --metadata-dir DIR init ROOT
 *   tuf_client --metadata-dir DIR --metadata-url URL refresh
 *   tuf_client --metadata-dir DIR --metadata-url URL --target-name PATH... --target-base-url URL
 *              --target-dir DIR download
 *
 * An URL may be a folder. As strict as the specification. Exit code 0, or 1 with the reason.
 */
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/client.h"
#include "tests/tuf_client/fetch.h"

#include <stdio.h>
#include <string.h>

#define TARGETS_MAX 64
#define PATH_BYTES_MAX (32 * 1024)
#define FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define INSTALLED "installed-root"

typedef struct arguments {
    const char *metadata_dir, *metadata_url, *target_url, *target_dir;
    const char *targets[TARGETS_MAX];
    size_t target_count;
    const char *verb, *root;
} arguments;

static const char **option(arguments *a, const char *name)
{
    if (strcmp(name, "--metadata-dir") == 0) {
        return &a->metadata_dir;
    }
    if (strcmp(name, "--metadata-url") == 0) {
        return &a->metadata_url;
    }
    if (strcmp(name, "--target-base-url") == 0) {
        return &a->target_url;
    }
    if (strcmp(name, "--target-dir") == 0) {
        return &a->target_dir;
    }
    if (strcmp(name, "--target-name") == 0 && a->target_count < TARGETS_MAX) {
        return &a->targets[a->target_count++];
    }
    return NULL;
}

static bool read_arguments(int count, char **values, arguments *out)
{
    for (int i = 1; i < count; i++) {
        const char **place = option(out, values[i]);
        if (place && i + 1 < count) {
            *place = values[++i];
        } else if (!out->verb) {
            out->verb = values[i];
        } else if (!out->root) {
            out->root = values[i];
        } else {
            return false;
        }
    }
    if (!out->verb || !out->metadata_dir) {
        return false;
    }
    if (strcmp(out->verb, "init") == 0) {
        return out->root != NULL;
    }
    return out->metadata_url && (strcmp(out->verb, "refresh") == 0 ||
                                 (strcmp(out->verb, "download") == 0 && out->target_url &&
                                  out->target_dir && out->target_count > 0));
}

/* "folder/name.ending" with every byte of the name that is no letter, digit or '-' as %XX. */
static int file_name(const char *folder, eg_str name, const char *ending, eg_buf *out)
{
    eg_buf_clear(out);
    eg_buf_appendf(out, "%s/", folder);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_';
        if (plain) {
            eg_buf_append_char(out, c);
        } else {
            eg_buf_appendf(out, "%%%02X", (unsigned)(unsigned char)c);
        }
    }
    return eg_buf_append_cstr(out, ending);
}

static int delete_json(void *user, const eg_dir_entry *entry)
{
    EG_UNUSED(user);
    return eg_str_ends_nocase(eg_str_from(entry->name), EG_STR(".json"))
               ? eg_file_delete(entry->path)
               : EG_OK;
}

static int export_file(void *user, eg_str role, eg_str bytes)
{
    eg_buf path;
    eg_buf_init(&path, PATH_BYTES_MAX);
    int status = file_name(user, role, ".json", &path);
    if (status == EG_OK) {
        status = eg_file_write_atomic(path.data, bytes.ptr, bytes.len);
    }
    eg_buf_done(&path);
    return status;
}

/* What the client trusts, as the files that the suite looks at. */
static int export_trusted(const arguments *a, const eg_tuf_client *client)
{
    char folder[4096];
    snprintf(folder, sizeof(folder), "%s", a->metadata_dir);
    int status = eg_dir_walk(folder, 1, delete_json, NULL);
    return status == EG_OK ? eg_tuf_client_each_file(client, export_file, folder) : status;
}

static int init(const arguments *a)
{
    eg_buf bytes, path;
    eg_buf_init(&bytes, FILE_BYTES_MAX);
    eg_buf_init(&path, PATH_BYTES_MAX);
    int status = eg_file_read(a->root, FILE_BYTES_MAX, &bytes);
    if (status == EG_OK) {
        status = eg_path_join(&path, a->metadata_dir, INSTALLED);
    }
    if (status == EG_OK) {
        status = eg_file_write_atomic(path.data, eg_buf_cstr(&bytes), bytes.len);
    }
    eg_buf_done(&path);
    eg_buf_done(&bytes);
    return status;
}

static int open_client(const arguments *a, eg_test_fetch *fetch, eg_tuf_client **out)
{
    eg_tuf_settings settings = {.fetcher = eg_test_fetch_fetcher(fetch)};
    eg_buf root, path, state;
    eg_buf_init(&root, FILE_BYTES_MAX);
    eg_buf_init(&path, PATH_BYTES_MAX);
    eg_buf_init(&state, PATH_BYTES_MAX);
    eg_tuf_options_default(&settings.options);
    settings.options.expired_is_fatal = true;
    int status = eg_path_join(&path, a->metadata_dir, INSTALLED);
    if (status == EG_OK) {
        status = eg_file_read(path.data, FILE_BYTES_MAX, &root);
    }
    if (status == EG_OK) {
        status = eg_path_join(&state, a->metadata_dir, "state");
    }
    if (status == EG_OK) {
        settings.state_path = state.data;
        settings.installed_root = eg_buf_str(&root);
        status = eg_tuf_client_open(out, &settings);
    }
    eg_buf_done(&state);
    eg_buf_done(&path);
    eg_buf_done(&root);
    return status;
}

/* True when the file is there and is what the metadata says. */
static bool is_downloaded(const char *path, const eg_tuf_target *target)
{
    uint8_t sha256[EG_HASH256_SIZE], sha512[EG_HASH512_SIZE];
    eg_buf bytes;
    eg_buf_init(&bytes, FILE_BYTES_MAX);
    bool good = eg_file_read(path, FILE_BYTES_MAX, &bytes) == EG_OK && bytes.len == target->length;
    if (good) {
        eg_sha256(eg_buf_str(&bytes), sha256);
        eg_sha512(eg_buf_str(&bytes), sha512);
        good = eg_tuf_hashes_fit(&target->hashes, sha256, sha512);
    }
    eg_buf_done(&bytes);
    return good;
}

static int append(void *user, const void *bytes, size_t size)
{
    return eg_buf_append(user, bytes, size);
}

static int download(const arguments *a, eg_tuf_client *client, const char *name)
{
    const eg_tuf_target *target = NULL;
    eg_buf bytes, path;
    eg_fetch_sink sink = {&bytes, append};
    eg_buf_init(&bytes, FILE_BYTES_MAX);
    eg_buf_init(&path, PATH_BYTES_MAX);
    int status = eg_tuf_client_find(client, eg_str_from(name), &target);
    if (status == EG_OK) {
        status = file_name(a->target_dir, target->path, "", &path);
    }
    if (status == EG_OK && !is_downloaded(path.data, target)) {
        status = eg_tuf_client_download(client, target, &sink);
        if (status == EG_OK) {
            status = eg_file_write_atomic(path.data, eg_buf_cstr(&bytes), bytes.len);
        }
    }
    eg_buf_done(&path);
    eg_buf_done(&bytes);
    return status;
}

static int run(const arguments *a)
{
    eg_http_options options = {.user_agent = "tuf_client", .connect_ms = 5000};
    eg_test_fetch fetch = {a->metadata_url, a->target_url, NULL};
    eg_tuf_client *client = NULL;
    eg_tuf_status told;
    if (strcmp(a->verb, "init") == 0) {
        return init(a);
    }
    int status = eg_http_create(&options, &fetch.http);
    if (status == EG_OK) {
        status = open_client(a, &fetch, &client);
    }
    if (status != EG_OK) {
        eg_http_destroy(fetch.http);
        return status;
    }
    status = eg_tuf_client_refresh(client, eg_clock_utc(), &told);
    for (size_t i = 0; i < a->target_count && status == EG_OK; i++) {
        status = download(a, client, a->targets[i]);
    }
    if (status != EG_OK) {
        fprintf(stderr, "tuf_client: %s: %s\n", eg_tuf_outcome_name(told.outcome),
                eg_error_message());
    }
    int exported = export_trusted(a, client);
    eg_tuf_client_close(client);
    eg_http_destroy(fetch.http);
    return status == EG_OK ? exported : status;
}

int main(int count, char **values)
{
    arguments a = {0};
    if (!read_arguments(count, values, &a)) {
        fprintf(stderr, "tuf_client: wrong usage; see tests/tuf_client/tuf_client.c\n");
        return 1;
    }
    int status = run(&a);
    if (status != EG_OK) {
        fprintf(stderr, "tuf_client: %s: %s\n", eg_status_name(status), eg_error_message());
    }
    return status == EG_OK ? 0 : 1;
}
