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
#include "tests/etw_double/fixture.h"

#include <stdio.h>
#include <string.h>

#define FIXTURE_FILE_MAX (256u * 1024 * 1024)

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
    eg_etw_fixture now;
    eg_str line;
    int status = EG_OK;
    eg_buf_init(&now.payload, EG_ETW_FIXTURE_PAYLOAD_MAX);
    for (uint64_t number = 0; status == EG_OK && eg_str_split(&rest, '\n', &line); number++) {
        yyjson_doc *document = NULL;
        if (eg_str_trim(line).len == 0) {
            continue;
        }
        status = eg_json_parse(line, &document);
        if (status == EG_OK) {
            status = eg_etw_fixture_read(yyjson_doc_get_root(document), &now);
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
