/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/seen_table.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

enum { FIRST_CAPACITY = 128 };

#define REPORT_DELAY_MAX (5 * EG_TICKS_PER_SECOND)
#define CLOCK_SKEW_MAX (20 * EG_TICKS_PER_MS)

/* Sorted by pid: a few hundred entries, searched often, changed a few times a second. */
struct eg_seen_table {
    eg_seen_process *entries;
    size_t count, capacity;
};

bool eg_seen_is_start_of(uint64_t reported, uint64_t created)
{
    if (created > reported) {
        return created - reported <= CLOCK_SKEW_MAX;
    }
    return reported - created <= REPORT_DELAY_MAX;
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

static void free_texts(eg_seen_process *entry)
{
    eg_free(entry->image);
    eg_free(entry->user);
    entry->image = NULL;
    entry->user = NULL;
}

void eg_seen_table_destroy(eg_seen_table *table)
{
    if (table) {
        for (size_t i = 0; i < table->count; i++) {
            free_texts(&table->entries[i]);
        }
        eg_free(table->entries);
        eg_free(table);
    }
}

/* Index of the first entry with at least this pid. */
static size_t lower_bound(const eg_seen_table *table, uint32_t pid)
{
    size_t low = 0;
    size_t high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->entries[middle].pid < pid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

eg_seen_process *eg_seen_table_find(eg_seen_table *table, uint32_t pid)
{
    size_t at = lower_bound(table, pid);
    return at < table->count && table->entries[at].pid == pid ? &table->entries[at] : NULL;
}

static int insert_at(eg_seen_table *table, size_t at)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : FIRST_CAPACITY;
        eg_seen_process *entries = eg_realloc(table->entries, capacity * sizeof(*entries));
        if (!entries) {
            return EG_E_NOMEM;
        }
        table->entries = entries;
        table->capacity = capacity;
    }
    memmove(&table->entries[at + 1], &table->entries[at],
            (table->count - at) * sizeof(*table->entries));
    memset(&table->entries[at], 0, sizeof(*table->entries));
    table->count++;
    return EG_OK;
}

int eg_seen_table_put(eg_seen_table *table, uint32_t pid, uint64_t create_time, bool exact,
                      eg_str image, eg_str user)
{
    eg_seen_process *entry = eg_seen_table_find(table, pid);
    if (!entry) {
        size_t at = lower_bound(table, pid);
        int status = insert_at(table, at);
        if (status != EG_OK) {
            return status;
        }
        entry = &table->entries[at];
        entry->pid = pid;
    }
    free_texts(entry);
    entry->parent_pid = 0;
    entry->session_id = 0;
    entry->create_time = create_time;
    entry->exact = exact;
    entry->image = image.ptr ? eg_copy_bytes(image.ptr, image.len) : NULL;
    entry->user = user.ptr ? eg_copy_bytes(user.ptr, user.len) : NULL;
    return EG_OK;
}

static void remove_at(eg_seen_table *table, size_t at)
{
    free_texts(&table->entries[at]);
    table->count--;
    memmove(&table->entries[at], &table->entries[at + 1],
            (table->count - at) * sizeof(*table->entries));
}

void eg_seen_table_remove(eg_seen_table *table, uint32_t pid)
{
    size_t at = lower_bound(table, pid);
    if (at < table->count && table->entries[at].pid == pid) {
        remove_at(table, at);
    }
}

void eg_seen_table_sweep(eg_seen_table *table,
                         void (*gone)(void *user, const eg_seen_process *entry), void *user)
{
    size_t at = 0;
    while (at < table->count) {
        if (table->entries[at].seen) {
            table->entries[at++].seen = false;
        } else {
            gone(user, &table->entries[at]);
            remove_at(table, at);
        }
    }
}

size_t eg_seen_table_count(const eg_seen_table *table)
{
    return table->count;
}
