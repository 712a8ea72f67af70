/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/detect/repeats.h"

#define NOON (UINT64_C(1000000) * EG_TICKS_PER_SECOND)
#define SECONDS(count) ((count)*EG_TICKS_PER_SECOND)

static const eg_str rule = EG_STR_INIT("rule");

static int set_up(void **state)
{
    *state = eg_alloc_zero(1, sizeof(eg_repeats));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    eg_free(*state);
    return 0;
}

static eg_event event_of(eg_kind kind, const char *source, uint64_t time)
{
    eg_event event;
    eg_event_init(&event, kind);
    event.source = eg_str_from(source);
    event.time = time;
    return event;
}

static eg_event service(const char *source, uint64_t time)
{
    eg_event event = event_of(EG_KIND_SERVICE_INSTALLED, source, time);
    event.field[EG_FIELD_SERVICE_NAME] = EG_STR("Upd");
    event.field[EG_FIELD_IMAGE_PATH] = EG_STR("C:\\x.exe");
    return event;
}

static void repeats__service_by_two_sources__is_one(void **state)
{
    eg_repeats *repeats = *state;
    eg_event seen = service("service", NOON);
    eg_event logged = service("eventlog/System", NOON + SECONDS(9));
    eg_event audited = service("eventlog/Security", NOON - SECONDS(9));
    audited.field[EG_FIELD_IMAGE_PATH] = EG_STR_NONE;
    audited.field[EG_FIELD_SERVICE_FILE_NAME] = EG_STR("c:\\X.EXE");
    assert_false(eg_repeats_has(repeats, rule, &seen));
    eg_repeats_add(repeats, rule, &seen);
    assert_true(eg_repeats_has(repeats, rule, &logged));
    assert_true(eg_repeats_has(repeats, rule, &audited));
    assert_false(eg_repeats_has(repeats, EG_STR("another"), &logged));
    logged.field[EG_FIELD_IMAGE_PATH] = EG_STR("C:\\y.exe");
    assert_false(eg_repeats_has(repeats, rule, &logged));
}

static void repeats__same_source_or_much_later__is_news(void **state)
{
    eg_repeats *repeats = *state;
    eg_event seen = service("service", NOON);
    eg_repeats_add(repeats, rule, &seen);
    assert_false(eg_repeats_has(repeats, rule, &seen));
    eg_event later = service("eventlog/System", NOON + SECONDS(11));
    assert_false(eg_repeats_has(repeats, rule, &later));
    later.flags = EG_EVENT_CHANGED_WHILE_DOWN; /* its time says nothing of when the other saw it */
    assert_true(eg_repeats_has(repeats, rule, &later));
}

static void repeats__each_kind__is_known_by_its_name(void **state)
{
    static const struct {
        eg_kind kind;
        eg_field field;
        const char *name, *other;
    } cases[] = {
        {EG_KIND_TASK_REGISTERED, EG_FIELD_TASK_NAME, "\\Upd", "\\upd"},
        {EG_KIND_REGISTRY_SET, EG_FIELD_TARGET_OBJECT, "HKLM\\A", "HKLM\\a"},
        {EG_KIND_WMI_SUBSCRIPTION, EG_FIELD_NAME, "a b", " \"A b\""},
        {EG_KIND_WMI_SUBSCRIPTION, EG_FIELD_CONSUMER, "C.Name=\"x\"", " \"C.Name=\\\"x\\\"\""},
        {EG_KIND_SCRIPT_BLOCK, EG_FIELD_SCRIPT_BLOCK_ID, "1-2", "1-2"},
    };
    eg_repeats *repeats = *state;
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_event first = event_of(cases[i].kind, "one", NOON);
        eg_event second = event_of(cases[i].kind, "two", NOON);
        eg_repeats_add(repeats, rule, &first);
        assert_false(eg_repeats_has(repeats, rule, &second)); /* nothing names it */
        first.field[cases[i].field] = eg_str_from(cases[i].name);
        second.field[cases[i].field] = eg_str_from(cases[i].other);
        eg_repeats_add(repeats, rule, &first);
        assert_true(eg_repeats_has(repeats, rule, &second));
        second.field[cases[i].field] = EG_STR("else");
        assert_false(eg_repeats_has(repeats, rule, &second));
    }
    eg_event other = event_of(EG_KIND_DNS_QUERY, "one", NOON);
    eg_repeats_add(repeats, rule, &other);
    other.source = EG_STR("two");
    assert_false(eg_repeats_has(repeats, rule, &other));
}

static eg_event process(const char *source, uint64_t time, uint64_t create_time)
{
    eg_event event = event_of(EG_KIND_PROCESS_START, source, time);
    event.pid = 8;
    event.create_time = create_time;
    event.field[EG_FIELD_IMAGE] = EG_STR("C:\\Windows\\a.exe");
    return event;
}

static void repeats__process_start__is_known_by_pid_and_time(void **state)
{
    eg_repeats *repeats = *state;
    eg_event seen = process("etw", NOON, NOON);
    eg_repeats_add(repeats, rule, &seen);
    assert_true(eg_repeats_has(repeats, rule, &seen)); /* a snapshot tells it again */
    eg_event again = process("poll", NOON + SECONDS(1), NOON + SECONDS(1));
    assert_false(eg_repeats_has(repeats, rule, &again)); /* the pid is used again */
    eg_event logged = process("sysmon", NOON + SECONDS(2), 0);
    assert_true(eg_repeats_has(repeats, rule, &logged));
    logged.time = NOON + SECONDS(4);
    assert_false(eg_repeats_has(repeats, rule, &logged));
    logged.time = NOON;
    logged.field[EG_FIELD_IMAGE] = EG_STR("C:\\b.exe");
    assert_false(eg_repeats_has(repeats, rule, &logged));
}

static eg_event script(eg_kind kind, const char *source, const char *text)
{
    eg_event event = event_of(kind, source, NOON);
    event.pid = 8;
    event.field[EG_FIELD_SCRIPT_BLOCK_TEXT] = eg_str_from(text);
    return event;
}

static void repeats__script_logged_and_handed_to_amsi__is_one(void **state)
{
    eg_repeats *repeats = *state;
    eg_event logged = script(EG_KIND_SCRIPT_BLOCK, "etw/PowerShell", "iex $x");
    eg_event handed = script(EG_KIND_AMSI_CONTENT, "etw/AMSI", "iex $x");
    logged.field[EG_FIELD_SCRIPT_BLOCK_ID] = EG_STR("1-2");
    eg_repeats_add(repeats, rule, &logged);
    assert_true(eg_repeats_has(repeats, rule, &handed));
    handed.pid = 9;
    assert_false(eg_repeats_has(repeats, rule, &handed));
    handed = script(EG_KIND_AMSI_CONTENT, "etw/AMSI", "iex $y");
    assert_false(eg_repeats_has(repeats, rule, &handed));
    eg_repeats_add(repeats, rule, &handed);
    assert_false(eg_repeats_has(repeats, rule, &handed)); /* run twice is done twice */
    handed.time += SECONDS(11);
    handed.source = EG_STR("other");
    assert_false(eg_repeats_has(repeats, rule, &handed));
}

static void repeats__very_many__forget_the_oldest(void **state)
{
    eg_repeats *repeats = *state;
    eg_event first = process("etw", NOON, NOON);
    eg_repeats_add(repeats, rule, &first);
    for (unsigned i = 1; i < EG_REPEATS_MAX; i++) {
        eg_event event = process("etw", NOON, NOON + i);
        eg_repeats_add(repeats, rule, &event);
    }
    assert_true(eg_repeats_has(repeats, rule, &first));
    eg_event last = process("etw", NOON, NOON + EG_REPEATS_MAX);
    eg_repeats_add(repeats, rule, &last);
    assert_false(eg_repeats_has(repeats, rule, &first));
    assert_true(eg_repeats_has(repeats, rule, &last));
}

int eg_test_repeats(void)
{
#define REPEATS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        REPEATS_TEST(repeats__service_by_two_sources__is_one),
        REPEATS_TEST(repeats__same_source_or_much_later__is_news),
        REPEATS_TEST(repeats__each_kind__is_known_by_its_name),
        REPEATS_TEST(repeats__process_start__is_known_by_pid_and_time),
        REPEATS_TEST(repeats__script_logged_and_handed_to_amsi__is_one),
        REPEATS_TEST(repeats__very_many__forget_the_oldest),
    };
    return cmocka_run_group_tests_name("repeats", tests, NULL, NULL);
}
