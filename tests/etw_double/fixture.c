/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/etw_double/fixture.h"

#include "core/base/status.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Appends the bytes that `text` spells; `skip` may stand anywhere between them. */
static int append_hex(eg_buf *out, eg_str text, char skip)
{
    int high = -1;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hex_digit(text.ptr[i]);
        if (text.ptr[i] == skip) {
            continue;
        }
        if (digit < 0) {
            return eg_fail(EG_E_INVALID, "not hexadecimal: \"%.*s\"", EG_STR_ARGS(text));
        }
        if (high < 0) {
            high = digit;
        } else {
            eg_buf_append_char(out, (char)(high * 16 + digit));
            high = -1;
        }
    }
    return high < 0 ? out->status : eg_fail(EG_E_INVALID, "half a byte at the end");
}

int eg_etw_fixture_guid(eg_str text, uint8_t out[EG_ETW_GUID_SIZE])
{
    static const uint8_t order[EG_ETW_GUID_SIZE] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};
    eg_buf bytes;
    eg_buf_init(&bytes, 64);
    int status = append_hex(&bytes, text, '-');
    if (status == EG_OK && bytes.len != EG_ETW_GUID_SIZE) {
        status = eg_fail(EG_E_INVALID, "provider_id is not a GUID");
    }
    for (size_t i = 0; status == EG_OK && i < EG_ETW_GUID_SIZE; i++) {
        out[i] = (uint8_t)bytes.data[order[i]];
    }
    eg_buf_done(&bytes);
    return status;
}

/*
 * `ptr` is the payload's pointer size as whoever recorded it knows it. Where it is missing, the
 * header's flags say it; tools that imitate the kernel do not always set those right.
 */
static uint32_t pointer_flags(yyjson_val *root)
{
    uint32_t flags = (uint32_t)eg_json_get_u64(root, "flags", EG_ETW_FLAG_64_BIT);
    uint64_t size = eg_json_get_u64(root, "ptr", 0);
    if (size != 4 && size != 8) {
        return flags;
    }
    flags &= ~(EG_ETW_FLAG_32_BIT | EG_ETW_FLAG_64_BIT);
    return flags | (size == 4 ? EG_ETW_FLAG_32_BIT : EG_ETW_FLAG_64_BIT);
}

int eg_etw_fixture_read(yyjson_val *root, eg_etw_fixture *out)
{
    eg_etw_record *record = &out->record;
    memset(record, 0, sizeof(*record));
    eg_buf_clear(&out->payload);
    int status = eg_etw_fixture_guid(eg_json_get_str(root, "provider_id"), record->provider);
    if (status == EG_OK) {
        status = append_hex(&out->payload, eg_json_get_str(root, "userdata"), ' ');
    }
    if (status != EG_OK) {
        return status;
    }
    record->id = (uint16_t)eg_json_get_u64(root, "id", 0);
    record->version = (uint8_t)eg_json_get_u64(root, "version", 0);
    record->opcode = (uint8_t)eg_json_get_u64(root, "opcode", 0);
    record->flags = pointer_flags(root);
    record->pid = (uint32_t)eg_json_get_u64(root, "pid", EG_ETW_NO_PROCESS);
    record->tid = (uint32_t)eg_json_get_u64(root, "tid", EG_ETW_NO_PROCESS);
    record->time = eg_json_get_u64(root, "timestamp", 0);
    record->payload = (const uint8_t *)eg_buf_cstr(&out->payload);
    record->size = out->payload.len;
    return EG_OK;
}
