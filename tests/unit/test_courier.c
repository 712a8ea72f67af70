/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's side of the courier, before trays of every kind. They act when they are woken, on
 * the same thread, so that each test takes the same steps every time. The trays' side is
 * test_errand.c; both with real servers: tests/check_http.py and tests/check_courier.py.
 */
#include "service/courier.c"
#include "tests/unit/unit.h"

#include "core/ipc/frame.h"
#include "tests/unit/alloc.h"

#include <string.h>

#define FILE_SIZE (2u * EG_ERRAND_PIECE_MAX + 100) /* three pieces */
#define TRAYS 3

typedef enum behaviour {
    HONEST,
    ABSENT,
    SILENT,
    REFUSED,          /* by the proxy, too */
    UNREACHABLE,      /* the proxy is */
    BROKEN_OFF,       /* the proxy's connection, after the first piece */
    UNCHANGED,        /* 304 */
    NEW_FILE,         /* answers from the beginning whatever it is asked for */
    DIES_WHEN_ASKED,  /* the tray does */
    DIES_IN_BETWEEN,  /* after the first piece */
    STOPS_IN_BETWEEN, /* says no more after the first piece */
    TOO_MUCH,
    OTHER_PIECE,
    SHORT_PIECE,
    ANSWERS_TWICE,
    PIECE_UNASKED,
    CONTRADICTS,
    OTHER_START,
} behaviour;

typedef struct fake_tray {
    behaviour how;
    size_t place;
    bool here, dropped;
    int asked, pieces, ended;
    eg_errand errand; /* without its texts */
    char url[128], etag[64];
} fake_tray;

typedef struct fixture {
    eg_courier *courier;
    eg_message_decoder *decoder;
    eg_buf frame, body;
    char file[FILE_SIZE];
    fake_tray trays[TRAYS];
    int arrived;
    int no_memory; /* a conversation ended for lack of it */
    bool cancels;  /* instead of doing what is asked */
    eg_http_answer answer;
} fixture;

static void leave(fixture *f, fake_tray *tray)
{
    if (tray->here) {
        tray->here = false;
        eg_courier_leave(f->courier, tray->place);
    }
}

/* As the conversation does: a tray that breaks the form is dropped. */
static void say(fixture *f, fake_tray *tray, const eg_message *message)
{
    if (tray->here && eg_courier_take(f->courier, tray->place, message) != EG_OK) {
        tray->dropped = true;
        leave(f, tray);
    }
}

static void say_piece(fixture *f, fake_tray *tray, uint32_t id, uint32_t at, size_t size)
{
    eg_message message = {.type = EG_MESSAGE_ERRAND_BYTES};
    message.body.errand_bytes.id = id;
    message.body.errand_bytes.at = at;
    message.body.errand_bytes.bytes = (eg_str){f->file + at, size};
    say(f, tray, &message);
}

static void answer(fixture *f, fake_tray *tray, const eg_errand *errand)
{
    eg_message message = {.type = EG_MESSAGE_ERRAND_ANSWER};
    eg_errand_answer *to = &message.body.errand_answer;
    *to = (eg_errand_answer){errand->id,
                             EG_ERRAND_ANSWERED,
                             200,
                             7,
                             errand->start,
                             FILE_SIZE - errand->start,
                             EG_STR("\"v2\""),
                             EG_STR("m"),
                             EG_STR("d"),
                             EG_STR("")};
    switch (tray->how) {
    case REFUSED:
        to->status = 407;
        to->size = 0;
        break;
    case UNCHANGED:
        to->status = 304;
        to->size = 0;
        break;
    case UNREACHABLE:
        to->result = EG_ERRAND_BROKEN;
        to->status = to->size = 0;
        to->error = EG_STR("no proxy there");
        break;
    case BROKEN_OFF:
        to->result = EG_ERRAND_BROKEN;
        to->size = EG_ERRAND_PIECE_MAX;
        break;
    case NEW_FILE:
        to->start = 0;
        to->size = FILE_SIZE;
        break;
    case TOO_MUCH: to->size = errand->max - errand->start + 1; break;
    case CONTRADICTS: to->status = 404; break;
    case OTHER_START: to->start = errand->start + 1; break;
    default: break;
    }
    say(f, tray, &message);
    if (tray->how == ANSWERS_TWICE) {
        say(f, tray, &message);
    } else if (tray->how == PIECE_UNASKED) {
        say_piece(f, tray, errand->id, errand->start, EG_ERRAND_PIECE_MAX);
    }
}

static void on_errand(fixture *f, fake_tray *tray, const eg_errand *errand)
{
    tray->asked++;
    tray->errand = *errand;
    (void)snprintf(tray->url, sizeof(tray->url), "%.*s", EG_STR_ARGS(errand->url));
    (void)snprintf(tray->etag, sizeof(tray->etag), "%.*s", EG_STR_ARGS(errand->etag));
    if (f->cancels) {
        eg_courier_cancel(f->courier);
    } else if (tray->how == DIES_WHEN_ASKED) {
        leave(f, tray);
    } else if (tray->how != SILENT) {
        answer(f, tray, errand);
    }
}

static void on_next(fixture *f, fake_tray *tray, uint32_t id, uint32_t at)
{
    size_t left = FILE_SIZE - at, size = left < EG_ERRAND_PIECE_MAX ? left : EG_ERRAND_PIECE_MAX;
    tray->pieces++;
    if (tray->how == DIES_IN_BETWEEN && tray->pieces == 2) {
        leave(f, tray);
    } else if (tray->how == OTHER_PIECE && tray->pieces == 2) {
        say_piece(f, tray, id, 0, EG_ERRAND_PIECE_MAX);
    } else if (tray->how == SHORT_PIECE) {
        say_piece(f, tray, id, at, 1);
    } else if (tray->how != STOPS_IN_BETWEEN || tray->pieces == 1) {
        say_piece(f, tray, id, at, size);
    }
}

/* The conversation with one tray: sends it what is due until there is nothing. */
static void talk(fixture *f, fake_tray *tray)
{
    while (tray->here) {
        eg_message message;
        eg_buf_clear(&f->frame);
        int status = eg_courier_next(f->courier, tray->place, &f->frame);
        if (status == EG_OK) {
            eg_str payload = {f->frame.data + EG_FRAME_HEADER, f->frame.len - EG_FRAME_HEADER};
            status = eg_message_decode(f->decoder, payload, &message);
        }
        if (status == EG_E_NOMEM) {
            f->no_memory++;
            leave(f, tray);
        }
        if (status != EG_OK) {
            return;
        }
        if (message.type == EG_MESSAGE_ERRAND) {
            on_errand(f, tray, &message.body.errand);
        } else if (message.type == EG_MESSAGE_ERRAND_NEXT) {
            on_next(f, tray, message.body.errand_next.id, message.body.errand_next.at);
        } else {
            assert_int_equal(message.type, EG_MESSAGE_ERRAND_END);
            tray->ended++;
        }
    }
}

static void on_wake(void *user)
{
    fixture *f = user;
    for (size_t i = 0; i < TRAYS; i++) {
        talk(f, &f->trays[i]);
    }
}

static void on_arrived(void *user)
{
    ((fixture *)user)->arrived++;
}

static void connect_tray(fixture *f, size_t index, behaviour how)
{
    fake_tray *tray = &f->trays[index];
    *tray = (fake_tray){.how = how, .here = how != ABSENT};
    if (tray->here) {
        assert_int_equal(eg_courier_enter(f->courier, (uint32_t)index + 1, &tray->place), EG_OK);
    }
}

static int set_up(void **state)
{
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    const eg_courier_options options = {true, 30, f, on_wake, on_arrived};
    assert_int_equal(eg_courier_create(&options, &f->courier), EG_OK);
    assert_int_equal(eg_message_decoder_create(&f->decoder), EG_OK);
    eg_buf_init(&f->frame, 2 * EG_FRAME_MAX);
    eg_buf_init(&f->body, FILE_SIZE);
    for (size_t i = 0; i < FILE_SIZE; i++) {
        f->file[i] = (char)(i * 31 + i / 255);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    eg_courier_destroy(f->courier);
    eg_message_decoder_destroy(f->decoder);
    eg_buf_done(&f->frame);
    eg_buf_done(&f->body);
    eg_free(f);
    return 0;
}

static int get(fixture *f, bool go_on)
{
    const eg_http_options http = {.proxy = "http://proxy:8080", .ca_pem = EG_STR("certificate")};
    const eg_http_request request = {.url = "https://rules/x",
                                     .max = FILE_SIZE,
                                     .timeout_ms = 30,
                                     .etag = EG_STR("\"v1\""),
                                     .go_on = go_on};
    memset(&f->answer, 0, sizeof(f->answer));
    return eg_courier_get(f->courier, &http, &request, &f->body, &f->answer);
}

static void assert_whole(const fixture *f)
{
    assert_int_equal(f->answer.status, 200);
    assert_int_equal(f->body.len, FILE_SIZE);
    assert_memory_equal(f->body.data, f->file, FILE_SIZE);
}

static void tray__honest__brings_the_file_in_pieces(void **state)
{
    fixture *f = *state;
    connect_tray(f, 0, HONEST);
    assert_int_equal(get(f, false), EG_OK);
    assert_whole(f);
    const fake_tray *tray = &f->trays[0];
    assert_string_equal(tray->url, "https://rules/x");
    assert_string_equal(tray->etag, "\"v1\"");
    assert_int_equal(tray->errand.max, FILE_SIZE);
    assert_int_equal(tray->errand.start, 0);
    assert_true(tray->errand.stored_login);
    assert_int_equal(tray->pieces, 3);
    assert_int_equal(tray->ended, 1);
    assert_string_equal(f->answer.etag, "\"v2\"");
    assert_string_equal(f->answer.last_modified, "m");
    assert_string_equal(f->answer.date, "d");
    assert_int_equal(f->answer.retry_after_s, 7);
    assert_int_equal(f->answer.received, FILE_SIZE);
}

static void file__that_has_not_changed__is_told_without_bytes(void **state)
{
    fixture *f = *state;
    connect_tray(f, 0, UNCHANGED);
    assert_int_equal(get(f, false), EG_OK);
    assert_int_equal(f->answer.status, 304);
    assert_int_equal(f->body.len, 0);
}

static void tray__absent__is_denied_and_the_next_one_is_told_of(void **state)
{
    fixture *f = *state;
    assert_int_equal(get(f, false), EG_E_DENIED);
    assert_non_null(strstr(eg_error_message(), "nobody is signed in"));
    assert_int_equal(f->arrived, 0);
    connect_tray(f, 0, HONEST);
    connect_tray(f, 1, HONEST);
    assert_int_equal(f->arrived, 1);
}

/* Each of them costs its attempt, and the bytes are those of the honest one. */
static void trays__that_fail__are_followed_by_the_next(void **state)
{
    static const struct {
        behaviour how;
        bool dropped;
    } bad[] = {
        {SILENT, false},       {REFUSED, false},    {UNREACHABLE, false}, {DIES_WHEN_ASKED, false},
        {TOO_MUCH, true},      {OTHER_PIECE, true}, {SHORT_PIECE, true},  {ANSWERS_TWICE, true},
        {PIECE_UNASKED, true}, {CONTRADICTS, true}, {OTHER_START, true},  {STOPS_IN_BETWEEN, false},
    };
    fixture *f = *state;
    connect_tray(f, 2, ABSENT);
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        connect_tray(f, 0, bad[i].how);
        connect_tray(f, 1, HONEST);
        assert_int_equal(get(f, false), EG_OK);
        assert_whole(f);
        assert_int_equal(f->trays[0].asked, 1);
        assert_int_equal(f->trays[0].dropped, bad[i].dropped);
        /* Who failed is asked last from now on. */
        assert_int_equal(get(f, false), EG_OK);
        assert_int_equal(f->trays[0].asked, 1);
        assert_int_equal(f->trays[1].asked, 2);
        leave(f, &f->trays[0]);
        leave(f, &f->trays[1]);
    }
}

static void trays__that_all_fail__are_an_error_with_the_reason(void **state)
{
    fixture *f = *state;
    connect_tray(f, 0, UNREACHABLE);
    assert_int_equal(get(f, false), EG_E_IO);
    assert_non_null(strstr(eg_error_message(), "by the tray of session 1: no proxy there"));
    leave(f, &f->trays[0]);
    connect_tray(f, 1, REFUSED);
    assert_int_equal(get(f, false), EG_E_DENIED);
    assert_non_null(strstr(eg_error_message(), "refuses that user, too (407)"));
    leave(f, &f->trays[1]);
    connect_tray(f, 0, SILENT);
    assert_int_equal(get(f, false), EG_E_TIMEOUT);
    assert_int_equal(f->trays[0].ended, 1);
    assert_int_equal(f->body.len, 0);
}

static void file__of_which_a_part_came__is_gone_on_with_by_the_next(void **state)
{
    static const behaviour ways[] = {DIES_IN_BETWEEN, BROKEN_OFF};
    fixture *f = *state;
    for (size_t i = 0; i < EG_COUNT(ways); i++) {
        connect_tray(f, 0, ways[i]);
        connect_tray(f, 1, HONEST);
        assert_int_equal(get(f, false), EG_E_IO);
        assert_int_equal(f->body.len, EG_ERRAND_PIECE_MAX);
        assert_int_equal(get(f, true), EG_OK);
        assert_whole(f);
        assert_int_equal(f->trays[1].errand.start, EG_ERRAND_PIECE_MAX);
        assert_int_equal(f->trays[1].pieces, 2);
        assert_false(f->answer.began_anew);
        leave(f, &f->trays[0]);
        leave(f, &f->trays[1]);
    }
}

static void file__that_begins_anew__replaces_the_part(void **state)
{
    fixture *f = *state;
    connect_tray(f, 0, NEW_FILE);
    assert_int_equal(eg_buf_append_cstr(&f->body, "old part"), EG_OK);
    assert_int_equal(get(f, true), EG_OK);
    assert_whole(f);
    assert_int_equal(f->trays[0].errand.start, 8);
    assert_true(f->answer.began_anew);
}

static void fetching__cancelled__ends_now_and_later(void **state)
{
    fixture *f = *state;
    connect_tray(f, 0, HONEST);
    connect_tray(f, 1, HONEST);
    f->cancels = true;
    assert_int_equal(get(f, false), EG_E_CLOSED);
    assert_int_equal(f->trays[1].asked, 0);
    assert_int_equal(get(f, false), EG_E_CLOSED);
    assert_int_equal(f->trays[0].asked, 1);
}

static void message__that_nobody_asked_for__is_refused(void **state)
{
    fixture *f = *state;
    eg_message message = {.type = EG_MESSAGE_ERRAND_ANSWER};
    connect_tray(f, 0, HONEST);
    message.body.errand_answer.id = 1;
    assert_int_equal(eg_courier_take(f->courier, f->trays[0].place, &message), EG_E_INVALID);
    assert_int_equal(get(f, false), EG_OK);
    message.body.errand_answer.id = f->trays[0].errand.id;
    assert_int_equal(eg_courier_take(f->courier, f->trays[0].place, &message), EG_E_INVALID);
}

static void answer__that_comes_too_late__is_let_pass_once(void **state)
{
    fixture *f = *state;
    eg_message message = {.type = EG_MESSAGE_ERRAND_ANSWER};
    connect_tray(f, 0, SILENT);
    assert_int_equal(get(f, false), EG_E_TIMEOUT);
    message.body.errand_answer.id = f->trays[0].errand.id;
    message.body.errand_answer.size = FILE_SIZE;
    assert_int_equal(eg_courier_take(f->courier, f->trays[0].place, &message), EG_OK);
    assert_int_equal(eg_courier_take(f->courier, f->trays[0].place, &message), EG_E_INVALID);
    f->trays[0].how = HONEST;
    assert_int_equal(get(f, false), EG_OK);
    assert_whole(f);
}

static void certificates__too_many_for_a_message__are_told(void **state)
{
    fixture *f = *state;
    static char many[EG_ERRAND_CA_MAX + 1];
    const eg_http_options http = {.proxy = "http://proxy:8080", .ca_pem = {many, sizeof(many)}};
    const eg_http_request request = {.url = "https://rules/x", .max = 10};
    connect_tray(f, 0, HONEST);
    assert_int_equal(eg_courier_get(f->courier, &http, &request, &f->body, &f->answer),
                     EG_E_UNSUPPORTED);
    assert_int_equal(f->trays[0].asked, 0);
}

static void places__all_taken__are_refused(void **state)
{
    fixture *f = *state;
    size_t place_of = 0;
    for (int i = 0; i < EG_CLIENTS_MAX; i++) {
        assert_int_equal(eg_courier_enter(f->courier, 1, &place_of), EG_OK);
    }
    assert_int_equal(eg_courier_enter(f->courier, 1, &place_of), EG_E_LIMIT);
    eg_courier_leave(f->courier, 5);
    assert_int_equal(eg_courier_enter(f->courier, 1, &place_of), EG_OK);
    assert_int_equal(place_of, 5);
}

typedef struct turn {
    fixture *f;
    int status;
    eg_buf body;
} turn;

static void get_in_turn(void *arg)
{
    turn *t = arg;
    const eg_http_options http = {.proxy = "http://proxy:8080"};
    const eg_http_request request = {.url = "https://rules/y", .max = FILE_SIZE, .timeout_ms = 30};
    eg_http_answer got;
    t->status = eg_courier_get(t->f->courier, &http, &request, &t->body, &got);
}

/* Each wakes the trays on its own thread, which only the one whose turn it is does. */
static void fetching__of_two__goes_one_after_the_other(void **state)
{
    fixture *f = *state;
    turn turns[4];
    eg_thread *threads[4];
    connect_tray(f, 0, HONEST);
    for (size_t i = 0; i < EG_COUNT(turns); i++) {
        turns[i] = (turn){.f = f, .status = EG_E_IO};
        eg_buf_init(&turns[i].body, FILE_SIZE);
        assert_int_equal(eg_thread_start(&threads[i], "fetch", get_in_turn, &turns[i]), EG_OK);
    }
    for (size_t i = 0; i < EG_COUNT(turns); i++) {
        eg_thread_join(threads[i]);
        assert_int_equal(turns[i].status, EG_OK);
        assert_int_equal(turns[i].body.len, FILE_SIZE);
        assert_memory_equal(turns[i].body.data, f->file, FILE_SIZE);
        eg_buf_done(&turns[i].body);
    }
}

static int create_and_get(void *arg)
{
    fixture *f = arg;
    const eg_courier_options options = {true, 30, f, on_wake, on_arrived};
    f->no_memory = 0;
    int status = eg_courier_create(&options, &f->courier);
    if (status != EG_OK) {
        return status;
    }
    connect_tray(f, 0, HONEST);
    eg_buf_done(&f->body);
    status = get(f, false);
    leave(f, &f->trays[0]);
    eg_courier_destroy(f->courier);
    f->courier = NULL;
    return f->no_memory > 0 ? EG_E_NOMEM : status;
}

static void memory__refused_at_any_point__is_survived(void **state)
{
    fixture *f = *state;
    eg_courier_destroy(f->courier);
    assert_true(eg_test_each_allocation_fails(create_and_get, f) > 5);
}

int eg_test_courier(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(tray__honest__brings_the_file_in_pieces),
        EACH(file__that_has_not_changed__is_told_without_bytes),
        EACH(tray__absent__is_denied_and_the_next_one_is_told_of),
        EACH(trays__that_fail__are_followed_by_the_next),
        EACH(trays__that_all_fail__are_an_error_with_the_reason),
        EACH(file__of_which_a_part_came__is_gone_on_with_by_the_next),
        EACH(file__that_begins_anew__replaces_the_part),
        EACH(fetching__cancelled__ends_now_and_later),
        EACH(message__that_nobody_asked_for__is_refused),
        EACH(answer__that_comes_too_late__is_let_pass_once),
        EACH(certificates__too_many_for_a_message__are_told),
        EACH(places__all_taken__are_refused),
        EACH(fetching__of_two__goes_one_after_the_other),
        EACH(memory__refused_at_any_point__is_survived),
    };
#undef EACH
    return cmocka_run_group_tests_name("courier", tests, NULL, NULL);
}
