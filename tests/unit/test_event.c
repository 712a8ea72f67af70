/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/event/event.h"
#include "core/event/logsource.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

static void event_init__of_each_kind__carries_what_kinds_def_says(void **state)
{
    EG_UNUSED(state);
    eg_event event;
    memset(&event, 0xAA, sizeof(event));
    eg_event_init(&event, EG_KIND_SERVICE_INSTALLED);
    assert_int_equal(event.kind, EG_KIND_SERVICE_INSTALLED);
    assert_int_equal(event.event_id, 7045);
    assert_true(eg_str_equal(event.field[EG_FIELD_EVENT_ID], EG_STR("7045")));
    assert_true(eg_str_equal(event.field[EG_FIELD_CHANNEL], EG_STR("System")));
    assert_true(
        eg_str_equal(event.field[EG_FIELD_PROVIDER_NAME], EG_STR("Service Control Manager")));
    assert_int_equal(event.extra_count, 0);
    assert_null(event.field[EG_FIELD_IMAGE].ptr);
    for (int kind = EG_KIND_OTHER + 1; kind < EG_KIND_COUNT; kind++) {
        eg_event_init(&event, (eg_kind)kind);
        assert_int_equal(eg_logsource_kind(event.channel, event.event_id), kind);
    }
    eg_event_init(&event, EG_KIND_OTHER);
    assert_null(event.channel.ptr);
    assert_null(event.field[EG_FIELD_EVENT_ID].ptr);
}

static void names__of_every_field_and_kind__are_found_again(void **state)
{
    EG_UNUSED(state);
    for (int i = 0; i < EG_FIELD_COUNT; i++) {
        eg_field field = EG_FIELD_COUNT;
        assert_true(eg_field_from_name(eg_str_from(eg_field_name((eg_field)i)), &field));
        assert_int_equal(field, i);
    }
    for (int i = 0; i < EG_KIND_COUNT; i++) {
        eg_kind kind = EG_KIND_COUNT;
        assert_true(eg_kind_from_name(eg_str_from(eg_kind_name((eg_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    eg_field field = EG_FIELD_COUNT;
    eg_kind kind = EG_KIND_COUNT;
    assert_false(eg_field_from_name(EG_STR("image"), &field));
    assert_false(eg_field_from_name(EG_STR("Imag"), &field));
    assert_false(eg_field_from_name(EG_STR(""), &field));
    assert_false(eg_field_from_name(EG_STR_NONE, &field));
    assert_false(eg_kind_from_name(EG_STR("Process_start"), &kind));
    assert_int_equal(field, EG_FIELD_COUNT);
}

static void get_named__of_known_and_extra_names__tells_missing_from_empty(void **state)
{
    EG_UNUSED(state);
    const eg_named_value extra[] = {{EG_STR_INIT("LogonGuid"), EG_STR_INIT("{1}")},
                                    {EG_STR_INIT("Empty"), EG_STR_INIT("")}};
    eg_event event;
    eg_event_init(&event, EG_KIND_PROCESS_START);
    event.field[EG_FIELD_USER] = EG_STR("");
    event.extra = extra;
    event.extra_count = EG_COUNT(extra);
    assert_non_null(eg_event_get_named(&event, EG_STR("User")).ptr);
    assert_null(eg_event_get_named(&event, EG_STR("Image")).ptr);
    assert_null(eg_event_get(&event, EG_FIELD_IMAGE).ptr);
    assert_true(eg_str_equal(eg_event_get_named(&event, EG_STR("LogonGuid")), EG_STR("{1}")));
    assert_non_null(eg_event_get_named(&event, EG_STR("Empty")).ptr);
    assert_null(eg_event_get_named(&event, EG_STR("logonguid")).ptr);
}

static void fill(eg_event *event, eg_named_value *extra, char *text)
{
    eg_event_init(event, EG_KIND_PROCESS_START);
    event->flags = EG_EVENT_POLLED;
    event->time = 1;
    event->pid = 2;
    event->parent_pid = 3;
    event->create_time = 4;
    event->source = (eg_str){text, 4};
    event->field[EG_FIELD_IMAGE] = (eg_str){text, 8};
    event->field[EG_FIELD_USER] = (eg_str){text, 0};
    extra[0] = (eg_named_value){{text + 4, 2}, {text + 6, 2}};
    extra[1] = (eg_named_value){{text + 2, 2}, {text, 0}};
    event->extra = extra;
    event->extra_count = 2;
}

static void clone__after_the_original_is_overwritten__is_whole(void **state)
{
    EG_UNUSED(state);
    char text[] = "pollxxyy";
    eg_named_value extra[2];
    eg_event event;
    eg_event *copy = NULL;
    fill(&event, extra, text);
    assert_int_equal(eg_event_clone(&event, &copy), EG_OK);
    memset(text, '?', sizeof(text));
    memset(extra, 0, sizeof(extra));
    memset(&event, 0, sizeof(event));
    assert_int_equal(copy->kind, EG_KIND_PROCESS_START);
    assert_int_equal(copy->flags, EG_EVENT_POLLED);
    assert_true(copy->time == 1 && copy->create_time == 4);
    assert_true(copy->pid == 2 && copy->parent_pid == 3 && copy->event_id == 1);
    assert_true(eg_str_equal(copy->channel, EG_STR(EG_CHANNEL_SYSMON)));
    assert_true(eg_str_equal(copy->source, EG_STR("poll")));
    assert_true(eg_str_equal(copy->field[EG_FIELD_IMAGE], EG_STR("pollxxyy")));
    assert_non_null(copy->field[EG_FIELD_USER].ptr);
    assert_int_equal(copy->field[EG_FIELD_USER].len, 0);
    assert_null(copy->field[EG_FIELD_COMMAND_LINE].ptr);
    assert_int_equal(copy->extra_count, 2);
    assert_true(eg_str_equal(eg_event_get_named(copy, EG_STR("xx")), EG_STR("yy")));
    assert_non_null(eg_event_get_named(copy, EG_STR("ll")).ptr);
    eg_free(copy);
}

static int clone_and_free(void *arg)
{
    eg_event *copy = NULL;
    int status = eg_event_clone(arg, &copy);
    eg_free(copy);
    return status;
}

static void clone__of_any_event__is_one_allocation(void **state)
{
    EG_UNUSED(state);
    char text[] = "pollxxyy";
    eg_named_value extra[2];
    eg_event event;
    eg_event_init(&event, EG_KIND_OTHER);
    assert_int_equal(eg_test_each_allocation_fails(clone_and_free, &event), 1);
    fill(&event, extra, text);
    assert_int_equal(eg_test_each_allocation_fails(clone_and_free, &event), 1);
}

int eg_test_event(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_init__of_each_kind__carries_what_kinds_def_says),
        cmocka_unit_test(names__of_every_field_and_kind__are_found_again),
        cmocka_unit_test(get_named__of_known_and_extra_names__tells_missing_from_empty),
        cmocka_unit_test(clone__after_the_original_is_overwritten__is_whole),
        cmocka_unit_test(clone__of_any_event__is_one_allocation),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
