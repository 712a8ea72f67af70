/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/options.c"

static int parse(eg_service_options *out, const char *a, const char *b, const char *c)
{
    const char *arguments[] = {a, b, c};
    int count = a ? (b ? (c ? 3 : 2) : 1) : 0;
    return eg_service_options_parse(count, arguments, out);
}

static void options__none__run_as_a_service(void **state)
{
    EG_UNUSED(state);
    eg_service_options options;
    assert_int_equal(parse(&options, NULL, NULL, NULL), EG_OK);
    assert_int_equal(options.command, EG_SERVICE_RUN);
    assert_null(options.data);
    assert_null(options.rules);
    assert_string_equal(options.pipe, EG_PIPE_NAME);
}

static void options__console_with_data__are_taken(void **state)
{
    EG_UNUSED(state);
    eg_service_options options;
    assert_int_equal(parse(&options, "--console", "--data", "C:\\d"), EG_OK);
    assert_int_equal(options.command, EG_SERVICE_CONSOLE);
    assert_string_equal(options.data, "C:\\d");
    assert_int_equal(parse(&options, "--rules", "r", "--console"), EG_OK);
    assert_string_equal(options.rules, "r");
    assert_int_equal(parse(&options, "--pipe", "\\\\.\\pipe\\Other", NULL), EG_OK);
    assert_string_equal(options.pipe, "\\\\.\\pipe\\Other");
}

static void options__wrong__are_refused_and_leave_the_output_alone(void **state)
{
    EG_UNUSED(state);
    eg_service_options options = {EG_SERVICE_HELP, "keep", NULL, "keep"};
    assert_int_equal(parse(&options, "--what", NULL, NULL), EG_E_INVALID);
    assert_string_equal(eg_error_message(), "unknown option '--what'");
    assert_int_equal(parse(&options, "--data", NULL, NULL), EG_E_INVALID);
    assert_string_equal(eg_error_message(), "--data needs a value");
    assert_int_equal(parse(&options, "--data", "", NULL), EG_E_INVALID);
    assert_int_equal(parse(&options, "--console", "--purge", NULL), EG_E_INVALID);
    assert_int_equal(parse(&options, "--pipe", "EmoGuard", NULL), EG_E_INVALID);
    assert_int_equal(parse(&options, "--pipe", "\\\\.\\pipe\\", NULL), EG_E_INVALID);
    assert_int_equal(parse(&options, "--pipe", "\\\\server\\pipe\\x", NULL), EG_E_INVALID);
    assert_int_equal(options.command, EG_SERVICE_HELP);
    assert_string_equal(options.data, "keep");
}

static void exit_code__of_each_status__tells_them_apart(void **state)
{
    EG_UNUSED(state);
    assert_int_equal(eg_service_exit_from_status(EG_OK), EG_SERVICE_EXIT_OK);
    assert_int_equal(eg_service_exit_from_status(EG_E_EXISTS), EG_SERVICE_EXIT_RUNNING);
    assert_int_equal(eg_service_exit_from_status(EG_E_DENIED), EG_SERVICE_EXIT_DENIED);
    assert_int_equal(eg_service_exit_from_status(EG_E_IO), EG_SERVICE_EXIT_FAILED);
}

int eg_test_service_options(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options__none__run_as_a_service),
        cmocka_unit_test(options__console_with_data__are_taken),
        cmocka_unit_test(options__wrong__are_refused_and_leave_the_output_alone),
        cmocka_unit_test(exit_code__of_each_status__tells_them_apart),
    };
    return cmocka_run_group_tests_name("service_options", tests, NULL, NULL);
}
