/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command for administrators needs of the system beside files: a line that is typed without
 * being shown, a file for its owner alone, a command of the administrator. terminal_posix.c and
 * win32/terminal_win32.c. Main thread only.
 */
#ifndef EG_CLI_TERMINAL_H
#define EG_CLI_TERMINAL_H

#include "core/base/str.h"

/*
 * Shows `prompt` on the terminal and appends what is typed there up to Enter, unseen, whatever the
 * standard streams are. EG_E_UNSUPPORTED: there is no terminal.
 */
int eg_terminal_ask_secret(const char *prompt, eg_buf *out);
/* As eg_file_write_new; on POSIX only its owner may read it, on Windows the folder says who. */
int eg_private_file_write(const char *path, const void *data, size_t size);
/* Runs a line of the shell (/bin/sh, cmd.exe). EG_E_IO when it does not end with 0. */
int eg_shell_run(const char *line);
/* Appends `text` as one word of such a line; EG_E_INVALID for what cannot be quoted. */
int eg_shell_append_word(eg_buf *line, const char *text);

#endif
