/* SPDX-License-Identifier: Apache-2.0 */
/* What people answer, and what administrators close, over the real pipe. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/win32/pipe_fixture.h"

#include <string.h>

#define STORY 12

static void join_as(eg_test_client *client, const eg_pipe_fixture *fixture, const char *kind)
{
    eg_message message;
    eg_test_client_connect(client, fixture);
    eg_test_client_hello(client, kind, EG_LANGUAGE_JA);
    eg_test_client_expect(client, EG_MESSAGE_WELCOME, &message);
}

static void say_answer(eg_test_client *client, int64_t incident, const char *answer)
{
    eg_message message = {.type = EG_MESSAGE_ANSWER};
    message.body.answer.incident_id = incident;
    message.body.answer.answer = eg_str_from(answer);
    eg_test_client_say(client, &message);
}

static void expect_receipt(eg_test_client *client, int64_t incident, bool kept)
{
    eg_message message;
    eg_test_client_expect(client, EG_MESSAGE_ANSWERED, &message);
    assert_int_equal(message.body.answered.incident_id, incident);
    assert_int_equal(message.body.answered.kept, kept);
}

/* A tray that shows the story. */
static void join_and_show(eg_test_client *client, eg_pipe_fixture *fixture)
{
    eg_message message;
    eg_message shown = {.type = EG_MESSAGE_SHOWN};
    shown.body.shown.hit_id = eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    shown.body.shown.title = EG_STR("EmoGuard");
    join_as(client, fixture, "tray");
    eg_test_client_expect(client, EG_MESSAGE_HIT, &message);
    assert_int_equal(message.body.hit.incident_id, STORY);
    eg_test_client_say(client, &shown);
}

typedef struct kept {
    size_t count;
    uint32_t session;
    char user[256], answer[16];
} kept;

static int keep(void *user, const eg_answer *answer)
{
    kept *to = user;
    to->count++;
    to->session = answer->session;
    assert_true(answer->time > 0);
    snprintf(to->user, sizeof(to->user), "%.*s", EG_STR_ARGS(answer->user));
    snprintf(to->answer, sizeof(to->answer), "%.*s", EG_STR_ARGS(answer->answer));
    return EG_OK;
}

static void expect_kept(eg_pipe_fixture *fixture, size_t count, const char *answer)
{
    kept got = {0};
    assert_int_equal(eg_store_each_answer(fixture->store->store, STORY, keep, &got), EG_OK);
    assert_int_equal(got.count, count);
    assert_int_equal(eg_atomic_get(&fixture->answers), (int64_t)count);
    assert_string_equal(got.answer, answer);
}

static void answer__to_a_story_on_the_screen__is_kept_with_who_and_where(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    kept got = {0};
    wchar_t name[256];
    char user[256];
    DWORD size = EG_COUNT(name), session = 99;
    join_and_show(&client, fixture);
    say_answer(&client, STORY, "unknown");
    expect_receipt(&client, STORY, true);
    expect_kept(fixture, 1, "unknown");
    assert_int_equal(eg_store_each_answer(fixture->store->store, STORY, keep, &got), EG_OK);
    assert_true(ProcessIdToSessionId(GetCurrentProcessId(), &session));
    assert_int_equal(got.session, session); /* not the 3 that hello claims */
    assert_true(GetUserNameW(name, &size));
    snprintf(user, sizeof(user), "\\%ls", name);
    if (!strstr(got.user, user)) {
        fail_msg("\"%s\" does not end with \"%s\"", got.user, user);
    }
    eg_test_client_close(&client);
}

static void answer__sent_again_without_a_receipt__is_kept_once(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    join_and_show(&client, fixture);
    say_answer(&client, STORY, "did_it");
    expect_receipt(&client, STORY, true);
    eg_test_client_close(&client);
    join_as(&client, fixture, "tray"); /* as after a restart of the service: it was told nothing */
    say_answer(&client, STORY, "did_it");
    expect_receipt(&client, STORY, true);
    expect_kept(fixture, 1, "did_it");
    say_answer(&client, STORY, "call"); /* the person thought again */
    expect_receipt(&client, STORY, true);
    expect_kept(fixture, 2, "call");
    eg_test_client_close(&client);
}

static void answer__to_what_no_window_showed__is_refused(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message;
    eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    join_as(&client, fixture, "tray");
    eg_test_client_expect(&client, EG_MESSAGE_HIT, &message);
    say_answer(&client, STORY, "did_it");
    expect_receipt(&client, STORY, false);
    say_answer(&client, INT64_MAX, "did_it");
    expect_receipt(&client, INT64_MAX, false);
    expect_kept(fixture, 0, "");
    eg_test_client_close(&client);
}

static void answer__that_is_none__ends_the_connection(void **state)
{
    static const char *const bad[] = {
        "{\"type\":\"answer\",\"incident\":12,\"answer\":\"yes\"}",
        "{\"type\":\"answer\",\"incident\":-12,\"answer\":\"did_it\"}",
        "{\"type\":\"answer\",\"incident\":0,\"answer\":\"did_it\"}",
        "{\"type\":\"answer\",\"incident\":\"12\",\"answer\":\"did_it\"}",
        "{\"type\":\"answer\",\"incident\":12,\"answer\":[\"did_it\"]}",
        "{\"type\":\"answer\",\"answer\":\"did_it\"}",
    };
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    join_and_show(&client, fixture);
    eg_test_client_close(&client);
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        eg_buf frame;
        eg_buf_init(&frame, 4096);
        assert_int_equal(eg_frame_write(&frame, eg_str_from(bad[i])), EG_OK);
        join_as(&client, fixture, "tray");
        eg_test_client_send(&client, frame.data, frame.len);
        eg_message message;
        while (eg_test_client_listen(&client, EG_TEST_DEADLINE_MS, &message) == EG_OK &&
               message.type == EG_MESSAGE_HIT) {
        }
        assert_int_equal(message.type, EG_MESSAGE_ERROR);
        eg_test_client_close(&client);
        eg_buf_done(&frame);
    }
    expect_kept(fixture, 0, "");
}

static void answer__from_a_command_line__ends_the_connection(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client tray, cli;
    join_and_show(&tray, fixture);
    join_as(&cli, fixture, "cli");
    say_answer(&cli, STORY, "did_it");
    eg_test_client_expect_drop(&cli, "shows nothing");
    expect_kept(fixture, 0, "");
    eg_test_client_close(&cli);
    eg_test_client_close(&tray);
}

static void answer__without_end__ends_the_connection(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message = {.type = EG_MESSAGE_ANSWERED};
    int receipts = 0;
    join_and_show(&client, fixture);
    while (message.type == EG_MESSAGE_ANSWERED) {
        say_answer(&client, STORY, receipts++ % 2 ? "did_it" : "unknown");
        assert_int_equal(eg_test_client_listen(&client, EG_TEST_DEADLINE_MS, &message), EG_OK);
        assert_true(receipts < EG_STORE_ANSWERS_MAX);
    }
    assert_int_equal(message.type, EG_MESSAGE_ERROR);
    eg_test_client_close(&client);
}

static void story__shown_a_day_ago__is_told_again_until_it_is_answered(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message;
    uint64_t day = EG_TICKS_PER_SECOND * 24 * 3600;
    int64_t hit = eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    assert_int_equal(
        eg_store_set_shown(fixture->store->store, hit, eg_clock_utc() - 2 * day, EG_STR("")),
        EG_OK);
    join_as(&client, fixture, "tray");
    eg_test_client_expect(&client, EG_MESSAGE_HIT, &message);
    assert_int_equal(message.body.hit.id, hit);
    assert_int_equal(message.body.hit.telling, EG_TELLING_REMINDER);
    say_answer(&client, STORY, "call");
    expect_receipt(&client, STORY, true);
    eg_test_client_close(&client);
    int64_t live = eg_pipe_fixture_add_story_hit(fixture, 8, STORY + 1);
    join_as(&client, fixture, "tray");
    eg_test_client_expect(&client, EG_MESSAGE_HIT, &message);
    assert_int_equal(message.body.hit.id, live); /* and not the answered one before it */
    assert_int_equal(message.body.hit.telling, EG_TELLING_NEWS);
    eg_test_client_close(&client);
}

static void resolve__by_an_administrator__closes_the_story(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message = {.type = EG_MESSAGE_RESOLVE};
    message.body.resolve.incident_id = STORY;
    eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    join_as(&client, fixture, "cli");
    eg_test_client_say(&client, &message);
    eg_test_client_expect(&client, EG_MESSAGE_RESOLVED, &message);
    assert_int_equal(message.body.resolved.incident_id, STORY);
    assert_int_equal(eg_atomic_get(&fixture->resolved), 1);
    message.type = EG_MESSAGE_RESOLVE;
    message.body.resolve.incident_id = STORY + 1;
    eg_test_client_say(&client, &message);
    eg_test_client_expect_drop(&client, "there is no incident");
    eg_test_client_close(&client);
}

static void say_except(eg_test_client *client, const char *json)
{
    eg_message message = {.type = EG_MESSAGE_EXCEPT};
    message.body.except.json = eg_str_from(json);
    eg_test_client_say(client, &message);
}

static void say_revoke(eg_test_client *client, int64_t id)
{
    eg_message message = {.type = EG_MESSAGE_REVOKE};
    message.body.revoke.exception_id = id;
    eg_test_client_say(client, &message);
}

typedef struct exceptions {
    size_t count;
    uint64_t revoked_time;
    bool who;
} exceptions;

static int keep_exception(void *user, const eg_exception *exception)
{
    exceptions *to = user;
    to->count++;
    to->revoked_time = exception->revoked_time;
    to->who = exception->created_by.len > 0;
    return EG_OK;
}

static exceptions stored_exceptions(const eg_pipe_fixture *fixture)
{
    exceptions got = {0};
    assert_int_equal(eg_store_each_exception(fixture->store->store, keep_exception, &got), EG_OK);
    return got;
}

static void exception__made_and_revoked_by_an_administrator__is_stored_with_who(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message;
    join_as(&client, fixture, "cli");
    say_except(&client, "{\"rule\":\"r\"}");
    eg_test_client_expect(&client, EG_MESSAGE_EXCEPTED, &message);
    int64_t id = message.body.excepted.exception_id;
    exceptions got = stored_exceptions(fixture);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.revoked_time, 0);
    assert_true(got.who);
    say_revoke(&client, id);
    eg_test_client_expect(&client, EG_MESSAGE_EXCEPTED, &message);
    assert_int_equal(message.body.excepted.exception_id, id);
    assert_int_equal(stored_exceptions(fixture).revoked_time, 5);
    say_revoke(&client, id + 1);
    eg_test_client_expect_drop(&client, "there is no exception");
    eg_test_client_close(&client);
}

static void change__by_somebody_else__is_refused_with_the_reason(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message resolve = {.type = EG_MESSAGE_RESOLVE};
    resolve.body.resolve.incident_id = STORY;
    eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    eg_pipe_fixture_deny(true);
    for (int i = 0; i < 3; i++) {
        join_as(&client, fixture, i == 1 ? "tray" : "cli");
        if (i == 0) {
            eg_test_client_say(&client, &resolve);
        } else if (i == 1) {
            eg_message hit;
            eg_test_client_expect(&client, EG_MESSAGE_HIT, &hit);
            say_except(&client, "{\"rule\":\"r\"}");
        } else {
            say_revoke(&client, 1);
        }
        eg_test_client_expect_drop(&client, "only an administrator");
        eg_test_client_close(&client);
    }
    assert_int_equal(stored_exceptions(fixture).count, 0);
    assert_int_equal(eg_atomic_get(&fixture->resolved), 0);
}

static void story__resolved__is_told_to_those_who_show_it(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client tray, late;
    eg_message message;
    join_and_show(&tray, fixture);
    eg_pipe_server_resolved(fixture->server, STORY);
    eg_test_client_expect(&tray, EG_MESSAGE_RESOLVED, &message);
    assert_int_equal(message.body.resolved.incident_id, STORY);
    join_as(&late, fixture, "tray"); /* what was before it is not its business */
    eg_pipe_server_resolved(fixture->server, STORY + 1);
    eg_test_client_expect(&late, EG_MESSAGE_RESOLVED, &message);
    assert_int_equal(message.body.resolved.incident_id, STORY + 1);
    eg_test_client_expect(&tray, EG_MESSAGE_RESOLVED, &message);
    assert_int_equal(message.body.resolved.incident_id, STORY + 1);
    eg_test_client_close(&late);
    eg_test_client_close(&tray);
}

#define WITH_SERVER(test) \
    cmocka_unit_test_setup_teardown(test, eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down)

int eg_test_service_answer(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(answer__to_a_story_on_the_screen__is_kept_with_who_and_where),
        WITH_SERVER(answer__sent_again_without_a_receipt__is_kept_once),
        WITH_SERVER(answer__to_what_no_window_showed__is_refused),
        WITH_SERVER(answer__that_is_none__ends_the_connection),
        WITH_SERVER(answer__from_a_command_line__ends_the_connection),
        WITH_SERVER(answer__without_end__ends_the_connection),
        WITH_SERVER(story__shown_a_day_ago__is_told_again_until_it_is_answered),
        WITH_SERVER(resolve__by_an_administrator__closes_the_story),
        WITH_SERVER(exception__made_and_revoked_by_an_administrator__is_stored_with_who),
        WITH_SERVER(change__by_somebody_else__is_refused_with_the_reason),
        WITH_SERVER(story__resolved__is_told_to_those_who_show_it),
    };
    return cmocka_run_group_tests_name("service_answer", tests, NULL, NULL);
}
