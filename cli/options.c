/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "cli/cli.h"
#include "core/base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool list_add(eg_option_list *list, const char *item)
{
    const char **grown = eg_realloc((void *)list->items, (list->count + 1) * sizeof(*grown));
    if (!grown) {
        return false;
    }
    list->items = grown;
    list->items[list->count++] = item;
    return true;
}

void eg_options_list_done(eg_option_list *list)
{
    eg_free((void *)list->items);
    list->items = NULL;
    list->count = 0;
}

int eg_options_wrong(const eg_usage *usage, const char *format, ...)
{
    eg_buf text;
    va_list args;

    eg_buf_init(&text, 1024);
    va_start(args, format);
    eg_buf_appendv(&text, format, args);
    va_end(args);
    fprintf(stderr, "emoguard %s: ", usage->command);
    eg_cli_print(stderr, eg_buf_str(&text));
    fprintf(stderr, "\nTry `emoguard %s --help`.\n", usage->command);
    eg_buf_done(&text);
    return EG_EXIT_USAGE;
}

static void print_help(const eg_usage *usage)
{
    printf("usage: emoguard %s %s\n", usage->command, usage->arguments);
    if (usage->about) {
        printf("\n%s\n", usage->about);
    }
    printf("\noptions:\n");
    for (size_t i = 0; i < usage->option_count; i++) {
        const eg_option *option = &usage->options[i];
        char left[64];
        snprintf(left, sizeof(left), "%s %s", option->name, option->value ? option->value : "");
        printf("  %-26s %s\n", left, option->help);
    }
    printf("  %-26s %s\n", "--help", "this text");
    if (usage->exit_codes) {
        printf("\nexit codes: %s\n", usage->exit_codes);
    }
}

static const eg_option *find_option(const eg_usage *usage, eg_str name)
{
    for (size_t i = 0; i < usage->option_count; i++) {
        if (eg_str_equal(eg_str_from(usage->options[i].name), name)) {
            return &usage->options[i];
        }
    }
    return NULL;
}

/* A value may start with a single dash: "-" is standard input. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] == '-';
}

static bool set_value(const eg_usage *usage, const eg_option *option, const char *value)
{
    if (option->type == EG_OPTION_TEXT) {
        *(const char **)option->target = value;
        return true;
    }
    if (option->type == EG_OPTION_LIST) {
        return list_add(option->target, value);
    }
    if (!eg_str_to_u64(eg_str_from(value), option->target)) {
        eg_options_wrong(usage, "%s wants a number, not '%s'", option->name, value);
        return false;
    }
    return true;
}

/* Handles the option at argv[*at] with its values and advances *at to the last word used. */
static bool take_option(const eg_usage *usage, int argc, char **argv, int *at)
{
    eg_str name = eg_str_from(argv[*at]);
    const char *equals = strchr(argv[*at], '=');
    if (equals) {
        name.len = (size_t)(equals - argv[*at]);
    }
    const eg_option *option = find_option(usage, name);
    if (!option) {
        eg_options_wrong(usage, "unknown option %s", argv[*at]);
        return false;
    }
    if (option->type == EG_OPTION_FLAG) {
        if (equals) {
            eg_options_wrong(usage, "%s takes no value", option->name);
            return false;
        }
        *(bool *)option->target = true;
        return true;
    }
    if (equals) {
        return set_value(usage, option, equals + 1);
    }
    if (*at + 1 >= argc || is_option(argv[*at + 1])) {
        eg_options_wrong(usage, "%s wants %s", option->name, option->value);
        return false;
    }
    do {
        *at += 1;
        if (!set_value(usage, option, argv[*at])) {
            return false;
        }
    } while (option->type == EG_OPTION_LIST && *at + 1 < argc && !is_option(argv[*at + 1]));
    return true;
}

eg_options_result eg_options_parse(const eg_usage *usage, int argc, char **argv,
                                   eg_option_list *rest)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 ||
            strcmp(argv[i], "/?") == 0) {
            print_help(usage);
            return EG_OPTIONS_HELP;
        }
    }
    for (int i = 1; i < argc; i++) {
        if (is_option(argv[i])) {
            if (!take_option(usage, argc, argv, &i)) {
                return EG_OPTIONS_WRONG;
            }
        } else if (!rest) {
            eg_options_wrong(usage, "unexpected '%s'", argv[i]);
            return EG_OPTIONS_WRONG;
        } else if (!list_add(rest, argv[i])) {
            eg_cli_error("out of memory");
            return EG_OPTIONS_WRONG;
        }
    }
    return EG_OPTIONS_RUN;
}
