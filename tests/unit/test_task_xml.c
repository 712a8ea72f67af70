/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/event/task_xml.h"
#include "tests/unit/unit.h"

#include <string.h>

#include "tests/unit/alloc.h"

static const char full[] =
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"
    "<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n"
    "  <RegistrationInfo><Author>PC\\\xE7\x94\xB0\xE4\xB8\xAD</Author><URI>\\Upd</URI>"
    "</RegistrationInfo>\r\n"
    "  <Triggers>\r\n<LogonTrigger><Enabled>false</Enabled></LogonTrigger><TimeTrigger>"
    "<Repetition><Interval>PT5M</Interval></Repetition></TimeTrigger></Triggers>\r\n"
    "  <Principals><Principal id=\"Author\"><UserId>S-1-5-18</UserId>"
    "<RunLevel>HighestAvailable</RunLevel></Principal></Principals>\r\n"
    "  <Settings><Hidden> true </Hidden><Enabled>false</Enabled></Settings>\r\n"
    "  <Actions Context=\"Author\"><Exec><Command>powershell.exe</Command><Arguments>-c &lt;a&gt; "
    "&amp; <![CDATA[<b>]]></Arguments><WorkingDirectory>C:\\w</WorkingDirectory></Exec>"
    "<Exec><Command> calc.exe\r\n</Command></Exec>"
    "<ComHandler><ClassId>{1}</ClassId><Data>d</Data></ComHandler></Actions>\r\n"
    "</Task>\r\n";

static void check_full(const eg_task_xml *task)
{
    assert_string_equal(eg_buf_cstr(&task->command), "powershell.exe; calc.exe");
    assert_string_equal(eg_buf_cstr(&task->arguments), "-c <a> & <b>");
    assert_string_equal(eg_buf_cstr(&task->working_directory), "C:\\w");
    assert_string_equal(eg_buf_cstr(&task->com_class), "{1}");
    assert_string_equal(eg_buf_cstr(&task->triggers), "LogonTrigger, TimeTrigger");
    assert_string_equal(eg_buf_cstr(&task->user_id), "S-1-5-18");
    assert_string_equal(eg_buf_cstr(&task->run_level), "HighestAvailable");
    assert_string_equal(eg_buf_cstr(&task->author), "PC\\\xE7\x94\xB0\xE4\xB8\xAD");
    assert_string_equal(eg_buf_cstr(&task->uri), "\\Upd");
    assert_true(task->hidden);
    assert_false(task->enabled);
}

static void parse__of_utf8_that_claims_utf16__reads_all_parts(void **state)
{
    EG_UNUSED(state);
    eg_task_xml task;
    eg_task_xml_init(&task);
    assert_int_equal(eg_task_xml_parse(full, sizeof(full) - 1, &task), EG_OK);
    check_full(&task);
    eg_task_xml_done(&task);
}

/* The document as UTF-16, `mark` first when not 0; the caller frees. */
static unsigned char *as_utf16(uint16_t mark, bool big_endian, size_t *size)
{
    uint16_t units[2048];
    size_t count = 0;
    size_t at = 0;
    assert_int_equal(eg_utf16_from_utf8(units, EG_COUNT(units), eg_str_from(full), &count), EG_OK);
    unsigned char *bytes = eg_alloc(count * 2 + 2);
    assert_non_null(bytes);
    for (size_t i = 0; i <= count; i++) {
        uint16_t unit = i == 0 ? mark : units[i - 1];
        if (i == 0 && mark == 0) {
            continue;
        }
        bytes[at++] = (unsigned char)(big_endian ? unit >> 8 : unit & 0xFF);
        bytes[at++] = (unsigned char)(big_endian ? unit & 0xFF : unit >> 8);
    }
    *size = at;
    return bytes;
}

static void parse__of_each_utf16_form__reads_the_same(void **state)
{
    EG_UNUSED(state);
    const struct {
        uint16_t mark;
        bool big_endian;
    } forms[] = {{0xFEFF, false}, {0xFEFF, true}, {0, false}};
    for (size_t i = 0; i < EG_COUNT(forms); i++) {
        size_t size = 0;
        eg_task_xml task;
        unsigned char *bytes = as_utf16(forms[i].mark, forms[i].big_endian, &size);
        eg_task_xml_init(&task);
        if (eg_task_xml_parse(bytes, size, &task) != EG_OK) {
            fail_msg("form %u: %s", (unsigned)i, eg_error_message());
        }
        check_full(&task);
        eg_task_xml_done(&task);
        eg_free(bytes);
    }
}

static void parse__of_a_bare_task__gives_the_defaults(void **state)
{
    EG_UNUSED(state);
    eg_task_xml task;
    eg_task_xml_init(&task);
    const char xml[] = "\xEF\xBB\xBF<t:Task xmlns:t=\"x\"><t:Principals><t:Principal><t:GroupId>"
                       "Users</t:GroupId></t:Principal></t:Principals></t:Task>";
    assert_int_equal(eg_task_xml_parse(xml, sizeof(xml) - 1, &task), EG_OK);
    assert_int_equal(task.command.len, 0);
    assert_string_equal(eg_buf_cstr(&task.user_id), "Users");
    assert_false(task.hidden);
    assert_true(task.enabled);
    eg_task_xml_done(&task);
}

static int parse_text(const char *xml, eg_task_xml *task)
{
    return eg_task_xml_parse(xml, strlen(xml), task);
}

static void parse__of_bad_xml__fails_with_the_line_and_keeps_the_old(void **state)
{
    EG_UNUSED(state);
    eg_task_xml task;
    eg_task_xml_init(&task);
    const char old[] = "<Task><Actions><Exec><Command>old</Command></Exec></Actions></Task>";
    assert_int_equal(parse_text(old, &task), EG_OK);
    assert_int_equal(parse_text("<Task>\n<Actions>\n</Task>", &task), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "line 3"));
    const char *const wrong[] = {
        "",
        " ",
        "x",
        "<",
        "<Task>",
        "<Task/><Task/>",
        "<Task>\xFF</Task>",
        "<Task>&x;</Task>",
        "<Task a=1/>",
        "<Task>\xED\xA0\x80</Task>",
    };
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        if (parse_text(wrong[i], &task) != EG_E_INVALID) {
            fail_msg("accepted: %s", wrong[i]);
        }
    }
    assert_string_equal(eg_buf_cstr(&task.command), "old");
    eg_task_xml_done(&task);
}

static void parse__of_a_document_type__is_refused(void **state)
{
    EG_UNUSED(state);
    eg_task_xml task;
    eg_task_xml_init(&task);
    const char *const wrong[] = {
        "<!DOCTYPE Task><Task/>",
        "<!DOCTYPE Task [<!ENTITY a \"b\">]><Task>&a;</Task>",
        "<!DOCTYPE Task SYSTEM \"file:///etc/passwd\"><Task/>",
    };
    for (size_t i = 0; i < EG_COUNT(wrong); i++) {
        assert_int_equal(parse_text(wrong[i], &task), EG_E_INVALID);
        assert_non_null(strstr(eg_error_message(), "document type"));
    }
    eg_task_xml_done(&task);
}

static void parse__nested_at_the_limit__stops_at_33(void **state)
{
    EG_UNUSED(state);
    for (int depth = 32; depth <= 33; depth++) {
        eg_task_xml task;
        eg_buf xml;
        eg_buf_init(&xml, 4096);
        for (int i = 0; i < depth; i++) {
            eg_buf_append_cstr(&xml, "<a>");
        }
        for (int i = 0; i < depth; i++) {
            eg_buf_append_cstr(&xml, "</a>");
        }
        eg_task_xml_init(&task);
        assert_int_equal(eg_task_xml_parse(xml.data, xml.len, &task),
                         depth == 32 ? EG_OK : EG_E_INVALID);
        eg_task_xml_done(&task);
        eg_buf_done(&xml);
    }
}

static void parse__beyond_the_size_limit__is_refused_unread(void **state)
{
    EG_UNUSED(state);
    eg_task_xml task;
    char *xml = eg_alloc(EG_TASK_XML_MAX + 1);
    assert_non_null(xml);
    memset(xml, ' ', EG_TASK_XML_MAX + 1);
    memcpy(xml, "<Task/>", 7);
    eg_task_xml_init(&task);
    assert_int_equal(eg_task_xml_parse(xml, EG_TASK_XML_MAX, &task), EG_OK);
    assert_int_equal(eg_task_xml_parse(xml, EG_TASK_XML_MAX + 1, &task), EG_E_LIMIT);
    eg_task_xml_done(&task);
    eg_free(xml);
}

static int parse_full(void *arg)
{
    EG_UNUSED(arg);
    eg_task_xml task;
    eg_task_xml_init(&task);
    int status = eg_task_xml_parse(full, sizeof(full) - 1, &task);
    eg_task_xml_done(&task);
    return status;
}

static void parse__without_memory__fails(void **state)
{
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(parse_full, NULL) > 10);
}

int eg_test_task_xml(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse__of_utf8_that_claims_utf16__reads_all_parts),
        cmocka_unit_test(parse__of_each_utf16_form__reads_the_same),
        cmocka_unit_test(parse__of_a_bare_task__gives_the_defaults),
        cmocka_unit_test(parse__of_bad_xml__fails_with_the_line_and_keeps_the_old),
        cmocka_unit_test(parse__of_a_document_type__is_refused),
        cmocka_unit_test(parse__nested_at_the_limit__stops_at_33),
        cmocka_unit_test(parse__beyond_the_size_limit__is_refused_unread),
        cmocka_unit_test(parse__without_memory__fails),
    };
    return cmocka_run_group_tests_name("task_xml", tests, NULL, NULL);
}
