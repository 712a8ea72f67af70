/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etw_replay FIXTURES.ndjson: runs recorded ETW payloads through the decoders of the sensors and
 * prints one JSON object per record:
 *   {"i":N,"result":"event|ignored|malformed","kind":"...","fields":{...}}
 * Exit status 0, 1 when the file cannot be read or holds a line that is no fixture, 2 on usage.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_event.h"

#include <stdio.h>
#include <string.h>

#define FIXTURE_FILE_MAX (256u * 1024 * 1024)
#define PAYLOAD_MAX (64u * 1024)

typedef struct fixture {
    eg_etw_record record;
    eg_buf payload;
} fixture;

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

/* "3d6fa8d0-fe05-..." to the bytes of a GUID in memory. */
static int read_guid(eg_str text, uint8_t out[EG_ETW_GUID_SIZE])
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

static int read_fixture(yyjson_val *root, fixture *out)
{
    eg_etw_record *record = &out->record;
    memset(record, 0, sizeof(*record));
    eg_buf_clear(&out->payload);
    int status = read_guid(eg_json_get_str(root, "provider_id"), record->provider);
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

static int print_record(uint64_t number, const eg_etw_record *record, eg_event_text *text)
{
    eg_etw_decoded decoded;
    eg_event event;
    eg_buf line;
    eg_json json;
    int status = EG_OK;
    eg_etw_result result = eg_etw_decode(record, &decoded);
    eg_buf_init(&line, 1024 * 1024);
    eg_json_begin(&json, &line);
    eg_json_object(&json);
    eg_json_put_u64(&json, "i", number);
    eg_json_put_str(&json, "result", eg_str_from(eg_etw_result_name(result)));
    if (result == EG_ETW_EVENT) {
        eg_event_text_reset(text);
        if (decoded.kind != EG_KIND_OTHER) {
            status = eg_etw_make_event(record, &decoded, text, &event);
        }
        eg_json_put_str(&json, "kind", eg_str_from(eg_kind_name(decoded.kind)));
        eg_json_key(&json, "fields");
        eg_etw_write_fields(&decoded, &json);
    } else {
        eg_json_put_str(&json, "kind", EG_STR(""));
        eg_json_key(&json, "fields");
        eg_json_object(&json);
        eg_json_object_end(&json);
    }
    eg_json_object_end(&json);
    if (status == EG_OK && line.status == EG_OK) {
        printf("%s\n", eg_buf_cstr(&line));
    } else if (status == EG_OK) {
        status = line.status;
    }
    eg_buf_done(&line);
    return status;
}

static int replay(eg_str rest, eg_event_text *text)
{
    fixture now;
    eg_str line;
    int status = EG_OK;
    eg_buf_init(&now.payload, PAYLOAD_MAX);
    for (uint64_t number = 0; status == EG_OK && eg_str_split(&rest, '\n', &line); number++) {
        yyjson_doc *document = NULL;
        if (eg_str_trim(line).len == 0) {
            continue;
        }
        status = eg_json_parse(line, &document);
        if (status == EG_OK) {
            status = read_fixture(yyjson_doc_get_root(document), &now);
        }
        if (status == EG_OK) {
            status = print_record(number, &now.record, text);
        }
        if (status != EG_OK) {
            fprintf(stderr, "etw_replay: record %u: %s\n", (unsigned)number, eg_error_message());
        }
        yyjson_doc_free(document);
    }
    eg_buf_done(&now.payload);
    return status;
}

int main(int count, char **arguments)
{
    eg_buf file;
    eg_event_text text;
    if (count != 2) {
        fprintf(stderr, "usage: etw_replay FIXTURES.ndjson\n");
        return 2;
    }
    eg_buf_init(&file, FIXTURE_FILE_MAX);
    int status = eg_file_read(arguments[1], FIXTURE_FILE_MAX, &file);
    if (status != EG_OK) {
        fprintf(stderr, "etw_replay: %s\n", eg_error_message());
    } else {
        status = eg_event_text_init(&text);
        if (status == EG_OK) {
            status = replay(eg_buf_str(&file), &text);
            eg_event_text_done(&text);
        }
    }
    eg_buf_done(&file);
    return status == EG_OK ? 0 : 1;
}
