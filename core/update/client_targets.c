/* SPDX-License-Identifier: Apache-2.0 */
/* Looking a target up through the delegations (5.6.7), and fetching it (5.7). */
#include "core/update/client_internal.h"

#include "core/base/log.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

typedef struct search {
    eg_tuf_client *client;
    eg_str path;
    eg_arena *arena; /* names of visited roles, which outlive the documents that named them */
    eg_str *visited;
    uint32_t visited_count;
    const eg_tuf_target *target; /* found */
    eg_tuf_metadata *found_in;
} search;

static bool was_visited(const search *s, eg_str name)
{
    for (uint32_t i = 0; i < s->visited_count; i++) {
        if (eg_str_equal(s->visited[i], name)) {
            return true;
        }
    }
    return false;
}

static int visit(search *s, eg_str name)
{
    if (s->visited_count == s->client->options.delegations_max) {
        return eg_fail(EG_E_NOTFOUND, "no target \"%.*s\" in the first %" PRIu32 " delegated roles",
                       EG_STR_ARGS(s->path), s->client->options.delegations_max);
    }
    char *copy = eg_arena_copy(s->arena, name.ptr, name.len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    s->visited[s->visited_count++] = (eg_str){copy, name.len};
    return EG_OK;
}

/* Kept metadata spares a fetch; when there is no room for more, nothing is lost but that. */
static int keep(eg_tuf_client *client, eg_str name, eg_str bytes)
{
    int status = eg_tuf_state_put(&client->state, name, bytes);
    if (status == EG_E_LIMIT) {
        return EG_OK;
    }
    return status == EG_OK ? eg_tuf_state_save(client->state_path, &client->state) : status;
}

/* Whoever leads here must have authorised it: kept metadata is verified like what is fetched. */
static int load_delegated(eg_tuf_client *client, const eg_tuf_delegation *delegation,
                          eg_tuf_metadata **out)
{
    const eg_tuf_meta *meta = eg_tuf_find_meta(client->trusted[EG_TUF_SNAPSHOT], delegation->name);
    if (!meta) {
        return eg_fail(EG_E_NOTFOUND, "the snapshot does not list the delegated role \"%.*s\"",
                       EG_STR_ARGS(delegation->name));
    }
    eg_tuf_outcome outcome = client->outcome;
    eg_str kept = eg_tuf_state_get(&client->state, delegation->name);
    if (kept.ptr && eg_tuf_check_listed(client, EG_TUF_TARGETS, delegation->name, meta,
                                        &delegation->role, kept, out) == EG_OK) {
        return EG_OK;
    }
    eg_buf bytes;
    eg_buf_init(&bytes, (size_t)client->options.targets_max);
    int status =
        eg_tuf_fetch_listed(client, delegation->name, meta, client->options.targets_max, &bytes);
    if (status == EG_OK) {
        status = eg_tuf_check_listed(client, EG_TUF_TARGETS, delegation->name, meta,
                                     &delegation->role, eg_buf_str(&bytes), out);
    }
    if (status == EG_OK) {
        client->outcome = outcome;
        status = keep(client, delegation->name, eg_buf_str(&bytes));
        if (status != EG_OK) {
            eg_tuf_metadata_destroy(*out);
            *out = NULL;
        }
    }
    eg_buf_done(&bytes);
    return status;
}

/* Depth first, in order of trust. `*end`: a terminating delegation said the last word. */
static int search_in(search *s, const eg_tuf_metadata *metadata, bool *end)
{
    s->target = eg_tuf_find_target(metadata, s->path);
    for (size_t i = 0; !s->target && !*end && i < metadata->delegation_count; i++) {
        const eg_tuf_delegation *delegation = &metadata->delegations[i];
        eg_tuf_metadata *delegated = NULL;
        if (!eg_tuf_delegates(delegation, s->path)) {
            continue;
        }
        if (!was_visited(s, delegation->name)) {
            int status = visit(s, delegation->name);
            if (status == EG_OK) {
                status = load_delegated(s->client, delegation, &delegated);
            }
            if (status == EG_OK) {
                status = search_in(s, delegated, end);
            }
            if (status != EG_OK) {
                eg_tuf_metadata_destroy(delegated);
                return status;
            }
        }
        if (s->target && !s->found_in) {
            s->found_in = delegated;
        } else {
            eg_tuf_metadata_destroy(delegated);
        }
        *end = *end || delegation->terminating;
    }
    return EG_OK;
}

int eg_tuf_client_find(eg_tuf_client *client, eg_str path, const eg_tuf_target **out)
{
    search s = {.client = client, .path = path};
    bool end = false;
    if (!client->refreshed) {
        return eg_fail(EG_E_INVALID,
                       "no target can be looked up before the metadata is up to date");
    }
    int status = eg_arena_create(&s.arena, 4096);
    if (status != EG_OK) {
        return status;
    }
    s.visited = eg_arena_alloc(s.arena, (client->options.delegations_max + 1) * sizeof(eg_str));
    status = s.visited ? search_in(&s, client->trusted[EG_TUF_TARGETS], &end) : EG_E_NOMEM;
    if (status == EG_OK && !s.target) {
        status = eg_fail(EG_E_NOTFOUND, "no target \"%.*s\"", EG_STR_ARGS(path));
    }
    if (status == EG_OK) {
        eg_tuf_metadata_destroy(client->found_in);
        client->found_in = s.found_in;
        *out = s.target;
    }
    eg_arena_destroy(s.arena);
    return status;
}

void eg_tuf_prune(eg_tuf_client *client)
{
    const eg_tuf_metadata *snapshot = client->trusted[EG_TUF_SNAPSHOT];
    for (size_t i = client->state.file_count; i-- > 0;) {
        const eg_tuf_state_file *file = &client->state.files[i];
        eg_str name = {file->name, file->name_length};
        bool top_level = false;
        for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
            top_level =
                top_level || eg_str_equal(name, eg_str_from(eg_tuf_kind_name((eg_tuf_kind)kind)));
        }
        if (!top_level && !eg_tuf_find_meta(snapshot, name)) {
            eg_tuf_state_remove(&client->state, name);
        }
    }
}

/* ---- 5.7: the target itself ---- */

typedef struct download {
    const eg_fetch_sink *sink;
    const eg_tuf_target *target;
    eg_hasher *hasher;
    uint64_t length;
} download;

static int take_bytes(void *user, const void *bytes, size_t size)
{
    download *d = user;
    if (size > d->target->length - d->length) {
        return eg_fail(EG_E_LIMIT, "target \"%.*s\": longer than the signed %" PRIu64 " bytes",
                       EG_STR_ARGS(d->target->path), d->target->length);
    }
    d->length += size;
    eg_hasher_add(d->hasher, bytes, size);
    return d->sink->write(d->sink->user, bytes, size);
}

static int check_download(download *d)
{
    uint8_t sha256[EG_HASH256_SIZE], sha512[EG_HASH512_SIZE];
    eg_hasher_finish(d->hasher, sha256, sha512);
    if (d->length != d->target->length) {
        return eg_fail(EG_E_INVALID,
                       "target \"%.*s\": %" PRIu64 " bytes came of the signed %" PRIu64,
                       EG_STR_ARGS(d->target->path), d->length, d->target->length);
    }
    if (!eg_tuf_hashes_fit(&d->target->hashes, sha256, sha512)) {
        return eg_fail(EG_E_INVALID, "target \"%.*s\": its hash is not the signed one",
                       EG_STR_ARGS(d->target->path));
    }
    return EG_OK;
}

/* Relative and without steps upwards, since a file share may stand behind the fetcher. */
static bool is_plain_path(eg_str path)
{
    eg_str rest = path, part;
    if (path.len == 0 || path.ptr[path.len - 1] == '/' || memchr(path.ptr, '\\', path.len)) {
        return false;
    }
    while (eg_str_split(&rest, '/', &part)) {
        if (part.len == 0 || eg_str_equal(part, EG_STR(".")) || eg_str_equal(part, EG_STR(".."))) {
            return false;
        }
    }
    return true;
}

/* With consistent snapshots the name of the file begins with one of its hashes. */
static int target_path(const eg_tuf_client *client, const eg_tuf_target *target, eg_buf *out)
{
    char hex[EG_HASH512_SIZE * 2 + 1];
    eg_str name = eg_path_base(target->path);
    eg_str folder = {target->path.ptr, target->path.len - name.len};
    if (!is_plain_path(target->path)) {
        return eg_fail(EG_E_INVALID, "target \"%.*s\": not a relative path",
                       EG_STR_ARGS(target->path));
    }
    if (target->hashes.has_sha256) {
        eg_hex_encode(target->hashes.sha256, EG_HASH256_SIZE, hex);
    } else if (target->hashes.has_sha512) {
        eg_hex_encode(target->hashes.sha512, EG_HASH512_SIZE, hex);
    } else {
        return eg_fail(EG_E_UNSUPPORTED, "target \"%.*s\": neither SHA-256 nor SHA-512 is given",
                       EG_STR_ARGS(target->path));
    }
    eg_tuf_append_encoded(out, folder, true);
    if (client->trusted[EG_TUF_ROOT]->consistent_snapshot) {
        eg_buf_appendf(out, "%s.", hex);
    }
    return eg_tuf_append_encoded(out, name, true);
}

int eg_tuf_client_download(eg_tuf_client *client, const eg_tuf_target *target,
                           const eg_fetch_sink *sink)
{
    download d = {.sink = sink, .target = target};
    eg_fetch_sink inner = {&d, take_bytes};
    eg_buf path;
    if (target->length > client->options.target_max) {
        return eg_fail(EG_E_LIMIT, "target \"%.*s\": %" PRIu64 " bytes, at most %" PRIu64,
                       EG_STR_ARGS(target->path), target->length, client->options.target_max);
    }
    eg_buf_init(&path, EG_TUF_PATH_MAX);
    int status = target_path(client, target, &path);
    if (status == EG_OK) {
        status = eg_hasher_create(&d.hasher);
    }
    if (status == EG_OK) {
        eg_fetch_request request = {EG_FETCH_TARGET, path.data, target->length, false};
        status = client->fetcher.fetch(client->fetcher.user, &request, &inner);
        if (status == EG_FETCH_UNCHANGED) {
            status = eg_fail(EG_E_IO, "\"unchanged\" answers what was not asked");
        }
    }
    if (status == EG_OK) {
        status = check_download(&d);
    }
    eg_hasher_destroy(d.hasher);
    eg_buf_done(&path);
    return status;
}
