/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/wmi_event.h"

#include <stdio.h>

typedef struct fixture {
    eg_event_text text;
    eg_wmi_table *table;
    int gone;
} fixture;

static int set_up(void **state)
{
    fixture *fix = eg_alloc_zero(1, sizeof(*fix));
    assert_non_null(fix);
    assert_int_equal(eg_event_text_init(&fix->text), EG_OK);
    assert_int_equal(eg_wmi_table_create(&fix->table), EG_OK);
    *state = fix;
    return 0;
}

static int tear_down(void **state)
{
    fixture *fix = *state;
    eg_wmi_table_destroy(fix->table);
    eg_wmi_table_destroy(NULL);
    eg_event_text_done(&fix->text);
    eg_free(fix);
    return 0;
}

static void check_field(const eg_event *event, eg_field field, const char *expected)
{
    assert_true(eg_str_equal(event->field[field], eg_str_from(expected)));
}

static void event__of_a_filter__is_sysmon_19(void **state)
{
    fixture *fix = *state;
    eg_event event;
    eg_wmi_instance filter = {.class_name = EG_STR("__EventFilter"),
                              .name = EG_STR("upd"),
                              .event_namespace = EG_STR("root\\cimv2"),
                              .query = EG_STR("SELECT * FROM x"),
                              .user = EG_STR("PC\\u")};
    assert_true(eg_wmi_event(&event, &fix->text, 1, EG_WMI_CREATED, &filter));
    assert_int_equal(event.kind, EG_KIND_WMI_SUBSCRIPTION);
    assert_int_equal(event.event_id, 19);
    check_field(&event, EG_FIELD_EVENT_ID, "19");
    check_field(&event, EG_FIELD_CHANNEL, EG_CHANNEL_SYSMON);
    check_field(&event, EG_FIELD_EVENT_TYPE, "WmiFilterEvent");
    check_field(&event, EG_FIELD_OPERATION, "Created");
    check_field(&event, EG_FIELD_EVENT_NAMESPACE, "root\\cimv2");
    check_field(&event, EG_FIELD_NAME, "upd");
    check_field(&event, EG_FIELD_QUERY, "SELECT * FROM x");
    check_field(&event, EG_FIELD_USER, "PC\\u");
    eg_wmi_event_change(&event, EG_WMI_DELETED);
    check_field(&event, EG_FIELD_OPERATION, "Deleted");
}

static void event__of_a_consumer__is_sysmon_20_with_what_it_runs(void **state)
{
    static const struct {
        eg_wmi_instance instance;
        const char *type, *destination;
    } cases[] = {
        {{.class_name = EG_STR_INIT("CommandLineEventConsumer"),
          .command_line = EG_STR_INIT("powershell -enc A")},
         "Command Line",
         "powershell -enc A"},
        {{.class_name = EG_STR_INIT("commandlineeventconsumer"),
          .command_line = EG_STR_INIT("x -enc A"),
          .executable = EG_STR_INIT("C:\\p.exe")},
         "Command Line",
         "C:\\p.exe x -enc A"},
        {{.class_name = EG_STR_INIT("CommandLineEventConsumer"),
          .command_line = EG_STR_INIT(""),
          .executable = EG_STR_INIT("C:\\p.exe")},
         "Command Line",
         "C:\\p.exe"},
        {{.class_name = EG_STR_INIT("ActiveScriptEventConsumer"),
          .script = EG_STR_INIT("CreateObject(1)"),
          .script_file = EG_STR_INIT("")},
         "Script",
         "CreateObject(1)"},
        {{.class_name = EG_STR_INIT("ActiveScriptEventConsumer"),
          .script_file = EG_STR_INIT("C:\\a.vbs")},
         "Script",
         "C:\\a.vbs"},
        {{.class_name = EG_STR_INIT("LogFileEventConsumer"), .target = EG_STR_INIT("C:\\l.txt")},
         "Log File",
         "C:\\l.txt"},
        {{.class_name = EG_STR_INIT("OwnConsumer")}, "OwnConsumer", ""},
    };
    fixture *fix = *state;
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_event event;
        eg_wmi_instance instance = cases[i].instance;
        instance.name = EG_STR("upd");
        assert_true(eg_wmi_event(&event, &fix->text, 1, EG_WMI_MODIFIED, &instance));
        assert_int_equal(event.event_id, 20);
        check_field(&event, EG_FIELD_TYPE, cases[i].type);
        check_field(&event, EG_FIELD_DESTINATION, cases[i].destination);
        check_field(&event, EG_FIELD_OPERATION, "Modified");
    }
}

static void event__of_a_binding__is_sysmon_21_without_the_namespace(void **state)
{
    fixture *fix = *state;
    eg_event event;
    eg_wmi_instance binding = {
        .class_name = EG_STR("__FilterToConsumerBinding"),
        .consumer = EG_STR("\\\\.\\root\\subscription:CommandLineEventConsumer.Name=\"a:b\""),
        .filter = EG_STR("__EventFilter.Name=\"c:d\"")};
    assert_true(eg_wmi_event(&event, &fix->text, 1, EG_WMI_CREATED, &binding));
    assert_int_equal(event.event_id, 21);
    check_field(&event, EG_FIELD_CONSUMER, "CommandLineEventConsumer.Name=\"a:b\"");
    check_field(&event, EG_FIELD_FILTER, "__EventFilter.Name=\"c:d\"");
    eg_wmi_instance other = {.class_name = EG_STR("Win32_Process")};
    assert_false(eg_wmi_event(&event, &fix->text, 1, EG_WMI_CREATED, &other));
}

static eg_event consumer(fixture *fix, const char *name, const char *command_line)
{
    eg_event event;
    eg_wmi_instance instance = {.class_name = EG_STR("CommandLineEventConsumer"),
                                .name = eg_str_from(name),
                                .command_line = eg_str_from(command_line)};
    assert_true(eg_wmi_event(&event, &fix->text, 1, EG_WMI_CREATED, &instance));
    return event;
}

static void on_gone(void *user, const eg_event *event)
{
    fixture *fix = user;
    fix->gone++;
    check_field(event, EG_FIELD_NAME, "a");
}

static void table__of_the_known__tells_what_is_news(void **state)
{
    fixture *fix = *state;
    eg_wmi_change change = EG_WMI_DELETED;
    eg_event a = consumer(fix, "a", "cmd");
    eg_event b = consumer(fix, "b", "cmd");
    assert_true(eg_wmi_table_put(fix->table, 0, &a, &change));
    assert_int_equal(change, EG_WMI_CREATED);
    assert_false(eg_wmi_table_put(fix->table, 0, &a, &change));
    assert_true(eg_wmi_table_put(fix->table, 1, &a, &change)); /* another namespace */
    assert_true(eg_wmi_table_put(fix->table, 0, &b, &change));
    a.field[EG_FIELD_DESTINATION] = EG_STR("calc");
    assert_true(eg_wmi_table_put(fix->table, 0, &a, &change));
    assert_int_equal(change, EG_WMI_MODIFIED);
    eg_wmi_table_begin(fix->table, 0);
    assert_false(eg_wmi_table_put(fix->table, 0, &b, &change));
    eg_wmi_table_end(fix->table, 0, on_gone, fix);
    assert_int_equal(fix->gone, 1);
    assert_false(eg_wmi_table_remove(fix->table, 0, &a));
    assert_true(eg_wmi_table_remove(fix->table, 1, &a));
    assert_true(eg_wmi_table_remove(fix->table, 0, &b));
}

static void table__full_or_without_memory__tells_everything(void **state)
{
    fixture *fix = *state;
    eg_wmi_change change;
    char name[16];
    for (int i = 0; i < 1100; i++) {
        snprintf(name, sizeof(name), "%d", i);
        eg_event event = consumer(fix, name, "cmd");
        assert_true(eg_wmi_table_put(fix->table, 0, &event, &change));
        eg_event_text_reset(&fix->text);
    }
    eg_event last = consumer(fix, "1099", "cmd");
    assert_true(eg_wmi_table_put(fix->table, 0, &last, &change));
    eg_event first = consumer(fix, "0", "calc");
    eg_mem_fail_after(0);
    assert_true(eg_wmi_table_put(fix->table, 0, &first, &change));
    eg_mem_fail_after(-1);
    assert_true(eg_wmi_table_put(fix->table, 0, &first, &change)); /* still not known */
}

int eg_test_wmi_event(void)
{
#define WMI_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WMI_TEST(event__of_a_filter__is_sysmon_19),
        WMI_TEST(event__of_a_consumer__is_sysmon_20_with_what_it_runs),
        WMI_TEST(event__of_a_binding__is_sysmon_21_without_the_namespace),
        WMI_TEST(table__of_the_known__tells_what_is_news),
        WMI_TEST(table__full_or_without_memory__tells_everything),
    };
    return cmocka_run_group_tests_name("wmi_event", tests, NULL, NULL);
}
