/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a program with as few rights as it runs with: a token without privileges, without the
 * rights of an administrator, of low integrity, and where possible with access only to what every
 * user may use; one inherited handle; a job that bounds its memory, forbids children and ends it
 * with us. What a system refuses is told. Any thread.
 */
#ifndef EG_WORKER_SANDBOX_H
#define EG_WORKER_SANDBOX_H

#include "core/base/str.h"

#include <windows.h>

#define EG_SANDBOX_TOLD_MAX 512

typedef enum eg_sandbox_rights {
    EG_SANDBOX_RESTRICTED, /* its token opens only what every user may open */
    EG_SANDBOX_LOW,        /* the account's own rights, less those of administrators */
    EG_SANDBOX_ORDINARY,   /* no token could be made or used: the rights of this program */
    EG_SANDBOX_RIGHTS_COUNT
} eg_sandbox_rights;

typedef struct eg_sandbox_options {
    const WCHAR *program;
    WCHAR *command_line;
    HANDLE inherited; /* the only one; inheritable */
    size_t memory_bytes;
    eg_sandbox_rights rights;
} eg_sandbox_options;

typedef struct eg_sandbox {
    HANDLE process, job;
    char told[EG_SANDBOX_TOLD_MAX]; /* what the system refused; "" when nothing */
} eg_sandbox;

int eg_sandbox_start(const eg_sandbox_options *options, eg_sandbox *out);
/* Ends the process, waits for that, closes the handles; harmless on zeros. */
void eg_sandbox_end(eg_sandbox *sandbox);
/* "restricted token", ... Never NULL. */
const char *eg_sandbox_rights_name(eg_sandbox_rights rights);

#endif
