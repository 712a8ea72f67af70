/* SPDX-License-Identifier: Apache-2.0 */
/* What the service does at controls that nobody but Windows can send; the host is a stand-in. */
#include "tests/unit/unit.h"

#include "service/scm.c"

static int woke, resyncs;

int eg_host_start(const eg_host_options *options, eg_host **out)
{
    EG_UNUSED(options);
    EG_UNUSED(out);
    return EG_E_UNSUPPORTED;
}

int eg_host_stop(eg_host *host)
{
    EG_UNUSED(host);
    return EG_OK;
}

void eg_host_resync(eg_host *host)
{
    EG_UNUSED(host);
    resyncs++;
}

void eg_host_signed_off(eg_host *host)
{
    EG_UNUSED(host);
}

void eg_host_woke(eg_host *host)
{
    EG_UNUSED(host);
    woke++;
}

int eg_service_configure(void)
{
    return EG_OK;
}

static void control__end_of_sleep__is_told_to_the_host_once(void **state)
{
    int place = 0;
    EG_UNUSED(state);
    assert_int_equal(eg_mutex_init(&service.lock), EG_OK);
    assert_true((ACCEPTED & SERVICE_ACCEPT_POWEREVENT) != 0);
    assert_int_equal(on_control(SERVICE_CONTROL_POWEREVENT, PBT_APMRESUMEAUTOMATIC, NULL, NULL),
                     NO_ERROR); /* before there is a host */
    assert_int_equal(woke, 0);
    set_host((eg_host *)(void *)&place);
    assert_int_equal(on_control(SERVICE_CONTROL_POWEREVENT, PBT_APMSUSPEND, NULL, NULL), NO_ERROR);
    assert_int_equal(on_control(SERVICE_CONTROL_POWEREVENT, PBT_APMRESUMEAUTOMATIC, NULL, NULL),
                     NO_ERROR);
    assert_int_equal(on_control(SERVICE_CONTROL_POWEREVENT, PBT_APMRESUMESUSPEND, NULL, NULL),
                     NO_ERROR);
    assert_int_equal(woke, 1);
    assert_int_equal(resyncs, 0);
    set_host(NULL);
    eg_mutex_done(&service.lock);
}

int eg_test_service_scm(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control__end_of_sleep__is_told_to_the_host_once),
    };
    return cmocka_run_group_tests_name("service_scm", tests, NULL, NULL);
}
