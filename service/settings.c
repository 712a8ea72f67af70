/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings.h"

#include "core/base/conf.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/message.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX (256u * 1024)
#define POLICIES "group policy" /* for messages */
#define CHECK_DAY 2u            /* Wednesday */
#define CHECK_MINUTE (12u * 60) /* the PC is on, and few work on it */
#define URL_MAX 2048u
#define PATH_MAX_BYTES 4096u
#define CHANNEL_MAX 32u
#define COURIER_MAX 16u
#define REASON_SIZE 256u /* why one value of policy is not used */
#define REPOSITORY(id, member) \
    offsetof(eg_settings, repository) + (id) * sizeof(eg_repository_settings) + \
        offsetof(eg_repository_settings, member)
#define CONTACT_MAX 200u /* what the tray's window has room for */

static const eg_conf_key keys[] = {
    {"", "log_level", EG_CONF_TEXT, offsetof(eg_settings, log_level), 0, 16},
    {"", "alert_min_level", EG_CONF_TEXT, offsetof(eg_settings, alert_min_level), 0, 16},
    {"", "contact", EG_CONF_TEXT, offsetof(eg_settings, contact), 0, CONTACT_MAX},
#define LANGUAGE(id, code) \
    {"", \
     "instructions_" code, \
     EG_CONF_TEXT, \
     offsetof(eg_settings, instructions) + EG_LANGUAGE_##id * sizeof(eg_buf), \
     0, \
     EG_INSTRUCTIONS_MAX},
#include "core/detect/languages.def"
#undef LANGUAGE
    {"", "rules_stale_days", EG_CONF_NUMBER, offsetof(eg_settings, rules_stale_days), 1, 3650},
    {"", "rules_url", EG_CONF_TEXT, REPOSITORY(EG_REPOSITORY_SITE, url), 0, URL_MAX},
    {"", "rules_root", EG_CONF_TEXT, REPOSITORY(EG_REPOSITORY_SITE, root), 0, PATH_MAX_BYTES},
    {"", "rules_hold_serial", EG_CONF_NUMBER, REPOSITORY(EG_REPOSITORY_SITE, hold), 0, UINT64_MAX},
    {"", "vendor_rules_url", EG_CONF_TEXT, REPOSITORY(EG_REPOSITORY_VENDOR, url), 0, URL_MAX},
    {"", "vendor_rules_root", EG_CONF_TEXT, REPOSITORY(EG_REPOSITORY_VENDOR, root), 0,
     PATH_MAX_BYTES},
    {"", "vendor_rules_hold_serial", EG_CONF_NUMBER, REPOSITORY(EG_REPOSITORY_VENDOR, hold), 0,
     UINT64_MAX},
    {"", "rules_channel", EG_CONF_TEXT, offsetof(eg_settings, rules_channel), 1, CHANNEL_MAX},
    {"", "rules_proxy", EG_CONF_TEXT, offsetof(eg_settings, rules_proxy), 0, URL_MAX},
    {"", "rules_ca_file", EG_CONF_TEXT, offsetof(eg_settings, rules_ca_file), 0, PATH_MAX_BYTES},
    {"", "rules_courier", EG_CONF_TEXT, offsetof(eg_settings, rules_courier), 0, COURIER_MAX},
    {"", "rules_poll_minutes", EG_CONF_NUMBER, offsetof(eg_settings, rules_poll_minutes), 1, 1440},
    {"", "rules_first_poll_seconds", EG_CONF_NUMBER,
     offsetof(eg_settings, rules_first_poll_seconds), 0, 3600},
    {"", "rules_doorbell", EG_CONF_BOOL, offsetof(eg_settings, rules_doorbell), 0, 0},
    {"", "retention_days", EG_CONF_NUMBER, offsetof(eg_settings, retention_days), 1, 3650},
    {"", "max_hits", EG_CONF_NUMBER, offsetof(eg_settings, max_hits), 100, 10000000},
    {"", "self_check_minutes", EG_CONF_NUMBER, offsetof(eg_settings, self_check_minutes), 0, 1440},
    {"", "scan_network_paths", EG_CONF_BOOL, offsetof(eg_settings, scan_network_paths), 0, 0},
    {"", "scan_memory", EG_CONF_BOOL, offsetof(eg_settings, scan_memory), 0, 0},
    {"", "check_schedule", EG_CONF_TEXT, offsetof(eg_settings, check_schedule), 0,
     EG_CHECK_SCHEDULE_MAX},
    {"", "max_clients", EG_CONF_NUMBER, offsetof(eg_settings, max_clients), 1, EG_CLIENTS_MAX},
};

static bool log_level_from_name(eg_str name, eg_log_level *out)
{
    for (int level = EG_LOG_ERROR; level <= EG_LOG_DEBUG; level++) {
        if (eg_str_equal(name, eg_str_from(eg_log_level_name((eg_log_level)level)))) {
            *out = (eg_log_level)level;
            return true;
        }
    }
    return false;
}

static bool is_channel(eg_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return name.len > 0;
}

static bool is_courier(eg_str name)
{
    return eg_str_equal(name, EG_STR("sign-in")) || eg_str_equal(name, EG_STR("stored")) ||
           eg_str_equal(name, EG_STR("off"));
}

static int check_repositories(const eg_settings *settings, const char *file)
{
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        const eg_repository_settings *repository = &settings->repository[i];
        if (repository->url.len > 0 && repository->root.len == 0) {
            return eg_fail(EG_E_INVALID, "%s: %srules_url is set, and no %srules_root", file,
                           i == EG_REPOSITORY_VENDOR ? "vendor_" : "",
                           i == EG_REPOSITORY_VENDOR ? "vendor_" : "");
        }
    }
    if (!is_channel(eg_buf_str(&settings->rules_channel))) {
        return eg_fail(EG_E_INVALID, "%s: rules_channel is made of a-z, 0-9 and '-'", file);
    }
    if (!is_courier(eg_buf_str(&settings->rules_courier))) {
        return eg_fail(EG_E_INVALID, "%s: rules_courier is '%s'; it must be sign-in, stored or off",
                       file, eg_buf_cstr(&settings->rules_courier));
    }
    return EG_OK;
}

static int check_names(eg_settings *settings, const char *file)
{
    if (!log_level_from_name(eg_buf_str(&settings->log_level), &settings->log)) {
        return eg_fail(EG_E_INVALID,
                       "%s: log_level is '%s'; it must be error, warning, info or debug", file,
                       eg_buf_cstr(&settings->log_level));
    }
    if (!eg_level_from_name(eg_buf_str(&settings->alert_min_level), &settings->min_level)) {
        return eg_fail(
            EG_E_INVALID,
            "%s: alert_min_level is '%s'; it must be informational, low, medium, high or "
            "critical",
            file, eg_buf_cstr(&settings->alert_min_level));
    }
    if (!eg_check_schedule_read(eg_buf_str(&settings->check_schedule), &settings->checks)) {
        return eg_fail(EG_E_INVALID,
                       "%s: check_schedule is '%s'; it must be off, daily HH:MM or weekly DAY "
                       "HH:MM, with DAY mon, tue, wed, thu, fri, sat or sun",
                       file, eg_buf_cstr(&settings->check_schedule));
    }
    return check_repositories(settings, file);
}

int eg_settings_init(eg_settings *settings)
{
    *settings = (eg_settings){0};
    eg_buf_init(&settings->log_level, 16);
    eg_buf_init(&settings->alert_min_level, 16);
    eg_buf_init(&settings->contact, CONTACT_MAX);
    eg_buf_init(&settings->check_schedule, EG_CHECK_SCHEDULE_MAX);
    for (size_t i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_buf_init(&settings->instructions[i], EG_INSTRUCTIONS_MAX);
    }
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        eg_buf_init(&settings->repository[i].url, URL_MAX);
        eg_buf_init(&settings->repository[i].root, PATH_MAX_BYTES);
    }
    eg_buf_init(&settings->rules_channel, CHANNEL_MAX);
    eg_buf_init(&settings->rules_proxy, URL_MAX);
    eg_buf_init(&settings->rules_ca_file, PATH_MAX_BYTES);
    eg_buf_init(&settings->by_policy, FILE_MAX);
    eg_buf_init(&settings->rules_courier, COURIER_MAX);
    settings->rules_poll_minutes = 60;
    settings->rules_first_poll_seconds = 120;
    settings->rules_doorbell = true;
    settings->rules_stale_days = 14;
    settings->retention_days = 365;
    settings->max_hits = 100000;
    settings->max_clients = 16;
    settings->self_check_minutes = 10;
    settings->log = EG_LOG_INFO;
    settings->min_level = EG_LEVEL_MEDIUM;
    eg_buf_append_cstr(&settings->log_level, "info");
    eg_buf_append_cstr(&settings->alert_min_level, "medium");
    settings->checks = (eg_check_schedule){EG_CHECK_WEEKLY, CHECK_DAY, CHECK_MINUTE};
    eg_buf_append_cstr(&settings->check_schedule, "weekly wed 12:00");
    eg_buf_append_cstr(&settings->rules_channel, "stable");
    eg_buf_append_cstr(&settings->rules_courier, "sign-in");
    if (settings->rules_courier.status != EG_OK || settings->rules_channel.status != EG_OK ||
        settings->log_level.status != EG_OK || settings->alert_min_level.status != EG_OK ||
        settings->check_schedule.status != EG_OK) {
        eg_settings_done(settings);
        return EG_E_NOMEM;
    }
    return EG_OK;
}

void eg_settings_done(eg_settings *settings)
{
    eg_buf_done(&settings->log_level);
    eg_buf_done(&settings->alert_min_level);
    eg_buf_done(&settings->contact);
    eg_buf_done(&settings->check_schedule);
    for (size_t i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_buf_done(&settings->instructions[i]);
    }
    for (size_t i = 0; i < EG_REPOSITORY_COUNT; i++) {
        eg_buf_done(&settings->repository[i].url);
        eg_buf_done(&settings->repository[i].root);
    }
    eg_buf_done(&settings->rules_channel);
    eg_buf_done(&settings->rules_proxy);
    eg_buf_done(&settings->rules_ca_file);
    eg_buf_done(&settings->by_policy);
    eg_buf_done(&settings->rules_courier);
}

/* ---- file and policies ---- */

/* A policy's value must not begin a line of its own. */
static int append_policy(eg_buf *text, const char *name, eg_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\n' || value.ptr[i] == '\r') {
            return eg_fail(EG_E_INVALID, POLICIES ": %s has more than one line", name);
        }
    }
    return eg_buf_appendf(text, "%s = %.*s\n", name, EG_STR_ARGS(value));
}

/* Puts both over the defaults; nothing is different after a failure. `policy`: for messages. */
static int take(eg_settings *settings, eg_str file, const char *path, eg_str policies,
                const char *policy)
{
    eg_settings fresh;
    int status = eg_settings_init(&fresh);
    if (status != EG_OK) {
        return status;
    }
    status = eg_conf_read(file, path, keys, EG_COUNT(keys), &fresh);
    if (status == EG_OK) {
        status = eg_conf_read(policies, policy, keys, EG_COUNT(keys), &fresh);
    }
    if (status == EG_OK) {
        status = check_names(&fresh, policies.len > 0 ? policy : path);
    }
    if (status == EG_OK) {
        eg_settings old = *settings;
        *settings = fresh;
        fresh = old;
    }
    eg_settings_done(&fresh);
    return status;
}

int eg_settings_read(eg_settings *settings, eg_str text, const char *file)
{
    return take(settings, text, file, EG_STR(""), "");
}

/* One setting that policy has. */
typedef struct policy_value {
    eg_buf line; /* as a settings file would have it; empty: not set, wrong, or taken */
    char reason[REASON_SIZE];
} policy_value;

/* While settings are read: what is in force of the file and of policy, and what is wrong. */
typedef struct loading {
    eg_settings *settings;
    const char *path;
    eg_buf file, policies, names, wrong;
    policy_value value[EG_COUNT(keys)];
} loading;

/* Once: a key that cannot be opened says so for each value. */
static void keep_reason(loading *l, const char *reason)
{
    if (!strstr(eg_buf_cstr(&l->wrong), reason)) {
        eg_buf_appendf(&l->wrong, "%s%s", l->wrong.len > 0 ? "; " : "", reason);
    }
}

static int load_file(loading *l)
{
    int status = eg_file_read(l->path, FILE_MAX, &l->file);
    if (status == EG_OK) {
        status = take(l->settings, eg_buf_str(&l->file), l->path, EG_STR(""), "");
    }
    if (status == EG_OK || status == EG_E_NOTFOUND) {
        return EG_OK;
    }
    eg_buf_clear(&l->file);
    keep_reason(l, eg_error_message());
    return status == EG_E_NOMEM ? status : EG_OK;
}

static int read_policy(loading *l, const eg_settings_policies *policies, size_t i)
{
    eg_buf value;
    eg_buf_init(&value, FILE_MAX);
    int status = policies->read(policies->user, keys[i].name, &value);
    if (status == EG_OK) {
        status = append_policy(&l->value[i].line, keys[i].name, eg_buf_str(&value));
    }
    if (status != EG_OK && status != EG_E_NOTFOUND) {
        keep_reason(l, eg_error_message());
    }
    eg_buf_done(&value);
    return status == EG_E_NOMEM ? status : EG_OK;
}

/* Over what is in force already; `*fits` tells whether that goes together. */
static int try_policy(loading *l, size_t i, bool *fits)
{
    policy_value *value = &l->value[i];
    char policy[80];
    eg_buf text; /* its line is the first: so messages say */
    eg_buf_init(&text, FILE_MAX);
    snprintf(policy, sizeof(policy), POLICIES ": %s", keys[i].name);
    eg_buf_append_str(&text, eg_buf_str(&value->line));
    int status = eg_buf_append_str(&text, eg_buf_str(&l->policies));
    if (status == EG_OK) {
        status = take(l->settings, eg_buf_str(&l->file), l->path, eg_buf_str(&text), policy);
    }
    *fits = status == EG_OK;
    if (*fits) {
        eg_buf old = l->policies;
        l->policies = text;
        eg_buf_done(&old);
        eg_buf_clear(&value->line);
        return eg_buf_appendf(&l->names, "%s%s", l->names.len > 0 ? ", " : "", keys[i].name);
    }
    eg_utf8_copy(value->reason, sizeof(value->reason), eg_str_from(eg_error_message()));
    eg_buf_done(&text);
    return status == EG_E_INVALID ? EG_OK : status;
}

/* One by one, so that a wrong one costs no other; again while one may have waited for another. */
static int take_policies(loading *l)
{
    int status = EG_OK;
    bool any = true;
    while (any && status == EG_OK) {
        any = false;
        for (size_t i = 0; i < EG_COUNT(keys) && status == EG_OK; i++) {
            bool fits = false;
            if (l->value[i].line.len > 0) {
                status = try_policy(l, i, &fits);
            }
            any = any || fits;
        }
    }
    for (size_t i = 0; i < EG_COUNT(keys); i++) {
        if (l->value[i].line.len > 0) {
            keep_reason(l, l->value[i].reason);
        }
    }
    return status;
}

static int load(loading *l, const eg_settings_policies *policies)
{
    int status = load_file(l);
    for (size_t i = 0; policies && i < EG_COUNT(keys) && status == EG_OK; i++) {
        status = read_policy(l, policies, i);
    }
    if (status == EG_OK) {
        status = take_policies(l);
    }
    if (status == EG_OK) {
        eg_buf old = l->settings->by_policy;
        l->settings->by_policy = l->names;
        l->names = old;
    }
    return status == EG_OK && l->wrong.len > 0 ? eg_fail(EG_E_INVALID, "%s", eg_buf_cstr(&l->wrong))
                                               : status;
}

int eg_settings_load(eg_settings *settings, const char *path, const eg_settings_policies *policies)
{
    loading *l = eg_alloc_zero(1, sizeof(*l));
    if (!l) {
        return EG_E_NOMEM;
    }
    l->settings = settings;
    l->path = path;
    eg_buf *const texts[] = {&l->file, &l->policies, &l->names, &l->wrong};
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_buf_init(texts[i], FILE_MAX);
    }
    for (size_t i = 0; i < EG_COUNT(keys); i++) {
        eg_buf_init(&l->value[i].line, FILE_MAX);
    }
    int status = load(l, policies);
    for (size_t i = 0; i < EG_COUNT(keys); i++) {
        eg_buf_done(&l->value[i].line);
    }
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_buf_done(texts[i]);
    }
    eg_free(l);
    return status;
}
