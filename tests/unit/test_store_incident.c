/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_fixture.h"
#include "tests/unit/unit.h"

#include "core/base/status.h"

#include <string.h>

#define WITH_STORE(test) \
    cmocka_unit_test_setup_teardown(test, eg_store_fixture_set_up, eg_store_fixture_tear_down)

static int64_t add(eg_store_fixture *fix, int number, int64_t incident, bool news,
                   const char *story)
{
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    eg_sample_hit(number, &hit, &event);
    hit.incident_id = incident;
    hit.incident_news = news;
    hit.incident_json = eg_str_from(story);
    hit.incident_memory = EG_STR("{\"keys\":[]}");
    assert_int_equal(eg_store_add_hit(fix->store, &hit, &event, &id, &is_new), EG_OK);
    assert_true(is_new);
    return id;
}

typedef struct seen {
    size_t count;
    int64_t last_id, absorbed_by;
    uint64_t shown_time, resolved_time;
    char story[64], answer[16];
} seen;

static int keep(void *user, const eg_stored_incident *incident)
{
    seen *to = user;
    to->count++;
    to->last_id = incident->id;
    to->absorbed_by = incident->absorbed_by;
    to->shown_time = incident->shown_time;
    to->resolved_time = incident->resolved_time;
    assert_true(incident->story.len < sizeof(to->story));
    memcpy(to->story, incident->story.ptr, incident->story.len + 1);
    memcpy(to->answer, incident->answer.ptr, incident->answer.len + 1);
    assert_true(incident->first_time <= incident->last_time);
    return EG_OK;
}

static int count_hit(void *user, const eg_hit *hit)
{
    size_t *count = user;
    ++*count;
    assert_true(hit->incident_id > 0);
    return EG_OK;
}

static size_t count_hits(eg_store_fixture *fix, int64_t incident)
{
    size_t count = 0;
    eg_hit_query query = {.incident_id = incident};
    assert_int_equal(eg_store_each_hit(fix->store, &query, count_hit, &count), EG_OK);
    return count;
}

static void incident__hits_of_one_story__keep_its_latest_state(void **state)
{
    eg_store_fixture *fix = *state;
    seen got = {0};
    int64_t last = 0;
    int64_t first = add(fix, 1, 4, true, "{\"n\":1}");
    add(fix, 2, 4, true, "{\"n\":2}");
    assert_int_equal(eg_store_get_incident(fix->store, 4, keep, &got), EG_OK);
    assert_string_equal(got.story, "{\"n\":2}");
    assert_int_equal(got.shown_time, 0);
    assert_int_equal(eg_store_set_shown(fix->store, first, 77, EG_STR("")), EG_OK);
    assert_int_equal(eg_store_get_incident(fix->store, 4, keep, &got), EG_OK);
    assert_int_equal(got.shown_time, 77);
    assert_int_equal(count_hits(fix, 4), 2);
    assert_int_equal(eg_store_last_incident(fix->store, &last), EG_OK);
    assert_int_equal(last, 4);
    assert_int_equal(eg_store_get_incident(fix->store, 5, keep, &got), EG_E_NOTFOUND);
}

static void incident__repeated_hit__waits_for_no_window(void **state)
{
    eg_store_fixture *fix = *state;
    size_t count = 0;
    add(fix, 1, 4, true, "{}");
    add(fix, 2, 4, false, "{}");
    eg_hit_query query = {.only_not_shown = true, .only_news = true};
    assert_int_equal(eg_store_each_hit(fix->store, &query, count_hit, &count), EG_OK);
    assert_int_equal(count, 1);
}

static void incident__resolved_before_anybody_saw_it__waits_for_no_window(void **state)
{
    eg_store_fixture *fix = *state;
    eg_hit_query queries[] = {{.only_not_shown = true}, {.only_news = true}};
    add(fix, 1, 4, true, "{}");
    add(fix, 2, 5, true, "{}");
    assert_int_equal(eg_store_resolve_incident(fix->store, 4, 9), EG_OK);
    for (size_t i = 0; i < EG_COUNT(queries); i++) {
        size_t count = 0;
        assert_int_equal(eg_store_each_hit(fix->store, &queries[i], count_hit, &count), EG_OK);
        assert_int_equal(count, 1);
    }
    assert_int_equal(count_hits(fix, 4), 1); /* it is still there to be read */
}

static int append_shown(void *user, const eg_shown_story *story)
{
    eg_buf *text = user;
    eg_buf_appendf(text, "%lld%s%.*s ", (long long)story->hit_id, story->resolved ? "!" : "",
                   EG_STR_ARGS(story->answer));
    return text->status;
}

static void assert_shown(eg_store_fixture *fix, const char *user, const char *wanted)
{
    eg_buf text;
    eg_buf_init(&text, 256);
    assert_int_equal(eg_store_each_shown(fix->store, eg_str_from(user), 2, append_shown, &text),
                     EG_OK);
    assert_string_equal(eg_buf_cstr(&text), wanted);
    eg_buf_done(&text);
}

static void shown__to_users__is_known_of_each_with_his_answer(void **state)
{
    eg_store_fixture *fix = *state;
    const eg_str sato = EG_STR("PC\\sato"), ito = EG_STR("PC\\ito");
    eg_answer answer = {.incident_id = 4, .time = 9, .user = sato, .answer = EG_STR("call")};
    bool is_new = false;
    int64_t first = add(fix, 1, 4, true, "{}");
    int64_t grown = add(fix, 2, 4, true, "{}"), other = add(fix, 3, 5, true, "{}");
    assert_int_equal(eg_store_set_shown(fix->store, first, 7, sato), EG_OK);
    assert_int_equal(eg_store_set_shown(fix->store, other, 7, ito), EG_OK);
    assert_int_equal(eg_store_set_shown(fix->store, other, 8, EG_STR("")), EG_OK);
    assert_shown(fix, "PC\\sato", "1 "); /* not what nobody has seen yet */
    assert_shown(fix, "PC\\ito", "3 ");
    assert_shown(fix, "PC\\abe", "");
    assert_int_equal(eg_store_set_shown(fix->store, grown, 9, sato), EG_OK);
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    assert_int_equal(eg_store_set_shown(fix->store, grown, 9, ito), EG_OK);
    assert_int_equal(eg_store_resolve_incident(fix->store, 5, 10), EG_OK);
    assert_shown(fix, "PC\\sato", "2call ");
    assert_shown(fix, "PC\\ito", "3! 2 ");
    assert_int_equal(
        eg_store_set_shown(fix->store, add(fix, 4, 6, true, "{\"absorbed\":[4]}"), 11, ito), EG_OK);
    assert_shown(fix, "PC\\sato", "4call "); /* the story that it became a part of */
    assert_shown(fix, "PC\\ito", "4 3! ");
    assert_int_equal(eg_store_prune(fix->store, UINT64_MAX, 0), EG_OK);
    assert_shown(fix, "PC\\ito", "");
}

static void incident__absorbed__is_found_under_the_other(void **state)
{
    eg_store_fixture *fix = *state;
    seen got = {0};
    bool is_new = false;
    add(fix, 1, 1, true, "{\"absorbed\":[]}");
    assert_int_equal(
        eg_store_set_shown(fix->store, add(fix, 2, 2, true, "{\"absorbed\":[]}"), 7, EG_STR("")),
        EG_OK);
    eg_answer answer = {
        .incident_id = 2, .time = 9, .user = EG_STR("PC\\sato"), .answer = EG_STR("call")};
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    add(fix, 3, 1, true, "{\"absorbed\":[2]}");
    assert_int_equal(count_hits(fix, 1), 3);
    assert_int_equal(eg_store_get_incident(fix->store, 2, keep, &got), EG_OK);
    assert_int_equal(got.absorbed_by, 1);
    memset(&got, 0, sizeof(got));
    assert_int_equal(eg_store_each_incident(fix->store, 0, true, 10, keep, &got), EG_OK);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.last_id, 1);
    assert_string_equal(got.answer, "call");
    /* a window that still shows the one that is gone */
    answer.answer = EG_STR("did_it");
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    assert_int_equal(eg_store_get_incident(fix->store, 1, keep, &got), EG_OK);
    assert_string_equal(got.answer, "did_it");
}

static int keep_answer(void *user, const eg_answer *answer)
{
    eg_answer *to = user;
    to->id = answer->id;
    to->time = answer->time;
    to->session = answer->session;
    assert_true(eg_str_equal(answer->user, EG_STR("PC\\sato")));
    return EG_OK;
}

static void incident__answers_and_resolution__are_kept(void **state)
{
    eg_store_fixture *fix = *state;
    seen got = {0};
    bool is_new = false;
    eg_answer last = {0};
    eg_answer answer = {.incident_id = 3,
                        .time = 11,
                        .session = 2,
                        .user = EG_STR("PC\\sato"),
                        .answer = EG_STR("unknown")};
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_E_NOTFOUND);
    assert_int_equal(eg_store_resolve_incident(fix->store, 3, 5), EG_E_NOTFOUND);
    int64_t hit = add(fix, 1, 3, true, "{}");
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_E_DENIED);
    assert_int_equal(eg_store_set_shown(fix->store, hit, 10, EG_STR("")), EG_OK);
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    assert_true(is_new);
    answer.time = 12;
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    assert_false(is_new); /* sent again, because its receipt was lost */
    answer.answer = EG_STR("call");
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    assert_true(is_new);
    assert_int_equal(eg_store_each_answer(fix->store, 3, keep_answer, &last), EG_OK);
    assert_int_equal(last.id, 2);
    assert_int_equal(last.time, 12);
    assert_int_equal(last.session, 2);
    assert_int_equal(eg_store_resolve_incident(fix->store, 3, 20), EG_OK);
    assert_int_equal(eg_store_resolve_incident(fix->store, 3, 30), EG_OK);
    assert_int_equal(eg_store_get_incident(fix->store, 3, keep, &got), EG_OK);
    assert_int_equal(got.resolved_time, 20);
    memset(&got, 0, sizeof(got));
    assert_int_equal(eg_store_each_incident(fix->store, 0, true, 10, keep, &got), EG_OK);
    assert_int_equal(got.count, 0);
    assert_int_equal(eg_store_each_incident(fix->store, 0, false, 10, keep, &got), EG_OK);
    assert_int_equal(got.count, 1);
}

static void incident__all_hits_pruned__goes_with_its_answers(void **state)
{
    eg_store_fixture *fix = *state;
    seen got = {0};
    bool is_new = false;
    eg_answer answer = {
        .incident_id = 1, .time = 1, .user = EG_STR("PC\\sato"), .answer = EG_STR("call")};
    assert_int_equal(eg_store_set_shown(fix->store, add(fix, 1, 1, true, "{}"), 10, EG_STR("")),
                     EG_OK);
    add(fix, 2, 2, true, "{}");
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    assert_int_equal(eg_store_prune(fix->store, 0, 1), EG_OK);
    assert_int_equal(eg_store_get_incident(fix->store, 1, keep, &got), EG_E_NOTFOUND);
    assert_int_equal(eg_store_get_incident(fix->store, 2, keep, &got), EG_OK);
    assert_int_equal(eg_store_each_answer(fix->store, 1, keep_answer, &answer), EG_OK);
    assert_int_equal(answer.id, 0);
}

static void incident__answers_without_end__are_refused(void **state)
{
    eg_store_fixture *fix = *state;
    bool is_new = false;
    eg_answer answer = {.incident_id = 1, .user = EG_STR("PC\\sato")};
    assert_int_equal(eg_store_set_shown(fix->store, add(fix, 1, 1, true, "{}"), 10, EG_STR("")),
                     EG_OK);
    for (int i = 0; i < EG_STORE_ANSWERS_MAX; i++) {
        answer.answer = i % 2 ? EG_STR("call") : EG_STR("did_it");
        assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    }
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    answer.answer = EG_STR("did_it");
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_E_LIMIT);
}

static void incident__shown__marks_what_it_told_before(void **state)
{
    eg_store_fixture *fix = *state;
    eg_hit_query query = {.only_not_shown = true};
    size_t left = 0;
    add(fix, 1, 1, true, "{}");
    add(fix, 2, 2, true, "{}");
    int64_t third = add(fix, 3, 1, true, "{}");
    add(fix, 4, 1, true, "{}");
    assert_int_equal(eg_store_set_shown(fix->store, third, 10, EG_STR("")), EG_OK);
    assert_int_equal(eg_store_each_hit(fix->store, &query, count_hit, &left), EG_OK);
    assert_int_equal(left, 2); /* the other story's, and the one that came later */
}

static int keep_id(void *user, const eg_hit *hit)
{
    *(int64_t *)user = hit->id;
    return EG_OK;
}

static int64_t reminder_of(eg_store_fixture *fix, uint64_t since)
{
    eg_hit_query query = {.unanswered_since = since, .min_level = EG_LEVEL_INFORMATIONAL};
    int64_t id = 0;
    assert_int_equal(eg_store_each_hit(fix->store, &query, keep_id, &id), EG_OK);
    return id;
}

static void incident__shown_and_not_answered__is_due_again(void **state)
{
    eg_store_fixture *fix = *state;
    eg_answer answer = {.incident_id = 1, .user = EG_STR("PC\\sato"), .answer = EG_STR("call")};
    bool is_new = false;
    add(fix, 1, 1, true, "{}");
    int64_t hit = add(fix, 2, 1, true, "{}");
    assert_int_equal(reminder_of(fix, 100), 0); /* nobody has seen it yet */
    assert_int_equal(eg_store_set_shown(fix->store, hit, 50, EG_STR("")), EG_OK);
    assert_int_equal(reminder_of(fix, 49), 0);
    assert_int_equal(reminder_of(fix, 100), hit);
    assert_int_equal(eg_store_set_shown(fix->store, hit, 120, EG_STR("")),
                     EG_OK); /* the reminder was shown */
    assert_int_equal(reminder_of(fix, 100), 0);
    assert_int_equal(reminder_of(fix, 200), hit);
    assert_int_equal(eg_store_add_answer(fix->store, &answer, &is_new), EG_OK);
    assert_int_equal(reminder_of(fix, 200), 0);
}

static void assert_open(eg_store_fixture *fix, eg_level min_level, uint64_t wanted)
{
    uint64_t count = UINT64_MAX;
    assert_int_equal(eg_store_count_open(fix->store, min_level, &count), EG_OK);
    assert_true(count == wanted);
}

/* The number of a sample hit is its level. */
static void count_open__stories__are_those_that_nobody_has_resolved(void **state)
{
    eg_store_fixture *fix = *state;
    assert_open(fix, EG_LEVEL_INFORMATIONAL, 0);
    add(fix, EG_LEVEL_LOW, 4, true, "{}");
    add(fix, EG_LEVEL_MEDIUM, 4, true, "{}"); /* the same story */
    add(fix, EG_LEVEL_HIGH, 5, true, "{}");
    assert_open(fix, EG_LEVEL_INFORMATIONAL, 2);
    assert_open(fix, EG_LEVEL_MEDIUM, 2);
    assert_open(fix, EG_LEVEL_HIGH, 1);
    assert_open(fix, EG_LEVEL_CRITICAL, 0);
    assert_int_equal(eg_store_resolve_incident(fix->store, 5, 99), EG_OK);
    assert_open(fix, EG_LEVEL_HIGH, 0);
    assert_open(fix, EG_LEVEL_LOW, 1);
}

int eg_test_store_incident(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(incident__hits_of_one_story__keep_its_latest_state),
        WITH_STORE(incident__repeated_hit__waits_for_no_window),
        WITH_STORE(incident__resolved_before_anybody_saw_it__waits_for_no_window),
        WITH_STORE(count_open__stories__are_those_that_nobody_has_resolved),
        WITH_STORE(shown__to_users__is_known_of_each_with_his_answer),
        WITH_STORE(incident__absorbed__is_found_under_the_other),
        WITH_STORE(incident__answers_and_resolution__are_kept),
        WITH_STORE(incident__all_hits_pruned__goes_with_its_answers),
        WITH_STORE(incident__answers_without_end__are_refused),
        WITH_STORE(incident__shown__marks_what_it_told_before),
        WITH_STORE(incident__shown_and_not_answered__is_due_again),
    };
    return cmocka_run_group_tests_name("store_incident", tests, NULL, NULL);
}
