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

/* Topics that trays are told of, too: see service/attention.h. */
#define EG_TOPIC_STORE "store"                 /* hits cannot be stored */
#define EG_TOPIC_DATABASE_OPEN "database_open" /* the database cannot be opened */
#define EG_TOPIC_DATABASE "database"           /* it was damaged and made anew */
#define EG_TOPIC_RULES "rules"                 /* there are none */
#define EG_TOPIC_PACK "pack"                   /* new ones were refused, the old ones hold */
#define EG_TOPIC_FILES "files"                 /* hashes and signatures are not read */
#define EG_TOPIC_SCAN "scan"                   /* nothing is looked at with YARA */
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
/* Whether this topic has a notice, and its text. */
bool eg_notices_get(eg_notices *notices, const char *topic, char text[EG_NOTICE_SIZE]);
/* Writes an array of {"topic","time","text"}. */
void eg_notices_write(eg_notices *notices, eg_json *json);

#endif
