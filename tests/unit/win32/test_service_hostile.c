/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that mean harm or have none of the rights they need; see also test_service_pipe.c. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "tests/unit/win32/pipe_fixture.h"

#define CROWD 50
#define STORY 12

static void join_as(eg_test_client *client, const eg_pipe_fixture *fixture, const char *kind)
{
    eg_message message;
    eg_test_client_connect(client, fixture);
    eg_test_client_hello(client, kind, EG_LANGUAGE_JA);
    eg_test_client_expect(client, EG_MESSAGE_WELCOME, &message);
}

/* The server is as good as new: a tray is welcomed and hears of a hit. */
static void assert_works(eg_pipe_fixture *fixture)
{
    eg_test_client tray;
    eg_message message;
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * EG_TEST_DEADLINE_MS;
    while (eg_clients_count(&fixture->clients) > 0) {
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(1);
    }
    int64_t id = eg_pipe_fixture_add_hit(fixture, 3);
    join_as(&tray, fixture, "tray");
    eg_test_client_expect(&tray, EG_MESSAGE_HIT, &message);
    assert_int_equal(message.body.hit.id, id);
    eg_test_client_close(&tray);
}

static void client__says_hello_twice__is_dropped(void **state)
{
    eg_test_client client;
    join_as(&client, *state, "tray");
    eg_test_client_hello(&client, "tray", EG_LANGUAGE_EN);
    eg_test_client_expect_drop(&client, "must not send");
    eg_test_client_close(&client);
    assert_works(*state);
}

static void client__dies_in_the_middle_of_a_frame__is_forgotten(void **state)
{
    for (int i = 0; i < 8; i++) {
        eg_test_client client;
        if (i % 2) {
            join_as(&client, *state, "tray");
        } else {
            eg_test_client_connect(&client, *state);
        }
        eg_test_client_send(&client, "\x40\x00\x00\x00{\"type\":", 4 + (size_t)i);
        eg_test_client_close(&client);
    }
    assert_works(*state);
}

static void clients__fifty_at_once__leave_the_server_working(void **state)
{
    static eg_test_client clients[CROWD];
    eg_message message;
    size_t welcomed = 0, refused = 0;
    for (size_t i = 0; i < CROWD; i++) {
        eg_test_client_connect(&clients[i], *state);
        eg_test_client_hello(&clients[i], i % 2 ? "cli" : "tray", EG_LANGUAGE_JA);
    }
    for (size_t i = 0; i < CROWD; i++) {
        if (eg_test_client_listen(&clients[i], EG_TEST_DEADLINE_MS, &message) == EG_OK) {
            welcomed += message.type == EG_MESSAGE_WELCOME;
            refused += message.type == EG_MESSAGE_ERROR;
        }
    }
    assert_int_equal(welcomed, EG_TEST_CLIENTS); /* half of all places, for one session */
    assert_true(refused > 0);
    for (size_t i = 0; i < CROWD; i++) {
        eg_test_client_close(&clients[i]);
    }
    assert_works(*state);
}

static void client__asks_for_checks_without_end__is_dropped(void **state)
{
    static const eg_message_type asks[] = {EG_MESSAGE_CHECK_ASK, EG_MESSAGE_UPDATE_ASK};
    for (size_t kind = 0; kind < EG_COUNT(asks); kind++) {
        const eg_message ask = {.type = asks[kind]};
        eg_message answer = {.type = EG_MESSAGE_COUNT};
        eg_test_client client;
        size_t answers = 0;
        join_as(&client, *state, "cli");
        client.hears_notes = true;
        while (answers < 1000 && answer.type != EG_MESSAGE_ERROR) {
            eg_test_client_say(&client, &ask);
            assert_int_equal(eg_test_client_listen(&client, EG_TEST_DEADLINE_MS, &answer), EG_OK);
            answers++;
        }
        assert_int_equal(answers, 41); /* 40 in ten seconds */
        eg_test_client_close(&client);
    }
    assert_works(*state);
}

static void client__sends_what_only_the_service_says__is_dropped(void **state)
{
    static const eg_message_type said[] = {EG_MESSAGE_STATE, EG_MESSAGE_CHECK_STATE,
                                           EG_MESSAGE_UPDATE_STATE, EG_MESSAGE_ANSWERED,
                                           EG_MESSAGE_RESOLVED};
    for (size_t i = 0; i < EG_COUNT(said); i++) {
        eg_message message = {.type = said[i]};
        eg_test_client client;
        if (said[i] == EG_MESSAGE_ANSWERED || said[i] == EG_MESSAGE_RESOLVED) {
            message.body.resolved.incident_id = 1;
        }
        join_as(&client, *state, "tray");
        eg_test_client_say(&client, &message);
        eg_test_client_expect_drop(&client, "must not send");
        eg_test_client_close(&client);
    }
}

static void command_line__sends_an_answer__is_dropped(void **state)
{
    eg_message answer = {.type = EG_MESSAGE_ANSWER};
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    answer.body.answer.incident_id = 1;
    answer.body.answer.answer = EG_STR("did_it");
    join_as(&client, fixture, "cli");
    eg_test_client_say(&client, &answer);
    eg_test_client_expect_drop(&client, "shows nothing");
    assert_int_equal(eg_atomic_get(&fixture->answers), 0);
    eg_test_client_close(&client);
}

/* A command line that lets the server do no more in its name than `level` says. */
static void join_at_level(eg_test_client *client, const eg_pipe_fixture *fixture, DWORD level)
{
    eg_message message;
    eg_test_client_connect_as(client, fixture, SECURITY_SQOS_PRESENT | level);
    eg_test_client_hello(client, "cli", EG_LANGUAGE_EN);
    eg_test_client_expect(client, EG_MESSAGE_WELCOME, &message);
}

/* As emoguard.exe connects: the service learns who asks, and cannot act in that name. */
static void administrator__to_be_identified_only__keeps_the_rights(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client client;
    eg_message message = {.type = EG_MESSAGE_RESOLVE};
    eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    join_at_level(&client, fixture, SECURITY_IDENTIFICATION);
    message.body.resolve.incident_id = STORY;
    eg_test_client_say(&client, &message);
    eg_test_client_expect(&client, EG_MESSAGE_RESOLVED, &message);
    message = (eg_message){.type = EG_MESSAGE_EXCEPT};
    message.body.except.json = EG_STR("{\"rule\":\"r\"}");
    eg_test_client_say(&client, &message);
    eg_test_client_expect(&client, EG_MESSAGE_EXCEPTED, &message);
    int64_t id = message.body.excepted.exception_id;
    message = (eg_message){.type = EG_MESSAGE_REVOKE};
    message.body.revoke.exception_id = id;
    eg_test_client_say(&client, &message);
    eg_test_client_expect(&client, EG_MESSAGE_EXCEPTED, &message);
    eg_test_client_close(&client);
    assert_int_equal(eg_atomic_get(&fixture->resolved), 1);
}

static int count_exception(void *user, const eg_exception *exception)
{
    EG_UNUSED(exception);
    ++*(size_t *)user;
    return EG_OK;
}

static void client__that_stays_anonymous__may_change_nothing(void **state)
{
    static const eg_message_type changes[] = {EG_MESSAGE_RESOLVE, EG_MESSAGE_EXCEPT,
                                              EG_MESSAGE_REVOKE};
    eg_pipe_fixture *fixture = *state;
    size_t exceptions = 0;
    if (GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version")) {
        skip(); /* there a server becomes itself, whatever the client allows */
    }
    eg_pipe_fixture_add_story_hit(fixture, 3, STORY);
    for (size_t i = 0; i < EG_COUNT(changes); i++) {
        eg_message message = {.type = changes[i]};
        eg_test_client client;
        if (changes[i] == EG_MESSAGE_EXCEPT) {
            message.body.except.json = EG_STR("{\"rule\":\"r\"}");
        } else if (changes[i] == EG_MESSAGE_RESOLVE) {
            message.body.resolve.incident_id = STORY;
        } else {
            message.body.revoke.exception_id = 1;
        }
        join_at_level(&client, fixture, SECURITY_ANONYMOUS);
        eg_test_client_say(&client, &message);
        eg_test_client_expect_drop(&client, "the client");
        eg_test_client_close(&client);
    }
    assert_int_equal(eg_atomic_get(&fixture->resolved), 0);
    assert_int_equal(eg_store_each_exception(fixture->store->store, count_exception, &exceptions),
                     EG_OK);
    assert_int_equal(exceptions, 0);
}

int eg_test_service_hostile(void)
{
#define HOSTILE_TEST(test) \
    cmocka_unit_test_setup_teardown(test, eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        HOSTILE_TEST(client__says_hello_twice__is_dropped),
        HOSTILE_TEST(client__dies_in_the_middle_of_a_frame__is_forgotten),
        HOSTILE_TEST(clients__fifty_at_once__leave_the_server_working),
        HOSTILE_TEST(client__asks_for_checks_without_end__is_dropped),
        HOSTILE_TEST(client__sends_what_only_the_service_says__is_dropped),
        HOSTILE_TEST(command_line__sends_an_answer__is_dropped),
        HOSTILE_TEST(administrator__to_be_identified_only__keeps_the_rights),
        HOSTILE_TEST(client__that_stays_anonymous__may_change_nothing),
    };
    return cmocka_run_group_tests_name("service_hostile", tests, NULL, NULL);
}
