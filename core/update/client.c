/* SPDX-License-Identifier: Apache-2.0 */
/* One update: root chain, timestamp, snapshot, targets (specification 1.0.34, 5.1 to 5.6). */
#include "core/update/client_internal.h"

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/update/signature.h"

#include <inttypes.h>

void eg_tuf_options_default(eg_tuf_options *options)
{
    *options = (eg_tuf_options){
        .root_max = 256 * 1024,
        .timestamp_max = 16 * 1024,
        .snapshot_max = 64 * 1024,
        .targets_max = 1024 * 1024,
        .target_max = 64 * 1024 * 1024,
        .roots_max = 256,
        .delegations_max = 32,
    };
}

const char *eg_tuf_outcome_name(eg_tuf_outcome outcome)
{
    switch (outcome) {
    case EG_TUF_UP_TO_DATE: return "up to date";
    case EG_TUF_UPDATED: return "updated";
    case EG_TUF_UNREACHABLE: return "unreachable";
    case EG_TUF_NOT_METADATA: return "not metadata";
    case EG_TUF_REFUSED: return "refused";
    case EG_TUF_EXPIRED: return "expired";
    default: return "failed";
    }
}

eg_str eg_tuf_name_of(eg_tuf_kind kind)
{
    return eg_str_from(eg_tuf_kind_name(kind));
}

/* Who may sign top-level metadata of this kind. */
static const eg_tuf_role *role_of(const eg_tuf_client *client, eg_tuf_kind kind)
{
    return &client->trusted[EG_TUF_ROOT]->roles[kind];
}

void eg_tuf_trust(eg_tuf_client *client, eg_tuf_kind kind, eg_tuf_metadata *metadata)
{
    eg_tuf_metadata_destroy(client->trusted[kind]);
    client->trusted[kind] = metadata;
}

static void forget(eg_tuf_client *client, eg_tuf_kind kind)
{
    eg_tuf_trust(client, kind, NULL);
    eg_tuf_state_remove(&client->state, eg_tuf_name_of(kind));
}

/* What guards against going back: without one of these the other is worth nothing. */
static void forget_versions(eg_tuf_client *client)
{
    forget(client, EG_TUF_TIMESTAMP);
    forget(client, EG_TUF_SNAPSHOT);
    client->state.newest_signed = 0;
}

int eg_tuf_accept(eg_tuf_client *client, eg_tuf_metadata *metadata, eg_str bytes)
{
    eg_str name = eg_tuf_name_of(metadata->kind);
    int status = eg_tuf_state_put(&client->state, name, bytes);
    if (status != EG_OK) {
        eg_tuf_metadata_destroy(metadata);
        return eg_tuf_end(client, EG_TUF_FAILED, status);
    }
    eg_tuf_trust(client, metadata->kind, metadata);
    status = eg_tuf_state_save(client->state_path, &client->state);
    return status == EG_OK ? EG_OK : eg_tuf_end(client, EG_TUF_FAILED, status);
}

static int check_expiry(eg_tuf_client *client, const eg_tuf_metadata *metadata)
{
    if (client->options.expired_is_fatal && metadata->expires <= client->start) {
        return eg_tuf_end(client, EG_TUF_EXPIRED,
                          eg_fail(EG_E_INVALID, "%s version %" PRIu64 " is expired",
                                  eg_tuf_kind_name(metadata->kind), metadata->version));
    }
    return EG_OK;
}

/* ---- 5.3: the chain of roots ---- */

static int check_root(eg_tuf_client *client, const eg_tuf_metadata *root)
{
    const eg_tuf_metadata *old = client->trusted[EG_TUF_ROOT];
    int status = eg_tuf_check_signatures(root, &old->roles[EG_TUF_ROOT], EG_STR("root (old keys)"));
    if (status == EG_OK) {
        status =
            eg_tuf_check_signatures(root, &root->roles[EG_TUF_ROOT], EG_STR("root (its own keys)"));
    }
    if (status == EG_OK && root->version != old->version + 1) {
        status = eg_fail(EG_E_INVALID, "root: version %" PRIu64 " where %" PRIu64 " must follow",
                         root->version, old->version + 1);
    }
    return status;
}

int eg_tuf_accept_root(eg_tuf_client *client, eg_tuf_metadata *root, eg_str bytes)
{
    const eg_tuf_metadata *old = client->trusted[EG_TUF_ROOT];
    if (old && (!eg_tuf_same_keys(&old->roles[EG_TUF_TIMESTAMP], &root->roles[EG_TUF_TIMESTAMP]) ||
                !eg_tuf_same_keys(&old->roles[EG_TUF_SNAPSHOT], &root->roles[EG_TUF_SNAPSHOT]))) {
        forget_versions(client);
    }
    return eg_tuf_accept(client, root, bytes);
}

/* `*more` false: there is no newer root. */
static int update_root_once(eg_tuf_client *client, bool *more)
{
    eg_buf path, bytes;
    eg_tuf_metadata *root = NULL;
    eg_buf_init(&path, 64);
    eg_buf_init(&bytes, (size_t)client->options.root_max);
    *more = false;
    int status =
        eg_buf_appendf(&path, "%" PRIu64 ".root.json", client->trusted[EG_TUF_ROOT]->version + 1);
    if (status == EG_OK) {
        status = eg_tuf_fetch_metadata(client, path.data, client->options.root_max, false, &bytes);
    }
    if (status == EG_E_NOTFOUND) {
        status = EG_OK;
        goto out;
    }
    if (status == EG_OK) {
        status = eg_tuf_read_fetched(client, EG_TUF_ROOT, eg_buf_str(&bytes), &root);
    }
    if (status == EG_OK) {
        status = check_root(client, root);
        if (status != EG_OK) {
            eg_tuf_end(client, EG_TUF_REFUSED, status);
        }
    }
    if (status == EG_OK) {
        *more = true;
        status = eg_tuf_accept_root(client, root, eg_buf_str(&bytes));
        root = NULL;
    }
out:
    eg_tuf_metadata_destroy(root);
    eg_buf_done(&bytes);
    eg_buf_done(&path);
    return status;
}

void eg_tuf_revalidate(eg_tuf_client *client)
{
    for (int i = EG_TUF_TIMESTAMP; i < EG_TUF_KIND_COUNT; i++) {
        eg_tuf_kind kind = (eg_tuf_kind)i;
        const eg_tuf_metadata *metadata = client->trusted[kind];
        if (!metadata || eg_tuf_check_signatures(metadata, role_of(client, kind),
                                                 eg_tuf_name_of(kind)) == EG_OK) {
            continue;
        }
        eg_log(EG_LOG_INFO, "update", "%s is dropped: %s", eg_tuf_kind_name(kind),
               eg_error_message());
        if (kind == EG_TUF_TARGETS) {
            forget(client, kind);
        } else {
            forget_versions(client);
        }
    }
}

static int update_root(eg_tuf_client *client)
{
    bool more = true, any = false;
    for (uint32_t i = 0; more && i < client->options.roots_max; i++) {
        int status = update_root_once(client, &more);
        if (status != EG_OK) {
            return status;
        }
        any = any || more;
    }
    if (any) {
        eg_tuf_revalidate(client);
    }
    return check_expiry(client, client->trusted[EG_TUF_ROOT]);
}

/* ---- 5.4: timestamp ---- */

/* EG_OK with `*newer` false: the one we have, which is no error. */
static int check_timestamp(const eg_tuf_client *client, const eg_tuf_metadata *timestamp,
                           bool *newer)
{
    const eg_tuf_metadata *old = client->trusted[EG_TUF_TIMESTAMP];
    *newer = true;
    int status = eg_tuf_check_signatures(timestamp, role_of(client, EG_TUF_TIMESTAMP),
                                         eg_tuf_name_of(EG_TUF_TIMESTAMP));
    if (status != EG_OK || !old) {
        return status;
    }
    if (timestamp->version < old->version) {
        return eg_fail(EG_E_INVALID,
                       "timestamp: version %" PRIu64 " is older than the trusted %" PRIu64,
                       timestamp->version, old->version);
    }
    *newer = timestamp->version > old->version;
    if (*newer && timestamp->meta[0].version < old->meta[0].version) {
        return eg_fail(EG_E_INVALID,
                       "timestamp: its snapshot version %" PRIu64
                       " is older than the trusted %" PRIu64,
                       timestamp->meta[0].version, old->meta[0].version);
    }
    return EG_OK;
}

static int take_timestamp(eg_tuf_client *client, eg_str bytes)
{
    eg_tuf_metadata *timestamp = NULL;
    bool newer = false;
    int status = eg_tuf_read_fetched(client, EG_TUF_TIMESTAMP, bytes, &timestamp);
    if (status != EG_OK) {
        return status;
    }
    status = check_timestamp(client, timestamp, &newer);
    if (status != EG_OK) {
        eg_tuf_end(client, EG_TUF_REFUSED, status);
    } else if (newer) {
        status = check_expiry(client, timestamp);
    }
    if (status != EG_OK || !newer) {
        eg_tuf_metadata_destroy(timestamp);
        return status;
    }
    if (timestamp->signed_at > client->state.newest_signed) {
        client->state.newest_signed = timestamp->signed_at;
    }
    return eg_tuf_accept(client, timestamp, bytes);
}

static int update_timestamp(eg_tuf_client *client)
{
    bool known = client->trusted[EG_TUF_TIMESTAMP] != NULL;
    eg_buf bytes;
    eg_buf_init(&bytes, (size_t)client->options.timestamp_max);
    int status = eg_tuf_fetch_metadata(client, "timestamp.json", client->options.timestamp_max,
                                       known, &bytes);
    if (status == EG_OK) {
        status = take_timestamp(client, eg_buf_str(&bytes));
    } else if (status == EG_FETCH_UNCHANGED) {
        status = EG_OK;
    } else if (status == EG_E_NOTFOUND) {
        eg_tuf_end(client, EG_TUF_UNREACHABLE, status);
    }
    eg_buf_done(&bytes);
    return status == EG_OK ? check_expiry(client, client->trusted[EG_TUF_TIMESTAMP]) : status;
}

/* ---- 5.5 and 5.6: snapshot and targets ---- */

int eg_tuf_check_listed(eg_tuf_client *client, eg_tuf_kind kind, eg_str name,
                        const eg_tuf_meta *meta, const eg_tuf_role *role, eg_str bytes,
                        eg_tuf_metadata **out)
{
    eg_tuf_metadata *metadata = NULL;
    int status = eg_tuf_check_meta(meta, bytes);
    if (status != EG_OK) {
        return eg_tuf_end(client, eg_tuf_looks_signed(bytes) ? EG_TUF_REFUSED : EG_TUF_NOT_METADATA,
                          status);
    }
    status = eg_tuf_read_fetched(client, kind, bytes, &metadata);
    if (status != EG_OK) {
        return status;
    }
    status = eg_tuf_check_signatures(metadata, role, name);
    if (status == EG_OK && metadata->version != meta->version) {
        status = eg_fail(EG_E_INVALID, "%.*s: version %" PRIu64 " came where %" PRIu64 " is listed",
                         EG_STR_ARGS(name), metadata->version, meta->version);
    }
    if (status != EG_OK) {
        eg_tuf_end(client, EG_TUF_REFUSED, status);
    } else {
        status = check_expiry(client, metadata);
    }
    if (status != EG_OK) {
        eg_tuf_metadata_destroy(metadata);
        return status;
    }
    *out = metadata;
    return EG_OK;
}

/* 5.5.5: no targets metadata goes back or vanishes. */
static int check_snapshot(const eg_tuf_metadata *old, const eg_tuf_metadata *snapshot)
{
    static const size_t ending = sizeof(".json") - 1;
    for (size_t i = 0; old && i < old->meta_count; i++) {
        eg_str file = old->meta[i].name;
        eg_str role = {file.ptr, file.len > ending ? file.len - ending : 0};
        const eg_tuf_meta *now = eg_tuf_find_meta(snapshot, role);
        if (!now) {
            return eg_fail(EG_E_INVALID, "snapshot version %" PRIu64 " no longer lists %.*s",
                           snapshot->version, EG_STR_ARGS(file));
        }
        if (now->version < old->meta[i].version) {
            return eg_fail(EG_E_INVALID,
                           "snapshot version %" PRIu64 " lists version %" PRIu64
                           " of %.*s, older than the trusted %" PRIu64,
                           snapshot->version, now->version, EG_STR_ARGS(file),
                           old->meta[i].version);
        }
    }
    return EG_OK;
}

static bool is_current(const eg_tuf_client *client, eg_tuf_kind kind, const eg_tuf_meta *meta)
{
    const eg_tuf_metadata *metadata = client->trusted[kind];
    eg_str bytes = eg_tuf_state_get(&client->state, eg_tuf_name_of(kind));
    return metadata && metadata->version == meta->version && eg_tuf_meta_fits(meta, bytes);
}

static int update_listed(eg_tuf_client *client, eg_tuf_kind kind, const eg_tuf_meta *meta,
                         uint64_t max)
{
    eg_buf bytes;
    eg_tuf_metadata *metadata = NULL;
    if (is_current(client, kind, meta)) {
        return check_expiry(client, client->trusted[kind]);
    }
    eg_buf_init(&bytes, (size_t)max);
    int status = eg_tuf_fetch_listed(client, eg_tuf_name_of(kind), meta, max, &bytes);
    if (status == EG_OK) {
        status = eg_tuf_check_listed(client, kind, eg_tuf_name_of(kind), meta,
                                     role_of(client, kind), eg_buf_str(&bytes), &metadata);
    }
    if (status == EG_OK && kind == EG_TUF_SNAPSHOT) {
        status = check_snapshot(client->trusted[kind], metadata);
        if (status != EG_OK) {
            eg_tuf_metadata_destroy(metadata);
            eg_tuf_end(client, EG_TUF_REFUSED, status);
        }
    }
    if (status == EG_OK) {
        client->outcome = kind == EG_TUF_TARGETS ? EG_TUF_UPDATED : client->outcome;
        status = eg_tuf_accept(client, metadata, eg_buf_str(&bytes));
    }
    eg_buf_done(&bytes);
    return status;
}

/* ---- the whole ---- */

static int update(eg_tuf_client *client)
{
    int status = update_root(client);
    if (status == EG_OK) {
        status = update_timestamp(client);
    }
    if (status == EG_OK) {
        status = update_listed(
            client, EG_TUF_SNAPSHOT,
            eg_tuf_find_meta(client->trusted[EG_TUF_TIMESTAMP], eg_tuf_name_of(EG_TUF_SNAPSHOT)),
            client->options.snapshot_max);
    }
    if (status == EG_OK) {
        eg_tuf_prune(client);
        status = update_listed(
            client, EG_TUF_TARGETS,
            eg_tuf_find_meta(client->trusted[EG_TUF_SNAPSHOT], eg_tuf_name_of(EG_TUF_TARGETS)),
            client->options.targets_max);
    }
    return status;
}

int eg_tuf_client_refresh(eg_tuf_client *client, uint64_t now, eg_tuf_status *out)
{
    uint64_t newest = client->state.newest_signed;
    eg_tuf_metadata_destroy(client->found_in);
    client->found_in = NULL;
    client->refreshed = false;
    client->outcome = EG_TUF_UP_TO_DATE;
    client->start = now > newest ? now : newest;
    int status = update(client);
    client->refreshed = status == EG_OK;
    eg_tuf_client_status(client, now, out);
    return status;
}

void eg_tuf_client_status(const eg_tuf_client *client, uint64_t now, eg_tuf_status *out)
{
    uint64_t newest = client->state.newest_signed;
    *out = (eg_tuf_status){
        .outcome = client->outcome,
        .start = now > newest ? now : newest,
        .clock_error = now < newest,
        .state_damaged = client->state_damaged,
    };
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        const eg_tuf_metadata *metadata = client->trusted[kind];
        if (metadata) {
            out->version[kind] = metadata->version;
            out->expires[kind] = metadata->expires;
            out->stale |= metadata->expires <= out->start ? UINT32_C(1) << kind : 0;
        }
    }
}

int eg_tuf_client_hint(eg_tuf_client *client, eg_str timestamp, bool *newer)
{
    eg_tuf_metadata *metadata = NULL;
    bool is_newer = false;
    if (timestamp.len > client->options.timestamp_max) {
        return eg_fail(EG_E_LIMIT, "timestamp: larger than %" PRIu64 " bytes",
                       client->options.timestamp_max);
    }
    int status = eg_tuf_metadata_read(timestamp, EG_TUF_TIMESTAMP, &metadata);
    if (status == EG_OK) {
        status = check_timestamp(client, metadata, &is_newer);
    }
    eg_tuf_metadata_destroy(metadata);
    if (status == EG_OK) {
        *newer = is_newer;
    }
    return status;
}

const eg_tuf_metadata *eg_tuf_client_targets(const eg_tuf_client *client)
{
    return client->trusted[EG_TUF_TARGETS];
}

int eg_tuf_client_each_file(const eg_tuf_client *client, eg_tuf_visit_file visit, void *user)
{
    int status = EG_OK;
    for (size_t i = 0; i < client->state.file_count && status == EG_OK; i++) {
        const eg_tuf_state_file *file = &client->state.files[i];
        status =
            visit(user, (eg_str){file->name, file->name_length}, (eg_str){file->bytes, file->size});
    }
    return status;
}
