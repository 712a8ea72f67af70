/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard hits: what is in the hit database, for people (list, show) and for tools (export). */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/story.h"
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"

#include <stdlib.h>
#include <string.h>

typedef struct hits {
    const char *database;
    const char *since;
    const char *level;
    const char *format;
    const char *output;
    const char *language;
    uint64_t limit;
    bool json, story, hidden;
    eg_store *store;
    FILE *out;
    eg_language text_language;
    eg_hit_query query;
    eg_buf line;
    uint64_t printed;
    int64_t incident; /* of the hit shown last */
} hits;

static const eg_usage usage_text = {
    .command = "hits",
    .arguments = "[list | show NUMBER-OR-CODE | export] [options]",
    .about =
        "Reads the hits stored on this PC, as an administrator: the database is not for all.\n"
        "list prints one line a hit, newest first; show explains one hit in full with its whole\n"
        "incident, or, for a code, the incident alone (see `incidents`); export writes all hits,\n"
        "oldest first, for tools.",
    .exit_codes = "0 done, 2 wrong usage, 3 the database could not be read or there is no such hit",
};

static eg_str time_text(uint64_t ticks, char buffer[EG_TIME_TEXT_SIZE])
{
    eg_time_format(ticks, buffer);
    return eg_str_from(buffer);
}

static int list_hit(void *user, const eg_hit *hit)
{
    hits *h = user;
    char time[EG_TIME_TEXT_SIZE];
    char code[EG_INCIDENT_CODE_SIZE];

    eg_incident_code(hit->incident_id, code);
    fprintf(h->out, "%6lld  %-7s  %.19sZ  ", (long long)hit->id, code,
            time_text(hit->time, time).ptr);
    eg_cli_print_column(h->out, eg_str_from(eg_level_name(hit->level)), 13);
    fprintf(h->out, "  %6llux  ", (unsigned long long)hit->count);
    eg_cli_print_column(h->out, hit->text[h->text_language].title, 40);
    fputs("  ", h->out);
    eg_cli_print_column(h->out, hit->rule_author, 24);
    fputs("  ", h->out);
    eg_cli_print(h->out, hit->program);
    fputc('\n', h->out);
    h->printed++;
    return EG_OK;
}

static void show_line(hits *h, const char *label, eg_str value)
{
    if (value.len == 0) {
        return;
    }
    fprintf(h->out, "%-10s ", label);
    eg_cli_print(h->out, value);
    fputc('\n', h->out);
}

static int write_json_line(hits *h, const eg_hit *hit)
{
    eg_json json;
    eg_buf_clear(&h->line);
    eg_json_begin(&json, &h->line);
    eg_hit_write_json(hit, &json);
    int status = eg_buf_append_char(&h->line, '\n');
    if (status == EG_OK && fwrite(eg_buf_cstr(&h->line), 1, h->line.len, h->out) != h->line.len) {
        status = eg_fail(EG_E_IO, "writing the hits failed");
    }
    h->printed++;
    return status;
}

static int show_hit(void *user, const eg_hit *hit)
{
    hits *h = user;
    char time[EG_TIME_TEXT_SIZE];
    char code[EG_INCIDENT_CODE_SIZE];

    h->incident = hit->incident_id;
    if (h->json) {
        return write_json_line(h, hit);
    }
    eg_incident_code(hit->incident_id, code);
    fprintf(h->out, "Hit %lld of incident %s (%lld)\n\n", (long long)hit->id, code,
            (long long)hit->incident_id);
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        fprintf(h->out, "[%s]\n", eg_language_code((eg_language)i));
        show_line(h, "what", hit->text[i].title);
        show_line(h, "meaning", hit->text[i].meaning);
        show_line(h, "advice", hit->text[i].advice);
        eg_story_print_times(h->out, (eg_language)i, hit->count, hit->last_time);
        fputc('\n', h->out);
    }
    show_line(h, "time", time_text(hit->time, time));
    show_line(h, "stored", time_text(hit->stored_time, time));
    if (hit->exception_id != 0) {
        fprintf(h->out, "%-10s by exception %lld%s: recorded, not shown\n", "hidden",
                llabs((long long)hit->exception_id),
                hit->exception_id < 0 ? " of the rule pack" : "");
    }
    show_line(h, "shown",
              hit->exception_id != 0 ? EG_STR("")
              : hit->shown_time
                  ? time_text(hit->shown_time, time)
                  : EG_STR("not yet: it waits behind another window, nobody was there, or its "
                           "level is too low"));
    show_line(h, "level", eg_str_from(eg_level_name(hit->level)));
    show_line(h, "program", hit->program);
    show_line(h, "parent", hit->parent);
    show_line(h, "user", hit->user);
    show_line(h, "rule", hit->rule_title);
    show_line(h, "rule id", hit->rule_id);
    show_line(h, "author", hit->rule_author);
    show_line(h, "tags", hit->tags);
    show_line(h, "event", hit->event_json);
    return EG_OK;
}

/* JSON: the hit on a line, then its incident on another. */
static int show_hit_and_story(hits *h, int64_t id)
{
    int status = eg_store_get_hit(h->store, id, show_hit, h);
    if (status == EG_OK && h->incident != 0) {
        if (!h->json) {
            fputc('\n', h->out);
        }
        status = eg_story_show(h->store, h->incident, h->json, h->out);
    }
    return status;
}

static int export_jsonl(void *user, const eg_hit *hit)
{
    return write_json_line(user, hit);
}

/* A field that a spreadsheet would take for a formula is defused with an apostrophe. */
static void append_csv(eg_buf *line, eg_str value)
{
    eg_buf_append_char(line, '"');
    if (value.len > 0 && memchr("=+-@\t\r", value.ptr[0], 6)) {
        eg_buf_append_char(line, '\'');
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"') {
            eg_buf_append_char(line, '"');
        }
        eg_buf_append_char(line, value.ptr[i]);
    }
    eg_buf_append_cstr(line, "\",");
}

static int export_csv(void *user, const eg_hit *hit)
{
    hits *h = user;
    char time[EG_TIME_TEXT_SIZE];
    char code[EG_INCIDENT_CODE_SIZE];

    eg_incident_code(hit->incident_id, code);
    eg_buf_clear(&h->line);
    eg_buf_appendf(&h->line, "%lld,%s,%s,", (long long)hit->id, code,
                   time_text(hit->time, time).ptr);
    append_csv(&h->line, eg_str_from(eg_level_name(hit->level)));
    append_csv(&h->line, hit->rule_id);
    append_csv(&h->line, hit->rule_title);
    append_csv(&h->line, hit->rule_author);
    append_csv(&h->line, hit->text[h->text_language].title);
    append_csv(&h->line, hit->program);
    append_csv(&h->line, hit->parent);
    append_csv(&h->line, hit->user);
    append_csv(&h->line, hit->tags);
    eg_buf_appendf(&h->line, "%lld,%lld,%llu,%s\r\n", (long long)hit->incident_id,
                   (long long)hit->exception_id, (unsigned long long)hit->count,
                   time_text(hit->last_time, time).ptr);
    if (h->line.status != EG_OK) {
        return h->line.status;
    }
    if (fwrite(eg_buf_cstr(&h->line), 1, h->line.len, h->out) != h->line.len) {
        return eg_fail(EG_E_IO, "writing the hits failed");
    }
    h->printed++;
    return EG_OK;
}

static int run_list(hits *h)
{
    h->query.newest_first = true;
    h->query.limit = h->limit ? (size_t)h->limit : 50;
    h->query.hidden = h->hidden ? EG_HITS_HIDDEN : EG_HITS_NOT_HIDDEN;
    int status = eg_store_each_hit(h->store, &h->query, h->json ? export_jsonl : list_hit, h);
    if (status == EG_OK && h->printed == 0 && !h->json) {
        fputs(h->hidden ? "No hits are hidden.\n" : "No hits are stored.\n", h->out);
    }
    return status;
}

static int run_export(hits *h)
{
    bool csv = strcmp(h->format, "csv") == 0;
    h->query.limit = h->limit ? (size_t)h->limit : SIZE_MAX;
    h->query.hidden = EG_HITS_ALL;
    if (csv) {
        /* The byte-order mark makes spreadsheets read Japanese as UTF-8. */
        fputs("\xEF\xBB\xBFid,code,time,level,rule_id,rule_title,rule_author,title,program,parent,"
              "user,tags,incident,exception,count,last_time\r\n",
              h->out);
    }
    return eg_store_each_hit(h->store, &h->query, csv ? export_csv : export_jsonl, h);
}

static int run(hits *h, const char *what, int64_t id)
{
    int status = eg_cli_open_database(h->database, &h->store);
    if (status == EG_OK && h->output) {
        h->out = eg_cli_open(h->output, "wb");
        status = h->out ? EG_OK : EG_E_IO;
    }
    if (status == EG_OK) {
        if (h->story) {
            status = eg_story_show(h->store, id, h->json, h->out);
        } else if (strcmp(what, "show") == 0) {
            status = show_hit_and_story(h, id);
        } else if (strcmp(what, "export") == 0) {
            status = run_export(h);
        } else {
            status = run_list(h);
        }
    }
    if (h->out && h->output && fclose(h->out) != 0 && status == EG_OK) {
        status = eg_fail(EG_E_IO, "writing %s failed", h->output);
    } else if (h->out && !h->output && fflush(h->out) != 0 && status == EG_OK) {
        status = eg_fail(EG_E_IO, "writing the hits failed");
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    eg_store_close(h->store);
    return status == EG_OK ? EG_EXIT_OK : EG_EXIT_INCOMPLETE;
}

/* Turns option texts into values; EG_EXIT_USAGE and a message when one is wrong. */
static int check_options(hits *h, const eg_usage *usage)
{
    if (h->since && eg_time_parse(eg_str_from(h->since), &h->query.since) != EG_OK) {
        return eg_options_wrong(
            usage, "--since wants a time such as 2026-11-23T09:00:00Z, not '%s'", h->since);
    }
    if (h->level && !eg_level_from_name(eg_str_from(h->level), &h->query.min_level)) {
        return eg_options_wrong(usage, "--level is informational, low, medium, high or critical");
    }
    if (strcmp(h->format, "jsonl") != 0 && strcmp(h->format, "csv") != 0) {
        return eg_options_wrong(usage, "--format is jsonl or csv, not '%s'", h->format);
    }
    if (h->language && !eg_language_from_code(eg_str_from(h->language), &h->text_language)) {
        return eg_options_wrong(usage, "there is no language '%s'", h->language);
    }
    return EG_EXIT_OK;
}

/* The number of a hit, or the code of an incident: then the whole story is shown. */
static bool read_id(hits *h, eg_str text, int64_t *id)
{
    uint64_t number = 0;
    if (eg_str_to_u64(text, &number) && number <= INT64_MAX) {
        *id = (int64_t)number;
        return true;
    }
    h->story = eg_incident_from_code(text, id);
    return h->story;
}

static int check_words(hits *h, const eg_option_list *words, const eg_usage *usage,
                       const char **what, int64_t *id)
{
    *what = words->count > 0 ? words->items[0] : "list";
    bool show = strcmp(*what, "show") == 0;
    if (!show && strcmp(*what, "list") != 0 && strcmp(*what, "export") != 0) {
        return eg_options_wrong(usage, "list, show or export, not '%s'", *what);
    }
    if (show && (words->count != 2 || !read_id(h, eg_str_from(words->items[1]), id))) {
        return eg_options_wrong(
            usage, "show wants the number of one hit or the code of an incident, as `hits list` "
                   "prints them");
    }
    if (!show && words->count > 1) {
        return eg_options_wrong(usage, "unexpected '%s'", words->items[1]);
    }
    return EG_EXIT_OK;
}

int eg_command_hits(int argc, char **argv)
{
    hits h = {.format = "jsonl", .out = stdout, .text_language = EG_LANGUAGE_EN};
    eg_option_list words = {NULL, 0};
    const eg_option options[] = {
        {"--database", EG_OPTION_TEXT, &h.database, "FILE", "another database than this PC's own"},
        {"--since", EG_OPTION_TEXT, &h.since, "TIME", "only hits from this time on (UTC)"},
        {"--level", EG_OPTION_TEXT, &h.level, "LEVEL", "only hits of this level and above"},
        {"--limit", EG_OPTION_NUMBER, &h.limit, "N", "at most so many (list: 50, export: all)"},
        {"--lang", EG_OPTION_TEXT, &h.language, "CODE", "language of titles: en or ja"},
        {"--hidden", EG_OPTION_FLAG, &h.hidden, NULL, "list those that exceptions hide"},
        {"--json", EG_OPTION_FLAG, &h.json, NULL, "list and show as JSON lines"},
        {"--format", EG_OPTION_TEXT, &h.format, "jsonl|csv", "of export (jsonl)"},
        {"--output", EG_OPTION_TEXT, &h.output, "FILE", "write there instead of standard output"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    const char *what = NULL;
    int64_t id = 0;
    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = check_options(&h, &usage);
        if (code == EG_EXIT_OK) {
            code = check_words(&h, &words, &usage, &what, &id);
        }
        if (code == EG_EXIT_OK) {
            eg_buf_init(&h.line, 16u * 1024 * 1024);
            code = run(&h, what, id);
            eg_buf_done(&h.line);
        }
    }
    eg_options_list_done(&words);
    return code;
}
