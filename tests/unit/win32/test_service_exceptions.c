/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/host_exceptions.c"

#include "core/base/mem.h"
#include "tests/unit/store_fixture.h"

#include <string.h>

#define WHO EG_STR("PC\\admin")

typedef struct world {
    eg_store_fixture *fix;
    eg_host host; /* as far as exceptions need it */
} world;

static int set_up(void **state)
{
    void *fix = NULL;
    world *self = eg_alloc_zero(1, sizeof(*self));
    assert_non_null(self);
    assert_int_equal(eg_store_fixture_set_up(&fix), 0);
    self->fix = fix;
    self->host.store = self->fix->store;
    assert_int_equal(eg_mutex_init(&self->host.store_lock), EG_OK);
    assert_int_equal(eg_mutex_init(&self->host.exceptions_lock), EG_OK);
    eg_pipeline_thread_options options = {0};
    assert_int_equal(eg_pipeline_thread_create(&options, &self->host.pipeline), EG_OK);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    world *self = *state;
    void *fix = self->fix;
    eg_pipeline_thread_destroy(self->host.pipeline);
    eg_mutex_done(&self->host.exceptions_lock);
    eg_mutex_done(&self->host.store_lock);
    eg_free(self);
    return eg_store_fixture_tear_down(&fix);
}

static int count_one(void *user, const eg_exception *exception)
{
    size_t *count = user;
    assert_true(eg_str_equal(exception->created_by, WHO));
    assert_true(exception->created_time > 0);
    ++*count;
    return EG_OK;
}

static size_t stored(const world *self)
{
    size_t count = 0;
    assert_int_equal(eg_store_each_exception(self->fix->store, count_one, &count), EG_OK);
    return count;
}

static size_t in_force(const world *self)
{
    eg_exception_list *list = NULL;
    assert_int_equal(read_list(self->fix->store, &list), EG_OK);
    size_t count = eg_exception_list_count(list);
    eg_exception_list_destroy(list);
    return count;
}

static int except(world *self, const char *json, int64_t *id)
{
    return eg_host_except(&self->host, eg_str_from(json), WHO, id);
}

static void except__good__is_stored_with_who_and_revoked(void **state)
{
    world *self = *state;
    int64_t id = 0;
    assert_int_equal(except(self,
                            "{\"id\":99,\"rule\":\"r\",\"path\":\"C:\\\\x.exe\",\"expires_time\":"
                            "null,\"created_by\":\"somebody else\",\"reason\":\"ours\"}",
                            &id),
                     EG_OK);
    assert_int_equal(id, 1); /* not the number that the client made up */
    assert_int_equal(stored(self), 1);
    assert_int_equal(in_force(self), 1);
    assert_int_equal(eg_host_revoke_exception(&self->host, id, WHO), EG_OK);
    assert_int_equal(in_force(self), 0);
    assert_int_equal(stored(self), 1);
    assert_int_equal(eg_host_revoke_exception(&self->host, 7, WHO), EG_E_NOTFOUND);
}

static void except__bad__changes_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"rule\":\"r\",\"whole_rule\":true,\"reason\":\"x\"}",
        "{\"rule\":\"r\",\"expires_time\":null,\"reason\":\"x\"}",
        "{\"path\":\"*\",\"expires_time\":null,\"reason\":\"x\"}",
        "{\"rule\":\"r\",\"whole_rule\":true,\"expires_time\":null,\"reason\":\"\"}",
        "{\"rule\":\"r\",\"whole_rule\":true,\"expires_time\":\"2020-01-01T00:00:00Z\","
        "\"reason\":\"over already\"}",
        "{\"rule\":\"r\",\"whole_rule\":true,\"expires_time\":\"2200-01-01T00:00:00Z\","
        "\"reason\":\"too long\"}",
    };
    world *self = *state;
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        int64_t id = -1;
        assert_int_equal(except(self, bad[i], &id), EG_E_INVALID);
        assert_int_equal(id, -1);
    }
    assert_int_equal(stored(self), 0);
    self->host.store = NULL;
    int64_t id = -1;
    assert_int_equal(except(self,
                            "{\"rule\":\"r\",\"whole_rule\":true,\"expires_time\":null,"
                            "\"reason\":\"no database\"}",
                            &id),
                     EG_E_IO);
    self->host.store = self->fix->store;
}

static void load__what_is_over__is_not_in_force(void **state)
{
    world *self = *state;
    int64_t id = 0;
    eg_exception over = {.rule_id = EG_STR("r"),
                         .created_time = 10,
                         .expires_time = 20,
                         .created_by = WHO,
                         .reason = EG_STR("ours")};
    eg_exception everything = over; /* as nothing but a damaged file holds it */
    everything.rule_id = EG_STR("");
    everything.expires_time = 0;
    assert_int_equal(eg_store_add_exception(self->fix->store, &over, &id), EG_OK);
    assert_int_equal(eg_store_add_exception(self->fix->store, &everything, &id), EG_OK);
    assert_int_equal(in_force(self), 0);
    eg_host_exceptions_load(&self->host);
}

static void except__one_too_many__is_refused(void **state)
{
    world *self = *state;
    int64_t id = 0;
    eg_exception one = {
        .rule_id = EG_STR("r"), .created_time = 10, .created_by = WHO, .reason = EG_STR("ours")};
    one.wanted[EG_EXCEPTION_PATH] = EG_STR("C:\\x.exe");
    for (int i = 0; i < EG_EXCEPTIONS_MAX; i++) {
        assert_int_equal(eg_store_add_exception(self->fix->store, &one, &id), EG_OK);
    }
    assert_int_equal(except(self,
                            "{\"rule\":\"r\",\"whole_rule\":true,\"expires_time\":null,"
                            "\"reason\":\"one more\"}",
                            &id),
                     EG_E_LIMIT);
    assert_int_equal(stored(self), EG_EXCEPTIONS_MAX);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_service_exceptions(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(except__good__is_stored_with_who_and_revoked),
        IN_WORLD(except__bad__changes_nothing),
        IN_WORLD(load__what_is_over__is_not_in_force),
        IN_WORLD(except__one_too_many__is_refused),
    };
    return cmocka_run_group_tests_name("service_exceptions", tests, NULL, NULL);
}
