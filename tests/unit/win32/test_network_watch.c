/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/network_watch.c"

static int changes;

static void on_changed(void *user)
{
    assert_ptr_equal(user, &changes);
    changes++;
}

static void watch__begins_and_ends__as_often_as_asked(void **state)
{
    EG_UNUSED(state);
    for (int i = 0; i < 20; i++) {
        eg_network_watch *watch = NULL;
        assert_int_equal(eg_network_watch_start(on_changed, &changes, &watch), EG_OK);
        eg_network_watch_end(watch);
    }
    eg_network_watch_end(NULL);
}

static void change__of_any_kind__is_told_but_not_the_beginning(void **state)
{
    eg_network_watch watch = {.changed = on_changed, .user = &changes};
    EG_UNUSED(state);
    changes = 0;
    on_change(&watch, NULL, MibInitialNotification);
    assert_int_equal(changes, 0);
    on_change(&watch, NULL, MibParameterNotification);
    on_change(&watch, NULL, MibAddInstance);
    on_change(&watch, NULL, MibDeleteInstance);
    assert_int_equal(changes, 3);
}

int eg_test_network_watch(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watch__begins_and_ends__as_often_as_asked),
        cmocka_unit_test(change__of_any_kind__is_told_but_not_the_beginning),
    };
    return cmocka_run_group_tests_name("network_watch", tests, NULL, NULL);
}
