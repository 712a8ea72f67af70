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
                           .time = 9,
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
    assert_false(box[0].time);
    assert_int_equal(box[1].kind_text, EG_TEXT_KIND_TOOL);
    assert_true(box[1].time == 9 && !box[1].suspicious);
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
    assert_true(box[1].suspicious && box[1].time == 9);
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
    assert_false(box[1].time);
    assert_text(box[2].name, "q.dll");
    assert_text(box[3].name, "Qwx");
    assert_int_equal(box[3].kind_text, EG_TEXT_KIND_AUTOSTART);
    assert_true(box[3].suspicious && box[3].time == 9);
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

static eg_hit_notice story(const eg_notice_step *steps, size_t count)
{
    eg_hit_notice hit = {.incident_id = 1};

    hit.steps.count = count;
    for (size_t i = 0; i < count; i++) {
        hit.steps.step[i] = steps[i];
    }
    return hit;
}

static void chain__story_from_a_mail__shows_the_attachment_and_what_came_of_it(void **state)
{
    EG_UNUSED(state);
    static const eg_notice_step steps[] = {
        {EG_ROLE_MAIL, 1, false, EG_STR_INIT("OUTLOOK.EXE")},
        {EG_ROLE_DOCUMENT, 2, false, EG_STR_INIT("invoice.docm")},
        {EG_ROLE_COMMANDS, 3, true, EG_STR_INIT("powershell.exe")},
        {EG_ROLE_PART, 0, true, EG_STR_INIT("kq.dll")},
        {EG_ROLE_AUTOSTART, 5, true, EG_STR_INIT("kq")},
    };
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit = story(steps, EG_COUNT(steps));

    assert_int_equal(eg_chain_from_notice(&hit, box), 4);
    assert_text(box[0].name, "invoice.docm");
    assert_int_equal(box[0].kind_text, EG_TEXT_KIND_ATTACHMENT);
    assert_int_equal(box[0].symbol, EG_SYMBOL_MAIL);
    assert_int_equal(box[0].time, 2);
    assert_false(box[0].suspicious);
    assert_text(box[1].name, "powershell.exe");
    assert_text(box[2].name, "kq.dll");
    assert_int_equal(box[2].kind_text, EG_TEXT_KIND_UNKNOWN);
    assert_int_equal(box[2].time, 0);
    assert_text(box[3].name, "kq");
    for (size_t i = 0; i < 4; i++) {
        assert_false(box[i].gap);
    }
}

static void chain__long_story__keeps_each_part_and_says_what_is_left_out(void **state)
{
    EG_UNUSED(state);
    static const eg_notice_step steps[] = {
        {EG_ROLE_DESKTOP, 1, false, EG_STR_INIT("explorer.exe")},
        {EG_ROLE_OFFICE, 2, false, EG_STR_INIT("WINWORD.EXE")},
        {EG_ROLE_COMMANDS, 3, false, EG_STR_INIT("cmd.exe")},
        {EG_ROLE_COMMANDS, 3, true, EG_STR_INIT("powershell.exe")},
        {EG_ROLE_TOOL, 4, false, EG_STR_INIT("regsvr32.exe")},
        {EG_ROLE_PART, 5, true, EG_STR_INIT("a.dll")},
        {EG_ROLE_TASK, 6, true, EG_STR_INIT("Updater")},
    };
    static const char *const names[] = {"WINWORD.EXE", "powershell.exe", "a.dll", "Updater"};
    static const bool gaps[] = {false, true, true, false};
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit = story(steps, EG_COUNT(steps));

    assert_int_equal(eg_chain_from_notice(&hit, box), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_text(box[i].name, names[i]);
        assert_int_equal(box[i].gap, gaps[i]);
    }
}

static void chain__short_story__is_shown_whole(void **state)
{
    EG_UNUSED(state);
    static const eg_notice_step steps[] = {
        {EG_ROLE_DESKTOP, 1, false, EG_STR_INIT("explorer.exe")},
        {EG_ROLE_PROGRAM, 2, true, EG_STR_INIT("a.exe")},
    };
    eg_chain_box box[EG_CHAIN_MAX];
    eg_hit_notice hit = story(steps, EG_COUNT(steps));

    assert_int_equal(eg_chain_from_notice(&hit, box), 2);
    assert_text(box[0].name, "explorer.exe");
    assert_true(box[1].suspicious && !box[0].suspicious);
}

int eg_test_tray_chain(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain__process_with_a_library__has_three_boxes_the_last_suspicious),
        cmocka_unit_test(chain__process_alone__is_the_suspicious_one),
        cmocka_unit_test(chain__run_value__ends_with_the_autostart),
        cmocka_unit_test(chain__task_of_an_unknown_maker__has_program_and_task),
        cmocka_unit_test(chain__nothing_known__is_empty),
        cmocka_unit_test(chain__story_from_a_mail__shows_the_attachment_and_what_came_of_it),
        cmocka_unit_test(chain__long_story__keeps_each_part_and_says_what_is_left_out),
        cmocka_unit_test(chain__short_story__is_shown_whole),
    };
    return cmocka_run_group_tests_name("tray_chain", tests, NULL, NULL);
}
