/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard status: asks the service and prints what it says, for people or as JSON. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/win32/service_client.h"
#include "core/base/status.h"

#include <string.h>

#define STATUS_TIMEOUT_MS 5000

static void print_line(const char *label, eg_str value)
{
    printf("%-12s ", label);
    eg_cli_print(stdout, value);
    putchar('\n');
}

static void print_rules(yyjson_val *rules)
{
    if (eg_json_get_u64(rules, "loaded", 0) == 0) {
        eg_str error = eg_json_get_str(rules, "error");
        print_line("rules", error.len > 0 ? error : EG_STR("none loaded yet"));
        return;
    }
    printf("%-12s ", "rules");
    eg_cli_print(stdout, eg_json_get_str(rules, "name"));
    printf(" %llu: %llu loaded, %llu inert, %llu rejected\n",
           (unsigned long long)eg_json_get_u64(rules, "serial", 0),
           (unsigned long long)eg_json_get_u64(rules, "loaded", 0),
           (unsigned long long)eg_json_get_u64(rules, "inert", 0),
           (unsigned long long)eg_json_get_u64(rules, "rejected", 0));
    yyjson_val *problem;
    size_t i, count;
    yyjson_arr_foreach(yyjson_obj_get(rules, "problems"), i, count, problem) {
        printf("%-12s %.*s:%llu: ", "", EG_STR_ARGS(eg_json_get_str(problem, "file")),
               (unsigned long long)eg_json_get_u64(problem, "line", 0));
        eg_cli_print(stdout, eg_json_get_str(problem, "reason"));
        putchar('\n');
    }
}

static void print_repository(yyjson_val *of)
{
    eg_str error = eg_json_get_str(of, "error"), next = eg_json_get_str(of, "next_look");
    yyjson_val *rejected;
    size_t i, count;
    printf("%-12s %.*s ", "updates", EG_STR_ARGS(eg_json_get_str(of, "repository")));
    eg_cli_print(stdout, eg_json_get_str(of, "url"));
    printf(": pack %llu%s, %.*s, last good look %.*s, next %.*s, bell %.*s%s%s\n",
           (unsigned long long)eg_json_get_u64(of, "serial", 0),
           eg_json_get_bool(of, "on_trial", false) ? " on trial" : "",
           EG_STR_ARGS(eg_json_get_str(of, "state")),
           EG_STR_ARGS(eg_json_get_str(of, "last_success")), EG_STR_ARGS(next),
           EG_STR_ARGS(eg_json_get_str(of, "bell")),
           eg_json_get_bool(of, "stale", false) ? ", not confirmed for long" : "",
           eg_json_get_bool(of, "clock_error", false) ? ", the clock of this PC is behind" : "");
    if (eg_json_get_bool(of, "by_courier", false)) {
        printf("%-12s through the proxy, fetched by the signed-in user's tray\n", "");
    }
    if (error.len > 0) {
        print_line("", error);
    }
    yyjson_arr_foreach(yyjson_obj_get(of, "rejected"), i, count, rejected) {
        printf("%-12s rejected %llu on %.*s: ", "",
               (unsigned long long)eg_json_get_u64(rejected, "serial", 0),
               EG_STR_ARGS(eg_json_get_str(rejected, "time")));
        eg_cli_print(stdout, eg_json_get_str(rejected, "reason"));
        putchar('\n');
    }
}

static void print_updates(yyjson_val *updates)
{
    yyjson_val *of;
    size_t i, count;
    yyjson_arr_foreach(updates, i, count, of) {
        print_repository(of);
    }
}

static void print_sensors(yyjson_val *sensors)
{
    yyjson_val *sensor;
    size_t i, count;
    yyjson_arr_foreach(sensors, i, count, sensor) {
        eg_str detail = eg_json_get_str(sensor, "detail");
        printf("%-12s %-9.*s %-9.*s by %.*s", i == 0 ? "sensors" : "",
               EG_STR_ARGS(eg_json_get_str(sensor, "name")),
               EG_STR_ARGS(eg_json_get_str(sensor, "health")),
               EG_STR_ARGS(eg_json_get_str(sensor, "source")));
        if (detail.len > 0) {
            fputs(": ", stdout);
            eg_cli_print(stdout, detail);
        }
        uint64_t missed = eg_json_get_u64(sensor, "missed", 0);
        if (missed > 0) {
            printf("; missed %llu", (unsigned long long)missed);
        }
        putchar('\n');
    }
}

/* Nothing while no rule has asked for hashes or signatures. */
static void print_files(yyjson_val *files)
{
    static const struct {
        const char *key, *text;
    } reasons[] = {
        {"elsewhere", "elsewhere"}, {"unreadable", "unreadable"}, {"too_large", "too large"},
        {"too_slow", "too slow"},   {"changed", "changed"},       {"not_taken", "not taken"},
    };
    uint64_t skipped = 0;
    for (size_t i = 0; i < EG_COUNT(reasons); i++) {
        skipped += eg_json_get_u64(files, reasons[i].key, 0);
    }
    if (eg_json_get_u64(files, "read", 0) + skipped == 0) {
        return;
    }
    printf("%-12s %llu read", "files", (unsigned long long)eg_json_get_u64(files, "read", 0));
    for (size_t i = 0; i < EG_COUNT(reasons); i++) {
        uint64_t count = eg_json_get_u64(files, reasons[i].key, 0);
        if (count > 0) {
            printf(", %llu %s", (unsigned long long)count, reasons[i].text);
        }
    }
    putchar('\n');
}

/* Nothing while no check was made. */
static void print_check(yyjson_val *check)
{
    eg_str state = eg_json_get_str(check, "state"), time = eg_json_get_str(check, "time");
    if (eg_str_equal(state, EG_STR("running"))) {
        printf("%-12s running, %llu %%\n", "check",
               (unsigned long long)eg_json_get_u64(check, "percent", 0));
    } else if (eg_str_equal(state, EG_STR("done"))) {
        printf("%-12s %.*s: %.*s, %llu suspicious, %llu not looked at; ", "check",
               EG_STR_ARGS(time), EG_STR_ARGS(eg_json_get_str(check, "verdict")),
               (unsigned long long)eg_json_get_u64(check, "findings", 0),
               (unsigned long long)eg_json_get_u64(check, "gaps", 0));
        eg_cli_print(stdout, eg_json_get_str(check, "report"));
        putchar('\n');
    } else if (time.len > 0) {
        eg_str error = eg_json_get_str(check, "error");
        printf("%-12s %.*s: %.*s%s", "check", EG_STR_ARGS(time), EG_STR_ARGS(state),
               error.len > 0 ? ": " : "");
        eg_cli_print(stdout, error);
        putchar('\n');
    }
}

static void print_ids(const char *text, yyjson_val *ids)
{
    yyjson_val *id;
    size_t i, count;
    if (yyjson_arr_size(ids) == 0) {
        return;
    }
    printf("%-12s %s:", "attention", text);
    yyjson_arr_foreach(ids, i, count, id) {
        printf(" %llu", (unsigned long long)yyjson_get_uint(id));
    }
    putchar('\n');
}

static void print_worker(yyjson_val *worker)
{
    printf("%-12s %llu started, %llu died or were ended, %llu files given to none, "
           "%llu MiB at most\n",
           "scan worker", (unsigned long long)eg_json_get_u64(worker, "starts", 0),
           (unsigned long long)eg_json_get_u64(worker, "stops", 0),
           (unsigned long long)eg_json_get_u64(worker, "skipped", 0),
           (unsigned long long)(eg_json_get_u64(worker, "bytes_peak", 0) / (1024 * 1024)));
}

/* Nothing without YARA rules. */
static void print_scans(yyjson_val *scans)
{
    static const struct {
        const char *key, *text;
    } counts[] = {
        {"remembered", "known"}, {"suspicious", "suspicious"},        {"waiting", "waiting"},
        {"missing", "gone"},     {"unresolved", "in no known place"}, {"not_taken", "not taken"},
    };
    yyjson_val *gaps = yyjson_obj_get(scans, "could_not_look"), *key, *value;
    size_t i, count;
    if (eg_json_get_u64(scans, "events", 0) == 0) {
        return;
    }
    printf("%-12s %llu looked at", "scans",
           (unsigned long long)eg_json_get_u64(scans, "looked", 0));
    for (i = 0; i < EG_COUNT(counts); i++) {
        uint64_t number = eg_json_get_u64(scans, counts[i].key, 0);
        if (number > 0) {
            printf(", %llu %s", (unsigned long long)number, counts[i].text);
        }
    }
    yyjson_obj_foreach(gaps, i, count, key, value) {
        if (yyjson_get_uint(value) > 0) {
            printf(", %llu not: %s", (unsigned long long)yyjson_get_uint(value),
                   yyjson_get_str(key));
        }
    }
    putchar('\n');
    print_worker(yyjson_obj_get(scans, "worker"));
}

/* Nothing where nobody has excepted anything. */
static void print_exceptions(yyjson_val *exceptions)
{
    uint64_t own = eg_json_get_u64(exceptions, "in_force", 0);
    uint64_t of_pack = eg_json_get_u64(exceptions, "of_pack", 0);
    if (own + of_pack > 0) {
        printf("%-12s %llu in force, %llu hits hidden; %llu of the rule pack\n", "exceptions",
               (unsigned long long)own,
               (unsigned long long)eg_json_get_u64(exceptions, "hidden", 0),
               (unsigned long long)of_pack);
    }
    print_ids("exceptions that ended lately", yyjson_obj_get(exceptions, "expired"));
    print_ids("exceptions of rules that are not loaded",
              yyjson_obj_get(exceptions, "without_rule"));
}

static void print_clients(yyjson_val *clients)
{
    yyjson_val *client;
    size_t i, count, trays = 0;
    yyjson_arr_foreach(clients, i, count, client) {
        if (!eg_str_equal(eg_json_get_str(client, "kind"), EG_STR("tray"))) {
            continue;
        }
        trays++;
        printf("%-12s session %llu, %.*s", "tray",
               (unsigned long long)eg_json_get_u64(client, "session", 0),
               EG_STR_ARGS(eg_json_get_str(client, "language")));
        eg_str window = eg_json_get_str(client, "window");
        if (window.len > 0) {
            fputs(", shows \"", stdout);
            eg_cli_print(stdout, window);
            putchar('"');
        }
        putchar('\n');
    }
    if (trays == 0) {
        print_line("tray", EG_STR("none connected: alerts wait until somebody logs on"));
    }
}

static void print_counters(yyjson_val *counters, yyjson_val *lifetime)
{
    uint64_t forgotten = eg_json_get_u64(counters, "forgotten", 0);
    uint64_t ended = eg_json_get_u64(lifetime, "ended_by_force", 0);
    uint64_t dropped = eg_json_get_u64(lifetime, "events_dropped", 0);
    printf("%-12s %llu events, %llu hits, %llu dropped", "seen",
           (unsigned long long)eg_json_get_u64(counters, "events", 0),
           (unsigned long long)eg_json_get_u64(counters, "hits", 0),
           (unsigned long long)eg_json_get_u64(counters, "dropped", 0));
    if (dropped > 0) {
        printf("; over all starts %llu dropped", (unsigned long long)dropped);
    }
    putchar('\n');
    if (ended > 0) {
        printf("%-12s %llu of %llu runs by force or by a crash\n", "ended",
               (unsigned long long)ended,
               (unsigned long long)eg_json_get_u64(lifetime, "starts", 0));
    }
    if (forgotten > 0) {
        printf("%-12s correlations had no room for %llu events that still counted\n", "forgotten",
               (unsigned long long)forgotten);
    }
}

static void print_status(yyjson_val *root)
{
    printf("%-12s EmoGuard %.*s, process %llu, up %llu s\n", "service",
           EG_STR_ARGS(eg_json_get_str(root, "version")),
           (unsigned long long)eg_json_get_u64(root, "pid", 0),
           (unsigned long long)eg_json_get_u64(root, "uptime_seconds", 0));
    print_line("data", eg_json_get_str(root, "data_folder"));
    print_rules(yyjson_obj_get(root, "rules"));
    print_updates(yyjson_obj_get(root, "updates"));
    print_sensors(yyjson_obj_get(root, "sensors"));
    print_counters(yyjson_obj_get(root, "counters"), yyjson_obj_get(root, "lifetime"));
    print_files(yyjson_obj_get(root, "files"));
    print_exceptions(yyjson_obj_get(root, "exceptions"));
    print_scans(yyjson_obj_get(root, "scans"));
    print_check(yyjson_obj_get(root, "check"));
    print_clients(yyjson_obj_get(root, "clients"));
    yyjson_val *notice;
    size_t i, count;
    yyjson_arr_foreach(yyjson_obj_get(root, "notices"), i, count, notice) {
        print_line("attention", eg_json_get_str(notice, "text"));
    }
}

static int run(const char *pipe, bool json)
{
    yyjson_doc *document = NULL;
    eg_buf text;

    eg_buf_init(&text, EG_FRAME_MAX);
    int status = eg_service_status(pipe, STATUS_TIMEOUT_MS, &text);
    if (status == EG_OK && !json) {
        status = eg_json_parse(eg_buf_str(&text), &document);
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    } else if (json) {
        puts(eg_buf_cstr(&text));
    } else {
        print_status(yyjson_doc_get_root(document));
    }
    yyjson_doc_free(document);
    eg_buf_done(&text);
    return status == EG_OK ? EG_EXIT_OK : EG_EXIT_INCOMPLETE;
}

int eg_command_status(int argc, char **argv)
{
    const char *pipe = NULL;
    bool json = false;
    const eg_option options[] = {
        {"--json", EG_OPTION_FLAG, &json, NULL, "the whole status as one JSON object"},
        {"--pipe", EG_OPTION_TEXT, &pipe, "NAME", "the pipe of another instance of the service"},
    };
    const eg_usage usage = {
        .command = "status",
        .arguments = "[--json]",
        .about = "Asks the service on this PC what it is doing.",
        .options = options,
        .option_count = EG_COUNT(options),
        .exit_codes = "0 the service answered, 2 wrong usage, 3 it does not run or does not answer",
    };
    eg_options_result parsed = eg_options_parse(&usage, argc, argv, NULL);
    if (parsed != EG_OPTIONS_RUN) {
        return parsed == EG_OPTIONS_HELP ? EG_EXIT_OK : EG_EXIT_USAGE;
    }
    return run(pipe, json);
}
