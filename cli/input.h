/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file or standard input, read as bytes. Files are opened with full sharing: whoever writes one
 * may go on, cut it short or move it away while it is read. One thread; who opens closes.
 */
#ifndef EG_CLI_INPUT_H
#define EG_CLI_INPUT_H

#include "core/base/str.h"

typedef struct eg_input {
    intptr_t handle;   /* EG_INPUT_CLOSED when there is none */
    const char *path;  /* borrowed; "-" is standard input */
    bool is_file;      /* no pipe, no terminal: it has a size and can grow */
    uint64_t position; /* bytes read so far */
} eg_input;

#define EG_INPUT_CLOSED ((intptr_t)-1)

int eg_input_open(const char *path, eg_input *out);
void eg_input_close(eg_input *input); /* nothing when it is closed */
/* *got 0: the end, until somebody writes more. EG_E_CLOSED when Ctrl-C ended a wait; EG_E_IO. */
int eg_input_read(eg_input *input, void *out, size_t size, size_t *got);
/* True when the next read may have to wait until somebody writes. */
bool eg_input_may_wait(const eg_input *input);
/* Bytes in the file; 0 where nobody knows: pipes and terminals. */
uint64_t eg_input_size(const eg_input *input);
/* Its path names another file by now. */
bool eg_input_was_replaced(const eg_input *input);
int eg_input_rewind(eg_input *input);

/* From now on the first Ctrl-C only sets a flag; the second one ends the program. */
void eg_interrupt_catch(void);
bool eg_interrupted(void);

#endif
