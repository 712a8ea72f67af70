/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/ipc/frame.h"

#include <string.h>

static void assert_text(eg_str actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr, expected, actual.len);
}

static void frame_write__of_text__puts_length_in_front(void **state)
{
    EG_UNUSED(state);
    eg_buf out;
    eg_buf_init(&out, 100);
    assert_int_equal(eg_frame_write(&out, EG_STR("abc")), EG_OK);
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.data, "\x03\0\0\0abc", 7);
    eg_buf_done(&out);
}

static void frame_write__beyond_the_maximum__writes_nothing(void **state)
{
    EG_UNUSED(state);
    char *large = eg_alloc_zero(EG_FRAME_MAX + 1, 1);
    eg_buf out;
    eg_buf_init(&out, 2 * EG_FRAME_MAX);
    assert_int_equal(eg_frame_write(&out, (eg_str){large, EG_FRAME_MAX + 1}), EG_E_LIMIT);
    assert_int_equal(out.len, 0);
    assert_int_equal(eg_frame_write(&out, (eg_str){large, EG_FRAME_MAX}), EG_OK);
    assert_int_equal(out.len, EG_FRAME_MAX + EG_FRAME_HEADER);
    eg_buf_done(&out);
    eg_free(large);
}

static void frame_write__into_a_full_buffer__keeps_what_was_there(void **state)
{
    EG_UNUSED(state);
    eg_buf out;
    eg_buf_init(&out, 10);
    assert_int_equal(eg_frame_write(&out, EG_STR("abc")), EG_OK);
    assert_int_equal(eg_frame_write(&out, EG_STR("x")), EG_E_LIMIT);
    assert_int_equal(out.len, 7);
    assert_int_equal(out.status, EG_OK);
    eg_buf_done(&out);
}

static void frame_reader__fed_byte_by_byte__hands_out_each_payload(void **state)
{
    EG_UNUSED(state);
    static const char stream[] = "\x02\0\0\0hi\0\0\0\0\x01\0\0\0!";
    static const char *const expected[] = {"hi", "", "!"};
    eg_frame_reader reader;
    eg_frame_reader_init(&reader);
    size_t found = 0;
    for (size_t i = 0; i < sizeof(stream) - 1; i++) {
        eg_str payload;
        assert_int_equal(eg_frame_reader_feed(&reader, stream + i, 1), EG_OK);
        while (eg_frame_reader_next(&reader, &payload) == EG_OK) {
            assert_in_range(found, 0, 2);
            assert_text(payload, expected[found++]);
        }
    }
    assert_int_equal(found, 3);
    eg_frame_reader_done(&reader);
}

static void frame_reader__fed_at_once__hands_out_each_payload(void **state)
{
    EG_UNUSED(state);
    static const char stream[] = "\x02\0\0\0hi\x03\0\0\0you\x05\0\0\0ha";
    eg_frame_reader reader;
    eg_frame_reader_init(&reader);
    eg_str payload;
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_E_NOTFOUND);
    assert_int_equal(eg_frame_reader_feed(&reader, stream, sizeof(stream) - 1), EG_OK);
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_OK);
    assert_text(payload, "hi");
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_OK);
    assert_text(payload, "you");
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_E_NOTFOUND);
    assert_int_equal(eg_frame_reader_feed(&reader, "lf!", 3), EG_OK);
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_OK);
    assert_text(payload, "half!");
    eg_frame_reader_done(&reader);
}

static void frame_reader__with_an_endless_length__fails_for_good(void **state)
{
    EG_UNUSED(state);
    eg_frame_reader reader;
    eg_frame_reader_init(&reader);
    eg_str payload = EG_STR_NONE;
    assert_int_equal(eg_frame_reader_feed(&reader, "\x01\0\x01\0", 4), EG_OK);
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_E_LIMIT);
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_E_LIMIT);
    assert_null(payload.ptr);
    eg_frame_reader_done(&reader);
}

static void frame_reader__fed_without_reading__refuses_more_than_two_frames(void **state)
{
    EG_UNUSED(state);
    char *block = eg_alloc_zero(EG_FRAME_MAX, 1);
    eg_frame_reader reader;
    eg_frame_reader_init(&reader);
    assert_int_equal(eg_frame_reader_feed(&reader, block, EG_FRAME_MAX), EG_OK);
    assert_int_equal(eg_frame_reader_feed(&reader, block, EG_FRAME_MAX), EG_OK);
    assert_int_equal(eg_frame_reader_feed(&reader, block, EG_FRAME_MAX), EG_E_LIMIT);
    eg_frame_reader_done(&reader);
    eg_free(block);
}

static void frame_reader__holding_most_of_a_frame__takes_the_largest_read(void **state)
{
    EG_UNUSED(state);
    char *block = eg_alloc_zero(EG_FRAME_MAX, 1);
    eg_frame_reader reader;
    eg_frame_reader_init(&reader);
    eg_str payload;
    assert_int_equal(eg_frame_reader_feed(&reader, "\0\0\x01\0", 4), EG_OK);
    assert_int_equal(eg_frame_reader_feed(&reader, block, EG_FRAME_MAX - 1), EG_OK);
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_E_NOTFOUND);
    assert_int_equal(eg_frame_reader_feed(&reader, block, EG_FRAME_MAX), EG_OK);
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_OK);
    assert_int_equal(payload.len, EG_FRAME_MAX);
    eg_frame_reader_done(&reader);
    eg_free(block);
}

static void frame_reader__without_memory__fails_and_goes_on_later(void **state)
{
    EG_UNUSED(state);
    eg_frame_reader reader;
    eg_frame_reader_init(&reader);
    eg_mem_fail_after(0);
    int status = eg_frame_reader_feed(&reader, "\x01\0\0\0a", 5);
    eg_mem_fail_after(-1);
    assert_int_equal(status, EG_E_NOMEM);
    eg_frame_reader_done(&reader);
    eg_frame_reader_init(&reader);
    eg_str payload;
    assert_int_equal(eg_frame_reader_feed(&reader, "\x01\0\0\0a", 5), EG_OK);
    assert_int_equal(eg_frame_reader_next(&reader, &payload), EG_OK);
    assert_text(payload, "a");
    eg_frame_reader_done(&reader);
}

int eg_test_frame(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_write__of_text__puts_length_in_front),
        cmocka_unit_test(frame_write__beyond_the_maximum__writes_nothing),
        cmocka_unit_test(frame_write__into_a_full_buffer__keeps_what_was_there),
        cmocka_unit_test(frame_reader__fed_byte_by_byte__hands_out_each_payload),
        cmocka_unit_test(frame_reader__fed_at_once__hands_out_each_payload),
        cmocka_unit_test(frame_reader__with_an_endless_length__fails_for_good),
        cmocka_unit_test(frame_reader__fed_without_reading__refuses_more_than_two_frames),
        cmocka_unit_test(frame_reader__holding_most_of_a_frame__takes_the_largest_read),
        cmocka_unit_test(frame_reader__without_memory__fails_and_goes_on_later),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
