/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded ETW records as events. */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_event.h"
#include "tests/unit/etw_payload.h"

static void assert_field(const eg_event *event, eg_field field, const char *expected)
{
    eg_str value = event->field[field];
    assert_non_null(value.ptr);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.ptr, expected, value.len);
}

static void make_event__long_command_line__is_flagged_as_cut(void **state)
{
    char command[1100];
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    for (size_t length = 1023; length <= 1024; length++) {
        payload p;
        eg_etw_decoded decoded;
        eg_event event;
        memset(command, 'a', length);
        command[length] = '\0';
        make_head(&p);
        put_user(&p, 8);
        put(&p, "x.exe", 6);
        put_wide(&p, command);
        put_wide(&p, "");
        put_wide(&p, "");
        eg_etw_record record = kernel_record(4, 1, 8, &p);
        assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
        eg_event_text_reset(&text);
        assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
        assert_int_equal(event.field[EG_FIELD_COMMAND_LINE].len, length);
        assert_int_equal(event.flags & EG_EVENT_COMMAND_LINE_CUT,
                         length == 1024 ? EG_EVENT_COMMAND_LINE_CUT : 0);
    }
    eg_event_text_done(&text);
}

static void make_event__process_start__has_sysmon_fields(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    make_kernel_process(&p, 4, 8);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_int_equal(event.kind, EG_KIND_PROCESS_START);
    assert_int_equal(event.event_id, 1);
    assert_int_equal(event.pid, 4321);
    assert_int_equal(event.parent_pid, 999);
    assert_int_equal(event.time, record.time);
    assert_field(&event, EG_FIELD_PROCESS_ID, "4321");
    assert_field(&event, EG_FIELD_PARENT_PROCESS_ID, "999");
    assert_field(&event, EG_FIELD_CREATOR_PROCESS_ID, "777");
    assert_field(&event, EG_FIELD_COMMAND_LINE, "cmd /c dir");
    assert_field(&event, EG_FIELD_IMAGE, "cmd.exe");
    assert_field(&event, EG_FIELD_USER, "S-1-5-18");
    assert_field(&event, EG_FIELD_PACKAGE_FULL_NAME, "Package_1");
    assert_null(event.field[EG_FIELD_EXIT_STATUS].ptr);
    eg_event_text_done(&text);
}

static void make_event__without_memory__fails_cleanly(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    EG_UNUSED(state);
    make_kernel_process(&p, 4, 8);
    eg_etw_record record = kernel_record(4, 1, 8, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    int status = EG_E_NOMEM;
    for (long allowed = 0; status != EG_OK; allowed++) {
        eg_event event = {.pid = 5};
        eg_event_text text;
        assert_true(allowed < 100);
        eg_mem_fail_after(allowed);
        status = eg_event_text_init(&text);
        if (status == EG_OK) {
            status = eg_etw_make_event(&record, &decoded, &text, &event);
            eg_event_text_done(&text);
        }
        eg_mem_fail_after(-1);
        if (status != EG_OK) {
            assert_int_equal(status, EG_E_NOMEM);
            assert_int_equal(event.pid, 5);
        }
    }
}

static void manifest_rundown__version__is_two_behind_start(void **state)
{
    payload p;
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    make_manifest_start(&p, 5);
    eg_etw_record record = make_record(manifest_process, 15, 3, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(decoded.as.process.machine, 0x8664);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_true(event.flags & EG_EVENT_EXISTING);
    assert_int_equal(event.create_time, 133);
    assert_field(&event, EG_FIELD_INTEGRITY_LEVEL, "Medium");
    assert_field(&event, EG_FIELD_IMAGE, "\\Device\\x.exe");
    eg_event_text_done(&text);
}

static void task_registered__names__become_an_event(void **state)
{
    payload p = {.size = 0};
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    put_wide(&p, "\\Folder\\Task");
    put_wide(&p, "PC\\user");
    eg_etw_record record = make_record(task_scheduler, 106, 0, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_int_equal(event.kind, EG_KIND_TASK_REGISTERED);
    assert_int_equal(event.pid, 777);
    assert_field(&event, EG_FIELD_TASK_NAME, "\\Folder\\Task");
    assert_field(&event, EG_FIELD_USER_CONTEXT, "PC\\user");
    eg_event_text_done(&text);
}

static void script_block__lone_surrogate_in_the_text__is_kept(void **state)
{
    payload p = {.size = 0};
    eg_etw_decoded decoded;
    eg_event event;
    eg_event_text text;
    EG_UNUSED(state);
    assert_int_equal(eg_event_text_init(&text), EG_OK);
    put_number(&p, 1, 4);
    put_number(&p, 1, 4);
    put_number(&p, 0xD800, 2);
    put_wide(&p, "x");
    put_wide(&p, "id");
    put_wide(&p, "C:\\a.ps1");
    eg_etw_record record = make_record(powershell, 4104, 1, &p);
    assert_int_equal(eg_etw_decode(&record, &decoded), EG_ETW_EVENT);
    assert_int_equal(eg_etw_make_event(&record, &decoded, &text, &event), EG_OK);
    assert_field(&event, EG_FIELD_SCRIPT_BLOCK_TEXT, "\xED\xA0\x80x");
    assert_field(&event, EG_FIELD_PATH, "C:\\a.ps1");
    eg_event_text_done(&text);
}

int eg_test_etw_event(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(make_event__long_command_line__is_flagged_as_cut),
        cmocka_unit_test(make_event__process_start__has_sysmon_fields),
        cmocka_unit_test(make_event__without_memory__fails_cleanly),
        cmocka_unit_test(manifest_rundown__version__is_two_behind_start),
        cmocka_unit_test(task_registered__names__become_an_event),
        cmocka_unit_test(script_block__lone_surrogate_in_the_text__is_kept),
    };
    return cmocka_run_group_tests_name("etw_event", tests, NULL, NULL);
}
