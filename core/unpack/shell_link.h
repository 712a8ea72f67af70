/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortcuts (.lnk) as MS-SHLLINK describes them: what one would start. Anybody can hand a shortcut
 * to a user, and known attacks use ones that break the rules; every length is checked, and what
 * can be read of a damaged one is told. Pure function, any thread.
 */
#ifndef EG_UNPACK_SHELL_LINK_H
#define EG_UNPACK_SHELL_LINK_H

#include "core/base/str.h"

/* Longest file that is read; real shortcuts have 1 to 4 KiB, padded attacks stay below this. */
#define EG_SHELL_LINK_MAX (1024u * 1024)

typedef struct eg_shell_link {
    eg_buf target;            /* full path; where only a relative one is there, that */
    eg_buf arguments;         /* as passed to the target, also what Explorer does not show */
    eg_buf working_directory; /* "" when it has none */
    eg_buf icon;              /* where its picture comes from, "" for the target's own */
} eg_shell_link;

void eg_shell_link_init(eg_shell_link *link);
void eg_shell_link_done(eg_shell_link *link);
/*
 * Fills `link`, which was initialised. EG_E_INVALID when it is no shortcut or ends early: what was
 * read until then is kept. Texts in a code page are taken as UTF-8, other bytes of them become
 * U+FFFD.
 */
int eg_shell_link_parse(const void *bytes, size_t size, eg_shell_link *link);

#endif
