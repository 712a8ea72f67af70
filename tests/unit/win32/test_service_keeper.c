/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "service/hit_copy.c"
#include "service/hit_keeper.c"
#include "service/notices.c"
#include "tests/unit/store_fixture.h"

#define WAITING_MAX 4

/* A store that can be full, and what the keeper told. */
typedef struct fake {
    bool full;
    bool known; /* every hit is one it has already */
    int huge;   /* the number of a hit that is too large */
    int stored[32];
    int count;
    int64_t told[32];
    int told_count;
    int counted;
    eg_notices notices;
    eg_hit_keeper *keeper;
} fake;

static int fake_store(void *user, const eg_hit *hit, const eg_event *event, int64_t *id,
                      bool *is_new)
{
    fake *self = user;
    if (self->full) {
        return eg_fail(EG_E_IO, "database or disk is full");
    }
    assert_true(event->pid == 100);
    if (self->huge != 0 && hit->time == (uint64_t)self->huge) {
        return eg_fail(EG_E_LIMIT, "text larger than it may be");
    }
    self->stored[self->count++] = (int)(hit->time % 1000);
    *id = self->count;
    *is_new = !self->known;
    return EG_OK;
}

static void fake_stored(void *user, int64_t id, uint64_t time)
{
    fake *self = user;
    EG_UNUSED(time);
    self->told[self->told_count++] = id;
}

static void fake_counted(void *user)
{
    fake *self = user;
    self->counted++;
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

static int set_up(void **state)
{
    fake *self = eg_alloc_zero(1, sizeof(*self));
    assert_non_null(self);
    assert_int_equal(eg_notices_init(&self->notices), EG_OK);
    eg_hit_keeper_options options = {fake_store,  self, &self->notices, NULL,
                                     WAITING_MAX, self, fake_stored,    fake_counted};
    assert_int_equal(eg_hit_keeper_create(&options, &self->keeper), EG_OK);
    eg_log_set_sink(ignore_log, NULL);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    fake *self = *state;
    eg_mem_fail_after(-1);
    eg_hit_keeper_destroy(self->keeper);
    eg_notices_done(&self->notices);
    eg_free(self);
    eg_log_set_sink(NULL, NULL);
    return 0;
}

static int take(fake *self, int number)
{
    eg_hit hit;
    eg_event event;
    eg_sample_hit(number, &hit, &event);
    hit.time = (uint64_t)number;
    return eg_hit_keeper_take(self->keeper, &hit, &event);
}

static void keeper__store_works__tells_after_storing(void **state)
{
    fake *self = *state;
    assert_int_equal(take(self, 7), EG_OK);
    assert_int_equal(self->count, 1);
    assert_int_equal(self->told_count, 1);
    assert_int_equal(self->told[0], 1);
}

static void keeper__hit_known__is_not_told(void **state)
{
    fake *self = *state;
    eg_hit_keeper_counts counts;
    self->known = true;
    assert_int_equal(take(self, 7), EG_OK);
    assert_int_equal(self->told_count, 0);
    assert_int_equal(self->counted, 1);
    eg_hit_keeper_counts_get(self->keeper, &counts);
    assert_int_equal(counts.stored, 0);
}

static void keeper__hit_too_large__is_counted_and_holds_up_nobody(void **state)
{
    fake *self = *state;
    eg_hit_keeper_counts counts;
    self->huge = 2;
    self->full = true;
    take(self, 1);
    take(self, 2);
    take(self, 3);
    self->full = false;
    eg_hit_keeper_retry(self->keeper);
    assert_int_equal(take(self, 2), EG_OK);
    assert_int_equal(take(self, 4), EG_OK);
    assert_int_equal(self->count, 3);
    assert_int_equal(self->stored[1], 3);
    assert_int_equal(self->stored[2], 4);
    eg_hit_keeper_counts_get(self->keeper, &counts);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.lost, 2);
}

static void keeper__disk_full__keeps_hits_and_their_order(void **state)
{
    fake *self = *state;
    eg_hit_keeper_counts counts;
    self->full = true;
    assert_int_equal(take(self, 1), EG_OK);
    assert_int_equal(take(self, 2), EG_OK);
    self->full = false;
    assert_int_equal(take(self, 3), EG_OK); /* not before those that wait */
    assert_int_equal(self->count, 0);
    assert_int_equal(self->told_count, 0);
    eg_hit_keeper_counts_get(self->keeper, &counts);
    assert_int_equal(counts.waiting, 3);
    eg_hit_keeper_retry(self->keeper);
    assert_int_equal(self->count, 3);
    assert_int_equal(self->stored[0], 1);
    assert_int_equal(self->stored[1], 2);
    assert_int_equal(self->stored[2], 3);
    assert_int_equal(self->told_count, 3);
    eg_hit_keeper_counts_get(self->keeper, &counts);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.stored, 3);
}

static void keeper__list_full__loses_the_newest_and_counts(void **state)
{
    fake *self = *state;
    eg_hit_keeper_counts counts;
    self->full = true;
    for (int i = 1; i <= WAITING_MAX; i++) {
        assert_int_equal(take(self, i), EG_OK);
    }
    assert_int_equal(take(self, 99), EG_E_LIMIT);
    eg_hit_keeper_counts_get(self->keeper, &counts);
    assert_int_equal(counts.lost, 1);
    self->full = false;
    eg_hit_keeper_retry(self->keeper);
    assert_int_equal(self->count, WAITING_MAX);
    assert_int_equal(self->stored[WAITING_MAX - 1], WAITING_MAX);
}

static void keeper__disk_full__is_a_notice_until_there_is_room(void **state)
{
    fake *self = *state;
    self->full = true;
    take(self, 1);
    assert_non_null(strstr(self->notices.list[0].text, "disk is full"));
    eg_hit_keeper_retry(self->keeper);
    assert_non_null(self->notices.list[0].topic);
    self->full = false;
    eg_hit_keeper_retry(self->keeper);
    assert_null(self->notices.list[0].topic);
}

static int copy_sample(void *arg)
{
    eg_hit hit;
    eg_event event;
    eg_hit_copy *copy = NULL;
    EG_UNUSED(arg);
    eg_sample_hit(1, &hit, &event);
    int status = eg_hit_copy_create(&hit, &event, &copy);
    eg_hit_copy_destroy(copy);
    return status;
}

static void hit_copy__original_gone__still_has_every_text(void **state)
{
    EG_UNUSED(state);
    eg_hit hit;
    eg_event event;
    eg_hit_copy *copy = NULL;
    char program[] = "C:\\x.exe";
    eg_sample_hit(1, &hit, &event);
    hit.program = eg_str_from(program);
    hit.parent = EG_STR_NONE;
    assert_int_equal(eg_hit_copy_create(&hit, &event, &copy), EG_OK);
    memset(program, '?', sizeof(program) - 1);
    assert_true(eg_str_equal(copy->hit.program, EG_STR("C:\\x.exe")));
    assert_null(copy->hit.parent.ptr);
    assert_true(eg_str_equal(copy->hit.text[EG_LANGUAGE_JA].title, EG_STR("題名")));
    assert_true(eg_str_equal(copy->hit.event_json, hit.event_json));
    assert_true(copy->hit.event_json.ptr != hit.event_json.ptr);
    assert_int_equal(copy->event->pid, 100);
    eg_hit_copy_destroy(copy);
}

static void hit_copy__no_memory__fails_cleanly(void **state)
{
    EG_UNUSED(state);
    for (long allowed = 0; allowed < 100; allowed++) {
        eg_mem_fail_after(allowed);
        int status = copy_sample(NULL);
        eg_mem_fail_after(-1);
        if (eg_mem_failures() == 0) {
            assert_int_equal(status, EG_OK);
            return;
        }
        assert_int_equal(status, EG_E_NOMEM);
    }
    fail();
}

static void notices__same_topic__replaces_and_says_what_is_news(void **state)
{
    EG_UNUSED(state);
    eg_notices notices;
    assert_int_equal(eg_notices_init(&notices), EG_OK);
    assert_true(eg_notices_set(&notices, "store", "full"));
    assert_false(eg_notices_set(&notices, "store", "full"));
    assert_true(eg_notices_set(&notices, "store", "damaged"));
    assert_true(eg_notices_clear(&notices, "store"));
    assert_false(eg_notices_clear(&notices, "store"));
    eg_notices_done(&notices);
}

static void notices__text_too_long__is_cut_at_a_character(void **state)
{
    EG_UNUSED(state);
    eg_notices notices;
    char text[EG_NOTICE_SIZE * 2];
    for (size_t i = 0; i + 3 < sizeof(text); i += 3) {
        memcpy(text + i, "満", 4);
    }
    assert_int_equal(eg_notices_init(&notices), EG_OK);
    assert_true(eg_notices_set(&notices, "store", text));
    assert_int_equal(strlen(notices.list[0].text), (EG_NOTICE_SIZE - 1) / 3 * 3);
    eg_notices_done(&notices);
}

int eg_test_service_keeper(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeper__store_works__tells_after_storing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keeper__hit_known__is_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeper__hit_too_large__is_counted_and_holds_up_nobody,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeper__disk_full__keeps_hits_and_their_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keeper__list_full__loses_the_newest_and_counts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keeper__disk_full__is_a_notice_until_there_is_room, set_up,
                                        tear_down),
        cmocka_unit_test(hit_copy__original_gone__still_has_every_text),
        cmocka_unit_test(hit_copy__no_memory__fails_cleanly),
        cmocka_unit_test(notices__same_topic__replaces_and_says_what_is_news),
        cmocka_unit_test(notices__text_too_long__is_cut_at_a_character),
    };
    return cmocka_run_group_tests_name("service_keeper", tests, NULL, NULL);
}
