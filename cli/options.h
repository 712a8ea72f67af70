/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of one command as a table, from which both parsing and --help are made. Values point
 * into argv. Long options only: --name, --name VALUE, --name=VALUE, and lists --name A B C.
 */
#ifndef EG_CLI_OPTIONS_H
#define EG_CLI_OPTIONS_H

#include "core/base/str.h"

typedef struct eg_option_list {
    const char **items; /* grown by the parser, freed with eg_options_list_done */
    size_t count;
} eg_option_list;

typedef enum eg_option_type {
    EG_OPTION_FLAG,   /* bool */
    EG_OPTION_TEXT,   /* const char * */
    EG_OPTION_NUMBER, /* uint64_t */
    EG_OPTION_LIST,   /* eg_option_list: one or more values */
} eg_option_type;

typedef struct eg_option {
    const char *name; /* "--rules" */
    eg_option_type type;
    void *target;
    const char *value; /* "PATH..." for --help; NULL for a flag */
    const char *help;
} eg_option;

typedef struct eg_usage {
    const char *command;   /* "hunt" */
    const char *arguments; /* "--rules PATH... --events FILE [options]" */
    const char *about;     /* a paragraph, or NULL */
    const eg_option *options;
    size_t option_count;
    const char *exit_codes; /* a paragraph, or NULL */
} eg_usage;

typedef enum eg_options_result {
    EG_OPTIONS_RUN,   /* go on */
    EG_OPTIONS_HELP,  /* --help was asked for and printed: exit 0 */
    EG_OPTIONS_WRONG, /* said on standard error: exit EG_EXIT_USAGE */
} eg_options_result;

/*
 * argv[0] is the command itself. Words that are not options go to `rest` (may be NULL: then they
 * are an error), to be freed with eg_options_list_done.
 */
eg_options_result eg_options_parse(const eg_usage *usage, int argc, char **argv,
                                   eg_option_list *rest);
void eg_options_list_done(eg_option_list *list);
/* "emoguard hunt: --events is missing" and how to get help; returns EG_EXIT_USAGE. */
int eg_options_wrong(const eg_usage *usage, const char *format, ...) EG_PRINTF(2, 3);

#endif
