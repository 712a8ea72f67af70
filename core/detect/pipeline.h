/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline: one event in, hits out. Enrich (process table), make the views, match, drop what is
 * no news. A pure function of the event stream and the ruleset: the same events give the same hits,
 * byte for byte. One thread; the queue in front of it and the store behind it belong to the caller.
 */
#ifndef EG_DETECT_PIPELINE_H
#define EG_DETECT_PIPELINE_H

#include "core/detect/hit.h"
#include "core/detect/incident.h"
#include "core/detect/ruleset.h"
#include "core/detect/scan_queue.h"
#include "core/detect/second_pass.h"

typedef struct eg_pipeline eg_pipeline;

typedef struct eg_pipeline_stats {
    uint64_t events;
    uint64_t hits;
    uint64_t failures;  /* hits that on_hit could not take, events that ran out of memory */
    uint64_t forgotten; /* events that correlations dropped, for lack of room, while they counted */
} eg_pipeline_stats;

/* The hit and all it points at are valid during the call. A failure is logged and counted. */
typedef int (*eg_pipeline_on_hit)(void *user, const eg_hit *hit, const eg_event *event);

int eg_pipeline_create(eg_ruleset_slot *rules, eg_pipeline_on_hit on_hit, void *user,
                       eg_pipeline **out);       /* the slot must outlive the pipeline */
void eg_pipeline_destroy(eg_pipeline *pipeline); /* NULL-safe */
/*
 * From now on rules that ask for facts of a file are decided when the event comes back from
 * `second_pass`, which must outlive the pipeline. Without one they are decided at once, from what
 * the event holds.
 */
void eg_pipeline_use_second_pass(eg_pipeline *pipeline, eg_second_pass *second_pass);
/*
 * For those who can wait: from now on the files are read before such an event is decided. The
 * reader must outlive the pipeline, and a second pass comes first.
 */
void eg_pipeline_use_files(eg_pipeline *pipeline, eg_file_reader *files);
/* From now on what events name is left to `scans` to be looked at; it must outlive the pipeline. */
void eg_pipeline_use_scans(eg_pipeline *pipeline, eg_scan_queue *scans);
/*
 * What YARA has found becomes hits: one for each rule that is met, each with its story. Failures
 * are logged and counted.
 */
void eg_pipeline_found(eg_pipeline *pipeline, const eg_scan_finding *finding);
/*
 * Events fed before any ruleset is loaded are only learned from, never lost silently: the caller
 * loads rules first or keeps them queued. A rule met in several views counts once, and so does one
 * that two sources report for the same process, service, task or value (repeats.h). What
 * correlations have counted so far is forgotten when a new ruleset is taken. EG_OK also when on_hit
 * failed.
 */
int eg_pipeline_feed(eg_pipeline *pipeline, const eg_event *event);
/*
 * Before the first event: stories of an earlier run, and the id after which new ones begin. A story
 * that cannot be read is refused (EG_E_INVALID); its hits then open a new one.
 */
void eg_pipeline_number_incidents(eg_pipeline *pipeline, int64_t last_id);
int eg_pipeline_restore_incident(eg_pipeline *pipeline, eg_str story, eg_str memory);
/* The administrator has resolved the story: what comes later opens a new one. */
void eg_pipeline_close_incident(eg_pipeline *pipeline, int64_t id);
/*
 * From now on hits under one of these, or of those in the packs, are told with the number of the
 * exception and open no story. The list must outlive the pipeline or the next call. NULL: none.
 */
void eg_pipeline_use_exceptions(eg_pipeline *pipeline, const eg_exception_list *exceptions);
void eg_pipeline_stats_get(const eg_pipeline *pipeline, eg_pipeline_stats *stats);

#endif
