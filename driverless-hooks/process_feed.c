/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/process_feed.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/account_name.h"
#include "driverless-hooks/decode/event_text.h"
#include "driverless-hooks/decode/seen_table.h"
#include "driverless-hooks/device_path.h"
#include "driverless-hooks/image_version.h"
#include "driverless-hooks/nt_query.h"
#include "driverless-hooks/process_info.h"

#include <inttypes.h>

/* How long a new process may take until its command line can be read. */
#define YOUNG_NS (UINT64_C(300) * 1000000)
/* Of whoever started so recently the kernel's records may still be on their way. */
#define SETTLED_AFTER (2 * EG_TICKS_PER_SECOND)

struct eg_process_feed {
    eg_sink sink;
    eg_mutex lock;
    eg_seen_table *table;
    eg_seen_table *young; /* listed, but not told yet; create_time is when, monotonic */
    eg_account_cache *accounts;
    eg_version_cache *versions;
    eg_device_paths *paths;
    eg_event_text text; /* of the event being built */
    eg_nt_list list;
    bool filled; /* the table has had its first picture */
};

int eg_process_feed_create(eg_process_feed **out, const eg_sink *sink)
{
    eg_process_feed *feed = eg_alloc_zero(1, sizeof(*feed));
    if (!feed) {
        return EG_E_NOMEM;
    }
    feed->sink = *sink;
    int status = eg_mutex_init(&feed->lock);
    if (status != EG_OK) {
        eg_free(feed);
        return status;
    }
    status = eg_event_text_init(&feed->text);
    if (status == EG_OK) {
        status = eg_seen_table_create(&feed->table);
    }
    if (status == EG_OK) {
        status = eg_seen_table_create(&feed->young);
    }
    if (status == EG_OK) {
        status = eg_account_cache_create(&feed->accounts);
    }
    if (status == EG_OK) {
        status = eg_version_cache_create(&feed->versions);
    }
    if (status == EG_OK) {
        status = eg_device_paths_create(&feed->paths);
    }
    if (status != EG_OK) {
        eg_process_feed_destroy(feed);
        return status;
    }
    *out = feed;
    return EG_OK;
}

void eg_process_feed_destroy(eg_process_feed *feed)
{
    if (feed) {
        eg_nt_list_done(&feed->list);
        eg_device_paths_destroy(feed->paths);
        eg_version_cache_destroy(feed->versions);
        eg_account_cache_destroy(feed->accounts);
        eg_seen_table_destroy(feed->young);
        eg_seen_table_destroy(feed->table);
        eg_event_text_done(&feed->text);
        eg_mutex_done(&feed->lock);
        eg_free(feed);
    }
}

const eg_sink *eg_process_feed_sink(const eg_process_feed *feed)
{
    return &feed->sink;
}

static void fill_missing(eg_event *event, eg_field field, eg_str value)
{
    if (event->field[field].len == 0 && value.ptr) {
        event->field[field] = value;
    }
}

/* The system's own answer is better than the record's: a name instead of a SID. */
static void prefer(eg_event *event, eg_field field, eg_str value)
{
    if (value.len > 0) {
        event->field[field] = value;
    }
}

static void set_numbers(eg_process_feed *feed, eg_event *event)
{
    event->field[EG_FIELD_PROCESS_ID] = eg_event_text_number(&feed->text, event->pid);
    event->field[EG_FIELD_PARENT_PROCESS_ID] = eg_event_text_number(&feed->text, event->parent_pid);
    event->field[EG_FIELD_UTC_TIME] = eg_event_text_time(&feed->text, event->time);
}

/* True when `info` is about the process that `event` reports, not a later one of the same pid. */
static bool same_process(const eg_event *event, const eg_process_info *info)
{
    if (info->create_time == 0) {
        return true;
    }
    return event->create_time != 0 ? event->create_time == info->create_time
                                   : eg_seen_is_start_of(event->time, info->create_time);
}

/* "C:\..." or "\\server\...": what the record says of its file is the truth of that moment. */
static bool is_whole_path(eg_str path)
{
    return path.len > 2 && (path.ptr[1] == ':' || (path.ptr[0] == '\\' && path.ptr[1] == '\\'));
}

static void use_info(eg_event *event, const eg_process_info *info, eg_event_text *text)
{
    if (event->create_time == 0) {
        event->create_time = info->create_time;
    }
    if (event->parent_pid == 0 && info->has_parent) {
        event->parent_pid = info->parent_pid;
    }
    if (!event->field[EG_FIELD_TERMINAL_SESSION_ID].ptr && info->has_session) {
        event->field[EG_FIELD_TERMINAL_SESSION_ID] = eg_event_text_number(text, info->session_id);
    }
    if (event->flags & EG_EVENT_COMMAND_LINE_CUT && info->command_line.len > 0) {
        event->field[EG_FIELD_COMMAND_LINE] = info->command_line;
        event->flags &= ~(uint32_t)EG_EVENT_COMMAND_LINE_CUT;
    }
    fill_missing(event, EG_FIELD_COMMAND_LINE, info->command_line);
    fill_missing(event, EG_FIELD_INTEGRITY_LEVEL, info->integrity);
    if (!is_whole_path(event->field[EG_FIELD_IMAGE])) {
        prefer(event, EG_FIELD_IMAGE, info->image);
    }
    prefer(event, EG_FIELD_USER, info->user);
    prefer(event, EG_FIELD_LOGON_ID, info->logon_id);
    prefer(event, EG_FIELD_CURRENT_DIRECTORY, info->current_directory);
}

static bool must_ask(const eg_event *event)
{
    return event->flags & EG_EVENT_COMMAND_LINE_CUT || event->field[EG_FIELD_COMMAND_LINE].len == 0;
}

/* Completes the event from the running system. True when its creation time is its own. */
static bool complete(eg_process_feed *feed, eg_event *event, eg_str user_sid, unsigned how)
{
    eg_process_info info;
    bool exact = event->create_time != 0;
    event->field[EG_FIELD_IMAGE] =
        eg_device_path_dos(feed->paths, event->field[EG_FIELD_IMAGE], &feed->text);
    if (event->pid != 0 && (!(how & EG_PROCESS_HURRY) || must_ask(event)) &&
        eg_process_info_query(event->pid, feed->accounts, &feed->text, &info) == EG_OK &&
        same_process(event, &info)) {
        use_info(event, &info, &feed->text);
        exact = event->create_time != 0;
    }
    if (user_sid.ptr && !event->field[EG_FIELD_LOGON_ID].ptr) {
        prefer(event, EG_FIELD_USER,
               eg_event_text_copy(&feed->text,
                                  eg_account_name(feed->accounts, user_sid.ptr, user_sid.len)));
    }
    if (event->create_time == 0) {
        event->create_time = event->time;
    }
    set_numbers(feed, event);
    eg_image_version_fill(feed->versions, event->field[EG_FIELD_IMAGE], &feed->text, event);
    return exact;
}

static void emit_stop(eg_process_feed *feed, eg_event *event, const eg_seen_process *entry)
{
    event->pid = entry->start.pid;
    event->create_time = entry->start.create_time;
    prefer(event, EG_FIELD_IMAGE, eg_str_from(entry->image));
    prefer(event, EG_FIELD_USER, eg_str_from(entry->user));
    event->field[EG_FIELD_PROCESS_ID] = eg_event_text_number(&feed->text, event->pid);
    event->field[EG_FIELD_UTC_TIME] = eg_event_text_time(&feed->text, event->time);
    feed->sink.emit(feed->sink.user, event);
}

static void tell_gone(eg_process_feed *feed, const eg_seen_process *entry, uint64_t time,
                      uint32_t flags, eg_str source)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_STOP);
    event.time = time;
    event.flags = flags;
    event.source = source;
    emit_stop(feed, &event, entry);
}

/* Emits what is known better by now, and keeps that for the stop, unless it was told. */
static void enter_again(eg_process_feed *feed, const eg_event *event, const eg_seen_start *start)
{
    eg_seen_start heard = *start;
    heard.recorded = false; /* a second record of the same start */
    const eg_seen_process *known = eg_seen_table_find(feed->table, event->pid);
    if (known && eg_seen_is_same(&known->start, &heard)) {
        eg_seen_table_put(feed->table, start, event->field[EG_FIELD_IMAGE],
                          event->field[EG_FIELD_USER]);
    }
    feed->sink.emit(feed->sink.user, event);
}

/*
 * Emits a completed start unless it is known already. Whoever had the pid before has ended, even
 * if nobody told; unless this is the older one, told late.
 */
static void enter(eg_process_feed *feed, const eg_event *event, bool exact, unsigned how)
{
    eg_seen_start start = {
        .pid = event->pid,
        .create_time = event->create_time,
        .exact = exact,
        .recorded = how & EG_PROCESS_RECORDED,
    };
    if (how & EG_PROCESS_AGAIN) {
        enter_again(feed, event, &start);
        return;
    }
    eg_seen_process *known = eg_seen_table_find(feed->table, event->pid);
    if (known && eg_seen_is_same(&known->start, &start)) {
        known->start.recorded = known->start.recorded || start.recorded;
        return;
    }
    bool late = known && event->create_time < known->start.create_time;
    if (known && !late) {
        tell_gone(feed, known, event->create_time, 0, event->source);
    }
    if (!late) {
        /* without memory for the entry the stop goes unreported, the start does not */
        eg_seen_table_put(feed->table, &start, event->field[EG_FIELD_IMAGE],
                          event->field[EG_FIELD_USER]);
    }
    feed->sink.emit(feed->sink.user, event);
}

static void start(eg_process_feed *feed, const eg_event *seen, eg_str user_sid, unsigned how)
{
    eg_event event = *seen;
    eg_event_text_reset(&feed->text);
    bool exact = complete(feed, &event, user_sid, how);
    enter(feed, &event, exact, how);
}

void eg_process_feed_start(eg_process_feed *feed, const eg_event *seen, eg_str user_sid,
                           unsigned how)
{
    eg_mutex_lock(&feed->lock);
    start(feed, seen, user_sid, how);
    eg_mutex_unlock(&feed->lock);
}

void eg_process_feed_running(eg_process_feed *feed, const eg_event *seen, eg_str user_sid)
{
    eg_mutex_lock(&feed->lock);
    const eg_seen_process *known = eg_seen_table_find(feed->table, seen->pid);
    /* the kernel logger's rundown does not say since when: then it is the one we know */
    if (!known || (seen->create_time != 0 && seen->create_time != known->start.create_time)) {
        start(feed, seen, user_sid, 0);
    }
    eg_mutex_unlock(&feed->lock);
}

/*
 * Starts and stops come in order: only one that both know exactly can be another process. Where a
 * time is that of a record, the session's clock may be seconds behind the system's.
 */
static bool is_end_of(const eg_seen_start *start, const eg_event *stop)
{
    if (stop->create_time != 0 && start->exact) {
        return stop->create_time == start->create_time;
    }
    return stop->time >= start->create_time || eg_seen_is_start_of(start->create_time, stop->time);
}

void eg_process_feed_stop(eg_process_feed *feed, const eg_event *seen)
{
    eg_event event = *seen;
    eg_mutex_lock(&feed->lock);
    const eg_seen_process *entry = eg_seen_table_find(feed->table, seen->pid);
    if (entry && is_end_of(&entry->start, seen)) {
        eg_event_text_reset(&feed->text);
        emit_stop(feed, &event, entry);
        eg_seen_table_remove(feed->table, seen->pid);
    }
    eg_mutex_unlock(&feed->lock);
}

static void polled_gone(void *user, const eg_seen_process *entry)
{
    eg_process_feed *feed = user;
    eg_event_text_reset(&feed->text);
    tell_gone(feed, entry, eg_clock_utc(), EG_EVENT_POLLED, EG_STR("poll"));
}

static void init_listed(eg_process_feed *feed, eg_event *event, uint32_t pid, uint32_t parent_pid,
                        uint32_t session_id, uint64_t create_time)
{
    eg_event_text_reset(&feed->text);
    eg_event_init(event, EG_KIND_PROCESS_START);
    event->flags = EG_EVENT_POLLED;
    event->source = EG_STR("poll");
    event->pid = pid;
    event->parent_pid = parent_pid;
    event->create_time = create_time;
    event->time = create_time != 0 ? create_time : eg_clock_utc();
    event->field[EG_FIELD_TERMINAL_SESSION_ID] = eg_event_text_number(&feed->text, session_id);
}

static eg_str listed_name(eg_process_feed *feed, const eg_nt_process *process)
{
    return process->pid == 0
               ? EG_STR("System Idle Process")
               : eg_event_text_utf16le(&feed->text, process->name, process->name_size);
}

static void make_listed(eg_process_feed *feed, const eg_nt_process *process, eg_event *event)
{
    init_listed(feed, event, process->pid, process->parent_pid, process->session_id,
                process->create_time);
    event->field[EG_FIELD_IMAGE] = listed_name(feed, process);
}

/* The process list at the first call: known without being news. */
static void learn(eg_process_feed *feed, const eg_nt_process *process)
{
    eg_event_text_reset(&feed->text);
    eg_str image = process->pid != 0 ? eg_process_info_image(process->pid, &feed->text)
                                     : EG_STR("System Idle Process");
    if (!image.ptr) {
        image = listed_name(feed, process);
    }
    bool exact = process->create_time != 0;
    eg_seen_start start = {
        .pid = process->pid,
        .create_time = exact ? process->create_time : eg_clock_utc(),
        .exact = exact,
    };
    eg_seen_table_put(feed->table, &start, image, EG_STR_NONE);
}

static bool is_known(eg_process_feed *feed, const eg_nt_process *process)
{
    eg_seen_process *entry = eg_seen_table_find(feed->table, process->pid);
    if (!entry) {
        return false;
    }
    eg_seen_start listed = {process->pid, process->create_time, true, false};
    if (process->create_time == 0 || eg_seen_is_same(&entry->start, &listed)) {
        return true;
    }
    polled_gone(feed, entry);
    eg_seen_table_remove(feed->table, process->pid);
    return false;
}

/*
 * A process is listed before its command line can be read. True while it should be looked at once
 * more; it is told anyway when that does not help, or when it is gone by then. Its children wait
 * as well: whoever reads of a child must have read of its parent.
 */
static bool is_young(eg_process_feed *feed, const eg_nt_process *process, const eg_event *event)
{
    uint64_t now = eg_clock_monotonic_ns();
    if (event->field[EG_FIELD_COMMAND_LINE].len > 0 &&
        !eg_seen_table_find(feed->young, process->parent_pid)) {
        return false;
    }
    eg_seen_process *entry = eg_seen_table_find(feed->young, process->pid);
    if (!entry) {
        eg_seen_start start = {.pid = process->pid, .create_time = now};
        eg_seen_table_put(feed->young, &start, listed_name(feed, process), EG_STR_NONE);
        entry = eg_seen_table_find(feed->young, process->pid);
    }
    if (!entry) {
        return false;
    }
    entry->parent_pid = process->parent_pid;
    entry->session_id = process->session_id;
    entry->seen = true;
    return now - entry->start.create_time < YOUNG_NS;
}

/* Ended before it could be read: what the list said of it is all there is. */
static void young_gone(void *user, const eg_seen_process *entry)
{
    eg_process_feed *feed = user;
    eg_event event;
    init_listed(feed, &event, entry->start.pid, entry->parent_pid, entry->session_id, 0);
    event.field[EG_FIELD_IMAGE] = eg_event_text_copy(&feed->text, eg_str_from(entry->image));
    event.create_time = event.time;
    set_numbers(feed, &event);
    enter(feed, &event, false, 0);
}

/* True when the start was told. */
static bool tell_listed(eg_process_feed *feed, const eg_nt_process *process)
{
    eg_event event;
    make_listed(feed, process, &event);
    bool exact = complete(feed, &event, EG_STR_NONE, 0);
    if (is_young(feed, process, &event)) {
        return false;
    }
    eg_seen_table_remove(feed->young, process->pid);
    enter(feed, &event, exact, 0);
    return true;
}

/* Processes that started after `until` are left out. */
static uint32_t compare_list(eg_process_feed *feed, uint64_t until)
{
    eg_nt_process process;
    uint32_t started = 0;
    while (eg_nt_list_next(&feed->list, &process)) {
        if (!feed->filled) {
            learn(feed, &process);
        } else if (is_known(feed, &process)) {
            eg_seen_table_remove(feed->young, process.pid);
        } else if (process.create_time <= until) {
            started += tell_listed(feed, &process);
        }
        eg_seen_process *entry = eg_seen_table_find(feed->table, process.pid);
        if (entry) {
            entry->seen = true;
        }
    }
    /* in this order: the table then tells the stops of those that were young */
    eg_seen_table_sweep(feed->young, young_gone, feed);
    eg_seen_table_sweep(feed->table, polled_gone, feed);
    feed->filled = true;
    return started;
}

static int compare(eg_process_feed *feed, uint64_t until, eg_process_poll *result)
{
    eg_process_poll found = {0, 0};
    eg_mutex_lock(&feed->lock);
    int status = eg_nt_list_read(&feed->list);
    if (status == EG_OK) {
        found.started = compare_list(feed, until);
        found.waiting = (uint32_t)eg_seen_table_count(feed->young);
    }
    eg_mutex_unlock(&feed->lock);
    if (result) {
        *result = found;
    }
    return status;
}

int eg_process_feed_poll(eg_process_feed *feed, eg_process_poll *result)
{
    return compare(feed, UINT64_MAX, result);
}

int eg_process_feed_resync(eg_process_feed *feed, eg_process_poll *result)
{
    return compare(feed, eg_clock_utc() - SETTLED_AFTER, result);
}

int eg_process_feed_snapshot(eg_process_feed *feed, HANDLE stop)
{
    eg_nt_list list = {0};
    eg_nt_process process;
    int status = eg_nt_list_read(&list);
    while (status == EG_OK && eg_nt_list_next(&list, &process)) {
        eg_event event;
        if (WaitForSingleObject(stop, 0) != WAIT_TIMEOUT) {
            status = EG_E_CLOSED;
            break;
        }
        eg_mutex_lock(&feed->lock);
        make_listed(feed, &process, &event);
        event.flags = EG_EVENT_EXISTING;
        complete(feed, &event, EG_STR_NONE, 0);
        feed->sink.emit(feed->sink.user, &event);
        eg_mutex_unlock(&feed->lock);
    }
    eg_nt_list_done(&list);
    return status;
}
