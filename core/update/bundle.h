/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a rule pack travels: all its files in one tar archive (tar.h), compressed by zstd. The same
 * folder gives the same archive byte for byte, on every system. On its way to PCs that have the
 * pack before, it may be a delta: what is new against the archive they hold.
 *
 * A bundle owns its archive; its files borrow from it. Nothing is ever written to disk by reading
 * one: rules are loaded from memory. One thread a bundle.
 */
#ifndef EG_UPDATE_BUNDLE_H
#define EG_UPDATE_BUNDLE_H

#include "core/base/mem.h"
#include "core/update/tar.h"

#define EG_BUNDLE_ARCHIVE_MAX (128u * 1024 * 1024)
#define EG_BUNDLE_PACKED_MAX (64u * 1024 * 1024)
#define EG_BUNDLE_SUFFIX ".tar.zst"

typedef struct eg_bundle {
    eg_buf archive;      /* the tar bytes */
    eg_pack_file *files; /* in their order */
    size_t count;
    eg_arena *arena; /* names and the list of them */
} eg_bundle;

void eg_bundle_init(eg_bundle *bundle);
void eg_bundle_done(eg_bundle *bundle); /* empty again */
/*
 * All files of a pack's folder but those whose name begins with a point. EG_E_INVALID with the name
 * of a file that cannot travel (tar.h), EG_E_LIMIT when they are too many or too large. The bundle
 * is empty after a failure, also of the others.
 */
int eg_bundle_read_folder(const char *folder, eg_bundle *out);
/* Takes over the bytes of an archive; they are gone after a failure, too. */
int eg_bundle_open(eg_buf *archive, eg_bundle *out);
/* A compressed archive, or the delta that makes one out of `old` (EG_STR_NONE: no delta). */
int eg_bundle_unpack(eg_str packed, eg_str old, eg_bundle *out);
/* Replaces what is in `out`: the archive compressed, or what is new in it against `old`. */
int eg_bundle_pack(const eg_bundle *bundle, eg_str old, eg_buf *out);
/* The file of this name, or NULL. */
const eg_pack_file *eg_bundle_find(const eg_bundle *bundle, eg_str name);

#endif
