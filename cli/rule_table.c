/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rule_table.h"

#include "cli/rule_heading.h"
#include "cli/sensor_hints.h"
#include "core/base/status.h"
#include "core/detect/pack.h"
#include "core/detect/yara_files.h"

#include <stdlib.h>
#include <string.h>

struct eg_rule_table {
    eg_arena *arena;
    eg_ruleset *ruleset; /* NULL when no rule could be used */
    eg_rule_row *rows;
    size_t count, capacity;
    int status; /* the first failure while problems came in */
};

static const char *const status_names[] = {"loaded", "inert", "rejected"};

const char *eg_rule_status_name(eg_rule_status status)
{
    return status_names[status];
}

bool eg_rule_status_from_name(eg_str name, eg_rule_status *out)
{
    for (size_t i = 0; i < EG_COUNT(status_names); i++) {
        if (eg_str_equal(name, eg_str_from(status_names[i]))) {
            *out = (eg_rule_status)i;
            return true;
        }
    }
    return false;
}

/* ---- rows ---- */

static eg_rule_row *add_row(eg_rule_table *table)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 256;
        eg_rule_row *rows = eg_realloc(table->rows, capacity * sizeof(*rows));
        if (!rows) {
            return NULL;
        }
        table->rows = rows;
        table->capacity = capacity;
    }
    eg_rule_row *row = &table->rows[table->count++];
    memset(row, 0, sizeof(*row));
    row->id = row->title = row->author = row->level = row->category = EG_STR("");
    row->reason = row->sensor = EG_STR("");
    return row;
}

static eg_str keep(eg_rule_table *table, eg_str text)
{
    char *copy = eg_arena_copy(table->arena, text.ptr ? text.ptr : "", text.len);
    if (!copy) {
        table->status = EG_E_NOMEM;
        return EG_STR("");
    }
    return (eg_str){copy, text.len};
}

/* A rule that is not in the set: what is known of it comes from its file. */
static int add_left_out(eg_rule_table *table, const eg_problem *problem)
{
    eg_rule_heading heading;
    eg_rule_row *row = add_row(table);
    if (!row) {
        return EG_E_NOMEM;
    }
    row->status = problem->kind == EG_PROBLEM_INERT ? EG_RULE_INERT : EG_RULE_REJECTED;
    row->file = keep(table, eg_str_from(problem->file)).ptr;
    row->line = problem->line;
    row->reason = keep(table, eg_str_from(problem->reason));
    int status =
        eg_rule_heading_read(row->file, problem->line, problem->rule_id, table->arena, &heading);
    row->id = problem->rule_id.len > 0 ? keep(table, problem->rule_id) : heading.id;
    row->title = heading.title;
    row->author = heading.author;
    row->level = heading.level;
    row->category = eg_pack_is_yara(eg_str_from(row->file)) ? EG_STR("yara") : heading.category;
    if (row->status == EG_RULE_INERT) {
        row->sensor = eg_str_from(eg_hint_for_source(row->category));
    }
    return status;
}

static void on_problem(void *user, const eg_problem *problem)
{
    eg_rule_table *table = user;
    if (problem->kind != EG_PROBLEM_WARNING && table->status == EG_OK) {
        int status = add_left_out(table, problem);
        table->status = table->status == EG_OK ? status : table->status;
    }
}

/* Each different place the fields would come from, once. */
static eg_str sensors_of(eg_rule_table *table, eg_str source, const eg_sigma_inert *inert)
{
    eg_buf text;
    eg_buf_init(&text, 8192);
    for (size_t i = 0; i < inert->lacking_count; i++) {
        const char *from = eg_hint_for_field(source, inert->lacking[i]);
        bool said = false;
        for (size_t j = 0; j < i; j++) {
            said = said || eg_hint_for_field(source, inert->lacking[j]) == from;
        }
        if (!said) {
            eg_buf_appendf(&text, "%s%s", text.len > 0 ? "; " : "", from);
        }
    }
    eg_str kept = keep(table, eg_buf_str(&text));
    eg_buf_done(&text);
    return kept;
}

static int explain_inert(eg_rule_table *table, eg_rule_row *row, const eg_sigma_inert *inert)
{
    eg_buf text;
    row->status = EG_RULE_INERT;
    eg_buf_init(&text, 8192);
    if (inert->source) {
        eg_buf_appendf(&text, "no sensor feeds log source %.*s", EG_STR_ARGS(row->category));
        row->sensor = eg_str_from(eg_hint_for_source(row->category));
    } else {
        eg_str *missing = eg_arena_alloc(table->arena, inert->lacking_count * sizeof(*missing));
        eg_buf_appendf(&text, "no sensor fills");
        for (size_t i = 0; i < inert->lacking_count && missing; i++) {
            missing[i] = inert->lacking[i];
            eg_buf_appendf(&text, "%s %.*s", i > 0 ? "," : "", EG_STR_ARGS(missing[i]));
        }
        eg_buf_appendf(&text, " of %.*s", EG_STR_ARGS(row->category));
        row->missing = missing;
        row->missing_count = missing ? inert->lacking_count : 0;
        row->sensor = sensors_of(table, row->category, inert);
    }
    row->reason = keep(table, eg_buf_str(&text));
    eg_buf_done(&text);
    return table->status;
}

/* A correlation has no log source of its own: it lives on the rules it refers to. */
static int add_correlation(eg_rule_row *row, bool inert)
{
    row->category = EG_STR("correlation");
    if (inert) {
        row->status = EG_RULE_INERT;
        row->reason = EG_STR("too many of the rules it refers to are inert");
    }
    return EG_OK;
}

static int add_rule(eg_rule_table *table, const eg_sigma_set *set, size_t index)
{
    const eg_rule_info *info = eg_sigma_set_rule(set, index);
    eg_sigma_inert inert;
    eg_rule_row *row = add_row(table);
    if (!row) {
        return EG_E_NOMEM;
    }
    row->id = info->id;
    row->title = info->title;
    row->author = info->author.ptr ? info->author : EG_STR("");
    row->level = eg_str_from(eg_level_name(info->level));
    row->category = eg_str_from(eg_logsource_name(info->logsource));
    row->file = info->file;
    if (eg_sigma_set_is_correlation(set, index)) {
        return add_correlation(row, eg_sigma_set_inert(set, index, &inert));
    }
    return eg_sigma_set_inert(set, index, &inert) ? explain_inert(table, row, &inert) : EG_OK;
}

static int add_yara_rule(eg_rule_table *table, const eg_yara_rule *rule)
{
    eg_rule_info info;
    eg_rule_row *row = add_row(table);
    if (!row) {
        return EG_E_NOMEM;
    }
    eg_yara_rule_info(rule, &info);
    row->id = info.id;
    row->title = info.title;
    row->author = info.author;
    row->level = eg_str_from(eg_level_name(info.level));
    row->category = EG_STR("yara");
    row->file = info.file;
    return EG_OK;
}

static int compare_rows(const void *a, const void *b)
{
    const eg_rule_row *left = a, *right = b;
    int order = strcmp(left->file, right->file);
    if (order == 0) {
        order = left->line < right->line ? -1 : left->line > right->line;
    }
    return order != 0 ? order : eg_str_compare(left->id, right->id);
}

/* ---- the table ---- */

static int fill(eg_rule_table *table, const char *const *paths, size_t count)
{
    const eg_report report = {on_problem, table};
    int status = eg_ruleset_load(paths, count, false, &report, &table->ruleset);

    if (status == EG_E_INVALID && table->count > 0) {
        status = EG_OK; /* the rows say what is wrong with each */
    }
    if (status == EG_OK) {
        status = table->status;
    }
    const eg_sigma_set *set = table->ruleset ? eg_ruleset_sigma(table->ruleset) : NULL;
    for (size_t i = 0; set && i < eg_sigma_set_size(set) && status == EG_OK; i++) {
        status = add_rule(table, set, i);
    }
    const eg_yara_rules *yara = table->ruleset ? eg_ruleset_yara(table->ruleset) : NULL;
    for (size_t i = 0; yara && i < eg_yara_engine.rule_count(yara) && status == EG_OK; i++) {
        status = add_yara_rule(table, eg_yara_engine.rule(yara, i));
    }
    if (status == EG_OK && table->count > 0) {
        qsort(table->rows, table->count, sizeof(*table->rows), compare_rows);
    }
    return status;
}

int eg_rule_table_create(const char *const *paths, size_t count, eg_rule_table **out)
{
    eg_rule_table *table = eg_alloc_zero(1, sizeof(*table));
    if (!table) {
        return EG_E_NOMEM;
    }
    int status = eg_arena_create(&table->arena, 16 * 1024);
    if (status == EG_OK) {
        status = fill(table, paths, count);
    }
    if (status != EG_OK) {
        eg_rule_table_destroy(table);
        return status;
    }
    *out = table;
    return EG_OK;
}

void eg_rule_table_destroy(eg_rule_table *table)
{
    if (table) {
        eg_ruleset_unref(table->ruleset);
        eg_arena_destroy(table->arena);
        eg_free(table->rows);
        eg_free(table);
    }
}

size_t eg_rule_table_size(const eg_rule_table *table)
{
    return table->count;
}

const eg_rule_row *eg_rule_table_row(const eg_rule_table *table, size_t index)
{
    return &table->rows[index];
}
