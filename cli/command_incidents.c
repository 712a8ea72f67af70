/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard incidents: the stories in the hit database, and what people answered to them. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/story.h"
#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/ipc/code.h"

#include <string.h>

#define LIST_LIMIT 50u

typedef struct incidents {
    const char *database, *since, *language;
    uint64_t limit, since_time;
    bool json, open;
    int64_t id;
    eg_story_row row;
} incidents;

static const eg_usage usage_text = {
    .command = "incidents",
    .arguments = "[list | show CODE-OR-NUMBER | resolve CODE-OR-NUMBER] [options]",
    .about =
        "An incident is a story: the hits that belong together, from the document to the\n"
        "autostart. CODE is what the window shows, such as 7K3-Q9. list prints one line an\n"
        "incident, latest first; show tells one in full, with the answers of the people at\n"
        "the PC; resolve closes one, so that nobody is reminded of it and what comes later is\n"
        "a new one. All of it is for administrators.",
    .exit_codes = "0 done, 2 wrong usage, 3 the database could not be read, there is no such "
                  "incident, or the service refused",
};

static int run_list(incidents *run, eg_store *store)
{
    int status = eg_store_each_incident(store, run->since_time, run->open,
                                        run->limit ? (size_t)run->limit : LIST_LIMIT,
                                        eg_story_print_row, &run->row);
    if (status == EG_OK && run->row.printed == 0 && !run->json) {
        fputs("No incidents are stored.\n", stdout);
    }
    return status;
}

static int run_on_database(incidents *run, const char *what)
{
    eg_store *store = NULL;
    int status = eg_cli_open_database(run->database, &store);
    if (status == EG_OK && strcmp(what, "show") == 0) {
        status = eg_story_show(store, run->id, run->json, stdout);
    } else if (status == EG_OK) {
        status = run_list(run, store);
    }
    eg_store_close(store);
    return status;
}

static int run(incidents *run, const char *what)
{
    int status;
    if (strcmp(what, "resolve") == 0) {
        status = eg_cli_resolve(run->id);
        if (status == EG_OK) {
            fputs("The incident is closed.\n", stdout);
        }
    } else {
        status = run_on_database(run, what);
    }
    if (fflush(stdout) != 0 && status == EG_OK) {
        status = eg_fail(EG_E_IO, "writing the incidents failed");
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    return status == EG_OK ? EG_EXIT_OK : EG_EXIT_INCOMPLETE;
}

static bool read_id(eg_str text, int64_t *id)
{
    uint64_t number = 0;
    if (eg_str_to_u64(text, &number) && number <= INT64_MAX) {
        *id = (int64_t)number;
        return true;
    }
    return eg_incident_from_code(text, id);
}

static int check(incidents *run, const eg_usage *usage, const eg_option_list *words,
                 const char **what)
{
    *what = words->count > 0 ? words->items[0] : "list";
    bool list = strcmp(*what, "list") == 0;
    if (!list && strcmp(*what, "show") != 0 && strcmp(*what, "resolve") != 0) {
        return eg_options_wrong(usage, "list, show or resolve, not '%s'", *what);
    }
    if (!list && (words->count != 2 || !read_id(eg_str_from(words->items[1]), &run->id))) {
        return eg_options_wrong(usage, "%s wants the code or the number of one incident", *what);
    }
    if (list && words->count > 1) {
        return eg_options_wrong(usage, "unexpected '%s'", words->items[1]);
    }
    if (run->since && eg_time_parse(eg_str_from(run->since), &run->since_time) != EG_OK) {
        return eg_options_wrong(
            usage, "--since wants a time such as 2026-11-23T09:00:00Z, not '%s'", run->since);
    }
    if (run->language && !eg_language_from_code(eg_str_from(run->language), &run->row.language)) {
        return eg_options_wrong(usage, "there is no language '%s'", run->language);
    }
    return EG_EXIT_OK;
}

int eg_command_incidents(int argc, char **argv)
{
    incidents i = {.row = {.out = stdout, .language = EG_LANGUAGE_EN}};
    eg_option_list words = {NULL, 0};
    const eg_option options[] = {
        {"--database", EG_OPTION_TEXT, &i.database, "FILE", "another database than this PC's own"},
        {"--since", EG_OPTION_TEXT, &i.since, "TIME", "only those that went on after then (UTC)"},
        {"--open", EG_OPTION_FLAG, &i.open, NULL, "only those that are not resolved"},
        {"--limit", EG_OPTION_NUMBER, &i.limit, "N", "at most so many (50)"},
        {"--lang", EG_OPTION_TEXT, &i.language, "CODE", "language of titles: en or ja"},
        {"--json", EG_OPTION_FLAG, &i.json, NULL, "as JSON lines"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);

    const char *what = NULL;
    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &words);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = check(&i, &usage, &words, &what);
        if (code == EG_EXIT_OK) {
            i.row.json = i.json;
            code = run(&i, what);
        }
    }
    eg_options_list_done(&words);
    return code;
}
