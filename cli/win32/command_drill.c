/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard drill: plays a harmless infection chain and looks whether the alarm was raised. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/win32/drill_traces.h"
#include "cli/win32/service_client.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#define CHAIN_TIMEOUT_MS 60000
#define HITS_TIMEOUT_MS 15000
#define POLL_MS 100
#define STATUS_TIMEOUT_MS 3000

/*
 * What each step leaves in a hit: how the kind of event begins, and a part of the program or of the
 * target. A task may be seen as registered or, when the scheduler writes it in two goes, as
 * updated.
 */
typedef struct step {
    const char *kind;
    const char *part;
    const char *text;
} step;

static const step steps[] = {
    {"process_start", "\\winword.exe", "Office program in a user folder"},
    {"process_start", "\\powershell.exe", "encoded PowerShell, started by Office"},
    {"process_start", "\\regsvr32.exe", "regsvr32 on a DLL in AppData"},
    {"registry_set", "EmoGuardDrill", "Run value that loads the DLL"},
    {"task_", "EmoGuardDrill", "scheduled task that loads the DLL"},
};

typedef struct drill {
    const char *pipe;
    uint64_t hold_seconds;
    bool clean_only;
    eg_drill_paths paths;
    uint64_t start_ns;
    HANDLE job;       /* ends every stand-in with us, however we end */
    bool service;     /* it answered before the drill began */
    uint64_t last_id; /* newest hit before the drill */
    bool seen[EG_COUNT(steps)];
} drill;

static volatile LONG interrupted;

static BOOL WINAPI on_console(DWORD event)
{
    EG_UNUSED(event);
    InterlockedExchange(&interrupted, 1);
    /* Closing the console gives us a few seconds: the main thread uses them to clean up. */
    if (event == CTRL_CLOSE_EVENT || event == CTRL_LOGOFF_EVENT || event == CTRL_SHUTDOWN_EVENT) {
        eg_thread_sleep_ms(4000);
    }
    return TRUE;
}

static bool wait_or_interrupted(uint32_t milliseconds)
{
    uint64_t end = eg_clock_monotonic_ns() + (uint64_t)milliseconds * 1000000;
    while (!interrupted && eg_clock_monotonic_ns() < end) {
        eg_thread_sleep_ms(50);
    }
    return interrupted != 0;
}

static void say(const drill *d, const char *text)
{
    uint64_t ms = (eg_clock_monotonic_ns() - d->start_ns) / 1000000;
    printf("%3llu.%03llu s  %s\n", (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000),
           text);
    fflush(stdout);
}

static int read_status(const drill *d, yyjson_doc **document)
{
    eg_buf json;
    eg_buf_init(&json, EG_FRAME_MAX);
    int status = eg_service_status(d->pipe, STATUS_TIMEOUT_MS, &json);
    if (status == EG_OK) {
        status = eg_json_parse(eg_buf_str(&json), document);
    }
    eg_buf_done(&json);
    return status;
}

static yyjson_val *recent_hits(yyjson_doc *document)
{
    return yyjson_obj_get(yyjson_doc_get_root(document), "recent_hits");
}

static void look_before(drill *d)
{
    yyjson_doc *document = NULL;
    d->service = read_status(d, &document) == EG_OK;
    if (!d->service) {
        eg_cli_error("%s. The chain is played all the same; nobody will raise the alarm.",
                     eg_error_message());
        return;
    }
    yyjson_val *newest = yyjson_arr_get_first(recent_hits(document));
    d->last_id = eg_json_get_u64(newest, "id", 0);
    yyjson_doc_free(document);
}

/* The stand-ins join the job before their first instruction runs. */
static int start_chain(drill *d, HANDLE *process)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION info;
    eg_buf command;

    eg_buf_init(&command, 32768);
    int status = eg_buf_appendf(&command, "\"%s\" /n \"\xE8\xAB\x8B\xE6\xB1\x82\xE6\x9B\xB8.docm\"",
                                eg_buf_cstr(&d->paths.first_stage));
    uint16_t *program = eg_utf16_copy(eg_buf_str(&d->paths.first_stage));
    uint16_t *line = status == EG_OK ? eg_utf16_copy(eg_buf_str(&command)) : NULL;
    if (!program || !line) {
        status = eg_fail(EG_E_NOMEM, "out of memory");
    } else if (!CreateProcessW((LPCWSTR)program, (LPWSTR)line, NULL, NULL, FALSE,
                               CREATE_SUSPENDED | CREATE_NO_WINDOW, NULL, NULL, &startup, &info)) {
        status = eg_fail_os(GetLastError(), "start %s", eg_buf_cstr(&d->paths.first_stage));
    } else {
        AssignProcessToJobObject(d->job, info.hProcess);
        ResumeThread(info.hThread);
        CloseHandle(info.hThread);
        *process = info.hProcess;
    }
    eg_free(line);
    eg_free(program);
    eg_buf_done(&command);
    return status;
}

static int wait_for_chain(HANDLE process)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * CHAIN_TIMEOUT_MS;
    DWORD code = 0;
    while (WaitForSingleObject(process, POLL_MS) == WAIT_TIMEOUT) {
        if (interrupted) {
            return eg_fail(EG_E_CLOSED, "interrupted");
        }
        if (eg_clock_monotonic_ns() > end) {
            return eg_fail(EG_E_TIMEOUT, "the stand-ins did not end within %d s",
                           CHAIN_TIMEOUT_MS / 1000);
        }
    }
    if (!GetExitCodeProcess(process, &code) || code != 0) {
        return eg_fail(EG_E_IO,
                       "a stand-in failed (exit code %lu): another protection may have "
                       "stopped it",
                       (unsigned long)code);
    }
    return EG_OK;
}

static int play(drill *d)
{
    HANDLE process = NULL;
    int status = eg_drill_place_files(&d->paths);
    if (status != EG_OK) {
        return status;
    }
    say(d, "harmless stand-ins and library placed under AppData");
    status = start_chain(d, &process);
    if (status != EG_OK) {
        return status;
    }
    say(d, "winword.exe -> powershell.exe (encoded) -> regsvr32.exe on a DLL in AppData");
    status = eg_drill_set_run_value(&d->paths);
    if (status == EG_OK) {
        say(d, "Run value EmoGuardDrill written");
        status = eg_drill_register_task(&d->paths);
    }
    if (status == EG_OK) {
        say(d, "scheduled task \\EmoGuardDrill registered");
        status = wait_for_chain(process);
    }
    CloseHandle(process);
    if (status == EG_OK) {
        say(d, "the chain has run to its end");
    }
    return status;
}

static bool contains(eg_str text, const char *part)
{
    eg_str wanted = eg_str_from(part);
    for (size_t i = 0; i + wanted.len <= text.len; i++) {
        if (eg_str_equal_nocase((eg_str){text.ptr + i, wanted.len}, wanted)) {
            return true;
        }
    }
    return false;
}

static bool is_step(const step *expected, yyjson_val *hit)
{
    return eg_str_starts_nocase(eg_json_get_str(hit, "kind"), eg_str_from(expected->kind)) &&
           (contains(eg_json_get_str(hit, "program"), expected->part) ||
            contains(eg_json_get_str(hit, "target"), expected->part));
}

/* Marks the steps that have raised the alarm; true when all have. */
static bool look(drill *d, yyjson_doc *document)
{
    yyjson_val *hit;
    size_t i, count;
    bool all = true;
    yyjson_arr_foreach(recent_hits(document), i, count, hit) {
        for (size_t j = 0; j < EG_COUNT(steps); j++) {
            if (eg_json_get_u64(hit, "id", 0) > d->last_id && is_step(&steps[j], hit)) {
                d->seen[j] = true;
            }
        }
    }
    for (size_t j = 0; j < EG_COUNT(steps); j++) {
        all = all && d->seen[j];
    }
    return all;
}

static int tell_result(const drill *d, bool all)
{
    say(d, all ? "every step raised the alarm:" : "NOT every step raised the alarm:");
    for (size_t i = 0; i < EG_COUNT(steps); i++) {
        printf("             %-8s %s\n", d->seen[i] ? "seen" : "MISSED", steps[i].text);
    }
    return all ? EG_EXIT_OK : EG_EXIT_FOUND;
}

/* Waits until every step was seen, or time is up; the exit code of the drill. */
static int look_after(drill *d)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * HITS_TIMEOUT_MS;
    bool all = false;
    do {
        yyjson_doc *document = NULL;
        int status = read_status(d, &document);
        if (status != EG_OK) {
            eg_cli_error("%s", eg_error_message());
            return EG_EXIT_INCOMPLETE;
        }
        all = look(d, document);
        yyjson_doc_free(document);
    } while (!all && eg_clock_monotonic_ns() < end && !wait_or_interrupted(POLL_MS));
    return tell_result(d, all);
}

static int prepare(drill *d)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    int status = eg_drill_paths_init(&d->paths);
    if (status != EG_OK) {
        return status;
    }
    memset(&limits, 0, sizeof(limits));
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    d->job = CreateJobObjectW(NULL, NULL);
    if (!d->job || !SetInformationJobObject(d->job, JobObjectExtendedLimitInformation, &limits,
                                            sizeof(limits))) {
        return eg_fail_os(GetLastError(), "prepare a job for the stand-ins");
    }
    SetConsoleCtrlHandler(on_console, TRUE);
    return EG_OK;
}

static int run(drill *d)
{
    int code = EG_EXIT_INCOMPLETE;
    d->start_ns = eg_clock_monotonic_ns();
    int status = prepare(d);
    if (status == EG_OK) {
        status = eg_drill_clean(&d->paths); /* what an interrupted drill may have left */
    }
    if (status == EG_OK && d->clean_only) {
        say(d, "nothing of a drill is left on this PC");
        return EG_EXIT_OK;
    }
    if (status == EG_OK) {
        look_before(d);
        status = play(d);
        if (status == EG_OK && d->service) {
            code = look_after(d);
        }
        if (status == EG_OK && d->hold_seconds > 0) {
            wait_or_interrupted((uint32_t)(d->hold_seconds * 1000));
        }
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    if (d->job) {
        TerminateJobObject(d->job, 1);
    }
    if (eg_drill_clean(&d->paths) == EG_OK) {
        say(d, "cleaned up");
    } else {
        eg_cli_error("%s. `emoguard drill --clean` tries again.", eg_error_message());
        code = EG_EXIT_INCOMPLETE;
    }
    return interrupted ? EG_EXIT_INCOMPLETE : code;
}

int eg_command_drill(int argc, char **argv)
{
    drill d = {.job = NULL};
    const eg_option options[] = {
        {"--clean", EG_OPTION_FLAG, &d.clean_only, NULL,
         "only remove what an interrupted drill left"},
        {"--hold", EG_OPTION_NUMBER, &d.hold_seconds, "SECONDS",
         "leave everything in place so long before cleaning up"},
        {"--pipe", EG_OPTION_TEXT, &d.pipe, "NAME", "the pipe of another instance of the service"},
    };
    const eg_usage usage = {
        .command = "drill",
        .arguments = "[--hold SECONDS] | --clean",
        .about =
            "Plays a harmless copy of an infection: small programs of EmoGuard under the names\n"
            "winword.exe, powershell.exe and regsvr32.exe start each other and load a library of\n"
            "ours from AppData; a Run value and a scheduled task EmoGuardDrill point to it.\n"
            "Everything is removed again, also after Ctrl-C. The alarm must go off at each step.",
        .options = options,
        .option_count = EG_COUNT(options),
        .exit_codes =
            "0 every step raised the alarm, 1 some did not, 2 wrong usage, 3 the drill could "
            "not be played or the service did not answer",
    };
    eg_options_result parsed = eg_options_parse(&usage, argc, argv, NULL);
    if (parsed != EG_OPTIONS_RUN) {
        return parsed == EG_OPTIONS_HELP ? EG_EXIT_OK : EG_EXIT_USAGE;
    }
    if (d.hold_seconds > 3600) {
        return eg_options_wrong(&usage, "--hold is at most 3600 seconds");
    }
    int code = run(&d);
    if (d.job) {
        CloseHandle(d.job);
    }
    eg_drill_paths_done(&d.paths);
    return code;
}
