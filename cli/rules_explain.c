/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard rules explain: what a rule asks, and what an event answers. */
#include "cli/cli.h"
#include "cli/json_objects.h"
#include "cli/options.h"
#include "cli/rule_search.h"
#include "cli/rules.h"
#include "cli/sensor_hints.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/event/event_json.h"
#include "core/sigma/explain.h"

#include <inttypes.h>
#include <string.h>

#define EVENTS_MAX ((size_t)256 * 1024 * 1024)
#define CANDIDATES_SHOWN 20
#define FIELD_WIDTH 24

typedef struct explain {
    const char *event_file;
    const eg_rule_info *rule;
    eg_explanation *explanation;
    bool *met; /* by line of the explanation */
    eg_event_reader *reader;
    eg_arena *arena; /* views of the event at hand */
    uint64_t events, met_events, broken;
} explain;

static const eg_usage usage_text = {
    .command = "rules explain",
    .arguments = "RULE PATH... [--event FILE]",
    .about =
        "Shows what a rule became: its condition, and for each selection the predicates that are\n"
        "asked of an event. Those marked * are what the index looks for: one of them must be\n"
        "there, else the rule is not even asked. Letters are folded where case does not matter.\n"
        "RULE is an id, a title or a part of one, or a file; without PATH a file is enough.\n"
        "Filters among PATH that apply to it are shown as a part of it.\n"
        "\n"
        "With --event each event of FILE (JSON objects: a line each, over several lines or in an\n"
        "array) is asked as well: [x] holds, [ ] does not, and the values of the fields asked.",
    .exit_codes =
        "0 explained, with --event: met by an event; 1 --event: by none, or the rule cannot\n"
        "be used; 2 wrong usage, or not one rule fits RULE; 3 a file could not be read",
};

/* ---- the rule ---- */

static void print_label(const char *label, eg_str value)
{
    printf("%-10s ", label);
    eg_cli_print(stdout, value);
    putchar('\n');
}

static void print_heading(const eg_rule_info *rule)
{
    print_label("rule", rule->title);
    print_label("id", rule->id);
    print_label("file", eg_str_from(rule->file));
    print_label("level", eg_str_from(eg_level_name(rule->level)));
    print_label("author", rule->author.len > 0 ? rule->author : EG_STR("(not named)"));
}

static void print_source(const explain *e)
{
    const char *source = eg_logsource_name(e->rule->logsource);
    printf("%-10s %s", "log source", source);
    if (eg_logsource_has_sensor(e->rule->logsource)) {
        printf(", which a sensor of this build feeds\n");
    } else {
        printf(", which no sensor of this build feeds: it would come from %s\n",
               eg_hint_for_source(eg_str_from(source)));
    }
    if (eg_explain_is_always_asked(e->explanation)) {
        puts("           no text in it must be there, so every event of the log source is asked");
    }
}

/* `marks` is NULL, or says for each line whether the event meets it. */
static void print_lines(const explain *e, const bool *marks)
{
    for (size_t i = 0; i < eg_explain_count(e->explanation); i++) {
        const eg_explain_line *line = eg_explain_line_at(e->explanation, i);
        const eg_explain_line *before = i > 0 ? eg_explain_line_at(e->explanation, i - 1) : NULL;
        if (!before) {
            puts("\ncondition");
        } else if (before->in_condition && !line->in_condition) {
            puts("\nselections");
        }
        printf("%s %c %*s",
               !marks     ? ""
               : marks[i] ? "[x]"
                          : "[ ]",
               line->witness ? '*' : ' ', (int)(line->depth * 2), "");
        eg_cli_print(stdout, line->text);
        putchar('\n');
    }
}

/* ---- an event ---- */

static bool is_first_of_field(const eg_explanation *explanation, size_t index)
{
    const eg_explain_line *line = eg_explain_line_at(explanation, index);
    if (line->kind != EG_EXPLAIN_PREDICATE || line->field.len == 0) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        const eg_explain_line *other = eg_explain_line_at(explanation, i);
        if (other->kind == EG_EXPLAIN_PREDICATE && eg_str_equal(other->field, line->field)) {
            return false;
        }
    }
    return true;
}

static void print_fields(const explain *e, const eg_event *event)
{
    puts("\nfields asked");
    for (size_t i = 0; i < eg_explain_count(e->explanation); i++) {
        eg_str field = eg_explain_line_at(e->explanation, i)->field;
        if (!is_first_of_field(e->explanation, i)) {
            continue;
        }
        eg_str value = eg_event_get_named(event, field);
        fputs("    ", stdout);
        eg_cli_print_column(stdout, field, FIELD_WIDTH);
        if (value.ptr) {
            putchar('\'');
            eg_cli_print(stdout, value);
            puts("'");
        } else {
            puts("(missing)");
        }
    }
}

/* The appearance of the event that the rule was written for, else the event itself. */
static const eg_event *choose_view(const explain *e, const eg_event *views, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (eg_logsource_covers(e->rule->logsource, &views[i])) {
            return &views[i];
        }
    }
    return &views[0];
}

static int explain_event(explain *e, const eg_event *event, size_t line)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    bool hit = false;

    eg_arena_reset(e->arena);
    const eg_event *view = choose_view(e, views, eg_event_views(event, e->arena, views));
    int status = eg_explain_event(e->explanation, view, e->met, &hit);
    if (status != EG_OK) {
        return status;
    }
    e->events++;
    e->met_events += hit ? 1 : 0;
    printf("\n==== %s:%zu: ", e->event_file, line);
    eg_cli_print(stdout, view->channel);
    printf(" %u: %s\n", (unsigned)view->event_id, hit ? "MET" : "not met");
    if (!eg_logsource_covers(e->rule->logsource, view)) {
        printf("     the event is not of log source %s, so the rule is not asked\n",
               eg_logsource_name(e->rule->logsource));
    }
    print_lines(e, e->met);
    print_fields(e, view);
    return EG_OK;
}

static int explain_text(explain *e, eg_str text)
{
    eg_json_objects objects;
    eg_str object;
    size_t line;
    int status = EG_OK;

    eg_json_objects_begin(&objects, text);
    while (status == EG_OK && eg_json_objects_next(&objects, &object, &line)) {
        eg_event event;
        status = eg_event_read_json(e->reader, object, &event);
        if (status == EG_OK) {
            status = explain_event(e, &event, line);
        } else if (status == EG_E_INVALID || status == EG_E_LIMIT) {
            eg_cli_error("%s:%zu: %s", e->event_file, line, eg_error_message());
            e->broken++;
            status = EG_OK;
        }
    }
    return status;
}

static int explain_events(explain *e)
{
    eg_buf text;
    eg_buf_init(&text, EVENTS_MAX);
    e->met = eg_alloc_zero(eg_explain_count(e->explanation), sizeof(*e->met));
    int status = e->met ? eg_event_reader_create(&e->reader) : EG_E_NOMEM;
    if (status == EG_OK) {
        status = eg_arena_create(&e->arena, 64 * 1024);
    }
    if (status == EG_OK) {
        status = eg_file_read(e->event_file, EVENTS_MAX, &text);
    }
    if (status == EG_OK) {
        status = explain_text(e, eg_buf_str(&text));
    }
    if (status == EG_OK) {
        printf("\n%" PRIu64 " of %" PRIu64 " events meet the rule\n", e->met_events, e->events);
    }
    eg_arena_destroy(e->arena);
    eg_event_reader_destroy(e->reader);
    eg_free(e->met);
    eg_buf_done(&text);
    return status;
}

/* ---- the verb ---- */

static int explain_rule(explain *e, const eg_rule_search *search)
{
    const eg_explain_rules rules = {
        .rule = search->rules[0],
        .others = (const eg_sigma_rule *const *)search->filters,
        .other_count = search->filter_count,
        .placeholders = search->placeholders,
    };
    e->rule = eg_sigma_rule_info(search->rules[0]);
    int status = eg_explain_create(&rules, &e->explanation);
    if (status != EG_OK) {
        eg_cli_error("%s: %s", e->rule->file, eg_error_message());
        return status == EG_E_INVALID ? EG_EXIT_FOUND : EG_EXIT_INCOMPLETE;
    }
    bool correlation = eg_explain_is_correlation(e->explanation);
    print_heading(e->rule);
    if (!correlation) {
        print_source(e);
    }
    if (!e->event_file) {
        print_lines(e, NULL);
    } else if (correlation) {
        status = eg_fail(EG_E_UNSUPPORTED, "a correlation asks many events, not one: hunt with it, "
                                           "or explain the rules it refers to");
    } else {
        status = explain_events(e);
    }
    eg_explain_destroy(e->explanation);
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
        return EG_EXIT_INCOMPLETE;
    }
    if (e->broken > 0) {
        return EG_EXIT_INCOMPLETE;
    }
    return e->event_file && e->met_events == 0 ? EG_EXIT_FOUND : EG_EXIT_OK;
}

static int not_one(const eg_rule_search *search)
{
    if (search->problem.len > 0) {
        eg_cli_error("%s", eg_buf_cstr(&search->problem));
        return EG_EXIT_FOUND;
    }
    if (search->count == 0) {
        eg_cli_error("no rule has '%s' as id, in its title or as file", search->wanted);
        return EG_EXIT_USAGE;
    }
    eg_cli_error("%zu rules fit '%s'; name one by its id:", search->count, search->wanted);
    for (size_t i = 0; i < search->count && i < CANDIDATES_SHOWN; i++) {
        const eg_rule_info *info = eg_sigma_rule_info(search->rules[i]);
        eg_cli_error("  %.*s  %.*s", EG_STR_ARGS(info->id), EG_STR_ARGS(info->title));
    }
    return EG_EXIT_USAGE;
}

static int run(explain *e, const eg_option_list *words)
{
    const char *wanted = words->items[0];
    size_t first = words->count > 1 ? 1 : 0; /* a file alone is both */
    eg_rule_paths paths;
    eg_rule_search search;

    int status = eg_rule_paths_find(words->items + first, words->count - first, &paths);
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
        return EG_EXIT_INCOMPLETE;
    }
    status = eg_rule_search_run(wanted, &paths, &search);
    eg_rule_paths_done(&paths);
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
        return EG_EXIT_INCOMPLETE;
    }
    int code = search.count == 1 ? explain_rule(e, &search) : not_one(&search);
    eg_rule_search_done(&search);
    return code;
}

int eg_rules_explain(int argc, char **argv)
{
    explain e = {.event_file = NULL};
    eg_option_list words = {NULL, 0};
    const eg_option options[] = {
        {"--event", EG_OPTION_TEXT, &e.event_file, "FILE", "events to ask"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = words.count > 0 ? run(&e, &words) : eg_options_wrong(&usage, "no RULE");
    }
    eg_options_list_done(&words);
    return code;
}
