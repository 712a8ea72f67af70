/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds OLE compound files and VBA projects as MS-CFB and MS-OVBA describe them. Include after
 * unit.h; who begins a blob ends it with eg_buf_done.
 */
#ifndef EG_TESTS_OLE_BLOB_H
#define EG_TESTS_OLE_BLOB_H

#include "tests/unit/task_blob.h"

#include <string.h>

typedef struct ole_item {
    const char *name;
    uint32_t parent; /* 0 the root, else the number of an item, counted from 1 */
    eg_str bytes;    /* ptr NULL: a storage */
} ole_item;

enum { OLE_SECTORS_MAX = 1024, OLE_CUTOFF = 4096 };

typedef struct ole_layout {
    uint32_t fat[OLE_SECTORS_MAX];
    uint32_t small_fat[OLE_SECTORS_MAX];
    uint32_t start[32];
    uint32_t sectors, small_sectors;
} ole_layout;

static inline uint32_t ole_chain(uint32_t *table, uint32_t *used, size_t bytes, size_t unit)
{
    uint32_t start = *used;
    for (size_t left = bytes; left > 0; left -= left < unit ? left : unit) {
        assert_true(*used < OLE_SECTORS_MAX);
        table[*used] = left > unit ? *used + 1 : 0xFFFFFFFEu;
        (*used)++;
    }
    return bytes > 0 ? start : 0xFFFFFFFEu;
}

static inline void ole_pad(eg_buf *blob, size_t unit, char with)
{
    while (blob->len % unit != 0) {
        eg_buf_append_char(blob, with);
    }
}

static inline void ole_entry(eg_buf *blob, const char *name, uint32_t type, uint32_t right,
                             uint32_t child, uint32_t start, uint32_t size)
{
    size_t begin = blob->len;
    size_t count = eg_utf16_length(eg_str_from(name));
    uint16_t *units = eg_utf16_copy(eg_str_from(name));
    assert_non_null(units);
    eg_buf_append(blob, units, 2 * count);
    eg_free(units);
    while (blob->len < begin + 64) {
        eg_buf_append_char(blob, 0);
    }
    blob_number(blob, (uint32_t)(2 * count + 2), 2);
    blob_number(blob, type | 0x100, 2); /* black */
    blob_number(blob, 0xFFFFFFFFu, 4);
    blob_number(blob, right, 4);
    blob_number(blob, child, 4);
    while (blob->len < begin + 116) {
        eg_buf_append_char(blob, 0);
    }
    blob_number(blob, start, 4);
    blob_number(blob, size, 4);
    blob_number(blob, 0, 4);
}

static inline uint32_t ole_next(const ole_item *items, size_t count, size_t from, uint32_t parent)
{
    for (size_t i = from; i < count; i++) {
        if (items[i].parent == parent) {
            return (uint32_t)i + 1;
        }
    }
    return 0xFFFFFFFFu;
}

static inline void ole_header(eg_buf *blob, unsigned shift, uint32_t fats, uint32_t directory,
                              uint32_t small_fat)
{
    eg_buf_append(blob, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
    ole_pad(blob, 24, 0);
    blob_number(blob, 0x3E, 2);
    blob_number(blob, shift == 9 ? 3 : 4, 2);
    blob_number(blob, 0xFFFE, 2);
    blob_number(blob, shift, 2);
    blob_number(blob, 6, 2);
    ole_pad(blob, 0x2C, 0);
    blob_number(blob, fats, 4);
    blob_number(blob, directory, 4);
    blob_number(blob, 0, 4);
    blob_number(blob, OLE_CUTOFF, 4);
    blob_number(blob, small_fat, 4);
    blob_number(blob, small_fat == 0xFFFFFFFEu ? 0 : 1, 4);
    blob_number(blob, 0xFFFFFFFEu, 4);
    blob_number(blob, 0, 4);
    for (uint32_t i = 0; i < 109; i++) {
        blob_number(blob, i < fats ? i : 0xFFFFFFFFu, 4);
    }
    ole_pad(blob, (size_t)1 << shift, 0);
}

static inline void ole_table(eg_buf *blob, const uint32_t *table, uint32_t used, size_t sector)
{
    for (uint32_t i = 0; i < used; i++) {
        blob_number(blob, table[i], 4);
    }
    ole_pad(blob, sector, (char)0xFF);
}

/* `shift` 9 is version 3, 12 version 4. Sectors: tables, directory, small table, small, large. */
static inline void ole_build(eg_buf *blob, const ole_item *items, size_t count, unsigned shift)
{
    static ole_layout at;
    size_t sector = (size_t)1 << shift;
    uint32_t fats = (uint32_t)(OLE_SECTORS_MAX * 4 / sector);
    memset(&at, 0, sizeof(at));
    eg_buf_init(blob, (size_t)4 * 1024 * 1024);
    for (at.sectors = 0; at.sectors < fats; at.sectors++) {
        at.fat[at.sectors] = 0xFFFFFFFDu;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].bytes.ptr && items[i].bytes.len < OLE_CUTOFF) {
            at.start[i] = ole_chain(at.small_fat, &at.small_sectors, items[i].bytes.len, 64);
        }
    }
    uint32_t directory = ole_chain(at.fat, &at.sectors, (count + 1) * 128, sector);
    uint32_t small_fat = ole_chain(at.fat, &at.sectors, (size_t)at.small_sectors * 4, sector);
    uint32_t small = ole_chain(at.fat, &at.sectors, (size_t)at.small_sectors * 64, sector);
    for (size_t i = 0; i < count; i++) {
        if (items[i].bytes.ptr && items[i].bytes.len >= OLE_CUTOFF) {
            at.start[i] = ole_chain(at.fat, &at.sectors, items[i].bytes.len, sector);
        }
    }
    memset(at.fat + at.sectors, 0xFF, (OLE_SECTORS_MAX - at.sectors) * sizeof(at.fat[0]));
    ole_header(blob, shift, fats, directory, small_fat);
    ole_table(blob, at.fat, OLE_SECTORS_MAX, sector);
    ole_entry(blob, "Root Entry", 5, 0xFFFFFFFFu, ole_next(items, count, 0, 0), small,
              at.small_sectors * 64);
    for (size_t i = 0; i < count; i++) {
        bool storage = items[i].bytes.ptr == NULL;
        ole_entry(blob, items[i].name, storage ? 1 : 2,
                  ole_next(items, count, i + 1, items[i].parent),
                  storage ? ole_next(items, count, 0, (uint32_t)i + 1) : 0xFFFFFFFFu, at.start[i],
                  (uint32_t)items[i].bytes.len);
    }
    ole_pad(blob, sector, 0);
    ole_table(blob, at.small_fat, at.small_sectors, sector);
    for (int large = 0; large < 2; large++) {
        for (size_t i = 0; i < count; i++) {
            if (items[i].bytes.ptr && (items[i].bytes.len >= OLE_CUTOFF) == (large != 0)) {
                eg_buf_append_str(blob, items[i].bytes);
                ole_pad(blob, large ? sector : 64, 0);
            }
        }
        ole_pad(blob, sector, 0);
    }
}

/* A compressed container of literals only; `text` has less than 3,600 bytes. */
static inline void vba_pack(eg_buf *out, eg_str text)
{
    size_t size = text.len + (text.len + 7) / 8;
    blob_number(out, 1, 1);
    blob_number(out, (uint32_t)(0xB000 | (size - 1)), 2);
    for (size_t i = 0; i < text.len; i++) {
        if (i % 8 == 0) {
            blob_number(out, 0, 1);
        }
        eg_buf_append_char(out, text.ptr[i]);
    }
}

static inline void vba_record(eg_buf *out, uint32_t id, eg_str data)
{
    blob_number(out, id, 2);
    blob_number(out, (uint32_t)data.len, 4);
    eg_buf_append_str(out, data);
}

/* The dir stream, compressed, with one module; its source begins at `offset` of its stream. */
static inline void vba_dir(eg_buf *out, uint32_t code_page, const char *name, uint32_t offset)
{
    eg_buf list;
    eg_buf_init(&list, 4096);
    char number[4] = {(char)code_page, (char)(code_page >> 8), 0, 0};
    vba_record(&list, 0x0001, EG_STR("\x03\0\0\0"));
    vba_record(&list, 0x0003, (eg_str){number, 2});
    vba_record(&list, 0x0009, EG_STR("\1\0\0\0"));
    blob_number(&list, 7, 2); /* the minor version, which its size leaves out */
    vba_record(&list, 0x0019, eg_str_from(name));
    vba_record(&list, 0x001A, eg_str_from(name));
    size_t count = eg_utf16_length(eg_str_from(name));
    uint16_t *units = eg_utf16_copy(eg_str_from(name));
    assert_non_null(units);
    vba_record(&list, 0x0032, (eg_str){(const char *)units, 2 * count});
    eg_free(units);
    memcpy(number, &(uint32_t){offset}, 4);
    vba_record(&list, 0x0031, (eg_str){number, 4});
    vba_record(&list, 0x002B, EG_STR(""));
    vba_record(&list, 0x0010, EG_STR(""));
    vba_pack(out, eg_buf_str(&list));
    eg_buf_done(&list);
}

#endif
