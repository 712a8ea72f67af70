/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders that the file sensor looks at: startup folders, and those below which dropped files
 * are looked for (places.def), of the machine and of users. Keeps no state; any thread.
 */
#ifndef EG_FILE_PLACE_H
#define EG_FILE_PLACE_H

#include "driverless-hooks/decode/dropped_file.h"

typedef struct eg_file_place {
    const char *path;     /* full, without a backslash at its end; valid during the visit */
    bool startup;         /* a startup folder: every file that lies directly in it counts */
    bool of_user;         /* holding it open could keep a profile from being unloaded */
    eg_dropped_root root; /* what it is, where it is no startup folder */
} eg_file_place;

/* Return EG_OK to go on; anything else ends the visit and is returned by it. */
typedef int (*eg_file_place_visit)(void *user, const eg_file_place *place);

/*
 * Visits every place of the machine and of each user whose hive is loaded, whether or not the
 * folder exists. Folders on other computers are left out: asking them could take minutes.
 */
int eg_file_places(eg_file_place_visit visit, void *user);
/* The same for each user who has a profile, the accounts of services included. */
int eg_file_places_of_all(eg_file_place_visit visit, void *user);

/* A file of a place; times are FILETIME. */
typedef struct eg_place_file {
    eg_str path;  /* full */
    eg_str below; /* below the place */
    uint64_t created, modified, size;
} eg_place_file;

typedef int (*eg_place_file_visit)(void *user, const eg_place_file *file);

/* True when a file with this path below the place counts. */
bool eg_file_place_has(const eg_file_place *place, eg_str below);
/*
 * Visits the files of a place that count. Links to other folders are not followed. EG_E_LIMIT when
 * the place holds so much that the walk was ended; what was visited until then counts.
 */
int eg_file_place_walk(const eg_file_place *place, eg_place_file_visit visit, void *user);
/*
 * The same, but tells of each folder that is there and cannot be read; the error message is set.
 * What it returns is returned as by visit.
 */
int eg_file_place_walk_telling(const eg_file_place *place, eg_place_file_visit visit,
                               int (*unreadable)(void *user, const char *path), void *user);

#endif
