/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/detect/role.h"

static void assert_text(eg_str got, const char *expected)
{
    if (!eg_str_equal(got, eg_str_from(expected))) {
        fail_msg("got \"%.*s\", expected \"%s\"", EG_STR_ARGS(got), expected);
    }
}

static void command_program__quoted_or_with_blanks__is_the_whole_path(void **state)
{
    EG_UNUSED(state);
    assert_text(eg_command_program(EG_STR("\"C:\\a b\\c.exe\" /x y")), "C:\\a b\\c.exe");
    assert_text(eg_command_program(EG_STR("C:\\Program Files\\a b\\c.exe /x")),
                "C:\\Program Files\\a b\\c.exe");
    assert_text(eg_command_program(EG_STR("C:\\Users\\a b\\x.dll")), "C:\\Users\\a b\\x.dll");
    assert_text(eg_command_program(EG_STR("rundll32 x.dll,Run")), "rundll32");
    assert_text(eg_command_program(EG_STR("C:\\w\\rundll32.exe C:\\Users\\a b\\x.dll")),
                "C:\\w\\rundll32.exe");
    assert_text(eg_command_program(EG_STR("regsvr32 /s C:\\a\\x.exe")), "regsvr32");
    assert_text(eg_command_program(EG_STR("%COMSPEC%  /c start x.exe")), "%COMSPEC%");
    assert_text(eg_command_program(EG_STR("start powershell.exe -w hidden")), "start");
    assert_text(eg_command_program(EG_STR("")), "");
    assert_text(eg_command_program(EG_STR("\"")), "");
    assert_text(eg_command_program(EG_STR("  ")), "");
}

static void command_file__library_loaders__name_what_they_load(void **state)
{
    EG_UNUSED(state);
    assert_text(eg_command_file(EG_STR("regsvr32.exe /s \"C:\\a b\\x.ocx\"")), "C:\\a b\\x.ocx");
    assert_text(eg_command_file(EG_STR("rundll32.exe \"C:\\a\\x.dll\",Control_RunDLL")),
                "C:\\a\\x.dll");
    assert_text(eg_command_file(EG_STR("rundll32.exe C:\\a\\x.qwe,Run 1")), "C:\\a\\x.qwe");
    assert_text(eg_command_file(EG_STR("wscript.exe //b C:\\t\\a.js")), "C:\\t\\a.js");
    assert_null(eg_command_file(EG_STR("powershell.exe -enc AAAA")).ptr);
    assert_null(eg_command_file(EG_STR("regsvr32.exe")).ptr);
    assert_null(eg_command_file(EG_STR("regsvr32.exe \"")).ptr);
}

static void role_of_file__known_names_and_endings__any_case(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_role_of_file(EG_STR("C:\\x\\WINWORD.EXE")), EG_ROLE_OFFICE);
    assert_int_equal(eg_role_of_file(EG_STR("C:\\x\\invoice.XLSM")), EG_ROLE_DOCUMENT);
    assert_int_equal(eg_role_of_file(EG_STR("x.dll")), EG_ROLE_PART);
    assert_int_equal(eg_role_of_file(EG_STR("C:\\winword.exe\\other.exe")), EG_ROLE_PROGRAM);
    assert_int_equal(eg_role_of_file(EG_STR("")), EG_ROLE_PROGRAM);
}

static void role_name__each__reads_back(void **state)
{
    EG_UNUSED(state);
    eg_role role;
    for (int i = 0; i < EG_ROLE_COUNT; i++) {
        assert_true(eg_role_from_name(eg_str_from(eg_role_name((eg_role)i)), &role));
        assert_int_equal(role, i);
    }
    assert_false(eg_role_from_name(EG_STR("Office"), &role));
}

int eg_test_role(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_program__quoted_or_with_blanks__is_the_whole_path),
        cmocka_unit_test(command_file__library_loaders__name_what_they_load),
        cmocka_unit_test(role_of_file__known_names_and_endings__any_case),
        cmocka_unit_test(role_name__each__reads_back),
    };
    return cmocka_run_group_tests_name("role", tests, NULL, NULL);
}
