/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ruleset: everything that one load of packs gives, immutable and counted: compiled Sigma and
 * YARA rules, their texts, name and serial of the pack. It is replaced as a whole; whoever works
 * with one holds a reference until done, so a swap never pulls rules away under a match.
 *
 * Loading never stops detection: a bad rule is reported (file, line, reason) and the rest is used.
 */
#ifndef EG_DETECT_RULESET_H
#define EG_DETECT_RULESET_H

#include "core/detect/exception_list.h"
#include "core/detect/pack.h"
#include "core/detect/text.h"
#include "core/detect/yara_files.h"
#include "core/sigma/set.h"
#include "core/yara/engine.h"

typedef struct eg_ruleset eg_ruleset;

typedef struct eg_ruleset_stats {
    size_t files;
    size_t loaded; /* Sigma rules that match something */
    size_t yara;   /* YARA rules */
    size_t inert;
    size_t rejected;
    size_t memory;
    eg_str name;     /* of the (first) pack, "" for loose rules */
    uint64_t serial; /* of the pack, 0 for loose rules */
} eg_ruleset_stats;

/*
 * Loads packs (folders with pack.json), folders of rule files (.yml, .yar), or single ones. A file
 * named placeholders.yml holds no rules but what the placeholders in rules stand for; a later one
 * prevails. EG_E_NOTFOUND when a path does not exist, EG_E_INVALID when pack.json is broken or not
 * one rule could be loaded; problems of single rules go to the report only. `report_inert` as in
 * set.h.
 */
int eg_ruleset_load(const char *const *paths, size_t count, bool report_inert,
                    const eg_report *report, eg_ruleset **out);
/* One of several places that rules come from: a path as above, or a pack that lies in memory. */
typedef struct eg_ruleset_source {
    const char *path;          /* of a pack in memory: what messages call it */
    const eg_pack_file *files; /* borrowed during the load; NULL: on disk */
    size_t count;
    uint64_t serial; /* under which it was published; 0: what its pack.json says */
} eg_ruleset_source;
/* The same from such places. A pack in memory without pack.json is EG_E_INVALID. */
int eg_ruleset_load_from(const eg_ruleset_source *sources, size_t count, bool report_inert,
                         const eg_report *report, eg_ruleset **out);
eg_ruleset *eg_ruleset_ref(eg_ruleset *ruleset); /* any thread */
void eg_ruleset_unref(eg_ruleset *ruleset);      /* frees with the last; NULL-safe */
const eg_sigma_set *eg_ruleset_sigma(const eg_ruleset *ruleset);
/* Never NULL; possibly none in it. What a rule says of itself: yara_files.h. */
const eg_yara_rules *eg_ruleset_yara(const eg_ruleset *ruleset);
/* What those were compiled from, for whoever compiles them elsewhere. */
const eg_yara_files *eg_ruleset_yara_files(const eg_ruleset *ruleset);
const eg_texts *eg_ruleset_texts(const eg_ruleset *ruleset);
/* Those of the packs; a file of them that is wrong is a problem, and none of it is used. */
const eg_exception_list *eg_ruleset_exceptions(const eg_ruleset *ruleset);
bool eg_ruleset_has_rule(const eg_ruleset *ruleset, eg_str rule_id); /* Sigma or YARA */
void eg_ruleset_stats_get(const eg_ruleset *ruleset, eg_ruleset_stats *stats);

/* The current ruleset of a process: readers take a reference, a loader puts a new one in. */
typedef struct eg_ruleset_slot eg_ruleset_slot;
int eg_ruleset_slot_create(eg_ruleset_slot **out);
void eg_ruleset_slot_destroy(eg_ruleset_slot *slot);    /* NULL-safe */
eg_ruleset *eg_ruleset_slot_get(eg_ruleset_slot *slot); /* a new reference, or NULL when empty */
void eg_ruleset_slot_put(eg_ruleset_slot *slot, eg_ruleset *ruleset); /* takes over the reference */

#endif
