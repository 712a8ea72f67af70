/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an administrator should know about the service itself: "the database was damaged and moved
 * aside to ...", "the disk is full". Shown by `status`. A notice has a topic; a new one replaces
 * the old of the same topic, and a topic is cleared when the trouble is over. Any thread; texts are
 * copied.
 */
#ifndef EG_SERVICE_NOTICES_H
#define EG_SERVICE_NOTICES_H

#include "core/base/json.h"
#include "core/base/os.h"

#define EG_NOTICES_MAX 16
#define EG_NOTICE_SIZE 512

typedef struct eg_notice {
    const char *topic; /* static text; NULL = free slot */
    uint64_t time;     /* FILETIME */
    char text[EG_NOTICE_SIZE];
} eg_notice;

typedef struct eg_notices {
    eg_mutex lock;
    eg_notice list[EG_NOTICES_MAX];
} eg_notices;

int eg_notices_init(eg_notices *notices);
void eg_notices_done(eg_notices *notices);
/* True when the text is new for this topic: the caller then also logs it. Cut at a character. */
bool eg_notices_set(eg_notices *notices, const char *topic, const char *text);
bool eg_notices_clear(eg_notices *notices, const char *topic); /* true when there was one */
/* Writes an array of {"topic","time","text"}. */
void eg_notices_write(eg_notices *notices, eg_json *json);

#endif
