/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pack_test.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "service/pack_bytes.h"
#include "service/pack_samples.h"
#include "worker/scan_client.h"

#include <stdio.h>

#define PATH_MAX_BYTES (32u * 1024)
#define COMPILER_BYTES ((size_t)512 * 1024 * 1024) /* the service compiles what passes as well */

struct eg_pack_tester {
    const char *programs;
    eg_buf worker; /* path of the scan worker */
    eg_mutex lock; /* for what follows */
    bool stopped;
    eg_scan_client *client; /* at work now; NULL: none */
};

/* The first problem that is an error. */
typedef struct problem {
    char text[400];
} problem;

static void keep_first(problem *p, const char *file, int line, const char *reason)
{
    if (p->text[0] == '\0') {
        snprintf(p->text, sizeof(p->text), "%s:%d: %s", file ? file : "", line, reason);
    }
}

static void on_yara(void *user, const eg_yara_problem *found)
{
    if (!found->is_warning) {
        keep_first(user, found->file, found->line, found->reason);
    }
}

static void on_rule(void *user, const eg_problem *found)
{
    if (found->kind == EG_PROBLEM_REJECTED) {
        keep_first(user, found->file, found->line, found->reason);
    }
}

/* ---- scan workers, which a stop ends ---- */

static int open_client(eg_pack_tester *tester, eg_scan_client_options *options,
                       eg_scan_client **out)
{
    options->program = eg_buf_cstr(&tester->worker);
    options->engine = &eg_yara_engine;
    int status = eg_scan_client_create(options, out);
    if (status == EG_OK) {
        eg_mutex_lock(&tester->lock);
        tester->client = *out;
        if (tester->stopped) {
            eg_scan_client_stop(*out);
        }
        eg_mutex_unlock(&tester->lock);
    }
    return status;
}

static void close_client(eg_pack_tester *tester, eg_scan_client *client)
{
    eg_mutex_lock(&tester->lock);
    tester->client = NULL;
    eg_mutex_unlock(&tester->lock);
    eg_scan_client_destroy(client);
}

/* ---- compiling ---- */

static int gather_yara(const eg_bundle *bundle, eg_arena *arena, eg_yara_source *out, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < bundle->count; i++) {
        const eg_pack_file *file = &bundle->files[i];
        if (eg_str_starts_nocase(file->name, EG_STR("yara/")) && eg_pack_is_yara(file->name)) {
            const char *name = eg_arena_copy(arena, file->name.ptr, file->name.len);
            if (!name) {
                return EG_E_NOMEM;
            }
            out[(*count)++] = (eg_yara_source){name, file->text};
        }
    }
    return EG_OK;
}

/* A child that cannot be had at all is not the fault of the pack. */
static int try_yara(eg_pack_tester *tester, const eg_yara_source *sources, size_t count)
{
    eg_scan_client_options options = {
        .sources = sources, .source_count = count, .memory_bytes = COMPILER_BYTES};
    problem first = {""};
    const eg_yara_report report = {on_yara, &first};
    eg_scan_client *client = NULL;
    if (count == 0) {
        return EG_OK;
    }
    int status = open_client(tester, &options, &client);
    if (status == EG_OK) {
        status = eg_scan_client_try(client, &report);
    }
    close_client(tester, client);
    if (status == EG_OK || status == EG_E_NOMEM || status == EG_E_CLOSED) {
        return status;
    }
    if (status == EG_E_NOTFOUND || status == EG_E_DENIED) {
        return eg_fail(EG_E_CLOSED, "the pack cannot be tested: %s", eg_error_message());
    }
    return status == EG_E_INVALID && first.text[0] != '\0'
               ? eg_fail(EG_E_INVALID, "%s", first.text)
               : eg_fail(EG_E_INVALID, "its YARA rules do not compile: %s", eg_error_message());
}

static int load(const eg_bundle *bundle, eg_ruleset **out)
{
    const eg_ruleset_source source = {"pack", bundle->files, bundle->count, 0};
    problem first = {""};
    const eg_report report = {on_rule, &first};
    eg_ruleset *ruleset = NULL;
    int status = eg_ruleset_load_from(&source, 1, false, &report, &ruleset);
    if (status == EG_OK && first.text[0] != '\0') {
        eg_ruleset_unref(ruleset);
        return eg_fail(EG_E_INVALID, "%s", first.text);
    }
    if (status == EG_OK) {
        *out = ruleset;
    }
    return status;
}

/* ---- files that no rule may hit ---- */

static int scan_one(eg_scanner *scanner, const char *path, eg_file_report *report)
{
    const eg_scan_job job = {
        .kind = EG_SCAN_FILE,
        .path = eg_str_from(path),
        .facts = {.path = eg_str_from(path), .event_kind = EG_STR("check")},
    };
    if (!eg_file_exists(path)) {
        return EG_OK;
    }
    int status = scanner->scan(scanner->user, &job, report);
    if (status == EG_OK && report->verdict == EG_FILE_SUSPICIOUS && report->result.count > 0) {
        return eg_fail(EG_E_INVALID, "%.*s hits %s, which is clean",
                       EG_STR_ARGS(report->result.matches[0].rule->name), path);
    }
    if (status == EG_OK && (report->gap == EG_GAP_TOO_SLOW || report->gap == EG_GAP_ENGINE ||
                            report->gap == EG_GAP_WORKER)) {
        return eg_fail(EG_E_INVALID, "%s cannot be scanned with it: %s", path, report->reason);
    }
    return status;
}

static int scan_list(eg_scanner *scanner, const char *folder, const char *const *names,
                     size_t count, eg_file_report *report)
{
    int status = EG_OK;
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        status = eg_path_join(&path, folder, names[i]);
        if (status == EG_OK) {
            status = scan_one(scanner, eg_buf_cstr(&path), report);
        }
    }
    eg_buf_done(&path);
    return status;
}

static int scan_clean(eg_scanner *scanner, const char *programs)
{
    static const char *const ours[] = {"emoguard-service.exe", "emoguard-tray.exe",
                                       "emoguard-worker.exe", "emoguard.exe"};
    static const char *const of_windows[] = {
        "explorer.exe",           "notepad.exe",           "System32\\cmd.exe",
        "System32\\kernel32.dll", "System32\\ntdll.dll",   "System32\\user32.dll",
        "System32\\rundll32.exe", "System32\\svchost.exe", "System32\\regsvr32.exe",
        "System32\\services.exe", "System32\\wscript.exe", "System32\\mshta.exe",
        "System32\\shell32.dll",  "System32\\winhttp.dll", "System32\\crypt32.dll"};
    eg_buf windows;
    eg_file_report *report = eg_alloc(sizeof(*report));
    eg_buf_init(&windows, PATH_MAX_BYTES);
    int status = report ? eg_env_get("SystemRoot", &windows) : EG_E_NOMEM;
    if (status == EG_OK) {
        status = scan_list(scanner, programs, ours, EG_COUNT(ours), report);
    }
    if (status == EG_OK) {
        status =
            scan_list(scanner, eg_buf_cstr(&windows), of_windows, EG_COUNT(of_windows), report);
    }
    eg_buf_done(&windows);
    eg_free(report);
    return status;
}

/* The pack's own samples of bytes, and files that no rule may hit. */
static int test_yara(eg_pack_tester *tester, const eg_ruleset *ruleset, const eg_bundle *bundle)
{
    const eg_yara_files *files = eg_ruleset_yara_files(ruleset);
    eg_scan_client_options options = {
        .rules = eg_ruleset_yara(ruleset),
        .sources = files->items,
        .source_count = files->count,
        .limits = {EG_FILE_SCAN_BYTES, EG_FILE_SCAN_SECONDS},
    };
    eg_scan_client *client = NULL;
    if (files->count == 0) {
        return EG_OK;
    }
    int status = open_client(tester, &options, &client);
    if (status == EG_OK) {
        eg_scanner scanner = eg_scan_client_scanner(client);
        status = eg_pack_bytes_run(&scanner, ruleset, bundle);
        if (status == EG_OK) {
            status = scan_clean(&scanner, tester->programs);
        }
    }
    close_client(tester, client);
    return status;
}

/* ---- the whole of it ---- */

int eg_pack_tester_create(const char *programs, eg_pack_tester **out)
{
    eg_pack_tester *tester = eg_alloc_zero(1, sizeof(*tester));
    if (!tester) {
        return EG_E_NOMEM;
    }
    tester->programs = programs;
    eg_buf_init(&tester->worker, PATH_MAX_BYTES);
    int status = eg_path_join(&tester->worker, programs, "emoguard-worker.exe");
    if (status == EG_OK) {
        status = eg_mutex_init(&tester->lock);
    }
    if (status != EG_OK) {
        eg_buf_done(&tester->worker);
        eg_free(tester);
        return status;
    }
    *out = tester;
    return EG_OK;
}

void eg_pack_tester_destroy(eg_pack_tester *tester)
{
    if (tester) {
        eg_mutex_done(&tester->lock);
        eg_buf_done(&tester->worker);
        eg_free(tester);
    }
}

void eg_pack_tester_stop(eg_pack_tester *tester)
{
    eg_mutex_lock(&tester->lock);
    tester->stopped = true;
    if (tester->client) {
        eg_scan_client_stop(tester->client);
    }
    eg_mutex_unlock(&tester->lock);
}

/* Between two steps: those that take no child are short. */
static int go_on(eg_pack_tester *tester)
{
    eg_mutex_lock(&tester->lock);
    bool stopped = tester->stopped;
    eg_mutex_unlock(&tester->lock);
    return stopped ? eg_fail(EG_E_CLOSED, "the test of the pack was stopped") : EG_OK;
}

int eg_pack_tester_run(eg_pack_tester *tester, const eg_bundle *bundle)
{
    eg_ruleset *ruleset = NULL;
    eg_arena *arena = NULL;
    eg_yara_source *sources = NULL;
    size_t count = 0;
    uint64_t start = eg_clock_monotonic_ns();
    int status = eg_arena_create(&arena, (size_t)16 * 1024);
    if (status == EG_OK) {
        sources = eg_arena_alloc(arena, (bundle->count + 1) * sizeof(*sources));
        status = sources ? gather_yara(bundle, arena, sources, &count) : EG_E_NOMEM;
    }
    if (status == EG_OK) {
        status = try_yara(tester, sources, count);
    }
    if (status == EG_OK) {
        status = go_on(tester);
    }
    if (status == EG_OK) {
        status = load(bundle, &ruleset);
    }
    if (status == EG_OK) {
        status = eg_pack_samples_run(ruleset, bundle);
    }
    if (status == EG_OK) {
        status = go_on(tester);
    }
    if (status == EG_OK) {
        status = test_yara(tester, ruleset, bundle);
    }
    eg_ruleset_unref(ruleset);
    eg_arena_destroy(arena);
    if (status == EG_OK) {
        eg_log(EG_LOG_INFO, "update", "the pack passed its test in %llu ms",
               (unsigned long long)((eg_clock_monotonic_ns() - start) / 1000000));
    }
    return status;
}
