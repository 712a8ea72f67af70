/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule file says of itself, also where the rule cannot be used: title, level and log source
 * of the document at a line. For lists; nothing is checked. The caller owns the arena.
 */
#ifndef EG_CLI_RULE_HEADING_H
#define EG_CLI_RULE_HEADING_H

#include "core/base/mem.h"
#include "core/base/str.h"

typedef struct eg_rule_heading {
    eg_str id, title, author, level; /* "" when the file does not say */
    eg_str category;                 /* of the log source, or its service, or its product */
} eg_rule_heading;

/* Of the rule with this id, or without one of the document that holds the line. */
int eg_rule_heading_read(const char *file, int line, eg_str id, eg_arena *arena,
                         eg_rule_heading *out);

#endif
