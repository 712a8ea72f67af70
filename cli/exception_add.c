/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exception_add.h"

#include "cli/cli.h"
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"

#include <string.h>

#define EXAMPLES_MAX 20
#define LINE_MAX_BYTES (4u * 1024 * 1024)
#define LABEL "  %-13s "

typedef struct preview {
    bool json;
    eg_json *writer;
    uint64_t hidden, all, examples;
} preview;

/* ---- printing ---- */

static void print_line(const char *label, eg_str value)
{
    if (value.len > 0) {
        printf(LABEL, label);
        eg_cli_print(stdout, value);
        putchar('\n');
    }
}

void eg_exception_end_text(const eg_exception *exception, uint64_t now,
                           char out[EG_EXCEPTION_END_SIZE])
{
    char time[EG_TIME_TEXT_SIZE];
    uint64_t end = exception->revoked_time ? exception->revoked_time : exception->expires_time;
    if (end == 0) {
        snprintf(out, EG_EXCEPTION_END_SIZE, "never");
        return;
    }
    eg_time_format(end, time);
    snprintf(out, EG_EXCEPTION_END_SIZE, "%s%.10s",
             exception->revoked_time                 ? "revoked "
             : eg_exception_in_force(exception, now) ? ""
                                                     : "over since ",
             time);
}

void eg_exception_print(const eg_exception *exception)
{
    char end[EG_EXCEPTION_END_SIZE];
    print_line("rule", exception->rule_id.len > 0 ? exception->rule_id : EG_STR("any rule"));
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        print_line(eg_exception_on_names[i], exception->wanted[i]);
    }
    if (exception->whole_rule) {
        print_line("", EG_STR("every hit of this rule"));
    }
    eg_exception_end_text(exception, eg_clock_utc(), end);
    print_line("why", exception->reason);
    print_line("ends", eg_str_from(end));
}

static void write_json(eg_json *json, const eg_exception_list *list)
{
    eg_json_key(json, "exceptions");
    eg_json_array(json);
    for (size_t i = 0; i < eg_exception_list_count(list); i++) {
        eg_exception_write_json(eg_exception_list_at(list, i), json);
    }
    eg_json_array_end(json);
}

static void show_example(preview *self, const eg_hit *hit)
{
    char time[EG_TIME_TEXT_SIZE], code[EG_INCIDENT_CODE_SIZE];
    eg_time_format(hit->time, time);
    eg_incident_code(hit->incident_id, code);
    if (self->json) {
        eg_json_object(self->writer);
        eg_json_key(self->writer, "id");
        eg_json_i64(self->writer, hit->id);
        eg_json_put_str(self->writer, "incident", eg_str_from(code));
        eg_json_put_str(self->writer, "time", eg_str_from(time));
        eg_json_put_str(self->writer, "title", hit->rule_title);
        eg_json_put_str(self->writer, "program", hit->program);
        eg_json_object_end(self->writer);
        return;
    }
    printf("  %6lld  %-7s  %.19sZ  ", (long long)hit->id, code, time);
    eg_cli_print_column(stdout, hit->rule_title, 40);
    fputs("  ", stdout);
    eg_cli_print(stdout, hit->program);
    putchar('\n');
}

static int count_hit(void *user, const eg_hit *hit, bool hidden)
{
    preview *self = user;
    self->all += hit->count;
    if (hidden) {
        self->hidden += hit->count;
        if (self->examples++ < EXAMPLES_MAX) {
            show_example(self, hit);
        }
    }
    return EG_OK;
}

static int print_preview(eg_store *store, const eg_exception_list *list)
{
    preview self = {.json = false};
    size_t count = eg_exception_list_count(list);
    for (size_t i = 0; i < count; i++) {
        printf("Exception %zu of %zu\n", i + 1, count);
        eg_exception_print(eg_exception_list_at(list, i));
    }
    puts("\nHits stored on this PC that would have been hidden, newest first:");
    int status = eg_exceptions_preview(store, list, count_hit, &self);
    if (status == EG_OK) {
        printf("%llu of %llu%s\n", (unsigned long long)self.hidden, (unsigned long long)self.all,
               self.examples > EXAMPLES_MAX ? ", the newest shown" : "");
    }
    return status;
}

static int write_preview(eg_store *store, const eg_exception_list *list, eg_json *json)
{
    preview self = {.json = true, .writer = json};
    write_json(json, list);
    eg_json_key(json, "would_hide");
    eg_json_object(json);
    eg_json_key(json, "examples");
    eg_json_array(json);
    int status = eg_exceptions_preview(store, list, count_hit, &self);
    eg_json_array_end(json);
    eg_json_put_u64(json, "hits", self.hidden);
    eg_json_put_u64(json, "of", self.all);
    eg_json_object_end(json);
    return status;
}

/* ---- making ---- */

static bool said_yes(void)
{
    char line[16];
    fputs("\nMake it? Hits under it are recorded and no longer shown. [y/N] ", stdout);
    fflush(stdout);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int send_one(const eg_exception *exception, int64_t *id)
{
    eg_buf text;
    eg_json json;
    eg_buf_init(&text, LINE_MAX_BYTES);
    eg_json_begin(&json, &text);
    eg_exception_write_json(exception, &json);
    int status = text.status == EG_OK ? eg_cli_except(eg_buf_str(&text), id) : text.status;
    eg_buf_done(&text);
    return status;
}

static int make_all(const eg_exception_list *list, eg_json *json)
{
    int status = EG_OK;
    for (size_t i = 0; status == EG_OK && i < eg_exception_list_count(list); i++) {
        int64_t id = 0;
        status = send_one(eg_exception_list_at(list, i), &id);
        if (status == EG_OK && json) {
            eg_json_i64(json, id);
        } else if (status == EG_OK) {
            printf("Exception %lld is in force.\n", (long long)id);
        }
    }
    return status;
}

static int add_as_text(eg_store *store, const eg_exception_order *order,
                       const eg_exception_list *list)
{
    int status = print_preview(store, list);
    if (status != EG_OK || order->dry_run) {
        return status;
    }
    if (!order->yes && !said_yes()) {
        return eg_fail(EG_E_CLOSED, "nothing was changed");
    }
    return make_all(list, NULL);
}

static int add_as_json(eg_store *store, const eg_exception_order *order,
                       const eg_exception_list *list)
{
    eg_buf text;
    eg_json json;
    eg_buf_init(&text, LINE_MAX_BYTES);
    eg_json_begin(&json, &text);
    eg_json_object(&json);
    int status = write_preview(store, list, &json);
    eg_json_key(&json, "made");
    eg_json_array(&json);
    if (status == EG_OK && !order->dry_run) {
        status = make_all(list, &json);
    }
    eg_json_array_end(&json);
    eg_json_object_end(&json);
    if (text.status == EG_OK) {
        puts(eg_buf_cstr(&text));
    }
    status = status == EG_OK ? text.status : status;
    eg_buf_done(&text);
    return status;
}

static int propose(eg_store *store, const eg_exception_order *order, eg_exception_list *list)
{
    if (order->hit != 0) {
        return eg_proposals_of_hit(store, order->hit, &order->wish, list);
    }
    if (order->incident != 0) {
        return eg_proposals_of_incident(store, order->incident, &order->wish, list);
    }
    eg_exception wished = eg_exception_wished(&order->wish);
    return eg_exception_list_add(list, &wished);
}

int eg_exceptions_add(eg_store *store, const eg_exception_order *order)
{
    eg_exception_list *list = NULL;
    int status = eg_exception_list_create(&list);
    if (status == EG_OK) {
        status = propose(store, order, list);
    }
    if (status == EG_OK && eg_exception_list_count(list) == 0) {
        status = eg_fail(EG_E_NOTFOUND, "the incident has no hits any more");
    }
    if (status == EG_OK) {
        status = order->json ? add_as_json(store, order, list) : add_as_text(store, order, list);
    }
    eg_exception_list_destroy(list);
    return status;
}
