/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_pack.h"

#include "cli/cli.h"
#include "cli/rules.h"
#include "cli/samples.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "core/detect/yara_files.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 200

int eg_admin_check_pack(const char *folder, bool untested)
{
    eg_samples_result samples = {0, 0, 0};
    size_t rejected = 0, warnings = 0;
    int status = eg_rules_lint_pack(folder, &rejected, &warnings);
    if (status == EG_OK && !untested) {
        status = eg_samples_run(folder, &samples);
    }
    if (status != EG_OK) {
        return status;
    }
    printf("%zu rules rejected, %zu warnings; ", rejected, warnings);
    if (untested) {
        puts("samples not run");
    } else {
        printf("%zu samples: %zu passed, %zu failed\n", samples.passed + samples.failed,
               samples.passed, samples.failed);
    }
    if (rejected > 0 || samples.failed > 0) {
        return eg_fail(EG_E_INVALID,
                       "%s is not fit to be published: %zu rules rejected, %zu "
                       "samples failed (see above)",
                       folder, rejected, samples.failed);
    }
    return EG_OK;
}

/* ---- what changes ---- */

typedef struct rule {
    eg_str id, title, text; /* text: of its whole file */
} rule;

typedef struct rule_list {
    eg_ruleset *ruleset;
    rule *rules; /* by id */
    size_t count;
} rule_list;

static int by_id(const void *a, const void *b)
{
    return eg_str_compare(((const rule *)a)->id, ((const rule *)b)->id);
}

/* Rules name their file as "pack/sigma/x.yml". */
static eg_str text_of(const eg_bundle *bundle, const char *file)
{
    const char *slash = file ? strchr(file, '/') : NULL;
    const eg_pack_file *found = slash ? eg_bundle_find(bundle, eg_str_from(slash + 1)) : NULL;
    return found ? found->text : EG_STR_NONE;
}

static void add_rule(rule_list *list, const eg_bundle *bundle, const eg_rule_info *info)
{
    list->rules[list->count++] = (rule){info->id, info->title, text_of(bundle, info->file)};
}

static int list_rules(const eg_bundle *bundle, rule_list *out)
{
    const eg_ruleset_source source = {"pack", bundle->files, bundle->count, 0};
    const eg_report report = {NULL, NULL};
    eg_ruleset_stats stats;
    eg_rule_info info;
    int status = eg_ruleset_load_from(&source, 1, false, &report, &out->ruleset);
    if (status != EG_OK) {
        return status;
    }
    const eg_sigma_set *set = eg_ruleset_sigma(out->ruleset);
    eg_ruleset_stats_get(out->ruleset, &stats);
    out->rules = eg_alloc((eg_sigma_set_size(set) + stats.yara + 1) * sizeof(*out->rules));
    if (!out->rules) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < eg_sigma_set_size(set); i++) {
        add_rule(out, bundle, eg_sigma_set_rule(set, i));
    }
    for (size_t i = 0; i < stats.yara; i++) {
        eg_yara_rule_info(eg_yara_engine.rule(eg_ruleset_yara(out->ruleset), i), &info);
        add_rule(out, bundle, &info);
    }
    qsort(out->rules, out->count, sizeof(*out->rules), by_id);
    return EG_OK;
}

static void rule_list_done(rule_list *list)
{
    eg_free(list->rules);
    eg_ruleset_unref(list->ruleset);
}

static void print_change(const char *sign, eg_str name, eg_str title, size_t *shown)
{
    if (++*shown > SHOWN_MAX) {
        return;
    }
    printf("  %s ", sign);
    eg_cli_print(stdout, name);
    printf("  ");
    eg_cli_print(stdout, title);
    putchar('\n');
}

static void print_rules(const rule_list *old, const rule_list *now)
{
    size_t a = 0, b = 0, added = 0, removed = 0, changed = 0, shown = 0;
    while (a < old->count || b < now->count) {
        int order = a == old->count   ? 1
                    : b == now->count ? -1
                                      : eg_str_compare(old->rules[a].id, now->rules[b].id);
        if (order < 0) {
            removed++;
            print_change("-", old->rules[a].id, old->rules[a].title, &shown);
        } else if (order > 0) {
            added++;
            print_change("+", now->rules[b].id, now->rules[b].title, &shown);
        } else if (!eg_str_equal(old->rules[a].text, now->rules[b].text)) {
            changed++;
            print_change("*", now->rules[b].id, now->rules[b].title, &shown);
        }
        a += order <= 0;
        b += order >= 0;
    }
    if (shown > SHOWN_MAX) {
        printf("  ... and %zu more\n", shown - SHOWN_MAX);
    }
    printf("rules: %zu added, %zu removed, %zu changed, %zu in all\n", added, removed, changed,
           now->count);
}

/* Files that are no rules and no samples: texts, exceptions, placeholders. */
static bool is_other(eg_str name)
{
    return !eg_pack_is_rules(name) && !eg_str_starts_nocase(name, EG_STR("samples/"));
}

static void print_files(const eg_bundle *old, const eg_bundle *now)
{
    for (size_t i = 0; i < now->count; i++) {
        const eg_pack_file *before = eg_bundle_find(old, now->files[i].name);
        if (is_other(now->files[i].name) &&
            (!before || !eg_str_equal(before->text, now->files[i].text))) {
            printf("  %s file %.*s\n", before ? "*" : "+", EG_STR_ARGS(now->files[i].name));
        }
    }
    for (size_t i = 0; i < old->count; i++) {
        if (is_other(old->files[i].name) && !eg_bundle_find(now, old->files[i].name)) {
            printf("  - file %.*s\n", EG_STR_ARGS(old->files[i].name));
        }
    }
}

int eg_admin_print_changes(const eg_bundle *old, const eg_bundle *now)
{
    rule_list before = {NULL, NULL, 0}, after = {NULL, NULL, 0};
    int status = old ? list_rules(old, &before) : EG_OK;
    if (status == EG_OK) {
        status = list_rules(now, &after);
    }
    if (status == EG_OK && old) {
        print_rules(&before, &after);
        print_files(old, now);
    } else if (status == EG_OK) {
        printf("the first pack: %zu rules\n", after.count);
    }
    rule_list_done(&before);
    rule_list_done(&after);
    return status;
}
