/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard exceptions: what administrators let programs do; made by the service. */
#include "cli/cli.h"
#include "cli/exception_add.h"
#include "cli/exception_pack.h"
#include "cli/options.h"
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/ipc/code.h"

#include <string.h>

#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)
#define LINE_MAX_BYTES (64u * 1024)
#define PATH_MAX_BYTES (64u * 1024)

typedef struct exceptions {
    const char *database, *rules, *hit, *incident;
    uint64_t days;
    bool forever, all;
    int64_t id; /* of the one to show or to revoke */
    eg_exception_order order;
    uint64_t printed;
} exceptions;

static const eg_usage usage_text = {
    .command = "exceptions",
    .arguments =
        "[list | show NUMBER | add --from-hit NUMBER --why TEXT | revoke NUMBER] [options]",
    .about =
        "An exception lets a program do what a rule tells of. Hits under it are recorded (see\n"
        "`hits list --hidden`) and not shown. It holds for this PC, ends by itself after 90 days,\n"
        "and survives updates of the rules. list also shows those that come with the rules, with\n"
        "a number below 0. add proposes the narrowest that would have hidden the hit (its rule,\n"
        "signer or hash, program, and who started it), shows which stored hits it would have\n"
        "hidden, and asks. In patterns * is any text, ? one character; capitals do not matter.\n"
        "All of it is for administrators.",
    .exit_codes = "0 done, 2 wrong usage, 3 not done: the database could not be read, there is no "
                  "such hit or exception, the service refused, or you said no",
};

/* ---- list and show ---- */

static int print_json(const eg_exception *exception)
{
    eg_buf line;
    eg_json json;
    eg_buf_init(&line, LINE_MAX_BYTES);
    eg_json_begin(&json, &line);
    eg_exception_write_json(exception, &json);
    int status = line.status;
    if (status == EG_OK) {
        puts(eg_buf_cstr(&line));
    }
    eg_buf_done(&line);
    return status;
}

static int list_one(void *user, const eg_exception *exception)
{
    exceptions *run = user;
    char end[EG_EXCEPTION_END_SIZE];
    if (!run->all && !eg_exception_in_force(exception, run->order.wish.now)) {
        return EG_OK;
    }
    run->printed++;
    if (run->order.json) {
        return print_json(exception);
    }
    eg_exception_end_text(exception, run->order.wish.now, end);
    printf("%6lld  %-22s  ", (long long)exception->id, end);
    if (exception->id < 0) {
        fputs("rule pack ", stdout);
        eg_cli_print(stdout, exception->source);
        fputs("  ", stdout);
    } else {
        printf("%6llu hidden  ", (unsigned long long)exception->hits);
    }
    eg_cli_print_column(stdout,
                        exception->rule_id.len > 0 ? exception->rule_id : EG_STR("any rule"), 36);
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        if (exception->wanted[i].len > 0) {
            printf("  %s=", eg_exception_on_names[i]);
            eg_cli_print(stdout, exception->wanted[i]);
        }
    }
    fputs("  (", stdout);
    eg_cli_print(stdout, exception->reason);
    puts(")");
    return EG_OK;
}

static int show_one(void *user, const eg_exception *exception)
{
    exceptions *run = user;
    char time[EG_TIME_TEXT_SIZE];
    if (exception->id != run->id) {
        return EG_OK;
    }
    run->printed++;
    if (run->order.json) {
        return print_json(exception);
    }
    printf("Exception %lld\n", (long long)exception->id);
    eg_exception_print(exception);
    eg_time_format(exception->created_time, time);
    printf("  %-13s %.19sZ by ", "made", time);
    eg_cli_print(stdout, exception->created_by);
    if (exception->revoked_time != 0) {
        eg_time_format(exception->revoked_time, time);
        printf("\n  %-13s %.19sZ by ", "revoked", time);
        eg_cli_print(stdout, exception->revoked_by);
    }
    printf("\n  %-13s %llu hits", "hidden", (unsigned long long)exception->hits);
    if (exception->last_hit_time != 0) {
        eg_time_format(exception->last_hit_time, time);
        printf(", the last at %.19sZ", time);
    }
    putchar('\n');
    return EG_OK;
}

/* Those that come with the rules; where none are installed there are none. */
static int list_of_pack(exceptions *run)
{
    eg_buf installed;
    eg_buf_init(&installed, PATH_MAX_BYTES);
    int status = run->rules ? EG_OK : eg_cli_default_rules(&installed);
    if (status == EG_OK) {
        const char *folder = run->rules ? run->rules : eg_buf_cstr(&installed);
        status = eg_exceptions_each_of_pack(folder, list_one, run);
    }
    eg_buf_done(&installed);
    return status == EG_E_UNSUPPORTED ? EG_OK : status;
}

static int run_on_database(exceptions *run, const char *what)
{
    eg_store *store = NULL;
    int status = eg_cli_open_database(run->database, &store);
    if (status != EG_OK) {
        return status;
    }
    if (strcmp(what, "add") == 0) {
        status = eg_exceptions_add(store, &run->order);
    } else if (strcmp(what, "show") == 0) {
        status = eg_store_each_exception(store, show_one, run);
        if (status == EG_OK && run->printed == 0) {
            status = eg_fail(EG_E_NOTFOUND, "there is no exception %lld", (long long)run->id);
        }
    } else {
        status = eg_store_each_exception(store, list_one, run);
        if (status == EG_OK) {
            status = list_of_pack(run);
        }
        if (status == EG_OK && run->printed == 0 && !run->order.json) {
            puts(run->all ? "No exceptions." : "No exceptions are in force.");
        }
    }
    eg_store_close(store);
    return status;
}

static int run(exceptions *run, const char *what)
{
    int status;
    if (strcmp(what, "revoke") == 0) {
        status = eg_cli_revoke_exception(run->id);
        if (status == EG_OK) {
            puts("The exception is revoked: what it hid will be shown when it comes again.");
        }
    } else {
        status = run_on_database(run, what);
    }
    if (fflush(stdout) != 0 && status == EG_OK) {
        status = eg_fail(EG_E_IO, "writing the exceptions failed");
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    return status == EG_OK ? EG_EXIT_OK : EG_EXIT_INCOMPLETE;
}

/* ---- what was asked for ---- */

static bool read_number(const char *text, int64_t *out)
{
    uint64_t number = 0;
    if (!eg_str_to_u64(eg_str_from(text), &number) || number == 0 || number > INT64_MAX) {
        return false;
    }
    *out = (int64_t)number;
    return true;
}

static int check_source(exceptions *run, const eg_usage *usage)
{
    if (run->hit && run->incident) {
        return eg_options_wrong(usage, "--from-hit or --from-incident, not both");
    }
    if (run->hit && !read_number(run->hit, &run->order.hit)) {
        return eg_options_wrong(usage, "--from-hit wants the number of a hit, not '%s'", run->hit);
    }
    if (run->incident && !read_number(run->incident, &run->order.incident) &&
        !eg_incident_from_code(eg_str_from(run->incident), &run->order.incident)) {
        return eg_options_wrong(usage, "--from-incident wants a code or a number, not '%s'",
                                run->incident);
    }
    if (!run->hit && !run->incident && run->order.wish.keep) {
        return eg_options_wrong(usage, "--keep goes with --from-hit or --from-incident");
    }
    return EG_EXIT_OK;
}

static int check_add(exceptions *run, const eg_usage *usage)
{
    eg_proposal_wish *wish = &run->order.wish;
    int code = check_source(run, usage);
    if (code != EG_EXIT_OK) {
        return code;
    }
    if (!wish->reason) {
        return eg_options_wrong(usage, "--why is missing: say why, for whoever reads it later");
    }
    if (run->days == 0 || run->days > EG_EXCEPTION_DAYS_MAX) {
        return eg_options_wrong(usage, "--days wants 1 to %u; --forever is the other way",
                                EG_EXCEPTION_DAYS_MAX);
    }
    if (wish->rule && wish->any_rule) {
        return eg_options_wrong(usage, "--rule or --any-rule, not both");
    }
    if (run->order.json && !run->order.yes && !run->order.dry_run) {
        return eg_options_wrong(usage, "--json asks nothing: add --yes or --dry-run");
    }
    wish->expires = run->forever ? 0 : wish->now + run->days * TICKS_PER_DAY;
    return EG_EXIT_OK;
}

static int check(exceptions *run, const eg_usage *usage, const eg_option_list *words,
                 const char **what)
{
    *what = words->count > 0 ? words->items[0] : "list";
    bool one = strcmp(*what, "show") == 0 || strcmp(*what, "revoke") == 0;
    bool add = strcmp(*what, "add") == 0;
    if (!one && !add && strcmp(*what, "list") != 0) {
        return eg_options_wrong(usage, "list, show, add or revoke, not '%s'", *what);
    }
    if (one && (words->count != 2 || !read_number(words->items[1], &run->id))) {
        return eg_options_wrong(usage, "%s wants the number of one exception", *what);
    }
    if (!one && words->count > 1) {
        return eg_options_wrong(usage, "unexpected '%s'", words->items[1]);
    }
    return add ? check_add(run, usage) : EG_EXIT_OK;
}

int eg_command_exceptions(int argc, char **argv)
{
    exceptions e = {.days = EG_EXCEPTION_DAYS};
    eg_proposal_wish *wish = &e.order.wish;
    eg_option_list words = {NULL, 0};
    const eg_option options[] = {
        {"--from-hit", EG_OPTION_TEXT, &e.hit, "NUMBER", "add: propose what hides this hit"},
        {"--from-incident", EG_OPTION_TEXT, &e.incident, "CODE",
         "add: propose what hides each hit of this incident"},
        {"--keep", EG_OPTION_TEXT, &wish->keep, "LIST",
         "of the hit only these: signer,path,hash,parent,command_line,user"},
        {"--rule", EG_OPTION_TEXT, &wish->rule, "ID", "only hits of this rule"},
        {"--any-rule", EG_OPTION_FLAG, &wish->any_rule, NULL, "hits of any rule"},
        {"--whole-rule", EG_OPTION_FLAG, &wish->whole_rule, NULL,
         "every hit of the rule, whatever it is about"},
        {"--signer", EG_OPTION_TEXT, &wish->wanted[EG_EXCEPTION_SIGNER], "PATTERN",
         "who signed the program"},
        {"--path", EG_OPTION_TEXT, &wish->wanted[EG_EXCEPTION_PATH], "PATTERN",
         "the program, as `hits show` names it"},
        {"--hash", EG_OPTION_TEXT, &wish->wanted[EG_EXCEPTION_HASH], "SHA256", "of the program"},
        {"--parent", EG_OPTION_TEXT, &wish->wanted[EG_EXCEPTION_PARENT], "PATTERN",
         "who started or wrote it"},
        {"--command-line", EG_OPTION_TEXT, &wish->wanted[EG_EXCEPTION_COMMAND_LINE], "PATTERN",
         "of the program"},
        {"--user", EG_OPTION_TEXT, &wish->wanted[EG_EXCEPTION_USER], "PATTERN", "for whom it runs"},
        {"--why", EG_OPTION_TEXT, &wish->reason, "TEXT", "the reason; add needs it"},
        {"--days", EG_OPTION_NUMBER, &e.days, "N", "how long it holds (90, at most 366)"},
        {"--forever", EG_OPTION_FLAG, &e.forever, NULL, "it never ends by itself"},
        {"--dry-run", EG_OPTION_FLAG, &e.order.dry_run, NULL, "add: show, change nothing"},
        {"--yes", EG_OPTION_FLAG, &e.order.yes, NULL, "add: do not ask"},
        {"--all", EG_OPTION_FLAG, &e.all, NULL, "list: also those that are over"},
        {"--json", EG_OPTION_FLAG, &e.order.json, NULL, "as JSON lines"},
        {"--rules", EG_OPTION_TEXT, &e.rules, "PATH",
         "list: those of another pack than the installed one"},
        {"--database", EG_OPTION_TEXT, &e.database, "FILE", "another database than this PC's own"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    const char *what = NULL;
    wish->now = eg_clock_utc();
    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = check(&e, &usage, &words, &what);
        if (code == EG_EXIT_OK) {
            code = run(&e, what);
        }
    }
    eg_options_list_done(&words);
    return code;
}
