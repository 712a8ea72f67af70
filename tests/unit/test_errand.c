/* SPDX-License-Identifier: Apache-2.0 */
/* The tray's side of the courier, without a server. With real ones: tests/check_http.py. */
#include "tray/errand.c"
#include "tests/unit/unit.h"

#include "tests/unit/alloc.h"

#include <string.h>

#define DEADLINE_NS (UINT64_C(30) * 1000000000)

typedef struct fixture {
    eg_errands *errands;
    eg_mutex lock;
    int answers;
    eg_errand_result result;
    uint32_t id;
    char error[256];
} fixture;

static void on_send(void *user, const eg_message *message)
{
    fixture *f = user;
    eg_mutex_lock(&f->lock);
    assert_int_equal(message->type, EG_MESSAGE_ERRAND_ANSWER);
    f->answers++;
    f->result = message->body.errand_answer.result;
    f->id = message->body.errand_answer.id;
    (void)snprintf(f->error, sizeof(f->error), "%.*s",
                   EG_STR_ARGS(message->body.errand_answer.error));
    eg_mutex_unlock(&f->lock);
}

static int get_login(void *user, eg_str proxy, bool stored, eg_buf *out)
{
    fixture *f = user;
    EG_UNUSED(proxy);
    EG_UNUSED(stored);
    eg_mutex_lock(&f->lock);
    eg_mutex_unlock(&f->lock);
    return eg_buf_append_char(out, ':');
}

static int set_up(void **state)
{
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    const eg_errands_options options = {f, on_send, get_login};
    assert_int_equal(eg_mutex_init(&f->lock), EG_OK);
    assert_int_equal(eg_errands_create(&options, &f->errands), EG_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    eg_errands_destroy(f->errands);
    eg_mutex_done(&f->lock);
    eg_free(f);
    return 0;
}

static eg_message errand(const char *url)
{
    eg_message message = {.type = EG_MESSAGE_ERRAND};
    message.body.errand = (eg_errand){1,
                                      eg_str_from(url),
                                      EG_STR("http://127.0.0.1:1"),
                                      EG_STR(""),
                                      EG_STR(""),
                                      1000,
                                      0,
                                      10000,
                                      false};
    return message;
}

static int answers(fixture *f)
{
    eg_mutex_lock(&f->lock);
    int count = f->answers;
    eg_mutex_unlock(&f->lock);
    return count;
}

static void wait_for_answer(fixture *f)
{
    uint64_t end = eg_clock_monotonic_ns() + DEADLINE_NS;
    while (answers(f) == 0) {
        assert_true(eg_clock_monotonic_ns() < end);
        eg_thread_sleep_ms(1);
    }
}

static void errand__of_another_kind__is_refused(void **state)
{
    static const char *const urls[] = {"file:///etc/passwd", "\\\\server\\share", "ftp://x/", "",
                                       "C:\\secret"};
    fixture *f = *state;
    for (size_t i = 0; i < EG_COUNT(urls); i++) {
        const eg_message message = errand(urls[i]);
        assert_int_equal(eg_errands_take(f->errands, &message), EG_OK);
        assert_int_equal(f->answers, (int)i + 1);
        assert_int_equal(f->result, EG_ERRAND_REFUSED);
        assert_int_equal(f->id, 1);
    }
}

static void errand__without_a_proxy_or_beyond_its_end__is_refused(void **state)
{
    fixture *f = *state;
    eg_message message = errand("http://127.0.0.1:1/");
    message.body.errand.proxy = EG_STR("");
    assert_int_equal(eg_errands_take(f->errands, &message), EG_OK);
    assert_int_equal(f->result, EG_ERRAND_REFUSED);
    message = errand("http://127.0.0.1:1/");
    message.body.errand.start = 1001;
    f->result = EG_ERRAND_ANSWERED;
    assert_int_equal(eg_errands_take(f->errands, &message), EG_OK);
    assert_int_equal(f->result, EG_ERRAND_REFUSED);
    assert_int_equal(f->answers, 2);
}

static void proxy__that_is_not_there__is_told(void **state)
{
    fixture *f = *state;
    const eg_message message = errand("http://127.0.0.1:1/");
    assert_int_equal(eg_errands_take(f->errands, &message), EG_OK);
    wait_for_answer(f);
    assert_true(f->result == EG_ERRAND_BROKEN || f->result == EG_ERRAND_TIMEOUT);
    assert_string_not_equal(f->error, "");
}

static void bytes__that_there_are_not__end_the_connection(void **state)
{
    fixture *f = *state;
    eg_message message = {.type = EG_MESSAGE_ERRAND_NEXT};
    assert_int_equal(eg_errands_take(f->errands, &message), EG_E_INVALID);
    message.type = EG_MESSAGE_ERRAND_END;
    message.body.errand_end.id = 7;
    assert_int_equal(eg_errands_take(f->errands, &message), EG_OK);
}

static void errand__no_longer_wanted__is_not_answered(void **state)
{
    fixture *f = *state;
    const eg_message message = errand("http://127.0.0.1:1/");
    const eg_message end = {.type = EG_MESSAGE_ERRAND_END, .body.errand_end = {1}};
    eg_mutex_lock(&f->lock); /* in which the login waits */
    assert_int_equal(eg_errands_take(f->errands, &message), EG_OK);
    assert_int_equal(eg_errands_take(f->errands, &end), EG_OK);
    eg_mutex_unlock(&f->lock);
    end_thread(f->errands);
    assert_int_equal(f->answers, 0);
}

static int create(void *arg)
{
    fixture *f = arg;
    const eg_errands_options options = {f, on_send, get_login};
    eg_errands *errands = NULL;
    int status = eg_errands_create(&options, &errands);
    eg_errands_destroy(errands);
    return status;
}

static void memory__refused__is_told(void **state)
{
    assert_true(eg_test_each_allocation_fails(create, *state) > 0);
}

int eg_test_errand(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(errand__of_another_kind__is_refused),
        EACH(errand__without_a_proxy_or_beyond_its_end__is_refused),
        EACH(proxy__that_is_not_there__is_told),
        EACH(bytes__that_there_are_not__end_the_connection),
        EACH(errand__no_longer_wanted__is_not_answered),
        EACH(memory__refused__is_told),
    };
#undef EACH
    return cmocka_run_group_tests_name("errand", tests, NULL, NULL);
}
