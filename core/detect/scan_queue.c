/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/scan_queue.h"

#include "core/base/log.h"
#include "core/base/queue.h"
#include "core/base/status.h"
#include "core/detect/scan_memory.h"
#include "core/yara/verdict_cache_file.h"

#include <string.h>

enum {
    RETRY_MS = 20,
    ARENA_BLOCK = 16 * 1024,
    BYTES_MAX = 32 * 1024 * 1024, /* of texts that wait: scripts may be long */
    FINDINGS_MAX = 256,
    FILES_PER_EVENT = 32, /* of the verdict cache */
    SAVE_MS = 5 * 60 * 1000,
    REOPEN_MS = 10 * 1000,
};

typedef struct waiting_event {
    struct waiting_event *next;
    eg_event *event; /* owned */
    bool memory;
} waiting_event;

typedef struct line {
    waiting_event *first, *last;
} line;

struct eg_scan_queue {
    eg_scan_queue_options options;
    eg_mutex lock;
    eg_cond changed;
    line now, existing; /* under the lock, as are the next four */
    size_t waiting;
    size_t bytes;
    bool stopping;
    eg_scan_counts counts;
    eg_queue *findings;
    /* below: the worker's own */
    eg_ruleset *rules; /* those of `scanner`; NULL before any */
    eg_scanner scanner;
    bool is_open, is_warm;
    uint64_t reopen_at; /* monotonic ns */
    uint64_t fingerprint;
    eg_verdict_cache *cache;
    eg_scan_memory *memory; /* of what is not clean */
    bool is_dirty;
    uint64_t saved_at;
    eg_arena *arena; /* of the event in work */
    eg_file_report report;
};

/* One target of the event in work. */
typedef struct looking {
    eg_scan_queue *queue;
    const eg_event *event;
    const eg_scan_target *target;
    eg_verdict_key key;
} looking;

/* ---- taking ---- */

int eg_scan_queue_create(const eg_scan_queue_options *options, eg_scan_queue **out)
{
    eg_scan_queue *queue = eg_alloc_zero(1, sizeof(*queue));
    if (!queue) {
        return EG_E_NOMEM;
    }
    queue->options = *options;
    int status = eg_mutex_init(&queue->lock);
    if (status != EG_OK) {
        goto free_queue;
    }
    status = eg_cond_init(&queue->changed);
    if (status != EG_OK) {
        goto done_lock;
    }
    status = eg_queue_create(&queue->findings, FINDINGS_MAX);
    if (status == EG_OK) {
        status = eg_arena_create(&queue->arena, ARENA_BLOCK);
    }
    if (status == EG_OK) {
        status = eg_verdict_cache_create(options->capacity * FILES_PER_EVENT, &queue->cache);
    }
    if (status == EG_OK) {
        status = eg_scan_memory_create(&queue->memory);
    }
    if (status != EG_OK) {
        eg_scan_queue_destroy(queue);
        return status;
    }
    queue->saved_at = eg_clock_monotonic_ns();
    *out = queue;
    return EG_OK;

done_lock:
    eg_mutex_done(&queue->lock);
free_queue:
    eg_free(queue);
    return status;
}

static void drop_waiting(waiting_event *item)
{
    eg_free(item->event);
    eg_free(item);
}

static waiting_event *first_of(line *from)
{
    waiting_event *item = from->first;
    if (item) {
        from->first = item->next;
        from->last = from->first ? from->last : NULL;
    }
    return item;
}

static void drop_finding(void *item)
{
    eg_scan_finding_destroy(item);
}

void eg_scan_queue_destroy(eg_scan_queue *queue)
{
    waiting_event *item;
    if (!queue) {
        return;
    }
    while ((item = first_of(&queue->now)) || (item = first_of(&queue->existing))) {
        drop_waiting(item);
    }
    eg_queue_destroy(queue->findings, drop_finding);
    eg_scan_memory_destroy(queue->memory);
    eg_verdict_cache_destroy(queue->cache);
    eg_arena_destroy(queue->arena);
    eg_ruleset_unref(queue->rules);
    eg_cond_done(&queue->changed);
    eg_mutex_done(&queue->lock);
    eg_free(queue);
}

/* Under the lock. */
static bool has_room(const eg_scan_queue *queue, size_t size)
{
    return !queue->stopping && queue->waiting < queue->options.capacity &&
           size <= BYTES_MAX - queue->bytes;
}

static void take(eg_scan_queue *queue, const eg_event *event, bool memory)
{
    size_t size = eg_event_text_size(event);
    waiting_event *item = eg_alloc_zero(1, sizeof(*item));
    int status = item ? eg_event_clone(event, &item->event) : EG_E_NOMEM;
    if (item) {
        item->memory = memory;
    }
    eg_mutex_lock(&queue->lock);
    if (status == EG_OK && has_room(queue, size)) {
        line *to = event->flags & EG_EVENT_EXISTING ? &queue->existing : &queue->now;
        *(to->last ? &to->last->next : &to->first) = item;
        to->last = item;
        queue->waiting++;
        queue->bytes += size;
        item = NULL;
        eg_cond_wake_all(&queue->changed);
    } else {
        queue->counts.not_taken++;
    }
    eg_mutex_unlock(&queue->lock);
    if (item) {
        drop_waiting(item);
    }
}

void eg_scan_queue_take(eg_scan_queue *queue, const eg_event *event)
{
    if (eg_scan_targets_in(event)) {
        take(queue, event, false);
    }
}

void eg_scan_queue_take_memory(eg_scan_queue *queue, const eg_event *event)
{
    eg_scan_target target;
    if (queue->options.memory && eg_scan_target_memory(event, &target)) {
        take(queue, event, true);
    }
}

static void count(eg_scan_queue *queue, uint64_t *counter)
{
    eg_mutex_lock(&queue->lock);
    ++*counter;
    eg_mutex_unlock(&queue->lock);
}

static bool is_stopped(eg_scan_queue *queue)
{
    eg_mutex_lock(&queue->lock);
    bool stopping = queue->stopping;
    eg_mutex_unlock(&queue->lock);
    return stopping;
}

/* ---- findings ---- */

void eg_scan_finding_destroy(eg_scan_finding *finding)
{
    if (finding) {
        eg_ruleset_unref(finding->rules);
        eg_free(finding->event);
        eg_free((void *)finding->path.ptr);
        eg_free(finding);
    }
}

eg_scan_finding *eg_scan_queue_next(eg_scan_queue *queue)
{
    void *item = NULL;
    return eg_queue_pop(queue->findings, &item, 0) == EG_OK ? item : NULL;
}

static int make_finding(const looking *at, const eg_file_report *report, eg_scan_finding **out)
{
    eg_scan_finding *finding = eg_alloc_zero(1, sizeof(*finding));
    if (!finding) {
        return EG_E_NOMEM;
    }
    eg_str path = at->target->path.text;
    char *copy = eg_copy_bytes(path.ptr ? path.ptr : "", path.len);
    finding->path = (eg_str){copy, path.len};
    int status = copy ? eg_event_clone(at->event, &finding->event) : EG_E_NOMEM;
    if (status != EG_OK) {
        eg_scan_finding_destroy(finding);
        return status;
    }
    finding->rules = eg_ruleset_ref(at->queue->rules);
    finding->reason = at->target->reason;
    finding->is_text = at->target->bytes.ptr != NULL;
    finding->is_memory = at->target->process_id != 0;
    finding->report = *report;
    *out = finding;
    return EG_OK;
}

/* Waits for room: what was found is never lost but by a stop. */
static void tell(const looking *at, const eg_file_report *report)
{
    eg_scan_queue *queue = at->queue;
    eg_scan_finding *finding = NULL;
    count(queue, &queue->counts.suspicious);
    while (make_finding(at, report, &finding) != EG_OK && !is_stopped(queue)) {
        eg_thread_sleep_ms(RETRY_MS);
    }
    while (finding && eg_queue_push(queue->findings, finding) != EG_OK) {
        if (is_stopped(queue)) {
            eg_scan_finding_destroy(finding);
            return;
        }
        eg_thread_sleep_ms(RETRY_MS);
    }
    if (finding) {
        queue->options.access.found(queue->options.access.user);
    }
}

/* ---- looking ---- */

static void note_gap(const looking *at, eg_file_gap gap, const char *reason)
{
    count(at->queue, &at->queue->counts.gaps[gap]);
    eg_log(EG_LOG_INFO, "scan", "%.*s: %s", EG_STR_ARGS(at->target->path.text), reason);
}

/* Verdicts that come of the file itself: asking again would give the same. */
static bool is_lasting(const eg_file_report *report)
{
    return report->verdict != EG_FILE_NOT_LOOKED || report->gap == EG_GAP_TOO_LARGE ||
           report->gap == EG_GAP_TOO_SLOW || report->gap == EG_GAP_PACKED ||
           report->gap == EG_GAP_ENGINE;
}

/* What became another file while it was looked at is not remembered. */
static void remember(const looking *at, const char *path, const eg_file_report *report)
{
    eg_scan_queue *queue = at->queue;
    const eg_scan_access *access = &queue->options.access;
    eg_file_identity after;
    if (!is_lasting(report) || access->identify(access->user, path, &after) != EG_OK ||
        !eg_file_identity_equal(&after, &at->key.file)) {
        return;
    }
    if (report->verdict == EG_FILE_CLEAN) {
        eg_verdict_cache_add_clean(queue->cache, queue->fingerprint, &at->key);
        queue->is_dirty = true;
    } else {
        eg_scan_memory_add(queue->memory, &at->key, report);
    }
}

/* Known, or not there, or not to be read: nothing is left to do. */
static bool is_settled(looking *at, const char *path)
{
    eg_scan_queue *queue = at->queue;
    const eg_scan_access *access = &queue->options.access;
    int status = access->identify(access->user, path, &at->key.file);
    if (status == EG_E_NOTFOUND) {
        if (!at->target->is_candidate) {
            count(queue, &queue->counts.missing);
        }
        return true;
    }
    if (status != EG_OK) {
        if (!eg_dir_exists(path)) {
            note_gap(at, status == EG_E_UNSUPPORTED ? EG_GAP_ELSEWHERE : EG_GAP_UNREADABLE,
                     eg_error_message());
        }
        return true;
    }
    if (eg_verdict_cache_is_clean(queue->cache, queue->fingerprint, &at->key)) {
        count(queue, &queue->counts.remembered);
        return true;
    }
    const eg_file_report *known = eg_scan_memory_find(queue->memory, &at->key);
    if (known) {
        count(queue, &queue->counts.remembered);
        if (known->verdict == EG_FILE_SUSPICIOUS) {
            tell(at, known);
        }
    }
    return known != NULL;
}

static void note_time(eg_scan_queue *queue, const eg_file_report *report, uint64_t took_ns)
{
    if (queue->is_warm) {
        eg_mutex_lock(&queue->lock);
        queue->counts.timed++;
        queue->counts.timed_bytes += report->bytes;
        queue->counts.timed_ns += took_ns;
        eg_mutex_unlock(&queue->lock);
    }
    queue->is_warm = true;
}

static bool scan(looking *at, const eg_scan_job *job)
{
    eg_scan_queue *queue = at->queue;
    eg_file_report *report = &queue->report;
    uint64_t start = eg_clock_monotonic_ns();
    int status = queue->scanner.scan(queue->scanner.user, job, report);
    if (status != EG_OK) {
        if (status != EG_E_CLOSED) {
            note_gap(at, EG_GAP_WORKER, eg_error_message());
        }
        return false;
    }
    note_time(queue, report, eg_clock_monotonic_ns() - start);
    count(queue, &queue->counts.looked);
    if (report->gap != EG_GAP_NONE) {
        note_gap(at, report->gap, report->reason);
    }
    if (report->verdict == EG_FILE_SUSPICIOUS) {
        tell(at, report);
    }
    return true;
}

/*
 * Owner and signer are no part of the key: they belong to the file as it is, and asking for them
 * costs more than the memory saves.
 */
static void look_at_file(looking *at, eg_scan_job *job)
{
    eg_scan_queue *queue = at->queue;
    eg_scan_facts facts = {.owner = "", .signer_state = "unknown"};
    at->key.facts = eg_file_facts_hash(&job->facts);
    char *path = eg_arena_copy(queue->arena, job->path.ptr, job->path.len);
    if (!path) {
        note_gap(at, EG_GAP_UNREADABLE, "memory ran out");
        return;
    }
    if (is_settled(at, path)) {
        return;
    }
    queue->options.access.facts(queue->options.access.user, job->path, &facts);
    job->facts.owner = eg_str_from(facts.owner);
    job->facts.signer_state = eg_str_from(facts.signer_state);
    if (scan(at, job)) {
        remember(at, path, &queue->report);
    }
}

static void look(eg_scan_queue *queue, const eg_event *event, const eg_scan_target *target)
{
    looking at = {.queue = queue, .event = event, .target = target};
    eg_scan_job job = {
        .kind = target->process_id  ? EG_SCAN_PROCESS
                : target->bytes.ptr ? EG_SCAN_BYTES
                                    : EG_SCAN_FILE,
        .path = target->path.text,
        .bytes = target->bytes,
        .process_id = target->process_id,
        .created = target->created,
        .facts = {.path = target->path.text,
                  .event_kind = eg_str_from(eg_kind_name(event->kind)),
                  .signer_state = EG_STR("unknown")},
    };
    if (job.kind != EG_SCAN_FILE) {
        (void)scan(&at, &job);
    } else if (target->path.kind == EG_PATH_UNRESOLVED) {
        count(queue, &queue->counts.unresolved);
    } else if (target->path.kind == EG_PATH_NETWORK && !queue->options.network) {
        note_gap(&at, EG_GAP_ELSEWHERE, "it lies on another computer");
    } else {
        look_at_file(&at, &job);
    }
}

/* ---- rules ---- */

static void close_scanner(eg_scan_queue *queue)
{
    if (queue->is_open) {
        queue->options.access.close(queue->options.access.user, &queue->scanner);
        queue->is_open = false;
    }
}

static void save(eg_scan_queue *queue)
{
    const char *path = queue->options.cache_file;
    queue->saved_at = eg_clock_monotonic_ns();
    if (path && queue->is_dirty) {
        queue->is_dirty = false;
        if (eg_verdict_cache_save(queue->cache, queue->fingerprint, path) != EG_OK) {
            eg_log(EG_LOG_WARNING, "scan", "verdicts are not kept: %s", eg_error_message());
        }
    }
}

static void load(eg_scan_queue *queue)
{
    const char *path = queue->options.cache_file;
    int status = path ? eg_verdict_cache_load(queue->cache, queue->fingerprint, path) : EG_OK;
    if (status != EG_OK && status != EG_E_NOTFOUND) {
        eg_log(EG_LOG_WARNING, "scan", "files are looked at anew: %s", eg_error_message());
    }
}

/* Goes over to the current rules. False when nothing can be met now. */
static bool take_rules(eg_scan_queue *queue)
{
    const eg_scan_access *access = &queue->options.access;
    eg_ruleset *rules = eg_ruleset_slot_get(queue->options.rules);
    if (rules != queue->rules) {
        save(queue);
        close_scanner(queue);
        eg_scan_memory_clear(queue->memory);
        eg_ruleset_unref(queue->rules);
        queue->rules = rules;
        queue->reopen_at = 0;
        if (rules) {
            queue->fingerprint = eg_yara_engine.fingerprint(eg_ruleset_yara(rules));
            eg_verdict_cache_use_rules(queue->cache, queue->fingerprint);
            load(queue);
        }
    } else {
        eg_ruleset_unref(rules);
    }
    if (!queue->rules || eg_yara_engine.rule_count(eg_ruleset_yara(queue->rules)) == 0) {
        return false;
    }
    uint64_t now = eg_clock_monotonic_ns();
    if (!queue->is_open && now >= queue->reopen_at) {
        queue->is_open = access->open(access->user, queue->rules, &queue->scanner) == EG_OK;
        queue->is_warm = false;
        queue->reopen_at = now + (uint64_t)REOPEN_MS * 1000000;
        if (!queue->is_open) {
            eg_log(EG_LOG_ERROR, "scan", "files cannot be looked at: %s", eg_error_message());
        }
    }
    return true;
}

/* ---- the worker ---- */

/* NULL when it is time to save, or to stop. */
static waiting_event *next_waiting(eg_scan_queue *queue)
{
    waiting_event *item = NULL;
    eg_mutex_lock(&queue->lock);
    if (!queue->stopping && queue->waiting == 0) {
        eg_cond_wait(&queue->changed, &queue->lock, SAVE_MS);
    }
    if (!queue->stopping) {
        item = first_of(&queue->now);
        item = item ? item : first_of(&queue->existing);
    }
    if (item) {
        queue->waiting--;
        queue->bytes -= eg_event_text_size(item->event);
    }
    eg_mutex_unlock(&queue->lock);
    return item;
}

static void work_off(eg_scan_queue *queue, const waiting_event *item)
{
    eg_scan_targets *targets = eg_arena_alloc(queue->arena, sizeof(*targets));
    int status = targets ? EG_OK : EG_E_NOMEM;
    if (status == EG_OK && item->memory) {
        targets->count = eg_scan_target_memory(item->event, &targets->items[0]) ? 1 : 0;
    } else if (status == EG_OK) {
        status = eg_scan_targets_of(item->event, queue->options.folders, queue->arena, targets);
    }
    if (status != EG_OK) {
        count(queue, &queue->counts.not_taken);
        return;
    }
    for (size_t i = 0; i < targets->count && !is_stopped(queue); i++) {
        if (queue->is_open) {
            look(queue, item->event, &targets->items[i]);
        } else {
            count(queue, &queue->counts.gaps[EG_GAP_WORKER]);
        }
    }
}

void eg_scan_queue_run(eg_scan_queue *queue)
{
    while (!is_stopped(queue)) {
        waiting_event *item = next_waiting(queue);
        if (item) {
            if (take_rules(queue)) {
                work_off(queue, item);
            }
            drop_waiting(item);
            eg_arena_reset(queue->arena);
            count(queue, &queue->counts.events);
        }
        if (eg_clock_monotonic_ns() - queue->saved_at >= (uint64_t)SAVE_MS * 1000000) {
            save(queue);
        }
    }
    save(queue);
    close_scanner(queue);
}

void eg_scan_queue_stop(eg_scan_queue *queue)
{
    eg_mutex_lock(&queue->lock);
    queue->stopping = true;
    eg_cond_wake_all(&queue->changed);
    eg_mutex_unlock(&queue->lock);
    queue->options.access.stop(queue->options.access.user);
}

void eg_scan_queue_counts(eg_scan_queue *queue, eg_scan_counts *out)
{
    eg_mutex_lock(&queue->lock);
    *out = queue->counts;
    out->waiting = queue->waiting;
    eg_mutex_unlock(&queue->lock);
}
