/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program, file or command line is, in the terms of an alert's chain: the mail program, the
 * document, the commands, the unknown part. The table is programs.def. Pure; texts borrow.
 */
#ifndef EG_DETECT_ROLE_H
#define EG_DETECT_ROLE_H

#include "core/event/event.h"

typedef enum eg_role {
#define ROLE(id, name) EG_ROLE_##id,
#include "core/detect/roles.def"
#undef ROLE
    EG_ROLE_COUNT,
} eg_role;

const char *eg_role_name(eg_role role); /* "office" */
bool eg_role_from_name(eg_str name, eg_role *out);

/* By its file name, then by its extension; EG_ROLE_PROGRAM for what the table does not know. */
eg_role eg_role_of_file(eg_str path);

/* What an event of this kind makes of the place it names: a value, task, service or file. */
eg_role eg_role_of_place(eg_kind kind, eg_str target);

/* The path of the program in "path" or "command with arguments", with or without quotes. */
eg_str eg_command_program(eg_str command);
/* The file a command line hands to its program (a DLL, script or document); EG_STR_NONE if none. */
eg_str eg_command_file(eg_str command);

#endif
