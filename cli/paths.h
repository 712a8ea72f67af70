/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of file names that belong to the list. One thread; who fills one empties it. */
#ifndef EG_CLI_PATHS_H
#define EG_CLI_PATHS_H

#include "core/base/str.h"

typedef struct eg_path_list {
    char **items;
    size_t count, capacity;
} eg_path_list;

int eg_path_list_add(eg_path_list *list, const char *path); /* copies */
void eg_path_list_done(eg_path_list *list);

/* What the PATHs of a `rules` command name. */
typedef struct eg_rule_paths {
    eg_path_list packs; /* folders with pack.json */
    eg_path_list rules; /* rule files and placeholders.yml, those of packs included */
    eg_path_list tests; /* info.yml of regression tests; they are no rules */
} eg_rule_paths;

/* Looks into folders and packs. EG_E_NOTFOUND when a path does not exist. */
int eg_rule_paths_find(const char *const *paths, size_t count, eg_rule_paths *out);
void eg_rule_paths_done(eg_rule_paths *paths);

#endif
