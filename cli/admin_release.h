/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a bundle into the next publication: its file, deltas against the bundles before it, its
 * entry, and which of the older packs stay listed. Main thread.
 */
#ifndef EG_CLI_ADMIN_RELEASE_H
#define EG_CLI_ADMIN_RELEASE_H

#include "cli/admin.h"
#include "core/update/bundle.h"

typedef struct eg_release_order {
    eg_release release;        /* all but target, name, archive */
    eg_option_list delta_from; /* serials; none: the last three that are stored */
    uint64_t drop_above;       /* packs with a higher serial are listed no longer; 0: no such */
} eg_release_order;

/* Bundles of this repository lie at targets/rules/<hash>.<serial>.tar.zst. */
#define EG_RELEASE_FOLDER "rules"

/* The highest serial that was ever stored; 0: none. */
int eg_release_newest(const eg_publication *publication, uint64_t *serial);
/* The stored bundle, whole and compared with its hash. EG_E_NOTFOUND when there is none. */
int eg_release_open(const eg_publication *publication, uint64_t serial, eg_bundle *out);
/* The release with the highest serial in this targets metadata; EG_E_NOTFOUND: there is none. */
int eg_release_latest(const eg_tuf_metadata *targets, eg_release *out);
/*
 * Stores and drafts. Older packs stay listed down to the first that everybody may run at `now`: a
 * PC whose turn has not come goes on with that one, one that cannot use the new pack returns to it.
 */
int eg_release_put(const eg_admin *a, eg_publication *publication, const eg_bundle *bundle,
                   const eg_release_order *order);
/* Drafts the published targets without packs from this serial on (and what leads to them). */
int eg_release_drop(eg_publication *publication, uint64_t serial);

#endif
