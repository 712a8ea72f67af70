/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard check: looks at this PC, or at files: what was found, what could not be seen. */
#include "cli/check_cancel.h"
#include "cli/check_lines.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report_file.h"
#include "cli/report_format.h"
#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

#define JOBS_MAX 64
#define PATH_BYTES_MAX ((size_t)256 * 1024)

typedef struct check {
    eg_check_options options;
    bool text, json, html, quiet;
    bool as_emocheck; /* asked in its way: the report goes into a file */
    uint64_t jobs;
    const char *output, *language_code, *progress;
    eg_language language;
    eg_check_run run;
} check;

static const eg_usage usage_text = {
    .command = "check",
    .arguments = "[PATH...] [options]",
    .about =
        "Looks at this PC, without a service: what runs, what starts by itself, and the files\n"
        "that mail, browsers and loaders leave in the folders of every user, with all rules of\n"
        "a pack. With PATH it looks at those files, and at all files below folders, with the\n"
        "YARA rules. The verdict is one of three: nothing found, suspicious, or could not look\n"
        "everywhere; then it says where, why, and how to let it. EmoCheck's /quiet, /json and\n"
        "/output are taken, too.",
    .exit_codes =
        "0 nothing found, 1 suspicious, 2 wrong usage, 3 could not look everywhere and found\n"
        "nothing in the rest",
};

/* ---- options ---- */

/* As EmoCheck spells them. */
static void translate(check *c, int argc, char **argv)
{
    static char quiet[] = "--quiet", json[] = "--json", output[] = "--output";
    static const struct {
        const char *word;
        char *option;
    } words[] = {{"/quiet", quiet}, {"/json", json}, {"/output", output}};
    for (int i = 1; i < argc; i++) {
        for (size_t j = 0; j < EG_COUNT(words); j++) {
            if (eg_str_equal_nocase(eg_str_from(argv[i]), eg_str_from(words[j].word))) {
                argv[i] = words[j].option;
                c->as_emocheck = true;
            }
        }
    }
}

static int read_language(check *c, const eg_usage *usage)
{
    c->language = eg_language_of_user();
    if (c->language_code && !eg_language_from_code(eg_str_from(c->language_code), &c->language)) {
        return eg_options_wrong(usage, "there is no language '%s'", c->language_code);
    }
    return EG_EXIT_OK;
}

static int read_progress(check *c, const eg_usage *usage)
{
    eg_str form = eg_str_from(c->progress);
    if (!form.ptr) {
        bool shown = !c->quiet && eg_cli_is_terminal(stderr);
        c->options.progress = shown ? EG_CHECK_PROGRESS_LINE : EG_CHECK_PROGRESS_NONE;
    } else if (eg_str_equal(form, EG_STR("json"))) {
        c->options.progress = EG_CHECK_PROGRESS_JSON;
    } else if (eg_str_equal(form, EG_STR("none"))) {
        c->options.progress = EG_CHECK_PROGRESS_NONE;
    } else {
        return eg_options_wrong(usage, "--progress is json or none");
    }
    return EG_EXIT_OK;
}

/* EG_EXIT_OK, or the exit code. */
static int read_options(check *c, const eg_usage *usage, const eg_option_list *paths)
{
    if (c->jobs == 0 || c->jobs > JOBS_MAX) {
        return eg_options_wrong(usage, "--jobs is a number from 1 to %d", JOBS_MAX);
    }
    if (!c->output && !c->as_emocheck && (int)c->text + c->json + c->html > 1) {
        return eg_options_wrong(usage, "--text, --json or --html: one, unless there is --output");
    }
    if (c->output && !eg_dir_exists(c->output)) {
        return eg_options_wrong(usage, "there is no folder %s", c->output);
    }
    if (c->options.memory && paths->count > 0) {
        return eg_options_wrong(usage, "--memory is for the whole PC: leave out PATH");
    }
    if (paths->count == 0 && !eg_check_pc_possible()) {
        eg_cli_error("the check of a whole PC runs on Windows; here name files or folders");
        return EG_EXIT_USAGE;
    }
    c->options.jobs = (size_t)c->jobs;
    c->options.paths = paths->items;
    c->options.path_count = paths->count;
    int code = read_language(c, usage);
    return code == EG_EXIT_OK ? read_progress(c, usage) : code;
}

/* ---- the report ---- */

static int save(const check *c, eg_report_form form)
{
    eg_buf path;
    eg_buf_init(&path, PATH_BYTES_MAX);
    int status =
        eg_report_save(c->run.report, form, c->language, c->output ? c->output : ".", &path);
    if (status == EG_OK && !c->quiet) {
        fputs("report: ", stdout);
        eg_cli_print(stdout, eg_buf_str(&path));
        fputc('\n', stdout);
    }
    eg_buf_done(&path);
    return status;
}

static int save_all(const check *c)
{
    int status = c->text || (!c->json && !c->html) ? save(c, EG_REPORT_TEXT) : EG_OK;
    if (status == EG_OK && c->json) {
        status = save(c, EG_REPORT_JSON);
    }
    return status == EG_OK && c->html ? save(c, EG_REPORT_HTML) : status;
}

static int print_report(const check *c, eg_report_form form)
{
    const eg_check_report *report = c->run.report;
    eg_buf out;
    eg_buf_init(&out, EG_REPORT_BYTES_MAX);
    int status = form == EG_REPORT_JSON   ? eg_report_write_json(report, &out)
                 : form == EG_REPORT_HTML ? eg_report_write_html(report, c->language, &out)
                                          : eg_report_write_text(report, c->language, &out);
    if (status == EG_OK &&
        (fwrite(eg_buf_cstr(&out), 1, out.len, stdout) != out.len || fflush(stdout) != 0)) {
        status = eg_fail(EG_E_IO, "writing the report failed");
    }
    eg_buf_done(&out);
    return status;
}

static int tell(const check *c)
{
    bool in_files = c->output || c->as_emocheck;
    int status = EG_OK;
    if (!c->quiet && c->options.path_count > 0 && !(c->html && !in_files)) {
        status = eg_check_lines_write(&c->run, c->json && !in_files, c->language);
    } else if (!c->quiet) {
        status = print_report(c, in_files  ? EG_REPORT_TEXT
                                 : c->json ? EG_REPORT_JSON
                                 : c->html ? EG_REPORT_HTML
                                           : EG_REPORT_TEXT);
    }
    return status == EG_OK && in_files ? save_all(c) : status;
}

/* ---- the command ---- */

static int exit_code(const check *c)
{
    static const int codes[] = {EG_EXIT_OK, EG_EXIT_FOUND, EG_EXIT_INCOMPLETE};
    return codes[c->run.report->verdict];
}

static int run(check *c)
{
    int status = eg_check_cancel_on_interrupt();
    if (status == EG_OK && c->options.progress == EG_CHECK_PROGRESS_JSON) {
        status = eg_check_cancel_on_input_end();
    }
    int opened = status == EG_OK ? eg_check_run_open(&c->run, &c->options) : status;
    status = opened == EG_OK ? eg_check_run_look(&c->run) : opened;
    if (status == EG_OK) {
        status = tell(c);
    }
    if (status != EG_OK) {
        eg_cli_error("%s", eg_error_message());
    }
    int code = status == EG_OK ? exit_code(c) : EG_EXIT_INCOMPLETE;
    if (c->run.left_behind) {
        eg_cli_leave(code);
    }
    eg_check_run_close(&c->run);
    return code;
}

int eg_command_check(int argc, char **argv)
{
    static check c; /* a thread that was left behind may still look at it */
    eg_option_list paths = {NULL, 0};
    const eg_option options[] = {
        {"--rules", EG_OPTION_TEXT, &c.options.pack, "PATH",
         "pack, or folder or file of rules (rules beside emoguard.exe)"},
        {"--memory", EG_OPTION_FLAG, &c.options.memory, NULL, "the memory of programs, too"},
        {"--output", EG_OPTION_TEXT, &c.output, "DIR",
         "writes the report into a file there, COMPUTER_time_emoguard.txt"},
        {"--text", EG_OPTION_FLAG, &c.text, NULL, "lines to read (this is the default)"},
        {"--json", EG_OPTION_FLAG, &c.json, NULL,
         "for programs; of PATH one object a finding, the verdict last"},
        {"--html", EG_OPTION_FLAG, &c.html, NULL, "a page to hand on"},
        {"--lang", EG_OPTION_TEXT, &c.language_code, "CODE", "language of the report: en or ja"},
        {"--quiet", EG_OPTION_FLAG, &c.quiet, NULL, "prints nothing"},
        {"--jobs", EG_OPTION_NUMBER, &c.jobs, "N", "files at a time (one a processor)"},
        {"--fast", EG_OPTION_FLAG, &c.options.fast, NULL,
         "with the priority of any program, not behind all others"},
        {"--cache", EG_OPTION_TEXT, &c.options.cache_file, "FILE",
         "remembers clean files in it: the next check reads only what changed"},
        {"--progress", EG_OPTION_TEXT, &c.progress, "FORM",
         "json: one object a line on standard error, the end of standard input cancels; none"},
    };
    eg_usage usage = usage_text;
    usage.options = options;
    usage.option_count = EG_COUNT(options);
    memset(&c, 0, sizeof(c));
    c.jobs = eg_cpu_count() < JOBS_MAX ? eg_cpu_count() : JOBS_MAX;

    eg_log_set_level(EG_LOG_ERROR); /* what stands in the way of looking is in the report */
    translate(&c, argc, argv);
    eg_options_result parsed = eg_options_parse(&usage, argc, argv, &paths);
    int code = parsed == EG_OPTIONS_WRONG ? EG_EXIT_USAGE : EG_EXIT_OK;
    if (parsed == EG_OPTIONS_RUN) {
        code = read_options(&c, &usage, &paths);
        code = code == EG_EXIT_OK ? run(&c) : code;
    }
    eg_options_list_done(&paths);
    return code;
}
