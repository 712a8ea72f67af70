/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of one TUF 1.0 repository: the workflow of specification 1.0.34, sections 5.1 to 5.7.
 * It fetches through calls of its user, so that HTTP, a file share, a courier or a test stand
 * behind, believes nothing that they bring before it is verified, and keeps what it verified in a
 * state file (state.h). Each repository (the vendor's, the site's) has a client, an installed root
 * and a state of its own. A client belongs to one thread at a time; who opened it closes it.
 */
#ifndef EG_UPDATE_CLIENT_H
#define EG_UPDATE_CLIENT_H

#include "core/update/metadata.h"

/* ---- what brings the bytes ---- */

typedef enum eg_fetch_area { EG_FETCH_METADATA, EG_FETCH_TARGET } eg_fetch_area;

typedef struct eg_fetch_request {
    eg_fetch_area area; /* which base address `path` is relative to */
    const char *path;   /* percent-encoded where it must be: "7.root.json", "rules/<hash>.x" */
    uint64_t max_bytes; /* more is EG_E_LIMIT; the client counts as well */
    bool conditional;   /* EG_FETCH_UNCHANGED may answer: the last one fetched is still trusted */
} eg_fetch_request;

/* Takes the bytes in order; anything but EG_OK ends the fetch and is returned by it. */
typedef struct eg_fetch_sink {
    void *user;
    int (*write)(void *user, const void *bytes, size_t size);
} eg_fetch_sink;

#define EG_FETCH_UNCHANGED 1

typedef struct eg_fetcher {
    void *user;
    /*
     * EG_OK: all bytes went to the sink. EG_E_NOTFOUND: the server says that there is no such file.
     * EG_FETCH_UNCHANGED: as told above. Anything else: could not be had, with a message.
     */
    int (*fetch)(void *user, const eg_fetch_request *request, const eg_fetch_sink *sink);
} eg_fetcher;

/* ---- the client ---- */

typedef struct eg_tuf_options {
    /*
     * What the specification asks: expired metadata ends the update. Without it, expiry is told
     * (eg_tuf_status.stale) and the rest goes on, since a PC with old rules is better off than one
     * with older rules.
     */
    bool expired_is_fatal;
    uint64_t root_max, timestamp_max, snapshot_max, targets_max; /* bytes of a metadata file */
    uint64_t target_max;      /* bytes of a target, whatever its metadata says */
    uint32_t roots_max;       /* new root versions in one update */
    uint32_t delegations_max; /* roles visited in search of one target */
} eg_tuf_options;

/* 256 KiB, 16 KiB, 64 KiB, 1 MiB; 64 MiB; 256; 32; expiry is told. */
void eg_tuf_options_default(eg_tuf_options *options);

typedef struct eg_tuf_settings {
    const char *state_path; /* without the ending that a generation adds; its folder exists */
    eg_str installed_root;  /* root.json as the installer or the administrator brought it */
    eg_fetcher fetcher;
    eg_tuf_options options;
} eg_tuf_settings;

/* How an update ended, for those who tell it on. */
typedef enum eg_tuf_outcome {
    EG_TUF_UP_TO_DATE,   /* and nothing new */
    EG_TUF_UPDATED,      /* new targets metadata is trusted */
    EG_TUF_UNREACHABLE,  /* the fetcher failed: network, server, proxy, a file missing */
    EG_TUF_NOT_METADATA, /* what came is no TUF metadata at all: a captive portal's page */
    EG_TUF_REFUSED,      /* metadata that must not be trusted: the message says why */
    EG_TUF_EXPIRED,      /* only with expired_is_fatal */
    EG_TUF_FAILED,       /* this machine: memory, disk */
} eg_tuf_outcome;
const char *eg_tuf_outcome_name(eg_tuf_outcome outcome); /* "up to date", "refused", ... */

typedef struct eg_tuf_status {
    eg_tuf_outcome outcome;
    uint64_t start;     /* FILETIME: what expiry was compared with */
    uint32_t stale;     /* 1 << kind of each trusted document that is expired at `start` */
    bool clock_error;   /* the local clock is behind the newest signed time */
    bool state_damaged; /* a generation of the state could not be read when it was opened */
    uint64_t version[EG_TUF_KIND_COUNT]; /* trusted now; 0: none */
    uint64_t expires[EG_TUF_KIND_COUNT]; /* FILETIME */
} eg_tuf_status;

typedef struct eg_tuf_client eg_tuf_client;

/*
 * Reads the state; without a sound one, begins with the installed root, which is verified. Another
 * installed root than the one the state began with is believed as an administrator is: it takes
 * the trusted one's place when its version is higher, and begins anew when the two have no root
 * key in common. Copies `settings` but not what its fetcher's user points to.
 */
int eg_tuf_client_open(eg_tuf_client **out, const eg_tuf_settings *settings);
void eg_tuf_client_close(eg_tuf_client *client); /* NULL-safe */

/*
 * One update of the four top-level documents. `now` is the local clock (FILETIME). What was
 * verified is on disk before the next thing is fetched; after a failure the next call goes on from
 * there. `out` is filled whatever the result; the message of a failure is eg_error_message().
 */
int eg_tuf_client_refresh(eg_tuf_client *client, uint64_t now, eg_tuf_status *out);
/* The same picture without an update. */
void eg_tuf_client_status(const eg_tuf_client *client, uint64_t now, eg_tuf_status *out);

/*
 * Timestamp metadata that came by another way, the bell for example: true in `*newer` when it is
 * properly signed and newer than the trusted one, so that an update is worth while. Changes
 * nothing.
 */
int eg_tuf_client_hint(eg_tuf_client *client, eg_str timestamp, bool *newer);

/*
 * The trusted top-level targets metadata, to choose from its list; NULL before it is trusted.
 * Valid until the next refresh or close.
 */
const eg_tuf_metadata *eg_tuf_client_targets(const eg_tuf_client *client);
/*
 * Looks for `path` in the targets metadata and through its delegations, whose metadata is fetched
 * as needed. EG_E_NOTFOUND: nobody who may speaks of it. The target lives until the next find,
 * refresh or close. Only after a refresh that succeeded: EG_E_INVALID otherwise.
 */
int eg_tuf_client_find(eg_tuf_client *client, eg_str path, const eg_tuf_target **out);
/*
 * Fetches a target and hands it on while its length and hashes are counted. EG_OK only when all
 * of it fits: until then the sink must keep it apart from what is used.
 */
int eg_tuf_client_download(eg_tuf_client *client, const eg_tuf_target *target,
                           const eg_fetch_sink *sink);

/* Each trusted metadata file, byte for byte as it came. Not EG_OK from `visit` stops. */
typedef int (*eg_tuf_visit_file)(void *user, eg_str role, eg_str bytes);
int eg_tuf_client_each_file(const eg_tuf_client *client, eg_tuf_visit_file visit, void *user);

#endif
