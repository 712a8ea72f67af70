/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tray/chain.c"

#define SYSTEM32 "C:\\Windows\\System32\\"

static void assert_text(eg_str got, const char *expected)
{
    if (!eg_str_equal(got, eg_str_from(expected))) {
        fail_msg("got \"%.*s\", expected \"%s\"", EG_STR_ARGS(got), expected);
    }
}

static eg_hit_notice notice(eg_kind kind, const char *parent, const char *program,
                            const char *command_line, const char *target)
{
    return (eg_hit_notice){.kind = kind,
                           .parent = eg_str_from(parent),
                           .program = eg_str_from(program),
                           .command_line = eg_str_from(command_line),
                           .target = eg_str_from(target)};
}

static void chain__process_with_a_library__has_three_boxes_the_last_suspicious(void **state)
{
    EG_UNUSED(state);
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit = notice(EG_KIND_PROCESS_START, SYSTEM32 "powershell.exe",
                               SYSTEM32 "regsvr32.exe", "regsvr32.exe /s C:\\u\\Kq.dll", "");

    assert_int_equal(eg_chain_from_notice(&hit, box), 3);
    assert_text(box[0].name, "powershell.exe");
    assert_int_equal(box[0].kind_text, EG_TEXT_KIND_COMMANDS);
    assert_false(box[0].timed);
    assert_int_equal(box[1].kind_text, EG_TEXT_KIND_TOOL);
    assert_true(box[1].timed && !box[1].suspicious);
    assert_text(box[2].name, "Kq.dll");
    assert_int_equal(box[2].kind_text, EG_TEXT_KIND_PART);
    assert_true(box[2].suspicious);
}

static void chain__process_alone__is_the_suspicious_one(void **state)
{
    EG_UNUSED(state);
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit = notice(EG_KIND_PROCESS_START, "C:\\o\\WINWORD.EXE",
                               SYSTEM32 "PowerShell.exe", "powershell -enc AA", "");

    assert_int_equal(eg_chain_from_notice(&hit, box), 2);
    assert_int_equal(box[0].kind_text, EG_TEXT_KIND_OFFICE);
    assert_int_equal(box[0].symbol, EG_SYMBOL_DOCUMENT);
    assert_true(box[1].suspicious && box[1].timed);
}

static void chain__run_value__ends_with_the_autostart(void **state)
{
    EG_UNUSED(state);
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit =
        notice(EG_KIND_REGISTRY_SET, "C:\\w\\reg.exe", "rundll32.exe C:\\u\\q.dll,Run", "",
               "HKU\\S-1-5-21\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Qwx");

    assert_int_equal(eg_chain_from_notice(&hit, box), 4);
    assert_text(box[1].name, "rundll32.exe");
    assert_false(box[1].timed);
    assert_text(box[2].name, "q.dll");
    assert_text(box[3].name, "Qwx");
    assert_int_equal(box[3].kind_text, EG_TEXT_KIND_AUTOSTART);
    assert_true(box[3].suspicious && box[3].timed);
}

static void chain__task_of_an_unknown_maker__has_program_and_task(void **state)
{
    EG_UNUSED(state);
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit = notice(EG_KIND_TASK_REGISTERED, "", "C:\\u\\a.exe", "", "\\Micro\\Up");

    assert_int_equal(eg_chain_from_notice(&hit, box), 2);
    assert_int_equal(box[0].kind_text, EG_TEXT_KIND_PROGRAM);
    assert_text(box[1].name, "Up");
    assert_int_equal(box[1].kind_text, EG_TEXT_KIND_TASK);
}

static void chain__nothing_known__is_empty(void **state)
{
    EG_UNUSED(state);
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit = notice(EG_KIND_PROCESS_START, "", "", "", "");

    assert_int_equal(eg_chain_from_notice(&hit, box), 0);
}

int eg_test_tray_chain(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain__process_with_a_library__has_three_boxes_the_last_suspicious),
        cmocka_unit_test(chain__process_alone__is_the_suspicious_one),
        cmocka_unit_test(chain__run_value__ends_with_the_autostart),
        cmocka_unit_test(chain__task_of_an_unknown_maker__has_program_and_task),
        cmocka_unit_test(chain__nothing_known__is_empty),
    };
    return cmocka_run_group_tests_name("tray_chain", tests, NULL, NULL);
}
