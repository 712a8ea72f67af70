/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_fixture.h"
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, eg_store_fixture_set_up, eg_store_fixture_tear_down)

typedef struct kept {
    size_t count;
    eg_exception last; /* its numbers; the texts are gone */
    char reason[32], path[64], revoked_by[32];
} kept;

static int keep(void *user, const eg_exception *exception)
{
    kept *to = user;
    to->count++;
    to->last = *exception;
    assert_true(exception->reason.len < sizeof(to->reason));
    memcpy(to->reason, exception->reason.ptr, exception->reason.len + 1);
    memcpy(to->path, exception->wanted[EG_EXCEPTION_PATH].ptr,
           exception->wanted[EG_EXCEPTION_PATH].len + 1);
    memcpy(to->revoked_by, exception->revoked_by.ptr, exception->revoked_by.len + 1);
    return EG_OK;
}

static kept all(eg_store_fixture *fix)
{
    kept got = {0};
    assert_int_equal(eg_store_each_exception(fix->store, keep, &got), EG_OK);
    return got;
}

static int64_t except(eg_store_fixture *fix, const char *path)
{
    int64_t id = 0;
    eg_exception exception = {.rule_id = EG_STR("rule"),
                              .created_time = 10,
                              .expires_time = 20,
                              .created_by = EG_STR("PC\\admin"),
                              .reason = EG_STR("ours")};
    exception.wanted[EG_EXCEPTION_PATH] = eg_str_from(path);
    assert_int_equal(eg_store_add_exception(fix->store, &exception, &id), EG_OK);
    return id;
}

static bool add_hit(eg_store_fixture *fix, int number, int64_t exception, uint32_t flags)
{
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    eg_sample_hit(number, &hit, &event);
    hit.exception_id = exception;
    event.flags = flags;
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    return is_new;
}

static int count_hit(void *user, const eg_hit *hit)
{
    size_t *count = user;
    EG_UNUSED(hit);
    ++*count;
    return EG_OK;
}

static size_t count_of(eg_store_fixture *fix, eg_hits_hidden hidden)
{
    size_t count = 0;
    eg_hit_query query = {.hidden = hidden};
    assert_int_equal(eg_store_each_hit(fix->store, &query, count_hit, &count), EG_OK);
    return count;
}

static void exception__stored_and_revoked__is_told_with_who_and_when(void **state)
{
    eg_store_fixture *fix = *state;
    int64_t first = except(fix, "C:\\表.exe");
    int64_t second = except(fix, "");
    assert_true(second > first);
    assert_int_equal(eg_store_revoke_exception(fix->store, second, 15, EG_STR("PC\\root")), EG_OK);
    assert_int_equal(eg_store_revoke_exception(fix->store, second, 16, EG_STR("other")), EG_OK);
    assert_int_equal(eg_store_revoke_exception(fix->store, 99, 16, EG_STR("x")), EG_E_NOTFOUND);
    kept got = all(fix);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.last.revoked_time, 15);
    assert_string_equal(got.revoked_by, "PC\\root");
    assert_true(got.last.whole_rule);
    assert_string_equal(got.reason, "ours");
    assert_int_equal(got.last.expires_time, 20);
    assert_int_equal(eg_store_fixture_open(fix, EG_STORE_READ_WRITE), EG_OK);
    assert_int_equal(all(fix).count, 2);
}

static void hit__under_an_exception__is_counted_and_listed_apart(void **state)
{
    eg_store_fixture *fix = *state;
    uint64_t count = 0;
    int64_t id = except(fix, "C:\\x.exe");
    assert_true(add_hit(fix, 1, id, 0));
    assert_true(add_hit(fix, 2, id, 0));
    assert_false(add_hit(fix, 1, id, 0)); /* the same, within the day */
    assert_true(add_hit(fix, 3, 0, 0));
    assert_true(add_hit(fix, 4, -7, 0)); /* of a pack */
    assert_int_equal(count_of(fix, EG_HITS_NOT_HIDDEN), 1);
    assert_int_equal(count_of(fix, EG_HITS_HIDDEN), 3);
    assert_int_equal(count_of(fix, EG_HITS_ALL), 4);
    assert_int_equal(eg_store_count_hits(fix->store, 0, EG_LEVEL_INFORMATIONAL, &count), EG_OK);
    assert_int_equal(count, 1);
    kept got = all(fix);
    assert_int_equal(got.last.hits, 3);
    assert_true(got.last.last_hit_time > 0);
    eg_hit_query waiting = {.hidden = EG_HITS_ALL, .only_not_shown = true, .only_news = true};
    size_t news = 0;
    assert_int_equal(eg_store_each_hit(fix->store, &waiting, count_hit, &news), EG_OK);
    assert_int_equal(news, 1);
}

static void hit__found_again_when_its_exception_is_over__is_news(void **state)
{
    eg_store_fixture *fix = *state;
    assert_true(add_hit(fix, 1, 5, 0));
    assert_true(add_hit(fix, 1, 0, EG_EVENT_EXISTING));
    assert_false(add_hit(fix, 1, 0, EG_EVENT_EXISTING));
    assert_false(add_hit(fix, 1, 6, EG_EVENT_EXISTING)); /* told once, so no news to hide */
}

static void exception__without_memory__fails_cleanly(void **state)
{
    eg_store_fixture *fix = *state;
    for (long allowed = 0;; allowed++) {
        int64_t id = -1;
        eg_exception exception = {.reason = EG_STR("ours")};
        eg_mem_fail_after(allowed);
        int status = eg_store_add_exception(fix->store, &exception, &id);
        eg_mem_fail_after(-1);
        if (status == EG_OK) {
            break;
        }
        assert_int_equal(status, EG_E_NOMEM);
        assert_int_equal(id, -1);
    }
    assert_int_equal(all(fix).count, 1);
}

int eg_test_store_exception(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(exception__stored_and_revoked__is_told_with_who_and_when),
        WITH_STORE(hit__under_an_exception__is_counted_and_listed_apart),
        WITH_STORE(hit__found_again_when_its_exception_is_over__is_news),
        WITH_STORE(exception__without_memory__fails_cleanly),
    };
    return cmocka_run_group_tests_name("store_exception", tests, NULL, NULL);
}
