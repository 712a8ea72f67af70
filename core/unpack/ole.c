/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unpack/ole.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/bytes.h"

enum {
    HEADER_SIZE = 512,
    HEADER_FAT_COUNT = 109, /* sectors of the FAT that the header names */
    ENTRY_SIZE = 128,
    ENTRY_NAME_SIZE = 64,
    SMALL_SHIFT = 6,
    PATH_DEPTH = 32,
    PATH_MAX_BYTES = 16 * 1024,
};
#define SECTOR_LAST 0xFFFFFFFAu /* what is above it is no sector */
#define SECTOR_END 0xFFFFFFFEu
#define SECTOR_FREE 0xFFFFFFFFu

static void tell(eg_ole *ole, const char *what, const char *why, uint64_t number)
{
    eg_walk_tell(ole->walk, eg_str_from(what), EG_E_INVALID, "%s (%llu)", why,
                 (unsigned long long)number);
}

static eg_str sector(const eg_ole *ole, uint32_t number)
{
    /* the header takes the place of one sector */
    return eg_bytes_part(ole->bytes, ((uint64_t)number + 1) << ole->sector_shift,
                         (uint64_t)1 << ole->sector_shift);
}

static eg_str small_sector(const eg_ole *ole, uint32_t number)
{
    return eg_bytes_part(eg_buf_str(&ole->small), (uint64_t)number << SMALL_SHIFT,
                         (uint64_t)1 << SMALL_SHIFT);
}

static void append(eg_ole *ole, eg_buf *out, eg_str bytes)
{
    if (eg_buf_append_str(out, bytes) == EG_E_NOMEM) {
        eg_walk_fail(ole->walk, EG_E_NOMEM);
    }
}

static uint32_t next_of(const eg_buf *table, uint32_t number)
{
    return number < table->len / 4 ? eg_bytes_u32(eg_buf_str(table), (uint64_t)number * 4)
                                   : SECTOR_END;
}

/*
 * Appends up to `size` bytes of the chain that begins at `start` (UINT64_MAX: the whole chain):
 * sectors of the file, or small sectors. A chain cannot be longer than there are sectors, so a
 * circle ends by counting.
 */
static void read_chain(eg_ole *ole, uint32_t start, uint64_t size, bool small, const char *what,
                       eg_buf *out)
{
    const eg_buf *table = small ? &ole->small_fat : &ole->fat;
    unsigned shift = small ? SMALL_SHIFT : ole->sector_shift;
    uint64_t count = small ? (ole->small.len >> shift) + 1 : ole->sector_count;
    uint64_t steps = 0;
    uint32_t at = start;
    bool to_its_end = size == UINT64_MAX;
    while (size > 0 && at < SECTOR_LAST && eg_walk_goes(ole->walk)) {
        eg_str bytes = small ? small_sector(ole, at) : sector(ole, at);
        if (steps++ >= count) {
            tell(ole, what, "its chain of sectors runs in a circle, from sector", start);
            return;
        }
        if (bytes.len == 0) {
            tell(ole, what, "its chain leads out of the file, to sector", at);
            return;
        }
        if (!eg_walk_spend(ole->walk, bytes.len)) {
            return;
        }
        bytes.len = bytes.len < size ? bytes.len : (size_t)size;
        append(ole, out, bytes);
        size -= bytes.len;
        if (to_its_end && bytes.len < (size_t)1 << shift) {
            tell(ole, what, "the file ends within it, in sector", at);
            return;
        }
        at = next_of(table, at);
    }
    if (size > 0 && !to_its_end && eg_walk_goes(ole->walk)) {
        tell(ole, what, "its chain ends early; bytes missing", size);
    }
}

/* The sectors of the FAT: some named in the header, the others in a chain of lists (DIFAT). */
static void read_fat(eg_ole *ole)
{
    uint32_t expected = eg_bytes_u32(ole->bytes, 0x2C);
    uint32_t lists = 0;
    uint32_t list = eg_bytes_u32(ole->bytes, 0x44);
    eg_str names = eg_bytes_part(ole->bytes, 0x4C, HEADER_FAT_COUNT * 4);
    size_t in_list = ((size_t)1 << ole->sector_shift) / 4 - 1;
    uint32_t found = 0;
    for (;;) {
        for (size_t i = 0; i < names.len / 4 && found < expected; i++) {
            uint32_t at = eg_bytes_u32(names, i * 4);
            eg_str entries = at < SECTOR_LAST ? sector(ole, at) : (eg_str){"", 0};
            append(ole, &ole->fat, entries);
            if (entries.len < (size_t)1 << ole->sector_shift) {
                tell(ole, "", "the table of sectors leads out of the file, to sector", at);
                return;
            }
            if (found++ > ole->sector_count || !eg_walk_spend(ole->walk, in_list)) {
                return;
            }
        }
        if (found >= expected || list >= SECTOR_LAST) {
            break;
        }
        if (lists++ > ole->sector_count || !eg_walk_spend(ole->walk, in_list)) {
            tell(ole, "", "the lists of the table of sectors run in a circle, at sector", list);
            return;
        }
        eg_str next = sector(ole, list);
        names = eg_bytes_part(next, 0, in_list * 4);
        list = next.len == in_list * 4 + 4 ? eg_bytes_u32(next, in_list * 4) : SECTOR_END;
    }
    if (found < expected) {
        tell(ole, "", "the table of sectors is not whole; missing", expected - found);
    }
}

static int read_entry(eg_ole *ole, eg_str bytes, eg_ole_entry *entry)
{
    eg_buf_init(&entry->name, 4 * ENTRY_NAME_SIZE);
    size_t name = eg_bytes_u16(bytes, 64);
    name = name >= 2 && name <= ENTRY_NAME_SIZE ? name - 2 : 0;
    uint8_t type = (uint8_t)bytes.ptr[66];
    entry->type = type == EG_OLE_STORAGE || type == EG_OLE_STREAM || type == EG_OLE_ROOT
                      ? (eg_ole_type)type
                      : EG_OLE_NONE;
    entry->left = eg_bytes_u32(bytes, 68);
    entry->right = eg_bytes_u32(bytes, 72);
    entry->child = eg_bytes_u32(bytes, 76);
    entry->parent = EG_OLE_NO_ENTRY;
    entry->start = eg_bytes_u32(bytes, 116);
    /* version 3 leaves the upper half undefined */
    entry->size = ole->sector_shift == 9 ? eg_bytes_u32(bytes, 120) : eg_bytes_u64(bytes, 120);
    return eg_utf8_from_utf16le(&entry->name, bytes.ptr, name);
}

/* Gives each entry its parent. `queue` has room for every entry once: each is taken only once. */
static void link_entries(eg_ole *ole, uint32_t *queue)
{
    uint32_t count = 1;
    queue[0] = 0;
    ole->entries[0].reached = true;
    for (uint32_t i = 0; i < count; i++) {
        eg_ole_entry *from = &ole->entries[queue[i]];
        uint32_t others[3] = {from->left, from->right, from->child};
        for (size_t n = queue[i] == 0 ? 2 : 0; n < EG_COUNT(others); n++) {
            uint32_t to = others[n];
            if (to == EG_OLE_NO_ENTRY) {
                continue;
            }
            if (to >= ole->entry_count || ole->entries[to].reached) {
                tell(ole, eg_buf_cstr(&from->name),
                     "the directory loops or leads out of itself, to", to);
                continue;
            }
            ole->entries[to].reached = true;
            ole->entries[to].parent = n == 2 ? queue[i] : from->parent;
            queue[count++] = to;
        }
    }
}

static bool read_directory(eg_ole *ole, eg_buf *directory)
{
    uint32_t count = (uint32_t)(directory->len / ENTRY_SIZE);
    if (count == 0) {
        tell(ole, "", "it has no directory", 0);
        return false;
    }
    if (!eg_walk_spend(ole->walk, directory->len)) {
        return false;
    }
    uint32_t *queue = eg_alloc_zero(count, sizeof(*queue));
    ole->entries = eg_alloc_zero(count, sizeof(*ole->entries));
    int status = queue && ole->entries ? EG_OK : EG_E_NOMEM;
    for (uint32_t i = 0; i < count && status == EG_OK; i++) {
        eg_str bytes = eg_bytes_part(eg_buf_str(directory), (uint64_t)i * ENTRY_SIZE, ENTRY_SIZE);
        ole->entry_count++;
        status = read_entry(ole, bytes, &ole->entries[i]);
    }
    if (status == EG_OK) {
        link_entries(ole, queue);
    } else {
        eg_walk_fail(ole->walk, status);
    }
    eg_free(queue);
    return status == EG_OK;
}

bool eg_ole_open(eg_ole *ole, eg_walk *walk, eg_str bytes)
{
    *ole = (eg_ole){.walk = walk, .bytes = bytes};
    size_t most = bytes.len < SIZE_MAX / 2 ? bytes.len + (size_t)HEADER_SIZE * 8 : bytes.len;
    eg_buf directory;
    eg_buf_init(&ole->fat, most);
    eg_buf_init(&ole->small_fat, most);
    eg_buf_init(&ole->small, most);
    eg_buf_init(&directory, most);
    uint16_t version = eg_bytes_u16(bytes, 0x1A);
    ole->sector_shift = eg_bytes_u16(bytes, 0x1E);
    if (bytes.len < HEADER_SIZE || (ole->sector_shift != 9 && ole->sector_shift != 12)) {
        tell(ole, "", "its header is damaged; size of a sector", ole->sector_shift);
        return false;
    }
    if ((version != 3 && version != 4) || eg_bytes_u16(bytes, 0x20) != SMALL_SHIFT) {
        tell(ole, "", "its header is of no known version; it is read all the same", version);
    }
    uint64_t sectors = (bytes.len - 1) >> ole->sector_shift; /* the last one may be cut */
    ole->sector_count = sectors < SECTOR_LAST ? (uint32_t)sectors : SECTOR_LAST;
    ole->cutoff = eg_bytes_u32(bytes, 0x38);
    read_fat(ole);
    read_chain(ole, eg_bytes_u32(bytes, 0x30), UINT64_MAX, false, "the directory", &directory);
    bool good = eg_walk_goes(walk) && read_directory(ole, &directory);
    if (good && eg_bytes_u32(bytes, 0x3C) < SECTOR_LAST) {
        read_chain(ole, eg_bytes_u32(bytes, 0x3C), UINT64_MAX, false, "the table of small sectors",
                   &ole->small_fat);
        read_chain(ole, ole->entries[0].start, ole->entries[0].size, false, "the small sectors",
                   &ole->small);
    }
    eg_buf_done(&directory);
    return good && eg_walk_goes(walk);
}

void eg_ole_close(eg_ole *ole)
{
    for (uint32_t i = 0; i < ole->entry_count; i++) {
        eg_buf_done(&ole->entries[i].name);
    }
    eg_free(ole->entries);
    eg_buf_done(&ole->fat);
    eg_buf_done(&ole->small_fat);
    eg_buf_done(&ole->small);
}

void eg_ole_path(const eg_ole *ole, uint32_t entry, eg_buf *out)
{
    uint32_t above[PATH_DEPTH];
    size_t count = 0;
    uint32_t at = entry;
    /* the parents lead to the root: link_entries gave each entry one that was reached before it */
    while (at != 0 && at != EG_OLE_NO_ENTRY && count < PATH_DEPTH) {
        above[count++] = at;
        at = ole->entries[at].parent;
    }
    eg_buf_clear(out);
    if (!ole->entries[entry].reached) {
        eg_buf_append_cstr(out, "unlinked/");
    }
    while (count > 0) {
        eg_buf_append_str(out, eg_buf_str(&ole->entries[above[--count]].name));
        eg_buf_append_cstr(out, count > 0 ? "/" : "");
    }
    if (out->status == EG_E_NOMEM) {
        eg_walk_fail(ole->walk, EG_E_NOMEM);
    }
}

void eg_ole_read(eg_ole *ole, uint32_t entry, eg_buf *out)
{
    const eg_ole_entry *stream = &ole->entries[entry];
    eg_buf path;
    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_ole_path(ole, entry, &path);
    bool small = stream->size < ole->cutoff;
    read_chain(ole, stream->start, stream->size, small, eg_buf_cstr(&path), out);
    eg_buf_done(&path);
}
