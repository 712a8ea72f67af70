/* SPDX-License-Identifier: Apache-2.0 */
/* The courier over the real pipe: with clients of every kind, and with the tray itself. */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "service/wide.h"
#include "tests/unit/win32/pipe_fixture.h"
#include "tray/pipe_client.h"

#include <string.h>

#define FILE_SIZE (5u * EG_ERRAND_PIECE_MAX + 1)

typedef struct fetching {
    eg_pipe_fixture *fixture;
    eg_thread *thread;
    eg_buf body;
    eg_http_answer answer;
    int status;
    char error[256];
} fetching;

static void fetch(void *arg)
{
    fetching *f = arg;
    const eg_http_options http = {.proxy = "http://127.0.0.1:1"};
    const eg_http_request request = {
        .url = "https://rules/x", .max = FILE_SIZE, .timeout_ms = EG_TEST_DEADLINE_MS};
    f->status = eg_courier_get(f->fixture->courier, &http, &request, &f->body, &f->answer);
    (void)snprintf(f->error, sizeof(f->error), "%s", f->status == EG_OK ? "" : eg_error_message());
}

static void start(fetching *f, eg_pipe_fixture *fixture)
{
    *f = (fetching){.fixture = fixture, .status = EG_OK};
    eg_buf_init(&f->body, FILE_SIZE);
    assert_int_equal(eg_thread_start(&f->thread, "fetch", fetch, f), EG_OK);
}

static void end(fetching *f)
{
    eg_thread_join(f->thread);
    eg_buf_done(&f->body);
}

static void join_as(eg_test_client *client, const eg_pipe_fixture *fixture, const char *kind)
{
    eg_message message;
    eg_test_client_connect(client, fixture);
    eg_test_client_hello(client, kind, EG_LANGUAGE_JA);
    eg_test_client_expect(client, EG_MESSAGE_WELCOME, &message);
}

/* A status that was asked for shows that the conversation has begun in earnest. */
static void settle(eg_test_client *client)
{
    eg_message message = {.type = EG_MESSAGE_STATUS_ASK};
    eg_test_client_say(client, &message);
    eg_test_client_expect(client, EG_MESSAGE_STATUS, &message);
}

static uint32_t expect_errand(eg_test_client *client)
{
    eg_message message;
    eg_test_client_expect(client, EG_MESSAGE_ERRAND, &message);
    assert_true(eg_str_equal(message.body.errand.url, EG_STR("https://rules/x")));
    return message.body.errand.id;
}

static void say_answer(eg_test_client *client, uint32_t id)
{
    eg_message message = {.type = EG_MESSAGE_ERRAND_ANSWER};
    message.body.errand_answer =
        (eg_errand_answer){.id = id, .status = 200, .size = FILE_SIZE, .etag = EG_STR("\"v1\"")};
    eg_test_client_say(client, &message);
}

static void say_next(eg_test_client *client, const char *file)
{
    eg_message next, piece = {.type = EG_MESSAGE_ERRAND_BYTES};
    eg_test_client_expect(client, EG_MESSAGE_ERRAND_NEXT, &next);
    size_t at = next.body.errand_next.at, left = FILE_SIZE - at;
    piece.body.errand_bytes.id = next.body.errand_next.id;
    piece.body.errand_bytes.at = (uint32_t)at;
    piece.body.errand_bytes.bytes =
        (eg_str){file + at, left < EG_ERRAND_PIECE_MAX ? left : EG_ERRAND_PIECE_MAX};
    eg_test_client_say(client, &piece);
}

static void tray__asked_to_fetch__hands_the_file_over(void **state)
{
    static char file[FILE_SIZE];
    eg_test_client client;
    eg_message message;
    fetching f;
    memset(file, '\xA5', sizeof(file));
    join_as(&client, *state, "tray");
    settle(&client);
    start(&f, *state);
    say_answer(&client, expect_errand(&client));
    for (int i = 0; i < 6; i++) {
        say_next(&client, file);
    }
    eg_test_client_expect(&client, EG_MESSAGE_ERRAND_END, &message);
    eg_thread_join(f.thread);
    f.thread = NULL;
    assert_int_equal(f.status, EG_OK);
    assert_int_equal(f.body.len, FILE_SIZE);
    assert_memory_equal(f.body.data, file, FILE_SIZE);
    end(&f);
    eg_test_client_close(&client);
}

static void tray__that_ends_in_the_middle__costs_the_attempt_alone(void **state)
{
    static const char file[FILE_SIZE];
    eg_test_client client;
    fetching f;
    join_as(&client, *state, "tray");
    settle(&client);
    start(&f, *state);
    say_answer(&client, expect_errand(&client));
    say_next(&client, file);
    say_next(&client, file);
    eg_message message;
    eg_test_client_expect(&client, EG_MESSAGE_ERRAND_NEXT, &message); /* so two have come */
    eg_test_client_close(&client);
    eg_thread_join(f.thread);
    f.thread = NULL;
    assert_int_equal(f.status, EG_E_IO);
    assert_int_equal(f.body.len, 2 * EG_ERRAND_PIECE_MAX);
    assert_non_null(strstr(f.error, "ended in the middle"));
    end(&f);
}

static void tray__with_bytes_of_its_own_accord__is_dropped(void **state)
{
    eg_test_client client;
    join_as(&client, *state, "tray");
    say_answer(&client, 1);
    eg_test_client_expect_drop(&client, "not asked for");
    eg_test_client_close(&client);
}

static void client__that_is_no_tray_of_a_signed_in_user__is_not_asked(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_test_client cli, tray;
    fetching f;
    join_as(&cli, *state, "cli");
    settle(&cli);
    eg_pipe_fixture_deny(true);
    join_as(&tray, *state, "tray");
    settle(&tray);
    start(&f, *state);
    eg_thread_join(f.thread);
    f.thread = NULL;
    assert_int_equal(f.status, EG_E_DENIED);
    assert_non_null(strstr(f.error, "nobody is signed in"));
    end(&f);
    say_answer(&cli, 1);
    eg_test_client_expect_drop(&cli, "does not fetch");
    say_answer(&tray, 1);
    eg_test_client_expect_drop(&tray, "does not fetch");
    eg_test_client_close(&cli);
    eg_test_client_close(&tray);
    assert_int_equal(eg_atomic_get(&fixture->trays_arrived), 0);
    eg_pipe_fixture_deny(false);
    join_as(&tray, *state, "tray");
    settle(&tray);
    assert_int_equal(eg_atomic_get(&fixture->trays_arrived), 1);
    eg_test_client_close(&tray);
}

/* The real tray, whose proxy is not there: what it says comes back through the service. */
static void real_tray__without_its_proxy__says_so(void **state)
{
    eg_pipe_fixture *fixture = *state;
    eg_pipe_client *tray = NULL;
    wchar_t *name = eg_wide_copy(eg_str_from(fixture->name));
    HWND window = CreateWindowExW(0, L"STATIC", L"", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    fetching f;
    assert_non_null(name);
    assert_non_null(window);
    start(&f, *state); /* nobody is there: the tray that comes is told of */
    eg_thread_join(f.thread);
    f.thread = NULL;
    end(&f);
    assert_int_equal(eg_pipe_client_start(name, false, window, EG_LANGUAGE_JA, &tray), EG_OK);
    uint64_t deadline = eg_clock_monotonic_ns() + UINT64_C(1000000) * EG_TEST_DEADLINE_MS;
    while (eg_atomic_get(&fixture->trays_arrived) == 0) {
        assert_true(eg_clock_monotonic_ns() < deadline);
        Sleep(1);
    }
    start(&f, *state);
    eg_thread_join(f.thread);
    f.thread = NULL;
    assert_int_equal(f.status, EG_E_IO);
    assert_non_null(strstr(f.error, "by the tray of session"));
    assert_non_null(strstr(f.error, "https://rules/x"));
    end(&f);
    eg_pipe_client_stop(tray);
    eg_pipe_client_drain(window);
    DestroyWindow(window);
    eg_free(name);
}

int eg_test_service_courier(void)
{
#define EACH(test) \
    cmocka_unit_test_setup_teardown(test, eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        EACH(tray__asked_to_fetch__hands_the_file_over),
        EACH(tray__that_ends_in_the_middle__costs_the_attempt_alone),
        EACH(tray__with_bytes_of_its_own_accord__is_dropped),
        EACH(client__that_is_no_tray_of_a_signed_in_user__is_not_asked),
        EACH(real_tray__without_its_proxy__says_so),
    };
#undef EACH
    return cmocka_run_group_tests_name("service_courier", tests, NULL, NULL);
}
