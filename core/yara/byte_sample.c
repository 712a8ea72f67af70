/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/byte_sample.h"

#include "core/base/status.h"

enum { NAME_MAX_BYTES = 1024 };
#define NOISE_SEED UINT64_C(0x9E3779B97F4A7C15)

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* Two digits at the beginning of `text`; -1 when they are none. */
static int hex_byte(eg_str text)
{
    int high = text.len >= 2 ? hex_value(text.ptr[0]) : -1;
    int low = text.len >= 2 ? hex_value(text.ptr[1]) : -1;
    return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

static eg_str behind(eg_str text, size_t size)
{
    return (eg_str){text.ptr + size, text.len - size};
}

static int add_hex(eg_buf *out, eg_str text)
{
    for (text = eg_str_trim(text); text.len > 0; text = eg_str_trim(behind(text, 2))) {
        int value = hex_byte(text);
        if (value < 0) {
            return eg_fail(EG_E_INVALID, "not two hexadecimal digits");
        }
        eg_buf_append_char(out, (char)(uint8_t)value);
    }
    return out->status;
}

/* The character that a backslash and what follows it stand for; `*text` begins behind the slash. */
static int read_escape(eg_str *text, int *value)
{
    static const char names[] = "rnt\\\"", values[] = "\r\n\t\\\"";
    char name = text->len > 0 ? text->ptr[0] : '\0';
    if (name == 'x') {
        *value = hex_byte(behind(*text, 1));
        *text = behind(*text, *value >= 0 ? 3 : 1);
        return *value >= 0 ? EG_OK : eg_fail(EG_E_INVALID, "\\x is followed by two digits");
    }
    for (size_t i = 0; i + 1 < sizeof(names); i++) {
        if (name == names[i]) {
            *value = values[i];
            *text = behind(*text, 1);
            return EG_OK;
        }
    }
    return eg_fail(EG_E_INVALID, "a backslash before something unknown");
}

static int add_piece(eg_buf *out, eg_str *text, bool wide)
{
    while (text->len > 0 && text->ptr[0] != '"') {
        int value = (uint8_t)text->ptr[0];
        int status = EG_OK;
        *text = behind(*text, 1);
        if (value == '\\') {
            status = read_escape(text, &value);
        }
        if (status != EG_OK) {
            return status;
        }
        eg_buf_append_char(out, (char)(uint8_t)value);
        if (wide) {
            eg_buf_append_char(out, '\0');
        }
    }
    if (text->len == 0) {
        return eg_fail(EG_E_INVALID, "a piece of text does not end");
    }
    *text = behind(*text, 1);
    return out->status;
}

static int add_text(eg_buf *out, eg_str text, bool wide)
{
    int status = EG_OK;
    for (text = eg_str_trim(text); text.len > 0 && status == EG_OK; text = eg_str_trim(text)) {
        if (text.ptr[0] != '"') {
            return eg_fail(EG_E_INVALID, "a piece of text begins with a quotation mark");
        }
        text = behind(text, 1);
        status = add_piece(out, &text, wide);
    }
    return status;
}

static int read_count(eg_buf *out, eg_str *text, uint64_t *count)
{
    eg_str number;
    *text = eg_str_trim(*text);
    if (!eg_str_split(text, ' ', &number) || !eg_str_to_u64(number, count)) {
        return eg_fail(EG_E_INVALID, "how many bytes?");
    }
    return *count <= EG_BYTE_SAMPLE_MAX ? eg_buf_reserve(out, (size_t)*count)
                                        : eg_fail(EG_E_LIMIT, "too many bytes");
}

static int add_fill(eg_buf *out, eg_str text)
{
    uint64_t count;
    int status = read_count(out, &text, &count);
    text = eg_str_trim(text);
    int value = text.len > 0 ? hex_byte(text) : 0;
    if (status == EG_OK && value < 0) {
        status = eg_fail(EG_E_INVALID, "the value is two hexadecimal digits");
    }
    for (uint64_t i = 0; status == EG_OK && i < count; i++) {
        status = eg_buf_append_char(out, (char)(uint8_t)value);
    }
    return status;
}

static int add_noise(eg_buf *out, eg_str text)
{
    uint64_t count, state = NOISE_SEED;
    int status = read_count(out, &text, &count);
    for (uint64_t i = 0; status == EG_OK && i < count; i++) {
        state ^= state << 13; /* xorshift64 */
        state ^= state >> 7;
        state ^= state << 17;
        status = eg_buf_append_char(out, (char)(uint8_t)(state >> 32));
    }
    return status;
}

static int read_line(eg_byte_sample *sample, eg_str line)
{
    eg_str word;
    line = eg_str_trim(line);
    if (line.len == 0 || line.ptr[0] == '#' || !eg_str_split(&line, ' ', &word)) {
        return EG_OK;
    }
    if (eg_str_equal(word, EG_STR("name"))) {
        line = eg_str_trim(line);
        eg_buf_clear(&sample->name);
        return line.len > 0 ? eg_buf_append_str(&sample->name, line)
                            : eg_fail(EG_E_INVALID, "the name is missing");
    }
    if (eg_str_equal(word, EG_STR("hex"))) {
        return add_hex(&sample->bytes, line);
    }
    if (eg_str_equal(word, EG_STR("text")) || eg_str_equal(word, EG_STR("wide"))) {
        return add_text(&sample->bytes, line, word.ptr[0] == 'w');
    }
    if (eg_str_equal(word, EG_STR("fill"))) {
        return add_fill(&sample->bytes, line);
    }
    if (eg_str_equal(word, EG_STR("noise"))) {
        return add_noise(&sample->bytes, line);
    }
    return eg_fail(EG_E_INVALID, "neither name, hex, text, wide, fill nor noise");
}

int eg_byte_sample_parse(eg_str text, eg_byte_sample *out)
{
    eg_byte_sample sample;
    eg_str line;
    size_t number = 0;
    eg_buf_init(&sample.bytes, EG_BYTE_SAMPLE_MAX);
    eg_buf_init(&sample.name, NAME_MAX_BYTES);
    int status = eg_buf_append_cstr(&sample.name, "sample.bin");
    while (status == EG_OK && eg_str_split(&text, '\n', &line)) {
        number++;
        status = read_line(&sample, line);
    }
    if (status != EG_OK) {
        eg_byte_sample_done(&sample);
        return status == EG_E_NOMEM ? status
                                    : eg_fail(status, "line %zu: %s", number, eg_error_message());
    }
    *out = sample;
    return EG_OK;
}

void eg_byte_sample_done(eg_byte_sample *sample)
{
    eg_buf_done(&sample->bytes);
    eg_buf_done(&sample->name);
}
