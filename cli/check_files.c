/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_files.h"

#include "cli/cli.h"
#include "cli/progress.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/yara/verdict_cache_file.h"

#define CACHE_FILES ((size_t)256 * 1024)
#define DEPTH_MAX 512
#define SHOW_EVERY_MS 200

typedef struct pool {
    eg_check_files *files;
    const eg_yara_rules *rules;
    const eg_file_scan_limits *limits;
    eg_verdict_cache *cache;            /* or NULL */
    eg_atomic next, done, bytes, found; /* files taken, files looked at */
    eg_atomic working;                  /* threads */
    eg_atomic status;                   /* the first failure */
} pool;

/* ---- which files ---- */

static int add_file(void *user, const eg_dir_entry *entry)
{
    eg_check_files *files = user;
    return entry->is_dir ? EG_OK : eg_path_list_add(&files->paths, entry->path);
}

static void add_unreadable(void *user, const char *path)
{
    eg_check_files *files = user;
    int status = eg_path_list_add(&files->reasons, eg_error_message());
    if (status == EG_OK) {
        status = eg_path_list_add(&files->folders, path);
    }
    files->status = files->status == EG_OK ? status : files->status;
}

int eg_check_files_add(eg_check_files *files, const char *path)
{
    if (!eg_dir_exists(path)) {
        /* One that does not exist could not be looked at, which the scan says. */
        return eg_path_list_add(&files->paths, path);
    }
    int status = eg_dir_walk_telling(path, DEPTH_MAX, add_file, add_unreadable, files);
    if (status != EG_OK && status != EG_E_NOMEM) {
        add_unreadable(files, path);
        status = EG_OK;
    }
    return status == EG_OK ? files->status : status;
}

/* ---- looking ---- */

static int keep_report(pool *p, size_t index, const eg_file_report *report)
{
    eg_atomic_add(&p->bytes, (int64_t)report->bytes);
    if (report->verdict == EG_FILE_CLEAN) {
        return EG_OK;
    }
    eg_file_report *kept = eg_alloc(sizeof(*kept));
    if (!kept) {
        return EG_E_NOMEM;
    }
    *kept = *report;
    p->files->reports[index] = kept;
    eg_atomic_add(&p->found, report->verdict == EG_FILE_SUSPICIOUS);
    return EG_OK;
}

static int look(pool *p, eg_file_report *report)
{
    eg_file_scan *scan = NULL;
    int status = eg_file_scan_create(&eg_yara_engine, p->rules, p->cache, p->limits, &scan);
    while (status == EG_OK && eg_atomic_get(&p->status) == EG_OK) {
        size_t index = (size_t)eg_atomic_add(&p->next, 1) - 1;
        if (index >= p->files->paths.count) {
            break;
        }
        const char *path = p->files->paths.items[index];
        const eg_yara_facts facts = {.path = eg_str_from(path), .event_kind = EG_STR("check")};
        status = eg_file_scan_run(scan, path, &facts, report);
        if (status == EG_OK) {
            status = keep_report(p, index, report);
        }
        eg_atomic_add(&p->done, 1);
    }
    eg_file_scan_destroy(scan);
    return status;
}

static void work(void *arg)
{
    pool *p = arg;
    eg_file_report *report = eg_alloc(sizeof(*report));
    int status = report ? look(p, report) : EG_E_NOMEM;
    if (status != EG_OK) {
        eg_atomic_set(&p->status, status);
    }
    eg_free(report);
    eg_atomic_add(&p->working, -1);
}

static void wait_and_show(pool *p)
{
    eg_progress progress;
    eg_progress_begin(&progress, p->files->paths.count);
    while (progress.shown && eg_atomic_get(&p->working) > 0) {
        eg_progress_show_files(&progress, (uint64_t)eg_atomic_get(&p->done),
                               (uint64_t)eg_atomic_get(&p->bytes),
                               (uint64_t)eg_atomic_get(&p->found));
        eg_thread_sleep_ms(SHOW_EVERY_MS);
    }
    eg_progress_clear(&progress);
}

/* What earlier runs found clean. A file that cannot be used costs time, not the check. */
static int open_cache(pool *p)
{
    const char *path = p->files->cache_file;
    uint64_t fingerprint = eg_yara_engine.fingerprint(p->rules);
    if (!path) {
        return EG_OK;
    }
    int status = eg_verdict_cache_create(CACHE_FILES, &p->cache);
    if (status != EG_OK) {
        return status;
    }
    eg_verdict_cache_use_rules(p->cache, fingerprint);
    status = eg_verdict_cache_load(p->cache, fingerprint, path);
    if (status != EG_OK && status != EG_E_NOTFOUND && status != EG_E_NOMEM) {
        eg_cli_error("%s", eg_error_message());
    }
    return status == EG_E_NOMEM ? status : EG_OK;
}

static void close_cache(pool *p, int status)
{
    if (p->cache && status == EG_OK &&
        eg_verdict_cache_save(p->cache, eg_yara_engine.fingerprint(p->rules),
                              p->files->cache_file) != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    eg_verdict_cache_destroy(p->cache);
}

static void count(eg_check_files *files, uint64_t bytes)
{
    files->counts = (eg_check_counts){.files = files->paths.count, .bytes = bytes};
    files->counts.not_looked = files->folders.count;
    for (size_t i = 0; i < files->paths.count; i++) {
        const eg_file_report *report = files->reports[i];
        files->counts.suspicious += report && report->verdict == EG_FILE_SUSPICIOUS;
        files->counts.not_looked += report && report->reason[0] != '\0';
    }
}

int eg_check_files_run(eg_check_files *files, const eg_yara_rules *rules, size_t jobs,
                       const eg_file_scan_limits *limits)
{
    pool p = {.files = files, .rules = rules, .limits = limits};
    size_t started = 0;
    files->reports = eg_alloc_zero(files->paths.count, sizeof(*files->reports));
    eg_thread **threads = eg_alloc_zero(jobs, sizeof(*threads));
    int status = files->reports && threads ? open_cache(&p) : EG_E_NOMEM;
    for (; status == EG_OK && started < jobs; started++) {
        eg_atomic_add(&p.working, 1);
        status = eg_thread_start(&threads[started], "check", work, &p);
        if (status != EG_OK) {
            eg_atomic_add(&p.working, -1);
            break;
        }
    }
    if (started > 0) {
        status = EG_OK; /* fewer threads do it as well */
        wait_and_show(&p);
    }
    for (size_t i = 0; i < started; i++) {
        eg_thread_join(threads[i]);
    }
    eg_free((void *)threads);
    if (status == EG_OK && eg_atomic_get(&p.status) != EG_OK) {
        status = eg_fail((int)eg_atomic_get(&p.status), "out of memory while looking at files");
    }
    close_cache(&p, status);
    if (status == EG_OK) {
        count(files, (uint64_t)eg_atomic_get(&p.bytes));
    }
    return status;
}

void eg_check_files_done(eg_check_files *files)
{
    for (size_t i = 0; files->reports && i < files->paths.count; i++) {
        eg_free(files->reports[i]);
    }
    eg_free((void *)files->reports);
    eg_path_list_done(&files->paths);
    eg_path_list_done(&files->folders);
    eg_path_list_done(&files->reasons);
}
