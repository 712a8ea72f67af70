/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/json.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define TEXT_MAX (UINT32_C(1) << 31)
#define NESTING_MAX 64

static void *alloc_for_yyjson(void *context, size_t size)
{
    EG_UNUSED(context);
    return eg_alloc(size);
}

static void *realloc_for_yyjson(void *context, void *block, size_t old_size, size_t size)
{
    EG_UNUSED(context);
    EG_UNUSED(old_size);
    return eg_realloc(block, size);
}

static void free_for_yyjson(void *context, void *block)
{
    EG_UNUSED(context);
    eg_free(block);
}

static const yyjson_alc heap = {alloc_for_yyjson, realloc_for_yyjson, free_for_yyjson, NULL};

/* ---- repair of text that strict JSON refuses ---- */

typedef struct repair {
    eg_str text;
    size_t at;
    eg_buf out;
    bool keep_going; /* over malformed UTF-8, which is replaced */
    bool changed;
} repair;

/* The unit of a "\uXXXX" escape at `at`; false when there is none. */
static bool unicode_escape(eg_str text, size_t at, uint32_t *unit)
{
    if (text.len - at < 6 || text.ptr[at] != '\\' || text.ptr[at + 1] != 'u') {
        return false;
    }
    char digits[] = "0x0000";
    memcpy(digits + 2, text.ptr + at + 2, 4);
    uint64_t value = 0;
    if (!eg_str_to_u64((eg_str){digits, 6}, &value)) {
        return false;
    }
    *unit = (uint32_t)value;
    return true;
}

/* Copies one escape; that of a lone surrogate is replaced by its WTF-8 bytes. */
static void repair_escape(repair *r)
{
    uint32_t unit = 0;
    uint32_t next = 0;
    size_t length = r->text.len - r->at < 2 ? 1 : 2;
    if (unicode_escape(r->text, r->at, &unit)) {
        length = 6;
        bool is_high = (unit & 0xFC00) == 0xD800;
        bool is_low = (unit & 0xFC00) == 0xDC00;
        if (is_high && unicode_escape(r->text, r->at + 6, &next) && (next & 0xFC00) == 0xDC00) {
            length = 12;
        } else if (is_high || is_low) {
            char bytes[4];
            eg_buf_append(&r->out, bytes, eg_utf8_encode(unit, bytes));
            r->changed = true;
            r->at += length;
            return;
        }
    }
    eg_buf_append(&r->out, r->text.ptr + r->at, length);
    r->at += length;
}

/* Copies one character beyond ASCII; false when it is malformed and that is not accepted. */
static bool repair_character(repair *r)
{
    size_t start = r->at;
    uint32_t code = eg_utf8_next(r->text, &r->at);
    bool malformed = r->at - start == 1;
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if ((malformed || surrogate) && !r->keep_going) {
        return false;
    }
    char bytes[4];
    eg_buf_append(&r->out, bytes, eg_utf8_encode(code, bytes));
    r->changed = r->changed || malformed || surrogate;
    return true;
}

/* True when r->out holds something that is worth another try. */
static bool repair_text(repair *r)
{
    while (r->at < r->text.len && r->out.status == EG_OK) {
        size_t start = r->at;
        while (r->at < r->text.len && r->text.ptr[r->at] != '\\' &&
               (unsigned char)r->text.ptr[r->at] < 0x80) {
            r->at++;
        }
        eg_buf_append(&r->out, r->text.ptr + start, r->at - start);
        if (r->at == r->text.len) {
            break;
        }
        if (r->text.ptr[r->at] == '\\') {
            repair_escape(r);
        } else if (!repair_character(r)) {
            return false;
        }
    }
    return r->changed && r->out.status == EG_OK;
}

/* ---- parsing ---- */

static int fail_at(eg_str text, const yyjson_read_err *error)
{
    if (error->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        return eg_fail(EG_E_NOMEM, "JSON: out of memory");
    }
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < error->pos && i < text.len; i++) {
        column = text.ptr[i] == '\n' ? 1 : column + 1;
        line += text.ptr[i] == '\n' ? 1 : 0;
    }
    return eg_fail(EG_E_INVALID, "JSON line %zu, column %zu: %s", line, column, error->msg);
}

static yyjson_doc *read_document(eg_str text, yyjson_read_flag flags, const yyjson_alc *allocator,
                                 yyjson_read_err *error)
{
    /* Without YYJSON_READ_INSITU yyjson copies the text and leaves ours alone. */
    char *bytes;
    memcpy(&bytes, &text.ptr, sizeof(bytes));
    return yyjson_read_opts(bytes, text.len, flags, allocator, error);
}

static int parse(eg_str text, yyjson_read_flag flags, bool keep_going, const yyjson_alc *allocator,
                 yyjson_doc **out)
{
    yyjson_read_err error = {0};
    yyjson_doc *document = read_document(text, flags, allocator, &error);
    if (document) {
        *out = document;
        return EG_OK;
    }
    if (error.code != YYJSON_READ_ERROR_INVALID_STRING) {
        return fail_at(text, &error);
    }
    repair r = {.text = text, .keep_going = keep_going};
    eg_buf_init(&r.out, text.len * 3); /* a malformed byte grows to three */
    bool repaired = repair_text(&r);
    int status = r.out.status;
    if (repaired) {
        yyjson_read_err still = {0};
        flags |= YYJSON_READ_ALLOW_INVALID_UNICODE;
        document = read_document(eg_buf_str(&r.out), flags, allocator, &still);
        if (!document) {
            error.code = still.code;
        }
    }
    eg_buf_done(&r.out);
    if (document) {
        *out = document;
    } else if (status == EG_OK) {
        status = fail_at(text, &error);
    }
    return status;
}

/* Brackets outside of strings; what is not JSON at all is left to the parser. */
static bool nested_too_deeply(eg_str text)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            i += c == '\\' ? 1 : 0;
        } else if ((c == '{' || c == '[') && ++depth > NESTING_MAX) {
            return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

static eg_str without_mark(eg_str text)
{
    if (text.len >= 3 && memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0) {
        text = (eg_str){text.ptr + 3, text.len - 3};
    }
    return text;
}

int eg_json_parse(eg_str text, yyjson_doc **out)
{
    if (text.len > TEXT_MAX) {
        return eg_fail(EG_E_LIMIT, "JSON larger than %lu bytes", (unsigned long)TEXT_MAX);
    }
    text = without_mark(text);
    if (nested_too_deeply(text)) {
        return eg_fail(EG_E_INVALID, "JSON nested more than %d levels deep", NESTING_MAX);
    }
    return parse(text, YYJSON_READ_NOFLAG, false, &heap, out);
}

int eg_json_parse_raw(eg_str text, const yyjson_alc *allocator, yyjson_doc **out)
{
    if (text.len > TEXT_MAX) {
        return eg_fail(EG_E_LIMIT, "JSON larger than %lu bytes", (unsigned long)TEXT_MAX);
    }
    return parse(without_mark(text), YYJSON_READ_NUMBER_AS_RAW, true, allocator, out);
}
