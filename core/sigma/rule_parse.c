/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML document as a Sigma rule, a correlation or a filter. */
#include "core/sigma/correlation.h"
#include "core/sigma/filter.h"

#include "core/base/status.h"

#include <string.h>

#define ARENA_BLOCK 4096
#define SELECTIONS_MAX 1000

/* One YAML text while its documents are read. */
typedef struct parsed_file {
    const char *name;
    const eg_report *report;
    bool below_global;
    bool last; /* there are no more documents */
} parsed_file;

static const char *const level_names[] = {"informational", "low", "medium", "high", "critical"};

const char *eg_level_name(eg_level level)
{
    return (size_t)level < EG_COUNT(level_names) ? level_names[level] : "medium";
}

bool eg_level_from_name(eg_str name, eg_level *out)
{
    size_t i;

    for (i = 0; i < EG_COUNT(level_names); i++) {
        if (eg_str_equal_nocase(name, eg_str_from(level_names[i]))) {
            *out = (eg_level)i;
            return true;
        }
    }
    return false;
}

/*
 * Sigma once had documents that change those behind them (`action`); the specification has dropped
 * them. What stood below a global one is less than a rule without it.
 */
static int check_action(parsed_file *file, const eg_rule_place *place, const eg_yaml_node *root)
{
    eg_str action = eg_yaml_text(root, "action");

    if (!eg_yaml_get(root, "action")) {
        if (!file->below_global || eg_yaml_get(root, "correlation") ||
            eg_yaml_get(root, "filter")) {
            return EG_OK;
        }
        return eg_rule_reject(place, root->line,
                              "the rule needs the document with 'action: global' above it, which "
                              "Sigma 2 has dropped: write it out as a whole rule");
    }
    if (eg_str_equal(action, EG_STR("global"))) {
        file->below_global = true;
    } else if (eg_str_equal(action, EG_STR("reset"))) {
        file->below_global = false;
    }
    return eg_rule_reject(place, eg_yaml_line(root, "action"),
                          "Sigma 2 has dropped documents with 'action' (%.*s)",
                          EG_STR_ARGS(action));
}

static int parse_tags(eg_sigma_rule *rule, const eg_yaml_node *root)
{
    const eg_yaml_node *list = eg_yaml_get(root, "tags");
    eg_str *tags;
    size_t i;

    if (!list || list->kind != EG_YAML_LIST || list->count == 0) {
        return EG_OK;
    }
    tags = eg_arena_alloc(rule->arena, list->count * sizeof(*tags));
    if (!tags) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < list->count; i++) {
        if (list->items[i]->kind == EG_YAML_SCALAR) {
            tags[rule->info.tag_count++] = list->items[i]->text;
        }
    }
    rule->info.tags = tags;
    return EG_OK;
}

static int parse_info(eg_sigma_rule *rule, const eg_rule_place *place, const eg_yaml_node *root)
{
    eg_rule_info *info = &rule->info;
    eg_str level = eg_yaml_text(root, "level");

    info->id = eg_yaml_text(root, "id");
    info->title = eg_yaml_text(root, "title");
    rule->name = eg_yaml_text(root, "name");
    if (!info->title.ptr) {
        info->title = info->id;
    }
    if (!info->id.ptr) {
        info->id = info->title;
    }
    if (info->id.len == 0) {
        return eg_rule_reject(place, rule->line, "the rule has neither id nor title");
    }
    info->author = eg_yaml_text(root, "author");
    info->description = eg_yaml_text(root, "description");
    info->license = eg_yaml_text(root, "license");
    info->level = EG_LEVEL_MEDIUM;
    if (level.ptr && !eg_level_from_name(level, &info->level)) {
        eg_report_problem(place->report, EG_PROBLEM_WARNING, place->file,
                          eg_yaml_line(root, "level"), info->id,
                          "level '%.*s' is unknown, medium is taken", EG_STR_ARGS(level));
    }
    return parse_tags(rule, root);
}

/* *inert: the rule is fine but no event of Windows can meet it; that was reported. */
static int parse_logsource(eg_sigma_rule *rule, const eg_rule_place *place,
                           const eg_yaml_node *root, bool *inert)
{
    const eg_yaml_node *node = eg_yaml_get(root, "logsource");
    int status;

    if (!node || node->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, eg_yaml_line(root, "logsource"), "logsource is missing");
    }
    rule->product = eg_yaml_text(node, "product");
    rule->category = eg_yaml_text(node, "category");
    rule->service = eg_yaml_text(node, "service");
    status = eg_logsource_find(rule->product, rule->category, rule->service, &rule->info.logsource);
    *inert = status == EG_E_UNSUPPORTED || status == EG_E_NOTFOUND;
    if (!*inert) {
        return status;
    }
    eg_report_problem(place->report, EG_PROBLEM_INERT, place->file, node->line, place->rule_id,
                      "%s", eg_error_message());
    return EG_OK;
}

static bool is_selection(const eg_sigma_rule *rule, const eg_yaml_node *key)
{
    if (rule->kind == EG_DOCUMENT_FILTER && eg_str_equal(key->text, EG_STR("rules"))) {
        return false;
    }
    return !eg_str_equal(key->text, EG_STR("condition")) &&
           !eg_str_equal(key->text, EG_STR("timeframe"));
}

static int parse_selections(eg_sigma_rule *rule, const eg_rule_place *place,
                            const eg_yaml_node *detection)
{
    eg_selection *selections;
    size_t i;

    if (detection->count > SELECTIONS_MAX) {
        return eg_rule_reject(place, detection->line, "more than %d selections", SELECTIONS_MAX);
    }
    selections = eg_arena_alloc(rule->arena, (detection->count + 1) * sizeof(*selections));
    if (!selections) {
        return EG_E_NOMEM;
    }
    for (i = 0; i < detection->count; i++) {
        const eg_yaml_node *key = detection->items[2 * i];
        eg_selection *selection = &selections[rule->selection_count];
        int status;

        if (!is_selection(rule, key)) {
            continue;
        }
        selection->name = key->text;
        selection->line = key->line;
        status = eg_detection_parse(rule->arena, place, detection->items[2 * i + 1],
                                    &selection->detection);
        if (status != EG_OK) {
            return status;
        }
        rule->selection_count++;
    }
    rule->selections = selections;
    return EG_OK;
}

static int parse_condition(eg_sigma_rule *rule, const eg_rule_place *place, const eg_str *names,
                           const eg_yaml_node *node, const eg_condition **out)
{
    int status;

    if (node->kind != EG_YAML_SCALAR || node->type != EG_YAML_TEXT) {
        return eg_rule_reject(place, node->line, "condition must be text or a list of texts");
    }
    status = eg_condition_parse(rule->arena, node->text, names, rule->selection_count, out);
    if (status == EG_OK || status == EG_E_NOMEM) {
        return status;
    }
    return eg_rule_reject(place, node->line, "%s", eg_error_message());
}

static int parse_conditions(eg_sigma_rule *rule, const eg_rule_place *place,
                            const eg_yaml_node *node)
{
    bool is_list = node->kind == EG_YAML_LIST;
    size_t count = is_list ? node->count : 1, i;
    const eg_condition **conditions =
        eg_arena_alloc(rule->arena, (count + 1) * sizeof(*conditions));
    eg_str *names = eg_arena_alloc(rule->arena, (rule->selection_count + 1) * sizeof(*names));

    if (!conditions || !names) {
        return EG_E_NOMEM;
    }
    if (count == 0) {
        return eg_rule_reject(place, node->line, "the list of conditions is empty");
    }
    for (i = 0; i < rule->selection_count; i++) {
        names[i] = rule->selections[i].name;
    }
    for (i = 0; i < count; i++) {
        int status =
            parse_condition(rule, place, names, is_list ? node->items[i] : node, &conditions[i]);

        if (status != EG_OK) {
            return status;
        }
    }
    rule->conditions = conditions;
    rule->condition_count = count;
    rule->condition_line = node->line;
    return EG_OK;
}

/* Selections and condition: those of a rule stand in `detection`, those of a filter in `filter`. */
static int parse_detection(eg_sigma_rule *rule, const eg_rule_place *place,
                           const eg_yaml_node *root)
{
    const char *key = rule->kind == EG_DOCUMENT_FILTER ? "filter" : "detection";
    const eg_yaml_node *detection = eg_yaml_get(root, key);
    const eg_yaml_node *condition = eg_yaml_get(detection, "condition");
    int status;

    if (!detection || detection->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, eg_yaml_line(root, key), "%s is missing", key);
    }
    if (!condition) {
        return eg_rule_reject(place, detection->line, "%s has no condition", key);
    }
    status = parse_selections(rule, place, detection);
    return status == EG_OK ? parse_conditions(rule, place, condition) : status;
}

static bool has_not(const eg_condition *condition)
{
    bool found = condition->kind == EG_CONDITION_NOT;
    size_t i;

    for (i = 0; i < condition->count && !found; i++) {
        found = has_not(condition->children[i]);
    }
    return found;
}

static int parse_filter(eg_sigma_rule *rule, const eg_rule_place *place, const eg_yaml_node *root)
{
    int status = eg_filter_parse(rule, place, root);

    if (status == EG_OK) {
        status = parse_detection(rule, place, root);
    }
    if (status == EG_OK && !has_not(rule->conditions[0])) {
        eg_report_problem(place->report, EG_PROBLEM_WARNING, place->file, rule->condition_line,
                          place->rule_id,
                          "this filter leaves the rules nothing but the events that meet it; to "
                          "leave those out its condition begins with 'not'");
    }
    return status;
}

static int parse_by_kind(eg_sigma_rule *rule, const eg_rule_place *place, const eg_yaml_node *root,
                         bool *inert)
{
    int status;

    if (rule->kind == EG_DOCUMENT_CORRELATION) {
        return eg_correlation_parse(rule, place, root);
    }
    status = parse_logsource(rule, place, root, inert);
    if (status != EG_OK || *inert) {
        return status;
    }
    return rule->kind == EG_DOCUMENT_FILTER ? parse_filter(rule, place, root)
                                            : parse_detection(rule, place, root);
}

/* EG_OK with *usable false: the rule is inert. */
static int parse_rule(parsed_file *file, eg_sigma_rule *rule, eg_rule_place *place,
                      const eg_yaml_node *root, bool *usable)
{
    bool inert = false;
    int status;

    *usable = false;
    if (root->kind != EG_YAML_MAP) {
        return eg_rule_reject(place, root->line,
                              "not a Sigma rule: the document is no map of keys");
    }
    rule->line = root->line;
    if (eg_yaml_get(root, "correlation")) {
        rule->kind = EG_DOCUMENT_CORRELATION;
    } else if (eg_yaml_get(root, "filter")) {
        rule->kind = EG_DOCUMENT_FILTER;
    }
    place->rule_id = eg_yaml_text(root, "id");
    status = check_action(file, place, root);
    if (status == EG_OK) {
        status = parse_info(rule, place, root);
    }
    if (status != EG_OK) {
        return status;
    }
    place->rule_id = rule->info.id;
    status = parse_by_kind(rule, place, root, &inert);
    *usable = status == EG_OK && !inert;
    return status;
}

static int rule_create(const char *file, eg_sigma_rule **out)
{
    eg_arena *arena;
    eg_sigma_rule *rule;
    int status = eg_arena_create(&arena, ARENA_BLOCK);

    if (status != EG_OK) {
        return status;
    }
    rule = eg_arena_alloc(arena, sizeof(*rule));
    if (rule) {
        rule->info.file = eg_arena_copy(arena, file, strlen(file));
    }
    if (!rule || !rule->info.file) {
        eg_arena_destroy(arena);
        return EG_E_NOMEM;
    }
    rule->arena = arena;
    *out = rule;
    return EG_OK;
}

void eg_sigma_rule_destroy(eg_sigma_rule *rule)
{
    if (rule) {
        eg_arena_destroy(rule->arena);
    }
}

const eg_rule_info *eg_sigma_rule_info(const eg_sigma_rule *rule)
{
    return &rule->info;
}

/* One document. Bad rules are reported and are no failure. */
static int read_document(parsed_file *file, eg_yaml_reader *reader, eg_sigma_found found,
                         void *user)
{
    eg_rule_place place = {file->report, file->name, EG_STR_NONE};
    const eg_yaml_node *root = NULL;
    eg_sigma_rule *rule;
    bool usable = false;
    int status = rule_create(file->name, &rule);

    if (status != EG_OK) {
        return status;
    }
    status = eg_yaml_read(reader, rule->arena, &root);
    file->last = status != EG_OK || !root;
    if (status != EG_OK && status != EG_E_NOMEM) {
        status = eg_rule_reject(&place, eg_yaml_reader_line(reader), "%s", eg_error_message());
    } else if (root && !(root->kind == EG_YAML_SCALAR && root->type == EG_YAML_NULL)) {
        status = parse_rule(file, rule, &place, root, &usable);
    }
    if (usable) {
        return found(user, rule);
    }
    eg_sigma_rule_destroy(rule);
    return status == EG_E_INVALID ? EG_OK : status;
}

int eg_sigma_parse(eg_str yaml, const char *file, const eg_report *report, eg_sigma_found found,
                   void *user)
{
    parsed_file parsed = {file, report, false, false};
    eg_yaml_reader *reader;
    int status = eg_yaml_reader_create(yaml, &reader);

    if (status != EG_OK) {
        return status;
    }
    while (status == EG_OK && !parsed.last) {
        status = read_document(&parsed, reader, found, user);
    }
    eg_yaml_reader_destroy(reader);
    return status;
}
