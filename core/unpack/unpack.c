/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unpack/unpack.h"

#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/bytes.h"
#include "core/unpack/walk.h"

#include <stdio.h>

enum {
    NAME_MAX_BYTES = 8 * 1024, /* of the whole path */
    WHY_MAX = 512,
    RATIO_FREE = 1024 * 1024, /* a small part may have any ratio */
};

const eg_unpack_limits eg_unpack_usual = {
    .depth = 6,
    .parts = 4096,
    .problems = 64,
    .part_bytes = (uint64_t)64 * 1024 * 1024,
    .all_bytes = (uint64_t)256 * 1024 * 1024,
    .ratio = 200,
    .work = (uint64_t)1024 * 1024 * 1024,
};

static const char *const kind_names[] = {
#define PART(id, name) name,
#include "core/unpack/parts.def"
#undef PART
};

typedef void (*unpacker)(eg_walk *walk, eg_str bytes);

typedef struct container {
    size_t size;
    const char *mark; /* the file begins with it */
    unpacker unpack;
} container;

/* Signatures: MS-CFB 2.2, MS-ONESTORE 2.3.1 (guidFileType of .one), MS-SHLLINK 2.1, RTF 1.9.1. */
static const container containers[] = {
    {8, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", eg_unpack_ole},
    {16, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3", eg_unpack_notebook},
    {20, "\x4C\0\0\0\x01\x14\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46", eg_unpack_shortcut},
    {4, "{\\rt", eg_unpack_rtf}, /* Word needs no more of it */
    {10, "ActiveMime", eg_unpack_activemime},
};

const char *eg_part_kind_name(eg_part_kind kind)
{
    return (size_t)kind < EG_COUNT(kind_names) ? kind_names[kind] : "?";
}

bool eg_walk_goes(const eg_walk *walk)
{
    return walk->status == EG_OK && !walk->over;
}

void eg_walk_fail(eg_walk *walk, int status)
{
    if (walk->status == EG_OK) {
        walk->status = status;
    }
}

/* Steps into `name`; returns what to give to leave_name. */
static size_t enter_name(eg_walk *walk, eg_str name)
{
    size_t before = walk->name.len;
    if (before > 0 && name.len > 0) {
        eg_buf_append_char(&walk->name, '/');
    }
    eg_utf8_append_safe(&walk->name, name);
    if (walk->name.status == EG_E_LIMIT) {
        walk->name.status = EG_OK; /* a cut name still says where */
    }
    eg_walk_fail(walk, walk->name.status);
    return before;
}

static void leave_name(eg_walk *walk, size_t before)
{
    walk->name.len = before;
    if (walk->name.data) {
        walk->name.data[before] = '\0';
    }
}

static void tell(eg_walk *walk, int status, const char *why)
{
    const eg_unpack_visitor *visitor = walk->visitor;
    if (walk->status != EG_OK || walk->problems > walk->limits->problems) {
        return;
    }
    if (walk->problems == walk->limits->problems) {
        status = EG_E_LIMIT;
        why = "there are more problems than are told one by one";
    }
    walk->problems++;
    walk->status = visitor->problem(visitor->user, eg_buf_str(&walk->name), status, why);
}

void eg_walk_tell(eg_walk *walk, eg_str name, int status, const char *format, ...)
{
    char why[WHY_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    size_t before = enter_name(walk, name);
    tell(walk, status, why);
    leave_name(walk, before);
}

/* A limit of the whole walk; the first one is told, the rest of the file is left. */
static void end_at_limit(eg_walk *walk, const char *what, uint64_t limit)
{
    if (!walk->over) {
        eg_walk_tell(walk, EG_STR(""), EG_E_LIMIT,
                     "the limit of %llu %s is reached; what follows was not looked at",
                     (unsigned long long)limit, what);
        walk->over = true;
    }
}

bool eg_walk_spend(eg_walk *walk, uint64_t amount)
{
    if (!eg_walk_goes(walk)) {
        return false;
    }
    if (amount > walk->limits->work - walk->work) {
        end_at_limit(walk, "steps", walk->limits->work);
        return false;
    }
    walk->work += amount;
    return true;
}

/* The least of the limits that hold for a part, and its name. */
static uint64_t least_room(const eg_walk *walk, size_t packed, const char **what)
{
    uint64_t room = walk->limits->part_bytes;
    uint64_t left = walk->limits->all_bytes - walk->bytes;
    uint64_t by_ratio = (uint64_t)packed * walk->limits->ratio;
    by_ratio = by_ratio < RATIO_FREE ? RATIO_FREE : by_ratio;
    *what = "of one part";
    if (by_ratio < room) {
        *what = "of what so few packed bytes may give";
        room = by_ratio;
    }
    if (left < room) {
        *what = "of all parts together";
        room = left;
    }
    return room;
}

size_t eg_walk_room(const eg_walk *walk, size_t packed)
{
    const char *what;
    return (size_t)least_room(walk, packed, &what);
}

void eg_walk_tell_room(eg_walk *walk, eg_str name, size_t packed)
{
    const char *what;
    uint64_t room = least_room(walk, packed, &what);
    eg_walk_tell(walk, name, EG_E_LIMIT, "only its first %llu bytes were looked at: the limit %s",
                 (unsigned long long)room, what);
}

/* NULL: it is no container that is known. */
static unpacker find_unpacker(eg_str bytes)
{
    for (size_t i = 0; i < EG_COUNT(containers); i++) {
        if (eg_bytes_start(bytes, 0, containers[i].mark, containers[i].size)) {
            return containers[i].unpack;
        }
    }
    return eg_zip_recognise(bytes)    ? eg_unpack_zip
           : eg_mime_recognise(bytes) ? eg_unpack_mime
           : eg_closed_name(bytes)    ? eg_unpack_closed
                                      : NULL;
}

static void open_container(eg_walk *walk, eg_str bytes)
{
    unpacker unpack = find_unpacker(bytes);
    if (!unpack) {
        return;
    }
    if (walk->depth >= walk->limits->depth) {
        eg_walk_tell(walk, EG_STR(""), EG_E_LIMIT, "more than %u containers in each other",
                     (unsigned)walk->limits->depth);
    } else if (eg_walk_spend(walk, bytes.len)) {
        walk->depth++;
        unpack(walk, bytes);
        walk->depth--;
    }
}

void eg_walk_part(eg_walk *walk, eg_str name, eg_part_kind kind, eg_str bytes)
{
    if (!eg_walk_goes(walk)) {
        return;
    }
    if (walk->parts >= walk->limits->parts) {
        end_at_limit(walk, "parts", walk->limits->parts);
        return;
    }
    uint64_t left = walk->limits->all_bytes - walk->bytes;
    uint64_t room = left < walk->limits->part_bytes ? left : walk->limits->part_bytes;
    if (bytes.len > room) {
        eg_walk_tell_room(walk, name, bytes.len);
        bytes.len = (size_t)room;
    }
    walk->parts++;
    walk->bytes += bytes.len;
    size_t before = enter_name(walk, name);
    if (walk->status == EG_OK) {
        eg_unpack_part part = {eg_buf_str(&walk->name), kind, bytes, walk->depth};
        walk->status = walk->visitor->part(walk->visitor->user, &part);
    }
    if (eg_walk_goes(walk)) {
        open_container(walk, bytes);
    }
    leave_name(walk, before);
    if (eg_walk_goes(walk) && walk->bytes >= walk->limits->all_bytes) {
        end_at_limit(walk, "bytes of all parts", walk->limits->all_bytes);
    }
}

int eg_unpack(eg_str bytes, eg_str name, const eg_unpack_limits *limits,
              const eg_unpack_visitor *visitor)
{
    eg_walk walk = {.limits = limits, .visitor = visitor};
    eg_buf_init(&walk.name, NAME_MAX_BYTES);
    enter_name(&walk, name);
    if (walk.status == EG_OK) {
        open_container(&walk, bytes);
    }
    eg_buf_done(&walk.name);
    return walk.status;
}
