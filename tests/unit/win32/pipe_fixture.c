/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/win32/pipe_fixture.h"

#include "tests/unit/unit.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "service/client_user.h"
#include "service/wide.h"

#include <stdio.h>
#include <string.h>

static int fake_welcome(void *user, eg_language language, eg_buf *scratch, eg_welcome *out)
{
    EG_UNUSED(user);
    EG_UNUSED(language);
    int status = eg_buf_append_cstr(scratch, "標準ルール");
    *out = (eg_welcome){EG_PROTOCOL_VERSION,
                        EG_STR("1.0"),
                        EG_STR("PC-0123"),
                        EG_STR("内線 1234"),
                        eg_buf_str(scratch),
                        7,
                        42,
                        EG_STR("")};
    return status;
}

static int fake_status(void *user, eg_buf *json)
{
    eg_pipe_fixture *fixture = user;
    eg_json writer;
    eg_json_begin(&writer, json);
    eg_json_object(&writer);
    eg_json_key(&writer, "clients");
    eg_clients_write(&fixture->clients, &writer, SIZE_MAX);
    eg_json_object_end(&writer);
    return json->status;
}

static eg_store *fake_store(void *user)
{
    eg_pipe_fixture *fixture = user;
    return fixture->store_missing ? NULL : fixture->store->store;
}

static void fake_answered(void *user, const eg_answer *answer)
{
    eg_pipe_fixture *fixture = user;
    EG_UNUSED(answer);
    eg_atomic_add(&fixture->answers, 1);
}

static int fake_resolve(void *user, int64_t incident_id, eg_str who)
{
    eg_pipe_fixture *fixture = user;
    int status = eg_store_resolve_incident(fixture->store->store, incident_id, 5);
    if (status == EG_OK && who.len > 0) {
        eg_atomic_add(&fixture->resolved, 1);
    }
    return status;
}

static int fake_except(void *user, eg_str json, eg_str who, int64_t *id)
{
    eg_pipe_fixture *fixture = user;
    eg_exception exception = {.created_by = who, .reason = json};
    return eg_store_add_exception(fixture->store->store, &exception, id);
}

static int fake_revoke(void *user, int64_t exception_id, eg_str who)
{
    eg_pipe_fixture *fixture = user;
    return eg_store_revoke_exception(fixture->store->store, exception_id, 5, who);
}

/* Wine lets the server take on nobody's identity but its own: who is asked decides here. */
static eg_atomic nobody_may;

static int fake_check_admin(HANDLE pipe)
{
    if (eg_atomic_get(&nobody_may)) {
        return eg_fail(EG_E_DENIED, "only an administrator may do that; run it as one");
    }
    return eg_client_user_check_admin(pipe);
}

static int fake_check_interactive(HANDLE pipe)
{
    if (eg_atomic_get(&nobody_may)) {
        return eg_fail(EG_E_DENIED, "only for somebody who is signed in");
    }
    return eg_client_user_check_interactive(pipe);
}

static void wake_trays(void *user)
{
    eg_pipe_fixture *fixture = user;
    eg_pipe_server_wake(fixture->server);
}

static void tray_arrived(void *user)
{
    eg_pipe_fixture *fixture = user;
    eg_atomic_add(&fixture->trays_arrived, 1);
}

void eg_pipe_fixture_deny(bool denied)
{
    eg_atomic_set(&nobody_may, denied);
}

static void ignore_log(void *user, eg_log_level level, const char *area, const char *line)
{
    EG_UNUSED(user);
    EG_UNUSED(level);
    EG_UNUSED(area);
    EG_UNUSED(line);
}

int eg_pipe_fixture_set_up(void **state)
{
    void *store = NULL;
    eg_pipe_fixture *self = eg_alloc_zero(1, sizeof(*self));
    assert_non_null(self);
    assert_int_equal(eg_store_fixture_set_up(&store), 0);
    self->store = store;
    eg_log_set_sink(ignore_log, NULL);
    uint32_t random = 0;
    assert_int_equal(eg_random_bytes(&random, sizeof(random)), EG_OK);
    snprintf(self->name, sizeof(self->name), "\\\\.\\pipe\\EmoGuard-test-%08x", (unsigned)random);
    assert_int_equal(eg_clients_init(&self->clients), EG_OK);
    assert_int_equal(eg_notices_init(&self->notices), EG_OK);
    assert_int_equal(eg_board_init(&self->board), EG_OK);
    self->never = CreateEventW(NULL, TRUE, FALSE, NULL);
    const eg_courier_options courier = {false, EG_TEST_DEADLINE_MS, self, wake_trays, tray_arrived};
    assert_int_equal(eg_courier_create(&courier, &self->courier), EG_OK);
    eg_pipe_server_options options = {0};
    options.name = self->name;
    options.max_clients = 2 * EG_TEST_CLIENTS;
    options.retry_ms = 20;
    options.notices = &self->notices;
    options.service.clients = &self->clients;
    options.service.board = &self->board;
    options.service.min_level = EG_LEVEL_MEDIUM;
    options.service.hello_ms = EG_TEST_HELLO_MS;
    options.service.send_ms = 500;
    options.service.user = self;
    options.service.store = fake_store;
    options.service.welcome = fake_welcome;
    options.service.status = fake_status;
    options.service.answered = fake_answered;
    options.service.resolve = fake_resolve;
    options.service.except = fake_except;
    options.service.revoke = fake_revoke;
    options.service.check_admin = fake_check_admin;
    options.service.check_interactive = fake_check_interactive;
    options.service.courier = self->courier;
    assert_int_equal(eg_pipe_server_start(&options, &self->server), EG_OK);
    *state = self;
    return 0;
}

int eg_pipe_fixture_tear_down(void **state)
{
    eg_pipe_fixture *self = *state;
    void *store = self->store;
    eg_pipe_fixture_deny(false);
    eg_pipe_server_stop(self->server);
    assert_int_equal(eg_pipe_server_join(self->server, EG_TEST_DEADLINE_MS), EG_OK);
    eg_pipe_server_destroy(self->server);
    eg_courier_destroy(self->courier);
    assert_int_equal(eg_clients_count(&self->clients), 0);
    eg_clients_done(&self->clients);
    eg_notices_done(&self->notices);
    eg_board_done(&self->board);
    CloseHandle(self->never);
    eg_free(self);
    return eg_store_fixture_tear_down(&store);
}

int64_t eg_pipe_fixture_add_hit(eg_pipe_fixture *fixture, int number)
{
    int64_t newest = eg_store_fixture_add(fixture->store, number, 0);
    assert_true(newest > 0);
    eg_pipe_server_hit_stored(fixture->server, newest);
    return newest;
}

static int64_t store_story_hit(eg_pipe_fixture *fixture, int number, int64_t incident, bool news,
                               unsigned hits)
{
    char json[64];
    eg_hit hit;
    eg_event event;
    int64_t id = 0;
    bool is_new = false;
    eg_sample_hit(number, &hit, &event);
    snprintf(json, sizeof(json), "{\"hits\":%u,\"steps\":[],\"absorbed\":[]}", hits);
    hit.incident_id = incident;
    hit.incident_news = news;
    hit.incident_json = eg_str_from(json);
    hit.incident_memory = EG_STR("{}");
    assert_int_equal(eg_store_add_hit(fixture->store->store, &hit, &event, &id, &is_new), EG_OK);
    assert_int_equal(is_new, news);
    return id;
}

int64_t eg_pipe_fixture_add_story_hit(eg_pipe_fixture *fixture, int number, int64_t incident)
{
    int64_t id = store_story_hit(fixture, number, incident, true, 1);
    eg_pipe_server_hit_stored(fixture->server, id);
    return id;
}

void eg_pipe_fixture_repeat_story_hit(eg_pipe_fixture *fixture, int number, int64_t incident,
                                      unsigned hits)
{
    store_story_hit(fixture, number, incident, false, hits);
    eg_pipe_server_hit_counted(fixture->server);
}

static HANDLE open_pipe(const wchar_t *name, DWORD level)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * EG_TEST_DEADLINE_MS;
    for (;;) {
        HANDLE pipe = CreateFileW(name, EG_PIPE_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING,
                                  FILE_FLAG_OVERLAPPED | level, NULL);
        if (pipe != INVALID_HANDLE_VALUE) {
            return pipe;
        }
        /* The server has not made its first instance yet, or is between two. */
        assert_true(GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PIPE_BUSY);
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(1);
    }
}

void eg_test_client_connect(eg_test_client *client, const eg_pipe_fixture *fixture)
{
    eg_test_client_connect_as(client, fixture, 0);
}

void eg_test_client_connect_as(eg_test_client *client, const eg_pipe_fixture *fixture, DWORD level)
{
    wchar_t *name = eg_wide_copy(eg_str_from(fixture->name));
    assert_non_null(name);
    HANDLE pipe = open_pipe(name, level);
    eg_free(name);
    memset(client, 0, sizeof(*client));
    assert_int_equal(eg_pipe_io_init(&client->io, pipe, fixture->never, NULL), EG_OK);
    eg_frame_reader_init(&client->reader);
    assert_int_equal(eg_message_decoder_create(&client->decoder), EG_OK);
}

void eg_test_client_close(eg_test_client *client)
{
    eg_pipe_io_done(&client->io);
    eg_frame_reader_done(&client->reader);
    eg_message_decoder_destroy(client->decoder);
}

/* What the server no longer reads shows in its answer, or in the lack of one. */
void eg_test_client_send(eg_test_client *client, const void *bytes, size_t size)
{
    eg_pipe_io_send(&client->io, (eg_str){bytes, size}, EG_TEST_DEADLINE_MS);
}

void eg_test_client_say(eg_test_client *client, const eg_message *message)
{
    eg_buf frame;
    eg_buf_init(&frame, 2 * EG_FRAME_MAX);
    assert_int_equal(eg_message_encode(&frame, message), EG_OK);
    eg_test_client_send(client, frame.data, frame.len);
    eg_buf_done(&frame);
}

void eg_test_client_hello(eg_test_client *client, const char *kind, eg_language language)
{
    eg_message message = {0};
    message.type = EG_MESSAGE_HELLO;
    message.body.hello.protocol = EG_PROTOCOL_VERSION;
    message.body.hello.client = eg_str_from(kind);
    message.body.hello.version = EG_STR("1.0");
    message.body.hello.pid = 4711;
    message.body.hello.session = 3;
    message.body.hello.language = language;
    eg_test_client_say(client, &message);
}

static bool is_note(eg_message_type type)
{
    return type == EG_MESSAGE_STATE || type == EG_MESSAGE_CHECK_STATE ||
           type == EG_MESSAGE_UPDATE_STATE;
}

static bool is_passed_over(const eg_test_client *client, const eg_message *message)
{
    if (message->type == EG_MESSAGE_HIT) {
        return !client->hears_known && message->body.hit.telling == EG_TELLING_KNOWN;
    }
    return !client->hears_notes && is_note(message->type);
}

int eg_test_client_listen(eg_test_client *client, uint32_t milliseconds, eg_message *out)
{
    for (;;) {
        eg_str bytes;
        eg_str payload;
        int status = eg_frame_reader_next(&client->reader, &payload);
        if (status == EG_OK) {
            status = eg_message_decode(client->decoder, payload, out);
            if (status == EG_OK && is_passed_over(client, out)) {
                continue;
            }
            return status;
        }
        status = eg_pipe_io_receive(&client->io, milliseconds, &bytes);
        if (status == EG_OK) {
            status = eg_frame_reader_feed(&client->reader, bytes.ptr, bytes.len);
        }
        if (status != EG_OK) {
            return status;
        }
    }
}

void eg_test_client_expect(eg_test_client *client, eg_message_type type, eg_message *out)
{
    int status = eg_test_client_listen(client, EG_TEST_DEADLINE_MS, out);
    if (status != EG_OK) {
        fail_msg("no message: %s", eg_error_message());
    }
    if (out->type == EG_MESSAGE_ERROR && type != EG_MESSAGE_ERROR) {
        fail_msg("error: %.*s", EG_STR_ARGS(out->body.error.reason));
    }
    assert_int_equal(out->type, type);
}

void eg_test_client_expect_drop(eg_test_client *client, const char *reason)
{
    eg_message message;
    if (reason) {
        char text[1024];
        eg_test_client_expect(client, EG_MESSAGE_ERROR, &message);
        snprintf(text, sizeof(text), "%.*s", EG_STR_ARGS(message.body.error.reason));
        if (!strstr(text, reason)) {
            fail_msg("\"%s\" is not in \"%s\"", reason, text);
        }
    }
    assert_int_equal(eg_test_client_listen(client, EG_TEST_DEADLINE_MS, &message), EG_E_CLOSED);
}
