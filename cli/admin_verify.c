/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard admin verify: a repository, as a PC that never saw it before would take it. */
#include "cli/admin.h"
#include "cli/cli.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "core/update/bundle.h"
#include "core/update/release.h"
#include "core/update/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES ((size_t)32 * 1024)
#define FILE_TIMEOUT_MS 60000

typedef struct verify {
    eg_admin admin;
    const char *root;
    const char *place; /* URL or folder */
    size_t wrong;
} verify;

static const eg_usage usage_text = {
    .command = "admin verify",
    .arguments = "PLACE [--root FILE] [options]",
    .about =
        "PLACE is the folder of a repository or its URL (http, https). Everything is fetched and\n"
        "verified by the code that PCs run, from the root on: signatures, versions, hashes; every\n"
        "pack is unpacked and its rules are loaded. --root names the root.json that PCs were\n"
        "installed with; without it the first one of a folder is taken, which proves less.",
    .exit_codes =
        "0 all is well, 1 something is wrong or expired, 2 wrong usage, 3 it could not be\n"
        "read",
};

/* ---- targets ---- */

static int append(void *user, const void *bytes, size_t size)
{
    return eg_buf_append(user, bytes, size);
}

static int check_archive(const eg_release *release, eg_str packed, eg_ruleset_stats *stats)
{
    eg_ruleset *ruleset = NULL;
    const eg_report report = {NULL, NULL};
    uint8_t hash[EG_HASH256_SIZE];
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    int status = eg_bundle_unpack(packed, EG_STR_NONE, &bundle);
    if (status == EG_OK) {
        eg_sha256(eg_buf_str(&bundle.archive), hash);
        if (bundle.archive.len != release->archive_size ||
            memcmp(hash, release->archive, sizeof(hash)) != 0) {
            status = eg_fail(EG_E_INVALID, "its archive is not the one that is signed");
        }
    }
    if (status == EG_OK) {
        const eg_ruleset_source source = {"pack", bundle.files, bundle.count, 0};
        status = eg_ruleset_load_from(&source, 1, false, &report, &ruleset);
    }
    if (status == EG_OK) {
        eg_ruleset_stats_get(ruleset, stats);
        eg_ruleset_unref(ruleset);
    }
    eg_bundle_done(&bundle);
    return status;
}

static void check_target(verify *v, eg_tuf_client *client, const eg_tuf_target *listed)
{
    const eg_tuf_target *target = NULL;
    eg_ruleset_stats stats = {0};
    eg_release release;
    eg_buf bytes;
    eg_fetch_sink sink = {&bytes, append};
    eg_buf_init(&bytes, EG_BUNDLE_PACKED_MAX);
    int status = eg_tuf_client_find(client, listed->path, &target);
    if (status == EG_OK) {
        status = eg_tuf_client_download(client, target, &sink);
    }
    int kind = status == EG_OK ? eg_release_read(target, &release) : status;
    if (status == EG_OK && kind != EG_E_NOTFOUND) {
        status = kind == EG_OK ? check_archive(&release, eg_buf_str(&bytes), &stats) : kind;
    }
    v->wrong += status != EG_OK;
    printf("%-9s ", status == EG_OK ? "ok" : "WRONG");
    eg_cli_print(stdout, listed->path);
    printf("  %zu bytes", bytes.len);
    if (status != EG_OK) {
        printf("  ");
        eg_cli_print(stdout, eg_str_from(eg_error_message()));
    } else if (kind == EG_OK) {
        printf("  serial %" PRIu64 ", %zu rules, %zu YARA rules", release.serial, stats.loaded,
               stats.yara);
    }
    putchar('\n');
    eg_buf_done(&bytes);
}

/* ---- metadata ---- */

static void print_status(verify *v, const eg_tuf_status *status)
{
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        char time[EG_TIME_TEXT_SIZE];
        bool stale = (status->stale & 1u << kind) != 0;
        eg_time_format(status->expires[kind], time);
        printf("%-9s version %" PRIu64 ", valid until %.19sZ%s\n",
               eg_tuf_kind_name((eg_tuf_kind)kind), status->version[kind], time,
               stale ? "  EXPIRED" : "");
        v->wrong += stale;
    }
}

static int check_all(verify *v, eg_tuf_client *client)
{
    eg_tuf_status told;
    int status = eg_tuf_client_refresh(client, v->admin.now, &told);
    if (status != EG_OK) {
        v->wrong += told.outcome == EG_TUF_REFUSED || told.outcome == EG_TUF_NOT_METADATA;
        return status;
    }
    print_status(v, &told);
    const eg_tuf_metadata *targets = eg_tuf_client_targets(client);
    for (size_t i = 0; i < targets->target_count; i++) {
        check_target(v, client, &targets->targets[i]);
    }
    return EG_OK;
}

/* ---- the client ---- */

static int read_root(const verify *v, eg_buf *out)
{
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status =
        v->root ? eg_buf_append_cstr(&path, v->root)
                : eg_buf_appendf(&path, "%s/" EG_PUBLICATION_METADATA "/1.root.json", v->place);
    if (status == EG_OK) {
        status = eg_file_read(path.data, EG_PUBLICATION_FILE_MAX, out);
    }
    eg_buf_done(&path);
    return status;
}

/* A state of its own, which is thrown away. */
static int make_state_path(eg_buf *out)
{
    uint64_t number = 0;
    int status = eg_temp_dir(out);
    if (status == EG_OK) {
        status = eg_random_bytes(&number, sizeof(number));
    }
    return status == EG_OK ? eg_buf_appendf(out, "/emoguard-verify-%016" PRIx64, number) : status;
}

static void delete_state(const eg_buf *state)
{
    for (int slot = 0; slot < 2 && state->len > 0; slot++) {
        eg_buf path;
        eg_buf_init(&path, PATH_MAX_BYTES);
        if (eg_buf_appendf(&path, "%s.%d", state->data, slot) == EG_OK &&
            eg_file_exists(path.data)) {
            (void)eg_file_delete(path.data);
        }
        eg_buf_done(&path);
    }
}

static int run_client(verify *v, eg_source *source, eg_str root)
{
    eg_tuf_settings settings = {.installed_root = root, .fetcher = eg_source_fetcher(source)};
    eg_tuf_client *client = NULL;
    eg_buf state;
    eg_buf_init(&state, PATH_MAX_BYTES);
    eg_tuf_options_default(&settings.options);
    int status = make_state_path(&state);
    if (status == EG_OK) {
        settings.state_path = state.data;
        status = eg_tuf_client_open(&client, &settings);
        v->wrong += status == EG_E_INVALID;
    }
    if (status == EG_OK) {
        status = check_all(v, client);
    }
    eg_tuf_client_close(client);
    delete_state(&state);
    eg_buf_done(&state);
    return status;
}

static int run(verify *v)
{
    eg_source_options options = {.url = v->place, .timeout_ms = FILE_TIMEOUT_MS};
    eg_source *source = NULL;
    eg_buf root;
    options.http.user_agent = "emoguard-admin";
    eg_buf_init(&root, EG_PUBLICATION_FILE_MAX);
    int status = eg_crypto_init();
    if (status == EG_OK) {
        status = read_root(v, &root);
    }
    if (status == EG_OK) {
        status = eg_source_create(&options, &source);
    }
    if (status == EG_OK) {
        status = run_client(v, source, eg_buf_str(&root));
    }
    eg_source_destroy(source);
    eg_buf_done(&root);
    return status;
}

int eg_admin_verify(int argc, char **argv)
{
    verify v = {.admin = EG_ADMIN_DEFAULTS};
    eg_admin *a = &v.admin;
    eg_option_list words = {NULL, 0};
    const eg_option options[] = {
        {"--root", EG_OPTION_TEXT, &v.root, "FILE", "root.json of the installer"},
        {"--time", EG_OPTION_TEXT, &a->time, "TIME", "2026-11-23T12:00:00Z instead of now"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        a->dir = words.count == 1 ? words.items[0] : "";
        v.place = a->dir;
        code = eg_admin_start(a, &usage);
        if (code == EG_EXIT_OK && words.count != 1) {
            code = eg_options_wrong(&usage, "one PLACE, please: a folder or a URL");
        }
        int end = eg_admin_end(a, code == EG_EXIT_OK ? run(&v) : EG_OK);
        code = code != EG_EXIT_OK ? code : v.wrong > 0 ? EG_EXIT_FOUND : end;
    }
    eg_options_list_done(&words);
    return code;
}
