/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "core/detect/pack.h"
#include "service/attention.h"
#include "tests/unit/win32/pipe_fixture.h"

#include <string.h>

#define DAY (EG_TICKS_PER_SECOND * 86400)

static eg_attention_view good_view(void)
{
    eg_attention_view view = {.stale_days = 14, .sensor_count = 3};
    assert_true(eg_pack_time(2026112313, &view.now));
    view.now += DAY;
    view.rules.serial = 2026112313;
    view.rules.loaded = 60;
    view.sensors[0] = (eg_attention_sensor){"process", EG_SENSOR_FULL};
    view.sensors[1] = (eg_attention_sensor){"task", EG_SENSOR_FULL};
    view.sensors[2] = (eg_attention_sensor){"sysmon", EG_SENSOR_ABSENT};
    return view;
}

static void attention__all_is_well__is_empty(void **state)
{
    eg_attention_view view = good_view();
    eg_service_state told;
    EG_UNUSED(state);
    eg_attention_collect(&view, &told);
    assert_int_equal(told.attention.count, 0);
    assert_int_equal(told.sensors, 2); /* one is absent, and nothing is amiss with that */
    assert_int_equal(told.sensors_working, 2);
    assert_true(told.pack_serial == 2026112313);
    assert_true(told.pack_time == view.now - DAY);
    assert_false(told.uplink);
}

static void attention__last_check_was_suspicious__comes_first(void **state)
{
    eg_attention_view view = good_view();
    eg_service_state told;
    EG_UNUSED(state);
    view.no_rules = "gone";
    view.check_findings = 3;
    eg_attention_collect(&view, &told);
    assert_int_equal(told.attention.count, 2);
    assert_int_equal(told.attention.item[0].id, EG_ATTENTION_CHECK_SUSPICIOUS);
    assert_int_equal(told.attention.item[0].number, 3);
}

static void attention__rules_older_than_the_setting__are_stale(void **state)
{
    eg_attention_view view = good_view();
    eg_service_state told;
    EG_UNUSED(state);
    view.now += 14 * DAY;
    eg_attention_collect(&view, &told);
    assert_int_equal(told.attention.count, 1);
    assert_int_equal(told.attention.item[0].id, EG_ATTENTION_RULES_STALE);
    assert_int_equal(told.attention.item[0].number, 15);
    view.stale_days = 15;
    eg_attention_collect(&view, &told);
    assert_int_equal(told.attention.count, 0);
}

static void attention__rules_without_a_date__are_not_called_stale(void **state)
{
    eg_attention_view view = good_view();
    eg_service_state told;
    EG_UNUSED(state);
    view.now += 5000 * DAY;
    view.rules.serial = 7;
    eg_attention_collect(&view, &told);
    assert_int_equal(told.attention.count, 0);
    assert_int_equal(told.pack_time, 0);
}

static void attention__everything_is_wrong__comes_gravest_first(void **state)
{
    static const eg_attention_id wanted[] = {
        EG_ATTENTION_NO_RULES,        EG_ATTENTION_SENSOR_BLIND,  EG_ATTENTION_DISK_FULL,
        EG_ATTENTION_SCANNER_DOWN,    EG_ATTENTION_PACK_REJECTED, EG_ATTENTION_RULES_STALE,
        EG_ATTENTION_SENSOR_DEGRADED, EG_ATTENTION_DATABASE,      EG_ATTENTION_SETTINGS,
    };
    eg_attention_view view = good_view();
    eg_service_state told;
    EG_UNUSED(state);
    view.now += 100 * DAY;
    view.sensors[0].health = EG_SENSOR_DEGRADED;
    view.sensors[1].health = EG_SENSOR_BLIND;
    view.hits_waiting = 3;
    view.store_failing = view.scanner_down = view.database_renewed = view.settings_wrong = true;
    view.no_rules = "gone";
    view.pack_rejected = "bad";
    eg_attention_collect(&view, &told);
    assert_int_equal(told.attention.count, EG_COUNT(wanted));
    for (size_t i = 0; i < EG_COUNT(wanted); i++) {
        assert_int_equal(told.attention.item[i].id, wanted[i]);
    }
    assert_true(eg_str_equal(told.attention.item[1].text, EG_STR("task")));
    assert_int_equal(told.attention.item[2].number, 3);
    assert_int_equal(told.sensors_working, 1);
}

static void attention__more_than_fits__keeps_the_gravest(void **state)
{
    eg_attention_view view = good_view();
    eg_service_state told;
    EG_UNUSED(state);
    view.no_rules = "gone";
    view.sensor_count = EG_ATTENTION_SENSORS_MAX;
    for (size_t i = 0; i < view.sensor_count; i++) {
        view.sensors[i] = (eg_attention_sensor){"x", EG_SENSOR_BLIND};
    }
    eg_attention_collect(&view, &told);
    assert_int_equal(told.attention.count, EG_ATTENTION_MAX);
    assert_int_equal(told.attention.item[0].id, EG_ATTENTION_NO_RULES);
}

static void join_tray(eg_test_client *client, const eg_pipe_fixture *fixture)
{
    eg_message message;
    eg_test_client_connect(client, fixture);
    client->hears_notes = true;
    eg_test_client_hello(client, "tray", EG_LANGUAGE_JA);
    eg_test_client_expect(client, EG_MESSAGE_WELCOME, &message);
}

static void post_serial(eg_pipe_fixture *fixture, uint64_t serial)
{
    eg_message message = {.type = EG_MESSAGE_STATE};
    bool changed = false;
    message.body.state.pack_serial = serial;
    assert_int_equal(eg_board_post(&fixture->board, &message, &changed), EG_OK);
    assert_true(changed);
    eg_pipe_server_wake(fixture->server);
}

static void tray__connects__hears_that_nothing_can_be_asked_for(void **state)
{
    eg_test_client client;
    eg_message message;
    join_tray(&client, *state);
    eg_test_client_expect(&client, EG_MESSAGE_CHECK_STATE, &message);
    assert_int_equal(message.body.check_state.state, EG_JOB_UNAVAILABLE);
    eg_test_client_expect(&client, EG_MESSAGE_UPDATE_STATE, &message);
    assert_int_equal(message.body.update_state.state, EG_UPDATE_UNAVAILABLE);
    eg_test_client_close(&client);
}

static void board__changes__every_tray_hears_it_once(void **state)
{
    eg_test_client clients[2];
    eg_message message;
    for (size_t i = 0; i < EG_COUNT(clients); i++) {
        join_tray(&clients[i], *state);
        eg_test_client_expect(&clients[i], EG_MESSAGE_CHECK_STATE, &message);
        eg_test_client_expect(&clients[i], EG_MESSAGE_UPDATE_STATE, &message);
    }
    post_serial(*state, 5);
    for (size_t i = 0; i < EG_COUNT(clients); i++) {
        eg_test_client_expect(&clients[i], EG_MESSAGE_STATE, &message);
        assert_int_equal(message.body.state.pack_serial, 5);
        assert_int_equal(eg_test_client_listen(&clients[i], 100, &message), EG_E_TIMEOUT);
        eg_test_client_close(&clients[i]);
    }
}

static void board__same_again__is_no_news(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_message message = {.type = EG_MESSAGE_UPDATE_STATE};
    bool changed = true;
    assert_int_equal(eg_board_post(&fixture->board, &message, &changed), EG_OK);
    assert_false(changed);
    message.type = EG_MESSAGE_WELCOME;
    assert_int_equal(eg_board_post(&fixture->board, &message, &changed), EG_E_INVALID);
}

static void check_and_update__nobody_there_to_do_them__are_answered_unavailable(void **state)
{
    static const char *const kinds[] = {"tray", "cli"};
    for (size_t i = 0; i < EG_COUNT(kinds); i++) {
        eg_test_client client;
        eg_message message, ask = {.type = EG_MESSAGE_CHECK_ASK};
        eg_test_client_connect(&client, *state);
        client.hears_notes = true;
        eg_test_client_hello(&client, kinds[i], EG_LANGUAGE_EN);
        eg_test_client_expect(&client, EG_MESSAGE_WELCOME, &message);
        if (i == 0) {
            eg_test_client_expect(&client, EG_MESSAGE_CHECK_STATE, &message);
            eg_test_client_expect(&client, EG_MESSAGE_UPDATE_STATE, &message);
        }
        eg_test_client_say(&client, &ask);
        eg_test_client_expect(&client, EG_MESSAGE_CHECK_STATE, &message);
        assert_int_equal(message.body.check_state.state, EG_JOB_UNAVAILABLE);
        ask.type = EG_MESSAGE_UPDATE_ASK;
        eg_test_client_say(&client, &ask);
        eg_test_client_expect(&client, EG_MESSAGE_UPDATE_STATE, &message);
        assert_int_equal(message.body.update_state.state, EG_UPDATE_UNAVAILABLE);
        eg_test_client_close(&client);
    }
}

int eg_test_service_state(void)
{
#define STATE_TEST(test) \
    cmocka_unit_test_setup_teardown(test, eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention__all_is_well__is_empty),
        cmocka_unit_test(attention__last_check_was_suspicious__comes_first),
        cmocka_unit_test(attention__rules_older_than_the_setting__are_stale),
        cmocka_unit_test(attention__rules_without_a_date__are_not_called_stale),
        cmocka_unit_test(attention__everything_is_wrong__comes_gravest_first),
        cmocka_unit_test(attention__more_than_fits__keeps_the_gravest),
        STATE_TEST(tray__connects__hears_that_nothing_can_be_asked_for),
        STATE_TEST(board__changes__every_tray_hears_it_once),
        STATE_TEST(board__same_again__is_no_news),
        STATE_TEST(check_and_update__nobody_there_to_do_them__are_answered_unavailable),
    };
    return cmocka_run_group_tests_name("service_state", tests, NULL, NULL);
}
