/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/scan_wire.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

_Static_assert(EG_SCAN_TEXT_MAX <= EG_FILE_SCAN_REASON_MAX, "put_words has too little room");

/* A message while it is read; `bad` is what is wrong with it first. */
typedef struct reader {
    eg_str left;
    const char *bad;
} reader;

/* ---- numbers and texts ---- */

static void put_number(eg_buf *out, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        eg_buf_append_char(out, (char)(number >> (8 * i) & 0xFF));
    }
}

static void put_text(eg_buf *out, eg_str text)
{
    put_number(out, text.len, 4);
    eg_buf_append_str(out, text);
}

/* For people: what is no UTF-8, such as half a surrogate pair in a file's name, is replaced. */
static void put_words(eg_buf *out, const char *text, size_t size)
{
    char clean[EG_FILE_SCAN_REASON_MAX];
    eg_str words = eg_str_from(text);
    size_t length = 0;
    for (size_t at = 0; at < words.len;) {
        char utf8[4];
        uint32_t code = eg_utf8_next(words, &at);
        size_t part = eg_utf8_encode(code >= 0xD800 && code < 0xE000 ? 0xFFFD : code, utf8);
        if (length + part >= size) {
            break;
        }
        memcpy(clean + length, utf8, part);
        length += part;
    }
    put_text(out, (eg_str){clean, length});
}

static void refuse(reader *in, const char *why)
{
    if (!in->bad) {
        in->bad = why;
    }
}

static uint64_t get_number(reader *in, unsigned size)
{
    uint64_t number = 0;
    if (in->left.len < size) {
        refuse(in, "it ends early");
        in->left.len = 0;
        return 0;
    }
    for (unsigned i = 0; i < size; i++) {
        number |= (uint64_t)(uint8_t)in->left.ptr[i] << (8 * i);
    }
    in->left.ptr += size;
    in->left.len -= size;
    return number;
}

static uint32_t get_u32(reader *in)
{
    return (uint32_t)get_number(in, 4);
}

static uint32_t get_below(reader *in, unsigned size, uint32_t count, const char *why)
{
    uint64_t number = get_number(in, size);
    if (number >= count) {
        refuse(in, why);
        return 0;
    }
    return (uint32_t)number;
}

static eg_str get_bytes(reader *in, size_t max)
{
    uint32_t size = get_u32(in);
    if (size > in->left.len || size > max) {
        refuse(in, "a text is longer than it may be");
        return EG_STR("");
    }
    eg_str bytes = {in->left.ptr, size};
    in->left.ptr += size;
    in->left.len -= size;
    return bytes;
}

/* Into an array of `size` bytes: UTF-8 without NUL. */
static void get_text(reader *in, char *out, size_t size)
{
    eg_str text = get_bytes(in, size - 1);
    if (!eg_utf8_valid(text) || (text.len > 0 && memchr(text.ptr, '\0', text.len))) {
        refuse(in, "a text is no UTF-8");
        text.len = 0;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
}

static int end_reading(const reader *in, const char *what)
{
    const char *bad = in->bad ? in->bad : in->left.len > 0 ? "there is more behind it" : NULL;
    return bad ? eg_fail(EG_E_INVALID, "%s of the scan worker: %s", what, bad) : EG_OK;
}

/* ---- frames ---- */

/* Leaves room for the length; end_frame fills it in. */
static size_t begin_frame(eg_buf *out)
{
    size_t start = out->len;
    put_number(out, 0, EG_SCAN_HEADER);
    return start;
}

static int end_frame(eg_buf *out, size_t start, uint32_t max)
{
    if (out->status != EG_OK) {
        return out->status;
    }
    size_t length = out->len - start - EG_SCAN_HEADER;
    if (length > max) {
        out->len = start;
        return eg_fail(EG_E_LIMIT, "a message of %zu bytes for the scan worker", length);
    }
    for (unsigned i = 0; i < EG_SCAN_HEADER; i++) {
        out->data[start + i] = (char)(length >> (8 * i) & 0xFF);
    }
    return EG_OK;
}

int eg_scan_header_read(const uint8_t header[EG_SCAN_HEADER], uint32_t max, uint32_t *length)
{
    uint32_t size = (uint32_t)header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16 |
                    (uint32_t)header[3] << 24;
    if (size == 0 || size > max) {
        return eg_fail(EG_E_INVALID, "a message of the scan worker: %lu bytes, at most %lu",
                       (unsigned long)size, (unsigned long)max);
    }
    *length = size;
    return EG_OK;
}

/* ---- requests ---- */

int eg_scan_request_write(eg_buf *out, const eg_scan_request *request)
{
    const eg_yara_facts *facts = &request->facts;
    size_t start = begin_frame(out);
    put_number(out, request->verb, 1);
    put_number(out, request->seconds, 4);
    put_number(out, request->byte_limit, 8);
    put_number(out, request->handle, 8);
    put_text(out, request->name);
    put_text(out, facts->path);
    put_text(out, facts->owner);
    put_text(out, facts->event_kind);
    put_text(out, facts->signer_state);
    put_text(out, request->bytes);
    return end_frame(out, start, EG_SCAN_REQUEST_MAX);
}

int eg_scan_request_read(eg_str message, eg_scan_request *out)
{
    reader in = {message, NULL};
    eg_scan_request request = {0};
    request.verb = (eg_scan_verb)get_below(&in, 1, EG_SCAN_VERB_COUNT, "an unknown verb");
    request.seconds = get_u32(&in);
    request.byte_limit = get_number(&in, 8);
    request.handle = get_number(&in, 8);
    request.name = get_bytes(&in, EG_FILE_SCAN_PATH_MAX);
    request.facts.path = get_bytes(&in, EG_FILE_SCAN_PATH_MAX);
    request.facts.owner = get_bytes(&in, EG_FILE_SCAN_PATH_MAX);
    request.facts.event_kind = get_bytes(&in, EG_FILE_SCAN_PATH_MAX);
    request.facts.signer_state = get_bytes(&in, EG_FILE_SCAN_PATH_MAX);
    request.bytes = get_bytes(&in, EG_SCAN_REQUEST_MAX);
    int status = end_reading(&in, "a request");
    if (status == EG_OK) {
        *out = request;
    }
    return status;
}

/* ---- reports ---- */

static void put_string(eg_buf *out, const eg_yara_string *string)
{
    put_words(out, string->name, sizeof(string->name));
    put_number(out, string->offset, 8);
    put_number(out, string->length, 4);
    put_text(out, (eg_str){(const char *)string->excerpt, string->excerpt_length});
}

static void get_string(reader *in, eg_yara_string *out)
{
    get_text(in, out->name, sizeof(out->name));
    out->offset = get_number(in, 8);
    out->length = get_u32(in);
    eg_str excerpt = get_bytes(in, sizeof(out->excerpt));
    memcpy(out->excerpt, excerpt.ptr, excerpt.len);
    out->excerpt_length = excerpt.len;
}

static size_t rule_number(const eg_scan_rules *rules, const eg_yara_rule *rule)
{
    size_t count = rules->engine->rule_count(rules->rules);
    size_t number = 0;
    while (number < count && rules->engine->rule(rules->rules, number) != rule) {
        number++;
    }
    return number;
}

static void put_report(eg_buf *out, const eg_file_report *report, const eg_scan_rules *rules)
{
    const eg_yara_result *result = &report->result;
    put_number(out, report->verdict, 1);
    put_number(out, report->gap, 1);
    put_number(out, report->bytes, 8);
    put_words(out, report->buffer, sizeof(report->buffer));
    put_words(out, report->reason, sizeof(report->reason));
    put_number(out, result->cut, 1);
    put_number(out, result->total, 4);
    put_number(out, result->count, 1);
    for (size_t i = 0; i < result->count; i++) {
        const eg_yara_match *match = &result->matches[i];
        put_number(out, rule_number(rules, match->rule), 4);
        put_number(out, match->string_count, 1);
        for (size_t k = 0; k < match->string_count; k++) {
            put_string(out, &match->strings[k]);
        }
    }
}

static void get_match(reader *in, const eg_scan_rules *rules, eg_yara_match *out)
{
    size_t known = rules->rules ? rules->engine->rule_count(rules->rules) : 0;
    uint32_t number = get_below(in, 4, (uint32_t)known, "a rule that does not exist");
    out->rule = number < known ? rules->engine->rule(rules->rules, number) : NULL;
    out->string_count =
        get_below(in, 1, EG_YARA_STRINGS_MAX + 1, "more strings than there is room for");
    for (size_t i = 0; i < out->string_count && !in->bad; i++) {
        get_string(in, &out->strings[i]);
    }
}

/* A verdict must be borne out by what comes with it. */
static void check_verdict(reader *in, const eg_file_report *report)
{
    bool found = report->result.count > 0;
    bool has_gap = report->gap != EG_GAP_NONE;
    bool good = found == (report->verdict == EG_FILE_SUSPICIOUS) &&
                has_gap == (report->reason[0] != '\0') &&
                (report->verdict == EG_FILE_SUSPICIOUS ||
                 has_gap == (report->verdict == EG_FILE_NOT_LOOKED)) &&
                report->result.total >= report->result.count;
    if (!good) {
        refuse(in, "a verdict that contradicts itself");
    }
}

static void get_report(reader *in, const eg_scan_rules *rules, eg_file_report *out)
{
    eg_yara_result *result = &out->result;
    out->verdict = (eg_file_verdict)get_below(in, 1, EG_FILE_NOT_LOOKED + 1, "an unknown verdict");
    out->gap = (eg_file_gap)get_below(in, 1, EG_GAP_COUNT, "an unknown gap");
    out->bytes = get_number(in, 8);
    get_text(in, out->buffer, sizeof(out->buffer));
    get_text(in, out->reason, sizeof(out->reason));
    result->cut = get_below(in, 1, 2, "neither yes nor no") != 0;
    result->total = get_u32(in);
    result->count = get_below(in, 1, EG_YARA_MATCHES_MAX + 1, "more rules than there is room for");
    for (size_t i = 0; i < result->count && !in->bad; i++) {
        get_match(in, rules, &result->matches[i]);
    }
    check_verdict(in, out);
}

/* ---- answers ---- */

int eg_scan_answer_write(eg_buf *out, const eg_scan_answer *answer, const eg_scan_rules *rules)
{
    size_t start = begin_frame(out);
    put_number(out, answer->kind, 1);
    put_number(out, (uint32_t)-answer->status, 1);
    put_number(out, answer->source, 4);
    put_number(out, answer->line, 4);
    put_number(out, answer->is_warning, 1);
    put_number(out, answer->rule_count, 4);
    put_number(out, answer->fingerprint, 8);
    put_words(out, answer->text, sizeof(answer->text));
    if (answer->kind == EG_SCAN_REPORT && answer->status == EG_OK) {
        put_report(out, &answer->report, rules);
    }
    return end_frame(out, start, EG_SCAN_ANSWER_MAX);
}

int eg_scan_answer_read(eg_str message, const eg_scan_rules *rules, eg_scan_answer *out)
{
    reader in = {message, NULL};
    memset(out, 0, sizeof(*out));
    out->kind =
        (eg_scan_answer_kind)get_below(&in, 1, EG_SCAN_ANSWER_KIND_COUNT, "an unknown kind");
    out->status = -(int32_t)get_below(&in, 1, -EG_E_CORRUPT + 1, "an unknown status");
    out->source = get_u32(&in);
    out->line = get_below(&in, 4, INT32_MAX, "a line that cannot be");
    out->is_warning = get_below(&in, 1, 2, "neither yes nor no") != 0;
    out->rule_count = get_u32(&in);
    out->fingerprint = get_number(&in, 8);
    get_text(&in, out->text, sizeof(out->text));
    if (out->kind == EG_SCAN_REPORT && out->status == EG_OK && !in.bad) {
        get_report(&in, rules, &out->report);
    }
    return end_reading(&in, "an answer");
}
