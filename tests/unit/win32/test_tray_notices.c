/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "tests/unit/alloc.h"
#include "tray/notice.c"
#include "tray/notice_list.c"

static eg_tray_notice *make_notice(int64_t id, eg_level level)
{
    eg_hit_notice hit = {.id = id,
                         .incident_id = (uint64_t)id, /* each a story of its own */
                         .time = (uint64_t)id * 10,
                         .level = level,
                         .text = {EG_STR("title"), EG_STR("meaning"), EG_STR_NONE}};
    eg_tray_notice *notice = NULL;

    assert_int_equal(eg_tray_notice_create(&hit, &notice), EG_OK);
    return notice;
}

static eg_notice_list *make_list(void **state)
{
    static eg_notice_list list;

    EG_UNUSED(state);
    eg_notice_list_init(&list);
    return &list;
}

static void notice_create__text_of_the_decoder_changes__keeps_its_own(void **state)
{
    EG_UNUSED(state);
    char text[] = "before";
    eg_hit_notice hit = {.text.title = {text, 6}};
    eg_tray_notice *notice = NULL;

    assert_int_equal(eg_tray_notice_create(&hit, &notice), EG_OK);
    text[0] = 'X';
    assert_true(eg_str_equal(notice->hit.text.title, EG_STR("before")));
    assert_null(notice->hit.text.advice.ptr);
    eg_tray_notice_destroy(notice);
}

static void list_next__several_waiting__gravest_then_oldest(void **state)
{
    eg_notice_list *list = make_list(state);

    eg_notice_list_take(list, make_notice(1, EG_LEVEL_MEDIUM));
    eg_notice_list_take(list, make_notice(2, EG_LEVEL_HIGH));
    eg_notice_list_take(list, make_notice(3, EG_LEVEL_HIGH));
    assert_int_equal(eg_notice_list_next(list)->hit.id, 2);
    eg_notice_list_mark_seen(list, 2, 1);
    assert_int_equal(eg_notice_list_next(list)->hit.id, 3);
    eg_notice_list_mark_seen(list, 3, 1);
    assert_int_equal(eg_notice_list_next(list)->hit.id, 1);
    eg_notice_list_mark_seen(list, 1, 1);
    assert_null(eg_notice_list_next(list));
    assert_int_equal(eg_notice_list_last_seen(list), 30);
    eg_notice_list_done(list);
}

static void list_next__low_levels__never_pop_up_but_count(void **state)
{
    eg_notice_list *list = make_list(state);

    eg_notice_list_take(list, make_notice(1, EG_LEVEL_LOW));
    eg_notice_list_take(list, make_notice(2, EG_LEVEL_INFORMATIONAL));
    assert_null(eg_notice_list_next(list));
    assert_int_equal(eg_notice_list_waiting(list, false), 0);
    assert_int_equal(eg_notice_list_waiting(list, true), 2);
    assert_int_equal(eg_notice_list_recent(list, 0)->hit.id, 2);
    assert_int_equal(eg_notice_list_recent(list, 1)->hit.id, 1);
    assert_null(eg_notice_list_recent(list, 2));
    eg_notice_list_done(list);
}

static void list_resolve__by_an_administrator__ends_waiting_and_reminders(void **state)
{
    eg_notice_list *list = make_list(state);

    eg_notice_list_take(list, make_notice(1, EG_LEVEL_HIGH));
    eg_notice_list_take(list, make_notice(2, EG_LEVEL_HIGH));
    eg_notice_list_mark_seen(list, 2, 1);
    assert_true(eg_notice_list_wants_reminder(list, 2 + EG_NOTICE_REMIND_MS));
    eg_notice_list_resolve(list, 2);
    assert_false(eg_notice_list_wants_reminder(list, 2 + EG_NOTICE_REMIND_MS));
    assert_non_null(eg_notice_list_find(list, 2)); /* a window may show it still */
    eg_notice_list_resolve(list, 1);
    assert_null(eg_notice_list_next(list));
    eg_notice_list_resolve(list, 99);
    eg_notice_list_done(list);
}

static void list_take_known__of_before__is_listed_as_seen_with_its_answer(void **state)
{
    eg_notice_list *list = make_list(state);
    eg_tray_notice *answered = make_notice(3, EG_LEVEL_HIGH),
                   *closed = make_notice(1, EG_LEVEL_LOW);

    answered->hit.answer = EG_TOLD_ANSWER_CALL;
    closed->hit.answer = EG_TOLD_ANSWER_CLOSED;
    eg_notice_list_take(list, make_notice(5, EG_LEVEL_HIGH));
    eg_notice_list_take_known(list, answered, 8);
    eg_notice_list_take_known(list, closed, 8);
    eg_notice_list_take_known(list, make_notice(2, EG_LEVEL_HIGH), 8);
    assert_int_equal(eg_notice_list_recent(list, 0)->hit.id, 5);
    assert_int_equal(eg_notice_list_recent(list, 1)->hit.id, 3);
    assert_int_equal(eg_notice_list_recent(list, 2)->hit.id, 2);
    assert_int_equal(eg_notice_list_recent(list, 3)->hit.id, 1);
    assert_int_equal(eg_notice_list_entry(list, 3)->answer.state, EG_ANSWER_KEPT);
    assert_int_equal(eg_notice_list_entry(list, 3)->answer.kind, EG_ANSWER_CALL);
    assert_int_equal(eg_notice_list_entry(list, 2)->answer.state, EG_ANSWER_NONE);
    assert_true(eg_notice_list_entry(list, 1)->resolved);
    assert_int_equal(eg_notice_list_next(list)->hit.id, 5);
    assert_int_equal(eg_notice_list_waiting(list, false), 1);
    assert_int_equal(eg_notice_list_waiting(list, true), 0);
    assert_int_equal(list->received, 1); /* the others are not of this session */
    eg_notice_list_done(list);
}

static void list_take_known__of_a_known_story__changes_its_numbers_alone(void **state)
{
    eg_notice_list *list = make_list(state);
    eg_tray_notice *grown = make_notice(1, EG_LEVEL_HIGH), *older = make_notice(1, EG_LEVEL_HIGH);

    grown->hit.incident_hits = 10000;
    older->hit.id = 0;
    eg_notice_list_take(list, make_notice(1, EG_LEVEL_HIGH));
    eg_notice_list_take(list, make_notice(2, EG_LEVEL_HIGH));
    eg_notice_list_take_known(list, grown, 8);
    eg_notice_list_take_known(list, older, 8);
    assert_int_equal(list->count, 2);
    assert_int_equal(eg_notice_list_find(list, 1)->hit.incident_hits, 10000);
    assert_int_equal(eg_notice_list_next(list)->hit.id, 1); /* it still waits for its window */
    assert_int_equal(eg_notice_list_recent(list, 0)->hit.id, 2);
    for (int64_t id = 3; id <= EG_NOTICE_LIST_MAX; id++) {
        eg_notice_list_take(list, make_notice(id, EG_LEVEL_HIGH));
    }
    eg_notice_list_take_known(list, make_notice(9000, EG_LEVEL_HIGH), 8);
    assert_null(eg_notice_list_find(list, 9000)); /* it takes nobody's place */
    eg_notice_list_done(list);
}

static void list_news__hit_told_again__is_known_and_whether_it_was_seen(void **state)
{
    eg_notice_list *list = make_list(state);

    assert_int_equal(eg_notice_list_news(list, 7), EG_NOTICE_NEW);
    eg_notice_list_take(list, make_notice(7, EG_LEVEL_HIGH));
    assert_int_equal(eg_notice_list_news(list, 7), EG_NOTICE_WAITING);
    eg_notice_list_mark_seen(list, 7, 1);
    assert_int_equal(eg_notice_list_news(list, 7), EG_NOTICE_SEEN);
    eg_notice_list_done(list);
}

static void list_take__when_full__forgets_seen_then_lowest(void **state)
{
    eg_notice_list *list = make_list(state);

    for (int64_t id = 1; id <= EG_NOTICE_LIST_MAX; id++) {
        eg_notice_list_take(list, make_notice(id, id == 9 ? EG_LEVEL_LOW : EG_LEVEL_HIGH));
    }
    eg_notice_list_mark_seen(list, 5, 1);
    eg_notice_list_take(list, make_notice(5001, EG_LEVEL_HIGH));
    assert_int_equal(eg_notice_list_news(list, 5), EG_NOTICE_NEW);
    eg_notice_list_take(list, make_notice(5002, EG_LEVEL_HIGH));
    assert_int_equal(eg_notice_list_news(list, 9), EG_NOTICE_NEW);
    assert_int_equal(list->forgotten, 0); /* neither of the two was waiting for a window */
    eg_notice_list_take(list, make_notice(5003, EG_LEVEL_HIGH));
    assert_int_equal(eg_notice_list_news(list, 1), EG_NOTICE_NEW);
    assert_int_equal(list->count, EG_NOTICE_LIST_MAX);
    eg_notice_list_done(list);
}

static void list_take__more_than_it_holds__counts_all_and_asks_for_the_rest(void **state)
{
    eg_notice_list *list = make_list(state);

    for (int64_t id = 1; id <= EG_NOTICE_LIST_MAX + 300; id++) {
        assert_int_equal(eg_notice_list_take(list, make_notice(id, EG_LEVEL_HIGH)), EG_NOTICE_NEW);
    }
    assert_int_equal(eg_notice_list_waiting(list, false), EG_NOTICE_LIST_MAX + 300);
    assert_int_equal(list->received, EG_NOTICE_LIST_MAX + 300);
    assert_false(eg_notice_list_wants_more(list));
    for (const eg_tray_notice *next; (next = eg_notice_list_next(list)) != NULL;) {
        eg_notice_list_mark_seen(list, next->hit.id, 1);
    }
    assert_int_equal(eg_notice_list_waiting(list, false), 300);
    assert_true(eg_notice_list_wants_more(list));
    eg_notice_list_told_again(list);
    assert_false(eg_notice_list_wants_more(list));
    assert_int_equal(eg_notice_list_waiting(list, false), 0);
    eg_notice_list_take(list, make_notice(1, EG_LEVEL_HIGH)); /* told again by the service */
    assert_int_equal(eg_notice_list_next(list)->hit.id, 1);
    eg_notice_list_done(list);
}

/* A database that was made anew counts from the beginning. */
static void list_take__known_number_of_another_hit__is_news(void **state)
{
    eg_notice_list *list = make_list(state);
    eg_tray_notice *other = make_notice(7, EG_LEVEL_MEDIUM);

    assert_int_equal(eg_notice_list_take(list, make_notice(7, EG_LEVEL_HIGH)), EG_NOTICE_NEW);
    eg_notice_list_mark_seen(list, 7, 1);
    assert_int_equal(eg_notice_list_take(list, make_notice(7, EG_LEVEL_HIGH)), EG_NOTICE_SEEN);
    other->hit.time += 1;
    assert_int_equal(eg_notice_list_take(list, other), EG_NOTICE_NEW);
    assert_int_equal(list->count, 1);
    assert_int_equal(eg_notice_list_next(list)->hit.level, EG_LEVEL_MEDIUM);
    eg_notice_list_done(list);
}

/* The next hit of a story. */
static eg_tray_notice *make_more(int64_t id, uint64_t story, uint64_t absorbed)
{
    eg_tray_notice *notice = make_notice(id, EG_LEVEL_HIGH);

    notice->hit.incident_id = story;
    notice->hit.absorbed.count = absorbed > 0;
    notice->hit.absorbed.id[0] = (int64_t)absorbed;
    return notice;
}

static void list_take__story_goes_on__stays_one_and_waits_again(void **state)
{
    eg_notice_list *list = make_list(state);

    eg_notice_list_take(list, make_more(1, 7, 0));
    eg_notice_list_mark_seen(list, 7, 1);
    assert_int_equal(eg_notice_list_take(list, make_more(2, 7, 0)), EG_NOTICE_NEW);
    assert_int_equal(list->count, 1);
    assert_int_equal(list->received, 1);
    assert_int_equal(eg_notice_list_waiting(list, false), 1);
    assert_int_equal(eg_notice_list_next(list)->hit.id, 2);
    assert_int_equal(eg_notice_list_take(list, make_more(1, 7, 0)), EG_NOTICE_WAITING);
    assert_int_equal(eg_notice_list_next(list)->hit.id, 2);
    eg_notice_list_done(list);
}

static void list_take__absorbing_others__leaves_one_that_is_found_under_all_names(void **state)
{
    eg_notice_list *list = make_list(state);

    eg_notice_list_take(list, make_more(1, 7, 0));
    eg_notice_list_take(list, make_more(2, 8, 0));
    eg_notice_list_entry(list, 8)->answer = (eg_given_answer){EG_ANSWER_SENDING, EG_ANSWER_CALL};
    assert_int_equal(eg_notice_list_take(list, make_more(3, 7, 8)), EG_NOTICE_NEW);
    assert_int_equal(list->count, 1);
    assert_int_equal(eg_notice_list_find(list, 8)->hit.id, 3);
    assert_int_equal(eg_notice_list_find(list, 7)->hit.id, 3);
    assert_int_equal(eg_notice_list_entry(list, 7)->answer.state, EG_ANSWER_SENDING);
    assert_int_equal(eg_notice_list_entry(list, 7)->answer.kind, EG_ANSWER_CALL);
    eg_notice_list_done(list);
}

/* The service tells again what it told before two stories became one, after it was restarted. */
static void list_take__known_hit_told_again_of_a_joined_story__leaves_one(void **state)
{
    eg_notice_list *list = make_list(state);
    eg_tray_notice *again = make_notice(3, EG_LEVEL_HIGH);

    eg_notice_list_take(list, make_notice(2, EG_LEVEL_CRITICAL));
    eg_notice_list_take(list, make_notice(5, EG_LEVEL_HIGH));
    eg_notice_list_mark_seen(list, 5, 1);
    again->hit.incident_id = 5;
    again->hit.absorbed = (eg_notice_ids){1, {2}};
    assert_int_equal(eg_notice_list_take(list, again), EG_NOTICE_WAITING); /* 2 was never seen */
    assert_int_equal(list->count, 1);
    assert_int_equal(eg_notice_list_next(list)->hit.id, 5);
    eg_notice_list_resolve(list, 5);
    assert_null(eg_notice_list_next(list));
    eg_notice_list_done(list);
}

static void list__shown_a_day_ago_and_not_answered__wants_a_reminder(void **state)
{
    eg_notice_list *list = make_list(state);
    uint64_t later = 5 + EG_NOTICE_REMIND_MS + 1;
    eg_tray_notice *reminder = make_more(1, 7, 0);

    eg_notice_list_take(list, make_more(1, 7, 0));
    assert_false(eg_notice_list_wants_reminder(list, later)); /* it still waits */
    eg_notice_list_mark_seen(list, 7, 5);
    assert_false(eg_notice_list_wants_reminder(list, later - 1));
    assert_true(eg_notice_list_wants_reminder(list, later));
    reminder->hit.telling = EG_TELLING_REMINDER;
    assert_int_equal(eg_notice_list_take(list, reminder), EG_NOTICE_NEW); /* though it is known */
    eg_notice_list_mark_seen(list, 7, 5);
    eg_notice_list_entry(list, 7)->answer.state = EG_ANSWER_KEPT;
    assert_false(eg_notice_list_wants_reminder(list, later));
    eg_notice_list_done(list);
}

int eg_test_tray_notices(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notice_create__text_of_the_decoder_changes__keeps_its_own),
        cmocka_unit_test(list_next__several_waiting__gravest_then_oldest),
        cmocka_unit_test(list_next__low_levels__never_pop_up_but_count),
        cmocka_unit_test(list_resolve__by_an_administrator__ends_waiting_and_reminders),
        cmocka_unit_test(list_take_known__of_before__is_listed_as_seen_with_its_answer),
        cmocka_unit_test(list_take_known__of_a_known_story__changes_its_numbers_alone),
        cmocka_unit_test(list_news__hit_told_again__is_known_and_whether_it_was_seen),
        cmocka_unit_test(list_take__when_full__forgets_seen_then_lowest),
        cmocka_unit_test(list_take__more_than_it_holds__counts_all_and_asks_for_the_rest),
        cmocka_unit_test(list_take__known_number_of_another_hit__is_news),
        cmocka_unit_test(list_take__story_goes_on__stays_one_and_waits_again),
        cmocka_unit_test(list_take__absorbing_others__leaves_one_that_is_found_under_all_names),
        cmocka_unit_test(list_take__known_hit_told_again_of_a_joined_story__leaves_one),
        cmocka_unit_test(list__shown_a_day_ago_and_not_answered__wants_a_reminder),
    };
    return cmocka_run_group_tests_name("tray_notices", tests, NULL, NULL);
}
