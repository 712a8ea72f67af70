/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/task_actions.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <inttypes.h>
#include <string.h>

enum {
    VERSION_NEWEST = 3,
    VERSION_WITH_CONTEXT = 2,
    VERSION_WITH_FLAGS = 3,
    MARK_EXEC = 0x6666,
    MARK_COM = 0x7777,
    MARK_MAIL = 0x8888,
    MARK_MESSAGE = 0x9999,
    MAIL_TEXTS = 8, /* from, to, cc, bcc, reply-to, server, subject, body */
    GUID_SIZE = 16,
    ACTIONS_MAX = 32, /* what the scheduler allows */
};

typedef struct reading {
    const uint8_t *bytes;
    size_t size, at;
    int status; /* EG_OK, or the first contradiction */
} reading;

static const uint8_t *take(reading *r, size_t size)
{
    if (r->status == EG_OK && size > r->size - r->at) {
        r->status = eg_fail(EG_E_INVALID, "task actions: %zu bytes wanted at %zu of %zu", size,
                            r->at, r->size);
    }
    if (r->status != EG_OK) {
        return NULL;
    }
    const uint8_t *from = r->bytes + r->at;
    r->at += size;
    return from;
}

static uint32_t take_number(reading *r, size_t size)
{
    const uint8_t *from = take(r, size);
    uint32_t number = 0;
    for (size_t i = 0; from && i < size; i++) {
        number |= (uint32_t)from[i] << (8 * i);
    }
    return number;
}

/* A text: its bytes counted by the number before it. `list` NULL: passed over. */
static void take_text(reading *r, eg_buf *list)
{
    uint32_t size = take_number(r, 4);
    const uint8_t *from = take(r, size);
    if (!from || !list || size < 2) {
        return;
    }
    if (list->len > 0) {
        eg_buf_append_cstr(list, "; ");
    }
    if (from[size - 2] == 0 && from[size - 1] == 0) {
        size -= 2; /* the NUL at the end is sometimes counted */
    }
    eg_utf8_from_utf16le(list, from, size);
    if (list->status != EG_OK) {
        r->status = list->status;
    }
}

static void take_class(reading *r, eg_buf *list)
{
    const uint8_t *g = take(r, GUID_SIZE);
    if (!g) {
        return;
    }
    if (list->len > 0) {
        eg_buf_append_cstr(list, "; ");
    }
    r->status = eg_buf_appendf(list,
                               "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X"
                               "%02X}",
                               g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10],
                               g[11], g[12], g[13], g[14], g[15]);
}

static void pass_mail(reading *r)
{
    for (int i = 0; i < MAIL_TEXTS; i++) {
        take_text(r, NULL);
    }
    for (uint32_t files = take_number(r, 4); r->status == EG_OK && files > 0; files--) {
        take_text(r, NULL);
    }
    for (uint32_t headers = take_number(r, 4); r->status == EG_OK && headers > 0; headers--) {
        take_text(r, NULL);
        take_text(r, NULL);
    }
}

static void take_action(reading *r, uint32_t version, eg_task_xml *task)
{
    uint32_t mark = take_number(r, 2);
    take_text(r, NULL); /* its id */
    switch (mark) {
    case MARK_EXEC:
        take_text(r, &task->command);
        take_text(r, &task->arguments);
        take_text(r, &task->working_directory);
        if (version >= VERSION_WITH_FLAGS) {
            take_number(r, 2);
        }
        break;
    case MARK_COM:
        take_class(r, &task->com_class);
        take_text(r, NULL);
        break;
    case MARK_MAIL: pass_mail(r); break;
    case MARK_MESSAGE:
        take_text(r, NULL);
        take_text(r, NULL);
        break;
    default:
        if (r->status == EG_OK) {
            r->status =
                eg_fail(EG_E_INVALID,
                        "task actions: no action is marked 0x%04" PRIx32 ", before %zu of %zu",
                        mark, r->at, r->size);
        }
        break;
    }
}

int eg_task_actions_decode(const void *bytes, size_t size, eg_task_xml *task)
{
    eg_buf *const texts[] = {&task->command, &task->arguments, &task->working_directory,
                             &task->com_class};
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        eg_buf_clear(texts[i]);
    }
    reading r = {.bytes = bytes, .size = size};
    uint32_t version = take_number(&r, 2);
    if (r.status == EG_OK && (version == 0 || version > VERSION_NEWEST)) {
        r.status = eg_fail(EG_E_INVALID, "task actions: version %" PRIu32 " is unknown", version);
    }
    if (version >= VERSION_WITH_CONTEXT) {
        take_text(&r, NULL);
    }
    for (int count = 0; r.status == EG_OK && r.at < r.size; count++) {
        if (count == ACTIONS_MAX) {
            return eg_fail(EG_E_LIMIT, "task actions: more than %d", ACTIONS_MAX);
        }
        take_action(&r, version, task);
    }
    return r.status;
}
