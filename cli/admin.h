/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs of `emoguard admin` share: where the repository and the keys are, which time it
 * is, and how an end is told. Each verb is eg_admin_<verb>() in admin_<verb>.c (several small ones
 * may share a file); argv[0] is the verb, it returns an exit code. Main thread only.
 */
#ifndef EG_CLI_ADMIN_H
#define EG_CLI_ADMIN_H

#include "cli/options.h"
#include "core/update/publication.h"

int eg_admin_init(int argc, char **argv);
int eg_admin_add(int argc, char **argv);
int eg_admin_publish(int argc, char **argv);
int eg_admin_refresh(int argc, char **argv);
int eg_admin_rollback(int argc, char **argv);
int eg_admin_halt(int argc, char **argv);
int eg_admin_verify(int argc, char **argv);
int eg_admin_keys(int argc, char **argv);

typedef struct eg_admin {
    const char *dir;
    eg_option_list key_folders;
    const char *passphrase_file, *time;
    uint64_t days[EG_TUF_KIND_COUNT];
    const char *to, *upload, *bell_command;
    bool yes;
    uint64_t now;           /* of eg_admin_start, whole seconds */
    eg_buf last_passphrase; /* tried first for the next key */
} eg_admin;

#define EG_ADMIN_DEFAULTS \
    { \
        .days = { 730, 14, 30, 180 } \
    }

/* Rows of an options table. */
#define EG_ADMIN_PLACE(a) \
    {"--dir", EG_OPTION_TEXT, &(a)->dir, "REPO", "folder of the repository"}, \
    { \
        "--time", EG_OPTION_TEXT, &(a)->time, "TIME", "2026-11-23T12:00:00Z instead of now" \
    }
#define EG_ADMIN_SIGNING(a) \
    {"--keys", EG_OPTION_LIST, &(a)->key_folders, "DIR...", "folders with key files"}, \
        {"--passphrase-file", EG_OPTION_TEXT, &(a)->passphrase_file, "FILE", \
         "instead of asking; also EMOGUARD_PASSPHRASE"}, \
        {"--root-days", EG_OPTION_NUMBER, &(a)->days[EG_TUF_ROOT], "N", "validity of root (730)"}, \
        {"--targets-days", EG_OPTION_NUMBER, &(a)->days[EG_TUF_TARGETS], "N", "of targets (180)"}, \
        {"--snapshot-days", EG_OPTION_NUMBER, &(a)->days[EG_TUF_SNAPSHOT], "N", \
         "of snapshot (30)"}, \
    { \
        "--timestamp-days", EG_OPTION_NUMBER, &(a)->days[EG_TUF_TIMESTAMP], "N", \
            "of timestamp (14)" \
    }
#define EG_ADMIN_SENDING(a) \
    {"--to", EG_OPTION_TEXT, &(a)->to, "DIR", "copy what is new there, in a safe order"}, \
        {"--upload", EG_OPTION_TEXT, &(a)->upload, "COMMAND", \
         "run it for each new file; {file} and {path} stand for it"}, \
    { \
        "--bell-command", EG_OPTION_TEXT, &(a)->bell_command, "COMMAND", \
            "run it at the end; {file} stands for timestamp.json" \
    }

/* After parsing: --dir is there, the time and the days are. EG_EXIT_OK, or what to return. */
int eg_admin_start(eg_admin *a, const eg_usage *usage);
/* Frees; tells of a failure. EG_EXIT_OK or EG_EXIT_INCOMPLETE. */
int eg_admin_end(eg_admin *a, int status);
/* EG_OK after --yes or a "y" on standard input; else EG_E_CLOSED. */
int eg_admin_confirm(const eg_admin *a, const char *question);

/* admin_send.c: brings what is new in the repository where PCs find it, as was asked for. */
int eg_admin_send(const eg_admin *a, const eg_publication *publication);
/* admin_publish.c: signs with the keys that are at hand, prints what was written. */
int eg_admin_sign(eg_admin *a, eg_publication *publication, bool targets);
/* The whole of `publish` (with `targets`) or `refresh`: opens the repository, signs and sends. */
int eg_admin_sign_and_send(eg_admin *a, bool targets);

#endif
