/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/event/event_json.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

static int make_reader(void **state)
{
    eg_event_reader *reader = NULL;
    int status = eg_event_reader_create(&reader);
    *state = reader;
    return status;
}

static int drop_reader(void **state)
{
    eg_event_reader_destroy(*state);
    return 0;
}

static void read_ok(void **state, const char *line, eg_event *event)
{
    if (eg_event_read_json(*state, eg_str_from(line), event) != EG_OK) {
        fail_msg("%s: %s", line, eg_error_message());
    }
}

static void check_field(const eg_event *event, const char *name, const char *want)
{
    eg_str value = eg_event_get_named(event, eg_str_from(name));
    if (!value.ptr != !want || (want && !eg_str_equal(value, eg_str_from(want)))) {
        fail_msg("%s is \"%.*s\", not \"%s\"", name, EG_STR_ARGS(value), want ? want : "(none)");
    }
}

static void read__of_the_line_format__fills_the_event(void **state)
{
    eg_event event;
    read_ok(state,
            "{\"i\":3,\"channel\":\"Microsoft-Windows-Sysmon/Operational\","
            "\"provider\":\"Microsoft-Windows-Sysmon\",\"event_id\":1,"
            "\"time\":\"2026-11-23T01:42:03.5Z\",\"source\":\"somebody\",\"unknown\":[{}],"
            "\"fields\":{\"Image\":\"C:\\\\a.exe\",\"ProcessId\":\"4711\",\"ParentProcessId\":12,"
            "\"LogonGuid\":\"x\",\"User\":\"\",\"Company\":null}}",
            &event);
    assert_int_equal(event.kind, EG_KIND_PROCESS_START);
    assert_int_equal(event.event_id, 1);
    assert_int_equal(event.pid, 4711);
    assert_int_equal(event.parent_pid, 12);
    assert_null(event.source.ptr);
    char time[EG_TIME_TEXT_SIZE];
    eg_time_format(event.time, time);
    assert_string_equal(time, "2026-11-23T01:42:03.5000000Z");
    check_field(&event, "Image", "C:\\a.exe");
    check_field(&event, "ParentProcessId", "12");
    check_field(&event, "LogonGuid", "x");
    check_field(&event, "User", "");
    check_field(&event, "Company", NULL);
    assert_int_equal(event.extra_count, 1);
    /* Said once at the top, but rules ask for the fields. */
    check_field(&event, "EventID", "1");
    check_field(&event, "Channel", EG_CHANNEL_SYSMON);
    check_field(&event, "Provider_Name", EG_PROVIDER_SYSMON);
}

static void read__of_a_line_with_its_own_event_id_field__adds_nothing(void **state)
{
    eg_event event;
    read_ok(state,
            "{\"channel\":\"System\",\"provider\":\"P\",\"event_id\":5,"
            "\"fields\":{\"EventID\":\"5\"}}",
            &event);
    check_field(&event, "Channel", NULL);
    check_field(&event, "Provider_Name", NULL);
}

static void read__of_other_types__gives_the_text_as_written(void **state)
{
    eg_event event;
    read_ok(state,
            "{\"event_id\":\"0x10\",\"fields\":{\"a\":18446744073709551616,\"b\":-0,\"c\":1.50,"
            "\"d\":true,\"e\":false,\"f\":[\"x\",1,null,[true]],\"g\":{\"#attributes\":{\"y\":1},"
            "\"#text\":\"t\"},\"h\":{\"p\":\"q\",\"r\":2},\"j\":[],\"k\":1e400}}",
            &event);
    assert_int_equal(event.event_id, 16);
    check_field(&event, "a", "18446744073709551616");
    check_field(&event, "b", "-0");
    check_field(&event, "c", "1.50");
    check_field(&event, "d", "true");
    check_field(&event, "e", "false");
    check_field(&event, "f", "x\n1\n\ntrue");
    check_field(&event, "g", "t");
    check_field(&event, "h", "q\n2");
    check_field(&event, "j", "");
    check_field(&event, "k", "1e400");
}

static void read__of_a_repeated_field__keeps_the_last(void **state)
{
    eg_event event;
    read_ok(state, "{\"fields\":{\"Image\":\"a\",\"x\":1,\"Image\":\"b\",\"x\":2}}", &event);
    check_field(&event, "Image", "b");
    check_field(&event, "x", "2");
    assert_int_equal(event.extra_count, 1);
}

static void read__of_an_exported_event__flattens_it(void **state)
{
    eg_event event;
    read_ok(state,
            "{\"Event\":{\"#attributes\":{\"xmlns\":\"x\"},\"System\":{\"Provider\":{"
            "\"#attributes\":{\"Name\":\"Service Control Manager\",\"Guid\":\"{5}\"}},"
            "\"EventID\":{\"#attributes\":{\"Qualifiers\":16384},\"#text\":7045},\"Version\":0,"
            "\"Keywords\":\"0x8080000000000000\",\"TimeCreated\":{\"#attributes\":{\"SystemTime\":"
            "\"2022-07-01T02:03:04.123456Z\"}},\"Execution\":{\"#attributes\":{\"ProcessID\":616,"
            "\"ThreadID\":1}},\"Channel\":\"System\",\"Computer\":\"PC-1\",\"Correlation\":null,"
            "\"Security\":{\"#attributes\":{\"UserID\":null}}},"
            "\"EventData\":{\"#attributes\":{\"Name\":\"z\"},\"Service Name\":\"evil\","
            "\"ImagePath\":\"cmd.exe\",\"Data\":[\"one\",2],\"Computer\":\"mine\","
            "\"AccountName\":null}}}",
            &event);
    assert_int_equal(event.kind, EG_KIND_SERVICE_INSTALLED);
    assert_int_equal(event.event_id, 7045);
    assert_true(eg_str_equal(event.channel, EG_STR("System")));
    assert_true(eg_str_equal(event.provider, EG_STR("Service Control Manager")));
    check_field(&event, "EventID", "7045");
    check_field(&event, "Provider_Guid", "{5}");
    check_field(&event, "Execution_ProcessID", "616");
    check_field(&event, "Version", "0");
    check_field(&event, "TimeCreated_SystemTime", "2022-07-01T02:03:04.123456Z");
    check_field(&event, "ServiceName", "evil");
    check_field(&event, "ImagePath", "cmd.exe");
    check_field(&event, "Data", "one\n2");
    check_field(&event, "Computer", "mine");
    check_field(&event, "AccountName", "");
    check_field(&event, "Correlation", NULL);
    check_field(&event, "Security_UserID", NULL);
    assert_true(event.time > EG_UNIX_EPOCH_TICKS);
}

static void read__of_user_data__takes_the_inner_members(void **state)
{
    eg_event event;
    read_ok(state,
            "{\"System\":{\"EventID\":1149,\"Channel\":\"C\"},\"EventData\":null,\"UserData\":{"
            "\"EventXML\":{\"#attributes\":{\"n\":1},\"Param1\":\"u\",\"In\":{\"A\":\"b\"}},"
            "\"Plain\":\"p\"}}",
            &event);
    check_field(&event, "Param1", "u");
    check_field(&event, "In", "b");
    check_field(&event, "Plain", "p");
    check_field(&event, "n", NULL);
}

static void read__of_a_recorded_4688__knows_the_process(void **state)
{
    eg_event event;
    read_ok(state,
            "{\"Event\":{\"System\":{\"EventID\":4688,\"Channel\":\"Security\"},\"EventData\":{"
            "\"NewProcessId\":\"0x1fc\",\"ProcessId\":\"0x278\"}}}",
            &event);
    assert_int_equal(event.kind, EG_KIND_PROCESS_START);
    assert_int_equal(event.pid, 0x1fc);
    assert_int_equal(event.parent_pid, 0x278);
}

static void read__of_broken_text__replaces_bytes_and_keeps_surrogates(void **state)
{
    eg_event event;
    read_ok(state,
            "{\"fields\":{\"Image\":\"a\xFF\xFE"
            "b\\ud800c\xED\xB0\x80\"}}",
            &event);
    check_field(&event, "Image",
                "a\xEF\xBF\xBD\xEF\xBF\xBD"
                "b\xED\xA0\x80"
                "c\xED\xB0\x80");
}

static void read__of_what_is_no_event__says_why(void **state)
{
    const char *const wrong[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"fields\":[]}",
        "{\"Event\":3}",
        "{\"Event\":{}}",
        "{\"Event\":{\"System\":{}}}",
        "{\"Event\":{\"System\":{\"EventID\":\"x\"}}}",
        "{\"Event\":{\"System\":{\"EventID\":4294967296}}}",
        "{\"fields\":{}} {}",
        "{\"fields\":{\"a\":[[[[[[[[[[1]]]]]]]]]]}}",
        "{\"fields\":{\"a\":\"\\ud8\"}}",
    };
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        eg_event event = {.pid = 77};
        if (eg_event_read_json(*state, eg_str_from(wrong[i]), &event) != EG_E_INVALID) {
            fail_msg("accepted: %s", wrong[i]);
        }
        assert_int_equal(event.pid, 77);
        assert_true(strlen(eg_error_message()) > 5);
    }
}

static void append_members(eg_buf *line, int count)
{
    for (int i = 0; i < count; i++) {
        eg_buf_appendf(line, "%s\"unknown%d\":\"v%d\"", i > 0 ? "," : "", i, i);
    }
}

static void read__of_too_many_unknown_fields__is_a_limit_error(void **state)
{
    eg_event event;
    eg_buf line;
    eg_buf_init(&line, 1 << 20);
    eg_buf_append_cstr(&line, "{\"fields\":{");
    append_members(&line, EG_EVENT_EXTRA_MAX);
    eg_buf_append_cstr(&line, "}}");
    assert_int_equal(eg_event_read_json(*state, eg_buf_str(&line), &event), EG_OK);
    assert_int_equal(event.extra_count, EG_EVENT_EXTRA_MAX);
    check_field(&event, "unknown255", "v255");
    line.len -= 2;
    eg_buf_append_cstr(&line, ",\"onemore\":1}}");
    assert_int_equal(eg_event_read_json(*state, eg_buf_str(&line), &event), EG_E_LIMIT);
    eg_buf_done(&line);
}

static void read__of_a_giant_line__works_up_to_the_limit(void **state)
{
    eg_event event;
    size_t size = EG_EVENT_LINE_MAX;
    char *line = eg_alloc(size + 1);
    assert_non_null(line);
    memset(line, 'x', size + 1);
    memcpy(line, "{\"fields\":{\"Image\":\"", 20);
    memcpy(line + size - 3, "\"}}", 3);
    assert_int_equal(eg_event_read_json(*state, (eg_str){line, size}, &event), EG_OK);
    assert_int_equal(event.field[EG_FIELD_IMAGE].len, size - 23);
    assert_int_equal(eg_event_read_json(*state, (eg_str){line, size + 1}, &event), EG_E_LIMIT);
    /* The reader is as good as before. */
    read_ok(state, "{\"fields\":{\"Image\":\"small\"}}", &event);
    check_field(&event, "Image", "small");
    eg_free(line);
}

static void write__of_an_event__is_read_back_the_same(void **state)
{
    const eg_named_value extra[] = {{EG_STR_INIT("Odd \"name\""), EG_STR_INIT("\xED\xA0\x80\n")}};
    eg_event event;
    eg_event back;
    eg_buf line;
    eg_json json;
    eg_event_init(&event, EG_KIND_TASK_REGISTERED);
    event.flags = EG_EVENT_EXISTING | EG_EVENT_POLLED | EG_EVENT_CHANGED_WHILE_DOWN |
                  EG_EVENT_COMMAND_LINE_CUT;
    event.time = EG_UNIX_EPOCH_TICKS + 1234567;
    event.create_time = EG_UNIX_EPOCH_TICKS + 1;
    event.pid = UINT32_MAX;
    event.parent_pid = 4;
    event.source = EG_STR("taskfolder");
    event.field[EG_FIELD_COMMAND] = EG_STR("\xE8\xAB\x8B\xE6\xB1\x82.exe");
    event.field[EG_FIELD_ARGUMENTS] = EG_STR("");
    event.extra = extra;
    event.extra_count = 1;
    eg_buf_init(&line, 1 << 16);
    eg_json_begin(&json, &line);
    eg_event_write_json(&event, &json);
    assert_int_equal(line.status, EG_OK);
    assert_int_equal(eg_event_read_json(*state, eg_buf_str(&line), &back), EG_OK);
    assert_int_equal(back.kind, event.kind);
    assert_int_equal(back.flags, event.flags);
    assert_int_equal(back.event_id, 106);
    assert_true(back.time == event.time && back.create_time == event.create_time);
    assert_true(back.pid == event.pid && back.parent_pid == event.parent_pid);
    assert_true(eg_str_equal(back.source, event.source));
    for (int i = 0; i < EG_FIELD_COUNT; i++) {
        assert_int_equal(!back.field[i].ptr, !event.field[i].ptr);
        assert_true(eg_str_equal(back.field[i], event.field[i]));
    }
    assert_int_equal(back.extra_count, 1);
    assert_true(eg_str_equal(back.extra[0].name, extra[0].name));
    assert_true(eg_str_equal(back.extra[0].value, extra[0].value));
    eg_buf_done(&line);
}

static int read_twice(void *arg)
{
    eg_event event;
    eg_event_reader *reader = NULL;
    int status = eg_event_reader_create(&reader);
    for (int i = 0; status == EG_OK && i < 2; i++) {
        status = eg_event_read_json(reader, eg_str_from(arg), &event);
    }
    eg_event_reader_destroy(reader);
    return status;
}

static void read__without_memory__fails(void **state)
{
    EG_UNUSED(state);
    char line[] = "{\"Event\":{\"System\":{\"EventID\":{\"#text\":1}},"
                  "\"EventData\":{\"a b\":[1,2],\"c\":\"\\ud800\"}}}";
    assert_true(eg_test_each_allocation_fails(read_twice, line) >= 4);
}

int eg_test_event_json(void)
{
#define WITH_READER(test) cmocka_unit_test_setup_teardown(test, make_reader, drop_reader)
    const struct CMUnitTest tests[] = {
        WITH_READER(read__of_the_line_format__fills_the_event),
        WITH_READER(read__of_a_line_with_its_own_event_id_field__adds_nothing),
        WITH_READER(read__of_other_types__gives_the_text_as_written),
        WITH_READER(read__of_a_repeated_field__keeps_the_last),
        WITH_READER(read__of_an_exported_event__flattens_it),
        WITH_READER(read__of_user_data__takes_the_inner_members),
        WITH_READER(read__of_a_recorded_4688__knows_the_process),
        WITH_READER(read__of_broken_text__replaces_bytes_and_keeps_surrogates),
        WITH_READER(read__of_what_is_no_event__says_why),
        WITH_READER(read__of_too_many_unknown_fields__is_a_limit_error),
        WITH_READER(read__of_a_giant_line__works_up_to_the_limit),
        WITH_READER(write__of_an_event__is_read_back_the_same),
        cmocka_unit_test(read__without_memory__fails),
    };
    return cmocka_run_group_tests_name("event_json", tests, NULL, NULL);
}
