/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "service/client_feed.h"
#include "service/wide.h"
#include "tests/unit/win32/pipe_fixture.h"

#include <string.h>

#define QUIET_MS 200 /* long enough for an answer that must not come */

static void join_as(eg_test_client *client, const eg_pipe_fixture *fixture, const char *kind,
                    eg_language language)
{
    eg_message message;
    eg_test_client_connect(client, fixture);
    eg_test_client_hello(client, kind, language);
    eg_test_client_expect(client, EG_MESSAGE_WELCOME, &message);
}

static void say_shown(eg_test_client *client, int64_t id, const char *title)
{
    eg_message message = {0};
    message.type = EG_MESSAGE_SHOWN;
    message.body.shown.hit_id = id;
    message.body.shown.title = eg_str_from(title);
    eg_test_client_say(client, &message);
}

/* The status answer also says that everything sent before has been handled. */
static void ask_status(eg_test_client *client, char *out, size_t size)
{
    eg_message message = {0};
    message.type = EG_MESSAGE_STATUS_ASK;
    eg_test_client_say(client, &message);
    eg_test_client_expect(client, EG_MESSAGE_STATUS, &message);
    snprintf(out, size, "%.*s", EG_STR_ARGS(message.body.status.json));
}

static void expect_hit(eg_test_client *client, int64_t id)
{
    eg_message message;
    eg_test_client_expect(client, EG_MESSAGE_HIT, &message);
    assert_int_equal(message.body.hit.id, id);
}

static void expect_silence(eg_test_client *client)
{
    eg_message message;
    assert_int_equal(eg_test_client_listen(client, QUIET_MS, &message), EG_E_TIMEOUT);
}

static void wait_for_count(eg_clients *clients, size_t count)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * EG_TEST_DEADLINE_MS;
    while (eg_clients_count(clients) != count) {
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(1);
    }
}

static int count_hit(void *user, const eg_hit *hit)
{
    EG_UNUSED(hit);
    ++*(uint64_t *)user;
    return EG_OK;
}

static void hello__well_formed__is_welcomed(void **state)
{
    eg_test_client client;
    eg_message message;
    eg_test_client_connect(&client, *state);
    eg_test_client_hello(&client, "tray", EG_LANGUAGE_JA);
    eg_test_client_expect(&client, EG_MESSAGE_WELCOME, &message);
    assert_int_equal(message.body.welcome.protocol, EG_PROTOCOL_VERSION);
    assert_true(eg_str_equal(message.body.welcome.contact, EG_STR("内線 1234")));
    assert_true(eg_str_equal(message.body.welcome.pack, EG_STR("標準ルール")));
    assert_int_equal(message.body.welcome.pack_serial, 7);
    eg_test_client_close(&client);
}

static void status__asked__shows_the_client_as_the_system_sees_it(void **state)
{
    eg_test_client client;
    char text[4096];
    char pid[32];
    join_as(&client, *state, "cli", EG_LANGUAGE_EN);
    ask_status(&client, text, sizeof(text));
    assert_non_null(strstr(text, "\"kind\":\"cli\""));
    snprintf(pid, sizeof(pid), "\"pid\":%lu,", (unsigned long)GetCurrentProcessId());
    assert_non_null(strstr(text, pid)); /* not the 4711 that hello claims */
    eg_test_client_close(&client);
}

static void hit__stored__reaches_every_tray_in_its_language(void **state)
{
    eg_test_client ja;
    eg_test_client en;
    eg_message message;
    join_as(&ja, *state, "tray", EG_LANGUAGE_JA);
    join_as(&en, *state, "tray", EG_LANGUAGE_EN);
    int64_t id = eg_pipe_fixture_add_hit(*state, 3);
    eg_test_client_expect(&ja, EG_MESSAGE_HIT, &message);
    assert_int_equal(message.body.hit.id, id);
    assert_true(eg_str_equal(message.body.hit.text.title, EG_STR("題名")));
    eg_test_client_expect(&en, EG_MESSAGE_HIT, &message);
    assert_true(eg_str_equal(message.body.hit.text.title, EG_STR("Title")));
    eg_test_client_close(&ja);
    eg_test_client_close(&en);
}

static void hit__below_the_level__is_not_sent(void **state)
{
    eg_test_client client;
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    eg_pipe_fixture_add_hit(*state, 1); /* level low */
    int64_t id = eg_pipe_fixture_add_hit(*state, 2);
    eg_pipe_fixture_add_hit(*state, 5); /* informational */
    expect_hit(&client, id);
    expect_silence(&client);
    eg_test_client_close(&client);
}

static void hit__for_a_command_line__is_not_sent(void **state)
{
    eg_test_client client;
    join_as(&client, *state, "cli", EG_LANGUAGE_JA);
    eg_pipe_fixture_add_hit(*state, 3);
    expect_silence(&client);
    eg_test_client_close(&client);
}

static void hello__many_hits_waiting__sends_all_oldest_first(void **state)
{
    eg_test_client client;
    int64_t ids[30];
    for (int i = 0; i < 30; i++) {
        ids[i] = eg_pipe_fixture_add_hit(*state, 3 + 5 * i); /* all of level high */
    }
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    for (int i = 0; i < 30; i++) {
        expect_hit(&client, ids[i]);
    }
    expect_silence(&client);
    int64_t live = eg_pipe_fixture_add_hit(*state, 3);
    expect_hit(&client, live);
    eg_test_client_close(&client);
}

static void feed_init__more_waiting_than_it_holds__takes_the_newest(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_client_feed feed;
    eg_buf frame;
    int64_t newest = 0;
    eg_atomic newest_hit, repeats;
    for (int i = 0; i < EG_FEED_BACKLOG_MAX + 2; i++) {
        newest = eg_store_fixture_add(fixture->store, 3 + 5 * i, 0);
    }
    eg_atomic_set(&newest_hit, newest);
    eg_atomic_set(&repeats, 0);
    const eg_client_feed_options options = {fixture->store->store, &newest_hit, &repeats,
                                            EG_LANGUAGE_EN, EG_LEVEL_MEDIUM};
    assert_int_equal(eg_client_feed_init(&feed, &options, EG_STR("")), EG_OK);
    assert_int_equal(feed.backlog_count, EG_FEED_BACKLOG_MAX);
    assert_int_equal(feed.backlog[EG_FEED_BACKLOG_MAX - 1], newest);
    assert_true(feed.backlog[0] < feed.backlog[1]);
    assert_false(eg_client_feed_was_sent(&feed, newest)); /* nothing was, so far */
    eg_buf_init(&frame, 2 * EG_FRAME_MAX);
    assert_int_equal(eg_client_feed_next(&feed, &frame), EG_OK);
    assert_true(eg_client_feed_was_sent(&feed, feed.backlog[0]));
    assert_false(eg_client_feed_was_sent(&feed, feed.backlog[1]));
    eg_buf_done(&frame);
    eg_client_feed_done(&feed);
}

/* The person comes to the first of many alerts long after the last one was sent. */
static void shown__of_a_hit_sent_long_ago__marks_it(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_hit_query query = {.only_not_shown = true};
    char text[4096];
    int64_t ids[150];
    uint64_t left = 0;
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    for (size_t i = 0; i < EG_COUNT(ids); i++) {
        ids[i] = eg_pipe_fixture_add_hit(*state, 3 + 5 * (int)i);
        expect_hit(&client, ids[i]);
    }
    for (size_t i = 0; i < EG_COUNT(ids); i++) {
        say_shown(&client, ids[i], "EmoGuard");
    }
    ask_status(&client, text, sizeof(text));
    assert_int_equal(eg_store_each_hit(fixture->store->store, &query, count_hit, &left), EG_OK);
    assert_int_equal(left, 0);
    eg_test_client_close(&client);
}

static void shown__of_a_hit_it_got__marks_it_and_keeps_the_title(void **state)
{
    eg_test_client client;
    eg_test_client next;
    char text[4096];
    int64_t id = eg_pipe_fixture_add_hit(*state, 3);
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    expect_hit(&client, id);
    say_shown(&client, id, "EmoGuard - 題名");
    ask_status(&client, text, sizeof(text));
    assert_non_null(strstr(text, "\"window\":\"EmoGuard - 題名\""));
    join_as(&next, *state, "tray", EG_LANGUAGE_JA);
    expect_silence(&next); /* it was shown: nobody gets it again */
    eg_test_client_close(&client);
    eg_test_client_close(&next);
}

static void shown__of_a_hit_it_never_got__changes_nothing(void **state)
{
    eg_test_client cli;
    eg_test_client tray;
    char text[4096];
    int64_t id = eg_pipe_fixture_add_hit(*state, 3);
    join_as(&cli, *state, "cli", EG_LANGUAGE_EN);
    say_shown(&cli, id, "gone");
    ask_status(&cli, text, sizeof(text));
    join_as(&tray, *state, "tray", EG_LANGUAGE_JA);
    expect_hit(&tray, id);
    eg_test_client_close(&cli);
    eg_test_client_close(&tray);
}

static void tray__reconnects__gets_what_it_did_not_show(void **state)
{
    eg_test_client client;
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    int64_t id = eg_pipe_fixture_add_hit(*state, 3);
    expect_hit(&client, id);
    eg_test_client_close(&client);
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    expect_hit(&client, id);
    eg_test_client_close(&client);
}

static void tray__database_not_open__is_told_and_can_come_back(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    int64_t id = eg_pipe_fixture_add_hit(*state, 3);
    fixture->store_missing = true;
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    eg_test_client_expect_drop(&client, "cannot be opened");
    eg_test_client_close(&client);
    fixture->store_missing = false;
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    expect_hit(&client, id);
    eg_test_client_close(&client);
}

static void client__says_nothing__is_dropped(void **state)
{
    eg_test_client client;
    eg_test_client_connect(&client, *state);
    eg_test_client_expect_drop(&client, "no hello");
    eg_test_client_close(&client);
}

static void client__says_hello_too_slowly__is_dropped(void **state)
{
    eg_test_client client;
    eg_message message;
    eg_test_client_connect(&client, *state);
    int status = EG_E_TIMEOUT;
    /* One byte of a long frame every now and then never restarts the clock. */
    for (int i = 0; status == EG_E_TIMEOUT && i < 1000; i++) {
        eg_test_client_send(&client, "\x10\x27\0\0xxxx" + (i < 8 ? i : 7), 1);
        status = eg_test_client_listen(&client, 20, &message);
    }
    assert_int_equal(status, EG_OK);
    assert_int_equal(message.type, EG_MESSAGE_ERROR);
    eg_test_client_close(&client);
}

static void client__speaks_nonsense__is_dropped(void **state)
{
    eg_test_client client;
    eg_test_client_connect(&client, *state);
    eg_test_client_send(&client, "\x05\0\0\0hello", 9);
    eg_test_client_expect_drop(&client, "");
    eg_test_client_close(&client);
}

static void client__sends_a_huge_frame__is_dropped(void **state)
{
    eg_test_client client;
    eg_test_client_connect(&client, *state);
    eg_test_client_send(&client, "\xff\xff\xff\x7fxxxx", 8);
    eg_test_client_expect_drop(&client, "");
    eg_test_client_close(&client);
}

static void client__of_another_version__is_told_so(void **state)
{
    static const char hello[] = "{\"type\":\"hello\",\"protocol\":99,\"client\":\"tray\","
                                "\"version\":\"9\",\"pid\":1,\"session\":1,\"language\":\"ja\"}";
    eg_test_client client;
    eg_buf frame;
    eg_buf_init(&frame, 4096);
    assert_int_equal(eg_frame_write(&frame, eg_str_from(hello)), EG_OK);
    eg_test_client_connect(&client, *state);
    eg_test_client_send(&client, frame.data, frame.len);
    eg_test_client_expect_drop(&client, "protocol");
    eg_test_client_close(&client);
    eg_buf_done(&frame);
}

static void client__of_unknown_kind__is_dropped(void **state)
{
    eg_test_client client;
    eg_test_client_connect(&client, *state);
    eg_test_client_hello(&client, "admin", EG_LANGUAGE_JA);
    eg_test_client_expect_drop(&client, "");
    eg_test_client_close(&client);
}

static void client__starts_with_status__is_dropped(void **state)
{
    eg_test_client client;
    eg_message message = {0};
    message.type = EG_MESSAGE_STATUS_ASK;
    eg_test_client_connect(&client, *state);
    eg_test_client_say(&client, &message);
    eg_test_client_expect_drop(&client, "hello");
    eg_test_client_close(&client);
}

static void client__speaks_for_the_service__is_dropped(void **state)
{
    eg_test_client client;
    eg_message message = {0};
    message.type = EG_MESSAGE_STATUS;
    message.body.status.json = EG_STR("{}");
    join_as(&client, *state, "tray", EG_LANGUAGE_JA);
    eg_test_client_say(&client, &message);
    eg_test_client_expect_drop(&client, "must not send");
    eg_test_client_close(&client);
}

static void client__asks_without_end__is_dropped(void **state)
{
    eg_test_client client;
    eg_message ask = {0};
    eg_message answer;
    int status = EG_OK;
    ask.type = EG_MESSAGE_STATUS_ASK;
    join_as(&client, *state, "cli", EG_LANGUAGE_EN);
    for (int i = 0; status == EG_OK && i < 1000; i++) {
        eg_test_client_say(&client, &ask);
        status = eg_test_client_listen(&client, EG_TEST_DEADLINE_MS, &answer);
        if (status == EG_OK && answer.type == EG_MESSAGE_ERROR) {
            break;
        }
    }
    assert_int_equal(status, EG_OK);
    assert_int_equal(answer.type, EG_MESSAGE_ERROR);
    eg_test_client_close(&client);
}

static void client__never_reads__is_dropped_and_holds_up_nobody(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client deaf;
    eg_test_client tray;
    join_as(&deaf, *state, "tray", EG_LANGUAGE_JA);
    join_as(&tray, *state, "tray", EG_LANGUAGE_JA);
    for (int i = 0; i < 400; i++) { /* more than its pipe can hold */
        expect_hit(&tray, eg_pipe_fixture_add_hit(*state, 3 + 5 * i));
    }
    wait_for_count(&fixture->clients, 1);
    eg_test_client_close(&tray);
    eg_test_client_close(&deaf);
}

static void clients__sixteen__are_all_served(void **state)
{
    eg_test_client clients[EG_TEST_CLIENTS];
    for (int i = 0; i < EG_TEST_CLIENTS; i++) {
        join_as(&clients[i], *state, "tray", i % 2 ? EG_LANGUAGE_EN : EG_LANGUAGE_JA);
    }
    int64_t id = eg_pipe_fixture_add_hit(*state, 3);
    for (int i = 0; i < EG_TEST_CLIENTS; i++) {
        expect_hit(&clients[i], id);
    }
    for (int i = 0; i < EG_TEST_CLIENTS; i++) {
        eg_test_client_close(&clients[i]);
    }
}

static void clients__one_too_many__is_refused_until_one_leaves(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client clients[EG_TEST_CLIENTS];
    eg_test_client extra;
    for (int i = 0; i < EG_TEST_CLIENTS; i++) {
        join_as(&clients[i], *state, "tray", EG_LANGUAGE_JA);
    }
    eg_test_client_connect(&extra, *state);
    eg_test_client_expect_drop(&extra, "are taken");
    eg_test_client_close(&extra);
    eg_test_client_close(&clients[0]);
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * EG_TEST_DEADLINE_MS;
    wait_for_count(&fixture->clients, EG_TEST_CLIENTS - 1);
    /* Its thread needs a moment more to end; a refused client would simply try again. */
    int status = EG_E_CLOSED;
    while (status != EG_OK && eg_clock_monotonic_ns() < end) {
        eg_message message = {0};
        eg_test_client_connect(&extra, *state);
        eg_test_client_hello(&extra, "tray", EG_LANGUAGE_JA);
        status = eg_test_client_listen(&extra, EG_TEST_DEADLINE_MS, &message);
        if (status != EG_OK || message.type != EG_MESSAGE_WELCOME) {
            status = EG_E_CLOSED;
            eg_test_client_close(&extra);
        }
    }
    assert_int_equal(status, EG_OK);
    eg_test_client_close(&extra);
    for (int i = 1; i < EG_TEST_CLIENTS; i++) {
        eg_test_client_close(&clients[i]);
    }
}

static void server__stopped_with_clients__ends_and_closes_them(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client tray;
    eg_test_client silent;
    join_as(&tray, *state, "tray", EG_LANGUAGE_JA);
    eg_test_client_connect(&silent, *state);
    eg_pipe_server_stop(fixture->server);
    assert_int_equal(eg_pipe_server_join(fixture->server, EG_TEST_DEADLINE_MS), EG_OK);
    eg_test_client_expect_drop(&tray, NULL);
    eg_test_client_close(&tray);
    eg_test_client_close(&silent);
}

static void clients__come_and_go__leave_no_trace(void **state)
{
    eg_pipe_fixture *fixture = *state;
    DWORD before = 0;
    DWORD after = 0;
    for (int i = 0; i < 100; i++) {
        eg_test_client client;
        if (i == 40) {
            assert_true(GetProcessHandleCount(GetCurrentProcess(), &before));
        }
        eg_test_client_connect(&client, *state);
        if (i % 2) {
            eg_test_client_hello(&client, "tray", EG_LANGUAGE_JA);
        }
        eg_test_client_close(&client);
    }
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * EG_TEST_DEADLINE_MS;
    do {
        assert_true(GetProcessHandleCount(GetCurrentProcess(), &after));
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(5);
    } while (eg_clients_count(&fixture->clients) > 0 || after > before + 64);
}

int eg_test_service_pipe(void)
{
#define PIPE_TEST(test) \
    cmocka_unit_test_setup_teardown(test, eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        PIPE_TEST(hello__well_formed__is_welcomed),
        PIPE_TEST(status__asked__shows_the_client_as_the_system_sees_it),
        PIPE_TEST(hit__stored__reaches_every_tray_in_its_language),
        PIPE_TEST(hit__below_the_level__is_not_sent),
        PIPE_TEST(hit__for_a_command_line__is_not_sent),
        PIPE_TEST(hello__many_hits_waiting__sends_all_oldest_first),
        PIPE_TEST(feed_init__more_waiting_than_it_holds__takes_the_newest),
        PIPE_TEST(shown__of_a_hit_sent_long_ago__marks_it),
        PIPE_TEST(shown__of_a_hit_it_got__marks_it_and_keeps_the_title),
        PIPE_TEST(shown__of_a_hit_it_never_got__changes_nothing),
        PIPE_TEST(tray__reconnects__gets_what_it_did_not_show),
        PIPE_TEST(tray__database_not_open__is_told_and_can_come_back),
        PIPE_TEST(client__says_nothing__is_dropped),
        PIPE_TEST(client__says_hello_too_slowly__is_dropped),
        PIPE_TEST(client__speaks_nonsense__is_dropped),
        PIPE_TEST(client__sends_a_huge_frame__is_dropped),
        PIPE_TEST(client__of_another_version__is_told_so),
        PIPE_TEST(client__of_unknown_kind__is_dropped),
        PIPE_TEST(client__starts_with_status__is_dropped),
        PIPE_TEST(client__speaks_for_the_service__is_dropped),
        PIPE_TEST(client__asks_without_end__is_dropped),
        PIPE_TEST(client__never_reads__is_dropped_and_holds_up_nobody),
        PIPE_TEST(clients__sixteen__are_all_served),
        PIPE_TEST(clients__one_too_many__is_refused_until_one_leaves),
        PIPE_TEST(server__stopped_with_clients__ends_and_closes_them),
        PIPE_TEST(clients__come_and_go__leave_no_trace),
    };
    return cmocka_run_group_tests_name("service_pipe", tests, NULL, NULL);
}
