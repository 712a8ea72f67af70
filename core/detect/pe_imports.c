/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/pe_imports.h"

#include "core/base/status.h"

#include <string.h>

enum {
    WINDOW_SIZE = 4096,
    NAME_MAX_BYTES = 512,
    SECTIONS_MAX = 96,         /* what Windows loads */
    LIBRARIES_MAX = 1024,      /* the largest programs have a hundred */
    FUNCTIONS_MAX = 64 * 1024, /* in all */
    DOS_HEADER_SIZE = 64,
    DOS_PE_OFFSET = 0x3C,
    PE_HEADER_SIZE = 24, /* signature and COFF header */
    SECTION_SIZE = 40,
    DESCRIPTOR_SIZE = 20,
    MAGIC_32 = 0x10B,
    MAGIC_64 = 0x20B,
    ALIGNMENT = 0x200, /* sections begin at multiples of it, whatever their header says */
};

/* A piece of the file; tables and names lie far apart, so each has one of its own. */
typedef struct window {
    uint8_t bytes[WINDOW_SIZE];
    uint64_t offset;
    size_t size;
} window;

typedef struct section {
    uint32_t address, span; /* where it lies in memory */
    uint32_t offset, size;  /* what of it is in the file */
} section;

typedef struct image {
    const eg_pe_source *source;
    window tables, names;
    section sections[SECTIONS_MAX];
    size_t section_count;
    uint32_t first_section; /* addresses below it are offsets into the headers */
    bool is_64;
    uint32_t imports; /* address of the descriptors; 0 none */
    size_t functions; /* so far */
} image;

typedef struct ordinal {
    uint16_t number;
    const char *name;
} ordinal;

#define WS2_32(number, name) {number, name},
#define OLEAUT32(number, name)
#define ORDINAL(library, number, name) library(number, name)
static const ordinal ws2_32[] = {
#include "core/detect/ordinals.def"
};
#undef WS2_32
#undef OLEAUT32
#define WS2_32(number, name)
#define OLEAUT32(number, name) {number, name},
static const ordinal oleaut32[] = {
#include "core/detect/ordinals.def"
};
#undef ORDINAL

static int damaged(const char *what)
{
    return eg_fail(EG_E_INVALID, "not a program file: %s", what);
}

static uint16_t get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)get_u16(at) | (uint32_t)get_u16(at + 2) << 16;
}

/* *at points at `size` (at most WINDOW_SIZE) bytes of the file, until the window's next use. */
static int look(image *pe, window *through, uint64_t offset, size_t size, const uint8_t **at)
{
    if (offset > pe->source->size || size > pe->source->size - offset) {
        return damaged("it leads out of itself");
    }
    if (offset < through->offset || offset + size > through->offset + through->size) {
        uint64_t left = pe->source->size - offset;
        size_t take = left < WINDOW_SIZE ? (size_t)left : WINDOW_SIZE;
        through->size = 0;
        int status = pe->source->read(pe->source->user, offset, through->bytes, take);
        if (status != EG_OK) {
            return status;
        }
        through->offset = offset;
        through->size = take;
    }
    *at = through->bytes + (offset - through->offset);
    return EG_OK;
}

/* Where in the file a memory address lies, and how many bytes follow in its section. */
static int locate(const image *pe, uint32_t address, uint64_t *offset, uint64_t *left)
{
    for (size_t i = 0; i < pe->section_count; i++) {
        const section *in = &pe->sections[i];
        if (address < in->address || address - in->address >= in->span) {
            continue;
        }
        uint32_t into = address - in->address;
        if (into >= in->size) {
            return damaged("an address without bytes in the file");
        }
        *offset = (uint64_t)in->offset + into;
        *left = in->size - into;
        return EG_OK;
    }
    if (address >= pe->first_section || address >= pe->source->size) {
        return damaged("an address in no section");
    }
    *offset = address;
    *left = pe->first_section - address;
    return EG_OK;
}

static int look_at(image *pe, window *through, uint32_t address, size_t size, const uint8_t **at)
{
    uint64_t offset, left;
    int status = locate(pe, address, &offset, &left);
    if (status == EG_OK && left < size) {
        status = damaged("a table that leaves its section");
    }
    return status == EG_OK ? look(pe, through, offset, size, at) : status;
}

static int read_sections(image *pe, uint64_t offset, size_t count)
{
    const uint8_t *at = NULL;
    if (count > SECTIONS_MAX) {
        return damaged("too many sections");
    }
    pe->first_section = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        int status = look(pe, &pe->tables, offset + i * SECTION_SIZE, SECTION_SIZE, &at);
        if (status != EG_OK) {
            return status;
        }
        section *in = &pe->sections[pe->section_count++];
        uint32_t memory = get_u32(at + 8);
        in->address = get_u32(at + 12);
        in->size = get_u32(at + 16);
        in->offset = get_u32(at + 20) / ALIGNMENT * ALIGNMENT;
        in->span = memory > in->size ? memory : in->size;
        if (in->address < pe->first_section) {
            pe->first_section = in->address;
        }
    }
    return EG_OK;
}

static int read_headers(image *pe)
{
    const uint8_t *at = NULL;
    int status = look(pe, &pe->tables, 0, DOS_HEADER_SIZE, &at);
    if (status != EG_OK || at[0] != 'M' || at[1] != 'Z') {
        return status == EG_OK ? damaged("no MZ") : status;
    }
    uint64_t offset = get_u32(at + DOS_PE_OFFSET);
    status = look(pe, &pe->tables, offset, PE_HEADER_SIZE, &at);
    if (status != EG_OK || memcmp(at, "PE\0", 4) != 0) {
        return status == EG_OK ? damaged("no PE") : status;
    }
    size_t sections = get_u16(at + 6);
    size_t optional = get_u16(at + 20);
    status = look(pe, &pe->tables, offset + PE_HEADER_SIZE, 2, &at);
    if (status != EG_OK) {
        return status;
    }
    pe->is_64 = get_u16(at) == MAGIC_64;
    if (!pe->is_64 && get_u16(at) != MAGIC_32) {
        return damaged("an unknown kind of header");
    }
    /* the number of directories, then 8 bytes each: exports, imports ... */
    size_t directories = pe->is_64 ? 108 : 92;
    if (optional >= directories + 20) {
        status = look(pe, &pe->tables, offset + PE_HEADER_SIZE + directories, 20, &at);
        if (status != EG_OK) {
            return status;
        }
        pe->imports = get_u32(at) >= 2 ? get_u32(at + 12) : 0;
    }
    return read_sections(pe, offset + PE_HEADER_SIZE + optional, sections);
}

/* *name points into the window of names, without the NUL. */
static int read_name(image *pe, uint32_t address, eg_str *name)
{
    uint64_t offset, left;
    const uint8_t *at = NULL;
    int status = locate(pe, address, &offset, &left);
    if (status != EG_OK) {
        return status;
    }
    uint64_t in_file = offset < pe->source->size ? pe->source->size - offset : 0;
    left = left < in_file ? left : in_file;
    size_t size = left < NAME_MAX_BYTES ? (size_t)left : NAME_MAX_BYTES;
    status = look(pe, &pe->names, offset, size, &at);
    if (status != EG_OK) {
        return status;
    }
    const uint8_t *end = memchr(at, 0, size);
    if (!end) {
        return damaged("a name without an end");
    }
    *name = (eg_str){(const char *)at, (size_t)(end - at)};
    return EG_OK;
}

static void append_lower(eg_buf *out, eg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        eg_buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
    }
}

static const char *ordinal_name(eg_str library, uint16_t number)
{
    const ordinal *list = NULL;
    size_t count = 0;
    if (eg_str_equal_nocase(library, EG_STR("ws2_32.dll")) ||
        eg_str_equal_nocase(library, EG_STR("wsock32.dll"))) {
        list = ws2_32;
        count = EG_COUNT(ws2_32);
    } else if (eg_str_equal_nocase(library, EG_STR("oleaut32.dll"))) {
        list = oleaut32;
        count = EG_COUNT(oleaut32);
    }
    for (size_t i = 0; i < count; i++) {
        if (list[i].number == number) {
            return list[i].name;
        }
    }
    return NULL;
}

static eg_str without_extension(eg_str library)
{
    static const eg_str extensions[] = {EG_STR_INIT(".dll"), EG_STR_INIT(".ocx"),
                                        EG_STR_INIT(".sys")};
    for (size_t i = 0; i < EG_COUNT(extensions); i++) {
        if (eg_str_ends_nocase(library, extensions[i])) {
            return (eg_str){library.ptr, library.len - extensions[i].len};
        }
    }
    return library;
}

static void append_function(eg_buf *out, eg_str library, eg_str name, uint16_t number)
{
    const char *known = name.ptr ? NULL : ordinal_name(library, number);
    if (out->len > 0) {
        eg_buf_append_char(out, ',');
    }
    append_lower(out, without_extension(library));
    eg_buf_append_char(out, '.');
    if (name.ptr) {
        append_lower(out, name);
    } else if (known) {
        eg_buf_append_cstr(out, known);
    } else {
        eg_buf_appendf(out, "ord%u", (unsigned)number);
    }
}

/* One entry of a library's table; *last at the zero that ends it. */
static int append_entry(image *pe, eg_str library, uint32_t address, eg_buf *out, bool *last)
{
    const uint8_t *at = NULL;
    eg_str name = EG_STR_NONE;
    int status = look_at(pe, &pe->tables, address, pe->is_64 ? 8 : 4, &at);
    if (status != EG_OK) {
        return status;
    }
    uint32_t low = get_u32(at);
    uint32_t high = pe->is_64 ? get_u32(at + 4) : low;
    *last = low == 0 && high == 0;
    if (*last) {
        return EG_OK;
    }
    if (++pe->functions > FUNCTIONS_MAX) {
        return eg_fail(EG_E_LIMIT, "a program file with more than %d imports", FUNCTIONS_MAX);
    }
    if (!(high & 0x80000000u)) {
        status = read_name(pe, (low & 0x7FFFFFFFu) + 2, &name); /* behind a hint */
    }
    if (status == EG_OK && (!name.ptr || name.len > 0)) {
        append_function(out, library, name, (uint16_t)(low & 0xFFFF));
        status = out->status;
    }
    return status;
}

static int append_library(image *pe, uint32_t name_address, uint32_t table, eg_buf *out)
{
    char copy[NAME_MAX_BYTES]; /* the window moves on to the functions */
    eg_str library;
    bool last = false;
    int status = read_name(pe, name_address, &library);
    if (status != EG_OK) {
        return status;
    }
    memcpy(copy, library.ptr, library.len);
    library.ptr = copy;
    while (status == EG_OK && !last) {
        status = append_entry(pe, library, table, out, &last);
        table += pe->is_64 ? 8 : 4;
    }
    return status;
}

static int append_imports(image *pe, eg_buf *out)
{
    for (uint32_t i = 0; i < LIBRARIES_MAX; i++) {
        const uint8_t *at = NULL;
        int status =
            look_at(pe, &pe->tables, pe->imports + i * DESCRIPTOR_SIZE, DESCRIPTOR_SIZE, &at);
        if (status != EG_OK) {
            return status;
        }
        uint32_t lookup = get_u32(at);
        uint32_t name = get_u32(at + 12);
        uint32_t bound = get_u32(at + 16);
        if (name == 0) {
            return EG_OK;
        }
        /* old linkers leave the first table out */
        status = append_library(pe, name, lookup != 0 ? lookup : bound, out);
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_fail(EG_E_LIMIT, "a program file with more than %d libraries", LIBRARIES_MAX);
}

int eg_pe_imports_text(const eg_pe_source *source, eg_buf *out)
{
    image pe;
    memset(&pe, 0, sizeof(pe));
    pe.source = source;
    eg_buf_clear(out);
    int status = read_headers(&pe);
    if (status == EG_OK && pe.imports != 0) {
        status = append_imports(&pe, out);
    }
    if (status != EG_OK) {
        eg_buf_clear(out);
    }
    return status;
}
