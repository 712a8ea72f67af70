/* SPDX-License-Identifier: Apache-2.0 */
/* The script and the DNS sensor on the simulated kernel, from the provider to the event. */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/hook_script.h"
#include "tests/etw_double/engine.h"
#include "tests/unit/etw_payload.h"
#include "tests/unit/win32/sensor_fixture.h"

static const uint8_t dns[] = EG_ETW_PROVIDER_DNS_CLIENT;

static int set_up(void **state)
{
    EG_UNUSED(state);
    eg_etw_double_reset(true);
    return 0;
}

static int tear_down(void **state)
{
    EG_UNUSED(state);
    eg_etw_double_reset(false);
    return 0;
}

static void emit(const uint8_t *provider, uint16_t id, uint8_t version, uint8_t level,
                 const payload *p)
{
    eg_etw_record record = make_record(provider, id, version, p);
    record.time = eg_clock_utc();
    assert_int_equal(eg_etw_double_emit(&record, level, 0), 1);
}

static void emit_script(uint32_t number, uint32_t total, const char *text)
{
    payload p = {.size = 0};
    put_number(&p, number, 4);
    put_number(&p, total, 4);
    put_wide(&p, text);
    put_wide(&p, "e3f076be");
    put_wide(&p, "");
    emit(powershell, 4104, 1, 5, &p);
}

static void script__by_etw__becomes_events(void **state)
{
    payload p = {.size = 0};
    eg_str source;
    EG_UNUSED(state);
    assert_false(eg_script_told_by_etw(eg_clock_utc()));
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("script");
    assert_int_equal(eg_sensor_fixture_health(fixture, &source), EG_SENSOR_FULL);
    assert_true(eg_str_equal(source, EG_STR("etw")));
    assert_true(eg_script_told_by_etw(eg_clock_utc()));
    assert_false(eg_script_told_by_etw(eg_clock_utc() - 600000000));
    eg_sensor_fixture_snapshot(fixture);
    emit_script(2, 2, "Expression");
    emit_script(1, 2, "Invoke-");
    put_amsi(&p, 0, 8, "a\0b\0", 4, 4);
    emit(amsi, 1101, 0, 4, &p);
    const eg_event *event = eg_sensor_fixture_wait(
        fixture, 0, EG_KIND_SCRIPT_BLOCK, EG_FIELD_SCRIPT_BLOCK_TEXT, "Invoke-Expression", NULL);
    assert_non_null(event);
    assert_int_equal(event->pid, 777);
    assert_true(eg_str_equal(event->source, EG_STR("etw/PowerShell")));
    event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_AMSI_CONTENT, EG_FIELD_SCRIPT_BLOCK_TEXT,
                                   "ab", NULL);
    assert_non_null(event);
    assert_true(eg_str_equal(event->source, EG_STR("etw/AMSI")));
    eg_sensor_fixture_stop(fixture);
    assert_false(eg_script_told_by_etw(eg_clock_utc()));
}

static void dns__by_etw__becomes_an_event(void **state)
{
    payload p = {.size = 0};
    EG_UNUSED(state);
    eg_sensor_fixture *fixture = eg_sensor_fixture_start("dns");
    put_wide(&p, "a.example");
    put_number(&p, 28, 4);
    put_number(&p, 0, 8);
    put_number(&p, 0, 4);
    put_wide(&p, "type: 5 b.example;::ffff:192.0.2.1;");
    emit(dns, 3008, 0, 4, &p);
    const eg_event *event = eg_sensor_fixture_wait(fixture, 0, EG_KIND_DNS_QUERY,
                                                   EG_FIELD_QUERY_NAME, "a.example", NULL);
    assert_non_null(event);
    assert_int_equal(event->event_id, 22);
    assert_true(eg_str_equal(event->field[EG_FIELD_QUERY_STATUS], EG_STR("0")));
    assert_true(eg_str_equal(event->field[EG_FIELD_PROCESS_ID], EG_STR("777")));
    assert_true(eg_str_equal(event->field[EG_FIELD_QUERY_RESULTS],
                             EG_STR("type: 5 b.example;::ffff:192.0.2.1;")));
    eg_sensor_fixture_snapshot(fixture);
    assert_int_equal(eg_sensor_fixture_count(fixture), 1);
    eg_sensor_fixture_stop(fixture);
}

static void sensors__without_etw__say_that_they_are_blind(void **state)
{
    static const char *const names[] = {"script", "dns"};
    EG_UNUSED(state);
    eg_etw_double_reset(false);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        eg_str source;
        eg_sensor_fixture *fixture = eg_sensor_fixture_start(names[i]);
        assert_int_equal(eg_sensor_fixture_health(fixture, &source), EG_SENSOR_BLIND);
        assert_false(eg_script_told_by_etw(eg_clock_utc()));
        eg_sensor_fixture_stop(fixture);
    }
}

int eg_test_hook_script(void)
{
#define ON_ETW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_ETW(script__by_etw__becomes_events),
        ON_ETW(dns__by_etw__becomes_an_event),
        ON_ETW(sensors__without_etw__say_that_they_are_blind),
    };
    return cmocka_run_group_tests_name("hook_script", tests, NULL, NULL);
}
