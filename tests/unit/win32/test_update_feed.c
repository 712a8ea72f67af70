/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feed and its bell on a changing network, in front of a server on the loopback interface that
 * answers nothing at the bell and knows no files: who asks for what, over how many connections.
 */
#include "tests/unit/unit.h"

#include "core/base/utf.h"
#include "service/update_feed.c"
#include "tests/unit/temp_folder.h"
#include "tests/unit/tuf_fixture.h"

#include <stdio.h>

#include <winsock2.h>

#define DEADLINE_MS 60000
#define STOP_MS 2000u
#define SOCKETS_MAX 60

typedef struct server {
    SOCKET listener, sockets[SOCKETS_MAX];
    bool rings[SOCKETS_MAX]; /* this connection waits at the bell */
    size_t count;
    unsigned port;
    eg_thread *thread;
    bool hangs; /* in the middle of a file */
    eg_atomic stopping, bells, bells_left, files, as_proxy;
} server;

typedef struct fixture {
    eg_tuf_fixture *tuf;
    char url[64], folder[600], root[600], proxy[64];
    eg_mutex lock;   /* of `proxy` */
    eg_atomic asked; /* for the proxy */
    eg_update_feed *feed;
    server site, other;
} fixture;

/* ---- the server ---- */

static void answer(server *s, size_t at)
{
    static const char missing[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    static const char begun[] = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{";
    char request[4096] = "";
    int got = recv(s->sockets[at], request, (int)sizeof(request) - 1, 0);
    if (got <= 0) {
        eg_atomic_add(&s->bells_left, s->rings[at]);
        closesocket(s->sockets[at]);
        s->count--;
        s->sockets[at] = s->sockets[s->count];
        s->rings[at] = s->rings[s->count];
        return;
    }
    eg_atomic_add(&s->as_proxy, strstr(request, "GET http://") != NULL);
    s->rings[at] = strstr(request, "/bell/stable") != NULL;
    if (s->rings[at]) {
        eg_atomic_add(&s->bells, 1);
        return;
    }
    const char *text = s->hangs ? begun : missing;
    (void)send(s->sockets[at], text, (int)strlen(text), 0);
    eg_atomic_add(&s->files, 1);
}

static void serve(void *arg)
{
    server *s = arg;
    while (!eg_atomic_get(&s->stopping)) {
        struct timeval wait = {0, 20000};
        fd_set ready;
        FD_ZERO(&ready);
        FD_SET(s->listener, &ready);
        for (size_t i = 0; i < s->count; i++) {
            FD_SET(s->sockets[i], &ready);
        }
        if (select(0, &ready, NULL, NULL, &wait) <= 0) {
            continue;
        }
        for (size_t i = s->count; i-- > 0;) {
            if (FD_ISSET(s->sockets[i], &ready)) {
                answer(s, i);
            }
        }
        if (FD_ISSET(s->listener, &ready) && s->count < SOCKETS_MAX) {
            s->rings[s->count] = false;
            s->sockets[s->count++] = accept(s->listener, NULL, NULL);
        }
    }
}

static void open_server(server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(s->listener, 20), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(eg_thread_start(&s->thread, "server", serve, s), EG_OK);
}

static void close_server(server *s)
{
    eg_atomic_set(&s->stopping, 1);
    eg_thread_join(s->thread);
    for (size_t i = 0; i < s->count; i++) {
        closesocket(s->sockets[i]);
    }
    closesocket(s->listener);
}

static void wait_for(const eg_atomic *counter, int64_t at_least)
{
    uint64_t end = eg_clock_monotonic_ns() + UINT64_C(1000000) * DEADLINE_MS;
    while (eg_atomic_get(counter) < at_least) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(5);
    }
}

/* ---- the feed ---- */

static void on_sample(void *user, eg_guard_sample *out)
{
    EG_UNUSED(user);
    EG_UNUSED(out);
}

static void on_find_proxy(void *user, const char *url, eg_buf *out)
{
    fixture *f = user;
    assert_string_equal(url, f->url);
    eg_mutex_lock(&f->lock);
    eg_buf_append_cstr(out, f->proxy);
    eg_mutex_unlock(&f->lock);
    eg_atomic_add(&f->asked, 1);
}

static void on_changed(void *user)
{
    EG_UNUSED(user);
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
    WSADATA data;
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(WSAStartup(MAKEWORD(2, 2), &data), 0);
    assert_int_equal(eg_mutex_init(&f->lock), EG_OK);
    assert_int_equal(eg_tuf_fixture_set_up((void **)&f->tuf), 0);
    eg_log_set_sink(ignore_log, NULL);
    open_server(&f->site);
    open_server(&f->other);
    (void)snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/v1", f->site.port);
    (void)snprintf(f->folder, sizeof(f->folder), "%s/site", (const char *)f->tuf->folder);
    (void)snprintf(f->root, sizeof(f->root), "%s/root.json", (const char *)f->tuf->folder);
    assert_int_equal(eg_file_write_atomic(f->root, f->tuf->installed.data, f->tuf->installed.len),
                     EG_OK);
    *state = f;
    return 0;
}

static void start(fixture *f)
{
    const eg_update_feed_options options = {
        .name = "site",
        .folder = f->folder,
        .url = f->url,
        .root_path = f->root,
        .channel = "stable",
        .http = {.connect_ms = 20000, .silence_s = 60},
        .agent_id = EG_STR("6f1f"),
        .poll_ms = 24 * 3600 * 1000,
        .owner = {.user = f},
        .sample = on_sample,
        .find_proxy = on_find_proxy,
        .changed = on_changed,
    };
    assert_int_equal(eg_update_feed_open(&options, &f->feed), EG_OK);
    assert_int_equal(eg_update_feed_start(f->feed), EG_OK);
}

/* Within the time that a stop has. */
static void stop(fixture *f)
{
    eg_update_feed_stop(f->feed);
    assert_int_equal(eg_update_feed_join(f->feed, STOP_MS), EG_OK);
    eg_update_feed_destroy(f->feed);
    f->feed = NULL;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    close_server(&f->other);
    close_server(&f->site);
    eg_log_set_sink(NULL, NULL);
    int status = eg_tuf_fixture_tear_down((void **)&f->tuf);
    eg_mutex_done(&f->lock);
    WSACleanup();
    eg_free(f);
    return status;
}

static void network__that_changes__brings_a_look_and_a_new_bell(void **state)
{
    fixture *f = *state;
    start(f);
    wait_for(&f->site.bells, 1);
    wait_for(&f->site.files, 2); /* no newer root, no timestamp: the look is over */
    int64_t files = eg_atomic_get(&f->site.files), asked = eg_atomic_get(&f->asked);
    eg_update_feed_network_changed(f->feed);
    wait_for(&f->site.bells, 2);
    wait_for(&f->site.bells_left, 1);
    wait_for(&f->asked, asked + 1);
    wait_for(&f->site.files, files + 1);
    assert_int_equal(eg_atomic_get(&f->other.files) + eg_atomic_get(&f->other.bells), 0);
    stop(f);
}

static void network__that_flaps__is_looked_at_once(void **state)
{
    fixture *f = *state;
    start(f);
    wait_for(&f->asked, 2); /* at the start and for the first look */
    wait_for(&f->site.bells, 1);
    uint64_t start_ns = eg_clock_monotonic_ns();
    for (int i = 0; i < 50; i++) {
        eg_update_feed_network_changed(f->feed);
        eg_thread_sleep_ms(5);
    }
    wait_for(&f->asked, 3);
    assert_true(eg_clock_monotonic_ns() - start_ns > CHANGE_GAP_MS / 2 * UINT64_C(1000000));
    stop(f);
    assert_int_equal(eg_atomic_get(&f->asked), 3);
}

static void proxy__that_is_another_one__is_used_for_files_and_bell(void **state)
{
    fixture *f = *state;
    start(f);
    wait_for(&f->site.bells, 1);
    wait_for(&f->site.files, 1);
    eg_mutex_lock(&f->lock);
    (void)snprintf(f->proxy, sizeof(f->proxy), "http://127.0.0.1:%u", f->other.port);
    eg_mutex_unlock(&f->lock);
    eg_update_feed_wake(f->feed);
    wait_for(&f->other.files, 1);
    wait_for(&f->other.bells, 1);
    wait_for(&f->site.bells_left, 1);
    assert_int_equal(eg_atomic_get(&f->other.as_proxy),
                     eg_atomic_get(&f->other.files) + eg_atomic_get(&f->other.bells));
    stop(f);
}

static void stop__in_the_middle_of_a_file__comes_at_once(void **state)
{
    fixture *f = *state;
    f->site.hangs = true;
    start(f);
    wait_for(&f->site.files, 1);
    eg_thread_sleep_ms(200);
    stop(f);
}

static void stop__while_a_share_does_not_answer__comes_at_once(void **state)
{
    static const char pipe[] = "\\\\.\\pipe\\emoguard-feed-%lu";
    fixture *f = *state;
    char name[100];
    (void)snprintf(f->url, sizeof(f->url), pipe, (unsigned long)GetCurrentProcessId());
    (void)snprintf(name, sizeof(name), "%s\\metadata\\2.root.json", f->url);
    uint16_t *wide = eg_utf16_copy(eg_str_from(name));
    HANDLE silent =
        CreateNamedPipeW((LPCWSTR)wide, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 0, 0, 0, NULL);
    eg_free(wide);
    if (silent == INVALID_HANDLE_VALUE) {
        skip(); /* this system has no such names */
    }
    start(f);
    ConnectNamedPipe(silent, NULL); /* comes back when somebody reads from it */
    eg_thread_sleep_ms(200);
    stop(f);
    CloseHandle(silent);
}

static void rejected__before_the_start__are_still_told(void **state)
{
    fixture *f = *state;
    eg_agent_state kept = {.current = {.serial = 0}};
    eg_agent_rejected *list = eg_alloc_zero(EG_AGENT_STATE_REJECTED_MAX, sizeof(*list));
    eg_update_feed_status status;
    assert_non_null(list);
    for (uint64_t serial = 1; serial <= 3; serial++) {
        char reason[32];
        eg_agent_pack pack = {.serial = serial, .size = 1};
        pack.archive[0] = (uint8_t)serial;
        (void)snprintf(reason, sizeof(reason), "reason %u", (unsigned)serial);
        eg_agent_state_reject(&kept, &pack, serial * 100, reason);
    }
    assert_int_equal(eg_dir_create(f->folder), EG_OK);
    assert_int_equal(eg_agent_state_save(eg_test_path(f->folder, "packs.json"), &kept), EG_OK);
    start(f);
    assert_int_equal(eg_update_feed_rejected_get(f->feed, list), 3);
    assert_int_equal(list[0].serial, 3);
    assert_int_equal(list[0].archive[0], 3);
    assert_int_equal(list[0].time, 300);
    assert_string_equal(list[2].reason, "reason 1");
    eg_update_feed_status_get(f->feed, &status);
    assert_int_equal(status.refused.serial, 3);
    stop(f);
    eg_free(list);
}

/* WinHTTP looks for a proxy by DHCP and DNS for seconds, and nothing breaks that off. */
static void stop__while_a_proxy_is_looked_for__leaves_that_behind(void **state)
{
    fixture *f = *state;
    eg_mutex_lock(&f->lock); /* the search waits for it */
    start(f);
    eg_update_feed_stop(f->feed);
    uint64_t start_ns = eg_clock_monotonic_ns();
    assert_int_equal(eg_update_feed_join(f->feed, 200), EG_E_TIMEOUT);
    assert_true(eg_clock_monotonic_ns() - start_ns < STOP_MS * UINT64_C(1000000));
    assert_true(eg_file_exists(eg_test_path(f->folder, "stop"))); /* which makes it no crash */
    eg_mutex_unlock(&f->lock);
    assert_int_equal(eg_update_feed_join(f->feed, DEADLINE_MS), EG_OK);
    eg_update_feed_destroy(f->feed);
    f->feed = NULL;
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int eg_test_update_feed(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(network__that_changes__brings_a_look_and_a_new_bell),
        IN_FIXTURE(network__that_flaps__is_looked_at_once),
        IN_FIXTURE(proxy__that_is_another_one__is_used_for_files_and_bell),
        IN_FIXTURE(rejected__before_the_start__are_still_told),
        IN_FIXTURE(stop__in_the_middle_of_a_file__comes_at_once),
        IN_FIXTURE(stop__while_a_share_does_not_answer__comes_at_once),
        IN_FIXTURE(stop__while_a_proxy_is_looked_for__leaves_that_behind),
    };
    return cmocka_run_group_tests_name("update_feed", tests, NULL, NULL);
}
