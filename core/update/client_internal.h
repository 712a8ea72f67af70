/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the client's parts: client.c, client_open.c, client_fetch.c, client_targets.c. */
#ifndef EG_UPDATE_CLIENT_INTERNAL_H
#define EG_UPDATE_CLIENT_INTERNAL_H

#include "core/update/client.h"
#include "core/update/state.h"

struct eg_tuf_client {
    eg_fetcher fetcher;
    eg_tuf_options options;
    char *state_path;
    eg_tuf_state state;
    bool state_damaged;
    /* Verified; each stands for the file of its name in the state. NULL: none is trusted. */
    eg_tuf_metadata *trusted[EG_TUF_KIND_COUNT];
    eg_tuf_metadata *found_in; /* the delegated role that the target found last belongs to */
    uint64_t start;            /* FILETIME of the update, fixed at its start */
    bool refreshed;            /* the last update succeeded */
    eg_tuf_outcome outcome;
};

/* Records how the update ended (memory that ran out is never the repository's fault); returns
 * `status`. */
int eg_tuf_end(eg_tuf_client *client, eg_tuf_outcome outcome, int status);

/* ---- client_fetch.c ---- */

/* Bytes of an encoded path. */
#define EG_TUF_PATH_MAX (4 * EG_TUF_NAME_MAX)
/* All but the unreserved characters of RFC 3986 become %XX; '/' stays in what is a path. */
int eg_tuf_append_encoded(eg_buf *out, eg_str text, bool is_path);

/*
 * Fetches a metadata file whole into `out`. Anything but EG_OK, EG_E_NOTFOUND and
 * EG_FETCH_UNCHANGED has ended the update.
 */
int eg_tuf_fetch_metadata(eg_tuf_client *client, const char *path, uint64_t max, bool conditional,
                          eg_buf *out);
/* The metadata of role `name` that `meta` tells of, at most `max` bytes. */
int eg_tuf_fetch_listed(eg_tuf_client *client, eg_str name, const eg_tuf_meta *meta, uint64_t max,
                        eg_buf *out);
/* False for an error page and the like. */
bool eg_tuf_looks_signed(eg_str bytes);
/* Reads what was fetched; a failure has ended the update. */
int eg_tuf_read_fetched(eg_tuf_client *client, eg_tuf_kind kind, eg_str bytes,
                        eg_tuf_metadata **out);
/* `bytes` against the length and the hashes that `meta` gives, if any. */
bool eg_tuf_meta_fits(const eg_tuf_meta *meta, eg_str bytes);
int eg_tuf_check_meta(const eg_tuf_meta *meta, eg_str bytes);

/* ---- client.c and client_targets.c ---- */

eg_str eg_tuf_name_of(eg_tuf_kind kind);
/* Puts `metadata`, or nothing, in the place of what was trusted in memory. */
void eg_tuf_trust(eg_tuf_client *client, eg_tuf_kind kind, eg_tuf_metadata *metadata);
/* Makes `metadata`, which came as `bytes`, the trusted one, also on disk. Takes it in any case. */
int eg_tuf_accept(eg_tuf_client *client, eg_tuf_metadata *metadata, eg_str bytes);
/*
 * The same for a root. Recovery from a fast-forward attack (5.3.11): when the keys of timestamp or
 * snapshot change, the versions that the old keys drove up count no more. One step on disk.
 */
int eg_tuf_accept_root(eg_tuf_client *client, eg_tuf_metadata *root, eg_str bytes);
/* Drops what is not signed as the trusted root demands. */
void eg_tuf_revalidate(eg_tuf_client *client);

/* Form, hashes, signatures, version and age: 5.5 and 5.6, for a snapshot or any targets role. */
int eg_tuf_check_listed(eg_tuf_client *client, eg_tuf_kind kind, eg_str name,
                        const eg_tuf_meta *meta, const eg_tuf_role *role, eg_str bytes,
                        eg_tuf_metadata **out);
/* Drops kept delegated metadata that the snapshot does not list any more. */
void eg_tuf_prune(eg_tuf_client *client);

#endif
