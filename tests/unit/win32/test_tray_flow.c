/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/compiler.h"
#include "tray/flow.c"

#include <string.h>

#define UNITS_MAX 256

/* A full-width character is 10 wide, any other 5. */
static size_t measure(const wchar_t *text, int *edges)
{
    size_t length = wcslen(text);

    assert_true(length < UNITS_MAX);
    edges[0] = 0;
    for (size_t i = 0; i < length; i++) {
        edges[i + 1] = edges[i] + (text[i] >= 0x1100 ? 10 : 5);
    }
    return length;
}

/* The lines of `text` in `width`, with '/' between them, must be `expected`. */
static void assert_lines(const wchar_t *text, int width, const wchar_t *expected)
{
    int edges[UNITS_MAX];
    wchar_t got[2 * UNITS_MAX] = L"";
    size_t at = 0;
    eg_flow flow;
    eg_flow_line line;

    eg_flow_init(&flow, text, measure(text, edges), edges, width);
    while (eg_flow_next(&flow, &line)) {
        if (at > 0) {
            got[at++] = L'/';
        }
        memcpy(got + at, text + line.start, (line.end - line.start) * sizeof(wchar_t));
        at += line.end - line.start;
        got[at] = L'\0';
    }
    if (wcscmp(got, expected) != 0) {
        fail_msg("got \"%ls\", expected \"%ls\"", got, expected);
    }
}

static void flow__english__breaks_at_blanks(void **state)
{
    EG_UNUSED(state);
    assert_lines(L"one two three", 40, L"one two/three");
    assert_lines(L"one two three", 35, L"one two/three");
    assert_lines(L"one two three", 34, L"one/two/three");
}

static void flow__word_longer_than_a_line__is_cut_in_the_word(void **state)
{
    EG_UNUSED(state);
    assert_lines(L"abcdefghij", 20, L"abcd/efgh/ij");
}

static void flow__nothing_fits__takes_one_character_a_line(void **state)
{
    EG_UNUSED(state);
    assert_lines(L"abc", 1, L"a/b/c");
    assert_lines(L"", 100, L"");
}

static void flow__number_and_what_it_counts__stay_together(void **state)
{
    EG_UNUSED(state);
    assert_lines(L"所が 12 件ある", 45, L"所が/12 件ある");
    assert_lines(L"所が AB 件ある", 45, L"所が AB/件ある");
}

static void flow__japanese__never_starts_a_line_with_a_full_stop_or_small_kana(void **state)
{
    EG_UNUSED(state);
    assert_lines(L"漢漢漢漢。漢", 40, L"漢漢漢/漢。漢");
    assert_lines(L"カカカカッカ", 40, L"カカカ/カッカ");
    assert_lines(L"漢漢漢（漢漢）", 40, L"漢漢漢/（漢漢）");
}

static void flow__japanese__prefers_the_end_of_a_phrase(void **state)
{
    EG_UNUSED(state);
    assert_lines(L"電源は切らず再起動も", 70, L"電源は切らず/再起動も");
    assert_lines(L"番号を伝えてください", 30, L"番号を/伝えて/くださ/い");
}

static void flow__line_ends__are_kept(void **state)
{
    EG_UNUSED(state);
    assert_lines(L"a\r\nb\n\nc", 100, L"a/b//c");
}

static void flow__surrogate_pairs_and_marks__stay_whole(void **state)
{
    EG_UNUSED(state);
    /* U+20BB7 three times; e with an accent as two units. */
    assert_lines(L"\xD842\xDFB7\xD842\xDFB7\xD842\xDFB7", 20,
                 L"\xD842\xDFB7/\xD842\xDFB7/\xD842\xDFB7");
    assert_lines(L"ae\x0301", 10, L"a/e\x0301");
}

static void flow__any_width__loses_nothing_and_fits(void **state)
{
    EG_UNUSED(state);
    const wchar_t *text =
        L"Word から「PowerShell」が起動されました。C:\\Users\\山田\\a.dll（部品）";
    int edges[UNITS_MAX];
    size_t length = measure(text, edges);

    for (int width = 10; width < 400; width += 5) {
        eg_flow flow;
        eg_flow_line line;
        size_t next = 0;

        eg_flow_init(&flow, text, length, edges, width);
        while (eg_flow_next(&flow, &line)) {
            for (; next < line.start; next++) {
                assert_true(text[next] == L' ');
            }
            assert_true(line.end > line.start);
            assert_true(line.width <= width);
            next = line.end;
        }
        assert_int_equal(next, length);
    }
}

int eg_test_tray_flow(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flow__english__breaks_at_blanks),
        cmocka_unit_test(flow__word_longer_than_a_line__is_cut_in_the_word),
        cmocka_unit_test(flow__nothing_fits__takes_one_character_a_line),
        cmocka_unit_test(flow__number_and_what_it_counts__stay_together),
        cmocka_unit_test(flow__japanese__never_starts_a_line_with_a_full_stop_or_small_kana),
        cmocka_unit_test(flow__japanese__prefers_the_end_of_a_phrase),
        cmocka_unit_test(flow__line_ends__are_kept),
        cmocka_unit_test(flow__surrogate_pairs_and_marks__stay_whole),
        cmocka_unit_test(flow__any_width__loses_nothing_and_fits),
    };
    return cmocka_run_group_tests_name("tray_flow", tests, NULL, NULL);
}
