/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one kind of tar archive that rules travel in: POSIX ustar with regular files alone, sorted,
 * and nothing in a header that could differ between two makers: owner, group and time are zero.
 * So the same files give the same bytes, any tar program reads them, and whatever else claims to be
 * an archive is refused: the reader makes the header again and compares.
 *
 * Names have parts of ASCII letters, digits, '.', '_' and '-', with '/' between, and are unique
 * without regard to case: a name that is safe here is safe on every file system. Pure functions,
 * any thread.
 */
#ifndef EG_UPDATE_TAR_H
#define EG_UPDATE_TAR_H

#include "core/base/pack_file.h"

#define EG_TAR_NAME_MAX 200
#define EG_TAR_PART_MAX 96
#define EG_TAR_PARTS_MAX 8
#define EG_TAR_FILES_MAX 50000

/* EG_E_INVALID with the reason for a name that no archive may hold. */
int eg_tar_check_name(eg_str name);
/* Less than zero when `a` comes first in an archive; zero when there is room for one of them. */
int eg_tar_compare(eg_str a, eg_str b);
/*
 * Appends a file, which has to come behind the one before it (`last`, EG_STR_NONE for the first;
 * EG_E_INVALID when it does not). The end has to follow the last file.
 */
int eg_tar_append(eg_buf *out, eg_str last, const eg_pack_file *file);
int eg_tar_end(eg_buf *out);

/* A walk over an archive; start with {.archive = bytes}. */
typedef struct eg_tar_walk {
    eg_str archive;
    size_t at, count;
    eg_str last;                   /* name */
    char room[2][EG_TAR_NAME_MAX]; /* for long names: the last one and the one before */
} eg_tar_walk;
/*
 * The next file: its text borrows from the archive, its name from archive or walk until the next
 * but one. EG_E_NOTFOUND behind the last one when the archive ends as it must; EG_E_INVALID with
 * place and reason.
 */
int eg_tar_next(eg_tar_walk *walk, eg_pack_file *file);

#endif
