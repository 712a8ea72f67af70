/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of this PC by the service: when somebody asks, and at the times of the settings. One at a
 * time, in a process of its own (check_child.h), on one thread of this object. Everybody hears how
 * it goes; the last result is kept in the database and outlives restarts. Reports lie in a folder
 * of the data folder, the newest of them are kept.
 */
#ifndef EG_SERVICE_CHECK_RUNNER_H
#define EG_SERVICE_CHECK_RUNNER_H

#include "core/base/json.h"
#include "core/ipc/message.h"
#include "service/check_schedule.h"

typedef struct eg_check_runner eg_check_runner;

/* The texts must outlive the runner. */
typedef struct eg_check_runner_options {
    const char *program;  /* emoguard.exe */
    const char *rules;    /* what the service works with */
    const char *reports;  /* folder; made when it is not there */
    const char *language; /* of the report for people: "en", "ja" */
    eg_check_schedule schedule;
    uint32_t spread_seconds; /* of this PC, behind the time of the schedule */
    uint32_t start_ms;       /* no scheduled check before that, from the start of the service */
    uint32_t again_ms;       /* a check that is done is not repeated at once */
    uint32_t retry_ms;       /* a scheduled check that failed or was stopped is tried again then */
    uint32_t silence_ms;     /* a check that tells no progress for so long hangs */
    uint32_t longest_ms;
    uint32_t stop_ms;    /* time to stop when it is asked to, then it is ended */
    uint64_t output_max; /* bytes that a check may print */
    void *user;
    /* Any thread, in the order of what happens; texts are valid during the call. */
    void (*post)(void *user, const eg_check_state *state);
    void (*ended)(void *user, const eg_check_state *state); /* the runner's thread */
    /* As eg_sensors_options: what outlives a restart. */
    int (*keep)(void *user, const char *name, eg_str value);
    int (*recall)(void *user, const char *name, eg_buf *value);
} eg_check_runner_options;

/* Posts the last result, or that there is none, before it returns. */
int eg_check_runner_start(const eg_check_runner_options *options, eg_check_runner **out);
void eg_check_runner_stop(eg_check_runner *runner); /* ends what runs; NULL-safe */
int eg_check_runner_join(eg_check_runner *runner, uint32_t milliseconds); /* EG_E_TIMEOUT */
void eg_check_runner_destroy(eg_check_runner *runner); /* after the join; NULL-safe */
/*
 * Somebody wants a check or its end; any thread. How it goes is posted before this returns, but
 * for what changes nothing: it runs already, or was done a moment ago.
 */
void eg_check_runner_ask(eg_check_runner *runner, eg_check_action action);
/* The state of the last check as an object; any thread. */
void eg_check_runner_write(eg_check_runner *runner, eg_json *json);
/* Suspicious things that the last check that is done met, until the next is; any thread. */
uint32_t eg_check_runner_findings(eg_check_runner *runner);

#endif
