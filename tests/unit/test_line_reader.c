/* SPDX-License-Identifier: Apache-2.0 */
/* Lines out of bytes that come in pieces of any size. */
#include "tests/unit/unit.h"

#include "cli/line_reader.c"

#include "tests/unit/alloc.h"

#define LONGEST 20

/* Hands out a text in pieces of `step` bytes, then the end, or a failure. */
typedef struct source {
    const char *text;
    size_t length, at, step;
    int at_end; /* status once the text is over */
} source;

static int read_source(void *user, void *out, size_t size, size_t *got)
{
    source *s = user;
    size_t left = s->length - s->at;
    size_t count = left < s->step ? left : s->step;
    count = count < size ? count : size;
    if (count > 0) {
        memcpy(out, s->text + s->at, count);
    }
    s->at += count;
    *got = count;
    return count == 0 ? s->at_end : EG_OK;
}

/* All lines, each followed by '|'; "<long>" for one that is too long. */
static void collect(const char *text, size_t length, size_t step, char *out, size_t room)
{
    source s = {text, length, 0, step, EG_OK};
    eg_line_reader reader;
    eg_str line;
    size_t used = 0;
    int status;

    assert_int_equal(eg_line_reader_init(&reader, read_source, &s, LONGEST), EG_OK);
    while ((status = eg_line_reader_next(&reader, &line)) != EG_E_NOTFOUND) {
        if (status == EG_E_LIMIT) {
            line = EG_STR("<long>");
        } else {
            assert_int_equal(status, EG_OK);
        }
        assert_true(used + line.len + 2 < room);
        memcpy(out + used, line.ptr, line.len);
        used += line.len;
        out[used++] = '|';
    }
    out[used] = '\0';
    assert_int_equal(eg_line_reader_next(&reader, &line), EG_E_NOTFOUND);
    eg_line_reader_done(&reader);
}

static void check(const char *text, const char *want)
{
    static const size_t steps[] = {1, 2, 3, 7, 1000};
    char got[512];
    for (size_t i = 0; i < EG_COUNT(steps); i++) {
        collect(text, strlen(text), steps[i], got, sizeof(got));
        assert_string_equal(got, want);
    }
}

static void lines__however_they_come__are_the_same(void **state)
{
    EG_UNUSED(state);
    check("", "");
    check("a", "a|");
    check("a\nb\r\n\nc\n", "a|b||c|");
    check("a\r\n\r\nlast", "a||last|");
    check("\n", "|");
}

static void long_line__is_skipped__and_the_next_is_read(void **state)
{
    EG_UNUSED(state);
    check("12345678901234567890\nb\n", "12345678901234567890|b|");
    check("123456789012345678901\nb\n", "<long>|b|");
    check("x\n1234567890123456789012345678901234567890123456789012345678901234567890\nb",
          "x|<long>|b|");
    check("1234567890123456789012345678901234567890", "<long>|");
}

static void bytes__of_any_value__are_kept(void **state)
{
    char got[64];
    EG_UNUSED(state);
    collect("a\0b\xff\n", 5, 2, got, sizeof(got));
    assert_memory_equal(got, "a\0b\xff|", 6);
}

static void failure__of_the_source__is_handed_on_and_a_restart_forgets(void **state)
{
    source s = {"one\ntwo", 7, 0, 7, EG_E_IO};
    eg_line_reader reader;
    eg_str line;

    EG_UNUSED(state);
    assert_int_equal(eg_line_reader_init(&reader, read_source, &s, LONGEST), EG_OK);
    assert_int_equal(eg_line_reader_next(&reader, &line), EG_OK);
    assert_int_equal(line.len, 3);
    assert_int_equal(eg_line_reader_next(&reader, &line), EG_E_IO);
    s = (source){"three\n", 6, 0, 6, EG_OK};
    eg_line_reader_restart(&reader);
    assert_int_equal(eg_line_reader_next(&reader, &line), EG_OK);
    assert_true(eg_str_equal(line, EG_STR("three")));
    eg_line_reader_done(&reader);
}

/* Long enough that the buffer has to grow. */
static int read_large(void *arg)
{
    eg_str text = *(const eg_str *)arg;
    source s = {text.ptr, text.len, 0, text.len, EG_OK};
    eg_line_reader reader;
    eg_str line;
    int status = eg_line_reader_init(&reader, read_source, &s, text.len);
    if (status == EG_OK) {
        status = eg_line_reader_next(&reader, &line);
    }
    if (status == EG_OK) {
        assert_int_equal(line.len, text.len);
    }
    eg_line_reader_done(&reader);
    return status;
}

static void large_line__without_memory__is_reported(void **state)
{
    size_t length = 3 * READ_SIZE;
    char *text = eg_alloc(length);
    EG_UNUSED(state);
    assert_non_null(text);
    memset(text, 'x', length);
    eg_str view = {text, length};
    assert_true(eg_test_each_allocation_fails(read_large, &view) > 1);
    eg_free(text);
}

int eg_test_line_reader(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines__however_they_come__are_the_same),
        cmocka_unit_test(long_line__is_skipped__and_the_next_is_read),
        cmocka_unit_test(bytes__of_any_value__are_kept),
        cmocka_unit_test(failure__of_the_source__is_handed_on_and_a_restart_forgets),
        cmocka_unit_test(large_line__without_memory__is_reported),
    };
    return cmocka_run_group_tests_name("line_reader", tests, NULL, NULL);
}
