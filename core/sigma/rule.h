/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Sigma rule as written: the tree that the parser makes and the compiler reads; correlations and
 * filters are documents of the same kind. It owns its memory in one arena; everything points into
 * it. Immutable after parsing, then any thread.
 */
#ifndef EG_SIGMA_RULE_H
#define EG_SIGMA_RULE_H

#include "core/base/mem.h"
#include "core/event/logsource.h"
#include "core/sigma/report.h"

typedef enum eg_level {
    EG_LEVEL_INFORMATIONAL,
    EG_LEVEL_LOW,
    EG_LEVEL_MEDIUM, /* also when the rule names none */
    EG_LEVEL_HIGH,
    EG_LEVEL_CRITICAL,
} eg_level;

const char *eg_level_name(eg_level level); /* "informational" ... "critical" */
bool eg_level_from_name(eg_str name, eg_level *out);

/* What people need to know of a rule. Lives as long as the rule or the compiled set it is in. */
typedef struct eg_rule_info {
    eg_str id;
    eg_str title;
    eg_str author;
    eg_str description;
    eg_str license;
    eg_level level;
    const eg_str *tags; /* "attack.t1059.001", "attack.execution" */
    size_t tag_count;
    eg_logsource logsource;
    const char *file;
} eg_rule_info;

typedef struct eg_sigma_rule eg_sigma_rule;

/*
 * Parses all rules of one YAML text (usually one document). `file` is for messages and copied.
 * Calls `found` with each good rule, which then owns it; bad ones are reported. EG_OK even when
 * every rule was bad; EG_E_NOMEM, or what `found` returned when that was not EG_OK.
 */
typedef int (*eg_sigma_found)(void *user, eg_sigma_rule *rule);
int eg_sigma_parse(eg_str yaml, const char *file, const eg_report *report, eg_sigma_found found,
                   void *user);
void eg_sigma_rule_destroy(eg_sigma_rule *rule); /* NULL-safe */
const eg_rule_info *eg_sigma_rule_info(const eg_sigma_rule *rule);

#endif
