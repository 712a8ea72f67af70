/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/publication.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/signature.h"

#include <inttypes.h>
#include <string.h>

#define PATH_MAX_BYTES ((size_t)32 * 1024)

/* ---- names ---- */

/* "folder/metadata/N.kind.json"; the timestamp has no number. */
static int metadata_path(const eg_publication *p, eg_tuf_kind kind, uint64_t version, eg_buf *out)
{
    eg_buf_clear(out);
    eg_buf_appendf(out, "%s/" EG_PUBLICATION_METADATA "/", eg_buf_cstr(&p->folder));
    if (kind != EG_TUF_TIMESTAMP) {
        eg_buf_appendf(out, "%" PRIu64 ".", version);
    }
    return eg_buf_appendf(out, "%s.json", eg_tuf_kind_name(kind));
}

int eg_publication_target_path(eg_str path, const uint8_t sha256[EG_HASH256_SIZE], eg_buf *out)
{
    char hex[2 * EG_HASH256_SIZE + 1];
    eg_str name = eg_path_base(path);
    eg_hex_encode(sha256, EG_HASH256_SIZE, hex);
    eg_buf_append(out, path.ptr, path.len - name.len);
    return eg_buf_appendf(out, "%s.%.*s", hex, EG_STR_ARGS(name));
}

/* ---- opening ---- */

static int read_document(const eg_publication *p, eg_tuf_kind kind, uint64_t version,
                         eg_tuf_metadata **out)
{
    eg_buf path, bytes;
    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_buf_init(&bytes, EG_PUBLICATION_FILE_MAX);
    int status = metadata_path(p, kind, version, &path);
    if (status == EG_OK) {
        status = eg_file_read(path.data, EG_PUBLICATION_FILE_MAX, &bytes);
    }
    if (status == EG_OK) {
        status = eg_tuf_metadata_read(eg_buf_str(&bytes), kind, out);
    }
    eg_buf_done(&bytes);
    eg_buf_done(&path);
    return status;
}

static int check_role(const eg_tuf_metadata *root, const eg_tuf_metadata *document)
{
    return eg_tuf_check_signatures(document, &root->roles[document->kind],
                                   eg_str_from(eg_tuf_kind_name(document->kind)));
}

/* From the first on, each signed by the one before and by itself. */
static int open_root(eg_publication *p)
{
    eg_tuf_metadata *newest = NULL, *next = NULL;
    int status = read_document(p, EG_TUF_ROOT, 1, &newest);
    if (status == EG_E_NOTFOUND) {
        return eg_fail(status, "%s holds no repository", eg_buf_cstr(&p->folder));
    }
    if (status == EG_OK) {
        status = check_role(newest, newest);
    }
    while (status == EG_OK) {
        uint64_t wanted = newest->version + 1;
        status = read_document(p, EG_TUF_ROOT, wanted, &next);
        if (status == EG_E_NOTFOUND) {
            p->published[EG_TUF_ROOT] = newest;
            return EG_OK;
        }
        if (status == EG_OK && next->version != wanted) {
            status = eg_fail(EG_E_INVALID, "%" PRIu64 ".root.json bears the version %" PRIu64,
                             wanted, next->version);
        }
        if (status == EG_OK) {
            status = check_role(newest, next);
        }
        if (status == EG_OK) {
            status = check_role(next, next);
        }
        if (status == EG_OK) {
            eg_tuf_metadata_destroy(newest);
            newest = next;
            next = NULL;
        }
    }
    eg_tuf_metadata_destroy(next);
    eg_tuf_metadata_destroy(newest);
    return status;
}

static int open_next(eg_publication *p, eg_tuf_kind kind, uint64_t version)
{
    int status = read_document(p, kind, version, &p->published[kind]);
    if (status != EG_OK) {
        return status;
    }
    if (kind != EG_TUF_TIMESTAMP && p->published[kind]->version != version) {
        return eg_fail(EG_E_INVALID, "%s metadata: version %" PRIu64 " where %" PRIu64 " is told",
                       eg_tuf_kind_name(kind), p->published[kind]->version, version);
    }
    return check_role(p->published[EG_TUF_ROOT], p->published[kind]);
}

static int open_draft(eg_publication *p)
{
    eg_buf path, bytes;
    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_buf_init(&bytes, EG_PUBLICATION_FILE_MAX);
    eg_tuf_metadata_destroy(p->draft);
    p->draft = NULL;
    int status = eg_path_join(&path, eg_buf_cstr(&p->folder), EG_PUBLICATION_DRAFT);
    if (status == EG_OK) {
        status = eg_file_read(path.data, EG_PUBLICATION_FILE_MAX, &bytes);
    }
    if (status == EG_OK) {
        status = eg_tuf_metadata_read(eg_buf_str(&bytes), EG_TUF_TARGETS, &p->draft);
    }
    eg_buf_done(&bytes);
    eg_buf_done(&path);
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static int open_all(eg_publication *p)
{
    eg_tuf_metadata **published = p->published;
    int status = open_root(p);
    if (status == EG_OK) {
        status = open_next(p, EG_TUF_TIMESTAMP, 0);
    }
    if (status == EG_OK) {
        status = open_next(p, EG_TUF_SNAPSHOT, published[EG_TUF_TIMESTAMP]->meta[0].version);
    }
    if (status == EG_OK) {
        const eg_tuf_meta *meta = eg_tuf_find_meta(published[EG_TUF_SNAPSHOT], EG_STR("targets"));
        status = open_next(p, EG_TUF_TARGETS, meta->version);
    }
    if (status == EG_OK && published[EG_TUF_TARGETS]->delegation_count > 0) {
        status = eg_fail(EG_E_UNSUPPORTED, "the repository delegates: it is another tool's");
    }
    return status == EG_OK ? open_draft(p) : status;
}

static void forget(eg_publication *p)
{
    for (int kind = 0; kind < EG_TUF_KIND_COUNT; kind++) {
        eg_tuf_metadata_destroy(p->published[kind]);
        p->published[kind] = NULL;
    }
    eg_tuf_metadata_destroy(p->draft);
    p->draft = NULL;
}

static int begin(const char *folder, eg_publication *out)
{
    memset(out, 0, sizeof(*out));
    eg_buf_init(&out->folder, PATH_MAX_BYTES);
    int status = eg_crypto_init();
    return status == EG_OK ? eg_buf_append_cstr(&out->folder, folder) : status;
}

int eg_publication_begin(const char *folder, eg_publication *out)
{
    eg_tuf_metadata *root = NULL;
    int status = begin(folder, out);
    if (status == EG_OK) {
        status = read_document(out, EG_TUF_ROOT, 1, &root);
        if (status == EG_E_NOTFOUND) {
            return EG_OK;
        }
        eg_tuf_metadata_destroy(root);
        if (status != EG_E_NOMEM) {
            status = eg_fail(EG_E_EXISTS, "%s holds a repository already", folder);
        }
    }
    eg_publication_close(out);
    return status;
}

int eg_publication_open(const char *folder, eg_publication *out)
{
    int status = begin(folder, out);
    if (status == EG_OK) {
        status = open_all(out);
    }
    if (status != EG_OK) {
        eg_publication_close(out);
    }
    return status;
}

void eg_publication_close(eg_publication *publication)
{
    forget(publication);
    eg_buf_done(&publication->folder);
}

const eg_tuf_metadata *eg_publication_next(const eg_publication *publication)
{
    return publication->draft ? publication->draft : publication->published[EG_TUF_TARGETS];
}

/* ---- writing ---- */

/* `name` below the repository, with its folders. */
static int put_file(const eg_publication *p, const char *name, eg_str bytes)
{
    eg_buf path, folder;
    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_buf_init(&folder, PATH_MAX_BYTES);
    int status = eg_buf_appendf(&path, "%s/%s", eg_buf_cstr(&p->folder), name);
    if (status == EG_OK) {
        eg_str base = eg_path_base(eg_buf_str(&path));
        status = eg_buf_append(&folder, path.data, path.len - base.len - 1);
    }
    if (status == EG_OK) {
        status = eg_dir_create(folder.data);
    }
    if (status == EG_OK) {
        status = eg_file_write_atomic(path.data, bytes.ptr, bytes.len);
    }
    eg_buf_done(&folder);
    eg_buf_done(&path);
    return status;
}

int eg_publication_put_draft(eg_publication *publication, const eg_tuf_target *targets,
                             size_t count)
{
    eg_publish_head head = {.version = 1, .expires = EG_UNIX_EPOCH_TICKS};
    eg_buf bytes;
    eg_buf_init(&bytes, EG_PUBLICATION_FILE_MAX);
    int status = eg_publish_targets(&head, targets, count, &bytes);
    if (status == EG_OK) {
        status = put_file(publication, EG_PUBLICATION_DRAFT, eg_buf_str(&bytes));
    }
    if (status == EG_OK) {
        status = open_draft(publication);
    }
    eg_buf_done(&bytes);
    return status;
}

int eg_publication_put_target(eg_publication *publication, const eg_tuf_target *target,
                              eg_str bytes)
{
    eg_buf name;
    eg_buf_init(&name, PATH_MAX_BYTES);
    eg_buf_append_cstr(&name, EG_PUBLICATION_TARGETS "/");
    int status = eg_publication_target_path(target->path, target->hashes.sha256, &name);
    if (status == EG_OK) {
        status = put_file(publication, name.data, bytes);
    }
    eg_buf_done(&name);
    return status;
}
