/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the courier. All others: test_message.c. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/ipc/frame.h"
#include "core/ipc/message.h"
#include "tests/unit/alloc.h"

#include <string.h>

typedef struct fixture {
    eg_buf frame;
    eg_message_decoder *decoder;
    eg_message out;
} fixture;

static int set_up(void **state)
{
    static fixture fix;
    memset(&fix, 0, sizeof(fix));
    eg_buf_init(&fix.frame, 2 * EG_FRAME_MAX);
    assert_int_equal(eg_message_decoder_create(&fix.decoder), EG_OK);
    *state = &fix;
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;
    eg_buf_done(&fix->frame);
    eg_message_decoder_destroy(fix->decoder);
    return 0;
}

static int round_trip(fixture *fix, const eg_message *message)
{
    eg_buf_clear(&fix->frame);
    int status = eg_message_encode(&fix->frame, message);
    if (status != EG_OK) {
        return status;
    }
    assert_true(fix->frame.len <= EG_FRAME_MAX + EG_FRAME_HEADER);
    eg_str payload = {fix->frame.data + EG_FRAME_HEADER, fix->frame.len - EG_FRAME_HEADER};
    return eg_message_decode(fix->decoder, payload, &fix->out);
}

static void assert_text(eg_str actual, const char *expected)
{
    assert_true(eg_str_equal(actual, eg_str_from(expected)));
}

static void message__errand__comes_back(void **state)
{
    fixture *fix = *state;
    const eg_errand *got = &fix->out.body.errand;
    const eg_errand_answer *answer = &fix->out.body.errand_answer;
    eg_message message = {.type = EG_MESSAGE_ERRAND};
    message.body.errand = (eg_errand){UINT32_MAX,
                                      EG_STR("https://rules/1.root.json"),
                                      EG_STR("http://proxy:8080"),
                                      EG_STR("-----BEGIN\r\nx"),
                                      EG_STR("\"v1\""),
                                      EG_ERRAND_FILE_MAX,
                                      5,
                                      600000,
                                      true};
    assert_int_equal(round_trip(fix, &message), EG_OK);
    assert_int_equal(got->id, UINT32_MAX);
    assert_text(got->url, "https://rules/1.root.json");
    assert_text(got->proxy, "http://proxy:8080");
    assert_text(got->ca_pem, "-----BEGIN\r\nx");
    assert_text(got->etag, "\"v1\"");
    assert_int_equal(got->max, EG_ERRAND_FILE_MAX);
    assert_int_equal(got->start, 5);
    assert_int_equal(got->timeout_ms, 600000);
    assert_true(got->stored_login);
    message.type = EG_MESSAGE_ERRAND_ANSWER;
    message.body.errand_answer = (eg_errand_answer){
        3,           EG_ERRAND_BROKEN, 407,          86400, 5, EG_ERRAND_FILE_MAX, EG_STR("\"v1\""),
        EG_STR("m"), EG_STR("d"),      EG_STR("why")};
    assert_int_equal(round_trip(fix, &message), EG_OK);
    assert_int_equal(answer->result, EG_ERRAND_BROKEN);
    assert_int_equal(answer->status, 407);
    assert_int_equal(answer->retry_after_s, 86400);
    assert_int_equal(answer->start, 5);
    assert_int_equal(answer->size, EG_ERRAND_FILE_MAX);
    assert_text(answer->last_modified, "m");
    assert_text(answer->date, "d");
    assert_text(answer->error, "why");
}

static void message__errand_bytes__come_back_up_to_a_full_piece(void **state)
{
    fixture *fix = *state;
    static char piece[EG_ERRAND_PIECE_MAX + 1];
    eg_message message = {.type = EG_MESSAGE_ERRAND_BYTES};
    for (size_t i = 0; i < sizeof(piece); i++) {
        piece[i] = (char)(i * 7 + i / 251);
    }
    const size_t sizes[] = {0, 1, 2, 3, 1000, EG_ERRAND_PIECE_MAX};
    for (size_t i = 0; i < EG_COUNT(sizes); i++) {
        message.body.errand_bytes.id = 1;
        message.body.errand_bytes.at = 24;
        message.body.errand_bytes.bytes = (eg_str){piece, sizes[i]};
        assert_int_equal(round_trip(fix, &message), EG_OK);
        assert_int_equal(fix->out.body.errand_bytes.at, 24);
        assert_int_equal(fix->out.body.errand_bytes.bytes.len, sizes[i]);
        assert_memory_equal(fix->out.body.errand_bytes.bytes.ptr, piece, sizes[i]);
    }
    message.body.errand_bytes.bytes.len = sizeof(piece);
    assert_int_equal(round_trip(fix, &message), EG_E_LIMIT);
}

static void message_decode__of_bytes_in_another_form__is_refused(void **state)
{
    fixture *fix = *state;
    static const char head[] = "{\"type\":\"errand_bytes\",\"id\":1,\"at\":0,\"bytes\":";
    static const char *const bad[] = {"}", "1}", "null}", "\"Zg\"}", "\"Zh==\"}", "\"Zg==\\n\"}"};
    eg_buf text;
    eg_buf_init(&text, EG_FRAME_MAX);
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        eg_buf_clear(&text);
        assert_int_equal(eg_buf_appendf(&text, "%s%s", head, bad[i]), EG_OK);
        assert_int_equal(eg_message_decode(fix->decoder, eg_buf_str(&text), &fix->out),
                         EG_E_INVALID);
    }
    eg_buf_clear(&text);
    (void)eg_buf_appendf(&text, "%s\"", head);
    for (size_t i = 0; i < EG_ERRAND_PIECE_MAX / 3 + 1; i++) {
        (void)eg_buf_append_cstr(&text, "AAAA");
    }
    assert_int_equal(eg_buf_append_cstr(&text, "\"}"), EG_OK);
    assert_int_equal(eg_message_decode(fix->decoder, eg_buf_str(&text), &fix->out), EG_E_INVALID);
    eg_buf_done(&text);
}

static int round_trip_of_all(void *arg)
{
    static char ca[EG_ERRAND_CA_MAX];
    fixture *fix = arg;
    eg_message message = {.type = EG_MESSAGE_ERRAND};
    memset(ca, '"', sizeof(ca)); /* which takes twice its size */
    message.body.errand =
        (eg_errand){1, EG_STR("u"), EG_STR("p"), {ca, sizeof(ca)}, EG_STR(""), 1, 0, 1, false};
    eg_buf_done(&fix->frame);
    int status = round_trip(fix, &message);
    message.type = EG_MESSAGE_ERRAND_BYTES;
    message.body.errand_bytes.id = 1;
    message.body.errand_bytes.at = 0;
    message.body.errand_bytes.bytes = (eg_str){ca, EG_ERRAND_PIECE_MAX / 2};
    return status == EG_OK ? round_trip(fix, &message) : status;
}

static void memory__refused__is_told(void **state)
{
    assert_true(eg_test_each_allocation_fails(round_trip_of_all, *state) > 4);
}

int eg_test_message_errand(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(message__errand__comes_back),
        EACH(message__errand_bytes__come_back_up_to_a_full_piece),
        EACH(message_decode__of_bytes_in_another_form__is_refused),
        EACH(memory__refused__is_told),
    };
#undef EACH
    return cmocka_run_group_tests_name("message_errand", tests, NULL, NULL);
}
