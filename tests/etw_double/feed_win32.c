/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/etw_double/feed.h"

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "tests/etw_double/engine.h"
#include "tests/etw_double/fixture.h"

#include <windows.h>

#define FILE_MAX_BYTES (16u * 1024 * 1024)
#define POLL_MS 20
#define NAME_SIZE 128

static INIT_ONCE begun = INIT_ONCE_STATIC_INIT;
static eg_buf feed_path; /* for the life of the program */

static int do_record(yyjson_val *root, eg_etw_fixture *fixture)
{
    int status = eg_etw_fixture_read(root, fixture);
    if (status == EG_OK) {
        if (eg_json_get_bool(root, "now", false)) {
            fixture->record.time = eg_clock_utc();
        }
        eg_etw_double_emit(&fixture->record, (uint8_t)eg_json_get_u64(root, "level", 4),
                           eg_json_get_u64(root, "keyword", 0));
    }
    return status;
}

static int do_line(eg_str line, eg_etw_fixture *fixture)
{
    yyjson_doc *document = NULL;
    char session[NAME_SIZE];
    uint8_t guid[EG_ETW_GUID_SIZE];
    int status = eg_json_parse(line, &document);
    if (status != EG_OK) {
        return status;
    }
    yyjson_val *root = yyjson_doc_get_root(document);
    eg_str what = eg_json_get_str(root, "do");
    bool done = false;
    eg_utf8_copy(session, sizeof(session), eg_json_get_str(root, "session"));
    if (eg_str_equal(what, EG_STR("record"))) {
        status = do_record(root, fixture);
        done = true;
    } else if (eg_str_equal(what, EG_STR("lose"))) {
        done = eg_etw_double_lose(session, (uint32_t)eg_json_get_u64(root, "count", 1));
    } else if (eg_str_equal(what, EG_STR("stop"))) {
        done = eg_etw_double_stop(session);
    } else if (eg_str_equal(what, EG_STR("disable"))) {
        status = eg_etw_fixture_guid(eg_json_get_str(root, "provider_id"), guid);
        done = status == EG_OK && eg_etw_double_disable(session, guid);
    }
    if (status == EG_OK && !done) {
        status = eg_fail(EG_E_NOTFOUND, "cannot be done in session %s", session);
    }
    yyjson_doc_free(document);
    return status;
}

/* Does the lines that are complete; returns how many bytes they are. */
static size_t do_lines(eg_str text, eg_etw_fixture *fixture)
{
    size_t done = 0;
    for (size_t at = 0; at < text.len; at++) {
        if (text.ptr[at] != '\n') {
            continue;
        }
        eg_str line = {text.ptr + done, at - done};
        if (eg_str_trim(line).len > 0 && do_line(line, fixture) != EG_OK) {
            eg_log(EG_LOG_ERROR, "feed", "%.*s: %s", EG_STR_ARGS(line), eg_error_message());
        }
        done = at + 1;
    }
    return done;
}

static void follow(void *arg)
{
    eg_etw_fixture fixture;
    eg_buf file;
    size_t done = 0;
    EG_UNUSED(arg);
    eg_buf_init(&fixture.payload, EG_ETW_FIXTURE_PAYLOAD_MAX);
    eg_buf_init(&file, FILE_MAX_BYTES);
    for (;;) {
        eg_buf_clear(&file);
        if (eg_file_read(eg_buf_cstr(&feed_path), FILE_MAX_BYTES, &file) == EG_OK &&
            file.len > done) {
            done += do_lines((eg_str){eg_buf_cstr(&file) + done, file.len - done}, &fixture);
        }
        eg_thread_sleep_ms(POLL_MS);
    }
}

static BOOL CALLBACK begin(INIT_ONCE *once, void *parameter, void **context)
{
    WCHAR program[MAX_PATH];
    eg_thread *thread = NULL;
    EG_UNUSED(once);
    EG_UNUSED(parameter);
    EG_UNUSED(context);
    DWORD length = GetModuleFileNameW(NULL, program, MAX_PATH);
    eg_buf_init(&feed_path, 4 * MAX_PATH);
    eg_utf8_from_utf16(&feed_path, (const uint16_t *)program, length);
    eg_buf_append_cstr(&feed_path, ".etw");
    if (feed_path.status == EG_OK && eg_file_exists(eg_buf_cstr(&feed_path))) {
        eg_etw_double_reset(true);
        eg_thread_start(&thread, "etw-feed", follow, NULL); /* ends with the program */
    }
    return TRUE;
}

void eg_etw_double_feed_begin(void)
{
    InitOnceExecuteOnce(&begun, begin, NULL, NULL);
}
