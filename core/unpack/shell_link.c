/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unpack/shell_link.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

enum {
    HEADER_SIZE = 0x4C,
    FLAGS_AT = 20,
    HAS_ID_LIST = 1 << 0,
    HAS_LINK_INFO = 1 << 1,
    HAS_NAME = 1 << 2,
    HAS_RELATIVE_PATH = 1 << 3,
    HAS_WORKING_DIR = 1 << 4,
    HAS_ARGUMENTS = 1 << 5,
    HAS_ICON = 1 << 6,
    IS_UNICODE = 1 << 7,
    /* LinkInfo, offsets from its start */
    INFO_HEADER_MIN = 0x1C,
    INFO_HEADER_UNICODE = 0x24,
    INFO_HAS_LOCAL = 1 << 0,
    INFO_HAS_NETWORK = 1 << 1,
    /* items of the list, as far as they name files */
    ITEM_KIND = 0x70,
    ITEM_DRIVE = 0x20,
    ITEM_DRIVE_NAME = 3,
    ITEM_FILE = 0x30,
    ITEM_FILE_WIDE = 0x04,
    ITEM_FILE_NAME = 14,
    /* extra data */
    BLOCK_ENVIRONMENT = 0x314,
    ENVIRONMENT_ANSI_SIZE = 260,
    ENVIRONMENT_WIDE_SIZE = 520,
    TEXT_MAX = 256 * 1024,
};
#define BLOCK_MARK_ENVIRONMENT 0xA0000001u

static const uint8_t class_id[16] = {0x01, 0x14, 0x02, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};

typedef struct span {
    const uint8_t *bytes;
    size_t size;
} span;

void eg_shell_link_init(eg_shell_link *link)
{
    eg_buf_init(&link->target, TEXT_MAX);
    eg_buf_init(&link->arguments, TEXT_MAX);
    eg_buf_init(&link->working_directory, TEXT_MAX);
    eg_buf_init(&link->icon, TEXT_MAX);
}

void eg_shell_link_done(eg_shell_link *link)
{
    eg_buf_done(&link->target);
    eg_buf_done(&link->arguments);
    eg_buf_done(&link->working_directory);
    eg_buf_done(&link->icon);
}

static uint32_t number_at(span in, size_t at, size_t size)
{
    uint32_t number = 0;
    for (size_t i = 0; i < size && at + i < in.size; i++) {
        number |= (uint32_t)in.bytes[at + i] << (8 * i);
    }
    return number;
}

/* The part from `at` on, at most `size` bytes; empty when it lies outside. */
static span part(span in, size_t at, size_t size)
{
    if (at > in.size) {
        return (span){in.bytes, 0};
    }
    size_t left = in.size - at;
    return (span){in.bytes + at, size < left ? size : left};
}

static int append_ansi(eg_buf *out, span text)
{
    const uint8_t *end = text.size > 0 ? memchr(text.bytes, 0, text.size) : NULL;
    eg_str raw = {(const char *)text.bytes, end ? (size_t)(end - text.bytes) : text.size};
    for (size_t at = 0; at < raw.len;) {
        char code[4];
        eg_buf_append(out, code, eg_utf8_encode(eg_utf8_next(raw, &at), code));
    }
    return out->status;
}

/* Up to a NUL, if there is one. */
static int append_wide(eg_buf *out, span text)
{
    size_t size = 0;
    while (size + 2 <= text.size && (text.bytes[size] != 0 || text.bytes[size + 1] != 0)) {
        size += 2;
    }
    return eg_utf8_from_utf16le(out, text.bytes, size);
}

/*
 * The path that the item list spells, for shortcuts without LinkInfo: a drive, then folders and the
 * file. Items of other kinds (the desktop, this computer) have no part in a path.
 */
static int read_items(span list, eg_buf *target)
{
    size_t at = 0;
    while (at + 3 <= list.size) {
        size_t size = number_at(list, at, 2);
        span item = part(list, at, size);
        if (size < 3 || item.size != size) {
            break;
        }
        uint8_t type = item.bytes[2];
        if ((type & ITEM_KIND) == ITEM_DRIVE) {
            append_ansi(target, part(item, ITEM_DRIVE_NAME, size));
        } else if ((type & ITEM_KIND) == ITEM_FILE) {
            span name = part(item, ITEM_FILE_NAME, size);
            if (target->len > 0 && target->data[target->len - 1] != '\\') {
                eg_buf_append_char(target, '\\');
            }
            (void)(type & ITEM_FILE_WIDE ? append_wide(target, name) : append_ansi(target, name));
        }
        at += size;
    }
    return target->status;
}

/* The text that LinkInfo holds at the offset found at `wide_at` or, for code pages, `ansi_at`. */
static int append_info_text(eg_buf *out, span info, size_t ansi_at, size_t wide_at)
{
    bool has_wide = number_at(info, 4, 4) >= INFO_HEADER_UNICODE;
    uint32_t wide = has_wide ? number_at(info, wide_at, 4) : 0;
    if (wide > 0 && wide < info.size) {
        return append_wide(out, part(info, wide, info.size));
    }
    uint32_t ansi = number_at(info, ansi_at, 4);
    return ansi > 0 && ansi < info.size ? append_ansi(out, part(info, ansi, info.size)) : EG_OK;
}

/* "\\server\share" of a file on another computer. */
static int append_share(eg_buf *out, span info)
{
    uint32_t at = number_at(info, 20, 4);
    span network = part(info, at, info.size);
    network.size = at == 0 || network.size < 20 ? 0 : network.size;
    uint32_t name = number_at(network, 8, 4);
    if (name > 0 && name < network.size) {
        append_ansi(out, part(network, name, network.size));
        if (out->len > 0 && out->status == EG_OK) {
            eg_buf_append_char(out, '\\');
        }
    }
    return out->status;
}

/* LinkInfo: base path and the rest behind it. */
static int read_info(span info, eg_buf *target)
{
    uint32_t flags = number_at(info, 8, 4);
    int status = EG_OK;
    if (flags & INFO_HAS_LOCAL) {
        status = append_info_text(target, info, 16, 28);
    } else if (flags & INFO_HAS_NETWORK) {
        status = append_share(target, info);
    }
    return status == EG_OK ? append_info_text(target, info, 24, 32) : status;
}

/* A text of StringData, counted in characters; `out` NULL: passed over. False when it is cut. */
static bool take_text(span in, size_t *at, bool wide, eg_buf *out, int *status)
{
    if (*at + 2 > in.size) {
        return false;
    }
    size_t size = (size_t)number_at(in, *at, 2) * (wide ? 2 : 1);
    span text = part(in, *at + 2, size);
    if (out && *status == EG_OK) {
        *status = wide ? append_wide(out, text) : append_ansi(out, text);
    }
    *at += 2 + size;
    return text.size == size;
}

/*
 * EnvironmentVariableDataBlock: the target with %names%, which goes before the path. Blocks follow
 * each other, each with its size first; one below 4 ends them.
 */
static int read_environment(span in, size_t at, eg_buf *target)
{
    while (at + 8 <= in.size) {
        uint32_t size = number_at(in, at, 4);
        if (size < 8 || size > in.size - at) {
            break;
        }
        if (size >= BLOCK_ENVIRONMENT && number_at(in, at + 4, 4) == BLOCK_MARK_ENVIRONMENT) {
            eg_buf_clear(target);
            append_wide(target, part(in, at + 8 + ENVIRONMENT_ANSI_SIZE, ENVIRONMENT_WIDE_SIZE));
            return target->len > 0 || target->status != EG_OK
                       ? target->status
                       : append_ansi(target, part(in, at + 8, ENVIRONMENT_ANSI_SIZE));
        }
        at += size;
    }
    return EG_OK;
}

/* The texts behind LinkInfo; `*at` then stands at the extra data. */
static bool read_texts(span in, size_t *at, uint32_t flags, eg_shell_link *link, int *status)
{
    bool wide = (flags & IS_UNICODE) != 0;
    eg_buf relative;
    eg_buf_init(&relative, TEXT_MAX);
    bool whole =
        (!(flags & HAS_NAME) || take_text(in, at, wide, NULL, status)) &&
        (!(flags & HAS_RELATIVE_PATH) || take_text(in, at, wide, &relative, status)) &&
        (!(flags & HAS_WORKING_DIR) || take_text(in, at, wide, &link->working_directory, status)) &&
        (!(flags & HAS_ARGUMENTS) || take_text(in, at, wide, &link->arguments, status)) &&
        (!(flags & HAS_ICON) || take_text(in, at, wide, &link->icon, status));
    if (link->target.len == 0 && *status == EG_OK) {
        *status = eg_buf_append_str(&link->target, eg_buf_str(&relative));
    }
    eg_buf_done(&relative);
    return whole;
}

int eg_shell_link_parse(const void *bytes, size_t size, eg_shell_link *link)
{
    span in = {bytes, size};
    size_t at = HEADER_SIZE;
    int status = EG_OK;
    eg_buf_clear(&link->target);
    eg_buf_clear(&link->arguments);
    eg_buf_clear(&link->working_directory);
    eg_buf_clear(&link->icon);
    if (size < HEADER_SIZE || number_at(in, 0, 4) != HEADER_SIZE ||
        memcmp(in.bytes + 4, class_id, sizeof(class_id)) != 0) {
        return eg_fail(EG_E_INVALID, "no shortcut: the header is missing");
    }
    uint32_t flags = number_at(in, FLAGS_AT, 4);
    span items = {in.bytes, 0};
    if (flags & HAS_ID_LIST) {
        items = part(in, at + 2, number_at(in, at, 2));
        at += 2 + (size_t)number_at(in, at, 2);
    }
    if (flags & HAS_LINK_INFO) {
        uint32_t info_size = number_at(in, at, 4);
        span info = part(in, at, info_size);
        if (info_size < INFO_HEADER_MIN || info.size != info_size) {
            return eg_fail(EG_E_INVALID, "shortcut: its LinkInfo at %zu ends early", at);
        }
        status = read_info(info, &link->target);
        at += info_size;
    }
    if (status == EG_OK && link->target.len == 0) {
        status = read_items(items, &link->target);
    }
    bool whole = status == EG_OK && read_texts(in, &at, flags, link, &status);
    if (status == EG_OK && whole) {
        status = read_environment(in, at, &link->target);
    }
    if (status == EG_OK && !whole) {
        status = eg_fail(EG_E_INVALID, "shortcut: its texts end early, at %zu of %zu", at, size);
    }
    return status;
}
