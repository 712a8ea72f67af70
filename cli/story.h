/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A story of the database in words, for people who help somebody on the phone, or as JSON for
 * tools. Used by `incidents` and `hits show`; one thread.
 */
#ifndef EG_CLI_STORY_H
#define EG_CLI_STORY_H

#include "core/store/store.h"

#include <stdio.h>

/*
 * Prints the whole story: its chain, rules, texts in every language, answers and hits. One that was
 * absorbed is told as the one that took it. EG_E_NOTFOUND.
 */
int eg_story_show(eg_store *store, int64_t id, bool json, FILE *out);
/* "seen 10000 times, last at ...", in that language; nothing for what was seen once. */
void eg_story_print_times(FILE *out, eg_language language, uint64_t count, uint64_t last_time);
/* One line of `incidents list`; shaped for eg_store_each_incident with eg_story_row as `user`. */
typedef struct eg_story_row {
    FILE *out;
    eg_language language;
    bool json;
    uint64_t printed;
} eg_story_row;
int eg_story_print_row(void *user, const eg_stored_incident *incident);

#endif
