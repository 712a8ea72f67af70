/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/process_join.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_layout.h"

#include <string.h>

typedef enum side {
    KERNEL,
    PROVIDER,
    SIDES,
} side;

enum {
    NONE = UINT16_MAX,
    HELD_MOST = 16384, /* slots are numbered in 16 bits */
    LEARN_AFTER = 8,   /* pairs in a row that say the clocks are apart */
};

/*
 * How far the times of the two records may be from their usual distance. They are 0.3 to 1 us
 * apart, unless the thread was interrupted in between; a pid is not used again so soon.
 */
#define APART_MAX (10 * EG_TICKS_PER_MS)
/*
 * So long an interrupted thread may wait for its next turn on a busy machine. By then the pid may
 * be another process': what is put together so is told beside the two halves, not in their place.
 */
#define INTERRUPTED_MAX (1 * EG_TICKS_PER_SECOND)
/* Two distances that differ by less are the same one: no two pids are reused at such a beat. */
#define ALIKE_MAX (EG_TICKS_PER_MS / 10)

typedef enum slot_state {
    SLOT_FREE,
    SLOT_WAITING,
    SLOT_COMPLETE, /* waits for those before it only */
    SLOT_LEFT,     /* remembered, so that what comes late does not leave once more */
} slot_state;

typedef struct slot {
    slot_state state;
    uint16_t next; /* in the bucket */
    eg_etw_role role;
    uint32_t pid;                    /* of the process */
    uint32_t writer_pid, writer_tid; /* of the thread that wrote the records */
    bool came[SIDES];
    uint64_t time[SIDES];       /* of the records that came */
    uint64_t arrived;           /* the first of them; monotonic ns */
    eg_etw_record *half[SIDES]; /* one block with the payload behind; NULL: not there any more */
} slot;

/*
 * `slots` is a ring: [first, end) are held, those before have left; of them [kept, first) may have
 * their only half still, for when the other one comes late. Positions count up and are taken modulo
 * the number of slots, which is at least twice what may be held.
 */
struct eg_process_join {
    eg_process_join_options options;
    slot *slots;
    uint16_t *buckets; /* slot number or NONE; as many as slots */
    size_t mask;       /* number of slots - 1 */
    uint64_t kept, first, end;
    size_t bytes;
    bool expect_provider;
    /*
     * By how much the provider's records are later than those of the kernel logger. Each session
     * turns ticks into times from its own start on: a clock that is set in between parts them.
     */
    int64_t later;
    int64_t refused;        /* the same of the pair that was last refused for its times */
    unsigned refused_count; /* pairs in a row that were refused for the same distance */
    eg_process_join_stats stats;
};

/* ---- slots ---- */

int eg_process_join_create(eg_process_join **out, const eg_process_join_options *options)
{
    if (options->held_max == 0 || options->held_max > HELD_MOST) {
        return eg_fail(EG_E_INVALID, "process join: %zu processes", options->held_max);
    }
    size_t count = 16;
    while (count < 2 * options->held_max) {
        count *= 2;
    }
    eg_process_join *join = eg_alloc_zero(1, sizeof(*join));
    if (!join) {
        return EG_E_NOMEM;
    }
    join->options = *options;
    join->mask = count - 1;
    join->slots = eg_alloc_zero(count, sizeof(*join->slots));
    join->buckets = eg_alloc(count * sizeof(*join->buckets));
    if (!join->slots || !join->buckets) {
        eg_process_join_destroy(join);
        return EG_E_NOMEM;
    }
    memset(join->buckets, 0xFF, count * sizeof(*join->buckets));
    *out = join;
    return EG_OK;
}

void eg_process_join_destroy(eg_process_join *join)
{
    if (join) {
        for (size_t i = 0; join->slots && i <= join->mask; i++) {
            eg_free(join->slots[i].half[KERNEL]);
            eg_free(join->slots[i].half[PROVIDER]);
        }
        eg_free(join->buckets);
        eg_free(join->slots);
        eg_free(join);
    }
}

static slot *slot_at(const eg_process_join *join, uint64_t position)
{
    return &join->slots[position & join->mask];
}

/* Pids are multiples of four on Windows. */
static uint16_t *bucket_of(const eg_process_join *join, uint32_t pid, eg_etw_role role)
{
    return &join->buckets[((pid >> 2) * 2654435761u + (uint32_t)role) & join->mask];
}

static void unlink_slot(eg_process_join *join, slot *at)
{
    uint16_t number = (uint16_t)(at - join->slots);
    uint16_t *link = bucket_of(join, at->pid, at->role);
    while (*link != number) {
        link = &join->slots[*link].next;
    }
    *link = at->next;
    at->state = SLOT_FREE;
}

static void drop_half(eg_process_join *join, slot *at, side which)
{
    if (at->half[which]) {
        join->bytes -= at->half[which]->size;
        eg_free(at->half[which]);
        at->half[which] = NULL;
    }
}

static void drop_oldest_kept(eg_process_join *join)
{
    slot *at = slot_at(join, join->kept++);
    drop_half(join, at, KERNEL);
    drop_half(join, at, PROVIDER);
}

/* The slot behind the last one, for the process that `half` tells of. */
static slot *add_slot(eg_process_join *join, const eg_process_half *half, uint64_t now)
{
    slot *at = slot_at(join, join->end++);
    while (join->end - join->kept > join->mask + 1) {
        drop_oldest_kept(join);
    }
    if (at->state != SLOT_FREE) {
        unlink_slot(join, at);
    }
    memset(at, 0, sizeof(*at));
    at->role = half->decoded.role;
    at->pid = (uint32_t)half->decoded.as.process.pid;
    at->writer_pid = half->record.pid;
    at->writer_tid = half->record.tid;
    at->arrived = now;
    uint16_t *bucket = bucket_of(join, at->pid, at->role);
    at->next = *bucket;
    *bucket = (uint16_t)(at - join->slots);
    return at;
}

/* ---- leaving ---- */

static void count_pair(eg_process_join *join, const eg_process_pair *pair)
{
    if (pair->again) {
        join->stats.completed++;
    } else if (pair->kernel && pair->provider) {
        join->stats.joined++;
    } else if (pair->role != EG_ETW_ROLE_PROCESS_RUNNING) {
        join->stats.kernel_only += pair->kernel && join->expect_provider;
        join->stats.provider_only += pair->provider != NULL;
    }
}

static uint64_t difference(int64_t one, int64_t other)
{
    return one > other ? (uint64_t)one - (uint64_t)other : (uint64_t)other - (uint64_t)one;
}

typedef struct halves {
    eg_process_half held[SIDES];
    const eg_process_half *half[SIDES]; /* NULL: not there */
} halves;

static void use_held(halves *of, const slot *at, side which)
{
    if (at->half[which]) {
        of->held[which].record = *at->half[which];
        eg_etw_decode(&of->held[which].record,
                      &of->held[which].decoded); /* could be when it came */
        of->half[which] = &of->held[which];
    }
}

static void tell(eg_process_join *join, eg_etw_role role, const halves *of, bool again)
{
    eg_process_pair pair = {role, of->half[KERNEL], of->half[PROVIDER], again};
    count_pair(join, &pair);
    join->options.on_pair(join->options.user, &pair);
}

/* Tells whole what was told by halves, and keeps them no longer. */
static void tell_again(eg_process_join *join, slot *kernel, slot *provider)
{
    halves both = {0};
    use_held(&both, kernel, KERNEL);
    use_held(&both, provider, PROVIDER);
    tell(join, kernel->role, &both, true);
    drop_half(join, kernel, KERNEL);
    drop_half(join, provider, PROVIDER);
}

static uint64_t create_time(const slot *provider)
{
    halves of = {0};
    use_held(&of, provider, PROVIDER);
    return of.half[PROVIDER]->decoded.as.process.create_time;
}

/* May the kernel logger's record be that of the process that the provider's record tells of? */
static bool may_be_one(const eg_process_join *join, const slot *kernel, const slot *provider)
{
    uint64_t written = kernel->time[KERNEL] + (uint64_t)join->later; /* by the provider's clock */
    return difference((int64_t)written, (int64_t)provider->time[PROVIDER]) <= INTERRUPTED_MAX &&
           create_time(provider) <= written + APART_MAX;
}

/* Of a start that left alone: the half of another one that did, too, and may be its other half. */
static void look_for_other_half(eg_process_join *join, slot *at)
{
    side has = at->half[KERNEL] ? KERNEL : PROVIDER, lacks = has == KERNEL ? PROVIDER : KERNEL;
    uint16_t number = at->half[has] ? *bucket_of(join, at->pid, at->role) : NONE;
    for (; number != NONE; number = join->slots[number].next) {
        slot *other = &join->slots[number];
        if (other->state == SLOT_LEFT && other->half[lacks] && other->pid == at->pid &&
            other->role == at->role && other->writer_pid == at->writer_pid &&
            other->writer_tid == at->writer_tid &&
            may_be_one(join, has == KERNEL ? at : other, has == KERNEL ? other : at)) {
            tell_again(join, has == KERNEL ? at : other, has == KERNEL ? other : at);
            return;
        }
    }
}

/*
 * The first slot leaves; `fresh` (may be NULL) is a half of it that was not put away. The half of a
 * start that waited in vain is kept.
 */
static void leave(eg_process_join *join, const eg_process_half *fresh, side fresh_side)
{
    slot *at = slot_at(join, join->first++);
    bool alone = at->state == SLOT_WAITING && at->role == EG_ETW_ROLE_PROCESS_START;
    halves of = {0};
    use_held(&of, at, KERNEL);
    use_held(&of, at, PROVIDER);
    if (fresh) {
        of.half[fresh_side] = fresh;
    }
    tell(join, at->role, &of, false);
    at->state = SLOT_LEFT;
    if (alone) {
        look_for_other_half(join, at);
    } else {
        drop_half(join, at, KERNEL);
        drop_half(join, at, PROVIDER);
    }
}

/* The other half of a start that has left has come: it leaves once more, whole. */
static void leave_again(eg_process_join *join, slot *at, const eg_process_half *half, side which)
{
    side other = which == KERNEL ? PROVIDER : KERNEL;
    halves of = {0};
    use_held(&of, at, other);
    if (of.half[other]) {
        of.half[which] = half;
        tell(join, at->role, &of, true);
        drop_half(join, at, other);
    }
}

static void leave_complete(eg_process_join *join)
{
    while (join->first != join->end && slot_at(join, join->first)->state == SLOT_COMPLETE) {
        leave(join, NULL, KERNEL);
    }
}

static void leave_early(eg_process_join *join)
{
    join->stats.forced += slot_at(join, join->first)->state == SLOT_WAITING;
    leave(join, NULL, KERNEL);
}

void eg_process_join_expire(eg_process_join *join, uint64_t now, bool drained)
{
    uint64_t wait = drained ? EG_PROCESS_JOIN_WAIT_MS : EG_PROCESS_JOIN_WAIT_MOST_MS;
    while (join->first != join->end &&
           now - slot_at(join, join->first)->arrived >= wait * UINT64_C(1000000)) {
        leave(join, NULL, KERNEL);
        leave_complete(join);
    }
}

void eg_process_join_flush(eg_process_join *join)
{
    while (join->first != join->end) {
        leave(join, NULL, KERNEL);
    }
}

void eg_process_join_expect_provider(eg_process_join *join, bool expected)
{
    if (!expected) {
        eg_process_join_flush(join);
    }
    join->expect_provider = expected;
}

/* ---- arriving ---- */

static int64_t lateness(const slot *at, uint64_t time, side which)
{
    return which == PROVIDER ? (int64_t)(time - at->time[KERNEL])
                             : (int64_t)(at->time[PROVIDER] - time);
}

/*
 * Do the times of the two say that they belong together? When so many pairs in a row would fit in
 * all but their times, and by the same distance, then that is how far the clocks are apart. Only
 * what still waits may teach that: to take a new process for one that has left would be to lose it.
 */
static bool confirm(eg_process_join *join, const slot *at, int64_t later)
{
    bool fits = difference(later, join->later) <= APART_MAX;
    if (!fits && at->state == SLOT_WAITING) {
        bool alike = join->refused_count > 0 && difference(later, join->refused) <= ALIKE_MAX;
        join->refused_count = alike ? join->refused_count + 1 : 1;
        join->refused = later;
        fits = join->refused_count >= LEARN_AFTER;
    }
    if (fits) {
        join->refused_count = 0;
        join->later = later;
    }
    return fits;
}

/* The slot that this record belongs to, or that has had the same record before; else NULL. */
static slot *find_slot(eg_process_join *join, const eg_process_half *half, side which)
{
    slot *best = NULL;
    int64_t best_later = 0;
    uint32_t pid = (uint32_t)half->decoded.as.process.pid;
    uint16_t number = *bucket_of(join, pid, half->decoded.role);
    for (; number != NONE; number = join->slots[number].next) {
        slot *at = &join->slots[number];
        if (at->role != half->decoded.role || at->pid != pid ||
            at->writer_pid != half->record.pid || at->writer_tid != half->record.tid) {
            continue;
        }
        if (at->came[which]) {
            if (at->time[which] == half->record.time) {
                return at;
            }
            continue;
        }
        int64_t later = lateness(at, half->record.time, which);
        if (!best || difference(later, join->later) < difference(best_later, join->later)) {
            best = at;
            best_later = later;
        }
    }
    return best && confirm(join, best, best_later) ? best : NULL;
}

/* Puts a copy away. False when there is no room or memory for it. */
static bool hold(eg_process_join *join, slot *at, const eg_process_half *half, side which)
{
    size_t size = half->record.size;
    while (join->bytes + size > join->options.bytes_max &&
           (join->kept != join->first || slot_at(join, join->first) != at)) {
        if (join->kept != join->first) {
            drop_oldest_kept(join);
        } else {
            leave_early(join);
        }
    }
    if (join->bytes + size > join->options.bytes_max) {
        return false;
    }
    eg_etw_record *copy = eg_alloc(sizeof(*copy) + size);
    if (!copy) {
        return false;
    }
    *copy = half->record;
    if (size > 0) {
        memcpy(copy + 1, half->record.payload, size);
    }
    copy->payload = (const uint8_t *)(copy + 1);
    at->half[which] = copy;
    join->bytes += size;
    if (join->bytes > join->stats.bytes_most) {
        join->stats.bytes_most = join->bytes;
    }
    return true;
}

/* Leaves now, behind all that came before. */
static void leave_with(eg_process_join *join, const slot *at, const eg_process_half *half,
                       side which)
{
    while (slot_at(join, join->first) != at) {
        leave_early(join);
    }
    leave(join, half, which);
}

static void take(eg_process_join *join, const eg_process_half *half, side which, uint64_t now)
{
    slot *at = find_slot(join, half, which);
    bool wait = false;
    if (at && (at->came[which] || at->state == SLOT_LEFT)) {
        join->stats.late++;
        if (!at->came[which]) {
            leave_again(join, at, half, which);
        }
        at->came[which] = true;
        at->time[which] = half->record.time;
        return;
    }
    if (!at) {
        if (eg_process_join_held(join) >= join->options.held_max) {
            leave_early(join);
        }
        at = add_slot(join, half, now);
        if (eg_process_join_held(join) > join->stats.held_most) {
            join->stats.held_most = eg_process_join_held(join);
        }
        wait = half->decoded.role != EG_ETW_ROLE_PROCESS_RUNNING &&
               (which == PROVIDER || join->expect_provider);
    }
    at->came[which] = true;
    at->time[which] = half->record.time;
    at->state = wait ? SLOT_WAITING : SLOT_COMPLETE;
    if ((!wait && slot_at(join, join->first) == at) || !hold(join, at, half, which)) {
        leave_with(join, at, half, which);
    }
    leave_complete(join);
}

void eg_process_join_add(eg_process_join *join, const eg_etw_record *record, uint64_t now)
{
    eg_process_half half = {.record = *record};
    eg_etw_result result = eg_etw_decode(record, &half.decoded);
    if (result == EG_ETW_MALFORMED) {
        join->stats.malformed++;
    } else if (result == EG_ETW_EVENT && (half.decoded.role == EG_ETW_ROLE_PROCESS_START ||
                                          half.decoded.role == EG_ETW_ROLE_PROCESS_STOP ||
                                          half.decoded.role == EG_ETW_ROLE_PROCESS_RUNNING)) {
        take(join, &half, half.decoded.layout->classic ? KERNEL : PROVIDER, now);
    }
}

/* ---- questions ---- */

uint32_t eg_process_join_due(const eg_process_join *join, uint64_t now)
{
    if (join->first == join->end) {
        return UINT32_MAX;
    }
    uint64_t waited = (now - slot_at(join, join->first)->arrived) / 1000000;
    return waited < EG_PROCESS_JOIN_WAIT_MS ? EG_PROCESS_JOIN_WAIT_MS - (uint32_t)waited : 0;
}

size_t eg_process_join_held(const eg_process_join *join)
{
    return (size_t)(join->end - join->first);
}

size_t eg_process_join_bytes(const eg_process_join *join)
{
    return join->bytes;
}

void eg_process_join_stats_get(const eg_process_join *join, eg_process_join_stats *stats)
{
    *stats = join->stats;
}
