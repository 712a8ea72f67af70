/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is handed on of a compound file: every stream as it is, the source of VBA modules, the
 * macro sheets of a workbook, packed files.
 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/unpack/bytes.h"
#include "core/unpack/code_page.h"
#include "core/unpack/ole.h"
#include "core/unpack/vba.h"

enum {
    NAME_MAX_BYTES = 16 * 1024,
    WORD_MARK = 0xA5EC,
    WORD_FLAGS_AT = 10,
    WORD_ENCRYPTED = 0x0100,
    SOURCES_PER_STREAM = 16, /* found by search; a stream of an honest file has one */
    SIZE_FIELD = 4,          /* of what follows in the stream */
};

typedef struct source_place {
    bool known; /* the list of modules names this stream */
    uint32_t offset;
    uint32_t code_page;
} source_place;

/* Unpacks the source at `at` and hands it on; false when nothing could be unpacked. */
static bool unpack_source(eg_walk *walk, eg_str name, eg_str stream, size_t at, uint32_t code_page)
{
    eg_str packed = eg_bytes_part(stream, at, stream.len);
    eg_buf source, text;
    eg_buf_init(&source, eg_walk_room(walk, packed.len));
    eg_buf_init(&text, 3 * source.max);
    int status = eg_vba_decompress(packed, &source);
    bool found = source.len > 0;
    if (status == EG_E_NOMEM) {
        eg_walk_fail(walk, status);
    } else if (found) {
        /* bytes behind the source are usual when it was found by search */
        eg_walk_part(walk, name, EG_PART_MACRO_SOURCE, eg_buf_str(&source));
        if (status == EG_E_LIMIT) {
            eg_walk_tell_room(walk, name, packed.len);
        }
        if (eg_text_from_code_page(code_page, eg_buf_str(&source), &text) == EG_OK) {
            eg_walk_part(walk, name, EG_PART_MACRO_TEXT, eg_buf_str(&text));
        } else if (text.status == EG_E_NOMEM) {
            eg_walk_fail(walk, EG_E_NOMEM);
        }
    }
    if (eg_walk_goes(walk) && status == EG_E_INVALID) {
        eg_walk_tell(walk, name, status, "macro source: %s", eg_error_message());
    }
    eg_buf_done(&source);
    eg_buf_done(&text);
    return found;
}

/* Sources that no list of modules leads to: it is damaged, or was made to lead elsewhere. */
static void search_sources(eg_walk *walk, eg_str name, eg_str stream, uint32_t code_page)
{
    size_t at = eg_vba_find_source(stream, 0);
    for (int count = 0; at < stream.len && eg_walk_goes(walk); count++) {
        if (count == SOURCES_PER_STREAM) {
            eg_walk_tell(walk, name, EG_E_LIMIT, "more than %d macro sources in one stream",
                         SOURCES_PER_STREAM);
            return;
        }
        eg_walk_tell(walk, name, EG_E_INVALID,
                     "the list of modules does not lead to its source, found by search at %zu", at);
        unpack_source(walk, name, stream, at, code_page);
        at = eg_vba_find_source(stream, at + 1);
    }
}

static uint32_t find_in_storage(const eg_ole *ole, uint32_t storage, eg_str name)
{
    for (uint32_t i = 0; i < ole->entry_count; i++) {
        const eg_ole_entry *entry = &ole->entries[i];
        if (entry->type == EG_OLE_STREAM && entry->parent == storage &&
            eg_str_equal_nocase(eg_buf_str(&entry->name), name)) {
            return i;
        }
    }
    return EG_OLE_NO_ENTRY;
}

/* The stream a module names, by its Unicode name or by the one in the code page. */
static uint32_t find_module(eg_ole *ole, uint32_t storage, const eg_vba_module *module,
                            uint32_t code_page)
{
    eg_buf name;
    eg_buf_init(&name, NAME_MAX_BYTES);
    if (module->stream.len > 0) {
        eg_utf8_from_utf16le(&name, module->stream.ptr, module->stream.len);
    } else if (eg_text_from_code_page(code_page, module->stream_mbcs, &name) != EG_OK) {
        eg_buf_append_str(&name, module->stream_mbcs);
    }
    if (name.status == EG_E_NOMEM) {
        eg_walk_fail(ole->walk, EG_E_NOMEM);
    }
    uint32_t found = find_in_storage(ole, storage, eg_buf_str(&name));
    if (found == EG_OLE_NO_ENTRY) {
        eg_walk_tell(ole->walk, eg_buf_str(&name), EG_E_INVALID,
                     "the list of modules names it, but it is not there");
    }
    eg_buf_done(&name);
    return found;
}

/* Notes for each stream beside the dir stream `entry` where its source begins. */
static void read_modules(eg_ole *ole, uint32_t entry, source_place *places)
{
    eg_walk *walk = ole->walk;
    uint32_t storage = ole->entries[entry].parent;
    eg_buf packed, list;
    eg_buf_init(&packed, eg_walk_room(walk, ole->bytes.len));
    eg_ole_read(ole, entry, &packed);
    eg_buf_init(&list, eg_walk_room(walk, packed.len));
    int unpacked = eg_vba_decompress(eg_buf_str(&packed), &list);
    if (unpacked == EG_E_NOMEM) {
        eg_walk_fail(walk, unpacked);
    } else if (unpacked != EG_OK) {
        eg_walk_tell(walk, EG_STR("dir"), unpacked, "the list of modules: %s", eg_error_message());
    }
    eg_vba_dir dir = {eg_buf_str(&list), 0, 0};
    eg_vba_module module;
    int status = EG_OK;
    while (eg_walk_goes(walk) && eg_walk_spend(walk, ole->entry_count) &&
           eg_vba_next_module(&dir, &module, &status)) {
        uint32_t found = find_module(ole, storage, &module, dir.code_page);
        if (found != EG_OLE_NO_ENTRY) {
            places[found] = (source_place){true, module.offset, dir.code_page};
        }
    }
    if (unpacked == EG_OK && status == EG_E_INVALID) {
        eg_walk_tell(walk, EG_STR("dir"), status, "%s", eg_error_message());
    }
    for (uint32_t i = 0; i < ole->entry_count; i++) { /* for sources found by search */
        if (ole->entries[i].parent == storage) {
            places[i].code_page = dir.code_page;
        }
    }
    eg_buf_done(&packed);
    eg_buf_done(&list);
}

/* A Word document that is encrypted or made unreadable says so in its flags (MS-DOC 2.5.2). */
static void tell_word_encryption(eg_walk *walk, eg_str name, eg_str stream)
{
    if (eg_bytes_u16(stream, 0) == WORD_MARK &&
        (eg_bytes_u16(stream, WORD_FLAGS_AT) & WORD_ENCRYPTED) != 0) {
        eg_walk_tell(walk, name, EG_E_UNSUPPORTED, "could not look: encrypted");
    }
}

static void unpack_stream(eg_ole *ole, uint32_t entry, const source_place *place)
{
    eg_walk *walk = ole->walk;
    eg_str name = eg_buf_str(&ole->entries[entry].name);
    eg_buf bytes, path;
    eg_buf_init(&path, NAME_MAX_BYTES);
    eg_buf_init(&bytes, eg_walk_room(walk, ole->bytes.len));
    eg_ole_path(ole, entry, &path);
    if (!ole->entries[entry].reached) {
        eg_walk_tell(walk, eg_buf_str(&path), EG_E_INVALID, "nothing in the directory leads to it");
    }
    eg_ole_read(ole, entry, &bytes);
    eg_str stream = eg_buf_str(&bytes);
    eg_walk_part(walk, eg_buf_str(&path), EG_PART_STREAM, stream);
    bool unpacked = place->known && eg_walk_goes(walk) &&
                    unpack_source(walk, eg_buf_str(&path), stream, place->offset, place->code_page);
    if (!unpacked && eg_walk_spend(walk, stream.len)) {
        search_sources(walk, eg_buf_str(&path), stream, place->code_page);
    }
    if (eg_str_equal_nocase(name, EG_STR("Workbook")) ||
        eg_str_equal_nocase(name, EG_STR("Book"))) {
        eg_unpack_workbook(walk, eg_buf_str(&path), stream);
    } else if (eg_str_equal_nocase(name, EG_STR("WordDocument"))) {
        tell_word_encryption(walk, eg_buf_str(&path), stream);
    } else if (eg_str_equal(name, EG_STR("\x01Ole10Native"))) {
        eg_unpack_package(walk, eg_buf_str(&path), eg_bytes_part(stream, SIZE_FIELD, stream.len));
    }
    eg_buf_done(&bytes);
    eg_buf_done(&path);
}

/* Other programs have streams called dir as well; one that lost its storage may be ours. */
static bool is_list_of_modules(const eg_ole *ole, uint32_t entry)
{
    const eg_ole_entry *stream = &ole->entries[entry];
    return stream->type == EG_OLE_STREAM &&
           eg_str_equal_nocase(eg_buf_str(&stream->name), EG_STR("dir")) &&
           (stream->parent == EG_OLE_NO_ENTRY ||
            eg_str_equal_nocase(eg_buf_str(&ole->entries[stream->parent].name), EG_STR("VBA")));
}

/*
 * Documents protected by a password hold everything in one encrypted stream (MS-OFFCRYPTO 2.3);
 * presentations of old name their encryption in a stream of its own (MS-PPT 2.1.3).
 */
static void tell_encryption(eg_ole *ole)
{
    static const eg_str names[] = {EG_STR_INIT("EncryptedPackage"),
                                   EG_STR_INIT("EncryptedSummary")};
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        if (find_in_storage(ole, 0, names[i]) != EG_OLE_NO_ENTRY) {
            eg_walk_tell(ole->walk, names[i], EG_E_UNSUPPORTED, "could not look: encrypted");
        }
    }
}

void eg_unpack_ole(eg_walk *walk, eg_str bytes)
{
    eg_ole ole;
    source_place *places = NULL;
    if (eg_ole_open(&ole, walk, bytes)) {
        places = eg_alloc_zero(ole.entry_count, sizeof(*places));
        if (!places) {
            eg_walk_fail(walk, EG_E_NOMEM);
        }
        tell_encryption(&ole);
        for (uint32_t i = 0; i < ole.entry_count && eg_walk_goes(walk); i++) {
            if (is_list_of_modules(&ole, i)) {
                read_modules(&ole, i, places);
            }
        }
        for (uint32_t i = 0; i < ole.entry_count && eg_walk_goes(walk); i++) {
            if (ole.entries[i].type == EG_OLE_STREAM) {
                unpack_stream(&ole, i, &places[i]);
            }
        }
    }
    eg_free(places);
    eg_ole_close(&ole);
}
