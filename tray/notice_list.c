/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/notice_list.h"

#include <string.h>

void eg_notice_list_init(eg_notice_list *list)
{
    memset(list, 0, sizeof(*list));
}

void eg_notice_list_done(eg_notice_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        eg_tray_notice_destroy(list->entry[i].notice);
    }
    list->count = 0;
}

/* Its place, or list->count when the hit is not known. */
static size_t find(const eg_notice_list *list, int64_t hit_id)
{
    size_t i = 0;

    while (i < list->count && list->entry[i].notice->hit.id != hit_id) {
        i++;
    }
    return i;
}

/* Seen before unseen, low before grave, old before new. */
static bool is_less_needed(const eg_notice_entry *a, const eg_notice_entry *b)
{
    if (a->seen != b->seen) {
        return a->seen;
    }
    return !a->seen && a->notice->hit.level < b->notice->hit.level;
}

static void remove_at(eg_notice_list *list, size_t at)
{
    eg_tray_notice_destroy(list->entry[at].notice);
    list->count--;
    memmove(&list->entry[at], &list->entry[at + 1], (list->count - at) * sizeof(list->entry[0]));
}

static bool waits(const eg_notice_entry *entry)
{
    return !entry->seen && eg_notice_pops_up(entry->notice->hit.level);
}

static void forget_one(eg_notice_list *list)
{
    size_t victim = 0;

    for (size_t i = 1; i < list->count; i++) {
        if (is_less_needed(&list->entry[i], &list->entry[victim])) {
            victim = i;
        }
    }
    list->forgotten += waits(&list->entry[victim]);
    remove_at(list, victim);
}

eg_notice_news eg_notice_list_news(const eg_notice_list *list, int64_t hit_id)
{
    size_t at = find(list, hit_id);

    if (at == list->count) {
        return EG_NOTICE_NEW;
    }
    return list->entry[at].seen ? EG_NOTICE_SEEN : EG_NOTICE_WAITING;
}

eg_notice_news eg_notice_list_take(eg_notice_list *list, eg_tray_notice *notice)
{
    size_t at = find(list, notice->hit.id);

    if (at < list->count && list->entry[at].notice->hit.time == notice->hit.time) {
        eg_tray_notice_destroy(notice);
        return list->entry[at].seen ? EG_NOTICE_SEEN : EG_NOTICE_WAITING;
    }
    if (at < list->count) {
        remove_at(list, at);
    } else if (list->count == EG_NOTICE_LIST_MAX) {
        forget_one(list);
    }
    list->entry[list->count++] = (eg_notice_entry){notice, false};
    list->received++;
    return EG_NOTICE_NEW;
}

void eg_notice_list_told_again(eg_notice_list *list)
{
    list->forgotten = 0;
}

bool eg_notice_list_wants_more(const eg_notice_list *list)
{
    return list->forgotten > 0 && !eg_notice_list_next(list);
}

bool eg_notice_pops_up(eg_level level)
{
    return level >= EG_LEVEL_MEDIUM;
}

const eg_tray_notice *eg_notice_list_next(const eg_notice_list *list)
{
    const eg_tray_notice *next = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const eg_notice_entry *entry = &list->entry[i];

        if (waits(entry) && (!next || entry->notice->hit.level > next->hit.level)) {
            next = entry->notice;
        }
    }
    return next;
}

void eg_notice_list_mark(eg_notice_list *list, int64_t hit_id, bool seen)
{
    size_t at = find(list, hit_id);

    if (at < list->count) {
        list->entry[at].seen = seen;
    }
}

size_t eg_notice_list_waiting(const eg_notice_list *list, bool quiet)
{
    size_t waiting = quiet ? 0 : list->forgotten;

    for (size_t i = 0; i < list->count; i++) {
        const eg_notice_entry *entry = &list->entry[i];
        waiting += !entry->seen && eg_notice_pops_up(entry->notice->hit.level) != quiet;
    }
    return waiting;
}

const eg_tray_notice *eg_notice_list_find(const eg_notice_list *list, int64_t hit_id)
{
    size_t at = find(list, hit_id);

    return at < list->count ? list->entry[at].notice : NULL;
}

const eg_tray_notice *eg_notice_list_recent(const eg_notice_list *list, size_t n)
{
    return n < list->count ? list->entry[list->count - 1 - n].notice : NULL;
}

uint64_t eg_notice_list_last_seen(const eg_notice_list *list)
{
    uint64_t last = 0;

    for (size_t i = 0; i < list->count; i++) {
        const eg_hit_notice *hit = &list->entry[i].notice->hit;

        if (list->entry[i].seen && eg_notice_pops_up(hit->level) && hit->time > last) {
            last = hit->time;
        }
    }
    return last;
}
