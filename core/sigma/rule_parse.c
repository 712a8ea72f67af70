/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML document as a Sigma rule. */
#include "core/sigma/rule_tree.h"

#include "core/base/status.h"

#include <string.h>

#define ARENA_BLOCK 4096
#define SELECTIONS_MAX 1000

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

/* Text of a key of the rule; absent when it is missing, null, a list or a map. */
static eg_str text_of(const eg_yaml_node *map, const char *key)
{
    const eg_yaml_node *node = eg_yaml_get(map, key);

    if (!node || node->kind != EG_YAML_SCALAR || node->type == EG_YAML_NULL)
        return EG_STR_NONE;
    return node->text;
}

static int line_of(const eg_yaml_node *map, const char *key)
{
    const eg_yaml_node *node = eg_yaml_get(map, key);

    return node ? node->line : map->line;
}

static int reject_other_documents(const eg_rule_place *place, const eg_yaml_node *root)
{
    if (root->kind != EG_YAML_MAP)
        return eg_rule_reject(place, root->line,
                              "not a Sigma rule: the document is no map of keys");
    if (eg_yaml_get(root, "correlation"))
        return eg_rule_reject(place, line_of(root, "correlation"),
                              "correlation rules are not supported");
    if (eg_yaml_get(root, "filter"))
        return eg_rule_reject(place, line_of(root, "filter"), "filter rules are not supported");
    if (eg_yaml_get(root, "action"))
        return eg_rule_reject(place, line_of(root, "action"),
                              "documents with 'action' (global, repeat, reset) are not supported");
    return EG_OK;
}

static int parse_tags(eg_sigma_rule *rule, const eg_yaml_node *root)
{
    const eg_yaml_node *list = eg_yaml_get(root, "tags");
    eg_str *tags;
    size_t i;

    if (!list || list->kind != EG_YAML_LIST || list->count == 0)
        return EG_OK;
    tags = eg_arena_alloc(rule->arena, list->count * sizeof(*tags));
    if (!tags)
        return EG_E_NOMEM;
    for (i = 0; i < list->count; i++) {
        if (list->items[i]->kind == EG_YAML_SCALAR)
            tags[rule->info.tag_count++] = list->items[i]->text;
    }
    rule->info.tags = tags;
    return EG_OK;
}

static int parse_info(eg_sigma_rule *rule, const eg_rule_place *place, const eg_yaml_node *root)
{
    eg_rule_info *info = &rule->info;
    eg_str level = text_of(root, "level");

    info->id = text_of(root, "id");
    info->title = text_of(root, "title");
    if (!info->title.ptr)
        info->title = info->id;
    if (!info->id.ptr)
        info->id = info->title;
    if (info->id.len == 0)
        return eg_rule_reject(place, rule->line, "the rule has neither id nor title");
    info->author = text_of(root, "author");
    info->description = text_of(root, "description");
    info->license = text_of(root, "license");
    info->level = EG_LEVEL_MEDIUM;
    if (level.ptr && !eg_level_from_name(level, &info->level))
        eg_report_problem(place->report, EG_PROBLEM_WARNING, place->file, line_of(root, "level"),
                          info->id, "level '%.*s' is unknown, medium is taken", EG_STR_ARGS(level));
    return parse_tags(rule, root);
}

/* *inert: the rule is fine but no event of Windows can meet it; that was reported. */
static int parse_logsource(eg_sigma_rule *rule, const eg_rule_place *place,
                           const eg_yaml_node *root, bool *inert)
{
    const eg_yaml_node *node = eg_yaml_get(root, "logsource");
    int status;

    if (!node || node->kind != EG_YAML_MAP)
        return eg_rule_reject(place, line_of(root, "logsource"), "logsource is missing");
    status = eg_logsource_find(text_of(node, "product"), text_of(node, "category"),
                               text_of(node, "service"), &rule->info.logsource);
    *inert = status == EG_E_UNSUPPORTED || status == EG_E_NOTFOUND;
    if (!*inert)
        return status;
    eg_report_problem(place->report, EG_PROBLEM_INERT, place->file, node->line, place->rule_id,
                      "%s", eg_error_message());
    return EG_OK;
}

static bool is_selection(const eg_yaml_node *key)
{
    return !eg_str_equal(key->text, EG_STR("condition")) &&
           !eg_str_equal(key->text, EG_STR("timeframe"));
}

static int parse_selections(eg_sigma_rule *rule, const eg_rule_place *place,
                            const eg_yaml_node *detection)
{
    eg_selection *selections;
    size_t i;

    if (detection->count > SELECTIONS_MAX)
        return eg_rule_reject(place, detection->line, "more than %d selections", SELECTIONS_MAX);
    selections = eg_arena_alloc(rule->arena, (detection->count + 1) * sizeof(*selections));
    if (!selections)
        return EG_E_NOMEM;
    for (i = 0; i < detection->count; i++) {
        const eg_yaml_node *key = detection->items[2 * i];
        eg_selection *selection = &selections[rule->selection_count];
        int status;

        if (!is_selection(key))
            continue;
        selection->name = key->text;
        selection->line = key->line;
        status = eg_detection_parse(rule->arena, place, detection->items[2 * i + 1],
                                    &selection->detection);
        if (status != EG_OK)
            return status;
        rule->selection_count++;
    }
    rule->selections = selections;
    return EG_OK;
}

static int parse_condition(eg_sigma_rule *rule, const eg_rule_place *place, const eg_str *names,
                           const eg_yaml_node *node, const eg_condition **out)
{
    int status;

    if (node->kind != EG_YAML_SCALAR || node->type != EG_YAML_TEXT)
        return eg_rule_reject(place, node->line, "condition must be text or a list of texts");
    status = eg_condition_parse(rule->arena, node->text, names, rule->selection_count, out);
    if (status == EG_OK || status == EG_E_NOMEM)
        return status;
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

    if (!conditions || !names)
        return EG_E_NOMEM;
    if (count == 0)
        return eg_rule_reject(place, node->line, "the list of conditions is empty");
    for (i = 0; i < rule->selection_count; i++)
        names[i] = rule->selections[i].name;
    for (i = 0; i < count; i++) {
        int status =
            parse_condition(rule, place, names, is_list ? node->items[i] : node, &conditions[i]);

        if (status != EG_OK)
            return status;
    }
    rule->conditions = conditions;
    rule->condition_count = count;
    rule->condition_line = node->line;
    return EG_OK;
}

static int parse_detection(eg_sigma_rule *rule, const eg_rule_place *place,
                           const eg_yaml_node *root)
{
    const eg_yaml_node *detection = eg_yaml_get(root, "detection");
    const eg_yaml_node *condition = eg_yaml_get(detection, "condition");
    int status;

    if (!detection || detection->kind != EG_YAML_MAP)
        return eg_rule_reject(place, line_of(root, "detection"), "detection is missing");
    if (!condition)
        return eg_rule_reject(place, detection->line, "detection has no condition");
    status = parse_selections(rule, place, detection);
    return status == EG_OK ? parse_conditions(rule, place, condition) : status;
}

/* EG_OK with *usable false: the rule is inert. */
static int parse_rule(eg_sigma_rule *rule, eg_rule_place *place, const eg_yaml_node *root,
                      bool *usable)
{
    bool inert = false;
    int status = reject_other_documents(place, root);

    *usable = false;
    if (status != EG_OK)
        return status;
    rule->line = root->line;
    place->rule_id = text_of(root, "id");
    status = parse_info(rule, place, root);
    if (status != EG_OK)
        return status;
    place->rule_id = rule->info.id;
    status = parse_logsource(rule, place, root, &inert);
    if (status != EG_OK || inert)
        return status;
    status = parse_detection(rule, place, root);
    *usable = status == EG_OK;
    return status;
}

static int rule_create(const char *file, eg_sigma_rule **out)
{
    eg_arena *arena;
    eg_sigma_rule *rule;
    int status = eg_arena_create(&arena, ARENA_BLOCK);

    if (status != EG_OK)
        return status;
    rule = eg_arena_alloc(arena, sizeof(*rule));
    if (rule)
        rule->info.file = eg_arena_copy(arena, file, strlen(file));
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
    if (rule)
        eg_arena_destroy(rule->arena);
}

const eg_rule_info *eg_sigma_rule_info(const eg_sigma_rule *rule)
{
    return &rule->info;
}

/* One document; *last tells that there are no more. Bad rules are reported and are no failure. */
static int read_document(eg_yaml_reader *reader, const char *file, const eg_report *report,
                         eg_sigma_found found, void *user, bool *last)
{
    eg_rule_place place = {report, file, EG_STR_NONE};
    const eg_yaml_node *root = NULL;
    eg_sigma_rule *rule;
    bool usable = false;
    int status = rule_create(file, &rule);

    if (status != EG_OK)
        return status;
    status = eg_yaml_read(reader, rule->arena, &root);
    *last = status != EG_OK || !root;
    if (status != EG_OK && status != EG_E_NOMEM)
        status = eg_rule_reject(&place, eg_yaml_reader_line(reader), "%s", eg_error_message());
    else if (root && !(root->kind == EG_YAML_SCALAR && root->type == EG_YAML_NULL))
        status = parse_rule(rule, &place, root, &usable);
    if (usable)
        return found(user, rule);
    eg_sigma_rule_destroy(rule);
    return status == EG_E_INVALID ? EG_OK : status;
}

int eg_sigma_parse(eg_str yaml, const char *file, const eg_report *report, eg_sigma_found found,
                   void *user)
{
    eg_yaml_reader *reader;
    bool last = false;
    int status = eg_yaml_reader_create(yaml, &reader);

    if (status != EG_OK)
        return status;
    while (status == EG_OK && !last)
        status = read_document(reader, file, report, found, user, &last);
    eg_yaml_reader_destroy(reader);
    return status;
}
