/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alerts of this session, one a story: which still wait to be shown, which were, what the
 * person answered. The service tells again what nobody has seen, so the same may come more than
 * once; a hit that adds to a story takes the place of the one before. What this user was shown
 * before the tray started is listed as well. Bounded: what has no place
 * any more is forgotten but counted, and asked for again once the others have been shown. Owns its
 * notices. Window thread only.
 */
#ifndef EG_TRAY_NOTICE_LIST_H
#define EG_TRAY_NOTICE_LIST_H

#include "tray/notice.h"

#define EG_NOTICE_LIST_MAX 1024
#define EG_NOTICE_REMIND_MS (UINT64_C(24) * 3600 * 1000)

typedef struct eg_notice_entry {
    eg_tray_notice *notice; /* the newest of the story: it tells all of it */
    bool seen;
    uint64_t seen_ms; /* when a window showed it last, in the ticks of the system */
    eg_given_answer answer;
    bool resolved; /* by an administrator: nobody is reminded of it */
} eg_notice_entry;

typedef struct eg_notice_list {
    eg_notice_entry entry[EG_NOTICE_LIST_MAX]; /* in the order they came; known ones by number */
    size_t count;
    size_t forgotten;  /* unseen ones that pop up, since the service told all it has */
    uint64_t received; /* stories since the start */
} eg_notice_list;

typedef enum eg_notice_news {
    EG_NOTICE_NEW,     /* a story, or something new in one */
    EG_NOTICE_WAITING, /* known, not seen yet */
    EG_NOTICE_SEEN,    /* known, and a window has shown it */
} eg_notice_news;

/* The number of the story of a notice; a hit that has none is known by its own, below 0. */
int64_t eg_notice_story(const eg_hit_notice *hit);
/* Whether a notice tells this story, or one that absorbed it. */
bool eg_notice_tells(const eg_hit_notice *hit, int64_t story);

void eg_notice_list_init(eg_notice_list *list);
void eg_notice_list_done(eg_notice_list *list);
eg_notice_news eg_notice_list_news(const eg_notice_list *list, int64_t story);
/*
 * Takes over a notice and says what it was; one that is not new is freed. Stories that it absorbed
 * leave the list, and their answers count for it. A full list forgets the oldest seen notice, else
 * the oldest of the lowest level: the service keeps them all. A known number with a later time is
 * news, also after a database was made anew.
 */
eg_notice_news eg_notice_list_take(eg_notice_list *list, eg_tray_notice *notice);
/*
 * Takes over what this user was shown before: of a story that is known its numbers change, nothing
 * else; one that is not is listed as seen, with the answer that came with it, where there is room.
 */
void eg_notice_list_take_known(eg_notice_list *list, eg_tray_notice *notice, uint64_t now_ms);
/* The service tells all that nobody has seen from the beginning: nothing counts as forgotten. */
void eg_notice_list_told_again(eg_notice_list *list);
/* True when nothing is left here to show, but something was forgotten. */
bool eg_notice_list_wants_more(const eg_notice_list *list);
/* Whether a story of this level opens a window by itself; others only change the icon. */
bool eg_notice_pops_up(eg_level level);
/* The unseen notice to show next, gravest first, then oldest; NULL when none waits. */
const eg_tray_notice *eg_notice_list_next(const eg_notice_list *list);
/* `now_ms` in the ticks of the system. */
void eg_notice_list_mark_seen(eg_notice_list *list, int64_t story, uint64_t now_ms);
/* True when a story that nobody answered was shown so long ago that it is time for a reminder. */
bool eg_notice_list_wants_reminder(const eg_notice_list *list, uint64_t now_ms);
/* An administrator is done with a story: it waits for no window and no reminder any more. */
void eg_notice_list_resolve(eg_notice_list *list, int64_t story);
/* Unseen notices that pop up, forgotten ones too, or (`quiet`) those that do not. */
size_t eg_notice_list_waiting(const eg_notice_list *list, bool quiet);
/*
 * What is known of a story, or of the one that absorbed it, to read or to set its answer; NULL when
 * nothing is.
 */
eg_notice_entry *eg_notice_list_entry(eg_notice_list *list, int64_t story);
/* Its notice; NULL when it is not known. */
const eg_tray_notice *eg_notice_list_find(const eg_notice_list *list, int64_t story);
/* The n-th newest notice, from 0; NULL past the end. */
const eg_tray_notice *eg_notice_list_recent(const eg_notice_list *list, size_t n);
/* Time of the newest hit that popped up and was seen; 0 when there is none. */
uint64_t eg_notice_list_last_seen(const eg_notice_list *list);

#endif
