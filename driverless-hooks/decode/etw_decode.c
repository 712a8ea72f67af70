/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/etw_decode.h"

#include "core/base/compiler.h"
#include "driverless-hooks/decode/etw_layout.h"
#include "driverless-hooks/decode/sid.h"

#include <string.h>

/* What is left of a payload while its columns are read. */
typedef struct reader {
    const uint8_t *at;
    size_t left;
    size_t pointer_size;
    uint64_t last[2]; /* numbers, the newest first: the size of a DATA column stands before it */
} reader;

static const eg_etw_layout *const layout_lists[] = {
    eg_etw_kernel_process_layouts,    eg_etw_manifest_process_layouts,
    eg_etw_manifest_registry_layouts, eg_etw_manifest_script_layouts,
    eg_etw_manifest_dns_layouts,      eg_etw_manifest_task_layouts,
    eg_etw_manifest_wmi_layouts,      eg_etw_kernel_registry_layouts,
    eg_etw_kernel_lost_layouts,
};

static const eg_etw_layout *find_layout(const eg_etw_record *record)
{
    for (size_t i = 0; i < EG_COUNT(layout_lists); i++) {
        for (const eg_etw_layout *layout = layout_lists[i]; layout->columns; layout++) {
            uint16_t id = layout->classic ? record->opcode : record->id;
            if (layout->id == id && (!layout->classic || record->id == 0) &&
                record->version >= layout->since && record->version <= layout->until &&
                memcmp(layout->provider, record->provider, EG_ETW_GUID_SIZE) == 0) {
                return layout;
            }
        }
    }
    return NULL;
}

static bool skip(reader *r, size_t size)
{
    if (r->left < size) {
        return false;
    }
    r->at += size;
    r->left -= size;
    return true;
}

static bool read_number(reader *r, size_t size, uint64_t *out)
{
    const uint8_t *from = r->at;
    if (!skip(r, size)) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = size; i > 0; i--) {
        value = value << 8 | from[i - 1];
    }
    *out = value;
    r->last[1] = r->last[0];
    r->last[0] = value;
    return true;
}

/* Text up to its NUL of `unit` bytes. The last text may end with the payload instead. */
static bool read_text(reader *r, size_t unit, eg_etw_span *out)
{
    static const uint8_t nul[2] = {0, 0};
    size_t size = 0;
    if (r->left < unit) {
        return false;
    }
    while (size + unit <= r->left && memcmp(r->at + size, nul, unit) != 0) {
        size += unit;
    }
    *out = (eg_etw_span){r->at, size};
    return skip(r, size + unit <= r->left ? size + unit : r->left);
}

static bool read_bytes(reader *r, uint64_t size, eg_etw_span *out)
{
    const uint8_t *from = r->at;
    if (size > r->left || !skip(r, (size_t)size)) {
        return false;
    }
    *out = (eg_etw_span){from, (size_t)size};
    return true;
}

static bool leave_out(eg_etw_span *out)
{
    *out = (eg_etw_span){NULL, 0};
    return true;
}

static bool read_sid(reader *r, eg_etw_span *out)
{
    size_t size = eg_sid_size(r->at, r->left);
    return size > 0 && read_bytes(r, size, out);
}

/*
 * A zero first word normally means "no SID here" and is the whole field. Some tools write an
 * all-zero TOKEN_USER and a SID behind it, which is only believed when the SID's unmistakable
 * first seven bytes are there.
 */
static bool read_user_sid(reader *r, eg_etw_span *out)
{
    static const uint8_t zero[4] = {0, 0, 0, 0};
    static const uint8_t authority_start[5] = {0, 0, 0, 0, 0};
    size_t token_user = 2 * r->pointer_size;
    if (r->left < sizeof(zero)) {
        return false;
    }
    if (memcmp(r->at, zero, sizeof(zero)) == 0) {
        const uint8_t *sid = r->at + token_user;
        bool sid_follows = r->left >= token_user + 8 && sid[0] == 1 && sid[1] >= 1 &&
                           sid[1] <= 15 &&
                           memcmp(sid + 2, authority_start, sizeof(authority_start)) == 0;
        if (!sid_follows) {
            return leave_out(out) && skip(r, sizeof(zero));
        }
    }
    return skip(r, token_user) && read_sid(r, out);
}

static bool read_span(reader *r, eg_etw_type type, eg_etw_span *out)
{
    switch (type) {
    case EG_ETW_TYPE_WIDE: return read_text(r, 2, out);
    case EG_ETW_TYPE_WIDE_LAST: return r->left < 2 ? leave_out(out) : read_text(r, 2, out);
    case EG_ETW_TYPE_WIDE_LIST: return r->left >= 2 && read_bytes(r, r->left, out);
    case EG_ETW_TYPE_WIDE_LIST_LAST: return read_bytes(r, r->left, out);
    case EG_ETW_TYPE_ANSI: return read_text(r, 1, out);
    case EG_ETW_TYPE_SID: return read_sid(r, out);
    case EG_ETW_TYPE_USER_SID: return read_user_sid(r, out);
    case EG_ETW_TYPE_GUID: return read_bytes(r, EG_ETW_GUID_SIZE, out);
    case EG_ETW_TYPE_CONTENT: return read_bytes(r, r->last[1], out);
    case EG_ETW_TYPE_SHA256: return read_bytes(r, EG_ETW_HASH_SIZE, out);
    case EG_ETW_TYPE_SHA256_LAST: return read_bytes(r, EG_ETW_HASH_SIZE, out) || leave_out(out);
    default: return read_bytes(r, r->last[0], out);
    }
}

static size_t number_size(const reader *r, eg_etw_type type)
{
    switch (type) {
    case EG_ETW_TYPE_U8: return 1;
    case EG_ETW_TYPE_U16: return 2;
    case EG_ETW_TYPE_U32:
    case EG_ETW_TYPE_I32:
    case EG_ETW_TYPE_HEX32: return 4;
    case EG_ETW_TYPE_U64:
    case EG_ETW_TYPE_TIME:
    case EG_ETW_TYPE_TIME_UTC: return 8;
    case EG_ETW_TYPE_POINTER: return r->pointer_size;
    default: return 0;
    }
}

static bool read_column(reader *r, const eg_etw_column *column, eg_etw_decoded *out)
{
    uint8_t *target = (uint8_t *)out + column->offset;
    size_t size = number_size(r, column->type);
    if (size == 0) {
        eg_etw_span span;
        if (!read_span(r, column->type, &span)) {
            return false;
        }
        memcpy(target, &span, sizeof(span));
        return true;
    }
    uint64_t number;
    if (!read_number(r, size, &number)) {
        return false;
    }
    if (column->type == EG_ETW_TYPE_I32 && number > INT32_MAX) {
        number |= UINT64_C(0xFFFFFFFF00000000);
    }
    memcpy(target, &number, sizeof(number));
    return true;
}

bool eg_etw_column_present(const eg_etw_decoded *decoded, const eg_etw_column *column)
{
    return decoded->version >= column->since && decoded->version <= column->until;
}

uint64_t eg_etw_number(const eg_etw_decoded *decoded, const eg_etw_column *column)
{
    uint64_t number;
    memcpy(&number, (const uint8_t *)decoded + column->offset, sizeof(number));
    return number;
}

eg_etw_span eg_etw_bytes(const eg_etw_decoded *decoded, const eg_etw_column *column)
{
    eg_etw_span span;
    memcpy(&span, (const uint8_t *)decoded + column->offset, sizeof(span));
    return span;
}

eg_etw_result eg_etw_decode(const eg_etw_record *record, eg_etw_decoded *out)
{
    const eg_etw_layout *layout = find_layout(record);
    if (!layout) {
        return EG_ETW_IGNORED;
    }
    reader r = {record->payload, record->size, record->flags & EG_ETW_FLAG_32_BIT ? 4 : 8, {0, 0}};
    eg_etw_decoded decoded;
    memset(&decoded, 0, sizeof(decoded));
    decoded.layout = layout;
    decoded.role = layout->role;
    decoded.kind = layout->kind;
    decoded.version = record->version;
    for (size_t i = 0; i < layout->count; i++) {
        if (eg_etw_column_present(&decoded, &layout->columns[i]) &&
            !read_column(&r, &layout->columns[i], &decoded)) {
            return EG_ETW_MALFORMED;
        }
    }
    *out = decoded;
    return EG_ETW_EVENT;
}

const char *eg_etw_result_name(eg_etw_result result)
{
    static const char *const names[] = {"event", "ignored", "malformed"};
    return names[result];
}

bool eg_etw_command_line_cut(const eg_etw_process *process)
{
    return process->command_line.size / 2 >= EG_ETW_COMMAND_LINE_CUT;
}

eg_etw_span eg_etw_trim_wide(eg_etw_span text)
{
    size_t size = text.size & ~(size_t)1;
    while (size >= 2 && text.bytes[size - 1] == 0 && text.bytes[size - 2] == 0) {
        size -= 2;
    }
    return (eg_etw_span){text.bytes, size};
}

bool eg_etw_content_is_wide(eg_etw_span content)
{
    bool has_low = false;
    if (!content.bytes || content.size % 2 != 0) {
        return false;
    }
    eg_etw_span text = eg_etw_trim_wide(content);
    for (size_t i = 0; i < text.size; i += 2) {
        if (text.bytes[i + 1] == 0) {
            if (text.bytes[i] == 0) {
                return false;
            }
            has_low = true;
        }
    }
    return has_low;
}
