/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_release.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES ((size_t)32 * 1024)
#define DELTAS_DEFAULT 3
#define DELTAS_MAX 16
#define PERMILLE 1000u

/* ---- what is stored ---- */

typedef struct stored {
    uint64_t below;  /* looked for: the highest serial under this one, or */
    uint64_t wanted; /* exactly this one */
    uint64_t serial; /* found */
    char path[4096];
} stored;

/* "<64 digits>.<serial>.tar.zst" */
static bool serial_of(eg_str name, uint64_t *serial)
{
    const size_t head = 2 * EG_HASH256_SIZE + 1, tail = sizeof(EG_BUNDLE_SUFFIX) - 1;
    return name.len > head + tail && eg_str_ends_nocase(name, EG_STR(EG_BUNDLE_SUFFIX)) &&
           name.ptr[head - 1] == '.' &&
           eg_str_to_u64((eg_str){name.ptr + head, name.len - head - tail}, serial);
}

static int visit(void *user, const eg_dir_entry *entry)
{
    stored *s = user;
    uint64_t serial = 0;
    if (entry->is_dir || !serial_of(eg_str_from(entry->name), &serial) ||
        strlen(entry->path) >= sizeof(s->path)) {
        return EG_OK;
    }
    if (s->wanted ? serial == s->wanted : serial < s->below && serial > s->serial) {
        s->serial = serial;
        snprintf(s->path, sizeof(s->path), "%s", entry->path);
    }
    return EG_OK;
}

static int find_stored(const eg_publication *publication, stored *s)
{
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status = eg_buf_appendf(&path, "%s/" EG_PUBLICATION_TARGETS "/" EG_RELEASE_FOLDER,
                                eg_buf_cstr(&publication->folder));
    if (status == EG_OK && eg_dir_exists(path.data)) {
        status = eg_dir_walk(path.data, 1, visit, s);
    }
    eg_buf_done(&path);
    return status;
}

int eg_release_newest(const eg_publication *publication, uint64_t *serial)
{
    stored s = {.below = UINT64_MAX};
    int status = find_stored(publication, &s);
    if (status == EG_OK) {
        *serial = s.serial;
    }
    return status;
}

static int read_stored(const stored *s, eg_bundle *out)
{
    uint8_t told[EG_HASH256_SIZE], hash[EG_HASH256_SIZE];
    eg_buf packed;
    eg_buf_init(&packed, EG_BUNDLE_PACKED_MAX);
    int status = eg_file_read(s->path, EG_BUNDLE_PACKED_MAX, &packed);
    if (status == EG_OK) {
        eg_sha256(eg_buf_str(&packed), hash);
        eg_str name = eg_path_base(eg_str_from(s->path));
        if (!eg_hex_decode((eg_str){name.ptr, 2 * EG_HASH256_SIZE}, told, sizeof(told)) ||
            memcmp(told, hash, sizeof(hash)) != 0) {
            status = eg_fail(EG_E_CORRUPT, "%s is not what its name says", s->path);
        }
    }
    if (status == EG_OK) {
        status = eg_bundle_unpack(eg_buf_str(&packed), EG_STR_NONE, out);
    }
    eg_buf_done(&packed);
    return status;
}

int eg_release_open(const eg_publication *publication, uint64_t serial, eg_bundle *out)
{
    stored s = {.wanted = serial};
    int status = find_stored(publication, &s);
    if (status == EG_OK && s.serial == 0) {
        status = eg_fail(EG_E_NOTFOUND, "no pack %" PRIu64 " is stored in this repository", serial);
    }
    return status == EG_OK ? read_stored(&s, out) : status;
}

/* ---- what is listed ---- */

int eg_release_latest(const eg_tuf_metadata *targets, eg_release *out)
{
    eg_release release, best = {.serial = 0};
    for (size_t i = 0; i < targets->target_count; i++) {
        if (eg_release_read(&targets->targets[i], &release) == EG_OK &&
            release.serial > best.serial) {
            best = release;
        }
    }
    if (best.serial == 0) {
        return eg_fail(EG_E_NOTFOUND, "no pack is listed");
    }
    *out = best;
    return EG_OK;
}

static bool is_for_everybody(const eg_release *release, uint64_t now)
{
    const eg_release_stage *last =
        release->stage_count > 0 ? &release->stages[release->stage_count - 1] : NULL;
    return release->emergency || !last || (last->permille == PERMILLE && last->after <= now);
}

/* The highest serial, of those up to `most`, that everybody may run. */
static uint64_t floor_of(const eg_tuf_metadata *targets, uint64_t now, uint64_t most)
{
    eg_release release;
    uint64_t floor = 0;
    for (size_t i = 0; i < targets->target_count; i++) {
        if (eg_release_read(&targets->targets[i], &release) == EG_OK && release.serial > floor &&
            release.serial <= most && is_for_everybody(&release, now)) {
            floor = release.serial;
        }
    }
    return floor;
}

/* A list of targets that grows; new ones own their path and "custom". */
typedef struct drafting {
    eg_arena *arena;
    eg_tuf_target *targets;
    size_t count;
    yyjson_doc *documents[DELTAS_MAX + 1];
    size_t document_count;
} drafting;

static int begin(const eg_tuf_metadata *old, drafting *d)
{
    size_t room = old->target_count + DELTAS_MAX + 1;
    int status = eg_arena_create(&d->arena, 16 * 1024);
    if (status == EG_OK) {
        d->targets = eg_arena_alloc(d->arena, room * sizeof(*d->targets));
        status = d->targets ? EG_OK : EG_E_NOMEM;
    }
    return status;
}

static void done(drafting *d)
{
    for (size_t i = 0; i < d->document_count; i++) {
        yyjson_doc_free(d->documents[i]);
    }
    eg_arena_destroy(d->arena);
}

/* Packs with a serial in this range; other people's files; no deltas. */
static void take_old(drafting *d, const eg_tuf_metadata *old, uint64_t floor, uint64_t above)
{
    eg_release release;
    for (size_t i = 0; i < old->target_count; i++) {
        const eg_tuf_target *target = &old->targets[i];
        bool is_pack = eg_release_read(target, &release) == EG_OK;
        bool is_delta = target->custom && yyjson_obj_get(target->custom, "from");
        if (is_pack ? release.serial >= floor && release.serial <= above : !is_delta) {
            d->targets[d->count++] = *target;
        }
    }
}

/* The deltas that lead to a pack which is still listed. */
static void take_deltas(drafting *d, const eg_tuf_metadata *old)
{
    const size_t packs = d->count;
    eg_release release;
    for (size_t i = 0; i < old->target_count; i++) {
        const eg_tuf_target *target = &old->targets[i];
        uint8_t to[EG_HASH256_SIZE];
        if (!target->custom ||
            !eg_hex_decode(eg_json_get_str(target->custom, "to"), to, sizeof(to))) {
            continue;
        }
        for (size_t k = 0; k < packs; k++) {
            if (eg_release_read(&d->targets[k], &release) == EG_OK &&
                memcmp(release.archive, to, sizeof(to)) == 0) {
                d->targets[d->count++] = *target;
                break;
            }
        }
    }
}

/* Describes and stores a new file; `json` is its "custom". */
static int add_target(drafting *d, eg_publication *publication, const char *path, eg_str bytes,
                      eg_str json)
{
    eg_tuf_target *target = &d->targets[d->count];
    int status = eg_json_parse(json, &d->documents[d->document_count]);
    if (status != EG_OK) {
        return status;
    }
    eg_publish_describe(bytes, target);
    target->custom = yyjson_doc_get_root(d->documents[d->document_count++]);
    target->path.ptr = eg_arena_copy(d->arena, path, strlen(path));
    target->path.len = strlen(path);
    if (!target->path.ptr) {
        return EG_E_NOMEM;
    }
    status = eg_publication_put_target(publication, target, bytes);
    d->count += status == EG_OK;
    return status;
}

/* ---- a new one ---- */

static int add_bundle(drafting *d, eg_publication *publication, const eg_bundle *bundle,
                      eg_release release)
{
    const eg_pack_file *file = eg_bundle_find(bundle, EG_STR("pack.json"));
    yyjson_doc *pack = NULL;
    eg_json json;
    eg_buf custom, packed;
    char path[64];
    if (!file) {
        return eg_fail(EG_E_INVALID, "there is no pack.json in the pack");
    }
    eg_buf_init(&custom, 64 * 1024);
    eg_buf_init(&packed, EG_BUNDLE_PACKED_MAX);
    int status = eg_json_parse(file->text, &pack);
    if (status == EG_OK) {
        release.name = eg_json_get_str(yyjson_doc_get_root(pack), "name");
        release.engine_min = eg_json_get_str(yyjson_doc_get_root(pack), "engine_min");
        release.archive_size = bundle->archive.len;
        eg_sha256(eg_buf_str(&bundle->archive), release.archive);
        eg_json_begin(&json, &custom);
        eg_publish_release(&release, &json);
        status = eg_bundle_pack(bundle, EG_STR_NONE, &packed);
    }
    if (status == EG_OK) {
        snprintf(path, sizeof(path), EG_RELEASE_FOLDER "/%" PRIu64 EG_BUNDLE_SUFFIX,
                 release.serial);
        status = add_target(d, publication, path, eg_buf_str(&packed), eg_buf_str(&custom));
    }
    if (status == EG_OK) {
        printf("bundle of %" PRIu64 ": %zu bytes\n", release.serial, packed.len);
    }
    yyjson_doc_free(pack);
    eg_buf_done(&packed);
    eg_buf_done(&custom);
    return status;
}

static int add_delta(drafting *d, eg_publication *publication, const eg_bundle *bundle,
                     uint64_t serial, const stored *from)
{
    uint8_t old_hash[EG_HASH256_SIZE], new_hash[EG_HASH256_SIZE];
    eg_json json;
    eg_bundle old;
    eg_buf custom, packed;
    char path[96];
    eg_bundle_init(&old);
    eg_buf_init(&custom, 4096);
    eg_buf_init(&packed, EG_BUNDLE_PACKED_MAX);
    int status = read_stored(from, &old);
    if (status == EG_OK) {
        status = eg_bundle_pack(bundle, eg_buf_str(&old.archive), &packed);
    }
    if (status == EG_OK) {
        eg_sha256(eg_buf_str(&old.archive), old_hash);
        eg_sha256(eg_buf_str(&bundle->archive), new_hash);
        eg_json_begin(&json, &custom);
        eg_publish_delta(old_hash, new_hash, &json);
        snprintf(path, sizeof(path), "delta/%" PRIu64 "-%" PRIu64 ".zstp", from->serial, serial);
        /* The same content again needs none: a PC knows its archive. */
        if (memcmp(old_hash, new_hash, sizeof(old_hash)) != 0) {
            status = add_target(d, publication, path, eg_buf_str(&packed), eg_buf_str(&custom));
            printf("delta from %" PRIu64 ": %zu bytes\n", from->serial, packed.len);
        }
    }
    eg_buf_done(&packed);
    eg_buf_done(&custom);
    eg_bundle_done(&old);
    return status;
}

static int add_deltas(drafting *d, eg_publication *publication, const eg_bundle *bundle,
                      const eg_release_order *order)
{
    const eg_option_list *named = &order->delta_from;
    size_t count = named->count > 0 ? named->count : DELTAS_DEFAULT;
    uint64_t below = order->release.serial;
    int status = EG_OK;
    if (count > DELTAS_MAX) {
        return eg_fail(EG_E_LIMIT, "deltas from more than %d packs", DELTAS_MAX);
    }
    for (size_t i = 0; i < count && status == EG_OK; i++) {
        stored s = {.below = below};
        if (named->count > 0 &&
            (!eg_str_to_u64(eg_str_from(named->items[i]), &s.wanted) || s.wanted == 0)) {
            return eg_fail(EG_E_INVALID, "--delta-from wants serials, not '%s'", named->items[i]);
        }
        status = find_stored(publication, &s);
        if (status == EG_OK && s.serial == 0 && s.wanted > 0) {
            status = eg_fail(EG_E_NOTFOUND, "no pack %s is stored", named->items[i]);
        } else if (status == EG_OK && s.serial > 0) {
            status = add_delta(d, publication, bundle, order->release.serial, &s);
            below = s.serial;
        }
    }
    return status;
}

int eg_release_put(const eg_admin *a, eg_publication *publication, const eg_bundle *bundle,
                   const eg_release_order *order)
{
    const eg_tuf_metadata *old = eg_publication_next(publication);
    drafting d = {.count = 0};
    int status = begin(old, &d);
    if (status == EG_OK) {
        uint64_t most = order->drop_above ? order->drop_above : UINT64_MAX;
        take_old(&d, old, floor_of(old, a->now, most), most);
        take_deltas(&d, old);
        status = add_bundle(&d, publication, bundle, order->release);
    }
    if (status == EG_OK) {
        status = add_deltas(&d, publication, bundle, order);
    }
    if (status == EG_OK) {
        status = eg_publication_put_draft(publication, d.targets, d.count);
    }
    done(&d);
    return status;
}

int eg_release_drop(eg_publication *publication, uint64_t serial)
{
    const eg_tuf_metadata *old = publication->published[EG_TUF_TARGETS];
    drafting d = {.count = 0};
    int status = begin(old, &d);
    if (status == EG_OK) {
        take_old(&d, old, 0, serial - 1);
        take_deltas(&d, old);
        status = eg_publication_put_draft(publication, d.targets, d.count);
    }
    done(&d);
    return status;
}
