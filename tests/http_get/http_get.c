/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_get URL [--name value]...: one request as core/update/http.h makes it, the outcome as one
 * JSON object on stdout. With --bell COUNT so many waits of a bell (core/update/bell.h), a line
 * each, --pause milliseconds apart. With --by-tray LOGIN what a proxy answers with 407 is fetched
 * by the courier (service/courier.h) and a tray whose user has that login. For tests/check_http.py
 * and tests/check_bell.py, which put all kinds of servers in front of it.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/bell.h"
#include "core/update/http.h"
#include "tests/http_get/by_tray.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1024 * 1024)
#define TEXT_MAX ((size_t)1024)
#define CANCEL_AFTER_MS 300

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], name) == 0) {
            return argv[i + 1];
        }
    }
    return NULL;
}

static uint64_t number(int argc, char **argv, const char *name, uint64_t otherwise)
{
    const char *text = option(argc, argv, name);
    uint64_t value = 0;
    return text && eg_str_to_u64(eg_str_from(text), &value) ? value : otherwise;
}

static void read_file(const char *path, eg_buf *out)
{
    eg_buf_init(out, FILE_MAX);
    if (path && eg_file_read(path, FILE_MAX, out) != EG_OK) {
        (void)fprintf(stderr, "%s\n", eg_error_message());
        exit(2);
    }
}

static void cancel_soon(void *arg)
{
    eg_thread_sleep_ms(CANCEL_AFTER_MS);
    eg_http_cancel(arg);
}

static int print(int status, const eg_http_answer *answer, const eg_buf *body, uint64_t seconds)
{
    eg_buf out;
    eg_json json;
    eg_buf_init(&out, FILE_MAX);
    eg_json_begin(&json, &out);
    eg_json_object(&json);
    eg_json_put_str(&json, "result", eg_str_from(eg_status_name(status)));
    eg_json_put_str(&json, "error", eg_str_from(status == EG_OK ? "" : eg_error_message()));
    eg_json_put_u64(&json, "status", (uint64_t)answer->status);
    eg_json_put_u64(&json, "began_anew", answer->began_anew);
    eg_json_put_u64(&json, "retry_after_s", answer->retry_after_s);
    eg_json_put_u64(&json, "received", answer->received);
    eg_json_put_str(&json, "etag", eg_str_from(answer->etag));
    eg_json_put_str(&json, "last_modified", eg_str_from(answer->last_modified));
    eg_json_put_str(&json, "content_type", eg_str_from(answer->content_type));
    eg_json_put_u64(&json, "length", body->len);
    eg_json_put_u64(&json, "seconds", seconds);
    eg_str text = eg_buf_str(body);
    text.len = text.len < TEXT_MAX ? text.len : TEXT_MAX;
    eg_json_put_str(&json, "body", text);
    eg_json_object_end(&json);
    (void)printf("%s\n", eg_buf_cstr(&out));
    eg_buf_done(&out);
    return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- the bell ---- */

static void print_wait(eg_bell_outcome outcome, const eg_buf *body, uint64_t milliseconds)
{
    static const char *const names[] = {[EG_BELL_RANG] = "rang",
                                        [EG_BELL_SILENT] = "silent",
                                        [EG_BELL_ABSENT] = "absent",
                                        [EG_BELL_LOST] = "lost"};
    eg_buf out;
    eg_json json;
    eg_buf_init(&out, FILE_MAX);
    eg_json_begin(&json, &out);
    eg_json_object(&json);
    eg_json_put_str(&json, "outcome", eg_str_from(names[outcome]));
    eg_json_put_str(&json, "error", eg_str_from(outcome == EG_BELL_LOST ? eg_error_message() : ""));
    eg_json_put_u64(&json, "milliseconds", milliseconds);
    eg_json_put_u64(&json, "length", body->len);
    eg_str text = eg_buf_str(body);
    text.len = text.len < TEXT_MAX ? text.len : TEXT_MAX;
    eg_json_put_str(&json, "body", text);
    eg_json_object_end(&json);
    (void)printf("%s\n", eg_buf_cstr(&out));
    (void)fflush(stdout);
    eg_buf_done(&out);
}

static int wait_for_bell(int argc, char **argv, const eg_http_options *http)
{
    const eg_bell_options options = {
        .url = argv[1], .http = *http, .wait_ms = (uint32_t)number(argc, argv, "--timeout", 20000)};
    eg_bell *bell = NULL;
    eg_bell_outcome outcome = EG_BELL_LOST;
    eg_buf body;
    eg_buf_init(&body, FILE_MAX);
    int status = eg_bell_create(&options, &bell);
    for (uint64_t i = number(argc, argv, "--bell", 1); i > 0 && status == EG_OK; i--) {
        uint64_t start = eg_clock_monotonic_ns();
        status = eg_bell_wait(bell, &body, &outcome);
        if (status == EG_OK) {
            print_wait(outcome, &body, (eg_clock_monotonic_ns() - start) / 1000000u);
            eg_thread_sleep_ms((uint32_t)number(argc, argv, "--pause", 0));
        }
    }
    eg_bell_destroy(bell);
    eg_buf_done(&body);
    return status == EG_OK ? 0 : 1;
}

/* ---- one request ---- */

static int get(int argc, char **argv, const eg_http_options *options)
{
    eg_buf body;
    eg_http *http = NULL;
    eg_thread *thread = NULL;
    eg_http_answer answer = {0};
    read_file(option(argc, argv, "--go-on"), &body);
    const eg_http_request request = {
        .url = argv[1],
        .max = (size_t)number(argc, argv, "--max", FILE_MAX),
        .timeout_ms = (uint32_t)number(argc, argv, "--timeout", 20000),
        .may_be_silent = option(argc, argv, "--may-be-silent") != NULL,
        .etag = eg_str_from(option(argc, argv, "--etag")),
        .last_modified = eg_str_from(option(argc, argv, "--last-modified")),
        .go_on = option(argc, argv, "--go-on") != NULL,
    };
    uint64_t start = eg_clock_monotonic_ns();
    int status = eg_http_create(options, &http);
    if (status == EG_OK && option(argc, argv, "--cancel")) {
        status = eg_thread_start(&thread, "cancel", cancel_soon, http);
    }
    for (uint64_t i = number(argc, argv, "--repeat", 1); i > 0 && status == EG_OK; i--) {
        status = eg_http_get(http, &request, &body, &answer);
        if (status == EG_OK && answer.status == 407 && option(argc, argv, "--by-tray")) {
            status =
                eg_by_tray_get(option(argc, argv, "--by-tray"), options, &request, &body, &answer);
        }
    }
    int code = print(status, &answer, &body, (eg_clock_monotonic_ns() - start) / 1000000000u);
    eg_thread_join(thread);
    eg_http_destroy(http);
    eg_buf_done(&body);
    return code;
}

int main(int argc, char **argv)
{
    eg_buf ca;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: http_get URL [--name value]...\n");
        return 2;
    }
    read_file(option(argc, argv, "--ca"), &ca);
    const eg_http_options options = {
        .user_agent = "http_get",
        .ca_pem = eg_buf_str(&ca),
        .pinned_key = option(argc, argv, "--pin"),
        .proxy = option(argc, argv, "--proxy"),
        .proxy_user = option(argc, argv, "--proxy-user"),
        .connect_ms = 5000,
        .silence_s = (uint32_t)number(argc, argv, "--silence", 0),
    };
    int code = option(argc, argv, "--bell") ? wait_for_bell(argc, argv, &options)
                                            : get(argc, argv, &options);
    eg_buf_done(&ca);
    return code;
}
