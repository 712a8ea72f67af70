/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/script_feed.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/content_seen.h"
#include "driverless-hooks/decode/etw_event.h"
#include "driverless-hooks/decode/script_parts.h"

#include <inttypes.h>

enum { EXTRA_MAX = 3 };

struct eg_script_feed {
    eg_sink sink;
    eg_script_parts *parts;
    eg_event_text text;
    eg_buf joined; /* a script's text as UTF-8 */
    eg_content_seen seen;
    uint64_t malformed;
};

/* Adds a field that only these events have. */
static void add_extra(eg_event *event, eg_named_value *extra, const char *name, eg_str value)
{
    extra[event->extra_count++] = (eg_named_value){eg_str_from(name), value};
    event->extra = extra;
}

static void failed(const char *what)
{
    eg_log(EG_LOG_WARNING, "script", "%s: %s", what, eg_error_message());
}

/* What the record's own fields make, without the text. */
static int make_script_event(eg_script_feed *feed, const eg_script_text *text, eg_event *event)
{
    eg_etw_decoded decoded = text->decoded;
    decoded.as.script_block.text.size = 0;
    return eg_etw_make_event(&text->record, &decoded, &feed->text, event);
}

static void tell_script(void *user, const eg_script_text *text)
{
    eg_script_feed *feed = user;
    const eg_etw_script_block *block = &text->decoded.as.script_block;
    eg_named_value extra[EXTRA_MAX];
    eg_event event;
    eg_event_text_reset(&feed->text);
    eg_buf_clear(&feed->joined);
    int status = eg_utf8_from_utf16le(&feed->joined, block->text.bytes, block->text.size);
    if (status == EG_OK) {
        status = make_script_event(feed, text, &event);
    }
    if (status != EG_OK) {
        failed("a script block is lost");
        return;
    }
    event.source = EG_STR("etw/PowerShell");
    event.field[EG_FIELD_SCRIPT_BLOCK_TEXT] =
        (eg_str){eg_buf_cstr(&feed->joined), feed->joined.len};
    add_extra(&event, extra, "MessageNumber",
              eg_event_text_format(&feed->text, "%" PRIi64, (int64_t)block->number));
    add_extra(&event, extra, "MessageTotal",
              eg_event_text_format(&feed->text, "%" PRIi64, (int64_t)block->total));
    if ((int64_t)block->total > (int64_t)text->parts) {
        add_extra(&event, extra, "Incomplete",
                  eg_event_text_format(
                      &feed->text, "%" PRIu32 " of %" PRIi64 " parts are here, %" PRIu32 " came",
                      text->parts, (int64_t)block->total, text->came));
    }
    feed->sink.emit(feed->sink.user, &event);
}

static void tell_content(eg_script_feed *feed, const eg_etw_record *record,
                         const eg_etw_decoded *decoded, uint64_t now)
{
    const eg_etw_amsi_scan *scan = &decoded->as.amsi_scan;
    eg_named_value extra[EXTRA_MAX];
    uint64_t repeated;
    eg_event event;
    if (!eg_content_seen_is_news(&feed->seen, record->pid, (uint32_t)scan->result,
                                 scan->content.bytes, scan->content.size, now, &repeated)) {
        return;
    }
    eg_event_text_reset(&feed->text);
    if (eg_etw_make_event(record, decoded, &feed->text, &event) != EG_OK) {
        failed("a script handed to AMSI is lost");
        return;
    }
    event.source = EG_STR("etw/AMSI");
    if (repeated > 0) {
        event.field[EG_FIELD_EVENT_COUNT] =
            eg_event_text_format(&feed->text, "%" PRIu64, repeated + 1);
    }
    if (scan->original_size > scan->content_size) {
        add_extra(&event, extra, "Incomplete",
                  eg_event_text_format(&feed->text, "%" PRIu64 " of %" PRIu64 " bytes are here",
                                       scan->content_size, scan->original_size));
    }
    feed->sink.emit(feed->sink.user, &event);
}

int eg_script_feed_create(eg_script_feed **out, const eg_sink *sink)
{
    eg_script_feed *feed = eg_alloc_zero(1, sizeof(*feed));
    if (!feed) {
        return EG_E_NOMEM;
    }
    feed->sink = *sink;
    eg_random_bytes(&feed->seen.seed, sizeof(feed->seen.seed));
    eg_buf_init(&feed->joined, 2 * (size_t)EG_SCRIPT_TEXT_MAX); /* grows by half at most */
    int status = eg_event_text_init(&feed->text);
    if (status != EG_OK) {
        eg_free(feed);
        return status;
    }
    status = eg_script_parts_create(&feed->parts, tell_script, feed);
    if (status != EG_OK) {
        eg_event_text_done(&feed->text);
        eg_free(feed);
        return status;
    }
    *out = feed;
    return EG_OK;
}

void eg_script_feed_destroy(eg_script_feed *feed)
{
    if (feed) {
        eg_script_parts_flush(feed->parts);
        eg_script_parts_destroy(feed->parts);
        eg_event_text_done(&feed->text);
        eg_buf_done(&feed->joined);
        eg_free(feed);
    }
}

/* Any process can write such records: the log hears of the first, the second, the fourth... */
static void report_malformed(eg_script_feed *feed, const eg_etw_record *record)
{
    feed->malformed++;
    if ((feed->malformed & (feed->malformed - 1)) == 0) {
        eg_log(EG_LOG_WARNING, "script",
               "record %u of process %u contradicts its layout (%" PRIu64 " so far)",
               (unsigned)record->id, (unsigned)record->pid, feed->malformed);
    }
}

void eg_script_feed_record(eg_script_feed *feed, const eg_etw_record *record, uint64_t now)
{
    eg_etw_decoded decoded;
    eg_etw_result result = eg_etw_decode(record, &decoded);
    if (result == EG_ETW_MALFORMED) {
        report_malformed(feed, record);
    } else if (result == EG_ETW_EVENT && decoded.kind == EG_KIND_SCRIPT_BLOCK) {
        if (eg_script_parts_add(feed->parts, record, &decoded, now) != EG_OK) {
            failed("a script block comes in parts");
        }
    } else if (result == EG_ETW_EVENT && decoded.kind == EG_KIND_AMSI_CONTENT) {
        tell_content(feed, record, &decoded, now);
    }
}

void eg_script_feed_tick(eg_script_feed *feed, uint64_t now)
{
    eg_script_parts_expire(feed->parts, now);
}
