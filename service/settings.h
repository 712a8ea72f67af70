/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emoguard.conf: the settings of the service, with their defaults, and over them what group policy
 * sets. Read once at start on the main thread, then immutable and readable from any thread. Whoever
 * calls eg_settings_init owns the texts and frees them with eg_settings_done. docs/ describes each
 * key; service/settings.c lists them.
 */
#ifndef EG_SERVICE_SETTINGS_H
#define EG_SERVICE_SETTINGS_H

#include "core/base/log.h"
#include "core/base/str.h"
#include "core/detect/text.h"
#include "core/sigma/rule.h"
#include "service/check_schedule.h"

#define EG_CLIENTS_MAX 60 /* hard limit of the setting max_clients */

/* Where rules come from besides the installer. */
typedef enum eg_repository {
    EG_REPOSITORY_VENDOR,
    EG_REPOSITORY_SITE,
    EG_REPOSITORY_COUNT
} eg_repository;

typedef struct eg_repository_settings {
    eg_buf url;    /* of the folder with metadata/ and targets/; "": none */
    eg_buf root;   /* path of its root.json */
    uint64_t hold; /* nothing above this serial; 0: no limit */
} eg_repository_settings;

typedef struct eg_settings {
    eg_buf log_level;       /* as written: "error", "warning", "info", "debug" */
    eg_buf alert_min_level; /* as written: "informational" ... "critical" */
    eg_buf contact;         /* whom the person at the PC calls; may be empty */
    /* The last lines of the window, by language; " | " begins a new one; may be empty. */
    eg_buf instructions[EG_LANGUAGE_COUNT];
    uint64_t rules_stale_days; /* rules older than that need attention */
    uint64_t retention_days;
    uint64_t max_hits;
    uint64_t max_clients;
    uint64_t self_check_minutes; /* 0: never */
    bool scan_network_paths;     /* files of other computers are scanned as well */
    bool scan_memory;            /* of processes that met a grave rule */
    eg_buf check_schedule;       /* as written: see eg_check_schedule_read */
    eg_check_schedule checks;    /* from check_schedule */
    eg_repository_settings repository[EG_REPOSITORY_COUNT];
    eg_buf rules_channel; /* "stable"; "canary" goes first; also the name of the bell */
    eg_buf rules_proxy;   /* "": that of the system; "none"; "http://host:port" */
    eg_buf rules_ca_file; /* certificates to trust in the place of the system's; "": those */
    eg_buf rules_courier; /* as written: "sign-in", "stored", "off" */
    uint64_t rules_poll_minutes;
    uint64_t rules_first_poll_seconds; /* the first look is within so many after the start */
    bool rules_doorbell;
    eg_log_level log;   /* from log_level */
    eg_level min_level; /* from alert_min_level: hits below it are stored but not shown */
    eg_buf by_policy;   /* names of the settings that policy sets: "contact, rules_url" */
} eg_settings;

/* Where policies are found, in the form of eg_policy_read. */
typedef struct eg_settings_policies {
    void *user;
    int (*read)(void *user, const char *name, eg_buf *out);
} eg_settings_policies;

int eg_settings_init(eg_settings *settings); /* the defaults */
void eg_settings_done(eg_settings *settings);
/*
 * Reads `text` over the defaults; `file` is for messages. EG_E_INVALID with file, line and reason;
 * the settings then are the defaults, never half of the file.
 */
int eg_settings_read(eg_settings *settings, eg_str text, const char *file);
/*
 * The same from a file, and over it what the policies set (NULL: nothing). No file is no error.
 * When the file is wrong, the policies hold over the defaults; of policies that are wrong, each is
 * left out by itself. EG_E_INVALID names all that is not used, and why; the rest is in force.
 */
int eg_settings_load(eg_settings *settings, const char *path, const eg_settings_policies *policies);

#endif
