/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every rule of some paths with what became of it: loaded, inert or rejected, and why. Sorted by
 * file. Built once and read; one thread; the caller destroys it. It keeps the ruleset its texts
 * lie in.
 */
#ifndef EG_CLI_RULE_TABLE_H
#define EG_CLI_RULE_TABLE_H

#include "core/detect/ruleset.h"

typedef enum eg_rule_status { EG_RULE_LOADED, EG_RULE_INERT, EG_RULE_REJECTED } eg_rule_status;
#define EG_RULE_STATUS_COUNT 3
const char *eg_rule_status_name(eg_rule_status status); /* "loaded", "inert", "rejected" */
bool eg_rule_status_from_name(eg_str name, eg_rule_status *out);

typedef struct eg_rule_row {
    eg_rule_status status;
    eg_str id, title, author, level; /* "" when the file does not say */
    eg_str category;                 /* the log source in one word */
    const char *file;
    int line;              /* of what is wrong; 0 when nothing or all of the file is */
    eg_str reason;         /* "" when loaded */
    eg_str sensor;         /* inert: where it would come from; else "" */
    const eg_str *missing; /* inert: the fields no sensor fills */
    size_t missing_count;
} eg_rule_row;

typedef struct eg_rule_table eg_rule_table;

/* As eg_ruleset_load, but EG_OK also when not one rule could be used. */
int eg_rule_table_create(const char *const *paths, size_t count, eg_rule_table **out);
void eg_rule_table_destroy(eg_rule_table *table); /* NULL-safe */
size_t eg_rule_table_size(const eg_rule_table *table);
const eg_rule_row *eg_rule_table_row(const eg_rule_table *table, size_t index);

#endif
