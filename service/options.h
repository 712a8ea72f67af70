/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of emoguard-service.exe. Parsed once on the main thread; the texts borrow from
 * the arguments.
 */
#ifndef EG_SERVICE_OPTIONS_H
#define EG_SERVICE_OPTIONS_H

#include <stdbool.h>

typedef enum eg_service_command {
    EG_SERVICE_RUN,          /* by the service control manager */
    EG_SERVICE_CONSOLE,      /* in a terminal */
    EG_SERVICE_CONFIGURE,    /* folders, failure actions, event log */
    EG_SERVICE_UNCONFIGURE,  /* remove what --configure made and all data but the hits */
    EG_SERVICE_PURGE,        /* the same, and the hits too */
    EG_SERVICE_CHECK_CONFIG, /* settings and rules */
    EG_SERVICE_VERSION,
    EG_SERVICE_HELP,
} eg_service_command;

/* What the process tells its caller. */
typedef enum eg_service_exit {
    EG_SERVICE_EXIT_OK = 0,
    EG_SERVICE_EXIT_FAILED = 1,
    EG_SERVICE_EXIT_USAGE = 2,
    EG_SERVICE_EXIT_RUNNING = 3, /* another service works on the same data */
    EG_SERVICE_EXIT_CONFIG = 4,  /* --check-config found something wrong */
    EG_SERVICE_EXIT_DENIED = 5,  /* needs an administrator */
} eg_service_exit;

typedef struct eg_service_options {
    eg_service_command command;
    const char *data;  /* NULL: the default folder */
    const char *rules; /* NULL: beside the program */
    const char *pipe;  /* never NULL */
} eg_service_options;

/* `arguments` without the program's name. EG_E_INVALID with the reason. */
int eg_service_options_parse(int count, const char *const *arguments, eg_service_options *out);
const char *eg_service_usage(void);
eg_service_exit eg_service_exit_from_status(int status);

#endif
