/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/event/event_json.h"
#include "core/event/logsource.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_event_json(const uint8_t *data, size_t size);

/* Writes the event to `line`, reads that back into `event`; it must be readable. */
static void write_and_read(eg_event_reader *reader, eg_event *event, eg_buf *line)
{
    eg_json json;
    eg_buf_clear(line);
    eg_json_begin(&json, line);
    eg_event_write_json(event, &json);
    EG_FUZZ_CHECK(line->status == EG_OK);
    EG_FUZZ_CHECK(eg_event_read_json(reader, eg_buf_str(line), event) == EG_OK);
}

static void check_views(const eg_event *event)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_arena *arena = NULL;
    EG_FUZZ_CHECK(eg_arena_create(&arena, 4096) == EG_OK);
    size_t count = eg_event_views(event, arena, views);
    EG_FUZZ_CHECK(count >= 1 && count <= EG_EVENT_VIEWS_MAX);
    eg_arena_destroy(arena);
}

/* What was written once is written the same ever after, whatever the first line was. */
int eg_fuzz_event_json(const uint8_t *data, size_t size)
{
    eg_event event;
    eg_event_reader *reader = NULL;
    eg_buf first;
    eg_buf second;
    eg_buf_init(&first, SIZE_MAX);
    eg_buf_init(&second, SIZE_MAX);
    EG_FUZZ_CHECK(eg_event_reader_create(&reader) == EG_OK);
    eg_str line = {size > 0 ? (const char *)data : "", size};
    if (size < 65536 && eg_event_read_json(reader, line, &event) == EG_OK) {
        check_views(&event);
        write_and_read(reader, &event, &first);
        write_and_read(reader, &event, &first);
        write_and_read(reader, &event, &second);
        EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&first), eg_buf_str(&second)));
    }
    eg_event_reader_destroy(reader);
    eg_buf_done(&first);
    eg_buf_done(&second);
    return 0;
}
