/* SPDX-License-Identifier: Apache-2.0 */
#include "service/commands.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "service/event_source.h"
#include "service/instance.h"
#include "service/policy.h"
#include "service/service_config.h"
#include "service/settings.h"

#include <stdio.h>

#define STOP_WAIT_MS 30000u /* as long as the Windows Installer waits for a service to stop */

static eg_service_exit fail(int status)
{
    fprintf(stderr, "emoguard-service: %s\n", eg_error_message());
    if (status == EG_E_DENIED) {
        fprintf(stderr, "emoguard-service: run this as an administrator\n");
    }
    return eg_service_exit_from_status(status);
}

eg_service_exit eg_command_configure(const eg_paths *paths)
{
    eg_buf notice;
    eg_buf_init(&notice, 8192);
    int status = eg_paths_secure(paths, &notice);
    if (notice.len > 0) {
        printf("%s\n", eg_buf_cstr(&notice));
    }
    eg_buf_done(&notice);
    if (status == EG_OK) {
        printf("data folder: %s\n", eg_buf_cstr(&paths->data));
        status = eg_event_source_register(eg_buf_cstr(&paths->program));
    }
    if (status != EG_OK) {
        return fail(status);
    }
    printf("event log: EmoGuard\n");
    status = eg_service_configure();
    if (status == EG_E_NOTFOUND) {
        printf("service: not installed, its failure actions are set when it first starts\n");
        return EG_SERVICE_EXIT_OK;
    }
    if (status != EG_OK) {
        return fail(status);
    }
    printf("service: restarts 1 s, 5 s and 30 s after a failure\n");
    return EG_SERVICE_EXIT_OK;
}

/*
 * A running service would lose its database under its feet. Whoever uninstalls has told it to stop,
 * but not every installer waits until it is gone. One that nobody told to stop is that of a newer
 * package: it keeps its data.
 */
static int wait_for_end(const char *lock_path)
{
    HANDLE lock = INVALID_HANDLE_VALUE;
    int status = eg_instance_lock(lock_path, &lock);
    if (status == EG_E_EXISTS && !eg_service_is_running()) {
        printf("waiting for the service to end\n");
        fflush(stdout);
        status = eg_instance_lock_within(lock_path, STOP_WAIT_MS, &lock);
    }
    if (status == EG_OK) {
        eg_instance_unlock(lock);
    }
    return status;
}

eg_service_exit eg_command_remove(const eg_paths *paths, bool keep_hits)
{
    int status = EG_OK;
    if (eg_dir_exists(eg_buf_cstr(&paths->data))) {
        status = wait_for_end(eg_buf_cstr(&paths->lock));
        if (status == EG_OK) {
            status = keep_hits ? eg_paths_remove_all_but_hits(paths) : eg_paths_purge(paths);
        }
    }
    if (status == EG_OK && paths->is_default) {
        status = eg_event_source_remove();
    }
    if (status != EG_OK) {
        return fail(status);
    }
    printf("removed: %s%s%s\n", eg_buf_cstr(&paths->data), keep_hits ? " but for the hits" : "",
           paths->is_default ? " and the event log EmoGuard" : "");
    return EG_SERVICE_EXIT_OK;
}

static void print_problem(void *user, const eg_problem *problem)
{
    size_t *rejected = user;
    if (problem->kind == EG_PROBLEM_INERT) {
        return;
    }
    *rejected += problem->kind == EG_PROBLEM_REJECTED;
    printf("%s:%d: %s: %s\n", problem->file ? problem->file : "", problem->line,
           eg_problem_kind_name(problem->kind), problem->reason);
}

static bool check_rules(const char *path)
{
    eg_ruleset *rules = NULL;
    eg_ruleset_stats stats;
    size_t rejected = 0;
    const eg_report report = {print_problem, &rejected};
    if (eg_ruleset_load(&path, 1, true, &report, &rules) != EG_OK) {
        printf("rules: %s\n", eg_error_message());
        return false;
    }
    eg_ruleset_stats_get(rules, &stats);
    printf("rules: %s: %zu loaded, %zu without a sensor, %zu rejected\n", path, stats.loaded,
           stats.inert, stats.rejected);
    eg_ruleset_unref(rules);
    return rejected == 0;
}

eg_service_exit eg_command_check_config(const eg_paths *paths)
{
    eg_settings settings;
    const eg_settings_policies policies = {NULL, eg_policy_read};
    const char *file = eg_buf_cstr(&paths->settings);
    if (eg_settings_init(&settings) != EG_OK) {
        return fail(EG_E_NOMEM);
    }
    bool good = eg_settings_load(&settings, file, &policies) == EG_OK;
    if (good) {
        printf("settings: %s: %s\n", file,
               eg_file_exists(file) ? "good" : "none, the defaults hold");
    } else {
        printf("settings: %s\n", eg_error_message());
    }
    if (settings.by_policy.len > 0) {
        printf("set by group policy: %s\n", eg_buf_cstr(&settings.by_policy));
    }
    eg_settings_done(&settings);
    good = check_rules(eg_buf_cstr(&paths->rules)) && good;
    return good ? EG_SERVICE_EXIT_OK : EG_SERVICE_EXIT_CONFIG;
}
