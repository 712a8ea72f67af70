/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/event_xml.h"

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/event/logsource.h"
#include "core/event/xml.h"

#include <string.h>

/* Where in the record the reading is: the depth of the element that has begun last. */
enum {
    DEPTH_EVENT = 1,
    DEPTH_SECTION = 2, /* System, EventData, UserData */
    DEPTH_MEMBER = 3,  /* Provider, Data, the one element of UserData */
    DEPTH_INNER = 4,   /* what that element holds */
};

typedef enum section {
    SECTION_NONE,
    SECTION_SYSTEM,
    SECTION_EVENT_DATA,
    SECTION_USER_DATA
} section;

typedef struct writing {
    eg_json json;
    section section;
    int depth;
    eg_buf name; /* of the member whose text is gathered; "" for data without a name */
    eg_buf text;
    eg_buf unnamed; /* data without names, a line each */
} writing;

static const char *attribute(const char *const *attributes, const char *name)
{
    for (; attributes[0]; attributes += 2) {
        if (strcmp(attributes[0], name) == 0) {
            return attributes[1];
        }
    }
    return "";
}

static section section_of(eg_str name)
{
    if (eg_str_equal(name, EG_STR("System"))) {
        return SECTION_SYSTEM;
    }
    if (eg_str_equal(name, EG_STR("EventData"))) {
        return SECTION_EVENT_DATA;
    }
    return eg_str_equal(name, EG_STR("UserData")) ? SECTION_USER_DATA : SECTION_NONE;
}

static void begin_section(writing *w, eg_str name)
{
    w->section = section_of(name);
    if (w->section != SECTION_NONE) {
        eg_json_key_str(&w->json, name);
        eg_json_object(&w->json);
    }
}

/* Those of System tell in attributes what others tell in their text. */
static void write_attributes(writing *w, eg_str name, const char *const *attributes)
{
    eg_json_key_str(&w->json, name);
    eg_json_object(&w->json);
    eg_json_key(&w->json, "#attributes");
    eg_json_object(&w->json);
    for (; attributes[0]; attributes += 2) {
        eg_json_put_str(&w->json, attributes[0], eg_str_from(attributes[1]));
    }
    eg_json_object_end(&w->json);
    eg_json_object_end(&w->json);
}

static bool tells_in_attributes(eg_str name)
{
    static const eg_str names[] = {EG_STR_INIT("Provider"), EG_STR_INIT("TimeCreated"),
                                   EG_STR_INIT("Execution"), EG_STR_INIT("Security"),
                                   EG_STR_INIT("Correlation")};
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        if (eg_str_equal(name, names[i])) {
            return true;
        }
    }
    return false;
}

static void begin_member(writing *w, eg_str name, const char *const *attributes)
{
    eg_buf_clear(&w->name);
    eg_buf_clear(&w->text);
    if (w->section == SECTION_SYSTEM && tells_in_attributes(name)) {
        write_attributes(w, name, attributes);
    } else if (w->section == SECTION_USER_DATA) {
        eg_json_key_str(&w->json, name);
        eg_json_object(&w->json);
    } else if (w->section == SECTION_EVENT_DATA && eg_str_equal(name, EG_STR("Data"))) {
        eg_buf_append_cstr(&w->name, attribute(attributes, "Name"));
    } else {
        eg_buf_append_str(&w->name, name);
    }
}

static int status_of(const writing *w)
{
    const eg_buf *parts[] = {w->json.out, &w->name, &w->text, &w->unnamed};
    for (size_t i = 0; i < EG_COUNT(parts); i++) {
        if (parts[i]->status != EG_OK) {
            return parts[i]->status;
        }
    }
    return EG_OK;
}

static int on_start(void *user, eg_str name, const char *const *attributes)
{
    writing *w = user;
    w->depth++;
    if (w->depth == DEPTH_EVENT && !eg_str_equal(name, EG_STR("Event"))) {
        return eg_fail(EG_E_INVALID, "event record: <%.*s> is no event", EG_STR_ARGS(name));
    }
    if (w->depth == DEPTH_SECTION) {
        begin_section(w, name);
    } else if (w->depth == DEPTH_MEMBER && w->section != SECTION_NONE) {
        begin_member(w, name, attributes);
    } else if (w->depth == DEPTH_INNER && w->section == SECTION_USER_DATA) {
        eg_buf_clear(&w->name);
        eg_buf_clear(&w->text);
        eg_buf_append_str(&w->name, name);
    }
    return status_of(w);
}

static void write_text(writing *w)
{
    if (w->name.len > 0) {
        eg_json_key_str(&w->json, eg_buf_str(&w->name));
        eg_json_str(&w->json, eg_buf_str(&w->text));
    } else if (w->section == SECTION_EVENT_DATA) {
        if (w->unnamed.len > 0) {
            eg_buf_append_char(&w->unnamed, '\n');
        }
        eg_buf_append_str(&w->unnamed, eg_buf_str(&w->text));
    }
    eg_buf_clear(&w->name);
    eg_buf_clear(&w->text);
}

static void end_section(writing *w)
{
    if (w->unnamed.len > 0) {
        eg_json_put_str(&w->json, "Data", eg_buf_str(&w->unnamed));
        eg_buf_clear(&w->unnamed);
    }
    eg_json_object_end(&w->json);
    w->section = SECTION_NONE;
}

static int on_end(void *user)
{
    writing *w = user;
    int leaf = w->section == SECTION_USER_DATA ? DEPTH_INNER : DEPTH_MEMBER;
    if (w->section != SECTION_NONE) {
        if (w->depth == leaf) {
            write_text(w);
        } else if (w->depth == DEPTH_MEMBER) {
            eg_json_object_end(&w->json);
        } else if (w->depth == DEPTH_SECTION) {
            end_section(w);
        }
    }
    w->depth--;
    return status_of(w);
}

static int on_text(void *user, eg_str text)
{
    writing *w = user;
    int leaf = w->section == SECTION_USER_DATA ? DEPTH_INNER : DEPTH_MEMBER;
    return w->section != SECTION_NONE && w->depth >= leaf ? eg_buf_append_str(&w->text, text)
                                                          : EG_OK;
}

/* ---- what XML forbids ---- */

static bool is_allowed(uint32_t code)
{
    return code >= 0x20 ? (code < 0xD800 || code > 0xDFFF) && code != 0xFFFE && code != 0xFFFF &&
                              code <= 0x10FFFF
                        : code == '\t' || code == '\n' || code == '\r';
}

/* Length of "&#...;" at the start of `text` when it stands for a forbidden character, else 0. */
static size_t forbidden_reference(eg_str text)
{
    uint64_t code = 0;
    char number[16] = "0";
    const char *end = memchr(text.ptr, ';', text.len < sizeof(number) ? text.len : sizeof(number));
    if (!end || end - text.ptr < 3 || text.ptr[1] != '#') {
        return 0;
    }
    size_t length = (size_t)(end - text.ptr) - 2;
    memcpy(number + 1, text.ptr + 2, length);
    /* "0x1F" for "&#x1F;", "031" for "&#31;" */
    bool known = eg_str_to_u64((eg_str){number, length + 1}, &code);
    return known && code <= UINT32_MAX && is_allowed((uint32_t)code) ? 0 : length + 3;
}

static int clean(eg_str xml, eg_buf *out)
{
    size_t at = 0, copied = 0;
    while (at < xml.len) {
        size_t start = at;
        uint32_t code = eg_utf8_next(xml, &at);
        size_t reference =
            code == '&' ? forbidden_reference((eg_str){xml.ptr + start, xml.len - start}) : 0;
        if (reference == 0 && is_allowed(code) && code != EG_UTF_REPLACEMENT) {
            continue;
        }
        at = reference > 0 ? start + reference : at;
        eg_buf_append(out, xml.ptr + copied, start - copied);
        eg_buf_append_str(out, EG_STR("\xEF\xBF\xBD"));
        copied = at;
    }
    return eg_buf_append(out, xml.ptr + copied, xml.len - copied);
}

/* ---- one record ---- */

static int write_record(eg_str xml, eg_buf *out)
{
    writing w = {.depth = 0};
    const eg_xml_handler handler = {"event record", &w, on_start, on_end, on_text};
    eg_buf *parts[] = {&w.name, &w.text, &w.unnamed};
    for (size_t i = 0; i < EG_COUNT(parts); i++) {
        eg_buf_init(parts[i], 2 * EG_EVENT_XML_MAX);
    }
    eg_json_begin(&w.json, out);
    eg_json_object(&w.json);
    eg_json_key(&w.json, "Event");
    eg_json_object(&w.json);
    int status = eg_xml_read(xml.ptr, xml.len, &handler);
    eg_json_object_end(&w.json);
    eg_json_object_end(&w.json);
    if (status == EG_OK) {
        status = out->status;
    }
    for (size_t i = 0; i < EG_COUNT(parts); i++) {
        eg_buf_done(parts[i]);
    }
    return status;
}

/* Scripts are told of by the process that runs them, whose id is in System alone. */
static void find_script_process(eg_event *event)
{
    uint64_t pid = 0;
    if (event->kind == EG_KIND_SCRIPT_BLOCK &&
        eg_str_to_u64(eg_event_get_named(event, EG_STR("Execution_ProcessID")), &pid) &&
        pid <= UINT32_MAX) {
        event->pid = (uint32_t)pid;
    }
}

int eg_event_read_xml(eg_event_reader *reader, eg_str xml, eg_event *event)
{
    eg_buf cleaned, json;
    if (xml.len > EG_EVENT_XML_MAX) {
        return eg_fail(EG_E_LIMIT, "event record larger than %u bytes", EG_EVENT_XML_MAX);
    }
    eg_buf_init(&cleaned, 3 * (size_t)EG_EVENT_XML_MAX);
    eg_buf_init(&json, EG_EVENT_LINE_MAX);
    int status = clean(xml, &cleaned);
    if (status == EG_OK) {
        status = write_record(eg_buf_str(&cleaned), &json);
    }
    if (status == EG_OK) {
        status = eg_event_read_json(reader, eg_buf_str(&json), event);
    }
    if (status == EG_OK) {
        eg_event_add_sysmon_names(event);
        find_script_process(event);
    }
    eg_buf_done(&json);
    eg_buf_done(&cleaned);
    return status;
}
