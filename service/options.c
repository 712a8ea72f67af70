/* SPDX-License-Identifier: Apache-2.0 */
#include "service/options.h"

#include "core/base/status.h"
#include "core/base/str.h"
#include "core/ipc/message.h"

#include <string.h>

typedef struct command {
    const char *name;
    eg_service_command command;
} command;

static const command commands[] = {
    {"--console", EG_SERVICE_CONSOLE},
    {"--configure", EG_SERVICE_CONFIGURE},
    {"--unconfigure", EG_SERVICE_UNCONFIGURE},
    {"--purge", EG_SERVICE_PURGE},
    {"--check-config", EG_SERVICE_CHECK_CONFIG},
    {"--version", EG_SERVICE_VERSION},
    {"--help", EG_SERVICE_HELP},
    {"-h", EG_SERVICE_HELP},
    {"/?", EG_SERVICE_HELP},
};

static const char pipe_prefix[] = "\\\\.\\pipe\\";

const char *eg_service_usage(void)
{
    return "usage: emoguard-service [COMMAND] [--data DIR] [--rules PATH] [--pipe NAME]\n"
           "\n"
           "Without a command it is started by the Windows service control manager.\n"
           "  --console       run in this terminal until Ctrl-C\n"
           "  --configure     make the data folder, the event log and the failure actions\n"
           "  --unconfigure   remove the event log and the data folder, but keep the hits\n"
           "  --purge         remove the event log and the data folder with all hits\n"
           "  --check-config  read settings and rules, say what is wrong with them\n"
           "  --version       print the version\n"
           "  --help          print this\n"
           "\n"
           "  --data DIR      data folder instead of ProgramData\\EmoGuard\n"
           "  --rules PATH    rules instead of the folder rules beside the program\n"
           "  --pipe NAME     name of the pipe for trays, beginning with \\\\.\\pipe\\\n"
           "\n"
           "exit codes: 0 done, 1 failed, 2 wrong usage, 3 the service is running already,\n"
           "            4 settings or rules are wrong, 5 an administrator must do this\n";
}

static const command *find_command(const char *name)
{
    for (size_t i = 0; i < EG_COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static const char **find_value(eg_service_options *options, const char *name)
{
    if (strcmp(name, "--data") == 0) {
        return &options->data;
    }
    if (strcmp(name, "--rules") == 0) {
        return &options->rules;
    }
    return strcmp(name, "--pipe") == 0 ? &options->pipe : NULL;
}

static int check(const eg_service_options *options)
{
    if (!eg_str_starts_nocase(eg_str_from(options->pipe), eg_str_from(pipe_prefix)) ||
        strlen(options->pipe) == sizeof(pipe_prefix) - 1 || strlen(options->pipe) > 256) {
        return eg_fail(EG_E_INVALID,
                       "'%s' is no name of a pipe: it begins with %s and has at most "
                       "256 characters",
                       options->pipe, pipe_prefix);
    }
    if ((options->data && !*options->data) || (options->rules && !*options->rules)) {
        return eg_fail(EG_E_INVALID, "a path must not be empty");
    }
    return EG_OK;
}

int eg_service_options_parse(int count, const char *const *arguments, eg_service_options *out)
{
    eg_service_options options = {EG_SERVICE_RUN, NULL, NULL, EG_PIPE_NAME};
    const char *chosen = NULL;
    for (int i = 0; i < count; i++) {
        const char *name = arguments[i];
        const command *found = find_command(name);
        const char **value = find_value(&options, name);
        if (found && chosen) {
            return eg_fail(EG_E_INVALID, "%s and %s do not go together", chosen, name);
        }
        if (found) {
            options.command = found->command;
            chosen = name;
        } else if (value && i + 1 < count) {
            *value = arguments[++i];
        } else {
            return eg_fail(EG_E_INVALID, value ? "%s needs a value" : "unknown option '%s'", name);
        }
    }
    int status = check(&options);
    if (status == EG_OK) {
        *out = options;
    }
    return status;
}

eg_service_exit eg_service_exit_from_status(int status)
{
    switch (status) {
    case EG_OK: return EG_SERVICE_EXIT_OK;
    case EG_E_EXISTS: return EG_SERVICE_EXIT_RUNNING;
    case EG_E_DENIED: return EG_SERVICE_EXIT_DENIED;
    default: return EG_SERVICE_EXIT_FAILED;
    }
}
