/* SPDX-License-Identifier: Apache-2.0 */
/* What is due, signed, verified and then written: eg_publication_sign. */
#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/publication.h"
#include "core/update/signature.h"

#include <inttypes.h>

#define TICKS_PER_DAY (EG_TICKS_PER_SECOND * 86400)
#define SIGNERS_MAX EG_TUF_SIGNATURES_MAX
#define PATH_MAX_BYTES ((size_t)32 * 1024)

/* Leaves come before what tells of them, and the root last: the old one trusts all of it, too. */
static const eg_tuf_kind order_of_writing[] = {EG_TUF_TARGETS, EG_TUF_SNAPSHOT, EG_TUF_TIMESTAMP,
                                               EG_TUF_ROOT};

/* Documents in the making; an empty one is not renewed. */
typedef struct making {
    eg_publication *publication;
    const eg_publication_order *order;
    eg_tuf_metadata *root; /* the one that rules from now on, when it is new */
    eg_buf bytes[EG_TUF_KIND_COUNT];
    uint64_t version[EG_TUF_KIND_COUNT];
} making;

static const eg_tuf_metadata *old_of(const making *m, eg_tuf_kind kind)
{
    return m->publication->published[kind];
}

static const eg_tuf_metadata *ruling_root(const making *m)
{
    return m->root ? m->root : old_of(m, EG_TUF_ROOT);
}

static bool holds(const eg_tuf_role *role, const eg_secret_key *key)
{
    for (size_t i = 0; role && i < role->key_count; i++) {
        if (eg_str_equal(role->keys[i]->id, eg_str_from(key->id))) {
            return true;
        }
    }
    return false;
}

static const eg_tuf_role *new_role(const making *m, eg_tuf_kind kind)
{
    const eg_tuf_role *roles = m->order->roles;
    return roles ? &roles[kind] : &old_of(m, EG_TUF_ROOT)->roles[kind];
}

static size_t find_signers(const making *m, eg_tuf_kind kind,
                           const eg_secret_key *signers[SIGNERS_MAX])
{
    const eg_tuf_metadata *old_root = old_of(m, EG_TUF_ROOT);
    size_t count = 0;
    for (size_t i = 0; i < m->order->key_count && count < SIGNERS_MAX; i++) {
        const eg_secret_key *key = &m->order->keys[i];
        if (holds(new_role(m, kind), key) || (old_root && holds(&old_root->roles[kind], key))) {
            signers[count++] = key;
        }
    }
    return count;
}

/* ---- one document ---- */

static int write_body(making *m, eg_tuf_kind kind, const eg_publish_head *head)
{
    const eg_tuf_metadata *next =
        m->order->targets ? eg_publication_next(m->publication) : old_of(m, EG_TUF_TARGETS);
    eg_buf *out = &m->bytes[kind];
    if (kind == EG_TUF_ROOT) {
        return eg_publish_root(head, m->order->roles, out);
    }
    if (kind == EG_TUF_TARGETS) {
        return eg_publish_targets(head, next ? next->targets : NULL, next ? next->target_count : 0,
                                  out);
    }
    eg_tuf_kind of = kind == EG_TUF_TIMESTAMP ? EG_TUF_SNAPSHOT : EG_TUF_TARGETS;
    return eg_publish_listing(kind, head, m->version[of], eg_buf_str(&m->bytes[of]), out);
}

/* By the eyes of a client, before anybody else sees it. */
static int check(making *m, eg_tuf_kind kind)
{
    eg_str name = eg_str_from(eg_tuf_kind_name(kind));
    eg_tuf_metadata *document = NULL;
    int status = eg_tuf_metadata_read(eg_buf_str(&m->bytes[kind]), kind, &document);
    if (status != EG_OK) {
        return status;
    }
    const eg_tuf_metadata *root = kind == EG_TUF_ROOT ? document : ruling_root(m);
    status = eg_tuf_check_signatures(document, &root->roles[kind], name);
    if (status == EG_OK && kind == EG_TUF_ROOT && old_of(m, EG_TUF_ROOT)) {
        status = eg_tuf_check_signatures(document, &old_of(m, EG_TUF_ROOT)->roles[kind], name);
    }
    if (status == EG_OK && kind == EG_TUF_ROOT) {
        m->root = document;
        return EG_OK;
    }
    eg_tuf_metadata_destroy(document);
    return status == EG_E_INVALID
               ? eg_fail(EG_E_DENIED, "too few keys are at hand: %.900s", eg_error_message())
               : status;
}

static int make(making *m, eg_tuf_kind kind)
{
    const eg_secret_key *signers[SIGNERS_MAX];
    const eg_tuf_metadata *old = old_of(m, kind);
    eg_publish_head head = {.version = old ? old->version + 1 : 1,
                            .expires = m->order->now + m->order->days[kind] * TICKS_PER_DAY};
    head.signed_at = kind == EG_TUF_TIMESTAMP ? m->order->now : 0;
    head.signers = (eg_publish_signers){signers, find_signers(m, kind, signers)};
    m->version[kind] = head.version;
    int status = write_body(m, kind, &head);
    return status == EG_OK ? check(m, kind) : status;
}

/* ---- which ones ---- */

/* A document that stays is still listed by the one above it. */
static int keep(making *m, eg_tuf_kind kind)
{
    const eg_tuf_metadata *old = old_of(m, kind);
    eg_buf path;
    m->version[kind] = old->version;
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status =
        eg_buf_appendf(&path, "%s/" EG_PUBLICATION_METADATA "/%" PRIu64 ".%s.json",
                       eg_buf_cstr(&m->publication->folder), old->version, eg_tuf_kind_name(kind));
    if (status == EG_OK) {
        status = eg_file_read(path.data, EG_PUBLICATION_FILE_MAX, &m->bytes[kind]);
    }
    eg_buf_done(&path);
    return status;
}

static bool keys_change(const making *m, eg_tuf_kind kind)
{
    const eg_tuf_metadata *old_root = old_of(m, EG_TUF_ROOT);
    const eg_tuf_role *now = new_role(m, kind);
    return !eg_tuf_same_keys(now, &old_root->roles[kind]) ||
           now->threshold != old_root->roles[kind].threshold;
}

static bool is_due(const making *m, eg_tuf_kind kind, unsigned renewed)
{
    const eg_tuf_metadata *old = old_of(m, kind);
    if (!old || kind == EG_TUF_TIMESTAMP || keys_change(m, kind)) {
        return true;
    }
    if (kind == EG_TUF_TARGETS) {
        return m->order->targets;
    }
    uint64_t third = m->order->days[kind] * TICKS_PER_DAY / 3;
    return (renewed & 1u << EG_TUF_TARGETS) != 0 || old->expires < m->order->now + third;
}

static int make_all(making *m, unsigned *renewed)
{
    static const eg_tuf_kind leaves[] = {EG_TUF_TARGETS, EG_TUF_SNAPSHOT, EG_TUF_TIMESTAMP};
    int status = EG_OK;
    if (m->order->roles) {
        status = make(m, EG_TUF_ROOT);
        *renewed |= 1u << EG_TUF_ROOT;
    }
    for (size_t i = 0; i < EG_COUNT(leaves) && status == EG_OK; i++) {
        if (is_due(m, leaves[i], *renewed)) {
            status = make(m, leaves[i]);
            *renewed |= 1u << leaves[i];
        } else {
            status = keep(m, leaves[i]);
        }
    }
    return status;
}

/* ---- to disk ---- */

static int write_one(const making *m, eg_tuf_kind kind)
{
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status =
        eg_buf_appendf(&path, "%s/" EG_PUBLICATION_METADATA, eg_buf_cstr(&m->publication->folder));
    if (status == EG_OK) {
        status = eg_dir_create(path.data);
    }
    eg_buf_append_char(&path, '/');
    if (kind != EG_TUF_TIMESTAMP) {
        eg_buf_appendf(&path, "%" PRIu64 ".", m->version[kind]);
    }
    eg_buf_appendf(&path, "%s.json", eg_tuf_kind_name(kind));
    if (status == EG_OK) {
        status = path.status;
    }
    if (status == EG_OK) {
        status = eg_file_write_atomic(path.data, m->bytes[kind].data, m->bytes[kind].len);
    }
    eg_buf_done(&path);
    return status;
}

static int delete_draft(const making *m)
{
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    int status = eg_path_join(&path, eg_buf_cstr(&m->publication->folder), EG_PUBLICATION_DRAFT);
    if (status == EG_OK) {
        status = eg_file_delete(path.data);
    }
    eg_buf_done(&path);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static int write_all(const making *m, unsigned renewed)
{
    int status = EG_OK;
    for (size_t i = 0; i < EG_COUNT(order_of_writing) && status == EG_OK; i++) {
        if ((renewed & 1u << order_of_writing[i]) != 0) {
            status = write_one(m, order_of_writing[i]);
        }
    }
    if (status == EG_OK && m->order->targets) {
        status = delete_draft(m);
    }
    return status;
}

int eg_publication_sign(eg_publication *publication, const eg_publication_order *order,
                        unsigned *written)
{
    making m = {.publication = publication, .order = order};
    eg_buf folder;
    unsigned renewed = 0;
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_buf_init(&m.bytes[kind], EG_PUBLICATION_FILE_MAX);
    }
    eg_buf_init(&folder, PATH_MAX_BYTES);
    int status = make_all(&m, &renewed);
    if (status == EG_OK) {
        status = eg_buf_append_str(&folder, eg_buf_str(&publication->folder));
    }
    if (status == EG_OK) {
        status = write_all(&m, renewed);
    }
    eg_tuf_metadata_destroy(m.root);
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_buf_done(&m.bytes[kind]);
    }
    if (status == EG_OK) {
        eg_publication_close(publication);
        status = eg_publication_open(folder.data, publication);
    }
    if (status == EG_OK) {
        *written = renewed;
    }
    eg_buf_done(&folder);
    return status;
}
