/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/conf.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <inttypes.h>
#include <string.h>

typedef struct conf_value {
    bool set;
    eg_str text;
    uint64_t number;
} conf_value;

typedef struct conf_reading {
    const char *file;
    const eg_conf_key *keys;
    size_t count;
    conf_value *values; /* one a key; applied once the whole file is good */
    eg_str section;
    size_t line;
} conf_reading;

static int fail_line(const conf_reading *r, const char *reason, eg_str what)
{
    eg_buf visible;
    eg_buf_init(&visible, 1024);
    eg_utf8_append_safe(&visible, what);
    int status = eg_fail(EG_E_INVALID, "%s line %zu: %s: \"%s\"", r->file, r->line, reason,
                         eg_buf_cstr(&visible));
    eg_buf_done(&visible);
    return status;
}

static bool is_section(const conf_reading *r, eg_str name)
{
    for (size_t i = 0; i < r->count; i++) {
        if (eg_str_equal(eg_str_from(r->keys[i].section), name)) {
            return true;
        }
    }
    return false;
}

static int read_heading(conf_reading *r, eg_str line)
{
    if (line.ptr[line.len - 1] != ']') {
        return fail_line(r, "heading without ]", line);
    }
    eg_str name = eg_str_trim((eg_str){line.ptr + 1, line.len - 2});
    if (name.len == 0 || !is_section(r, name)) {
        return fail_line(r, "unknown section", name);
    }
    r->section = name;
    return EG_OK;
}

static bool read_bool(eg_str text, uint64_t *out)
{
    static const char *const words[] = {"false", "no", "off", "0", "true", "yes", "on", "1"};
    for (size_t i = 0; i < EG_COUNT(words); i++) {
        if (eg_str_equal_nocase(text, eg_str_from(words[i]))) {
            *out = i >= EG_COUNT(words) / 2;
            return true;
        }
    }
    return false;
}

static int read_number(conf_reading *r, const eg_conf_key *key, eg_str text, uint64_t *out)
{
    uint64_t number = 0;
    if (!eg_str_to_u64(text, &number)) {
        return fail_line(r, "not a number", text);
    }
    if (number < key->min || number > key->max) {
        return eg_fail(EG_E_INVALID,
                       "%s line %zu: %s is %" PRIu64 ", but must be %" PRIu64 " to %" PRIu64,
                       r->file, r->line, key->name, number, key->min, key->max);
    }
    *out = number;
    return EG_OK;
}

static int read_value(conf_reading *r, const eg_conf_key *key, eg_str text, conf_value *out)
{
    conf_value value = {.set = true, .text = text};
    int status = EG_OK;
    switch (key->type) {
    case EG_CONF_NUMBER: status = read_number(r, key, text, &value.number); break;
    case EG_CONF_BOOL:
        if (!read_bool(text, &value.number)) {
            status = fail_line(r, "neither true nor false", text);
        }
        break;
    case EG_CONF_TEXT:
        if (text.len < key->min || text.len > key->max) {
            status = eg_fail(EG_E_INVALID,
                             "%s line %zu: %s has %zu bytes, but must have %" PRIu64 " to %" PRIu64,
                             r->file, r->line, key->name, text.len, key->min, key->max);
        }
        break;
    }
    if (status == EG_OK) {
        *out = value;
    }
    return status;
}

static int read_setting(conf_reading *r, eg_str line)
{
    eg_str rest = line;
    eg_str name = EG_STR_NONE;
    eg_str_split(&rest, '=', &name);
    if (!rest.ptr) {
        return fail_line(r, "neither a heading nor key = value", line);
    }
    name = eg_str_trim(name);
    for (size_t i = 0; i < r->count; i++) {
        if (!eg_str_equal(eg_str_from(r->keys[i].section), r->section) ||
            !eg_str_equal(eg_str_from(r->keys[i].name), name)) {
            continue;
        }
        if (r->values[i].set) {
            return fail_line(r, "this key stands here a second time", name);
        }
        return read_value(r, &r->keys[i], eg_str_trim(rest), &r->values[i]);
    }
    return fail_line(r, "unknown key", name);
}

static int read_line(conf_reading *r, eg_str line)
{
    if (line.len > 0 && memchr(line.ptr, '\0', line.len)) {
        return fail_line(r, "zero byte in the text", line);
    }
    if (!eg_utf8_valid(line)) {
        return fail_line(r, "not valid UTF-8", line);
    }
    line = eg_str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';') {
        return EG_OK;
    }
    return line.ptr[0] == '[' ? read_heading(r, line) : read_setting(r, line);
}

/* Texts that are to replace what the settings hold, made before anything is changed. */
static int copy_texts(const conf_reading *r, char **texts)
{
    for (size_t i = 0; i < r->count; i++) {
        const conf_value *value = &r->values[i];
        if (!value->set || r->keys[i].type != EG_CONF_TEXT) {
            continue;
        }
        texts[i] = eg_copy_bytes(value->text.ptr, value->text.len);
        if (!texts[i]) {
            return EG_E_NOMEM;
        }
    }
    return EG_OK;
}

/* Cannot fail. Takes the texts. */
static void apply(const conf_reading *r, char **texts, void *settings)
{
    for (size_t i = 0; i < r->count; i++) {
        const conf_value *value = &r->values[i];
        char *target = (char *)settings + r->keys[i].offset;
        if (!value->set) {
            continue;
        }
        if (r->keys[i].type == EG_CONF_NUMBER) {
            memcpy(target, &value->number, sizeof(value->number));
        } else if (r->keys[i].type == EG_CONF_BOOL) {
            bool flag = value->number != 0;
            memcpy(target, &flag, sizeof(flag));
        } else {
            eg_buf *text = (eg_buf *)(void *)target;
            size_t max = text->max > value->text.len ? text->max : value->text.len;
            eg_buf_done(text);
            *text = (eg_buf){texts[i], value->text.len, value->text.len + 1, max, EG_OK};
            texts[i] = NULL;
        }
    }
}

static int read_all(conf_reading *r, eg_str text, void *settings)
{
    eg_str line;
    int status = EG_OK;
    while (status == EG_OK && eg_str_split(&text, '\n', &line)) {
        r->line++;
        status = read_line(r, line);
    }
    if (status != EG_OK) {
        return status;
    }
    char **texts = eg_alloc_zero(r->count, sizeof(*texts));
    if (!texts) {
        return EG_E_NOMEM;
    }
    status = copy_texts(r, texts);
    if (status == EG_OK) {
        apply(r, texts, settings);
    }
    for (size_t i = 0; i < r->count; i++) {
        eg_free(texts[i]);
    }
    eg_free(texts);
    return status;
}

int eg_conf_read(eg_str text, const char *file, const eg_conf_key *keys, size_t count,
                 void *settings)
{
    if (text.len >= 3 && memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0) {
        text = (eg_str){text.ptr + 3, text.len - 3};
    }
    conf_reading r = {.file = file, .keys = keys, .count = count, .section = EG_STR("")};
    r.values = eg_alloc_zero(count, sizeof(*r.values));
    if (!r.values) {
        return EG_E_NOMEM;
    }
    int status = read_all(&r, text, settings);
    eg_free(r.values);
    return status;
}
