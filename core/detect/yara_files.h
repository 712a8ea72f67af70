/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The YARA files of the packs that one ruleset is loaded from: gathered, then compiled together.
 * Called by the loading thread; who gathers them drops them.
 */
#ifndef EG_DETECT_YARA_FILES_H
#define EG_DETECT_YARA_FILES_H

#include "core/sigma/rule.h"
#include "core/yara/engine.h"

typedef struct eg_yara_files {
    eg_yara_source *items;
    size_t count, capacity;
} eg_yara_files;

int eg_yara_files_add(eg_yara_files *files, const char *path, eg_str text); /* copies both */
void eg_yara_files_done(eg_yara_files *files);
/* Problems go to `report`: a file with an error is left out, the others are used. */
int eg_yara_files_compile(const eg_yara_files *files, const eg_report *report, eg_yara_rules **out);
/*
 * The same as of a Sigma rule, so that texts and hits know one kind of rule. A rule without a
 * level gets one of its score, as others use it: from 80 high, from 60 medium, below low.
 */
void eg_yara_rule_info(const eg_yara_rule *rule, eg_rule_info *out);

#endif
