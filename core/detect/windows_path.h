/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path as somebody wrote it (relative, with variables, with the kernel's prefixes) to the
 * file it means, without asking the system: the folders of the machine and of its users are given.
 * Pure, any thread; texts from the arena. What is written is hostile and of any length.
 */
#ifndef EG_DETECT_WINDOWS_PATH_H
#define EG_DETECT_WINDOWS_PATH_H

#include "core/base/mem.h"
#include "core/base/str.h"

#define EG_WINDOWS_PATH_MAX 4096 /* bytes of a path that is looked at */

typedef struct eg_user_folder {
    eg_str sid;
    eg_str account; /* "DOMAIN\name"; "" unknown */
    eg_str folder;  /* "C:\Users\taro" */
} eg_user_folder;

typedef struct eg_windows_folders {
    eg_str system_root; /* "C:\Windows" */
    eg_str program_files, program_files_x86, program_data;
    eg_str profiles; /* "C:\Users": where folders of users lie that are not listed */
    const eg_user_folder *users;
    size_t user_count;
} eg_windows_folders;

/* As Windows is installed on nearly every computer; no users. */
extern const eg_windows_folders eg_windows_usual_folders;

typedef enum eg_windows_path_kind {
    EG_PATH_LOCAL,
    EG_PATH_NETWORK,    /* on another computer, also behind a drive letter of "\\?\UNC\" */
    EG_PATH_UNRESOLVED, /* relative to what nobody told, a variable not known, a device */
} eg_windows_path_kind;

typedef struct eg_windows_path {
    eg_windows_path_kind kind;
    eg_str text; /* absolute, with backslashes, without "." and ".."; unresolved: as written */
} eg_windows_path;

typedef struct eg_path_context {
    const eg_windows_folders *folders;
    eg_str user_folder; /* "" unknown */
    eg_str current;     /* folder that relative paths start from; "" unknown */
} eg_path_context;

/* EG_OK or EG_E_NOMEM. */
int eg_windows_path_resolve(const eg_path_context *context, eg_str written, eg_arena *arena,
                            eg_windows_path *out);
/*
 * The folder of a user: by SID, by account, else by a path that lies in it. "" unknown. Any of
 * them may be "".
 */
eg_str eg_windows_user_folder(const eg_windows_folders *folders, eg_str user, eg_str path);

#endif
