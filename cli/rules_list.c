/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard rules list: every rule, whether it can be met on a PC, and why not. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/rule_table.h"
#include "cli/rules.h"
#include "core/base/json.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rules of one category by status. */
typedef struct total {
    eg_str category;
    uint64_t count[EG_RULE_STATUS_COUNT];
} total;

typedef struct list {
    bool json;
    const char *status_name, *category;
    eg_rule_status status;
    eg_rule_table *table;
    total *totals; /* room for one a row */
    size_t total_count;
    uint64_t all[EG_RULE_STATUS_COUNT];
    eg_buf text;
} list;

static const eg_usage usage_text = {
    .command = "rules list",
    .arguments = "PATH... [options]",
    .about = EG_RULES_PATH
    "Lists every rule: loaded (the sensors of this build can meet it), inert (they cannot: which\n"
    "log source or field is missing, and from which sensor it would come) or rejected (where\n"
    "and why), then totals by category. Inert rules still match recorded events in `hunt`.",
    .exit_codes = "0 listed, 2 wrong usage, 3 a path could not be read",
};

static bool is_wanted(const list *l, const eg_rule_row *row)
{
    return (!l->status_name || row->status == l->status) &&
           (!l->category || eg_str_equal(row->category, eg_str_from(l->category)));
}

static void count_row(list *l, const eg_rule_row *row)
{
    size_t i = 0;
    while (i < l->total_count && !eg_str_equal(l->totals[i].category, row->category)) {
        i++;
    }
    if (i == l->total_count) {
        l->totals[l->total_count++].category = row->category;
    }
    l->totals[i].count[row->status]++;
    l->all[row->status]++;
}

/* ---- rows ---- */

static void print_row(list *l, const eg_rule_row *row)
{
    eg_buf *out = &l->text;
    eg_buf_appendf(out, "%-8s  ", eg_rule_status_name(row->status));
    eg_cli_append_column(out, row->level, 13);
    eg_buf_append_cstr(out, "  ");
    eg_cli_append_column(out, row->category, 20);
    eg_buf_append_cstr(out, "  ");
    eg_cli_append_cut(out, row->title.len > 0 ? row->title : EG_STR("(no title)"), 200);
    eg_buf_append_cstr(out, "  ");
    eg_cli_append_cut(out, row->id, 80);
    eg_buf_append_char(out, '\n');
    if (row->status == EG_RULE_LOADED) {
        return;
    }
    eg_buf_append_cstr(out, "          ");
    if (row->status == EG_RULE_REJECTED) {
        eg_cli_append_cut(out, eg_str_from(row->file), SIZE_MAX);
        eg_buf_appendf(out, ":%d: ", row->line);
    }
    eg_cli_append_cut(out, row->reason, SIZE_MAX);
    if (row->sensor.len > 0) {
        eg_buf_append_cstr(out, "; it would come from ");
        eg_buf_append_str(out, row->sensor);
    }
    eg_buf_append_char(out, '\n');
}

static void print_json_row(list *l, const eg_rule_row *row)
{
    eg_json json;
    eg_json_begin(&json, &l->text);
    eg_json_object(&json);
    eg_json_put_str(&json, "status", eg_str_from(eg_rule_status_name(row->status)));
    eg_json_put_str(&json, "rule", row->id);
    eg_json_put_str(&json, "title", row->title);
    eg_json_put_str(&json, "level", row->level);
    eg_json_put_str(&json, "category", row->category);
    eg_json_put_str(&json, "author", row->author);
    eg_json_put_str(&json, "file", eg_str_from(row->file));
    if (row->status != EG_RULE_LOADED) {
        eg_json_put_u64(&json, "line", (uint64_t)row->line);
        eg_json_put_str(&json, "reason", row->reason);
    }
    if (row->status == EG_RULE_INERT) {
        eg_json_key(&json, "missing");
        eg_json_array(&json);
        for (size_t i = 0; i < row->missing_count; i++) {
            eg_json_str(&json, row->missing[i]);
        }
        eg_json_array_end(&json);
        eg_json_put_str(&json, "sensor", row->sensor);
    }
    eg_json_object_end(&json);
    eg_buf_append_char(&l->text, '\n');
}

/* ---- totals ---- */

static uint64_t sum(const total *t)
{
    return t->count[EG_RULE_LOADED] + t->count[EG_RULE_INERT] + t->count[EG_RULE_REJECTED];
}

/* The largest first. */
static int compare_totals(const void *a, const void *b)
{
    uint64_t left = sum(a), right = sum(b);
    if (left != right) {
        return left > right ? -1 : 1;
    }
    return eg_str_compare(((const total *)a)->category, ((const total *)b)->category);
}

static void print_counts(list *l, eg_str name, const uint64_t *count)
{
    eg_cli_append_column(&l->text, name.len > 0 ? name : EG_STR("(none)"), 44);
    eg_buf_appendf(&l->text, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", count[EG_RULE_LOADED],
                   count[EG_RULE_INERT], count[EG_RULE_REJECTED]);
}

static void print_totals(list *l)
{
    eg_buf_appendf(&l->text, "\n%-44s %8s %8s %8s\n", "category", "loaded", "inert", "rejected");
    for (size_t i = 0; i < l->total_count; i++) {
        print_counts(l, l->totals[i].category, l->totals[i].count);
    }
    print_counts(l, EG_STR("all"), l->all);
}

static void put_counts(eg_json *json, const uint64_t *count)
{
    eg_json_object(json);
    for (size_t i = 0; i < EG_RULE_STATUS_COUNT; i++) {
        eg_json_put_u64(json, eg_rule_status_name((eg_rule_status)i), count[i]);
    }
    eg_json_object_end(json);
}

static void print_json_totals(list *l)
{
    eg_json json;
    eg_json_begin(&json, &l->text);
    eg_json_object(&json);
    eg_json_key(&json, "totals");
    put_counts(&json, l->all);
    eg_json_key(&json, "categories");
    eg_json_object(&json);
    for (size_t i = 0; i < l->total_count; i++) {
        eg_json_key_str(&json, l->totals[i].category);
        put_counts(&json, l->totals[i].count);
    }
    eg_json_object_end(&json);
    eg_json_object_end(&json);
    eg_buf_append_char(&l->text, '\n');
}

/* ---- the verb ---- */

static int flush_text(list *l)
{
    int status = l->text.status;
    if (status == EG_OK && fwrite(eg_buf_cstr(&l->text), 1, l->text.len, stdout) != l->text.len) {
        status = eg_fail(EG_E_IO, "writing the list failed");
    }
    eg_buf_clear(&l->text);
    return status;
}

static int print_list(list *l)
{
    size_t count = eg_rule_table_size(l->table);
    int status = EG_OK;

    l->totals = eg_alloc_zero(count, sizeof(*l->totals));
    if (!l->totals) {
        return EG_E_NOMEM;
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        const eg_rule_row *row = eg_rule_table_row(l->table, i);
        if (is_wanted(l, row)) {
            count_row(l, row);
            if (l->json) {
                print_json_row(l, row);
            } else {
                print_row(l, row);
            }
            status = flush_text(l);
        }
    }
    if (l->total_count > 0) {
        qsort(l->totals, l->total_count, sizeof(*l->totals), compare_totals);
    }
    if (l->json) {
        print_json_totals(l);
    } else {
        print_totals(l);
    }
    return status == EG_OK ? flush_text(l) : status;
}

static int run(list *l, const eg_option_list *paths)
{
    eg_buf_init(&l->text, (size_t)64 * 1024 * 1024);
    int status = eg_rule_table_create(paths->items, paths->count, &l->table);
    if (status == EG_OK) {
        status = print_list(l);
    }
    if (status == EG_OK && fflush(stdout) != 0) {
        status = eg_fail(EG_E_IO, "writing the list failed");
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    eg_free(l->totals);
    eg_rule_table_destroy(l->table);
    eg_buf_done(&l->text);
    return status == EG_OK ? EG_EXIT_OK : EG_EXIT_INCOMPLETE;
}

int eg_rules_list(int argc, char **argv)
{
    list l = {.json = false};
    eg_option_list paths = {NULL, 0};
    const eg_option options[] = {
        {"--status", EG_OPTION_TEXT, &l.status_name, "loaded|inert|rejected", "only these"},
        {"--category", EG_OPTION_TEXT, &l.category, "NAME", "only rules of this log source"},
        {"--json", EG_OPTION_FLAG, &l.json, NULL,
         "one JSON object a rule, the totals in the last line"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &paths);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        if (paths.count == 0) {
            code = eg_options_wrong(&usage, "no PATH");
        } else if (l.status_name &&
                   !eg_rule_status_from_name(eg_str_from(l.status_name), &l.status)) {
            code = eg_options_wrong(&usage, "--status is loaded, inert or rejected, not '%s'",
                                    l.status_name);
        } else {
            code = run(&l, &paths);
        }
    }
    eg_options_list_done(&paths);
    return code;
}
