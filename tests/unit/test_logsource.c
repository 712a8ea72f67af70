/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/event/logsource.h"
#include "tests/unit/unit.h"

#include <string.h>

static eg_logsource find(const char *category, const char *service)
{
    eg_logsource found = UINT16_MAX;
    int status =
        eg_logsource_find(EG_STR("windows"), eg_str_from(category), eg_str_from(service), &found);
    if (status != EG_OK) {
        fail_msg("%s", eg_error_message());
    }
    return found;
}

static eg_event event_of(const char *channel, uint32_t event_id)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_OTHER);
    event.channel = eg_str_from(channel);
    event.event_id = event_id;
    event.kind = eg_logsource_kind(event.channel, event_id);
    return event;
}

static bool covers(const char *category, const char *service, const char *channel, uint32_t id)
{
    eg_event event = event_of(channel, id);
    return eg_logsource_covers(find(category, service), &event);
}

static void covers__of_categories__follows_channel_and_id(void **state)
{
    EG_UNUSED(state);
    const char *sysmon = EG_CHANNEL_SYSMON;
    assert_true(covers("process_creation", NULL, sysmon, 1));
    assert_true(covers("process_creation", NULL, "Security", 4688));
    assert_false(covers("process_creation", NULL, sysmon, 5));
    assert_false(covers("process_creation", NULL, "Security", 1));
    assert_false(covers("process_creation", NULL, "security", 4688));
    assert_false(covers("process_creation", NULL, NULL, 1));
    assert_true(covers("registry_event", NULL, sysmon, 12));
    assert_true(covers("registry_event", NULL, sysmon, 14));
    assert_false(covers("registry_event", NULL, sysmon, 15));
    assert_false(covers("registry_event", NULL, sysmon, 0));
    assert_true(covers("ps_script", NULL, EG_CHANNEL_POWERSHELL, 4104));
    assert_true(covers("ps_script", NULL, "PowerShellCore/Operational", 4104));
    assert_true(covers("ps_classic_start", NULL, "Windows PowerShell", 400));
    assert_true(covers("sysmon_error", NULL, sysmon, 255));
    assert_true(covers("scheduled_task", NULL, "EmoGuard", 140));
    assert_true(covers("amsi", NULL, "EmoGuard", 1101));
    assert_true(covers("emoguard", NULL, "EmoGuard", 1));
}

static void covers__of_services__follows_the_channel_alone(void **state)
{
    EG_UNUSED(state);
    assert_true(covers(NULL, "security", "Security", 1));
    assert_true(covers(NULL, "sysmon", EG_CHANNEL_SYSMON, 99));
    assert_false(covers(NULL, "security", "System", 1));
    assert_true(covers(NULL, "powershell", "PowerShellCore/Operational", 7));
    assert_true(covers(NULL, "applocker", "Microsoft-Windows-AppLocker/Packaged app-Execution", 0));
    assert_false(covers(NULL, "applocker", "Microsoft-Windows-AppLocker", 0));
    assert_true(covers(NULL, "dns-server", "DNS Server", 150));
}

static void covers__of_category_with_service__needs_both(void **state)
{
    EG_UNUSED(state);
    assert_true(covers("process_creation", "sysmon", EG_CHANNEL_SYSMON, 1));
    assert_false(covers("process_creation", "sysmon", "Security", 4688));
    assert_true(covers("process_creation", "security", "Security", 4688));
    assert_false(covers("process_creation", "security", EG_CHANNEL_SYSMON, 1));
    assert_int_equal(find("ps_script", "powershell"), find("ps_script", NULL));
    eg_logsource out = 7;
    int status = eg_logsource_find(EG_STR_NONE, EG_STR("registry_set"), EG_STR("security"), &out);
    assert_int_equal(status, EG_E_NOTFOUND);
    assert_int_equal(out, 7);
}

static void covers__of_registry_categories__asks_the_event_type(void **state)
{
    EG_UNUSED(state);
    eg_event event = event_of(EG_CHANNEL_SYSMON, 12);
    eg_logsource add = find("registry_add", NULL);
    eg_logsource removal = find("registry_delete", NULL);
    assert_false(eg_logsource_covers(add, &event));
    assert_false(eg_logsource_covers(removal, &event));
    event.field[EG_FIELD_EVENT_TYPE] = EG_STR("CreateKey");
    assert_true(eg_logsource_covers(add, &event));
    assert_false(eg_logsource_covers(removal, &event));
    event.field[EG_FIELD_EVENT_TYPE] = EG_STR("DeleteValue");
    assert_false(eg_logsource_covers(add, &event));
    assert_true(eg_logsource_covers(removal, &event));
    event.field[EG_FIELD_EVENT_TYPE] = EG_STR("");
    assert_false(eg_logsource_covers(add, &event));
}

static void find__without_any_words__is_any(void **state)
{
    EG_UNUSED(state);
    eg_logsource out = 7;
    eg_event event = event_of("Whatever", 1);
    assert_int_equal(eg_logsource_find(EG_STR_NONE, EG_STR_NONE, EG_STR_NONE, &out), EG_OK);
    assert_int_equal(out, EG_LOGSOURCE_ANY);
    assert_true(eg_logsource_covers(out, &event));
    assert_int_equal(find(NULL, NULL), EG_LOGSOURCE_ANY);
}

static void find__of_unknown_words__tells_which_and_why(void **state)
{
    EG_UNUSED(state);
    eg_logsource out = 7;
    eg_str none = EG_STR_NONE;
    assert_int_equal(eg_logsource_find(EG_STR("linux"), none, none, &out), EG_E_UNSUPPORTED);
    assert_non_null(strstr(eg_error_message(), "linux"));
    assert_int_equal(eg_logsource_find(none, EG_STR("file_access"), none, &out), EG_E_NOTFOUND);
    assert_non_null(strstr(eg_error_message(), "file_access"));
    assert_int_equal(eg_logsource_find(none, EG_STR("file_rename"), none, &out), EG_E_NOTFOUND);
    assert_int_equal(eg_logsource_find(none, none, EG_STR("nothing"), &out), EG_E_NOTFOUND);
    assert_int_equal(eg_logsource_find(none, EG_STR(""), none, &out), EG_E_NOTFOUND);
    /* A service is no category, and the rows for both are nobody's words. */
    assert_int_equal(eg_logsource_find(none, EG_STR("security"), none, &out), EG_E_NOTFOUND);
    assert_int_equal(eg_logsource_find(none, EG_STR("process_creation/sysmon"), none, &out),
                     EG_E_NOTFOUND);
    assert_int_equal(out, 7);
}

static void logsources__all_of_them__have_different_names(void **state)
{
    EG_UNUSED(state);
    assert_string_equal(eg_logsource_name(EG_LOGSOURCE_ANY), "any");
    assert_string_equal(eg_logsource_name(find("dns_query", NULL)), "dns_query");
    assert_string_equal(eg_logsource_name(find(NULL, "system")), "system");
    for (size_t a = 0; a < eg_logsource_count(); a++) {
        for (size_t b = 0; b < a; b++) {
            assert_string_not_equal(eg_logsource_name((eg_logsource)a),
                                    eg_logsource_name((eg_logsource)b));
        }
    }
}

static void sensors__of_this_build__feed_what_they_say(void **state)
{
    EG_UNUSED(state);
    eg_logsource process = find("process_creation", NULL);
    assert_true(eg_logsource_has_sensor(process));
    assert_true(eg_logsource_has_field(process, EG_STR("CommandLine")));
    assert_false(eg_logsource_has_field(process, EG_STR("Comman")));
    assert_false(eg_logsource_has_field(process, EG_STR("")));
    assert_false(eg_logsource_has_field(process, EG_STR("TargetObject")));
    assert_true(eg_logsource_has_field(find("process_creation", "security"), EG_STR("Image")));
    assert_true(eg_logsource_has_field(find("registry_set", NULL), EG_STR("Details")));
    assert_true(eg_logsource_has_field(find("registry_set", NULL), EG_STR("Image")));
    assert_false(eg_logsource_has_field(find("file_event", NULL), EG_STR("Image")));
    assert_true(eg_logsource_has_sensor(find("registry_delete", NULL)));
    assert_false(eg_logsource_has_sensor(find("registry_add", NULL)));
    assert_true(eg_logsource_has_sensor(find(NULL, "taskscheduler")));
    assert_true(eg_logsource_has_field(find(NULL, "security"), EG_STR("TaskContentNew")));
    assert_true(eg_logsource_has_sensor(find("scheduled_task", NULL)));
    assert_true(eg_logsource_has_sensor(find(NULL, "system")));
    assert_true(eg_logsource_has_field(find(NULL, "system"), EG_STR("ImagePath")));
    assert_true(eg_logsource_has_field(find(NULL, "security"), EG_STR("ServiceFileName")));
    assert_true(eg_logsource_has_field(find("wmi_event", NULL), EG_STR("Destination")));
    assert_true(eg_logsource_has_field(find(NULL, "wmi"), EG_STR("PossibleCause")));
    assert_true(eg_logsource_has_field(find("ps_classic_start", NULL), EG_STR("Data")));
    assert_true(eg_logsource_has_field(find("ps_classic_script", NULL), EG_STR("Data")));
    assert_true(eg_logsource_has_field(find("ps_module", NULL), EG_STR("Payload")));
    assert_false(eg_logsource_has_sensor(find("create_remote_thread", NULL)));
    assert_true(eg_logsource_has_sensor(EG_LOGSOURCE_ANY));
}

static void sensors__of_this_build__make_these_ids_and_no_other(void **state)
{
    EG_UNUSED(state);
    eg_logsource system = find(NULL, "system");
    assert_true(eg_logsource_has_event(system, EG_STR("7045")));
    assert_false(eg_logsource_has_event(system, EG_STR("7036")));
    assert_false(eg_logsource_has_event(system, EG_STR("4697")));
    assert_false(eg_logsource_has_event(system, EG_STR("")));
    assert_false(eg_logsource_has_event(system, EG_STR("x")));
    assert_true(eg_logsource_has_event(find(NULL, "security"), EG_STR("4688")));
    assert_true(eg_logsource_has_event(find("wmi_event", NULL), EG_STR("21")));
    assert_false(eg_logsource_has_event(find("wmi_event", NULL), EG_STR("1")));
}

static void kind__of_recorded_events__is_that_of_ours(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_logsource_kind(EG_STR("Security"), 4688), EG_KIND_PROCESS_START);
    assert_int_equal(eg_logsource_kind(EG_STR("Security"), 4699), EG_KIND_TASK_REMOVED);
    assert_int_equal(eg_logsource_kind(EG_STR(EG_CHANNEL_TASK), 140), EG_KIND_TASK_UPDATED);
    assert_int_equal(eg_logsource_kind(EG_STR("Security"), 1), EG_KIND_OTHER);
    assert_int_equal(eg_logsource_kind(EG_STR(""), 0), EG_KIND_OTHER);
    assert_int_equal(eg_logsource_kind(EG_STR_NONE, 1), EG_KIND_OTHER);
}

/* ---- views ---- */

static int make_arena(void **state)
{
    eg_arena *arena = NULL;
    int status = eg_arena_create(&arena, 4096);
    *state = arena;
    return status;
}

static int drop_arena(void **state)
{
    eg_arena_destroy(*state);
    return 0;
}

static void check_view(const eg_event *view, const char *channel, uint32_t id, const char *id_text)
{
    assert_true(eg_str_equal(view->channel, eg_str_from(channel)));
    assert_true(eg_str_equal(view->field[EG_FIELD_CHANNEL], eg_str_from(channel)));
    assert_int_equal(view->event_id, id);
    assert_true(eg_str_equal(view->field[EG_FIELD_EVENT_ID], eg_str_from(id_text)));
}

static void views__of_a_task_our_sensor_saw__are_both_logs_of_windows(void **state)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_event event;
    eg_event_init(&event, EG_KIND_TASK_REGISTERED);
    event.field[EG_FIELD_TASK_NAME] = EG_STR("\\Update");
    event.field[EG_FIELD_USER] = EG_STR("PC\\a");
    event.field[EG_FIELD_TASK_CONTENT] = EG_STR("<Task/>");
    assert_int_equal(eg_event_views(&event, *state, views), 3);
    assert_memory_equal(&views[0], &event, sizeof(event));
    check_view(&views[1], EG_CHANNEL_TASK, 106, "106");
    assert_true(eg_str_equal(views[1].field[EG_FIELD_TASK_NAME], EG_STR("\\Update")));
    assert_true(eg_str_equal(views[1].field[EG_FIELD_USER_CONTEXT], EG_STR("PC\\a")));
    assert_true(eg_str_equal(views[1].field[EG_FIELD_PROVIDER_NAME], EG_STR(EG_PROVIDER_TASK)));
    check_view(&views[2], "Security", 4698, "4698");
    assert_true(eg_str_equal(views[2].field[EG_FIELD_TASK_CONTENT], EG_STR("<Task/>")));

    eg_event_init(&event, EG_KIND_TASK_UPDATED);
    event.field[EG_FIELD_USER] = EG_STR("PC\\a");
    event.field[EG_FIELD_TASK_CONTENT] = EG_STR("<Task/>");
    assert_int_equal(eg_event_views(&event, *state, views), 3);
    check_view(&views[1], EG_CHANNEL_TASK, 140, "140");
    assert_true(eg_str_equal(views[1].field[EG_FIELD_USER_NAME], EG_STR("PC\\a")));
    check_view(&views[2], "Security", 4702, "4702");
    assert_null(views[2].field[EG_FIELD_TASK_CONTENT].ptr);
    assert_true(eg_str_equal(views[2].field[EG_FIELD_TASK_CONTENT_NEW], EG_STR("<Task/>")));
    assert_non_null(views[0].field[EG_FIELD_TASK_CONTENT].ptr);

    eg_event_init(&event, EG_KIND_TASK_REMOVED);
    assert_int_equal(eg_event_views(&event, *state, views), 3);
    check_view(&views[1], EG_CHANNEL_TASK, 141, "141");
    check_view(&views[2], "Security", 4699, "4699");
}

static void views__of_a_script_handed_to_amsi__are_a_script_block_of_powershell(void **state)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_event event;
    eg_event_init(&event, EG_KIND_AMSI_CONTENT);
    event.field[EG_FIELD_APP_NAME] = EG_STR("VBScript");
    assert_int_equal(eg_event_views(&event, *state, views), 1);
    event.field[EG_FIELD_APP_NAME] = EG_STR("PowerShell_C:\\powershell.exe_10.0.19041.1");
    event.field[EG_FIELD_CONTENT_NAME] = EG_STR("C:\\a.ps1");
    event.field[EG_FIELD_SCRIPT_BLOCK_TEXT] = EG_STR("iex");
    assert_int_equal(eg_event_views(&event, *state, views), 2);
    check_view(&views[1], EG_CHANNEL_POWERSHELL, 4104, "4104");
    assert_true(eg_str_equal(views[1].field[EG_FIELD_SCRIPT_BLOCK_TEXT], EG_STR("iex")));
    assert_true(eg_str_equal(views[1].field[EG_FIELD_PATH], EG_STR("C:\\a.ps1")));
}

#define TASK_XML \
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Task xmlns=\"http://x\"><Triggers>" \
    "<LogonTrigger/></Triggers><Principals><Principal><UserId>S-1-5-18</UserId></Principal>" \
    "</Principals><Settings><Hidden>true</Hidden></Settings><Actions><Exec>" \
    "<Command>regsvr32.exe</Command>" \
    "<Arguments>/s a.dll</Arguments></Exec></Actions></Task>"

static void check_task_fields(const eg_event *view)
{
    assert_true(eg_str_equal(view->field[EG_FIELD_COMMAND], EG_STR("regsvr32.exe")));
    assert_true(eg_str_equal(view->field[EG_FIELD_ARGUMENTS], EG_STR("/s a.dll")));
    assert_true(eg_str_equal(view->field[EG_FIELD_TRIGGERS], EG_STR("LogonTrigger")));
    assert_true(eg_str_equal(view->field[EG_FIELD_USER_ID], EG_STR("S-1-5-18")));
    assert_true(eg_str_equal(view->field[EG_FIELD_HIDDEN], EG_STR("true")));
    assert_null(view->field[EG_FIELD_WORKING_DIRECTORY].ptr);
}

static void views__of_a_recorded_task_event__have_our_parsed_fields(void **state)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_event event = event_of("Security", 4698);
    event.field[EG_FIELD_TASK_CONTENT] = EG_STR(TASK_XML);
    assert_int_equal(eg_event_views(&event, *state, views), 2);
    check_view(&views[1], "EmoGuard", 106, "106");
    check_task_fields(&views[1]);
    assert_null(views[0].field[EG_FIELD_COMMAND].ptr);
    assert_true(eg_logsource_covers(find("scheduled_task", NULL), &views[1]));

    event = event_of("Security", 4702);
    event.field[EG_FIELD_TASK_CONTENT_NEW] = EG_STR(TASK_XML);
    assert_int_equal(eg_event_views(&event, *state, views), 2);
    check_view(&views[1], "EmoGuard", 140, "140");
    check_task_fields(&views[1]);

    event.field[EG_FIELD_TASK_CONTENT_NEW] = EG_STR("<Task>");
    assert_int_equal(eg_event_views(&event, *state, views), 2);
    assert_null(views[1].field[EG_FIELD_COMMAND].ptr);

    event = event_of(EG_CHANNEL_TASK, 141);
    assert_int_equal(eg_event_views(&event, *state, views), 2);
    check_view(&views[1], "EmoGuard", 141, "141");
}

static void views__without_memory__are_still_made(void **state)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_event event = event_of("Security", 4698);
    event.field[EG_FIELD_TASK_CONTENT] = EG_STR(TASK_XML);
    bool done = false;
    for (long allowed = 0; !done; allowed++) {
        eg_mem_fail_after(allowed);
        size_t count = eg_event_views(&event, *state, views);
        eg_mem_fail_after(-1);
        assert_int_equal(count, 2);
        check_view(&views[1], "EmoGuard", 106, "106");
        done = eg_mem_failures() == 0;
        assert_true(allowed < 1000);
    }
    check_task_fields(&views[1]);
}

static void views__of_a_service__depend_on_who_saw_it(void **state)
{
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_event event;
    eg_event_init(&event, EG_KIND_SERVICE_INSTALLED);
    event.field[EG_FIELD_IMAGE_PATH] = EG_STR("C:\\x.exe");
    /* Read from a log: Security has, or has not, its own record of it. */
    assert_int_equal(eg_event_views(&event, *state, views), 1);
    event.source = EG_STR("services");
    assert_int_equal(eg_event_views(&event, *state, views), 2);
    check_view(&views[1], "Security", 4697, "4697");
    assert_true(eg_str_equal(views[1].field[EG_FIELD_SERVICE_FILE_NAME], EG_STR("C:\\x.exe")));
}

static void views__of_4688__have_the_names_of_sysmon(void **state)
{
    const eg_named_value extra[] = {
        {EG_STR_INIT("NewProcessName"), EG_STR_INIT("C:\\a.exe")},
        {EG_STR_INIT("ParentProcessName"), EG_STR_INIT("C:\\b.exe")},
    };
    eg_event views[EG_EVENT_VIEWS_MAX];
    eg_event event = event_of("Security", 4688);
    event.extra = extra;
    event.extra_count = EG_COUNT(extra);
    assert_int_equal(eg_event_views(&event, *state, views), 1);
    assert_true(eg_str_equal(views[0].field[EG_FIELD_IMAGE], EG_STR("C:\\a.exe")));
    assert_true(eg_str_equal(views[0].field[EG_FIELD_PARENT_IMAGE], EG_STR("C:\\b.exe")));
    event.field[EG_FIELD_IMAGE] = EG_STR("own");
    assert_int_equal(eg_event_views(&event, *state, views), 1);
    assert_true(eg_str_equal(views[0].field[EG_FIELD_IMAGE], EG_STR("own")));
}

int eg_test_logsource(void)
{
#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, drop_arena)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers__of_categories__follows_channel_and_id),
        cmocka_unit_test(covers__of_services__follows_the_channel_alone),
        cmocka_unit_test(covers__of_category_with_service__needs_both),
        cmocka_unit_test(covers__of_registry_categories__asks_the_event_type),
        cmocka_unit_test(find__without_any_words__is_any),
        cmocka_unit_test(find__of_unknown_words__tells_which_and_why),
        cmocka_unit_test(logsources__all_of_them__have_different_names),
        cmocka_unit_test(sensors__of_this_build__feed_what_they_say),
        cmocka_unit_test(sensors__of_this_build__make_these_ids_and_no_other),
        cmocka_unit_test(kind__of_recorded_events__is_that_of_ours),
        WITH_ARENA(views__of_a_task_our_sensor_saw__are_both_logs_of_windows),
        WITH_ARENA(views__of_a_script_handed_to_amsi__are_a_script_block_of_powershell),
        WITH_ARENA(views__of_a_recorded_task_event__have_our_parsed_fields),
        WITH_ARENA(views__without_memory__are_still_made),
        WITH_ARENA(views__of_a_service__depend_on_who_saw_it),
        WITH_ARENA(views__of_4688__have_the_names_of_sysmon),
    };
    return cmocka_run_group_tests_name("logsource", tests, NULL, NULL);
}
