/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/event_xml.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_event_xml(const uint8_t *data, size_t size);

static void check_text(eg_str text)
{
    EG_FUZZ_CHECK(text.len == 0 || text.ptr);
    EG_FUZZ_CHECK(eg_utf8_valid(text));
    EG_FUZZ_CHECK(!text.ptr || !memchr(text.ptr, 0, text.len));
}

int eg_fuzz_event_xml(const uint8_t *data, size_t size)
{
    eg_event event;
    eg_event_reader *reader = NULL;
    eg_str xml = {size > 0 ? (const char *)data : "", size};
    EG_FUZZ_CHECK(eg_event_reader_create(&reader) == EG_OK);
    if (eg_event_read_xml(reader, xml, &event) == EG_OK) {
        check_text(event.channel);
        for (size_t i = 0; i < EG_FIELD_COUNT; i++) {
            check_text(event.field[i]);
        }
        for (size_t i = 0; i < event.extra_count; i++) {
            check_text(event.extra[i].name);
            check_text(event.extra[i].value);
        }
        EG_FUZZ_CHECK(event.kind < EG_KIND_COUNT);
    } else {
        EG_FUZZ_CHECK(strlen(eg_error_message()) > 0);
    }
    eg_event_reader_destroy(reader);
    return 0;
}
