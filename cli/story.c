/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/story.h"

#include "cli/cli.h"
#include "cli/report_words.h"
#include "core/base/clock.h"
#include "core/base/json_copy.h"
#include "core/base/status.h"
#include "core/ipc/code.h"
#include "core/ipc/message.h"

#define HITS_MAX 1000u
#define ABSORBED_HOPS_MAX 16
#define LABEL "%-10s "
#define PROPOSAL_SIZE 128

typedef struct showing {
    eg_store *store;
    FILE *out;
    int64_t id; /* of the story to show; changes when it was absorbed */
    bool json, moved, answered;
    eg_buf line;
    eg_json writer;
} showing;

static eg_str time_text(uint64_t ticks, char buffer[EG_TIME_TEXT_SIZE])
{
    if (ticks == 0) {
        return EG_STR_NONE;
    }
    eg_time_format(ticks, buffer);
    return eg_str_from(buffer);
}

static void print_line(FILE *out, const char *label, eg_str value)
{
    if (value.len > 0) {
        fprintf(out, LABEL, label);
        eg_cli_print(out, value);
        fputc('\n', out);
    }
}

void eg_story_print_times(FILE *out, eg_language language, uint64_t count, uint64_t last_time)
{
    char time[EG_TIME_TEXT_SIZE];
    eg_buf text;
    eg_buf_init(&text, 256);
    const eg_report_writer writer = {&text, language, false};
    if (count > 1) {
        eg_report_say_number(&writer, EG_WORD_TIMES, count);
        eg_report_say_text(&writer, EG_WORD_LAST_AT, time_text(last_time, time));
        print_line(out, "seen", eg_buf_str(&text));
    }
    eg_buf_done(&text);
}

static void print_texts(FILE *out, const eg_stored_incident *incident, yyjson_val *root)
{
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        const char *code = eg_language_code((eg_language)i);
        yyjson_val *text = yyjson_obj_get(yyjson_obj_get(root, "text"), code);
        fprintf(out, "\n[%s]\n", code);
        print_line(out, "what", eg_json_get_str(text, "title"));
        print_line(out, "meaning", eg_json_get_str(text, "meaning"));
        print_line(out, "advice", eg_json_get_str(text, "advice"));
        eg_story_print_times(out, (eg_language)i, eg_json_get_u64(root, "hits", 0),
                             incident->last_time);
    }
}

/* "10:42:03.0000000Z  commands  ! powershell.exe  its command line" */
static void print_steps(FILE *out, yyjson_val *root)
{
    size_t index, count;
    yyjson_val *step;
    fputs("\nchain (! is what the alert is about)\n", out);
    yyjson_arr_foreach(yyjson_obj_get(root, "steps"), index, count, step) {
        fputs("  ", out);
        eg_cli_print_column(out, eg_json_get_str(step, "time"), 28);
        fputs("  ", out);
        eg_cli_print_column(out, eg_json_get_str(step, "role"), 10);
        fputs(eg_json_get_bool(step, "suspicious", false) ? " ! " : "   ", out);
        eg_cli_print(out, eg_json_get_str(step, "name"));
        eg_str detail = eg_json_get_str(step, "detail");
        if (detail.len > 0) {
            fputs("  ", out);
            eg_cli_print(out, detail);
        }
        fputc('\n', out);
    }
}

static void print_rules(FILE *out, yyjson_val *root)
{
    size_t index, count;
    yyjson_val *rule;
    fputs("\nrules\n", out);
    yyjson_arr_foreach(yyjson_obj_get(root, "rules"), index, count, rule) {
        fprintf(out, "  %5llux  ", (unsigned long long)eg_json_get_u64(rule, "count", 0));
        eg_cli_print_column(out, eg_json_get_str(rule, "level"), 13);
        fputs("  ", out);
        eg_cli_print(out, eg_json_get_str(rule, "title"));
        fputs("  (", out);
        eg_cli_print(out, eg_json_get_str(rule, "id"));
        fputs(")\n", out);
    }
}

static int print_answer(void *user, const eg_answer *answer)
{
    showing *show = user;
    char time[EG_TIME_TEXT_SIZE];
    show->answered = true;
    if (show->json) {
        eg_json_object(&show->writer);
        eg_json_put_str(&show->writer, "time", time_text(answer->time, time));
        eg_json_put_str(&show->writer, "user", answer->user);
        eg_json_put_u64(&show->writer, "session", answer->session);
        eg_json_put_str(&show->writer, "answer", answer->answer);
        eg_json_object_end(&show->writer);
        return EG_OK;
    }
    fprintf(show->out, "  %.28s  ", time_text(answer->time, time).ptr);
    eg_cli_print_column(show->out, answer->answer, 10);
    fputs("  ", show->out);
    eg_cli_print(show->out, answer->user);
    fprintf(show->out, " (session %lu)\n", (unsigned long)answer->session);
    return EG_OK;
}

static int print_hit(void *user, const eg_hit *hit)
{
    showing *show = user;
    char time[EG_TIME_TEXT_SIZE];
    if (show->json) {
        eg_json_object(&show->writer);
        eg_json_key(&show->writer, "id");
        eg_json_i64(&show->writer, hit->id);
        eg_json_put_str(&show->writer, "time", time_text(hit->time, time));
        eg_json_put_str(&show->writer, "rule_id", hit->rule_id);
        eg_json_put_str(&show->writer, "rule_title", hit->rule_title);
        eg_json_put_str(&show->writer, "rule_author", hit->rule_author);
        eg_json_put_str(&show->writer, "program", hit->program);
        eg_json_put_u64(&show->writer, "count", hit->count);
        eg_json_put_str(&show->writer, "last_time", time_text(hit->last_time, time));
        eg_json_object_end(&show->writer);
        return EG_OK;
    }
    fprintf(show->out, "  %6lld  %.28s  %6llux  ", (long long)hit->id,
            time_text(hit->time, time).ptr, (unsigned long long)hit->count);
    eg_cli_print_column(show->out, hit->rule_title, 40);
    fputs("  ", show->out);
    eg_cli_print_column(show->out, hit->rule_author, 24);
    fputs("  ", show->out);
    eg_cli_print(show->out, hit->program);
    fputc('\n', show->out);
    return EG_OK;
}

/* The person says "I did this": only an administrator can make that an exception, like this. */
static bool proposes(const eg_stored_incident *incident, char proposal[PROPOSAL_SIZE])
{
    char code[EG_INCIDENT_CODE_SIZE];
    eg_answer_kind answer;
    bool did_it = eg_answer_from_name(incident->answer, &answer) && answer == EG_ANSWER_DID_IT;
    eg_incident_code(incident->id, code);
    snprintf(proposal, PROPOSAL_SIZE, EG_EXCEPTION_PROPOSAL, code);
    return did_it && incident->resolved_time == 0;
}

static void write_head(eg_json *json, const eg_stored_incident *incident)
{
    char code[EG_INCIDENT_CODE_SIZE];
    char time[EG_TIME_TEXT_SIZE];
    char proposal[PROPOSAL_SIZE];
    eg_incident_code(incident->id, code);
    eg_json_key(json, "id");
    eg_json_i64(json, incident->id);
    eg_json_put_str(json, "code", eg_str_from(code));
    eg_json_put_str(json, "level", eg_str_from(eg_level_name(incident->level)));
    eg_json_put_str(json, "shown_time", time_text(incident->shown_time, time));
    eg_json_put_str(json, "resolved_time", time_text(incident->resolved_time, time));
    eg_json_put_str(json, "answer", incident->answer);
    eg_json_put_str(json, "proposal",
                    proposes(incident, proposal) ? eg_str_from(proposal) : EG_STR_NONE);
}

static void print_head(FILE *out, const eg_stored_incident *incident, yyjson_val *root)
{
    char code[EG_INCIDENT_CODE_SIZE];
    char time[EG_TIME_TEXT_SIZE];
    char proposal[PROPOSAL_SIZE];
    eg_incident_code(incident->id, code);
    fprintf(out, "Incident %s (%lld)\n\n", code, (long long)incident->id);
    print_line(out, "level", eg_str_from(eg_level_name(incident->level)));
    print_line(out, "from", time_text(incident->first_time, time));
    print_line(out, "until", time_text(incident->last_time, time));
    print_line(out, "user", eg_json_get_str(root, "user"));
    print_line(out, "shown",
               incident->shown_time ? time_text(incident->shown_time, time) : EG_STR("not yet"));
    print_line(out, "resolved", time_text(incident->resolved_time, time));
    if (proposes(incident, proposal)) {
        print_line(out, "answer",
                   EG_STR("\"I did this\"; if that is right, an administrator can"
                          " except it:"));
        print_line(out, "", eg_str_from(proposal));
    }
    fprintf(out, LABEL "%llu\n", "hits", (unsigned long long)eg_json_get_u64(root, "hits", 0));
}

/* The head of the story. One that was absorbed only says where to go on. */
static int show_story(void *user, const eg_stored_incident *incident)
{
    showing *show = user;
    yyjson_doc *document = NULL;
    show->moved = incident->absorbed_by != 0;
    if (show->moved) {
        show->id = incident->absorbed_by;
        return EG_OK;
    }
    int status = eg_json_parse(incident->story, &document);
    if (status != EG_OK) {
        return status;
    }
    yyjson_val *root = yyjson_doc_get_root(document);
    if (show->json) {
        write_head(&show->writer, incident);
        eg_json_key(&show->writer, "story");
        eg_json_copy(&show->writer, root);
    } else {
        print_head(show->out, incident, root);
        print_texts(show->out, incident, root);
        print_steps(show->out, root);
        print_rules(show->out, root);
    }
    yyjson_doc_free(document);
    return EG_OK;
}

static void begin_list(showing *show, const char *name)
{
    if (show->json) {
        eg_json_key(&show->writer, name);
        eg_json_array(&show->writer);
    } else {
        fprintf(show->out, "\n%s\n", name);
    }
}

static void end_list(showing *show)
{
    if (show->json) {
        eg_json_array_end(&show->writer);
    }
}

static int show_all(showing *show)
{
    eg_hit_query query = {.limit = HITS_MAX};
    int status = EG_OK;
    show->moved = true;
    for (int i = 0; status == EG_OK && show->moved && i < ABSORBED_HOPS_MAX; i++) {
        status = eg_store_get_incident(show->store, show->id, show_story, show);
    }
    if (status == EG_OK) {
        begin_list(show, "answers");
        status = eg_store_each_answer(show->store, show->id, print_answer, show);
        if (!show->json && !show->answered) {
            fputs("  none yet\n", show->out);
        }
        end_list(show);
    }
    if (status == EG_OK) {
        query.incident_id = show->id;
        begin_list(show, "hits");
        status = eg_store_each_hit(show->store, &query, print_hit, show);
        end_list(show);
    }
    return status;
}

static int write_out(eg_buf *line, FILE *out)
{
    int status = eg_buf_append_char(line, '\n');
    if (status == EG_OK && fwrite(eg_buf_cstr(line), 1, line->len, out) != line->len) {
        status = eg_fail(EG_E_IO, "writing the incident failed");
    }
    return status;
}

int eg_story_show(eg_store *store, int64_t id, bool json, FILE *out)
{
    showing show = {.store = store, .out = out, .id = id, .json = json};
    eg_buf_init(&show.line, 16u * 1024 * 1024);
    eg_json_begin(&show.writer, &show.line);
    eg_json_object(&show.writer);
    int status = show_all(&show);
    eg_json_object_end(&show.writer);
    if (status == EG_OK && json) {
        status = write_out(&show.line, out);
    }
    eg_buf_done(&show.line);
    return status;
}

static int write_row(eg_story_row *row, const eg_stored_incident *incident, yyjson_val *root)
{
    eg_json json;
    eg_buf line;
    eg_buf_init(&line, 16u * 1024 * 1024);
    eg_json_begin(&json, &line);
    eg_json_object(&json);
    write_head(&json, incident);
    eg_json_key(&json, "story");
    eg_json_copy(&json, root);
    eg_json_object_end(&json);
    int status = write_out(&line, row->out);
    eg_buf_done(&line);
    return status;
}

static void print_row(eg_story_row *row, const eg_stored_incident *incident, yyjson_val *root)
{
    char code[EG_INCIDENT_CODE_SIZE];
    char time[EG_TIME_TEXT_SIZE];
    char proposal[PROPOSAL_SIZE];
    yyjson_val *text =
        yyjson_obj_get(yyjson_obj_get(root, "text"), eg_language_code(row->language));
    eg_incident_code(incident->id, code);
    fprintf(row->out, "%-7s  %.19sZ  ", code, time_text(incident->last_time, time).ptr);
    eg_cli_print_column(row->out, eg_str_from(eg_level_name(incident->level)), 13);
    fprintf(row->out, "  %6llu  ", (unsigned long long)eg_json_get_u64(root, "hits", 0));
    eg_cli_print_column(row->out,
                        incident->resolved_time ? EG_STR("resolved")
                        : incident->answer.len  ? incident->answer
                        : incident->shown_time  ? EG_STR("shown")
                                                : EG_STR("new"),
                        8);
    fputs("  ", row->out);
    eg_cli_print(row->out, eg_json_get_str(text, "title"));
    fputc('\n', row->out);
    if (proposes(incident, proposal)) {
        fprintf(row->out, "         if that is right: %s\n", proposal);
    }
}

int eg_story_print_row(void *user, const eg_stored_incident *incident)
{
    eg_story_row *row = user;
    yyjson_doc *document = NULL;
    int status = eg_json_parse(incident->story, &document);
    if (status != EG_OK) {
        return status;
    }
    if (row->json) {
        status = write_row(row, incident, yyjson_doc_get_root(document));
    } else {
        print_row(row, incident, yyjson_doc_get_root(document));
    }
    row->printed++;
    yyjson_doc_free(document);
    return status;
}
