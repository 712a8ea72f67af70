/* SPDX-License-Identifier: Apache-2.0 */
/* What the window behind "status and version" says. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "tests/unit/win32/tray_resources.h"
#include "tray/panel.c"
#include "tray/status_text.c"

#define DAY (EG_TICKS_PER_SECOND * 86400)

typedef struct fixture {
    eg_arena *arena;
    eg_service_info info;
    eg_service_news state, check, update;
    eg_service_view view;
    eg_notice_list notices;
    eg_panel panel;
} fixture;

static int set_up(void **state)
{
    static fixture fix;
    HMODULE module = eg_test_tray_resources();
    eg_service_state *service = &fix.state.message.body.state;

    if (!module) {
        skip();
    }
    memset(&fix, 0, sizeof(fix));
    eg_tray_text_use(module, EG_LANGUAGE_EN);
    fix.view = (eg_service_view){
        .connected = true, .info = &fix.info, .state = &fix.state, .check = &fix.check};
    fix.info.welcome.version = EG_STR("7.8.9");
    fix.info.welcome.contact = EG_STR("desk\xE2\x80\xAE 1234");
    fix.check.message.type = EG_MESSAGE_CHECK_STATE;
    service->pack = EG_STR("a-pack");
    service->pack_serial = 2026112313;
    service->pack_time = eg_clock_utc() - 3 * DAY;
    service->rules = 46;
    service->sensors = 9;
    service->sensors_working = 8;
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

static const eg_panel *make(fixture *fix)
{
    eg_status_panel_make(fix->arena, &fix->view, &fix->notices, &fix->panel);
    return &fix->panel;
}

static void assert_has(const wchar_t *text, const wchar_t *part)
{
    if (!wcsstr(text, part)) {
        fail_msg("\"%ls\" is not in \"%ls\"", part, text);
    }
}

/* The value of the row with this label. */
static const wchar_t *value_of(const fixture *fix, unsigned label)
{
    const wchar_t *wanted = eg_tray_text(fix->arena, label);

    for (size_t i = 0; i < fix->panel.rows; i++) {
        if (wcscmp(fix->panel.row[i].label, wanted) == 0) {
            return fix->panel.row[i].value;
        }
    }
    fail_msg("there is no row \"%ls\"", wanted);
    return L"";
}

static void status__service_watches__tells_rules_age_sensors_and_version(void **state)
{
    fixture *fix = *state;

    make(fix);
    assert_int_equal(fix->panel.icon, EG_ICON_STATE_FINE);
    assert_has(fix->panel.headline, L"is watching");
    assert_has(value_of(fix, EG_TEXT_STATUS_RULES), L"46 (a-pack 2026112313)");
    assert_has(value_of(fix, EG_TEXT_STATUS_RULE_AGE), L"3");
    assert_has(value_of(fix, EG_TEXT_STATUS_SENSORS), L"8 of 9");
    assert_has(value_of(fix, EG_TEXT_STATUS_VERSION), L"7.8.9");
    assert_null(wcschr(value_of(fix, EG_TEXT_STATUS_CONTACT), 0x202E));
}

static void status__rules_by_courier__tells_the_way(void **state)
{
    fixture *fix = *state;

    fix->update.message.type = EG_MESSAGE_UPDATE_STATE;
    fix->view.update = &fix->update;
    for (size_t i = 0; i < make(fix)->rows; i++) {
        assert_null(wcsstr(fix->panel.row[i].value, L"through the proxy"));
    }
    fix->update.message.body.update_state.by_courier = true;
    make(fix);
    assert_has(value_of(fix, EG_TEXT_STATUS_UPDATES), L"fetched by the signed-in user");
}

static void status__look_for_rules_failed__tells_why_and_the_technical_words_apart(void **state)
{
    fixture *fix = *state;
    eg_update_state *update = &fix->update.message.body.update_state;

    fix->view.update = &fix->update;
    *update = (eg_update_state){.state = EG_UPDATE_FAILED,
                                .failure = EG_UPDATE_FAILURE_NETWORK,
                                .error = EG_STR("https://rules: no route"),
                                .by_courier = true};
    make(fix);
    assert_has(value_of(fix, EG_TEXT_STATUS_UPDATES), L"could not be reached");
    assert_has(value_of(fix, EG_TEXT_STATUS_TECHNICAL), L"no route");
    fix->state.message.body.state.attention =
        (eg_attention_list){1, {{EG_ATTENTION_PACK_REJECTED, EG_STR("7: too slow"), 0}}};
    make(fix);
    assert_null(wcsstr(fix->panel.detail, L"too slow"));
    assert_has(value_of(fix, EG_TEXT_STATUS_TECHNICAL), L"7: too slow"); /* what is graver */
}

static void status__service_away__says_so_and_keeps_what_is_known(void **state)
{
    fixture *fix = *state;

    fix->view.connected = false;
    make(fix);
    assert_int_equal(fix->panel.icon, EG_ICON_STATE_ATTENTION);
    assert_has(fix->panel.headline, L"Cannot reach");
    assert_has(value_of(fix, EG_TEXT_STATUS_VERSION), L"7.8.9");
    fix->view = (eg_service_view){0}; /* it never answered */
    make(fix);
    assert_has(value_of(fix, EG_TEXT_STATUS_TRAY_VERSION), L"" EG_VERSION_STRING);
}

static void status__more_needs_attention_than_fits__says_how_many_more(void **state)
{
    fixture *fix = *state;
    eg_attention_list *list = &fix->state.message.body.state.attention;

    list->count = ATTENTION_LINES + 2;
    for (size_t i = 0; i < list->count; i++) {
        list->item[i] = (eg_attention){EG_ATTENTION_RULES_STALE, EG_STR(""), 100 + i};
    }
    make(fix);
    assert_int_equal(fix->panel.icon, EG_ICON_STATE_ATTENTION);
    assert_has(fix->panel.detail, L"100 days");
    assert_has(fix->panel.detail, L"2 more");
    assert_null(wcsstr(fix->panel.detail, L"105 days"));
}

static void status__alert_not_resolved__is_told_as_the_icon_does(void **state)
{
    fixture *fix = *state;

    fix->state.message.body.state.open_alerts = 2;
    make(fix);
    assert_int_equal(fix->panel.icon, EG_ICON_STATE_ALERT);
    assert_has(fix->panel.headline, L"2");
}

static void status__check_done__tells_its_verdict(void **state)
{
    fixture *fix = *state;

    fix->check.message.body.check_state = (eg_check_state){
        .state = EG_JOB_DONE, .verdict = EG_VERDICT_COULD_NOT_LOOK, .time = eg_clock_utc()};
    make(fix);
    assert_has(value_of(fix, EG_TEXT_STATUS_CHECK), L"could not look everywhere");
}

/* A row too many would be left out without a word. */
static void status__everything_known__has_a_row_for_each(void **state)
{
    fixture *fix = *state;

    fix->check.message.body.check_state =
        (eg_check_state){.state = EG_JOB_DONE, .verdict = EG_VERDICT_NOTHING_FOUND};
    fix->update.message.body.update_state =
        (eg_update_state){.state = EG_UPDATE_FAILED, .error = EG_STR("no route")};
    fix->view.update = &fix->update;
    make(fix);
    value_of(fix, EG_TEXT_STATUS_TECHNICAL); /* the last */
    assert_true(fix->panel.rows < EG_PANEL_ROWS);
}

static void panel_text__to_be_pasted__has_a_line_for_each_fact(void **state)
{
    fixture *fix = *state;
    const wchar_t *text = eg_panel_text(make(fix), fix->arena);
    size_t lines = 1;

    for (const wchar_t *at = text; (at = wcsstr(at, L"\r\n")) != NULL; at += 2) {
        lines++;
    }
    assert_int_equal(lines, 1 + fix->panel.rows); /* nothing needs attention */
    assert_has(text, L"Rules: 46 (a-pack 2026112313)\r\n");
}

int eg_test_tray_status(void)
{
#define STATUS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STATUS_TEST(status__service_watches__tells_rules_age_sensors_and_version),
        STATUS_TEST(status__rules_by_courier__tells_the_way),
        STATUS_TEST(status__look_for_rules_failed__tells_why_and_the_technical_words_apart),
        STATUS_TEST(status__service_away__says_so_and_keeps_what_is_known),
        STATUS_TEST(status__more_needs_attention_than_fits__says_how_many_more),
        STATUS_TEST(status__alert_not_resolved__is_told_as_the_icon_does),
        STATUS_TEST(status__check_done__tells_its_verdict),
        STATUS_TEST(status__everything_known__has_a_row_for_each),
        STATUS_TEST(panel_text__to_be_pasted__has_a_line_for_each_fact),
    };

    return cmocka_run_group_tests_name("tray_status", tests, NULL, NULL);
}
