/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/process_table.h"

#include "core/base/clock.h"
#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

/* Text of a full table, on average; command lines of 32 KiB must not make it hundreds of MB. */
#define TEXT_PER_PROCESS 4096u
/* A start time that no source gave is the time of the event: up to this much too late. */
#define LATE_START (2 * EG_TICKS_PER_SECOND)
/* A change is reported a little after it was made: its author may have ended in between. */
#define LATE_EVENT (2 * EG_TICKS_PER_SECOND)

typedef struct node node;

struct node {
    eg_process process;
    char *text; /* image, command line and user in one block */
    size_t text_size;
    bool start_guessed; /* create_time is only the time of the event */
    char guid[EG_PROCESS_GUID_SIZE];
    node *next_in_bucket;
    node *older, *newer; /* in `running` or `ended` */
};

/* Oldest first: running ones by when they were learned, ended ones by when that was learned. */
typedef struct list {
    node *oldest, *newest;
} list;

struct eg_process_table {
    node **buckets;
    size_t bucket_mask;
    size_t capacity;
    size_t size;
    size_t text_size;
    list running, ended;
};

int eg_process_table_create(eg_process_table **out, size_t capacity)
{
    if (capacity == 0 || capacity > 1u << 20) {
        return eg_fail(EG_E_INVALID, "process table: %zu processes", capacity);
    }
    size_t buckets = 16;
    while (buckets < capacity) {
        buckets *= 2;
    }
    eg_process_table *table = eg_alloc_zero(1, sizeof(*table));
    if (!table) {
        return EG_E_NOMEM;
    }
    table->buckets = eg_alloc_zero(buckets, sizeof(node *));
    if (!table->buckets) {
        eg_free(table);
        return EG_E_NOMEM;
    }
    table->bucket_mask = buckets - 1;
    table->capacity = capacity;
    *out = table;
    return EG_OK;
}

void eg_process_guid_format(uint32_t pid, uint64_t create_time, char out[EG_PROCESS_GUID_SIZE])
{
    snprintf(out, EG_PROCESS_GUID_SIZE, "{454D4F47-%04X-%04X-%04X-%04X%08X}",
             (unsigned)(create_time >> 48), (unsigned)(create_time >> 32 & 0xFFFF),
             (unsigned)(create_time >> 16 & 0xFFFF), (unsigned)(create_time & 0xFFFF),
             (unsigned)pid);
}

static list *list_of(eg_process_table *table, const node *entry)
{
    return entry->process.exit_time == 0 ? &table->running : &table->ended;
}

static void list_add(list *in, node *entry)
{
    entry->older = in->newest;
    entry->newer = NULL;
    if (in->newest) {
        in->newest->newer = entry;
    } else {
        in->oldest = entry;
    }
    in->newest = entry;
}

static void list_remove(list *from, node *entry)
{
    if (entry->older) {
        entry->older->newer = entry->newer;
    } else {
        from->oldest = entry->newer;
    }
    if (entry->newer) {
        entry->newer->older = entry->older;
    } else {
        from->newest = entry->older;
    }
}

/* Pids are multiples of four on Windows. */
static node **bucket_of(const eg_process_table *table, uint32_t pid)
{
    return &table->buckets[(pid >> 2 ^ pid << 5) & table->bucket_mask];
}

static void forget(eg_process_table *table, node *entry)
{
    node **link = bucket_of(table, entry->process.pid);
    while (*link != entry) {
        link = &(*link)->next_in_bucket;
    }
    *link = entry->next_in_bucket;
    list_remove(list_of(table, entry), entry);
    table->text_size -= entry->text_size;
    table->size--;
    eg_free(entry->text);
    eg_free(entry);
}

void eg_process_table_destroy(eg_process_table *table)
{
    if (!table) {
        return;
    }
    while (table->ended.oldest) {
        forget(table, table->ended.oldest);
    }
    while (table->running.oldest) {
        forget(table, table->running.oldest);
    }
    eg_free(table->buckets);
    eg_free(table);
}

static node *oldest_but(const list *in, const node *keep)
{
    return in->oldest && in->oldest == keep ? in->oldest->newer : in->oldest;
}

/* Makes room for so many more. The longest-ended leave first, then the oldest; `keep` stays. */
static void make_room(eg_process_table *table, size_t processes, const node *keep)
{
    while (table->size + processes > table->capacity ||
           table->text_size / TEXT_PER_PROCESS > table->capacity) {
        node *victim = oldest_but(&table->ended, keep);
        if (!victim) {
            victim = oldest_but(&table->running, keep);
        }
        if (!victim) {
            return;
        }
        forget(table, victim);
    }
}

static eg_str put_text(char **at, eg_str text)
{
    if (!text.ptr) {
        return EG_STR_NONE;
    }
    char *start = *at;
    if (text.len > 0) {
        memcpy(start, text.ptr, text.len);
    }
    *at += text.len;
    return (eg_str){start, text.len};
}

static eg_str newer_of(eg_str known, eg_str told)
{
    return told.len > 0 || !known.ptr ? told : known;
}

/* Takes over the texts that the event has and keeps the others. */
static int learn_texts(eg_process_table *table, node *entry, const eg_event *event)
{
    const eg_process *known = &entry->process;
    eg_str image = newer_of(known->image, eg_event_get(event, EG_FIELD_IMAGE));
    eg_str command_line = newer_of(known->command_line, eg_event_get(event, EG_FIELD_COMMAND_LINE));
    eg_str user = newer_of(known->user, eg_event_get(event, EG_FIELD_USER));
    if (eg_str_equal(image, known->image) && eg_str_equal(user, known->user) &&
        eg_str_equal(command_line, known->command_line)) {
        return EG_OK;
    }
    size_t size = image.len + command_line.len + user.len;
    char *text = eg_alloc(size);
    if (!text) {
        return EG_E_NOMEM;
    }
    char *at = text;
    entry->process.image = put_text(&at, image);
    entry->process.command_line = put_text(&at, command_line);
    entry->process.user = put_text(&at, user);
    eg_free(entry->text);
    table->text_size += size - entry->text_size;
    entry->text = text;
    entry->text_size = size;
    return EG_OK;
}

static void end(eg_process_table *table, node *entry, uint64_t time)
{
    list_remove(list_of(table, entry), entry);
    entry->process.exit_time =
        time > entry->process.create_time ? time : entry->process.create_time;
    list_add(list_of(table, entry), entry);
}

static void set_start(node *entry, uint64_t create_time)
{
    entry->process.create_time = create_time;
    eg_process_guid_format(entry->process.pid, create_time, entry->guid);
    entry->process.guid = (eg_str){entry->guid, EG_PROCESS_GUID_SIZE - 1};
}

/*
 * Puts a new entry in. Whoever had the pid before and was not seen to end ended at the latest when
 * this one started; when a later one is known already, this one ended before that.
 */
static int insert(eg_process_table *table, const eg_event *event, uint64_t create_time, node **out)
{
    make_room(table, 1, NULL);
    node *entry = eg_alloc_zero(1, sizeof(*entry));
    if (!entry) {
        return EG_E_NOMEM;
    }
    entry->process.pid = event->pid;
    set_start(entry, create_time);
    node **bucket = bucket_of(table, event->pid);
    uint64_t next_start = 0;
    for (node *other = *bucket; other; other = other->next_in_bucket) {
        if (other->process.pid != event->pid) {
            continue;
        }
        if (other->process.create_time > create_time) {
            if (next_start == 0 || other->process.create_time < next_start) {
                next_start = other->process.create_time;
            }
        } else if (other->process.exit_time == 0) {
            end(table, other, create_time);
        }
    }
    entry->process.exit_time = next_start;
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    list_add(list_of(table, entry), entry);
    table->size++;
    *out = entry;
    return EG_OK;
}

/* False when the names cannot belong to one process. */
static bool same_image(const node *entry, const eg_event *event)
{
    eg_str image = eg_event_get(event, EG_FIELD_IMAGE);
    return image.len == 0 || entry->process.image.len == 0 ||
           eg_str_equal_nocase(eg_path_base(image), eg_path_base(entry->process.image));
}

/* Is this entry the process that the event is about? */
static bool is_same(const node *entry, const eg_event *event)
{
    const eg_process *known = &entry->process;
    if (known->pid != event->pid) {
        return false;
    }
    if (event->create_time != 0 && !entry->start_guessed) {
        return event->create_time == known->create_time;
    }
    if (event->create_time != 0) { /* what we took for its start was not before its start */
        return event->create_time <= known->create_time && same_image(entry, event);
    }
    return event->time >= known->create_time &&
           (known->exit_time == 0 || event->time <= known->exit_time) && same_image(entry, event);
}

static node *lookup(const eg_process_table *table, const eg_event *event)
{
    node *best = NULL;
    for (node *entry = *bucket_of(table, event->pid); entry; entry = entry->next_in_bucket) {
        if (is_same(entry, event) &&
            (!best || entry->process.create_time > best->process.create_time)) {
            best = entry;
        }
    }
    return best;
}

static void learn_number(const eg_event *event, eg_field field, uint64_t *out)
{
    if (event->field[field].len > 0) {
        (void)eg_str_to_u64(event->field[field], out); /* what is no number is not known */
    }
}

int eg_process_table_learn(eg_process_table *table, const eg_event *event)
{
    bool stop = event->kind == EG_KIND_PROCESS_STOP;
    if ((!stop && event->kind != EG_KIND_PROCESS_START) || event->pid == 0) {
        return EG_OK;
    }
    uint64_t create_time = event->create_time != 0 ? event->create_time : event->time;
    node *entry = lookup(table, event);
    int status = EG_OK;
    if (!entry) {
        status = insert(table, event, create_time, &entry);
        if (status != EG_OK) {
            return status;
        }
        entry->start_guessed = event->create_time == 0;
    } else if (entry->start_guessed && event->create_time != 0) {
        set_start(entry, create_time);
        entry->start_guessed = false;
    }
    if (event->parent_pid != 0) {
        entry->process.parent_pid = event->parent_pid;
    }
    learn_number(event, EG_FIELD_PROCESS_SEQUENCE_NUMBER, &entry->process.sequence);
    learn_number(event, EG_FIELD_PARENT_PROCESS_SEQUENCE_NUMBER, &entry->process.parent_sequence);
    status = learn_texts(table, entry, event);
    if (stop && entry->process.exit_time == 0) {
        end(table, entry, event->time != 0 ? event->time : create_time);
    }
    make_room(table, 0, entry);
    return status;
}

/* 0 = lived then; else how far the moment is outside what we know of its life. */
static uint64_t distance(const node *entry, uint64_t when)
{
    const eg_process *process = &entry->process;
    if (when < process->create_time) {
        return process->create_time - when;
    }
    if (process->exit_time != 0 && when > process->exit_time) {
        return when - process->exit_time;
    }
    return 0;
}

static bool may_be(const node *entry, uint64_t when)
{
    if (when < entry->process.create_time) {
        return entry->start_guessed && distance(entry, when) <= LATE_START;
    }
    return distance(entry, when) <= LATE_EVENT;
}

const eg_process *eg_process_table_find(const eg_process_table *table, uint32_t pid, uint64_t when)
{
    const node *best = NULL;
    for (const node *entry = *bucket_of(table, pid); entry; entry = entry->next_in_bucket) {
        if (entry->process.pid != pid || !may_be(entry, when)) {
            continue;
        }
        if (!best || distance(entry, when) < distance(best, when) ||
            (distance(entry, when) == distance(best, when) &&
             entry->process.create_time > best->process.create_time)) {
            best = entry;
        }
    }
    return best ? &best->process : NULL;
}

const eg_process *eg_process_table_parent(const eg_process_table *table, const eg_process *process)
{
    if (process->parent_pid == 0 || process->parent_pid == process->pid) {
        return NULL;
    }
    const eg_process *parent =
        eg_process_table_find(table, process->parent_pid, process->create_time);
    bool other = parent && process->parent_sequence != 0 && parent->sequence != 0 &&
                 parent->sequence != process->parent_sequence;
    return other ? NULL : parent;
}

static void fill(eg_event *event, eg_field field, eg_str value)
{
    if (event->field[field].len == 0 && value.len > 0) {
        event->field[field] = value;
    }
}

static void complete_parents(const eg_process_table *table, eg_event *event, uint64_t when)
{
    eg_process child = {
        .pid = event->pid,
        .parent_pid = event->parent_pid,
        .create_time = when,
    };
    learn_number(event, EG_FIELD_PARENT_PROCESS_SEQUENCE_NUMBER, &child.parent_sequence);
    const eg_process *parent = eg_process_table_parent(table, &child);
    if (!parent) {
        return;
    }
    fill(event, EG_FIELD_PARENT_PROCESS_GUID, parent->guid);
    fill(event, EG_FIELD_PARENT_IMAGE, parent->image);
    fill(event, EG_FIELD_PARENT_COMMAND_LINE, parent->command_line);
    fill(event, EG_FIELD_PARENT_USER, parent->user);
    const eg_process *grand = eg_process_table_parent(table, parent);
    if (grand) {
        fill(event, EG_FIELD_GRANDPARENT_IMAGE, grand->image);
    }
}

void eg_process_table_complete(const eg_process_table *table, eg_event *event)
{
    if (event->pid == 0) {
        return;
    }
    bool start = event->kind == EG_KIND_PROCESS_START;
    bool own = start || event->kind == EG_KIND_PROCESS_STOP;
    uint64_t when = own && event->create_time != 0 ? event->create_time : event->time;
    const eg_process *process = eg_process_table_find(table, event->pid, when);
    if (process) {
        fill(event, EG_FIELD_PROCESS_GUID, process->guid);
        fill(event, EG_FIELD_IMAGE, process->image);
        fill(event, EG_FIELD_USER, process->user);
    }
    if (!start) {
        return;
    }
    if (process) {
        fill(event, EG_FIELD_COMMAND_LINE, process->command_line);
        if (event->parent_pid == 0) {
            event->parent_pid = process->parent_pid;
        }
    }
    complete_parents(table, event, when);
}

size_t eg_process_table_size(const eg_process_table *table)
{
    return table->size;
}
