/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/event/task_xml.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_task_xml(const uint8_t *data, size_t size);

static void check_text(const eg_task_xml *task)
{
    EG_FUZZ_CHECK(eg_utf8_valid(eg_buf_str(&task->command)));
    EG_FUZZ_CHECK(eg_utf8_valid(eg_buf_str(&task->triggers)));
    EG_FUZZ_CHECK(task->arguments.len <= 2 * EG_TASK_XML_MAX);
}

/* The same document in UTF-16 must say the same. */
static void check_as_utf16(eg_str text, const eg_task_xml *want)
{
    uint16_t *units = eg_alloc((eg_utf16_length(text) + 2) * sizeof(*units));
    size_t count = 0;
    size_t mark = text.ptr[0] == '\xEF' ? 0 : 1;
    eg_task_xml task;
    eg_task_xml_init(&task);
    EG_FUZZ_CHECK(units);
    units[0] = 0xFEFF;
    EG_FUZZ_CHECK(eg_utf16_from_utf8(units + mark, SIZE_MAX, text, &count) == EG_OK);
    size_t size = (count + mark) * sizeof(*units);
    if (size <= EG_TASK_XML_MAX) {
        EG_FUZZ_CHECK(eg_task_xml_parse(units, size, &task) == EG_OK);
        EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&task.command), eg_buf_str(&want->command)));
        EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&task.arguments), eg_buf_str(&want->arguments)));
        EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&task.triggers), eg_buf_str(&want->triggers)));
        EG_FUZZ_CHECK(task.hidden == want->hidden && task.enabled == want->enabled);
    }
    eg_task_xml_done(&task);
    eg_free(units);
}

int eg_fuzz_task_xml(const uint8_t *data, size_t size)
{
    eg_task_xml task;
    eg_task_xml_init(&task);
    if (eg_task_xml_parse(size > 0 ? (const void *)data : "", size, &task) == EG_OK) {
        eg_str text = {(const char *)data, size};
        check_text(&task);
        if (eg_utf8_valid(text) && !memchr(text.ptr, '\0', text.len)) {
            check_as_utf16(text, &task);
        }
    } else {
        EG_FUZZ_CHECK(task.command.len == 0 && !task.hidden);
        EG_FUZZ_CHECK(strlen(eg_error_message()) > 0);
    }
    eg_task_xml_done(&task);
    return 0;
}
