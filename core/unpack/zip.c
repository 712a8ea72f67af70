/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zip archives (PKWARE's APPNOTE): the members of the central directory; where that is damaged,
 * those that have a local header, as programs that repair documents find them. Packed bytes go
 * through inflate.h. Members that share bytes are told and unpacked within the limits.
 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/inflate.h"
#include "core/unpack/walk.h"

enum {
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END_SEARCH = END_SIZE + 0xFFFF, /* a comment may follow it */
    END64_LOCATOR_SIZE = 20,
    EXTRA_ZIP64 = 1,
    FLAG_ENCRYPTED = 1 << 0,
    FLAG_SIZES_BEHIND = 1 << 3,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
};

static const char local_mark[] = "PK\x03\x04";
static const char central_mark[] = "PK\x01\x02";
static const char end_mark[] = "PK\x05\x06";
static const char end64_mark[] = "PK\x06\x06";
static const char locator_mark[] = "PK\x06\x07";

typedef struct member {
    eg_str name;
    uint16_t flags, method;
    uint32_t checksum;
    uint64_t packed, unpacked;
    uint64_t header; /* of its local header, from the start of the bytes */
} member;

typedef struct range {
    uint64_t from, to;
} range;

typedef struct archive {
    eg_walk *walk;
    eg_str bytes;
    uint64_t base; /* what offsets count from: bytes before the archive */
    uint64_t directory, directory_end;
    uint64_t count;
    range *ranges; /* of the members so far */
    size_t range_count, range_capacity;
} archive;

static void tell(archive *zip, eg_str name, const char *why, uint64_t number)
{
    eg_walk_tell(zip->walk, name, EG_E_INVALID, "%s (%llu)", why, (unsigned long long)number);
}

/* The last end record whose directory is there; false when the file is no archive. */
static bool find_end(archive *zip)
{
    eg_str bytes = zip->bytes;
    size_t least = bytes.len > END_SEARCH ? bytes.len - END_SEARCH : 0;
    for (size_t at = bytes.len >= END_SIZE ? bytes.len - END_SIZE + 1 : 0; at-- > least;) {
        if (bytes.ptr[at] != 'P' || !eg_bytes_start(bytes, at, end_mark, 4)) {
            continue;
        }
        uint64_t end = at;
        uint64_t size = eg_bytes_u32(bytes, at + 12);
        uint64_t offset = eg_bytes_u32(bytes, at + 16);
        zip->count = eg_bytes_u16(bytes, at + 10);
        if (at >= END64_LOCATOR_SIZE &&
            eg_bytes_start(bytes, at - END64_LOCATOR_SIZE, locator_mark, 4)) {
            uint64_t end64 = eg_bytes_u64(bytes, at - END64_LOCATOR_SIZE + 8);
            if (eg_bytes_start(bytes, end64, end64_mark, 4)) {
                end = end64;
                zip->count = eg_bytes_u64(bytes, end64 + 32);
                size = eg_bytes_u64(bytes, end64 + 40);
                offset = eg_bytes_u64(bytes, end64 + 48);
            }
        }
        if (size > end || offset > end - size) {
            continue;
        }
        zip->directory = end - size;
        zip->directory_end = end;
        zip->base = end - size - offset;
        if (size == 0 || eg_bytes_start(bytes, zip->directory, central_mark, 4)) {
            return true;
        }
    }
    return false;
}

/* Sizes and offset that do not fit 32 bits stand in an extra field, in this order. */
static void read_zip64(eg_str extra, member *found)
{
    uint64_t *wide[] = {&found->unpacked, &found->packed, &found->header};
    for (size_t at = 0; at + 4 <= extra.len;) {
        eg_str field = eg_bytes_part(extra, at + 4, eg_bytes_u16(extra, at + 2));
        if (eg_bytes_u16(extra, at) == EXTRA_ZIP64) {
            size_t taken = 0;
            for (size_t i = 0; i < EG_COUNT(wide); i++) {
                if (*wide[i] == UINT32_MAX && taken + 8 <= field.len) {
                    *wide[i] = eg_bytes_u64(field, taken);
                    taken += 8;
                }
            }
        }
        at += 4 + (size_t)eg_bytes_u16(extra, at + 2);
    }
}

/* Tells when bytes of this member belong to another one, which is how bombs are made. */
static void take_range(archive *zip, const member *found, uint64_t from, uint64_t to)
{
    if (!eg_walk_spend(zip->walk, zip->range_count)) {
        return;
    }
    for (size_t i = 0; i < zip->range_count; i++) {
        if (from < zip->ranges[i].to && zip->ranges[i].from < to) {
            tell(zip, found->name, "it shares bytes with another member, at", from);
            return;
        }
    }
    if (zip->range_count == zip->range_capacity) {
        size_t capacity = zip->range_capacity ? 2 * zip->range_capacity : 64;
        range *grown = eg_realloc(zip->ranges, capacity * sizeof(*grown));
        if (!grown) {
            eg_walk_fail(zip->walk, EG_E_NOMEM);
            return;
        }
        zip->ranges = grown;
        zip->range_capacity = capacity;
    }
    zip->ranges[zip->range_count++] = (range){from, to};
}

/* OpenDocument 1.2, part 3, 4.4: the list of parts names those that a password protects. */
static void tell_encryption(archive *zip, const member *found, eg_str bytes)
{
    static const char mark[] = "encryption-data";
    if (eg_str_equal(found->name, EG_STR("META-INF/manifest.xml")) &&
        eg_bytes_find(bytes, 0, mark, sizeof(mark) - 1) < bytes.len) {
        eg_walk_tell(zip->walk, EG_STR(""), EG_E_UNSUPPORTED, "could not look: encrypted");
    }
}

/* Unpacks `found` from `packed` into a part; `*used` is how many of its bytes belonged to it. */
static void unpack_member(archive *zip, const member *found, eg_str packed, size_t *used)
{
    eg_walk *walk = zip->walk;
    eg_str name = found->name;
    eg_part_kind kind = eg_str_starts_nocase(name, EG_STR("xl/macrosheets/")) ? EG_PART_MACRO_SHEET
                                                                              : EG_PART_MEMBER;
    eg_buf out;
    eg_buf_init(&out, eg_walk_room(walk, packed.len));
    eg_str bytes = packed;
    int status = EG_OK;
    *used = packed.len;
    if (found->method == METHOD_DEFLATED) {
        status = eg_inflate(packed, false, &out, used);
        bytes = eg_buf_str(&out);
    }
    if (status == EG_E_NOMEM) {
        eg_walk_fail(walk, status);
    } else if (status == EG_E_LIMIT) {
        eg_walk_tell_room(walk, name, packed.len);
    } else if (status != EG_OK) {
        eg_walk_tell(walk, name, status, "%s", eg_error_message());
    } else if (!(found->flags & FLAG_SIZES_BEHIND) || found->checksum != 0) {
        if (bytes.len != found->unpacked) {
            tell(zip, name, "its size is not what the archive says", bytes.len);
        } else if (eg_crc32(bytes) != found->checksum) {
            tell(zip, name, "its checksum is wrong", found->checksum);
        }
    }
    eg_walk_part(walk, name, kind, bytes);
    tell_encryption(zip, found, bytes);
    eg_buf_done(&out);
}

static bool is_folder(const member *found)
{
    return found->packed == 0 && found->name.len > 0 && found->name.ptr[found->name.len - 1] == '/';
}

/* False, and told, when this member cannot be unpacked. */
static bool may_unpack(archive *zip, const member *found)
{
    if (found->flags & FLAG_ENCRYPTED) {
        eg_walk_tell(zip->walk, found->name, EG_E_UNSUPPORTED, "could not look: encrypted");
        return false;
    }
    if (found->method != METHOD_STORED && found->method != METHOD_DEFLATED) {
        eg_walk_tell(zip->walk, found->name, EG_E_UNSUPPORTED,
                     "could not look: packed by method %u, which is not known",
                     (unsigned)found->method);
        return false;
    }
    return !is_folder(found);
}

static void visit_member(archive *zip, const member *found)
{
    uint64_t at = zip->base + found->header;
    if (at < zip->base || !eg_bytes_start(zip->bytes, at, local_mark, 4)) {
        tell(zip, found->name, "it has no local header where it should be", at);
        return;
    }
    uint64_t data =
        at + LOCAL_SIZE + eg_bytes_u16(zip->bytes, at + 26) + eg_bytes_u16(zip->bytes, at + 28);
    eg_str packed = eg_bytes_part(zip->bytes, data, found->packed);
    if (packed.len != found->packed) {
        tell(zip, found->name, "it leads out of the file; bytes missing",
             found->packed - packed.len);
    }
    take_range(zip, found, at, data + packed.len);
    size_t used;
    if (eg_walk_goes(zip->walk) && may_unpack(zip, found) && eg_walk_spend(zip->walk, packed.len)) {
        unpack_member(zip, found, packed, &used);
    }
}

/* False when the central directory is damaged. */
static bool read_directory(archive *zip)
{
    uint64_t at = zip->directory;
    uint64_t count = 0;
    while (eg_walk_goes(zip->walk) && eg_bytes_start(zip->bytes, at, central_mark, 4)) {
        size_t name = eg_bytes_u16(zip->bytes, at + 28);
        size_t extra = eg_bytes_u16(zip->bytes, at + 30);
        size_t comment = eg_bytes_u16(zip->bytes, at + 32);
        if (at + CENTRAL_SIZE + name + extra + comment > zip->directory_end) {
            break;
        }
        member found = {
            .name = eg_bytes_part(zip->bytes, at + CENTRAL_SIZE, name),
            .flags = eg_bytes_u16(zip->bytes, at + 8),
            .method = eg_bytes_u16(zip->bytes, at + 10),
            .checksum = eg_bytes_u32(zip->bytes, at + 16),
            .packed = eg_bytes_u32(zip->bytes, at + 20),
            .unpacked = eg_bytes_u32(zip->bytes, at + 24),
            .header = eg_bytes_u32(zip->bytes, at + 42),
        };
        found.flags &= (uint16_t)~FLAG_SIZES_BEHIND; /* the directory has them */
        read_zip64(eg_bytes_part(zip->bytes, at + CENTRAL_SIZE + name, extra), &found);
        if (!eg_walk_spend(zip->walk, 1)) {
            return true;
        }
        visit_member(zip, &found);
        count++;
        at += CENTRAL_SIZE + name + extra + comment;
    }
    if (eg_walk_goes(zip->walk) && (at != zip->directory_end || count != zip->count)) {
        tell(zip, EG_STR(""), "its directory is damaged; members read", count);
        return false;
    }
    return true;
}

/* The member whose local header is at `at`; returns where to look for the next one. */
static uint64_t visit_local(archive *zip, uint64_t at)
{
    size_t name = eg_bytes_u16(zip->bytes, at + 26);
    size_t extra = eg_bytes_u16(zip->bytes, at + 28);
    uint64_t data = at + LOCAL_SIZE + name + extra;
    member found = {
        .name = eg_bytes_part(zip->bytes, at + LOCAL_SIZE, name),
        .flags = eg_bytes_u16(zip->bytes, at + 6),
        .method = eg_bytes_u16(zip->bytes, at + 8),
        .checksum = eg_bytes_u32(zip->bytes, at + 14),
        .packed = eg_bytes_u32(zip->bytes, at + 18),
        .unpacked = eg_bytes_u32(zip->bytes, at + 22),
    };
    read_zip64(eg_bytes_part(zip->bytes, at + LOCAL_SIZE + name, extra), &found);
    if (found.flags & FLAG_SIZES_BEHIND) {
        found.packed = zip->bytes.len;
    }
    eg_str packed = eg_bytes_part(zip->bytes, data, found.packed);
    for (size_t i = 0; i < zip->range_count; i++) {
        if (at >= zip->ranges[i].from && at < zip->ranges[i].to) {
            return zip->ranges[i].to; /* the directory led there */
        }
    }
    size_t used = 0;
    if (may_unpack(zip, &found)) {
        if (found.flags & FLAG_SIZES_BEHIND && found.method == METHOD_STORED) {
            packed.len = eg_bytes_find(packed, 0, "PK", 2);
            tell(zip, found.name, "its length is not known; bytes up to the next mark", packed.len);
        }
        unpack_member(zip, &found, packed, &used);
        eg_walk_spend(zip->walk, used);
    }
    return data + used > at ? data + used : at + 4;
}

static void read_locals(archive *zip)
{
    uint64_t at = 0;
    while (eg_walk_goes(zip->walk)) {
        at = eg_bytes_find(zip->bytes, (size_t)at, local_mark, 4);
        if (at >= zip->bytes.len || !eg_walk_spend(zip->walk, zip->range_count + 1)) {
            return;
        }
        at = visit_local(zip, at);
        if (at > zip->bytes.len) {
            return;
        }
    }
}

bool eg_zip_recognise(eg_str bytes)
{
    archive zip = {.bytes = bytes};
    return eg_bytes_start(bytes, 0, local_mark, 4) || find_end(&zip);
}

void eg_unpack_zip(eg_walk *walk, eg_str bytes)
{
    archive zip = {.walk = walk, .bytes = bytes};
    bool whole = find_end(&zip);
    if (!whole) {
        tell(&zip, EG_STR(""), "its directory is missing; members are sought, in bytes", bytes.len);
    } else {
        whole = read_directory(&zip);
    }
    if (!whole) {
        read_locals(&zip);
    }
    eg_free(zip.ranges);
}
