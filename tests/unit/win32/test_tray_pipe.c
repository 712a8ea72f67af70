/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "service/wide.h"
#include "tests/unit/win32/pipe_fixture.h"
#include "tray/pipe_client.c"
#include "tray/server_check.c"

typedef struct tray_side {
    HWND window;
    eg_pipe_client *client;
} tray_side;

static uint64_t deadline(void)
{
    return eg_clock_monotonic_ns() + UINT64_C(1000000) * EG_TEST_DEADLINE_MS;
}

/* The next message of the client to its window, but for news of the service itself. */
static MSG next_message(const tray_side *tray)
{
    uint64_t end = deadline();
    MSG message = {0};

    while (message.message == 0) {
        assert_true(eg_clock_monotonic_ns() < end);
        if (!PeekMessageW(&message, tray->window, EG_PIPE_CONNECTED, EG_PIPE_DISCONNECTED,
                          PM_REMOVE)) {
            Sleep(1);
        } else if (message.message == EG_PIPE_NEWS) {
            eg_service_news_destroy((eg_service_news *)message.lParam);
            message.message = 0;
        }
    }
    return message;
}

static void start_tray(tray_side *tray, const char *name)
{
    wchar_t *wide = eg_wide_copy(eg_str_from(name));

    assert_non_null(wide);
    tray->window =
        CreateWindowExW(0, L"STATIC", L"", 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    assert_non_null(tray->window);
    assert_int_equal(eg_pipe_client_start(wide, false, tray->window, EG_LANGUAGE_JA, &tray->client),
                     EG_OK);
    eg_free(wide);
}

static void stop_tray(tray_side *tray)
{
    eg_pipe_client_stop(tray->client);
    eg_pipe_client_drain(tray->window);
    DestroyWindow(tray->window);
}

/* Skips failed attempts: the server may not have made its pipe yet. */
static void expect_connected(const tray_side *tray)
{
    MSG message;

    do {
        message = next_message(tray);
    } while (message.message == EG_PIPE_DISCONNECTED);
    assert_int_equal(message.message, EG_PIPE_CONNECTED);
    eg_service_info *info = (eg_service_info *)message.lParam;
    assert_int_equal(info->welcome.pack_serial, 7);
    eg_service_info_destroy(info);
}

static void expect_hit(const tray_side *tray, int64_t id)
{
    MSG message = next_message(tray);

    assert_int_equal(message.message, EG_PIPE_HIT);
    eg_tray_notice *notice = (eg_tray_notice *)message.lParam;
    assert_int_equal(notice->hit.id, id);
    eg_tray_notice_destroy(notice);
}

/* The title of the window that the only client is said to show, once it is no longer "". */
static void wait_for_title(eg_pipe_fixture *fixture, const char *title)
{
    uint64_t end = deadline();
    char found[EG_CLIENT_WINDOW_SIZE] = "";

    while (strcmp(found, title) != 0) {
        eg_mutex_lock(&fixture->clients.lock);
        for (size_t i = 0; i < EG_COUNT(fixture->clients.list); i++) {
            if (fixture->clients.list[i].used) {
                memcpy(found, fixture->clients.list[i].window, sizeof(found));
            }
        }
        eg_mutex_unlock(&fixture->clients.lock);
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(1);
    }
}

static void client__hit_stored__reaches_the_window_and_is_marked_shown(void **state)
{
    eg_pipe_fixture *fixture = *state;
    tray_side tray;
    int64_t id;

    start_tray(&tray, fixture->name);
    expect_connected(&tray);
    id = eg_pipe_fixture_add_hit(fixture, 3);
    expect_hit(&tray, id);
    eg_pipe_client_shown(tray.client, id, L"EmoGuard: 題名");
    wait_for_title(fixture, "EmoGuard: 題名");
    stop_tray(&tray);
}

static void client__begins_again__is_told_what_was_not_shown(void **state)
{
    eg_pipe_fixture *fixture = *state;
    tray_side tray;
    int64_t first, second;

    start_tray(&tray, fixture->name);
    expect_connected(&tray);
    first = eg_pipe_fixture_add_hit(fixture, 3);
    second = eg_pipe_fixture_add_hit(fixture, 8);
    expect_hit(&tray, first);
    expect_hit(&tray, second);
    eg_pipe_client_shown(tray.client, first, L"EmoGuard: 一");
    wait_for_title(fixture, "EmoGuard: 一");
    eg_pipe_client_begin_again(tray.client);
    expect_connected(&tray);
    expect_hit(&tray, second);
    /* Shown earlier: marked, but no window of this connection. */
    eg_pipe_client_shown(tray.client, second, L"");
    eg_pipe_client_shown(tray.client, first, L"EmoGuard: 二");
    wait_for_title(fixture, "EmoGuard: 二");
    eg_pipe_client_begin_again(tray.client);
    expect_connected(&tray);
    expect_hit(&tray, eg_pipe_fixture_add_hit(fixture, 13)); /* and not the second one before it */
    stop_tray(&tray);
}

static void client__window_gone__ends_the_connection(void **state)
{
    eg_pipe_fixture *fixture = *state;
    uint64_t end = deadline();
    tray_side tray;

    start_tray(&tray, fixture->name);
    expect_connected(&tray);
    DestroyWindow(tray.window);
    while (eg_clients_count(&fixture->clients) > 0) { /* nothing is lost in a dead queue */
        eg_pipe_fixture_add_hit(fixture, 3);
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(1);
    }
    eg_pipe_client_stop(tray.client);
}

static void client__no_server__says_so_and_stops_at_once(void **state)
{
    tray_side tray;
    uint64_t before;
    EG_UNUSED(state);

    start_tray(&tray, "\\\\.\\pipe\\EmoGuard-test-nobody");
    assert_int_equal(next_message(&tray).message, EG_PIPE_DISCONNECTED);
    before = eg_clock_monotonic_ns();
    stop_tray(&tray);
    assert_true(eg_clock_monotonic_ns() - before < UINT64_C(3000000000));
}

static const char false_name[] = "\\\\.\\pipe\\EmoGuard-test-false";

/* A server that waits for nobody, so that every wait can have a deadline. */
static HANDLE make_false_server(void)
{
    wchar_t *wide = eg_wide_copy(eg_str_from(false_name));
    HANDLE pipe =
        CreateNamedPipeW(wide, PIPE_ACCESS_DUPLEX,
                         PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_NOWAIT, 1, 4096, 4096, 0, NULL);
    eg_free(wide);
    assert_true(pipe != INVALID_HANDLE_VALUE);
    return pipe;
}

/* Lets the tray in, takes its hello and answers with `bytes`. */
static void answer_hello(HANDLE pipe, const char *bytes, size_t size)
{
    uint64_t end = deadline();
    char hello[512];
    DWORD done = 0;

    while (!ReadFile(pipe, hello, sizeof(hello), &done, NULL) || done == 0) {
        ConnectNamedPipe(pipe, NULL);
        assert_true(eg_clock_monotonic_ns() < end);
        Sleep(1);
    }
    if (size > 0) {
        assert_true(WriteFile(pipe, bytes, (DWORD)size, &done, NULL));
    }
}

static void expect_refusal(const char *answer, size_t size)
{
    HANDLE pipe = make_false_server();
    tray_side tray;

    start_tray(&tray, false_name);
    answer_hello(pipe, answer, size);
    assert_int_equal(next_message(&tray).message, EG_PIPE_DISCONNECTED);
    stop_tray(&tray);
    CloseHandle(pipe);
}

static void client__server_speaks_nonsense__leaves_it(void **state)
{
    static const char too_long[] = {'\xFF', '\xFF', '\xFF', '\x7F'};
    static const char no_json[] = {3, 0, 0, 0, 'a', 'b', 'c'};
    EG_UNUSED(state);

    expect_refusal(too_long, sizeof(too_long));
    expect_refusal(no_json, sizeof(no_json));
}

static void client__hit_before_welcome__leaves_the_server(void **state)
{
    eg_message message = {.type = EG_MESSAGE_HIT};
    eg_buf frame;
    EG_UNUSED(state);

    message.body.hit.id = 1;
    eg_buf_init(&frame, EG_FRAME_MAX + EG_FRAME_HEADER);
    assert_int_equal(eg_message_encode(&frame, &message), EG_OK);
    expect_refusal(frame.data, frame.len);
    eg_buf_done(&frame);
}

static void encode_welcome(eg_buf *out)
{
    eg_message message = {.type = EG_MESSAGE_WELCOME};

    message.body.welcome = (eg_welcome){
        EG_PROTOCOL_VERSION, EG_STR("1"), EG_STR("PC"), EG_STR(""), EG_STR("pack"), 7, 1,
        EG_STR("")};
    eg_buf_init(out, EG_FRAME_MAX + EG_FRAME_HEADER);
    assert_int_equal(eg_message_encode(out, &message), EG_OK);
}

static void client__server_goes_and_comes_back__connects_again(void **state)
{
    HANDLE pipe = make_false_server();
    tray_side tray;
    eg_buf welcome;
    EG_UNUSED(state);

    encode_welcome(&welcome);
    start_tray(&tray, false_name);
    answer_hello(pipe, welcome.data, welcome.len);
    expect_connected(&tray);
    CloseHandle(pipe);
    assert_int_equal(next_message(&tray).message, EG_PIPE_DISCONNECTED);
    pipe = make_false_server();
    answer_hello(pipe, welcome.data, welcome.len);
    expect_connected(&tray);
    stop_tray(&tray);
    CloseHandle(pipe);
    eg_buf_done(&welcome);
}

int eg_test_tray_pipe(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(client__hit_stored__reaches_the_window_and_is_marked_shown,
                                        eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down),
        cmocka_unit_test_setup_teardown(client__begins_again__is_told_what_was_not_shown,
                                        eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down),
        cmocka_unit_test_setup_teardown(client__window_gone__ends_the_connection,
                                        eg_pipe_fixture_set_up, eg_pipe_fixture_tear_down),
        cmocka_unit_test(client__no_server__says_so_and_stops_at_once),
        cmocka_unit_test(client__server_speaks_nonsense__leaves_it),
        cmocka_unit_test(client__hit_before_welcome__leaves_the_server),
        cmocka_unit_test(client__server_goes_and_comes_back__connects_again),
    };
    return cmocka_run_group_tests_name("tray_pipe", tests, NULL, NULL);
}
