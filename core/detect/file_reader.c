/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/file_reader.h"

#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/detect/pe_imports.h"

#include <string.h>

#define CHUNK_SIZE (256u * 1024)

const eg_file_limits eg_file_default_limits = {
    .size_max = UINT64_C(256) * 1024 * 1024,
    .time_ms = 20 * 1000,
    .cache = 2048,
};

typedef enum count_kind {
    COUNT_READ,
    COUNT_REMEMBERED,
    COUNT_ELSEWHERE,
    COUNT_UNREADABLE,
    COUNT_TOO_LARGE,
    COUNT_TOO_SLOW,
    COUNT_CHANGED,
    COUNT_KINDS,
} count_kind;

typedef struct remembered {
    eg_file_identity identity;
    eg_file_facts facts;
    uint32_t refused; /* facts that take too long, or are of too much */
    bool used;
} remembered;

struct eg_file_reader {
    eg_file_ops ops;
    eg_file_limits limits;
    remembered *cache;
    size_t next;    /* to be overwritten */
    uint8_t *chunk; /* CHUNK_SIZE bytes */
    eg_buf imports;
    eg_atomic stopped;
    eg_atomic counts[COUNT_KINDS];
};

/* A file while it is looked into. */
typedef struct opened {
    eg_file_reader *reader;
    void *file;
    eg_str path;
    eg_file_identity identity;
} opened;

int eg_file_reader_create(const eg_file_ops *ops, const eg_file_limits *limits,
                          eg_file_reader **out)
{
    eg_file_reader *reader = eg_alloc_zero(1, sizeof(*reader));
    if (!reader) {
        return EG_E_NOMEM;
    }
    reader->ops = *ops;
    reader->limits = *limits;
    eg_buf_init(&reader->imports, EG_PE_IMPORTS_TEXT_MAX);
    reader->cache = eg_alloc_zero(limits->cache, sizeof(*reader->cache));
    reader->chunk = eg_alloc(CHUNK_SIZE);
    if (!reader->cache || !reader->chunk) {
        eg_file_reader_destroy(reader);
        return EG_E_NOMEM;
    }
    *out = reader;
    return EG_OK;
}

void eg_file_reader_destroy(eg_file_reader *reader)
{
    if (reader) {
        eg_buf_done(&reader->imports);
        eg_free(reader->cache);
        eg_free(reader->chunk);
        eg_free(reader);
    }
}

void eg_file_reader_stop(eg_file_reader *reader)
{
    eg_atomic_set(&reader->stopped, 1);
}

static uint64_t counted(const eg_file_reader *reader, count_kind kind)
{
    return (uint64_t)eg_atomic_get(&reader->counts[kind]);
}

void eg_file_reader_counts(const eg_file_reader *reader, eg_file_counts *out)
{
    out->read = counted(reader, COUNT_READ);
    out->remembered = counted(reader, COUNT_REMEMBERED);
    out->elsewhere = counted(reader, COUNT_ELSEWHERE);
    out->unreadable = counted(reader, COUNT_UNREADABLE);
    out->too_large = counted(reader, COUNT_TOO_LARGE);
    out->too_slow = counted(reader, COUNT_TOO_SLOW);
    out->changed = counted(reader, COUNT_CHANGED);
}

static void count(eg_file_reader *reader, count_kind kind)
{
    eg_atomic_add(&reader->counts[kind], 1);
}

static void unreadable(eg_file_reader *reader)
{
    count(reader, COUNT_UNREADABLE);
    eg_log(EG_LOG_DEBUG, "files", "%s", eg_error_message());
}

/* ---- digests ---- */

/* EG_E_TIMEOUT when it takes too long, EG_E_CLOSED after a stop. */
static int add_file(const opened *at, void *const digests[EG_DIGEST_COUNT])
{
    eg_file_reader *reader = at->reader;
    uint64_t begin = eg_clock_monotonic_ns();
    int status = EG_OK;
    for (uint64_t offset = 0; status == EG_OK && offset < at->identity.size;) {
        uint64_t left = at->identity.size - offset;
        size_t size = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;
        if (eg_atomic_get(&reader->stopped) != 0) {
            return EG_E_CLOSED;
        }
        if (eg_clock_monotonic_ns() - begin > (uint64_t)reader->limits.time_ms * 1000000) {
            return eg_fail(EG_E_TIMEOUT, "reading %.*s takes longer than %u ms",
                           EG_STR_ARGS(at->path), (unsigned)reader->limits.time_ms);
        }
        status = reader->ops.read(at->file, offset, reader->chunk, size);
        for (int i = 0; status == EG_OK && i < EG_DIGEST_COUNT; i++) {
            status = reader->ops.digests.add(digests[i], reader->chunk, size);
        }
        offset += size;
    }
    return status;
}

static int find_digests(const opened *at, eg_file_facts *facts)
{
    const eg_digest_ops *ops = &at->reader->ops.digests;
    uint8_t *const out[EG_DIGEST_COUNT] = {
        [EG_DIGEST_MD5] = facts->md5,
        [EG_DIGEST_SHA1] = facts->sha1,
        [EG_DIGEST_SHA256] = facts->sha256,
    };
    void *digests[EG_DIGEST_COUNT] = {NULL};
    int status = EG_OK;
    for (int i = 0; status == EG_OK && i < EG_DIGEST_COUNT; i++) {
        status = ops->begin(ops->user, (eg_digest_kind)i, &digests[i]);
    }
    if (status == EG_OK) {
        status = add_file(at, digests);
    }
    for (int i = 0; status == EG_OK && i < EG_DIGEST_COUNT; i++) {
        status = ops->end(digests[i], out[i]);
    }
    for (int i = 0; i < EG_DIGEST_COUNT; i++) {
        ops->drop(digests[i]);
    }
    return status;
}

/* ---- imports ---- */

static int read_piece(void *user, uint64_t offset, void *out, size_t size)
{
    const opened *at = user;
    if (eg_atomic_get(&at->reader->stopped) != 0) {
        return EG_E_CLOSED;
    }
    return at->reader->ops.read(at->file, offset, out, size);
}

static int find_imphash(opened *at, eg_file_facts *facts)
{
    eg_file_reader *reader = at->reader;
    const eg_digest_ops *ops = &reader->ops.digests;
    const eg_pe_source source = {at, at->identity.size, read_piece};
    void *digest = NULL;
    int status = eg_pe_imports_text(&source, &reader->imports);
    if (status == EG_E_INVALID || status == EG_E_LIMIT) {
        status = EG_OK; /* no program: as one that imports nothing */
    }
    if (status != EG_OK || reader->imports.len == 0) {
        memset(facts->imphash, 0, sizeof(facts->imphash));
        return status;
    }
    status = ops->begin(ops->user, EG_DIGEST_MD5, &digest);
    if (status == EG_OK) {
        status = ops->add(digest, reader->imports.data, reader->imports.len);
    }
    if (status == EG_OK) {
        status = ops->end(digest, facts->imphash);
    }
    ops->drop(digest);
    return status;
}

/* ---- one file ---- */

static remembered *recall(eg_file_reader *reader, const eg_file_identity *identity)
{
    for (size_t i = 0; i < reader->limits.cache; i++) {
        if (reader->cache[i].used && eg_file_identity_equal(&reader->cache[i].identity, identity)) {
            return &reader->cache[i];
        }
    }
    return NULL;
}

static void remember(eg_file_reader *reader, const remembered *what)
{
    remembered *at = recall(reader, &what->identity);
    if (!at && reader->limits.cache > 0) {
        at = &reader->cache[reader->next];
        reader->next = (reader->next + 1) % reader->limits.cache;
    }
    if (at) {
        *at = *what;
        at->used = true;
    }
}

/* A signature that the system cannot check leaves the other facts as they are. */
static int find_signature(const opened *at, remembered *found)
{
    const eg_file_ops *ops = &at->reader->ops;
    int status = ops->signature(ops->user, at->file, at->path, &found->facts.signature);
    if (status == EG_OK) {
        found->facts.known |= EG_FACT_SIGNATURE;
    } else if (status != EG_E_NOMEM) {
        unreadable(at->reader);
        found->refused |= EG_FACT_SIGNATURE;
        status = EG_OK;
    }
    return status;
}

/* Facts that take reading the whole file. */
static int find_whole(opened *at, uint32_t wanted, remembered *found)
{
    eg_file_reader *reader = at->reader;
    int status = EG_OK;
    wanted &= EG_FACT_DIGESTS | EG_FACT_SIGNATURE;
    if (wanted == 0) {
        return EG_OK;
    }
    if (at->identity.size > reader->limits.size_max) {
        count(reader, COUNT_TOO_LARGE);
        found->refused |= wanted;
        return EG_OK;
    }
    if (wanted & EG_FACT_DIGESTS) {
        status = find_digests(at, &found->facts);
        if (status == EG_E_TIMEOUT) {
            count(reader, COUNT_TOO_SLOW);
            found->refused |= wanted;
            return EG_OK;
        }
        found->facts.known |= status == EG_OK ? (uint32_t)EG_FACT_DIGESTS : 0;
    }
    if (status == EG_OK && wanted & EG_FACT_SIGNATURE) {
        status = find_signature(at, found);
    }
    return status;
}

static int find(opened *at, uint32_t wanted, remembered *found)
{
    eg_file_identity after;
    int status = EG_OK;
    count(at->reader, COUNT_READ);
    found->identity = at->identity;
    if (wanted & EG_FACT_IMPHASH) {
        status = find_imphash(at, &found->facts);
        found->facts.known |= status == EG_OK ? (uint32_t)EG_FACT_IMPHASH : 0;
    }
    if (status == EG_OK) {
        status = find_whole(at, wanted, found);
    }
    if (status == EG_OK) {
        status = at->reader->ops.identify(at->file, &after);
    }
    if (status == EG_OK && !eg_file_identity_equal(&at->identity, &after)) {
        count(at->reader, COUNT_CHANGED); /* what was read may be half of one, half of another */
        memset(found, 0, sizeof(*found));
    } else if (status == EG_OK) {
        remember(at->reader, found);
    }
    return status;
}

static int get(opened *at, uint32_t wanted, eg_file_facts *out)
{
    remembered found;
    memset(&found, 0, sizeof(found));
    int status = at->reader->ops.identify(at->file, &at->identity);
    if (status != EG_OK) {
        return status;
    }
    const remembered *known = recall(at->reader, &at->identity);
    if (known) {
        found = *known;
    }
    uint32_t missing = wanted & ~found.facts.known & ~found.refused;
    if (missing != 0) {
        status = find(at, missing, &found);
    } else {
        count(at->reader, COUNT_REMEMBERED);
    }
    if (status == EG_OK) {
        *out = found.facts;
        out->known &= wanted;
    }
    return status;
}

int eg_file_reader_get(eg_file_reader *reader, eg_str path, uint32_t wanted, eg_file_facts *out)
{
    opened at = {.reader = reader, .path = path};
    memset(out, 0, sizeof(*out));
    int status = reader->ops.open(reader->ops.user, path, &at.file);
    if (status == EG_E_UNSUPPORTED) {
        count(reader, COUNT_ELSEWHERE);
        return EG_OK;
    }
    if (status == EG_OK) {
        status = get(&at, wanted, out);
        reader->ops.close(at.file);
    }
    if (status == EG_OK || status == EG_E_NOMEM || status == EG_E_CLOSED) {
        return status;
    }
    unreadable(reader);
    return EG_OK;
}

int eg_file_reader_complete(eg_file_reader *reader, uint32_t wanted, eg_arena *arena,
                            eg_event *event)
{
    eg_file_facts facts;
    eg_str path = eg_event_get(event, eg_file_facts_path_field(event->kind));
    int status = eg_file_reader_get(reader, path, wanted, &facts);
    return status == EG_OK ? eg_file_facts_fill(&facts, arena, event) : status;
}
