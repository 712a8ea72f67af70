/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/hunt_format.h"

#include "cli/cli.h"
#include "core/base/json.h"
#include "core/base/utf.h"

#include <inttypes.h>

#define LEVEL_WIDTH 13
#define TITLE_WIDTH 56
#define AUTHOR_WIDTH 28
#define SUBJECT_WIDTH 100

static void append_json(const eg_hunt_format *format, const eg_event_line *line,
                        const eg_rule_info *rule, eg_buf *out)
{
    eg_json json;
    eg_json_begin(&json, out);
    eg_json_object(&json);
    eg_json_put_u64(&json, "i", line->i);
    if (format->files) {
        eg_json_put_str(&json, "file", eg_str_from(format->files[line->file]));
    }
    eg_json_put_str(&json, "rule", rule->id);
    eg_json_put_str(&json, "title", rule->title);
    eg_json_put_str(&json, "level", eg_str_from(eg_level_name(rule->level)));
    if (format->authors) {
        eg_json_put_str(&json, "author", rule->author);
    }
    eg_json_object_end(&json);
    eg_buf_append_char(out, '\n');
}

/* What tells most about the event, in one text. */
static eg_str subject(const eg_event *event)
{
    static const eg_field fields[] = {
        EG_FIELD_COMMAND_LINE, EG_FIELD_TARGET_OBJECT, EG_FIELD_TARGET_FILENAME,
        EG_FIELD_IMAGE_LOADED, EG_FIELD_QUERY_NAME,    EG_FIELD_SCRIPT_BLOCK_TEXT,
        EG_FIELD_TASK_NAME,    EG_FIELD_IMAGE_PATH,    EG_FIELD_IMAGE,
    };
    for (size_t i = 0; i < EG_COUNT(fields); i++) {
        eg_str value = eg_event_get(event, fields[i]);
        if (value.len > 0) {
            return value;
        }
    }
    return event->channel;
}

static eg_str author_of(const eg_rule_info *rule)
{
    return rule->author.len > 0 ? rule->author : EG_STR("(not named)");
}

static void append_row(const eg_hunt_format *format, const eg_event_line *line,
                       const eg_event *event, const eg_rule_info *rule, eg_buf *out)
{
    if (format->files) {
        eg_utf8_append_safe(out, eg_str_from(format->files[line->file]));
        eg_buf_append_char(out, ':');
    }
    eg_buf_appendf(out, "%8" PRIu64 "  ", line->number);
    eg_cli_append_column(out, eg_str_from(eg_level_name(rule->level)), LEVEL_WIDTH);
    eg_buf_append_cstr(out, "  ");
    eg_cli_append_column(out, rule->title, TITLE_WIDTH);
    eg_buf_append_cstr(out, "  ");
    eg_cli_append_column(out, author_of(rule), AUTHOR_WIDTH);
    eg_buf_append_cstr(out, "  ");
    eg_cli_append_cut(out, subject(event), SUBJECT_WIDTH);
    eg_buf_append_char(out, '\n');
}

void eg_hunt_format_match(const eg_hunt_format *format, const eg_event_line *line,
                          const eg_event *event, const eg_rule_info *rule, eg_buf *out)
{
    if (format->table) {
        append_row(format, line, event, rule, out);
    } else {
        append_json(format, line, rule, out);
    }
}

void eg_hunt_format_heading(eg_buf *out)
{
    eg_buf_appendf(out, "%8s  %-*s  %-*s  %-*s  %s\n", "line", LEVEL_WIDTH, "level", TITLE_WIDTH,
                   "rule", AUTHOR_WIDTH, "author", "event");
}

void eg_hunt_format_summary(const eg_sigma_set *set, const uint64_t *rule_hits, eg_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < eg_sigma_set_size(set); i++) {
        const eg_rule_info *rule = eg_sigma_set_rule(set, i);
        if (rule_hits[i] == 0) {
            continue;
        }
        if (!any) {
            eg_buf_append_cstr(out, "\nRules that were met, and who wrote them:\n");
            any = true;
        }
        eg_buf_appendf(out, "%8" PRIu64 "  %-*s  ", rule_hits[i], LEVEL_WIDTH,
                       eg_level_name(rule->level));
        eg_utf8_append_safe(out, rule->title);
        eg_buf_append_cstr(out, " (");
        eg_utf8_append_safe(out, rule->id);
        eg_buf_append_cstr(out, "), by ");
        eg_utf8_append_safe(out, author_of(rule));
        eg_buf_append_char(out, '\n');
    }
    if (!any) {
        eg_buf_append_cstr(out, "\nNo rule was met.\n");
    }
}
