/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "tests/unit/alloc.h"
#include "tests/unit/win32/tray_resources.h"
#include "core/ipc/code.h"
#include "tray/alert_content.c"
#include "tray/service_view.c"

#include <wchar.h>

static eg_service_info info = {
    .welcome = {.computer = {"PC-0123", 7}, .contact = {"Ann", 3}, .pack_serial = 2026112301},
};
static const eg_service_view service = {.info = &info};

static eg_given_answer answer;

static eg_hit_notice make_hit(eg_level level)
{
    return (eg_hit_notice){
        .id = 4711,
        .time = EG_UNIX_EPOCH_TICKS,
        .level = level,
        .kind = EG_KIND_PROCESS_START,
        .text = {EG_STR("Title"), EG_STR("Meaning."), EG_STR("Advice.")},
        .rule_id = EG_STR("r-1"),
        .rule_title = EG_STR("Rule"),
        .rule_author = EG_STR("Author"),
        .program = EG_STR("C:\\a\\ev\xE2\x80\xAEil.exe"),
        .command_line = EG_STR("evil.exe \x07"),
        .parent = EG_STR("C:\\w\\winword.exe"),
        .user = EG_STR("PC\\u"),
        .pid = 42,
        .target = EG_STR(""),
    };
}

static eg_alert_content *make_content(const eg_hit_notice *hit, const eg_service_view *view)
{
    HMODULE module = eg_test_tray_resources();
    eg_alert_content *content = NULL;

    if (!module) {
        skip();
    }
    eg_tray_text_use(module, EG_LANGUAGE_EN);
    assert_int_equal(eg_alert_content_create(hit, &answer, view, &content), EG_OK);
    return content;
}

static void assert_has(const wchar_t *text, const wchar_t *part)
{
    if (!wcsstr(text, part)) {
        fail_msg("\"%ls\" is not in \"%ls\"", part, text);
    }
}

static void content__grave_hit__tells_to_leave_the_network_and_whom_to_call(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_alert_content *content = make_content(&hit, &service);
    EG_UNUSED(state);

    assert_true(content->severe);
    assert_has(content->title, L"EmoGuard: Title");
    assert_has(content->text[EG_ALERT_SENTENCE], L"PC-0123");
    assert_has(content->text[EG_ALERT_SENTENCE], L"Meaning.");
    assert_has(content->text[EG_ALERT_STEP_FIRST], L"network");
    assert_has(content->text[EG_ALERT_STEP_FIRST + 1], L"Leave the PC on.");
    assert_has(content->text[EG_ALERT_STEP_LAST], L"Ann");
    assert_has(content->text[EG_ALERT_STEP_LAST], content->code);
    assert_int_equal(wcslen(content->code), 6);
    assert_has(content->text[EG_ALERT_RULES], L"2026112301");
    assert_has(content->text[EG_ALERT_ADVICE], L"Advice.");
    eg_alert_content_destroy(content);
}

static void content__instructions_set__stand_below_the_advice(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_service_info told = info;
    const eg_service_view view = {.info = &told};
    eg_alert_content *content;
    EG_UNUSED(state);

    told.welcome.instructions = EG_STR("Leave USB sticks. | Tell \x07 Bob.");
    content = make_content(&hit, &view);
    assert_has(content->text[EG_ALERT_ADVICE], L"Advice.\r\nLeave USB sticks.\r\nTell ");
    assert_null(wcschr(content->text[EG_ALERT_ADVICE], L'\x07'));
    eg_alert_content_destroy(content);
}

static void content__uplink__is_called_sent_only_when_it_is(void **state)
{
    static const struct {
        bool uplink;
        uint64_t reported;
        const wchar_t *said;
    } cases[] = {{false, 9999, L"not told automatically"},
                 {true, 4710, L"being sent"},
                 {true, 4711, L"Sent to"}};
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_service_news news = {.message = {.type = EG_MESSAGE_STATE}};
    const eg_service_view view = {.info = &info, .state = &news};
    EG_UNUSED(state);

    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        news.message.body.state.uplink = cases[i].uplink;
        news.message.body.state.reported_hit = cases[i].reported;
        eg_alert_content *content = make_content(&hit, &view);
        assert_has(content->text[EG_ALERT_RECORDED], cases[i].said);
        assert_int_equal(content->reported, i == 2);
        eg_alert_content_destroy(content);
    }
}

static void content__rules__tell_their_age(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_service_news news = {.message = {.type = EG_MESSAGE_STATE}};
    const eg_service_view view = {.info = &info, .state = &news};
    eg_service_state *told = &news.message.body.state;
    eg_alert_content *content;
    EG_UNUSED(state);

    told->pack_serial = 2026112399; /* newer than what was said at hello */
    told->pack_time = eg_clock_utc();
    content = make_content(&hit, &view);
    assert_has(content->text[EG_ALERT_RULES], L"2026112399 (made today)");
    eg_alert_content_destroy(content);
    told->pack_time -= 5 * EG_TICKS_PER_SECOND * 86400;
    content = make_content(&hit, &view);
    assert_has(content->text[EG_ALERT_RULES], L"2026112399 (days old: 5)");
    eg_alert_content_destroy(content);
}

static void content__medium_hit__does_not_tell_to_unplug(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_MEDIUM);
    eg_alert_content *content = make_content(&hit, &service);
    EG_UNUSED(state);

    assert_false(content->severe);
    for (int i = EG_ALERT_STEPS_HEAD; i <= EG_ALERT_STEP_LAST; i++) {
        assert_true(content->text[i][0] != L'\0');
        assert_null(wcsstr(content->text[i], L"network"));
    }
    eg_alert_content_destroy(content);
}

static void content__advice_that_the_steps_give__is_not_repeated(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_alert_content *content;
    EG_UNUSED(state);

    hit.text.advice = EG_STR("Unplug the network cable and turn Wi-Fi off. "
                             "Leave the PC on and phone your IT staff. Keep the mail.");
    content = make_content(&hit, &service);
    assert_int_equal(wcscmp(content->text[EG_ALERT_ADVICE], L"Keep the mail."), 0);
    eg_alert_content_destroy(content);
    hit.text.advice = EG_STR("Unplug the network cable and turn Wi-Fi off.");
    content = make_content(&hit, &service);
    assert_int_equal(content->text[EG_ALERT_ADVICE][0], 0);
    assert_int_equal(content->text[EG_ALERT_ADVICE_HEAD][0], 0);
    eg_alert_content_destroy(content);
    hit.level = EG_LEVEL_MEDIUM; /* whose steps do not say it */
    content = make_content(&hit, &service);
    assert_has(content->text[EG_ALERT_ADVICE], L"Unplug");
    eg_alert_content_destroy(content);
}

static void content__nothing_known_of_the_service__has_no_gaps(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_alert_content *content;
    EG_UNUSED(state);

    hit.text.advice = EG_STR("");
    content = make_content(&hit, NULL);
    assert_null(wcsstr(content->text[EG_ALERT_SENTENCE], L"()"));
    assert_has(content->text[EG_ALERT_STEP_LAST], content->code);
    assert_int_equal(content->text[EG_ALERT_RULES][0], 0);
    assert_int_equal(content->text[EG_ALERT_ADVICE_HEAD][0], 0);
    assert_int_equal(content->text[EG_ALERT_ADVICE][0], 0);
    eg_alert_content_destroy(content);
}

static void content__hostile_names__are_shown_as_what_they_are(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_alert_content *content = make_content(&hit, &service);
    EG_UNUSED(state);

    assert_int_equal(content->boxes, 2);
    assert_has(content->box[1].name, L"ev\\u{202E}il.exe");
    assert_has(content->text[EG_ALERT_BOX_FIRST + 1], L"ev\\u{202E}il.exe");
    assert_has(content->text[EG_ALERT_DETAILS], L"evil.exe \\u{7}");
    assert_has(content->text[EG_ALERT_DETAILS], L"1970-01-01T00:00:00.0000000Z");
    assert_has(content->text[EG_ALERT_DETAILS], L"4711");
    eg_alert_content_destroy(content);
}

static void content__story__has_its_code_its_times_and_the_question(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    char code[EG_INCIDENT_CODE_SIZE];
    wchar_t wide[EG_INCIDENT_CODE_SIZE] = {0};
    EG_UNUSED(state);

    hit.incident_id = 12;
    hit.incident_hits = 3;
    hit.incident_last = EG_UNIX_EPOCH_TICKS;
    hit.steps.count = 2;
    hit.steps.step[0] = (eg_notice_step){EG_ROLE_OFFICE, 0, false, EG_STR("WINWORD.EXE")};
    hit.steps.step[1] =
        (eg_notice_step){EG_ROLE_COMMANDS, EG_UNIX_EPOCH_TICKS, true, EG_STR("powershell.exe")};
    eg_alert_content *content = make_content(&hit, &service);
    eg_incident_code(12, code);
    for (size_t i = 0; code[i]; i++) {
        wide[i] = (wchar_t)code[i];
    }
    assert_int_equal(wcscmp(content->code, wide), 0);
    assert_int_equal(content->story, 12);
    assert_int_equal(content->boxes, 2);
    assert_int_equal(content->box[0].time[0], 0);
    assert_true(content->box[1].time[0] != 0 && content->box[1].suspicious);
    assert_has(content->text[EG_ALERT_DETAILS], L"WINWORD.EXE > powershell.exe");
    assert_has(content->text[EG_ALERT_DETAILS], L"1970-01-01T00:00:00.0000000Z");
    assert_has(content->text[EG_ALERT_ANSWER_HEAD], L"?");
    for (int i = EG_ALERT_ANSWER_FIRST; i <= EG_ALERT_ANSWER_LAST; i++) {
        assert_has(content->text[i], L"&"); /* a key for each */
    }
    assert_int_equal(content->text[EG_ALERT_THANKS][0], 0);
    eg_alert_content_destroy(content);
}

static void content__answered__thanks_and_asks_no_more(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    EG_UNUSED(state);

    hit.incident_id = 12;
    for (int kind = 0; kind < EG_ANSWER_COUNT; kind++) {
        answer = (eg_given_answer){EG_ANSWER_SENDING, (eg_answer_kind)kind};
        eg_alert_content *content = make_content(&hit, &service);
        assert_has(content->text[EG_ALERT_ANSWER_HEAD], L"Thank you");
        assert_has(content->text[EG_ALERT_THANKS], L"close this window");
        assert_int_equal(content->text[EG_ALERT_ANSWER_FIRST][0], 0);
        eg_alert_content_destroy(content);
    }
    answer.state = EG_ANSWER_REFUSED;
    eg_alert_content *refused = make_content(&hit, &service);
    assert_has(refused->text[EG_ALERT_ANSWER_HEAD], L"could not be recorded");
    eg_alert_content_destroy(refused);
    answer = (eg_given_answer){EG_ANSWER_NONE, EG_ANSWER_DID_IT};
}

static void content__closed_by_the_administrator__says_so_and_takes_no_answer(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    EG_UNUSED(state);

    hit.incident_id = 12;
    answer.state = EG_ANSWER_CLOSED;
    eg_alert_content *content = make_content(&hit, &service);
    assert_has(content->text[EG_ALERT_ANSWER_HEAD], L"IT staff have closed this case");
    assert_has(content->text[EG_ALERT_THANKS], L"No answer is needed");
    assert_int_equal(content->text[EG_ALERT_ANSWER_FIRST][0], 0);
    eg_alert_content_destroy(content);
    answer.state = EG_ANSWER_NONE;
}

static void content__hit_without_a_story__asks_for_no_answer(void **state)
{
    eg_hit_notice hit = make_hit(EG_LEVEL_HIGH);
    eg_alert_content *content = make_content(&hit, &service);
    EG_UNUSED(state);

    assert_int_equal(content->text[EG_ALERT_ANSWER_HEAD][0], 0);
    assert_int_equal(content->text[EG_ALERT_ANSWER_FIRST][0], 0);
    assert_int_equal(content->story, -4711);
    eg_alert_content_destroy(content);
}

int eg_test_tray_content(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content__grave_hit__tells_to_leave_the_network_and_whom_to_call),
        cmocka_unit_test(content__instructions_set__stand_below_the_advice),
        cmocka_unit_test(content__uplink__is_called_sent_only_when_it_is),
        cmocka_unit_test(content__rules__tell_their_age),
        cmocka_unit_test(content__medium_hit__does_not_tell_to_unplug),
        cmocka_unit_test(content__advice_that_the_steps_give__is_not_repeated),
        cmocka_unit_test(content__nothing_known_of_the_service__has_no_gaps),
        cmocka_unit_test(content__hostile_names__are_shown_as_what_they_are),
        cmocka_unit_test(content__story__has_its_code_its_times_and_the_question),
        cmocka_unit_test(content__answered__thanks_and_asks_no_more),
        cmocka_unit_test(content__closed_by_the_administrator__says_so_and_takes_no_answer),
        cmocka_unit_test(content__hit_without_a_story__asks_for_no_answer),
    };
    return cmocka_run_group_tests_name("tray_content", tests, NULL, NULL);
}
