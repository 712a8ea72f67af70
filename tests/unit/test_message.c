/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/ipc/frame.h"
#include "core/ipc/message.h"

#include <string.h>

static void assert_text(eg_str actual, const char *expected)
{
    assert_non_null(actual.ptr);
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.ptr, expected, actual.len);
}

/* Encodes, takes the frame apart and decodes; the payload lives in `frame`. */
static int round_trip(const eg_message *message, eg_buf *frame, eg_message_decoder *decoder,
                      eg_message *out)
{
    eg_buf_clear(frame);
    int status = eg_message_encode(frame, message);
    if (status != EG_OK) {
        return status;
    }
    eg_str payload = {frame->data + EG_FRAME_HEADER, frame->len - EG_FRAME_HEADER};
    return eg_message_decode(decoder, payload, out);
}

typedef struct fixture {
    eg_buf frame;
    eg_message_decoder *decoder;
    eg_message out;
} fixture;

static int set_up(void **state)
{
    fixture *fix = eg_alloc_zero(1, sizeof(*fix));
    assert_non_null(fix);
    eg_buf_init(&fix->frame, 2 * EG_FRAME_MAX);
    assert_int_equal(eg_message_decoder_create(&fix->decoder), EG_OK);
    *state = fix;
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;
    eg_buf_done(&fix->frame);
    eg_message_decoder_destroy(fix->decoder);
    eg_free(fix);
    return 0;
}

static void message__hello__comes_back(void **state)
{
    fixture *fix = *state;
    eg_message message = {.type = EG_MESSAGE_HELLO};
    message.body.hello = (eg_hello){
        EG_PROTOCOL_VERSION, EG_STR("tray"), EG_STR("1.2.3"), UINT32_MAX, 1, EG_LANGUAGE_JA};
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.type, EG_MESSAGE_HELLO);
    assert_int_equal(fix->out.body.hello.protocol, EG_PROTOCOL_VERSION);
    assert_text(fix->out.body.hello.client, "tray");
    assert_text(fix->out.body.hello.version, "1.2.3");
    assert_int_equal(fix->out.body.hello.pid, UINT32_MAX);
    assert_int_equal(fix->out.body.hello.session, 1);
    assert_int_equal(fix->out.body.hello.language, EG_LANGUAGE_JA);
}

static void message__welcome__comes_back(void **state)
{
    fixture *fix = *state;
    eg_message message = {.type = EG_MESSAGE_WELCOME};
    message.body.welcome = (eg_welcome){.protocol = EG_PROTOCOL_VERSION,
                                        .version = EG_STR("1.0"),
                                        .computer = EG_STR("PC-7"),
                                        .pack = EG_STR("default"),
                                        .pack_serial = UINT64_MAX,
                                        .rules = 42};
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.type, EG_MESSAGE_WELCOME);
    assert_text(fix->out.body.welcome.computer, "PC-7");
    assert_text(fix->out.body.welcome.contact, "");
    assert_true(fix->out.body.welcome.pack_serial == UINT64_MAX);
    assert_int_equal(fix->out.body.welcome.rules, 42);
}

static eg_message hit_message(void)
{
    eg_message message = {.type = EG_MESSAGE_HIT};
    message.body.hit = (eg_hit_notice){
        .id = INT64_MAX,
        .time = UINT64_C(134116992000000000),
        .level = EG_LEVEL_CRITICAL,
        .kind = EG_KIND_TASK_REGISTERED,
        .text = {EG_STR("題"), EG_STR("意味\n二行"), EG_STR("相談")},
        .rule_id = EG_STR("11111111-2222"),
        .rule_title = EG_STR("Title"),
        .rule_author = EG_STR("Somebody"),
        .program = EG_STR("C:\\Users\\\"x\"\\a.exe"),
        .command_line = EG_STR("a.exe\t-b"),
        .parent = EG_STR("p"),
        .user = EG_STR("PC\\user"),
        .pid = 7,
        .target = EG_STR("\\Task"),
        .incident_id = 12,
        .incident_hits = 3,
        .incident_last = 6,
        .steps = {2,
                  {{EG_ROLE_DOCUMENT, 5, false, EG_STR("請求書.docm")},
                   {EG_ROLE_TASK, 0, true, EG_STR("Task")}}},
        .absorbed = {2, {7, INT64_MAX}},
        .telling = EG_TELLING_REMINDER,
        .answer = EG_TOLD_ANSWER_CALL,
    };
    return message;
}

static void message__hit__comes_back(void **state)
{
    fixture *fix = *state;
    eg_message message = hit_message();
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    const eg_hit_notice *hit = &fix->out.body.hit;
    assert_int_equal(fix->out.type, EG_MESSAGE_HIT);
    assert_true(hit->id == INT64_MAX);
    assert_true(hit->time == UINT64_C(134116992000000000));
    assert_int_equal(hit->level, EG_LEVEL_CRITICAL);
    assert_int_equal(hit->kind, EG_KIND_TASK_REGISTERED);
    assert_text(hit->text.title, "題");
    assert_text(hit->text.meaning, "意味\n二行");
    assert_text(hit->text.advice, "相談");
    assert_text(hit->rule_id, "11111111-2222");
    assert_text(hit->rule_title, "Title");
    assert_text(hit->rule_author, "Somebody");
    assert_text(hit->program, "C:\\Users\\\"x\"\\a.exe");
    assert_text(hit->command_line, "a.exe\t-b");
    assert_text(hit->parent, "p");
    assert_text(hit->user, "PC\\user");
    assert_int_equal(hit->pid, 7);
    assert_text(hit->target, "\\Task");
    assert_int_equal(hit->incident_id, 12);
    assert_int_equal(hit->incident_hits, 3);
    assert_int_equal(hit->incident_last, 6);
    assert_int_equal(hit->steps.count, 2);
    assert_text(hit->steps.step[0].name, "請求書.docm");
    assert_int_equal(hit->steps.step[0].role, EG_ROLE_DOCUMENT);
    assert_int_equal(hit->steps.step[0].time, 5);
    assert_true(hit->steps.step[1].suspicious && !hit->steps.step[0].suspicious);
    assert_int_equal(hit->absorbed.count, 2);
    assert_int_equal(hit->absorbed.id[0], 7);
    assert_true(hit->absorbed.id[1] == INT64_MAX);
    assert_int_equal(hit->telling, EG_TELLING_REMINDER);
    assert_int_equal(hit->answer, EG_TOLD_ANSWER_CALL);
}

static void message__small_ones__come_back(void **state)
{
    fixture *fix = *state;
    eg_message shown = {.type = EG_MESSAGE_SHOWN};
    shown.body.shown.hit_id = 5;
    shown.body.shown.title = EG_STR("EmoGuard - 7K3-Q9");
    assert_int_equal(round_trip(&shown, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.body.shown.hit_id, 5);
    assert_text(fix->out.body.shown.title, "EmoGuard - 7K3-Q9");

    eg_message answered = {.type = EG_MESSAGE_ANSWERED};
    answered.body.answered.incident_id = 9;
    answered.body.answered.kept = true;
    assert_int_equal(round_trip(&answered, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.body.answered.incident_id, 9);
    assert_true(fix->out.body.answered.kept);

    static const eg_message_type closing[] = {EG_MESSAGE_RESOLVE, EG_MESSAGE_RESOLVED};
    for (size_t i = 0; i < EG_COUNT(closing); i++) {
        eg_message resolve = {.type = closing[i]};
        resolve.body.resolve.incident_id = 10;
        assert_int_equal(round_trip(&resolve, &fix->frame, fix->decoder, &fix->out), EG_OK);
        assert_int_equal(fix->out.type, closing[i]);
        assert_int_equal(fix->out.body.resolve.incident_id, 10);
    }

    eg_message ask = {.type = EG_MESSAGE_STATUS_ASK};
    assert_int_equal(round_trip(&ask, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.type, EG_MESSAGE_STATUS_ASK);

    eg_message answer = {.type = EG_MESSAGE_STATUS};
    answer.body.status.json = EG_STR("{\"rules\": 3, \"names\": [\"\\u3042\", null]}");
    assert_int_equal(round_trip(&answer, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_text(fix->out.body.status.json, "{\"rules\": 3, \"names\": [\"\\u3042\", null]}");

    eg_message error = {.type = EG_MESSAGE_ERROR};
    error.body.error.reason = EG_STR("no");
    assert_int_equal(round_trip(&error, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_text(fix->out.body.error.reason, "no");
}

static void message__state__comes_back(void **state)
{
    fixture *fix = *state;
    eg_message message = {.type = EG_MESSAGE_STATE};
    eg_service_state *sent = &message.body.state, *got = &fix->out.body.state;
    sent->pack = EG_STR("default");
    sent->pack_serial = 2026110201;
    sent->pack_time = UINT64_MAX;
    sent->open_alerts = 2;
    sent->sensors = 9;
    sent->sensors_working = 8;
    sent->uplink = true;
    sent->reported_hit = 7;
    for (int i = 0; i < EG_ATTENTION_MAX; i++) {
        sent->attention.item[i] =
            (eg_attention){(eg_attention_id)(i % EG_ATTENTION_COUNT), EG_STR("登録"), (uint64_t)i};
    }
    sent->attention.count = EG_ATTENTION_MAX;
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.type, EG_MESSAGE_STATE);
    assert_text(got->pack, "default");
    assert_true(got->pack_time == UINT64_MAX);
    assert_int_equal(got->open_alerts, 2);
    assert_int_equal(got->sensors, 9);
    assert_int_equal(got->sensors_working, 8);
    assert_true(got->uplink);
    assert_int_equal(got->reported_hit, 7);
    assert_int_equal(got->attention.count, EG_ATTENTION_MAX);
    for (int i = 0; i < EG_ATTENTION_MAX; i++) {
        assert_int_equal(got->attention.item[i].id, i % EG_ATTENTION_COUNT);
        assert_int_equal(got->attention.item[i].number, i);
        assert_text(got->attention.item[i].text, "登録");
    }
}

static void message__check__comes_back(void **state)
{
    fixture *fix = *state;
    eg_message ask = {.type = EG_MESSAGE_CHECK_ASK};
    eg_message message = {.type = EG_MESSAGE_CHECK_STATE};
    const eg_check_state *got = &fix->out.body.check_state;
    ask.body.check_ask.action = EG_CHECK_CANCEL;
    assert_int_equal(round_trip(&ask, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.body.check_ask.action, EG_CHECK_CANCEL);
    for (int i = 0; i < EG_JOB_STATE_COUNT; i++) {
        message.body.check_state = (eg_check_state){(eg_job_state)i,
                                                    100,
                                                    EG_CHECK_PHASE_MEMORY,
                                                    EG_STR("C:\\a.dll"),
                                                    604800,
                                                    EG_VERDICT_COULD_NOT_LOOK,
                                                    3,
                                                    4,
                                                    5,
                                                    EG_STR("r.html"),
                                                    EG_CHECK_FAILURE_ENDED,
                                                    EG_STR("no")};
        assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
        assert_int_equal(fix->out.type, EG_MESSAGE_CHECK_STATE);
        assert_int_equal(got->state, i);
        assert_int_equal(got->percent, 100);
        assert_int_equal(got->phase, EG_CHECK_PHASE_MEMORY);
        assert_text(got->item, "C:\\a.dll");
        assert_int_equal(got->left_seconds, 604800);
        assert_int_equal(got->verdict, EG_VERDICT_COULD_NOT_LOOK);
        assert_int_equal(got->findings, 3);
        assert_int_equal(got->gaps, 4);
        assert_int_equal(got->time, 5);
        assert_text(got->report, "r.html");
        assert_int_equal(got->failure, EG_CHECK_FAILURE_ENDED);
        assert_text(got->error, "no");
    }
}

static void message__update__comes_back(void **state)
{
    fixture *fix = *state;
    const eg_message ask = {.type = EG_MESSAGE_UPDATE_ASK};
    eg_message message = {.type = EG_MESSAGE_UPDATE_STATE};
    const eg_update_state *got = &fix->out.body.update_state;
    assert_int_equal(round_trip(&ask, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.type, EG_MESSAGE_UPDATE_ASK);
    message.body.update_state = (eg_update_state){
        EG_UPDATE_DOWNLOADING, 7, 2026112313, 9, EG_UPDATE_FAILURE_NETWORK, EG_STR("slow"), true};
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(got->state, EG_UPDATE_DOWNLOADING);
    assert_int_equal(got->percent, 7);
    assert_true(got->serial == 2026112313);
    assert_int_equal(got->time, 9);
    assert_int_equal(got->failure, EG_UPDATE_FAILURE_NETWORK);
    assert_text(got->error, "slow");
    assert_true(got->by_courier);
}

static void fill(eg_str *text, char *block, size_t size)
{
    *text = (eg_str){block, size};
}

static void message__hit_of_huge_texts__fits_a_frame_and_is_cut_at_characters(void **state)
{
    fixture *fix = *state;
    size_t size = 300000;
    char *quotes = eg_alloc(size);
    char *kana = eg_alloc(size);
    memset(quotes, '"', size);
    for (size_t i = 0; i < size; i++) {
        kana[i] = "\xE3\x81\x82"[i % 3];
    }
    eg_message message = hit_message();
    eg_hit_notice *hit = &message.body.hit;
    eg_str *texts[] = {&hit->text.title, &hit->text.meaning, &hit->text.advice, &hit->rule_id,
                       &hit->rule_title, &hit->rule_author,  &hit->program,     &hit->parent,
                       &hit->user,       &hit->target};
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        fill(texts[i], quotes, size);
    }
    fill(&hit->command_line, kana, size);
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_in_range(fix->frame.len, 20000, EG_FRAME_MAX);
    eg_str cut = fix->out.body.hit.command_line;
    assert_int_equal(cut.len, 4095); /* 1364 characters of three bytes and the ellipsis */
    assert_memory_equal(cut.ptr + cut.len - 6, "\xE3\x81\x82\xE2\x80\xA6", 6);
    assert_int_equal(fix->out.body.hit.program.len, 1024);
    assert_memory_equal(fix->out.body.hit.program.ptr + 1020, "\"\xE2\x80\xA6", 4);
    eg_free(quotes);
    eg_free(kana);
}

static void message__text_of_exactly_the_maximum__is_not_cut(void **state)
{
    fixture *fix = *state;
    char block[1025];
    memset(block, 'a', sizeof(block));
    eg_message message = hit_message();
    fill(&message.body.hit.program, block, 1024);
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.body.hit.program.len, 1024);
    assert_memory_equal(fix->out.body.hit.program.ptr, block, 1024);
    fill(&message.body.hit.program, block, 1025);
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_int_equal(fix->out.body.hit.program.len, 1024);
    assert_memory_equal(fix->out.body.hit.program.ptr + 1021, "\xE2\x80\xA6", 3);
}

static void message__unclean_text__is_replaced_not_refused(void **state)
{
    fixture *fix = *state;
    eg_message message = hit_message();
    /* escape, NUL, malformed byte, lone surrogate in WTF-8, C1 control */
    static const char dirty[] = "a\x1B\0b\xFF\xED\xA0\x80\xC2\x85z";
    message.body.hit.program = (eg_str){dirty, sizeof(dirty) - 1};
    message.body.hit.command_line = EG_STR_NONE;
    assert_int_equal(round_trip(&message, &fix->frame, fix->decoder, &fix->out), EG_OK);
    assert_text(fix->out.body.hit.program, "a\xEF\xBF\xBD\xEF\xBF\xBD"
                                           "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
    assert_text(fix->out.body.hit.command_line, "");
}

static void message_encode__of_a_status_that_is_no_object__fails(void **state)
{
    fixture *fix = *state;
    eg_message answer = {.type = EG_MESSAGE_STATUS};
    const eg_str bad[] = {EG_STR_NONE, EG_STR(""), EG_STR("[1]"), EG_STR("{\"a\":}"),
                          EG_STR("{\"a\":\"\xFF\"}")};
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        answer.body.status.json = bad[i];
        assert_int_equal(round_trip(&answer, &fix->frame, fix->decoder, &fix->out), EG_E_INVALID);
        assert_int_equal(fix->frame.len, 0);
    }
    eg_message unknown = {.type = EG_MESSAGE_COUNT};
    assert_int_equal(eg_message_encode(&fix->frame, &unknown), EG_E_INVALID);
}

static void message_encode__of_a_long_status__fails(void **state)
{
    fixture *fix = *state;
    eg_buf json;
    eg_buf_init(&json, 100000);
    eg_buf_append_cstr(&json, "{\"a\":\"");
    while (json.len < 40000) {
        eg_buf_append_cstr(&json, "xxxxxxxxxxxxxxxx");
    }
    eg_buf_append_cstr(&json, "\"}");
    eg_message answer = {.type = EG_MESSAGE_STATUS};
    answer.body.status.json = eg_buf_str(&json);
    assert_int_equal(eg_message_encode(&fix->frame, &answer), EG_E_LIMIT);
    assert_int_equal(fix->frame.len, 0);
    eg_buf_done(&json);
}

#define HELLO_END \
    "\"client\":\"tray\",\"version\":\"1\",\"pid\":1,\"session\":1,\"language\":\"ja\"}"

#define STATE_END \
    "\"open_alerts\":0,\"pack\":\"\",\"pack_serial\":0,\"pack_time\":0,\"rules\":0,\"sensors\":0," \
    "\"sensors_working\":0,\"uplink\":false,\"reported_hit\":0}"

static void message_decode__of_nonsense__says_why_and_leaves_the_output(void **state)
{
    fixture *fix = *state;
    static const char *const bad[] = {
        "",
        "hello",
        "[]",
        "{}",
        "null",
        "{\"type\":1}",
        "{\"type\":\"\"}",
        "{\"type\":\"Hello\"}",
        "{\"type\":\"status_ask\"} {}",
        "{\"type\":\"hello\"}",
        "{\"type\":\"hello\",\"protocol\":\"1\"," HELLO_END,
        "{\"type\":\"hello\",\"protocol\":-1," HELLO_END,
        "{\"type\":\"hello\",\"protocol\":1.0," HELLO_END,
        "{\"type\":\"hello\",\"protocol\":4294967296," HELLO_END,
        "{\"type\":\"hello\",\"protocol\":1,\"client\":\"tray\",\"version\":\"1\",\"pid\":1,"
        "\"session\":1,\"language\":\"xx\"}",
        "{\"type\":\"hello\",\"protocol\":1,\"client\":\"tray\",\"version\":\"1\",\"pid\":1,"
        "\"session\":1}",
        "{\"type\":\"hello\",\"protocol\":1,\"client\":null,\"version\":\"1\",\"pid\":1,"
        "\"session\":1,\"language\":\"ja\"}",
        "{\"type\":\"hello\",\"protocol\":1,\"client\":\"a\\u0000b\",\"version\":\"1\",\"pid\":1,"
        "\"session\":1,\"language\":\"ja\"}",
        "{\"type\":\"hello\",\"protocol\":1,\"client\":\"\\ud800\",\"version\":\"1\",\"pid\":1,"
        "\"session\":1,\"language\":\"ja\"}",
        "{\"type\":\"hello\",\"protocol\":1,\"client\":\"123456789012345678901234567890123\","
        "\"version\":\"1\",\"pid\":1,\"session\":1,\"language\":\"ja\"}",
        "{\"type\":\"shown\",\"id\":0,\"title\":\"\"}",
        "{\"type\":\"shown\",\"id\":-5,\"title\":\"\"}",
        "{\"type\":\"shown\",\"id\":9223372036854775808,\"title\":\"\"}",
        "{\"type\":\"status\",\"json\":\"[]\"}",
        "{\"type\":\"status\",\"json\":{}}",
        "{\"type\":\"check_ask\"}",
        "{\"type\":\"check_ask\",\"action\":\"format\"}",
        "{\"type\":\"check_ask\",\"action\":1}",
        "{\"type\":\"update_state\",\"state\":\"idle\",\"percent\":101,\"serial\":1,\"time\":0,"
        "\"failure\":\"none\",\"error\":\"\",\"by_courier\":false}",
        "{\"type\":\"update_state\",\"state\":\"idle\",\"percent\":1,\"serial\":1,\"time\":0,"
        "\"failure\":\"none\",\"error\":\"\",\"by_courier\":0}",
        "{\"type\":\"errand_answer\",\"id\":1,\"result\":\"done\",\"status\":200,"
        "\"retry_after\":0,\"start\":0,\"size\":0,\"etag\":\"\","
        "\"last_modified\":\"\",\"date\":\"\",\"error\":\"\"}",
        "{\"type\":\"errand_answer\",\"id\":1,\"result\":\"answered\",\"status\":1000,"
        "\"retry_after\":0,\"start\":0,\"size\":0,\"etag\":\"\","
        "\"last_modified\":\"\",\"date\":\"\",\"error\":\"\"}",
        "{\"type\":\"errand_answer\",\"id\":1,\"result\":\"answered\",\"status\":200,"
        "\"retry_after\":0,\"start\":0,\"size\":67108865,\"etag\":\"\","
        "\"last_modified\":\"\",\"date\":\"\",\"error\":\"\"}",
        "{\"type\":\"errand_end\",\"id\":-1}",
        "{\"type\":\"state\",\"attention\":{}," STATE_END,
        "{\"type\":\"state\",\"attention\":[1]," STATE_END,
        "{\"type\":\"state\",\"attention\":["
        "{\"id\":\"no_rules\",\"text\":1,\"number\":0}]," STATE_END,
        "{\"type\":\"state\",\"attention\":["
        "{\"id\":\"no_rules\",\"text\":\"\",\"number\":-1}]," STATE_END,
        "{\"type\":\"state\",\"attention\":["
        "{\"id\":\"hungry\",\"text\":\"\",\"number\":0}]," STATE_END,
    };
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        eg_message out = {.type = EG_MESSAGE_COUNT};
        int status = eg_message_decode(fix->decoder, eg_str_from(bad[i]), &out);
        if (status != EG_E_INVALID) {
            fail_msg("%s gave %s", bad[i], eg_status_name(status));
        }
        assert_int_equal(out.type, EG_MESSAGE_COUNT);
        assert_string_not_equal(eg_error_message(), "");
    }
}

static void message_decode__with_unknown_members__ignores_them(void **state)
{
    fixture *fix = *state;
    eg_str payload = EG_STR("{\"future\":{\"a\":[1]},\"type\":\"hello\",\"protocol\":1," HELLO_END);
    assert_int_equal(eg_message_decode(fix->decoder, payload, &fix->out), EG_OK);
    assert_text(fix->out.body.hello.client, "tray");
    assert_int_equal(fix->out.body.hello.language, EG_LANGUAGE_JA);
}

static void message_decode__of_another_protocol__gives_its_number_alone(void **state)
{
    fixture *fix = *state;
    eg_str payload = EG_STR("{\"type\":\"hello\",\"protocol\":2,\"client\":5}");
    assert_int_equal(eg_message_decode(fix->decoder, payload, &fix->out), EG_OK);
    assert_int_equal(fix->out.body.hello.protocol, 2);
    assert_text(fix->out.body.hello.client, "");
}

static void message__without_memory__fails_cleanly(void **state)
{
    fixture *fix = *state;
    eg_message message = hit_message();
    int status = EG_E_NOMEM;
    for (long n = 0; status != EG_OK; n++) {
        assert_in_range(n, 0, 1000);
        eg_buf_done(&fix->frame);
        eg_mem_fail_after(n);
        status = round_trip(&message, &fix->frame, fix->decoder, &fix->out);
        eg_mem_fail_after(-1);
        if (status != EG_OK) {
            assert_int_equal(status, EG_E_NOMEM);
        }
    }
    assert_text(fix->out.body.hit.text.title, "題");
}

int eg_test_message(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(message__hello__comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__welcome__comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__hit__comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__small_ones__come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__state__comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__check__comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__update__comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            message__hit_of_huge_texts__fits_a_frame_and_is_cut_at_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__text_of_exactly_the_maximum__is_not_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(message__unclean_text__is_replaced_not_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(message_encode__of_a_status_that_is_no_object__fails,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(message_encode__of_a_long_status__fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(message_decode__of_nonsense__says_why_and_leaves_the_output,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(message_decode__with_unknown_members__ignores_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(message_decode__of_another_protocol__gives_its_number_alone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(message__without_memory__fails_cleanly, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
