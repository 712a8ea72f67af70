/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hunt_pool.h"

#include "cli/cli.h"
#include "core/base/os.h"
#include "core/base/status.h"

/* Batches of the ring for each hunter: one in work, one waiting, one being filled or written. */
#define BATCHES_PER_JOB 3
#define MERGED_MAX ((size_t)1 << 31)

/* Batches are numbered from 0 as they are filled; number n stands in batches[n % ring]. */
struct eg_hunt_pool {
    eg_hunter *hunters;
    size_t jobs;
    eg_thread **threads; /* NULL with one job */
    eg_hunt_batch **batches;
    bool *done; /* by place in the ring: worked off */
    size_t ring;
    uint64_t filling, working, writing; /* numbers of the next ones */
    bool closing;
    eg_mutex lock; /* over working, filling, done and closing */
    eg_cond changed;
    const eg_hunt_format *format;
    eg_hunt_stream stream; /* of what is written */
    eg_buf merged;         /* matches of a batch with those of correlations */
    eg_hunt_totals totals;
    int status; /* the first failure */
};

typedef struct hunter_thread {
    eg_hunt_pool *pool;
    eg_hunter *hunter;
} hunter_thread;

/* ---- hunters ---- */

static void hunt(void *arg)
{
    hunter_thread own = *(hunter_thread *)arg;
    eg_hunt_pool *pool = own.pool;

    eg_free(arg);
    eg_mutex_lock(&pool->lock);
    while (!pool->closing) {
        if (pool->working == pool->filling) {
            eg_cond_wait(&pool->changed, &pool->lock, EG_FOREVER);
            continue;
        }
        size_t place = (size_t)(pool->working++ % pool->ring);
        eg_mutex_unlock(&pool->lock);
        eg_hunter_work(own.hunter, pool->batches[place]);
        eg_mutex_lock(&pool->lock);
        pool->done[place] = true;
        eg_cond_wake_all(&pool->changed);
    }
    eg_mutex_unlock(&pool->lock);
}

static int start_thread(eg_hunt_pool *pool, size_t index)
{
    hunter_thread *own = eg_alloc(sizeof(*own));
    if (!own) {
        return EG_E_NOMEM;
    }
    *own = (hunter_thread){pool, &pool->hunters[index]};
    int status = eg_thread_start(&pool->threads[index], "hunter", hunt, own);
    if (status != EG_OK) {
        eg_free(own);
    }
    return status;
}

/* ---- the pool ---- */

static int fill_pool(eg_hunt_pool *pool, eg_ruleset *ruleset, const eg_hunt_format *format,
                     const char *const *paths)
{
    int status = EG_OK;
    for (size_t i = 0; i < pool->ring && status == EG_OK; i++) {
        status = eg_hunt_batch_create(&pool->batches[i]);
    }
    for (size_t i = 0; i < pool->jobs && status == EG_OK; i++) {
        status = eg_hunter_init(&pool->hunters[i], eg_ruleset_ref(ruleset), format, paths);
    }
    for (size_t i = 0; i < pool->jobs && pool->jobs > 1 && status == EG_OK; i++) {
        status = start_thread(pool, i);
    }
    return status;
}

int eg_hunt_pool_create(eg_ruleset *ruleset, const eg_hunt_format *format, const char *const *paths,
                        size_t jobs, eg_hunt_pool **out)
{
    eg_hunt_pool *pool = eg_alloc_zero(1, sizeof(*pool));
    if (!pool) {
        return EG_E_NOMEM;
    }
    if (eg_mutex_init(&pool->lock) != EG_OK) {
        eg_free(pool);
        return EG_E_NOMEM;
    }
    if (eg_cond_init(&pool->changed) != EG_OK) {
        eg_mutex_done(&pool->lock);
        eg_free(pool);
        return EG_E_NOMEM;
    }
    eg_buf_init(&pool->merged, MERGED_MAX);
    pool->format = format;
    pool->jobs = jobs;
    pool->ring = jobs > 1 ? jobs * BATCHES_PER_JOB : 1;
    pool->hunters = eg_alloc_zero(jobs, sizeof(*pool->hunters));
    pool->threads = eg_alloc_zero(jobs, sizeof(*pool->threads));
    pool->batches = eg_alloc_zero(pool->ring, sizeof(*pool->batches));
    pool->done = eg_alloc_zero(pool->ring, sizeof(*pool->done));
    int status = pool->hunters && pool->threads && pool->batches && pool->done ? EG_OK : EG_E_NOMEM;
    if (status == EG_OK) {
        status = eg_hunt_stream_init(&pool->stream, eg_ruleset_sigma(ruleset));
    }
    if (status == EG_OK) {
        status = fill_pool(pool, ruleset, format, paths);
    }
    if (status != EG_OK) {
        eg_hunt_pool_destroy(pool);
        return status;
    }
    *out = pool;
    return EG_OK;
}

void eg_hunt_pool_destroy(eg_hunt_pool *pool)
{
    if (!pool) {
        return;
    }
    eg_mutex_lock(&pool->lock);
    pool->closing = true;
    eg_cond_wake_all(&pool->changed);
    eg_mutex_unlock(&pool->lock);
    for (size_t i = 0; pool->threads && i < pool->jobs; i++) {
        eg_thread_join(pool->threads[i]);
    }
    for (size_t i = 0; pool->hunters && i < pool->jobs; i++) {
        eg_hunter_done(&pool->hunters[i]);
    }
    for (size_t i = 0; pool->batches && i < pool->ring; i++) {
        eg_hunt_batch_destroy(pool->batches[i]);
    }
    eg_hunt_stream_done(&pool->stream);
    eg_buf_done(&pool->merged);
    eg_free((void *)pool->threads);
    eg_free(pool->hunters);
    eg_free((void *)pool->batches);
    eg_free(pool->done);
    eg_cond_done(&pool->changed);
    eg_mutex_done(&pool->lock);
    eg_free(pool);
}

eg_hunt_batch *eg_hunt_pool_batch(eg_hunt_pool *pool)
{
    return pool->batches[pool->filling % pool->ring];
}

/* ---- writing ---- */

/* Each line of a batch's complaints, as eg_cli_error prints one. */
static void print_complaints(const eg_hunt_batch *batch)
{
    eg_str rest = eg_buf_str(&batch->complaints);
    eg_str line;
    while (eg_str_split(&rest, '\n', &line)) {
        if (line.len > 0) {
            eg_cli_error("%.*s", EG_STR_ARGS(line));
        }
    }
}

static void write_batch(eg_hunt_pool *pool, eg_hunt_batch *batch)
{
    eg_str text = eg_buf_str(&batch->matches);
    print_complaints(batch);
    if (pool->status == EG_OK) {
        pool->status = batch->status;
    }
    if (pool->status == EG_OK && batch->waiting.count > 0) {
        eg_buf_clear(&pool->merged);
        pool->status = eg_hunt_stream_follow(&pool->stream, &batch->waiting, pool->format, text,
                                             &pool->merged);
        text = eg_buf_str(&pool->merged);
    }
    if (text.len > 0 && pool->status == EG_OK &&
        fwrite(text.ptr, 1, text.len, stdout) != text.len) {
        pool->status = EG_E_IO;
    }
    pool->totals.events += batch->events;
    pool->totals.broken += batch->broken;
    pool->totals.hits += batch->hits;
    eg_hunt_batch_clear(batch);
}

static int explain_status(const eg_hunt_pool *pool)
{
    if (pool->status == EG_OK) {
        return EG_OK;
    }
    return eg_fail(pool->status, pool->status == EG_E_IO ? "writing the matches failed"
                                                         : "the hunt was given up");
}

/* Writes what is done, and waits for more until at most `left` batches are on their way. */
static void write_done(eg_hunt_pool *pool, uint64_t left)
{
    eg_mutex_lock(&pool->lock);
    while (pool->writing < pool->filling) {
        size_t place = (size_t)(pool->writing % pool->ring);
        if (pool->done[place]) {
            pool->done[place] = false;
            pool->writing++;
            eg_mutex_unlock(&pool->lock);
            write_batch(pool, pool->batches[place]);
            eg_mutex_lock(&pool->lock);
        } else if (pool->filling - pool->writing > left) {
            eg_cond_wait(&pool->changed, &pool->lock, EG_FOREVER);
        } else {
            break;
        }
    }
    eg_mutex_unlock(&pool->lock);
}

int eg_hunt_pool_submit(eg_hunt_pool *pool)
{
    if (pool->jobs == 1) {
        eg_hunt_batch *batch = eg_hunt_pool_batch(pool);
        eg_hunter_work(pool->hunters, batch);
        write_batch(pool, batch);
        return explain_status(pool);
    }
    eg_mutex_lock(&pool->lock);
    pool->filling++;
    eg_cond_wake_all(&pool->changed);
    eg_mutex_unlock(&pool->lock);
    write_done(pool, pool->ring - 1);
    return explain_status(pool);
}

int eg_hunt_pool_drain(eg_hunt_pool *pool)
{
    if (eg_hunt_pool_batch(pool)->count > 0) {
        (void)eg_hunt_pool_submit(pool);
    }
    write_done(pool, 0);
    if (fflush(stdout) != 0 && pool->status == EG_OK) {
        pool->status = EG_E_IO;
    }
    return explain_status(pool);
}

/* ---- figures ---- */

void eg_hunt_pool_totals(const eg_hunt_pool *pool, eg_hunt_totals *totals)
{
    *totals = pool->totals;
    totals->hits += pool->stream.hits;
    totals->match_ns += pool->stream.ns;
    for (size_t i = 0; i < pool->jobs; i++) {
        totals->match_ns += pool->hunters[i].matching.match_ns;
    }
}

int eg_hunt_pool_rule_hits(const eg_hunt_pool *pool, uint64_t **out)
{
    size_t rules = eg_sigma_set_size(pool->hunters[0].matching.set);
    uint64_t *sum = eg_alloc_zero(rules, sizeof(*sum));
    if (!sum) {
        return EG_E_NOMEM;
    }
    for (size_t j = 0; j < rules; j++) {
        sum[j] = pool->stream.rule_hits[j];
    }
    for (size_t i = 0; i < pool->jobs; i++) {
        for (size_t j = 0; j < rules; j++) {
            sum[j] += pool->hunters[i].rule_hits[j];
        }
    }
    *out = sum;
    return EG_OK;
}
