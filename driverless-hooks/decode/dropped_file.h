/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files are worth an event when they appear, by their name and place (dropped.def,
 * places.def), and what the Mark of the Web says of one. Pure functions, any thread.
 */
#ifndef EG_DECODE_DROPPED_FILE_H
#define EG_DECODE_DROPPED_FILE_H

#include "core/base/str.h"

typedef enum eg_dropped_class {
    EG_DROPPED_NONE, /* not worth an event */
    EG_DROPPED_PROGRAM,
    EG_DROPPED_SCRIPT,
    EG_DROPPED_DOCUMENT,
    EG_DROPPED_SHORTCUT,
    EG_DROPPED_IMAGE,
    EG_DROPPED_ARCHIVE,
} eg_dropped_class;

typedef enum eg_dropped_root {
    EG_DROPPED_ROOT_PROFILE,
    EG_DROPPED_ROOT_PROGRAM_DATA,
    EG_DROPPED_ROOT_PUBLIC,
    EG_DROPPED_ROOT_WINDOWS_TEMP,
    EG_DROPPED_ROOT_MOVED, /* a user's desktop or downloads outside of the profile */
} eg_dropped_root;

/*
 * By the last extension of the name, which is how Windows decides; blanks and dots behind it are
 * passed over, as Windows drops them.
 */
eg_dropped_class eg_dropped_class_of(eg_str name);

/* True when a file of this path below `root` ("AppData\Local\x.dll") lies in one of the places. */
bool eg_dropped_in_place(eg_dropped_root root, eg_str path);
/* True when files of a place may lie in this folder or below it: a walk need not enter others. */
bool eg_dropped_may_hold(eg_dropped_root root, eg_str folder);

/* Longest Zone.Identifier stream that is read. */
#define EG_ZONE_IDENTIFIER_MAX (16u * 1024)

/* Views into the text that was parsed; EG_STR_NONE where it does not say. */
typedef struct eg_zone_identifier {
    eg_str zone_id; /* "3" is the Internet, "4" restricted */
    eg_str host_url;
    eg_str referrer_url;
} eg_zone_identifier;

/* `text` is UTF-8: section [ZoneTransfer] of an .ini file. Whoever made the file wrote it. */
void eg_zone_identifier_parse(eg_str text, eg_zone_identifier *out);

#endif
