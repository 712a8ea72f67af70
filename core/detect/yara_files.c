/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/yara_files.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define SCORE_HIGH 80
#define SCORE_MEDIUM 60

int eg_yara_files_add(eg_yara_files *files, const char *path, eg_str text)
{
    if (files->count == files->capacity) {
        size_t capacity = files->capacity ? files->capacity * 2 : 64;
        eg_yara_source *items = eg_realloc(files->items, capacity * sizeof(*items));
        if (!items) {
            return EG_E_NOMEM;
        }
        files->items = items;
        files->capacity = capacity;
    }
    char *file = eg_copy_bytes(path, strlen(path));
    char *copy = file ? eg_copy_bytes(text.ptr, text.len) : NULL;
    if (!copy) {
        eg_free(file);
        return EG_E_NOMEM;
    }
    files->items[files->count++] = (eg_yara_source){file, {copy, text.len}};
    return EG_OK;
}

void eg_yara_files_done(eg_yara_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        eg_free((void *)files->items[i].file);
        eg_free((void *)files->items[i].text.ptr);
    }
    eg_free(files->items);
    *files = (eg_yara_files){NULL, 0, 0};
}

static void on_problem(void *user, const eg_yara_problem *problem)
{
    eg_problem_kind kind = problem->is_warning ? EG_PROBLEM_WARNING : EG_PROBLEM_REJECTED;
    eg_report_problem(user, kind, problem->file, problem->line, EG_STR_NONE, "%s", problem->reason);
}

int eg_yara_files_compile(const eg_yara_files *files, const eg_report *report, eg_yara_rules **out)
{
    eg_report own = *report;
    const eg_yara_report sink = {on_problem, &own};
    return eg_yara_engine.compile(files->items, files->count, &sink, out);
}

void eg_yara_rule_info(const eg_yara_rule *rule, eg_rule_info *out)
{
    eg_level level = EG_LEVEL_MEDIUM;
    if (!eg_level_from_name(rule->level, &level) && rule->score >= 0) {
        level = rule->score >= SCORE_HIGH     ? EG_LEVEL_HIGH
                : rule->score >= SCORE_MEDIUM ? EG_LEVEL_MEDIUM
                                              : EG_LEVEL_LOW;
    }
    *out = (eg_rule_info){
        .id = rule->id,
        .title = rule->title,
        .author = rule->author,
        .description = rule->description,
        .level = level,
        .file = rule->file,
    };
}
