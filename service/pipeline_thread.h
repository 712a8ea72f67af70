/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread that takes events out of the intake, feeds them to the pipeline and keeps house:
 * stores waiting hits again, reports loss. It begins when the rules have been loaded, or turned out
 * to be missing, for the first time. Owned by the host.
 */
#ifndef EG_SERVICE_PIPELINE_THREAD_H
#define EG_SERVICE_PIPELINE_THREAD_H

#include "core/detect/pipeline.h"
#include "core/update/guard.h"
#include "service/baseline_keeper.h"
#include "service/hit_keeper.h"
#include "service/intake.h"

typedef struct eg_pipeline_thread eg_pipeline_thread;

typedef struct eg_pipeline_thread_options {
    eg_intake *intake;
    eg_hit_keeper *keeper;
    eg_baseline_keeper *baseline; /* may be NULL: nothing is compared then */
    eg_second_pass *second_pass;  /* NULL: rules on hashes and signatures go without them */
    void *user;
    /* Every few seconds, on the thread: whatever else the owner has to look after. */
    void (*upkeep)(void *user);
    void (*lost)(void *user, uint64_t count); /* events were dropped; on the thread */
    void (*resync)(void *user);               /* asks for a snapshot after loss; on the thread */
    /* Once, before the first event: gives the pipeline what an earlier run knew. May be NULL. */
    void (*prepare)(void *user, eg_pipeline *pipeline);
} eg_pipeline_thread_options;

int eg_pipeline_thread_create(const eg_pipeline_thread_options *options, eg_pipeline_thread **out);
int eg_pipeline_thread_start(eg_pipeline_thread *thread, eg_ruleset_slot *rules);
void eg_pipeline_thread_rules_settled(eg_pipeline_thread *thread); /* any thread */
/* Before the start: who looks at files; must outlive the thread. NULL: nobody. */
void eg_pipeline_thread_use_scans(eg_pipeline_thread *thread, eg_scan_queue *scans);
/* After the intake is closed: what is inside is still worked off, for at most `drain_ms`. */
void eg_pipeline_thread_stop(eg_pipeline_thread *thread, uint32_t drain_ms);
int eg_pipeline_thread_join(eg_pipeline_thread *thread, uint32_t milliseconds); /* EG_E_TIMEOUT */
void eg_pipeline_thread_destroy(eg_pipeline_thread *thread);                    /* NULL-safe */
/*
 * Has the pipeline close a story, soon and on its own thread. EG_E_LIMIT when too many wait. Any
 * thread.
 */
int eg_pipeline_thread_close_incident(eg_pipeline_thread *thread, int64_t id);
/*
 * Takes over the exceptions of this PC, in the place of those before: in force for every event that
 * is not being looked at already. Any thread.
 */
void eg_pipeline_thread_use_exceptions(eg_pipeline_thread *thread, eg_exception_list *exceptions);
uint64_t eg_pipeline_thread_events(const eg_pipeline_thread *thread); /* fed; any thread */
/* Hits that rules had, shown or not, since the start; any thread. */
uint64_t eg_pipeline_thread_hits(const eg_pipeline_thread *thread);
/* Events without a hit, and the time they took; any thread. A hit waits for the disk. */
eg_guard_work eg_pipeline_thread_matching(const eg_pipeline_thread *thread);
/* Events that correlations dropped for lack of room while they counted; any thread. */
uint64_t eg_pipeline_thread_forgotten(const eg_pipeline_thread *thread);

#endif
