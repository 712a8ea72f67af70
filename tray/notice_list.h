/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alerts of this session: which still wait to be shown, which were. The service tells again
 * what nobody has seen, so the same hit may come more than once. Bounded: what has no place any
 * more is forgotten but counted, and asked for again once the others have been shown. Owns its
 * notices. Window thread only.
 */
#ifndef EG_TRAY_NOTICE_LIST_H
#define EG_TRAY_NOTICE_LIST_H

#include "tray/notice.h"

#define EG_NOTICE_LIST_MAX 1024

typedef struct eg_notice_entry {
    eg_tray_notice *notice;
    bool seen;
} eg_notice_entry;

typedef struct eg_notice_list {
    eg_notice_entry entry[EG_NOTICE_LIST_MAX]; /* in the order they came */
    size_t count;
    size_t forgotten;  /* unseen ones that pop up, since the service told all it has */
    uint64_t received; /* since the start */
} eg_notice_list;

typedef enum eg_notice_news {
    EG_NOTICE_NEW,
    EG_NOTICE_WAITING, /* known, not seen yet */
    EG_NOTICE_SEEN,    /* known, and a window has shown it */
} eg_notice_news;

void eg_notice_list_init(eg_notice_list *list);
void eg_notice_list_done(eg_notice_list *list);
eg_notice_news eg_notice_list_news(const eg_notice_list *list, int64_t hit_id);
/*
 * Takes over a notice and says what it was; one that is not new is freed. A full list forgets the
 * oldest seen notice, else the oldest of the lowest level: the service keeps them all. A known
 * number with another time is of another database: what was known of it is forgotten.
 */
eg_notice_news eg_notice_list_take(eg_notice_list *list, eg_tray_notice *notice);
/* The service tells all that nobody has seen from the beginning: nothing counts as forgotten. */
void eg_notice_list_told_again(eg_notice_list *list);
/* True when nothing is left here to show, but something was forgotten. */
bool eg_notice_list_wants_more(const eg_notice_list *list);
/* Whether a hit of this level opens a window by itself; others only change the icon. */
bool eg_notice_pops_up(eg_level level);
/* The unseen notice to show next, gravest first, then oldest; NULL when none waits. */
const eg_tray_notice *eg_notice_list_next(const eg_notice_list *list);
void eg_notice_list_mark(eg_notice_list *list, int64_t hit_id, bool seen);
/* Unseen notices that pop up, forgotten ones too, or (`quiet`) those that do not. */
size_t eg_notice_list_waiting(const eg_notice_list *list, bool quiet);
/* The notice of a hit; NULL when it is not known. */
const eg_tray_notice *eg_notice_list_find(const eg_notice_list *list, int64_t hit_id);
/* The n-th newest notice, from 0; NULL past the end. */
const eg_tray_notice *eg_notice_list_recent(const eg_notice_list *list, size_t n);
/* Time of the newest hit that popped up and was seen; 0 when there is none. */
uint64_t eg_notice_list_last_seen(const eg_notice_list *list);

#endif
