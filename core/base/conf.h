/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings files: `key = value` lines, `[section]` headings, comments from `#` or `;` at the start
 * of a line, UTF-8 with or without a byte-order mark. Every key must be in the caller's table: an
 * unknown key, a bad number or a repeated key is an error with file, line and reason.
 */
#ifndef EG_BASE_CONF_H
#define EG_BASE_CONF_H

#include "core/base/str.h"

typedef enum eg_conf_type { EG_CONF_TEXT, EG_CONF_NUMBER, EG_CONF_BOOL } eg_conf_type;

typedef struct eg_conf_key {
    const char *section; /* "" before the first heading */
    const char *name;
    eg_conf_type type;
    size_t offset;     /* of the target in the settings struct: eg_buf, uint64_t or bool */
    uint64_t min, max; /* numbers: range; texts: max bytes */
} eg_conf_key;

/* Fills `settings` (already holding the defaults) from `text`; `file` is for messages only. */
int eg_conf_read(eg_str text, const char *file, const eg_conf_key *keys, size_t count,
                 void *settings);

#endif
