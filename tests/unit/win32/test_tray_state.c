/* SPDX-License-Identifier: Apache-2.0 */
/* What icon, balloon and the window of a check say, in every language. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "tests/unit/win32/tray_resources.h"
#include "tray/attention_text.c"
#include "tray/check_text.c"
#include "tray/failure_text.c"
#include "tray/icon_state.c"

#include <string.h>
#include <wchar.h>

#define NOW UINT64_C(134116992000000000)
#define DAY (EG_TICKS_PER_SECOND * 86400)

typedef struct fixture {
    eg_arena *arena;
    eg_service_info info;
    eg_service_news state, check;
    eg_service_view view;
    eg_notice_list notices;
} fixture;

static int set_up(void **state)
{
    static fixture fix;
    HMODULE module = eg_test_tray_resources();

    if (!module) {
        skip();
    }
    memset(&fix, 0, sizeof(fix));
    eg_tray_text_use(module, EG_LANGUAGE_EN);
    fix.view = (eg_service_view){
        .connected = true, .info = &fix.info, .state = &fix.state, .check = &fix.check};
    fix.state.message.type = EG_MESSAGE_STATE;
    fix.check.message.type = EG_MESSAGE_CHECK_STATE;
    fix.state.message.body.state.pack_serial = 2026112313;
    assert_int_equal(eg_arena_create(&fix.arena, 4096), EG_OK);
    *state = &fix;
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;

    eg_arena_destroy(fix->arena);
    return 0;
}

static eg_icon_state choose(fixture *fix, const wchar_t **tip)
{
    const eg_icon_facts facts = {&fix->view, &fix->notices, NULL, false, false, NOW};

    return eg_icon_state_choose(&facts, fix->arena, tip);
}

static void assert_has(const wchar_t *text, const wchar_t *part)
{
    if (!wcsstr(text, part)) {
        fail_msg("\"%ls\" is not in \"%ls\"", part, text);
    }
}

static void icon__all_is_well__is_fine_and_names_the_rules(void **state)
{
    const wchar_t *tip;

    assert_int_equal(choose(*state, &tip), EG_ICON_STATE_FINE);
    assert_has(tip, L"2026112313");
}

static void icon__service_away__asks_for_attention(void **state)
{
    fixture *fix = *state;
    const wchar_t *tip;

    fix->view.connected = false;
    fix->view.tried = true;
    fix->state.message.body.state.open_alerts = 1; /* of long ago, perhaps */
    assert_int_equal(choose(fix, &tip), EG_ICON_STATE_ATTENTION);
    assert_has(tip, L"cannot reach");
}

static void icon__alert_not_resolved__stays_an_alert(void **state)
{
    fixture *fix = *state;
    const wchar_t *tip;

    fix->state.message.body.state.open_alerts = 2;
    fix->state.message.body.state.attention.count = 1;
    assert_int_equal(choose(fix, &tip), EG_ICON_STATE_ALERT);
    assert_has(tip, L"2");
}

static void icon__several_need_attention__tells_the_first_and_how_many_more(void **state)
{
    fixture *fix = *state;
    eg_attention_list *list = &fix->state.message.body.state.attention;
    const wchar_t *tip;

    list->item[0] = (eg_attention){EG_ATTENTION_SENSOR_BLIND, EG_STR("registry"), 0};
    list->item[1] = (eg_attention){EG_ATTENTION_RULES_STALE, EG_STR(""), 21};
    list->count = 2;
    assert_int_equal(choose(fix, &tip), EG_ICON_STATE_ATTENTION);
    assert_has(tip, L"settings that start programs");
    assert_has(tip, L"1 more");
}

/* Windows cuts a tooltip at 127 units; the words must not reach that far. */
static void icon__every_attention_in_every_language__fits_the_tooltip(void **state)
{
    fixture *fix = *state;
    eg_attention_list *list = &fix->state.message.body.state.attention;

    list->count = 3;
    for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
        eg_tray_text_use(eg_test_tray_resources(), (eg_language)language);
        for (int id = 0; id < EG_ATTENTION_COUNT; id++) {
            static const char long_text[] =
                "C:\\ProgramData\\EmoGuard\\rules\\pack.json: line 4: the "
                "pack asks for a newer engine than this one";
            const wchar_t *tip;

            list->item[0] = (eg_attention){(eg_attention_id)id, eg_str_from(long_text), UINT32_MAX};
            assert_int_equal(choose(fix, &tip), id == EG_ATTENTION_CHECK_SUSPICIOUS
                                                    ? EG_ICON_STATE_ALERT
                                                    : EG_ICON_STATE_ATTENTION);
            if (wcslen(tip) >= EG_ICON_TIP_SIZE) {
                fail_msg("%zu units: %ls", wcslen(tip), tip);
            }
        }
    }
}

static eg_panel words_of(fixture *fix, eg_check_state check)
{
    eg_panel words;

    fix->check.message.body.check_state = check;
    eg_check_panel_make(fix->arena, &fix->view, &words);
    return words;
}

static void check__running__tells_percent_phase_item_and_time(void **state)
{
    eg_panel words = words_of(*state, (eg_check_state){.state = EG_JOB_RUNNING,
                                                       .percent = 42,
                                                       .phase = EG_CHECK_PHASE_FILES,
                                                       .item = EG_STR("C:\\a\xE2\x80\xAE.dll"),
                                                       .left_seconds = 61});

    assert_true(words.running);
    assert_int_equal(words.percent, 42);
    assert_has(words.headline, L"42");
    assert_has(words.detail, L"files");
    assert_has(words.left, L"2 minutes");
    assert_null(wcschr(words.item, 0x202E)); /* nothing turns the name round */
}

static void check__done__tells_one_of_three_verdicts(void **state)
{
    static const struct {
        eg_verdict verdict;
        eg_icon_state icon;
    } wanted[] = {{EG_VERDICT_NOTHING_FOUND, EG_ICON_STATE_FINE},
                  {EG_VERDICT_SUSPICIOUS, EG_ICON_STATE_ALERT},
                  {EG_VERDICT_COULD_NOT_LOOK, EG_ICON_STATE_ATTENTION}};
    fixture *fix = *state;

    fix->state.message.body.state.pack_time = NOW - 3 * DAY;
    for (size_t i = 0; i < EG_COUNT(wanted); i++) {
        eg_panel words = words_of(fix, (eg_check_state){.state = EG_JOB_DONE,
                                                        .verdict = wanted[i].verdict,
                                                        .findings = 7,
                                                        .gaps = 8,
                                                        .time = NOW});
        assert_false(words.running);
        assert_int_equal(words.icon, wanted[i].icon);
        assert_has(words.detail, L"3 days"); /* always with the age of the rules */
    }
}

static void check__every_end_in_every_language__fits_a_balloon(void **state)
{
    for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
        eg_tray_text_use(eg_test_tray_resources(), (eg_language)language);
        for (int job = EG_JOB_DONE; job < EG_JOB_STATE_COUNT; job++) {
            for (int verdict = 0; verdict < EG_VERDICT_COUNT; verdict++) {
                eg_panel words =
                    words_of(*state, (eg_check_state){.state = (eg_job_state)job,
                                                      .verdict = (eg_verdict)verdict,
                                                      .findings = 1000000,
                                                      .gaps = 1000000,
                                                      .time = NOW,
                                                      .error = EG_STR("the scanner ended")});
                assert_true(wcslen(words.headline) < EG_ICON_BALLOON_TITLE_SIZE);
                assert_true(wcslen(words.detail) < EG_ICON_BALLOON_TEXT_SIZE);
            }
        }
    }
}

static void failures__in_every_language__have_words_of_their_own(void **state)
{
    fixture *fix = *state;
    const wchar_t *seen[EG_LANGUAGE_COUNT * (EG_CHECK_FAILURE_COUNT + EG_UPDATE_FAILURE_COUNT)];
    size_t count = 0;

    for (int language = 0; language < EG_LANGUAGE_COUNT; language++) {
        eg_tray_text_use(eg_test_tray_resources(), (eg_language)language);
        for (int i = EG_CHECK_FAILURE_NONE + 1; i < EG_CHECK_FAILURE_COUNT; i++) {
            seen[count++] = eg_check_failure_text(fix->arena, (eg_check_failure)i);
        }
        for (int i = EG_UPDATE_FAILURE_NONE + 1; i < EG_UPDATE_FAILURE_COUNT; i++) {
            const wchar_t *why = eg_update_failure_text(fix->arena, (eg_update_failure)i);
            const wchar_t *help = eg_tray_text_format1(fix->arena, EG_TEXT_UPDATE_FAILED_HELP, why);

            assert_true(wcslen(help) < EG_ICON_BALLOON_TEXT_SIZE);
            seen[count++] = why;
        }
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(seen[i][0] != L'\0');
        for (size_t k = 0; k < i; k++) {
            assert_true(wcscmp(seen[i], seen[k]) != 0);
        }
    }
    assert_int_equal(eg_check_failure_text(fix->arena, EG_CHECK_FAILURE_NONE)[0], L'\0');
}

static void check__service_away__says_so(void **state)
{
    fixture *fix = *state;

    fix->view.connected = false;
    assert_has(words_of(fix, (eg_check_state){.state = EG_JOB_RUNNING}).headline, L"Cannot reach");
}

static void service_view__cannot__leaves_the_menu_grey(void **state)
{
    fixture *fix = *state;

    assert_false(eg_service_view_can_check(&fix->view)); /* all zero: unavailable */
    assert_false(eg_service_view_can_update(&fix->view));
    fix->check.message.body.check_state.state = EG_JOB_IDLE;
    assert_true(eg_service_view_can_check(&fix->view));
    fix->view.connected = false;
    assert_false(eg_service_view_can_check(&fix->view));
}

int eg_test_tray_state(void)
{
#define STATE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STATE_TEST(icon__all_is_well__is_fine_and_names_the_rules),
        STATE_TEST(icon__service_away__asks_for_attention),
        STATE_TEST(icon__alert_not_resolved__stays_an_alert),
        STATE_TEST(icon__several_need_attention__tells_the_first_and_how_many_more),
        STATE_TEST(icon__every_attention_in_every_language__fits_the_tooltip),
        STATE_TEST(check__running__tells_percent_phase_item_and_time),
        STATE_TEST(check__done__tells_one_of_three_verdicts),
        STATE_TEST(check__every_end_in_every_language__fits_a_balloon),
        STATE_TEST(failures__in_every_language__have_words_of_their_own),
        STATE_TEST(check__service_away__says_so),
        STATE_TEST(service_view__cannot__leaves_the_menu_grey),
    };
    return cmocka_run_group_tests_name("tray_state", tests, NULL, NULL);
}
