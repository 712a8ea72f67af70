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

int64_t eg_notice_story(const eg_hit_notice *hit)
{
    return hit->incident_id > 0 ? (int64_t)hit->incident_id : -hit->id;
}

bool eg_notice_tells(const eg_hit_notice *hit, int64_t story)
{
    bool tells = eg_notice_story(hit) == story;

    for (size_t i = 0; i < hit->absorbed.count; i++) {
        tells = tells || hit->absorbed.id[i] == story;
    }
    return tells;
}

/* Its place, or list->count when the story is not known. */
static size_t find(const eg_notice_list *list, int64_t story)
{
    size_t i = 0;

    while (i < list->count && !eg_notice_tells(&list->entry[i].notice->hit, story)) {
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

static eg_notice_news news_of(const eg_notice_entry *entry)
{
    return entry->seen ? EG_NOTICE_SEEN : EG_NOTICE_WAITING;
}

eg_notice_news eg_notice_list_news(const eg_notice_list *list, int64_t story)
{
    size_t at = find(list, story);

    return at == list->count ? EG_NOTICE_NEW : news_of(&list->entry[at]);
}

/* Whether `told` says nothing that `known` did not. */
static bool is_known(const eg_hit_notice *known, const eg_hit_notice *told)
{
    if (told->telling == EG_TELLING_REMINDER) {
        return false;
    }
    return told->id == known->id ? told->time == known->time
                                 : told->id < known->id && told->time <= known->time;
}

static void take_answer(eg_notice_entry *entry, const eg_notice_entry *from)
{
    if (from->answer.state != EG_ANSWER_NONE) {
        entry->answer = from->answer;
    }
}

/*
 * The story of `entry` now speaks for those that it absorbed, and for what nobody has seen of
 * them. `at` is its own place in the list, or list->count; returns where that is afterwards.
 */
static size_t absorb(eg_notice_list *list, const eg_notice_ids *absorbed, eg_notice_entry *entry,
                     size_t at)
{
    for (size_t i = 0; i < list->count;) {
        bool gone = false;

        for (size_t k = 0; i != at && k < absorbed->count; k++) {
            gone = gone || eg_notice_tells(&list->entry[i].notice->hit, absorbed->id[k]);
        }
        if (!gone) {
            i++;
            continue;
        }
        take_answer(entry, &list->entry[i]);
        entry->seen = entry->seen && !waits(&list->entry[i]);
        remove_at(list, i);
        at -= i < at;
    }
    return at;
}

/* What is told again may tell of stories that have become one since. */
static eg_notice_news take_known(eg_notice_list *list, size_t at, eg_tray_notice *notice)
{
    eg_notice_entry entry = list->entry[at];

    at = absorb(list, &notice->hit.absorbed, &entry, at);
    list->entry[at] = entry;
    eg_tray_notice_destroy(notice);
    return news_of(&entry);
}

eg_notice_news eg_notice_list_take(eg_notice_list *list, eg_tray_notice *notice)
{
    size_t at = find(list, eg_notice_story(&notice->hit));
    eg_notice_entry entry = {.notice = notice};

    if (at < list->count && is_known(&list->entry[at].notice->hit, &notice->hit)) {
        return take_known(list, at, notice);
    }
    if (at < list->count) {
        take_answer(&entry, &list->entry[at]);
        remove_at(list, at);
    } else {
        list->received++;
    }
    absorb(list, &notice->hit.absorbed, &entry, list->count);
    if (list->count == EG_NOTICE_LIST_MAX) {
        forget_one(list);
    }
    list->entry[list->count++] = entry;
    return EG_NOTICE_NEW;
}

static eg_given_answer answer_of(eg_told_answer told)
{
    eg_given_answer answer = {EG_ANSWER_NONE, EG_ANSWER_UNKNOWN};

    if (told >= EG_TOLD_ANSWER_DID_IT && told <= EG_TOLD_ANSWER_CALL) {
        answer.state = EG_ANSWER_KEPT;
        answer.kind = (eg_answer_kind)(told - EG_TOLD_ANSWER_DID_IT);
    }
    return answer;
}

static void insert_known(eg_notice_list *list, eg_tray_notice *notice, uint64_t now_ms)
{
    size_t at = list->count;

    while (at > 0 && list->entry[at - 1].notice->hit.id > notice->hit.id) {
        at--;
    }
    memmove(&list->entry[at + 1], &list->entry[at], (list->count - at) * sizeof(list->entry[0]));
    list->entry[at] = (eg_notice_entry){.notice = notice,
                                        .seen = true,
                                        .seen_ms = now_ms,
                                        .answer = answer_of(notice->hit.answer),
                                        .resolved = notice->hit.answer == EG_TOLD_ANSWER_CLOSED};
    list->count++;
}

void eg_notice_list_take_known(eg_notice_list *list, eg_tray_notice *notice, uint64_t now_ms)
{
    size_t at = find(list, eg_notice_story(&notice->hit));
    eg_tray_notice *unused = notice;

    if (at < list->count && list->entry[at].notice->hit.id <= notice->hit.id) {
        unused = list->entry[at].notice;
        list->entry[at].notice = notice;
    } else if (at == list->count && list->count < EG_NOTICE_LIST_MAX) {
        unused = NULL;
        insert_known(list, notice, now_ms);
    }
    eg_tray_notice_destroy(unused);
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

void eg_notice_list_mark_seen(eg_notice_list *list, int64_t story, uint64_t now_ms)
{
    eg_notice_entry *entry = eg_notice_list_entry(list, story);

    if (entry) {
        entry->seen = true;
        entry->seen_ms = now_ms;
    }
}

void eg_notice_list_resolve(eg_notice_list *list, int64_t story)
{
    eg_notice_entry *entry = eg_notice_list_entry(list, story);

    if (entry && entry->seen) {
        entry->resolved = true;
    } else if (entry) {
        remove_at(list, (size_t)(entry - list->entry));
    }
}

bool eg_notice_list_wants_reminder(const eg_notice_list *list, uint64_t now_ms)
{
    for (size_t i = 0; i < list->count; i++) {
        const eg_notice_entry *entry = &list->entry[i];

        if (entry->seen && eg_notice_pops_up(entry->notice->hit.level) &&
            entry->answer.state == EG_ANSWER_NONE && !entry->resolved &&
            now_ms - entry->seen_ms > EG_NOTICE_REMIND_MS) {
            return true;
        }
    }
    return false;
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

eg_notice_entry *eg_notice_list_entry(eg_notice_list *list, int64_t story)
{
    size_t at = find(list, story);

    return at < list->count ? &list->entry[at] : NULL;
}

const eg_tray_notice *eg_notice_list_find(const eg_notice_list *list, int64_t story)
{
    size_t at = find(list, story);

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
