/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/seen_table.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

enum { BUCKETS = 1024 };

#define REPORT_DELAY_MAX (5 * EG_TICKS_PER_SECOND)
#define CLOCK_SKEW_MAX (20 * EG_TICKS_PER_MS)

typedef struct node node;

struct node {
    eg_seen_process entry; /* first: an entry is its node */
    node *next_in_bucket;
    node *older, *newer;
};

struct eg_seen_table {
    node *buckets[BUCKETS];
    node *oldest, *newest;
    size_t count;
};

bool eg_seen_is_start_of(uint64_t reported, uint64_t created)
{
    if (created > reported) {
        return created - reported <= CLOCK_SKEW_MAX;
    }
    return reported - created <= REPORT_DELAY_MAX;
}

bool eg_seen_is_same(const eg_seen_start *known, const eg_seen_start *told)
{
    if (known->create_time == told->create_time) {
        return true;
    }
    if (known->recorded && told->recorded) {
        return false;
    }
    return (!known->exact && eg_seen_is_start_of(known->create_time, told->create_time)) ||
           (!told->exact && eg_seen_is_start_of(told->create_time, known->create_time));
}

int eg_seen_table_create(eg_seen_table **out)
{
    eg_seen_table *table = eg_alloc_zero(1, sizeof(*table));
    if (!table) {
        return EG_E_NOMEM;
    }
    *out = table;
    return EG_OK;
}

void eg_seen_table_destroy(eg_seen_table *table)
{
    while (table && table->oldest) {
        eg_seen_table_remove(table, table->oldest->entry.start.pid);
    }
    eg_free(table);
}

/* Where the node of this pid hangs, or would. Pids are multiples of four on Windows. */
static node **link_of(eg_seen_table *table, uint32_t pid)
{
    node **link = &table->buckets[(pid >> 2) % BUCKETS];
    while (*link && (*link)->entry.start.pid != pid) {
        link = &(*link)->next_in_bucket;
    }
    return link;
}

eg_seen_process *eg_seen_table_find(eg_seen_table *table, uint32_t pid)
{
    node *found = *link_of(table, pid);
    return found ? &found->entry : NULL;
}

int eg_seen_table_put(eg_seen_table *table, const eg_seen_start *start, eg_str image, eg_str user)
{
    node *made = eg_alloc_zero(1, sizeof(*made));
    if (!made) {
        return EG_E_NOMEM;
    }
    eg_seen_table_remove(table, start->pid);
    if (table->count >= EG_SEEN_MOST) {
        eg_seen_table_remove(table, table->oldest->entry.start.pid);
    }
    made->entry.start = *start;
    made->entry.image = image.ptr ? eg_copy_bytes(image.ptr, image.len) : NULL;
    made->entry.user = user.ptr ? eg_copy_bytes(user.ptr, user.len) : NULL;
    *link_of(table, start->pid) = made;
    made->older = table->newest;
    if (table->newest) {
        table->newest->newer = made;
    } else {
        table->oldest = made;
    }
    table->newest = made;
    table->count++;
    return EG_OK;
}

void eg_seen_table_remove(eg_seen_table *table, uint32_t pid)
{
    node **link = link_of(table, pid);
    node *gone = *link;
    if (!gone) {
        return;
    }
    *link = gone->next_in_bucket;
    if (gone->older) {
        gone->older->newer = gone->newer;
    } else {
        table->oldest = gone->newer;
    }
    if (gone->newer) {
        gone->newer->older = gone->older;
    } else {
        table->newest = gone->older;
    }
    table->count--;
    eg_free(gone->entry.image);
    eg_free(gone->entry.user);
    eg_free(gone);
}

void eg_seen_table_sweep(eg_seen_table *table,
                         void (*gone)(void *user, const eg_seen_process *entry), void *user)
{
    node *next = NULL;
    for (node *at = table->oldest; at; at = next) {
        next = at->newer;
        if (at->entry.seen) {
            at->entry.seen = false;
        } else {
            gone(user, &at->entry);
            eg_seen_table_remove(table, at->entry.start.pid);
        }
    }
}

size_t eg_seen_table_count(const eg_seen_table *table)
{
    return table->count;
}
