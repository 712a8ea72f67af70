/* SPDX-License-Identifier: Apache-2.0 */
/* Events about EmoGuard itself. */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "driverless-hooks/decode/agent_event.h"

static void assert_field(const eg_event *event, eg_field field, const char *expected)
{
    assert_true(eg_str_equal(eg_event_get(event, field), eg_str_from(expected)));
}

static void keep(void *user, const eg_event *event)
{
    eg_event *kept = user;
    *kept = *event;
    assert_field(event, EG_FIELD_EVENT_COUNT, "18446744073709551615");
}

static void agent_event_make__with_everything__fills_each_field(void **state)
{
    EG_UNUSED(state);
    eg_agent_event made;
    uint64_t before = eg_clock_utc();
    eg_agent_event_make(&made, "dns", EG_AGENT_TELEMETRY_LOST, 12, "the buffers were full");
    assert_int_equal(made.event.kind, EG_KIND_AGENT);
    assert_int_equal(made.event.event_id, 1);
    assert_int_equal(made.event.pid, eg_process_id());
    assert_true(made.event.time >= before);
    assert_true(eg_str_equal(made.event.source, EG_STR("dns")));
    assert_field(&made.event, EG_FIELD_SENSOR, "dns");
    assert_field(&made.event, EG_FIELD_REASON, "telemetry_lost");
    assert_field(&made.event, EG_FIELD_EVENT_COUNT, "12");
    assert_field(&made.event, EG_FIELD_DESCRIPTION, "the buffers were full");
}

static void agent_event_emit__without_words__has_no_description(void **state)
{
    EG_UNUSED(state);
    eg_event kept = {0};
    eg_sink sink = {.user = &kept, .emit = keep};
    eg_agent_event_emit(&sink, "process", EG_AGENT_SESSION_TAMPERED, UINT64_MAX, NULL);
    assert_field(&kept, EG_FIELD_REASON, "session_tampered");
    assert_null(kept.field[EG_FIELD_DESCRIPTION].ptr);
}

int eg_test_agent_event(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agent_event_make__with_everything__fills_each_field),
        cmocka_unit_test(agent_event_emit__without_words__has_no_description),
    };
    return cmocka_run_group_tests_name("agent_event", tests, NULL, NULL);
}
