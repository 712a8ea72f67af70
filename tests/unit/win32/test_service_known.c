/* SPDX-License-Identifier: Apache-2.0 */
/* What a tray is told that is no news: stories of before, and counts, over the real pipe. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/status.h"
#include "service/client_feed.h"
#include "tests/unit/win32/pipe_fixture.h"

#define STORY 12

static void join(eg_test_client *client, const eg_pipe_fixture *fixture)
{
    eg_message message;
    eg_test_client_connect(client, fixture);
    client->hears_known = true;
    eg_test_client_hello(client, "tray", EG_LANGUAGE_EN);
    eg_test_client_expect(client, EG_MESSAGE_WELCOME, &message);
}

static void expect_hit(eg_test_client *client, eg_telling telling, int64_t id, eg_message *message)
{
    eg_test_client_expect(client, EG_MESSAGE_HIT, message);
    assert_int_equal(message->body.hit.telling, telling);
    assert_int_equal(message->body.hit.id, id);
}

static void say_shown(eg_test_client *client, int64_t hit)
{
    eg_message shown = {.type = EG_MESSAGE_SHOWN};
    shown.body.shown.hit_id = hit;
    shown.body.shown.title = EG_STR("EmoGuard");
    eg_test_client_say(client, &shown);
}

static void expect_receipt(eg_test_client *client, const char *answer)
{
    eg_message message = {.type = EG_MESSAGE_ANSWER};
    message.body.answer.incident_id = STORY;
    message.body.answer.answer = eg_str_from(answer);
    eg_test_client_say(client, &message);
    eg_test_client_expect(client, EG_MESSAGE_ANSWERED, &message);
    assert_true(message.body.answered.kept);
}

static void tray__started_again__is_told_what_its_user_was_shown(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message;
    int64_t first = eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    int64_t second = eg_pipe_fixture_add_story_hit(fixture, 8, STORY + 1);
    int64_t others = eg_pipe_fixture_add_story_hit(fixture, 13, STORY + 2);
    assert_int_equal(
        eg_store_set_shown(fixture->store->store, others, eg_clock_utc(), EG_STR("PC\\other")),
        EG_OK);
    join(&client, fixture);
    expect_hit(&client, EG_TELLING_NEWS, first, &message);
    expect_hit(&client, EG_TELLING_NEWS, second, &message);
    say_shown(&client, second);
    say_shown(&client, first);
    expect_receipt(&client, "call");
    eg_test_client_close(&client);
    assert_int_equal(eg_store_resolve_incident(fixture->store->store, STORY + 1, 9), EG_OK);
    join(&client, fixture);
    expect_hit(&client, EG_TELLING_KNOWN, first, &message); /* oldest first, as all else */
    assert_int_equal(message.body.hit.answer, EG_TOLD_ANSWER_CALL);
    expect_hit(&client, EG_TELLING_KNOWN, second, &message);
    assert_int_equal(message.body.hit.answer, EG_TOLD_ANSWER_CLOSED);
    say_shown(&client, first);
    expect_receipt(&client, "unknown"); /* nothing else came in between */
    eg_test_client_close(&client);
}

static void tray__with_many_stories_behind_it__is_told_the_newest(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message;
    int64_t hit[EG_FEED_KNOWN_MAX + 3];
    join(&client, fixture);
    for (int i = 0; i < EG_FEED_KNOWN_MAX + 3; i++) {
        hit[i] = eg_pipe_fixture_add_story_hit(fixture, 3 + 5 * i, STORY + i);
        expect_hit(&client, EG_TELLING_NEWS, hit[i], &message);
        say_shown(&client, hit[i]);
    }
    expect_receipt(&client, "call");
    eg_test_client_close(&client);
    join(&client, fixture);
    for (int i = 3; i < EG_FEED_KNOWN_MAX + 3; i++) {
        expect_hit(&client, EG_TELLING_KNOWN, hit[i], &message);
    }
    int64_t live = eg_pipe_fixture_add_story_hit(fixture, 98, STORY + 50);
    expect_hit(&client, EG_TELLING_NEWS, live, &message);
    eg_test_client_close(&client);
}

static void count__of_the_story_in_a_window__follows_now_and_then(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client, idle;
    eg_message message;
    unsigned hits = 1;
    int updates = 0;
    int64_t hit = eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    int64_t unseen = eg_pipe_fixture_add_story_hit(fixture, 8, STORY + 1);
    join(&client, fixture);
    join(&idle, fixture);
    expect_hit(&client, EG_TELLING_NEWS, hit, &message);
    expect_hit(&client, EG_TELLING_NEWS, unseen, &message);
    expect_hit(&idle, EG_TELLING_NEWS, hit, &message);
    expect_hit(&idle, EG_TELLING_NEWS, unseen, &message);
    say_shown(&client, hit);
    uint64_t start = eg_clock_monotonic_ns();
    expect_receipt(&client, "call"); /* the service has heard of the window */
    while (hits < 200) {
        eg_pipe_fixture_repeat_story_hit(fixture, 3, STORY, ++hits);
    }
    do { /* the last count comes, though nothing wakes anybody after it */
        expect_hit(&client, EG_TELLING_KNOWN, hit, &message);
        updates++;
    } while (message.body.hit.incident_hits < hits);
    assert_int_equal(message.body.hit.incident_hits, hits);
    uint64_t passed = eg_clock_monotonic_ns() - start;
    assert_in_range(updates, 1, passed / EG_FEED_LOOK_NS + 1);
    eg_pipe_fixture_repeat_story_hit(fixture, 8, STORY + 1, 2); /* no window shows that one */
    int64_t live = eg_pipe_fixture_add_story_hit(fixture, 13, STORY + 2);
    expect_hit(&client, EG_TELLING_NEWS, live, &message);
    expect_hit(&idle, EG_TELLING_NEWS, live, &message); /* and no counts: it shows nothing */
    eg_test_client_close(&client);
    eg_test_client_close(&idle);
}

#define WITH_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down)

int eg_test_service_known(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(tray__started_again__is_told_what_its_user_was_shown),
        WITH_SERVER(tray__with_many_stories_behind_it__is_told_the_newest),
        WITH_SERVER(count__of_the_story_in_a_window__follows_now_and_then),
    };
    return cmocka_run_group_tests_name("service_known", tests, NULL, NULL);
}
