/* SPDX-License-Identifier: Apache-2.0 */
/* Records of event logs as EvtRender writes them, in the shapes of the channels that are read. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/event_xml.h"
#include "tests/unit/alloc.h"

#include <stdio.h>
#include <string.h>

#define EVENT "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"

/* A record with this System and, behind it, `data`. */
#define RECORD(provider, id, channel, data) \
    EVENT "<System><Provider Name='" provider "' Guid='{555908d1-a6d7-4695-8e1e-26931d2012f4}' " \
          "EventSourceName='x'/><EventID Qualifiers='16384'>" id "</EventID><Version>2</Version>" \
          "<Level>4</Level><TimeCreated SystemTime='2026-11-23T01:42:03.1234567Z'/>" \
          "<EventRecordID>77</EventRecordID><Correlation/><Execution ProcessID='4242' " \
          "ThreadID='8'/><Channel>" channel "</Channel><Computer>pc.example</Computer>" \
          "<Security UserID='S-1-5-18'/></System>" data "</Event>"

#define SERVICES "Service Control Manager"
#define AUDITING "Microsoft-Windows-Security-Auditing"

static int set_up(void **state)
{
    eg_event_reader *reader = NULL;
    assert_int_equal(eg_event_reader_create(&reader), EG_OK);
    *state = reader;
    return 0;
}

static int tear_down(void **state)
{
    eg_event_reader_destroy(*state);
    return 0;
}

static void read_ok(void **state, const char *xml, eg_event *event)
{
    int status = eg_event_read_xml(*state, eg_str_from(xml), event);
    if (status != EG_OK) {
        print_error("%s\n", eg_error_message());
    }
    assert_int_equal(status, EG_OK);
}

static void check_field(const eg_event *event, const char *name, const char *expected)
{
    eg_str value = eg_event_get_named(event, eg_str_from(name));
    if (!expected) {
        assert_null(value.ptr);
        return;
    }
    assert_non_null(value.ptr);
    assert_int_equal(value.len, strlen(expected));
    assert_memory_equal(value.ptr, expected, value.len);
}

/* Windows PowerShell writes its texts without names, the last of them in lines. */
static void read__of_the_classic_powershell_log__has_all_its_texts(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD("PowerShell", "400", "Windows PowerShell",
                   "<EventData><Data>Available</Data><Data>None</Data><Data>\tNewEngineState="
                   "Available\r\n\tHostApplication=powershell.exe -enc SQBFAFgA\r\n"
                   "\tEngineVersion=5.1</Data></EventData>"),
            &event);
    assert_int_equal(event.event_id, 400);
    assert_true(eg_str_equal(event.channel, EG_STR("Windows PowerShell")));
    check_field(&event, "Data",
                "Available\nNone\n\tNewEngineState=Available\n"
                "\tHostApplication=powershell.exe -enc SQBFAFgA\n\tEngineVersion=5.1");
}

static void read__of_4103__has_payload_and_context(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD("Microsoft-Windows-PowerShell", "4103", EG_CHANNEL_POWERSHELL,
                   "<EventData><Data Name='ContextInfo'>Host Application = powershell.exe</Data>"
                   "<Data Name='UserData'></Data><Data Name='Payload'>CommandInvocation(Get-Item)"
                   "</Data></EventData>"),
            &event);
    assert_int_equal(event.kind, EG_KIND_OTHER);
    check_field(&event, "ContextInfo", "Host Application = powershell.exe");
    check_field(&event, "Payload", "CommandInvocation(Get-Item)");
}

static void read__of_7045__is_a_service_with_all_of_system(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD(SERVICES, "7045", "System",
                   "<EventData><Data Name='ServiceName'>upd</Data><Data Name='ImagePath'>"
                   "&quot;C:\\a &amp; b\\x.exe&quot; &lt;1&gt;</Data><Data Name='ServiceType'>user "
                   "mode service</Data><Data Name='StartType'>auto start</Data>"
                   "<Data Name='AccountName'></Data></EventData>"),
            &event);
    assert_int_equal(event.kind, EG_KIND_SERVICE_INSTALLED);
    assert_int_equal(event.event_id, 7045);
    uint64_t time = 0;
    assert_int_equal(eg_time_parse(EG_STR("2026-11-23T01:42:03.1234567Z"), &time), EG_OK);
    assert_true(event.time == time);
    check_field(&event, "EventID", "7045");
    check_field(&event, "Channel", "System");
    check_field(&event, "Provider_Name", SERVICES);
    check_field(&event, "Computer", "pc.example");
    check_field(&event, "Security_UserID", "S-1-5-18");
    check_field(&event, "EventRecordID", "77");
    check_field(&event, "ServiceName", "upd");
    check_field(&event, "ImagePath", "\"C:\\a & b\\x.exe\" <1>");
    check_field(&event, "ServiceType", "user mode service");
    check_field(&event, "AccountName", "");
}

static void read__of_4688__has_the_names_of_sysmon_and_both_processes(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD(AUDITING, "4688", "Security",
                   "<EventData><Data Name='NewProcessId'>0x1fc4</Data><Data Name='NewProcessName'>"
                   "C:\\Windows\\System32\\cmd.exe</Data><Data Name='ProcessId'>0x278</Data>"
                   "<Data Name='CommandLine'>cmd /c \xE5\x91\xBD</Data>"
                   "<Data Name='ParentProcessName'>C:\\p.exe</Data></EventData>"),
            &event);
    assert_int_equal(event.kind, EG_KIND_PROCESS_START);
    assert_int_equal(event.pid, 0x1fc4);
    assert_int_equal(event.parent_pid, 0x278);
    check_field(&event, "Image", "C:\\Windows\\System32\\cmd.exe");
    check_field(&event, "ParentImage", "C:\\p.exe");
    check_field(&event, "CommandLine", "cmd /c \xE5\x91\xBD");
    read_ok(state,
            RECORD(AUDITING, "4688", "Security",
                   "<EventData><Data Name='NewProcessId'>0x4</Data></EventData>"),
            &event);
    check_field(&event, "Image", NULL); /* what a record lacks stays missing */
}

static void read__of_user_data__takes_what_its_element_holds(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD("Microsoft-Windows-WMI-Activity", "5861",
                   "Microsoft-Windows-WMI-Activity/Operational",
                   "<UserData><Operation_ESStoConsumerBinding xmlns='http://x'><Namespace>"
                   "//./ROOT/Subscription</Namespace><ESS>upd</ESS><CONSUMER>Command</CONSUMER>"
                   "<PossibleCause>Query = &quot;q&quot;; <b>in</b>ner</PossibleCause>"
                   "</Operation_ESStoConsumerBinding></UserData>"),
            &event);
    check_field(&event, "Namespace", "//./ROOT/Subscription");
    check_field(&event, "ESS", "upd");
    check_field(&event, "CONSUMER", "Command");
    check_field(&event, "PossibleCause", "Query = \"q\"; inner");
    check_field(&event, "xmlns", NULL);
}

static void read__of_each_channel__gives_its_kind(void **state)
{
    static const struct {
        const char *xml;
        eg_kind kind;
    } cases[] = {
        {RECORD(AUDITING, "4697", "Security", ""), EG_KIND_SERVICE_INSTALLED},
        {RECORD(AUDITING, "4698", "Security", ""), EG_KIND_TASK_REGISTERED},
        {RECORD(AUDITING, "4702", "Security", ""), EG_KIND_TASK_UPDATED},
        {RECORD(AUDITING, "4699", "Security", ""), EG_KIND_TASK_REMOVED},
        {RECORD(EG_PROVIDER_TASK, "106", EG_CHANNEL_TASK, ""), EG_KIND_TASK_REGISTERED},
        {RECORD(EG_PROVIDER_TASK, "140", EG_CHANNEL_TASK, ""), EG_KIND_TASK_UPDATED},
        {RECORD(EG_PROVIDER_TASK, "141", EG_CHANNEL_TASK, ""), EG_KIND_TASK_REMOVED},
        {RECORD(EG_PROVIDER_TASK, "142", EG_CHANNEL_TASK, ""), EG_KIND_OTHER},
        {RECORD(EG_PROVIDER_TASK, "129", EG_CHANNEL_TASK, ""), EG_KIND_TASK_STARTED},
        {RECORD(EG_PROVIDER_SYSMON, "1", EG_CHANNEL_SYSMON, ""), EG_KIND_PROCESS_START},
        {RECORD(EG_PROVIDER_SYSMON, "12", EG_CHANNEL_SYSMON, ""), EG_KIND_REGISTRY_DELETE},
        {RECORD(EG_PROVIDER_SYSMON, "13", EG_CHANNEL_SYSMON, ""), EG_KIND_REGISTRY_SET},
        {RECORD(EG_PROVIDER_SYSMON, "19", EG_CHANNEL_SYSMON, ""), EG_KIND_WMI_SUBSCRIPTION},
        {RECORD(EG_PROVIDER_SYSMON, "21", EG_CHANNEL_SYSMON, ""), EG_KIND_WMI_SUBSCRIPTION},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_event event;
        read_ok(state, cases[i].xml, &event);
        assert_int_equal(event.kind, cases[i].kind);
    }
}

static void read__of_a_script__knows_the_process_that_ran_it(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD(EG_PROVIDER_POWERSHELL, "4104", EG_CHANNEL_POWERSHELL,
                   "<EventData><Data Name='ScriptBlockText'>a\nb</Data></EventData>"),
            &event);
    assert_int_equal(event.kind, EG_KIND_SCRIPT_BLOCK);
    assert_int_equal(event.pid, 4242);
    check_field(&event, "ScriptBlockText", "a\nb");
}

static void read__of_data_without_names__joins_it(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD("old", "400", "Windows PowerShell",
                   "<EventData><Data>Available</Data><Data>None</Data>"
                   "<Data Name='Threat Name'>t</Data><Binary>00FF</Binary></EventData>"),
            &event);
    check_field(&event, "Data", "Available\nNone");
    check_field(&event, "ThreatName", "t");
    check_field(&event, "Binary", "00FF");
}

/* The event log writes into the XML what a program logged, allowed there or not. */
static void read__of_forbidden_characters__replaces_them(void **state)
{
    eg_event event;
    read_ok(state,
            RECORD(SERVICES, "7045", "System",
                   "<EventData><Data Name='ImagePath'>a\x01"
                   "b&#x1F;c&#2;d&#65;e\xED\xA0\x80"
                   "f\xEF\xBF\xBF"
                   "g\xFFh\ti&#x0;j</Data></EventData>"),
            &event);
#define FFFD "\xEF\xBF\xBD"
    check_field(&event, "ImagePath",
                "a" FFFD "b" FFFD "c" FFFD "dAe" FFFD "f" FFFD "g" FFFD "h\ti" FFFD "j");
}

static void read__of_what_is_no_record__says_why(void **state)
{
    static const char *const wrong[] = {
        "",
        "<Event>",
        "<Event/>",
        "<Events><Event/></Events>",
        EVENT "<System><EventID>x</EventID></System></Event>",
        EVENT "<EventData><Data Name='EventID'>1</Data></EventData></Event>",
        "<!DOCTYPE Event [<!ENTITY a 'b'>]><Event><System><EventID>&a;</EventID></System></Event>",
        "<Event><System><EventID>&b;</EventID></System></Event>",
    };
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        eg_event event;
        assert_int_equal(eg_event_read_xml(*state, eg_str_from(wrong[i]), &event), EG_E_INVALID);
        assert_true(strlen(eg_error_message()) > 10);
    }
    char *large = eg_alloc_zero(1, EG_EVENT_XML_MAX + 1);
    eg_event event;
    assert_non_null(large);
    assert_int_equal(eg_event_read_xml(*state, (eg_str){large, EG_EVENT_XML_MAX + 1}, &event),
                     EG_E_LIMIT);
    eg_free(large);
}

static const char whole[] = RECORD(
    SERVICES, "7045", "System",
    "<EventData><Data Name='ServiceName'>upd</Data><Data>&#x41;</Data></EventData><UserData><E>"
    "<A>1</A></E></UserData><ProcessingErrorData><ErrorCode>15005</ErrorCode>"
    "</ProcessingErrorData>");

static void read__of_a_cut_record__never_succeeds(void **state)
{
    for (size_t size = 0; size < sizeof(whole) - 1; size++) {
        eg_event event;
        /* a copy of its own, so that a read behind it is found */
        char *copy = eg_alloc(size);
        assert_non_null(copy);
        memcpy(copy, whole, size);
        assert_int_equal(eg_event_read_xml(*state, (eg_str){copy, size}, &event), EG_E_INVALID);
        eg_free(copy);
    }
}

static int read_whole(void *arg)
{
    eg_event event;
    eg_event_reader *reader = NULL;
    EG_UNUSED(arg);
    int status = eg_event_reader_create(&reader);
    if (status == EG_OK) {
        status = eg_event_read_xml(reader,
                                   EG_STR(""
                                          "<Event><System><EventID>1</EventID></System>"
                                          "<EventData><Data Name='a'>b</Data><Data>c"
                                          "</Data></EventData></Event>"),
                                   &event);
    }
    eg_event_reader_destroy(reader);
    return status;
}

static void read__without_memory__fails(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(read_whole, NULL) > 8);
}

/* ---- values that real event logs held ---- */

static void append_escaped(eg_buf *out, eg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '<' || c == '&' || c == '>' || c == '\'' || c == '\r') {
            eg_buf_appendf(out, "&#%d;", c);
        } else {
            eg_buf_append_char(out, c);
        }
    }
}

static bool is_name(eg_str name)
{
    return !eg_str_equal(name, EG_STR("Data@Name")) && !memchr(name.ptr, ' ', name.len);
}

static void write_record(eg_buf *out, yyjson_val *record)
{
    size_t i, count;
    yyjson_val *item;
    eg_buf_clear(out);
    eg_buf_appendf(out, "<Event><System><EventID>%d</EventID><Channel>%.*s</Channel></System>",
                   yyjson_get_int(yyjson_obj_get(record, "id")),
                   EG_STR_ARGS(eg_json_get_str(record, "channel")));
    eg_buf_append_cstr(out, "<EventData>");
    yyjson_arr_foreach(yyjson_obj_get(record, "fields"), i, count, item) {
        eg_str name = eg_json_get_str(item, "name");
        if (is_name(name)) {
            eg_buf_appendf(out, "<Data Name='%.*s'>", EG_STR_ARGS(name));
            append_escaped(out, eg_json_get_str(item, "value"));
            eg_buf_append_cstr(out, "</Data>");
        }
    }
    eg_buf_append_cstr(out, "</EventData></Event>");
    assert_int_equal(out->status, EG_OK);
}

static eg_str last_value(yyjson_val *fields, eg_str name)
{
    size_t i, count;
    yyjson_val *item;
    eg_str value = EG_STR_NONE;
    yyjson_arr_foreach(fields, i, count, item) {
        if (eg_str_equal(eg_json_get_str(item, "name"), name)) {
            value = eg_json_get_str(item, "value");
        }
    }
    return value;
}

/* Returns how many values were compared. */
static size_t check_record(eg_event_reader *reader, eg_buf *xml, eg_str line)
{
    eg_event event;
    yyjson_doc *document = NULL;
    size_t i, count, compared = 0;
    yyjson_val *item;
    assert_int_equal(eg_json_parse(line, &document), EG_OK);
    yyjson_val *fields = yyjson_obj_get(yyjson_doc_get_root(document), "fields");
    write_record(xml, yyjson_doc_get_root(document));
    assert_int_equal(eg_event_read_xml(reader, eg_buf_str(xml), &event), EG_OK);
    yyjson_arr_foreach(fields, i, count, item) {
        eg_str name = eg_json_get_str(item, "name");
        eg_str want = is_name(name) ? last_value(fields, name) : EG_STR_NONE;
        if (want.ptr) {
            assert_true(eg_str_equal(eg_event_get_named(&event, name), want));
            compared++;
        }
    }
    yyjson_doc_free(document);
    return compared;
}

static void read__of_recorded_values__gives_each_back(void **state)
{
    eg_buf path, content, xml;
    eg_str line;
    size_t compared = 0;
    eg_buf_init(&path, 4096);
    eg_buf_init(&content, 64 * 1024 * 1024);
    eg_buf_init(&xml, 4 * 1024 * 1024);
    bool there = eg_env_get("EMOGUARD_TEST_DATA", &path) == EG_OK;
    eg_buf_append_cstr(&path, "/etw/etw-evtx-derived.ndjson");
    there = there && eg_file_read(eg_buf_cstr(&path), 64 * 1024 * 1024, &content) == EG_OK;
    eg_str rest = eg_buf_str(&content);
    while (there && eg_str_split(&rest, '\n', &line)) {
        if (line.len > 0) {
            compared += check_record(*state, &xml, line);
        }
    }
    eg_buf_done(&xml);
    eg_buf_done(&content);
    eg_buf_done(&path);
    if (!there) {
        skip();
    }
    assert_true(compared > 500);
}

int eg_test_event_xml(void)
{
#define WITH_READER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_READER(read__of_7045__is_a_service_with_all_of_system),
        WITH_READER(read__of_4688__has_the_names_of_sysmon_and_both_processes),
        WITH_READER(read__of_user_data__takes_what_its_element_holds),
        WITH_READER(read__of_each_channel__gives_its_kind),
        WITH_READER(read__of_a_script__knows_the_process_that_ran_it),
        WITH_READER(read__of_data_without_names__joins_it),
        WITH_READER(read__of_the_classic_powershell_log__has_all_its_texts),
        WITH_READER(read__of_4103__has_payload_and_context),
        WITH_READER(read__of_forbidden_characters__replaces_them),
        WITH_READER(read__of_what_is_no_record__says_why),
        WITH_READER(read__of_a_cut_record__never_succeeds),
        WITH_READER(read__of_recorded_values__gives_each_back),
        cmocka_unit_test(read__without_memory__fails),
    };
    return cmocka_run_group_tests_name("event_xml", tests, NULL, NULL);
}
