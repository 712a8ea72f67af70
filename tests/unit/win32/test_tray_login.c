/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"
#include "tray/proxy_login.c"

#define PROXY EG_STR("http://proxy.test:3128")
#define TARGET L"EmoGuard:http://proxy.test:3128"

static void keep_login(const wchar_t *name, const wchar_t *password)
{
    CREDENTIALW credential = {.Type = CRED_TYPE_GENERIC,
                              .TargetName = (wchar_t *)TARGET,
                              .Persist = CRED_PERSIST_SESSION,
                              .UserName = (wchar_t *)name,
                              .CredentialBlob = (BYTE *)password,
                              .CredentialBlobSize = (DWORD)(wcslen(password) * sizeof(wchar_t))};
    assert_true(CredWriteW(&credential, 0));
}

static void expect_login(bool stored, const char *expected)
{
    eg_buf out;
    eg_buf_init(&out, 256);
    assert_int_equal(eg_proxy_login_get(PROXY, stored, &out), EG_OK);
    assert_string_equal(eg_buf_cstr(&out), expected);
    eg_buf_done(&out);
}

static void login__kept_in_windows__is_taken_where_it_may(void **state)
{
    EG_UNUSED(state);
    keep_login(L"山田", L"秘密:1");
    expect_login(true, "山田:秘密:1");
    expect_login(false, ":");
    assert_true(CredDeleteW(TARGET, CRED_TYPE_GENERIC, 0));
}

static void login__not_kept__is_that_of_the_signed_in_user(void **state)
{
    EG_UNUSED(state);
    expect_login(true, ":");
}

static void login__too_long__is_refused(void **state)
{
    eg_buf out;
    EG_UNUSED(state);
    keep_login(L"somebody", L"secret");
    eg_buf_init(&out, 5);
    assert_int_equal(eg_proxy_login_get(PROXY, true, &out), EG_E_LIMIT);
    eg_buf_done(&out);
    assert_true(CredDeleteW(TARGET, CRED_TYPE_GENERIC, 0));
}

int eg_test_tray_login(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(login__kept_in_windows__is_taken_where_it_may),
        cmocka_unit_test(login__not_kept__is_that_of_the_signed_in_user),
        cmocka_unit_test(login__too_long__is_refused),
    };
    return cmocka_run_group_tests_name("tray_login", tests, NULL, NULL);
}
