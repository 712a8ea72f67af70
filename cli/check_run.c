/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_run.h"

#include "cli/check_cancel.h"
#include "cli/check_exceptions.h"
#include "cli/cli.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_TICKS (EG_TICKS_PER_SECOND * 86400)
#define LISTEN_MS 50
#define WORKER_BYTES_MAX ((size_t)128 * 1024)
#define PATIENCE_NS UINT64_C(700000000) /* after a cancellation */

/* ---- rules ---- */

static int load_rules(eg_check_run *run)
{
    eg_buf standard;
    eg_buf_init(&standard, 64 * 1024);
    int status = run->options.pack ? EG_OK : eg_cli_default_rules(&standard);
    const char *path = run->options.pack ? run->options.pack : eg_buf_cstr(&standard);
    if (status == EG_OK) {
        status = eg_ruleset_load(&path, 1, false, NULL, &run->ruleset);
    }
    eg_buf_done(&standard);
    if (status != EG_OK) {
        return status;
    }
    eg_ruleset_stats_get(run->ruleset, &run->stats);
    if (run->stats.yara == 0 && run->options.path_count > 0) {
        return eg_fail(EG_E_INVALID, "there are no YARA rules in it");
    }
    status = eg_ruleset_slot_create(&run->slot);
    if (status == EG_OK) {
        eg_ruleset_slot_put(run->slot, eg_ruleset_ref(run->ruleset));
    }
    return status;
}

static int head_report(eg_check_run *run, uint64_t started)
{
    eg_check_report *report = run->report;
    uint64_t made = 0;
    eg_buf host;
    eg_buf_init(&host, 4096);
    report->started = started;
    report->with_memory = run->options.memory;
    report->pack_serial = run->stats.serial;
    report->rules_sigma = run->options.path_count > 0 ? 0 : run->stats.loaded;
    report->rules_yara = run->stats.yara;
    report->age_known = eg_pack_time(run->stats.serial, &made) && made <= started;
    report->rule_age_days = report->age_known ? (started - made) / DAY_TICKS : 0;
    int status = eg_check_report_set_text(report, &report->pack, run->stats.name);
    if (status == EG_OK && eg_host_name(&host) == EG_OK) {
        status = eg_check_report_set_text(report, &report->computer, eg_buf_str(&host));
    }
    eg_buf_done(&host);
    return status;
}

int eg_check_run_open(eg_check_run *run, const eg_check_options *options)
{
    uint64_t started = eg_clock_utc();
    memset(run, 0, sizeof(*run));
    run->options = *options;
    int status = eg_mutex_init(&run->lock);
    status = status == EG_OK ? eg_mutex_init(&run->ending) : status;
    status = status == EG_OK ? eg_cond_init(&run->changed) : status;
    status = status == EG_OK ? eg_check_files_init(&run->files) : status;
    status = status == EG_OK ? eg_check_gaps_init(&run->gaps) : status;
    status = status == EG_OK ? eg_check_report_create(&run->report) : status;
    if (status == EG_OK) {
        eg_check_progress *progress = &run->progress;
        eg_check_progress_begin(progress, options->progress, eg_clock_monotonic_ns());
        progress->asked[EG_CHECK_PHASE_FILES] = true;
        progress->asked[EG_CHECK_PHASE_SENSORS] = options->path_count == 0;
        progress->asked[EG_CHECK_PHASE_PROCESSES] = options->path_count == 0;
        progress->asked[EG_CHECK_PHASE_FOLDERS] = options->path_count == 0;
        progress->asked[EG_CHECK_PHASE_MEMORY] = options->memory;
        eg_check_progress_show(progress, EG_CHECK_PHASE_RULES, 0, 0, EG_STR_NONE);
        status = load_rules(run);
    }
    if (status == EG_OK && options->path_count == 0) {
        status = eg_check_exceptions_load(started, &run->exceptions);
    }
    return status == EG_OK ? head_report(run, started) : status;
}

/* ---- looking, on a thread ---- */

static int gather(eg_check_run *run)
{
    int status = EG_OK;
    if (run->options.path_count == 0) {
        eg_check_pc pc = {run->slot,     run->options.memory, &run->progress,
                          &run->lock,    run->report,         &run->gaps,
                          &run->stories, &run->files,         run->exceptions};
        return eg_check_pc_gather(&pc);
    }
    for (size_t i = 0; i < run->options.path_count && status == EG_OK; i++) {
        status = eg_check_files_add(&run->files, EG_CHECK_FILE, run->options.paths[i]);
    }
    return status;
}

static bool go_on(void *user, size_t done, size_t total, eg_str now)
{
    eg_check_run *run = user;
    eg_check_phase phase =
        run->looking == EG_SCAN_FILE ? EG_CHECK_PHASE_FILES : EG_CHECK_PHASE_MEMORY;
    eg_check_progress_show(&run->progress, phase, done, total, now);
    return !eg_check_is_cancelled();
}

static int open_scanner(void *user, eg_scanner *out)
{
    eg_check_run *run = user;
    if (!run->options.fast) {
        eg_thread_stand_back();
    }
    return eg_check_scanner_make(&run->scanner, out);
}

static void close_scanner(void *user, eg_scanner *scanner)
{
    eg_check_run *run = user;
    eg_check_scanner_drop(&run->scanner, scanner);
}

static int look_at(eg_check_run *run, eg_scan_kind kind)
{
    const eg_check_look look = {.kind = kind,
                                .jobs = run->options.jobs,
                                .user = run,
                                .open = open_scanner,
                                .close = close_scanner,
                                .go_on = go_on};
    run->looking = kind;
    return eg_check_files_run(&run->files, &look);
}

/* Without the worker that belongs beside this program, a file may end the check. */
static int open_scanners(eg_check_run *run)
{
    eg_buf worker;
    eg_buf_init(&worker, WORKER_BYTES_MAX);
    int status = eg_cli_scan_worker(&worker);
    bool is_there = status == EG_OK && eg_file_exists(eg_buf_cstr(&worker));
    run->worker_missing = status == EG_OK && !is_there;
    if (run->worker_missing) {
        eg_mutex_lock(&run->lock);
        status = eg_check_gaps_add(&run->gaps, EG_CHECK_FILE, EG_STR(EG_CHECK_WORKER),
                                   EG_CHECK_REASON_WORKER_MISSING, EG_STR_NONE);
        eg_mutex_unlock(&run->lock);
    }
    if (status == EG_OK || status == EG_E_UNSUPPORTED) {
        status = eg_check_scanner_open(&run->scanner, run->ruleset, run->options.cache_file,
                                       is_there ? eg_buf_cstr(&worker) : NULL);
    }
    eg_buf_done(&worker);
    return status;
}

static int look(eg_check_run *run)
{
    int status = gather(run);
    if (status == EG_OK) {
        status = open_scanners(run);
    }
    if (status == EG_OK) {
        status = look_at(run, EG_SCAN_FILE);
    }
    if (status == EG_OK && run->options.memory) {
        status = look_at(run, EG_SCAN_PROCESS);
    }
    eg_check_scanner_close(&run->scanner);
    return status;
}

static void thread_main(void *arg)
{
    eg_check_run *run = arg;
    if (!run->options.fast) {
        eg_thread_stand_back();
    }
    int status = look(run);
    eg_mutex_lock(&run->ending);
    run->status = status;
    eg_utf8_copy(run->message, sizeof(run->message),
                 eg_str_from(status == EG_OK ? "" : eg_error_message()));
    run->ended = true;
    eg_cond_wake_all(&run->changed);
    eg_mutex_unlock(&run->ending);
}

/* False when the thread did not end although it was told to. */
static bool wait_for_thread(eg_check_run *run)
{
    uint64_t until = 0;
    eg_mutex_lock(&run->ending);
    while (!run->ended) {
        uint64_t now = eg_clock_monotonic_ns();
        until = until == 0 && eg_check_is_cancelled() ? now + PATIENCE_NS : until;
        if (until != 0 && now >= until) {
            break;
        }
        eg_cond_wait(&run->changed, &run->ending, LISTEN_MS);
    }
    bool ended = run->ended;
    eg_mutex_unlock(&run->ending);
    return ended;
}

/* ---- the report ---- */

static eg_check_reason reason_of(const eg_check_run *run, eg_file_gap gap)
{
    static const eg_check_reason reasons[EG_GAP_COUNT] = {
        [EG_GAP_NONE] = EG_CHECK_REASON_OTHER,
        [EG_GAP_TOO_LARGE] = EG_CHECK_REASON_TOO_LARGE,
        [EG_GAP_TOO_SLOW] = EG_CHECK_REASON_TOO_SLOW,
        [EG_GAP_UNREADABLE] = EG_CHECK_REASON_UNREADABLE,
        [EG_GAP_ELSEWHERE] = EG_CHECK_REASON_ELSEWHERE,
        [EG_GAP_PACKED] = EG_CHECK_REASON_PACKED,
        [EG_GAP_ENGINE] = EG_CHECK_REASON_ENGINE,
        [EG_GAP_WORKER] = EG_CHECK_REASON_SCANNER,
        [EG_GAP_GONE] = EG_CHECK_REASON_GONE,
    };
    return gap == EG_GAP_WORKER && run->worker_missing ? EG_CHECK_REASON_WORKER_MISSING
                                                       : reasons[gap];
}

/* Gathered by the check itself, and gone before its turn came: nothing is missing. */
static bool is_no_more(const eg_check_run *run, const eg_file_report *report)
{
    return run->options.path_count == 0 && report && report->gap == EG_GAP_GONE;
}

/* Who names files wants to know of each. */
static const eg_exception_list *of_pack(const eg_check_run *run)
{
    return run->options.path_count == 0 ? eg_ruleset_exceptions(run->ruleset) : NULL;
}

static int tell_item(eg_check_run *run, const eg_check_item *item)
{
    const eg_file_report *report = item->report;
    if (!item->looked || is_no_more(run, report)) {
        return EG_OK;
    }
    const eg_check_rules rules = {eg_ruleset_texts(run->ruleset), {run->exceptions, of_pack(run)}};
    bool gap = report && report->reason[0] != '\0';
    int status = EG_OK;
    if (!gap || report->verdict == EG_FILE_SUSPICIOUS) {
        eg_check_report_looked(run->report, item->area, 1);
    }
    if (gap) {
        status = eg_check_gaps_add_path(&run->gaps, item->area, eg_str_from(item->path),
                                        reason_of(run, report->gap), eg_str_from(report->reason));
    }
    return report && status == EG_OK ? eg_check_add_matches(run->report, &rules, item) : status;
}

static int tell_folders(eg_check_run *run)
{
    const eg_check_files *files = &run->files;
    int status = EG_OK;
    for (size_t i = 0; i < files->folders.count && status == EG_OK; i++) {
        status =
            eg_check_gaps_add_path(&run->gaps, EG_CHECK_FILE, eg_str_from(files->folders.items[i]),
                                   EG_CHECK_REASON_FOLDER, eg_str_from(files->reasons.items[i]));
    }
    if (files->left_out > 0 && status == EG_OK) {
        char what[64];
        (void)snprintf(what, sizeof(what), "+%" PRIu64, files->left_out);
        status = eg_check_gaps_add(&run->gaps, EG_CHECK_FILE, eg_str_from(what),
                                   EG_CHECK_REASON_TOO_MANY, EG_STR_NONE);
    }
    return status;
}

static int fill_report(eg_check_run *run)
{
    eg_check_report_looked(run->report, EG_CHECK_FILE, 0);
    int status = tell_folders(run);
    for (size_t i = 0; i < run->files.count && status == EG_OK; i++) {
        status = tell_item(run, &run->files.items[i]);
    }
    if (status == EG_OK) {
        status = eg_check_stories_tell(&run->stories, run->report);
    }
    if (status == EG_OK) {
        status = eg_check_gaps_tell(&run->gaps, run->report);
    }
    eg_check_report_finish(run->report, eg_clock_utc());
    return status;
}

int eg_check_run_look(eg_check_run *run)
{
    int status = eg_thread_start(&run->thread, "check", thread_main, run);
    if (status != EG_OK) {
        return status;
    }
    run->left_behind = !wait_for_thread(run);
    if (run->left_behind) {
        /* Never given back: the thread, should it come so far, changes nothing any more. */
        eg_mutex_lock(&run->lock);
        eg_mutex_lock(&run->files.lock);
    } else {
        eg_thread_join(run->thread);
        run->thread = NULL;
    }
    run->report->cancelled = eg_check_is_cancelled();
    eg_check_progress_show(&run->progress, EG_CHECK_PHASE_REPORT, 0, 0, EG_STR_NONE);
    if (!run->left_behind && run->status != EG_OK && run->status != EG_E_CLOSED) {
        eg_check_progress_end(&run->progress);
        return eg_fail(run->status, "%s", run->message);
    }
    status = fill_report(run);
    eg_check_progress_end(&run->progress);
    return status;
}

void eg_check_run_close(eg_check_run *run)
{
    if (run->left_behind) {
        return;
    }
    eg_check_stories_done(&run->stories);
    eg_check_report_destroy(run->report);
    eg_check_gaps_done(&run->gaps);
    eg_check_files_done(&run->files);
    eg_exception_list_destroy(run->exceptions);
    eg_ruleset_slot_destroy(run->slot);
    eg_ruleset_unref(run->ruleset);
    eg_cond_done(&run->changed);
    eg_mutex_done(&run->ending);
    eg_mutex_done(&run->lock);
}
