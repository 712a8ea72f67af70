/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/system_proxy.c"

static void assert_picked(const char *list, const char *scheme, const char *wanted)
{
    eg_str found = eg_system_proxy_pick(eg_str_from(list), eg_str_from(scheme));
    if (!eg_str_equal(found, wanted ? eg_str_from(wanted) : EG_STR_NONE)) {
        fail_msg("%s of \"%s\" is \"%.*s\"", scheme, list, EG_STR_ARGS(found));
    }
}

static void proxy__of_a_list__is_that_of_the_scheme_or_of_all(void **state)
{
    EG_UNUSED(state);
    assert_picked("proxy:8080", "https", "proxy:8080");
    assert_picked("http=a:1;https=b:2", "https", "b:2");
    assert_picked("http=a:1; HTTPS=b:2", "http", "a:1");
    assert_picked("ftp=c:3 d:4", "https", "d:4");
    assert_picked("d:4;https=b:2;e:5", "https", "b:2");
    assert_picked("d:4;e:5", "https", "d:4");
    assert_picked("ftp=c:3", "https", NULL);
    assert_picked("", "https", NULL);
    assert_picked(" ;; ", "https", NULL);
}

static void host__of_the_list__goes_without_the_proxy(void **state)
{
    static const eg_str list = EG_STR_INIT("<local>;*.example.jp 10.*;rules.other.jp");
    EG_UNUSED(state);
    assert_true(eg_system_proxy_is_bypassed(list, EG_STR("server")));
    assert_true(eg_system_proxy_is_bypassed(list, EG_STR("a.b.Example.JP")));
    assert_true(eg_system_proxy_is_bypassed(list, EG_STR("10.1.2.3")));
    assert_true(eg_system_proxy_is_bypassed(list, EG_STR("rules.other.jp")));
    assert_true(eg_system_proxy_is_bypassed(EG_STR("a*b*c"), EG_STR("a-b-b-c")));
    assert_false(eg_system_proxy_is_bypassed(list, EG_STR("example.jp")));
    assert_false(eg_system_proxy_is_bypassed(list, EG_STR("x.rules.other.jp")));
    assert_false(eg_system_proxy_is_bypassed(EG_STR(""), EG_STR("server")));
    assert_false(eg_system_proxy_is_bypassed(EG_STR("*.jp"), EG_STR("")));
    const char *const urls[] = {"https://server/v1", "http://me:x@server:8080/a:b@c",
                                "http://server"};
    for (size_t i = 0; i < EG_COUNT(urls); i++) {
        assert_true(eg_str_equal(host_of(eg_str_from(urls[i])), EG_STR("server")));
    }
    assert_true(eg_str_equal(host_of(EG_STR("http://[::1]:80/x")), EG_STR("::1")));
}

static void proxy__of_this_system__is_asked_for(void **state)
{
    eg_buf proxy;
    EG_UNUSED(state);
    eg_buf_init(&proxy, 4096);
    assert_int_equal(eg_system_proxy_find("https://rules.example/v1", &proxy), EG_OK);
    assert_true(proxy.len == 0 || eg_str_starts_nocase(eg_buf_str(&proxy), EG_STR("http://")));
    eg_buf_done(&proxy);
}

int eg_test_system_proxy(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proxy__of_a_list__is_that_of_the_scheme_or_of_all),
        cmocka_unit_test(host__of_the_list__goes_without_the_proxy),
        cmocka_unit_test(proxy__of_this_system__is_asked_for),
    };
    return cmocka_run_group_tests_name("system_proxy", tests, NULL, NULL);
}
