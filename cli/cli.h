/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emoguard, the command line: what every command shares. Each command is one file
 * command_<name>.c with eg_command_<name>() and a line in commands.def. Single-threaded; a command
 * prints its results to standard output, everything else to standard error.
 */
#ifndef EG_CLI_CLI_H
#define EG_CLI_CLI_H

#include "core/store/store.h"

#include <stdio.h>

enum {
    EG_EXIT_OK = 0,         /* done; for checks: nothing found */
    EG_EXIT_FOUND = 1,      /* a check found something, or a test failed */
    EG_EXIT_USAGE = 2,      /* wrong usage: nothing was done */
    EG_EXIT_INCOMPLETE = 3, /* could not do, read or look at everything; standard error says what */
};

#define COMMAND(name, summary) int eg_command_##name(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

/* Runs the command line; argv is UTF-8. Returns the exit code. */
int eg_cli_main(int argc, char **argv);

/* "emoguard: <text>" on standard error, fit for a terminal. */
void eg_cli_error(const char *format, ...) EG_PRINTF(1, 2);
/* Text from outside on a stream: control and direction characters are made visible. */
void eg_cli_print(FILE *stream, eg_str text);
/* The same, cut to `width` terminal columns (East Asian wide characters count two) and padded. */
void eg_cli_print_column(FILE *stream, eg_str text, size_t width);
/* Both for a buffer: cut and padded, or only cut. */
void eg_cli_append_column(eg_buf *out, eg_str text, size_t width);
void eg_cli_append_cut(eg_buf *out, eg_str text, size_t width);
bool eg_cli_is_terminal(FILE *stream);
/* Opens a file by its UTF-8 path ("rb", "wb"); NULL with the error message set. */
FILE *eg_cli_open(const char *path, const char *mode);

/* Calls `call` on a thread or in a handler of the system's when somebody presses Ctrl-C. */
int eg_cli_on_interrupt(void (*call)(void));
void eg_cli_wait_input_end(void); /* reads standard input, and forgets it, until it ends */
/* Ends the process at once, whatever its other threads do; what was printed is printed. */
void eg_cli_leave(int code);

/* Opens this database, or (NULL) the service's own, for reading; close with eg_store_close. */
int eg_cli_open_database(const char *path, eg_store **out);
/*
 * Has the service of this PC close an incident. EG_E_UNSUPPORTED with its reason when it refuses,
 * or where there is no service.
 */
int eg_cli_resolve(int64_t incident_id);
/*
 * Has the service make an exception, or revoke one: as above. *id is the number of the new one. The
 * JSON is that of eg_exception_write_json.
 */
int eg_cli_except(eg_str json, int64_t *id);
int eg_cli_revoke_exception(int64_t id);
/* Where the service keeps its database on this system; EG_E_UNSUPPORTED where there is none. */
int eg_cli_default_database(eg_buf *out);
/* The pack that was installed with this program; the same. */
int eg_cli_default_rules(eg_buf *out);
/* The scan worker that was installed with this program, whether or not it is there; the same. */
int eg_cli_scan_worker(eg_buf *out);

#endif
