/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipe server with a store of its own, and clients that talk to it over the real pipe. What a
 * client waits for has a deadline. One test at a time; the test's thread only.
 */
#ifndef EG_TESTS_PIPE_FIXTURE_H
#define EG_TESTS_PIPE_FIXTURE_H

#include "core/ipc/frame.h"
#include "service/pipe_io.h"
#include "service/pipe_server.h"
#include "tests/unit/store_fixture.h"

#define EG_TEST_DEADLINE_MS 20000
#define EG_TEST_HELLO_MS 300 /* what the server of the fixture gives a client to say hello */
#define EG_TEST_CLIENTS 16   /* of one session, half of all */

typedef struct eg_pipe_fixture {
    eg_atomic answers; /* that the server told of */
    eg_atomic resolved;
    eg_store_fixture *store;
    bool store_missing; /* the server is told that the database is not open */
    eg_clients clients;
    eg_notices notices;
    eg_board board;
    eg_courier *courier;
    eg_atomic trays_arrived; /* which the courier had missed */
    eg_pipe_server *server;
    char name[128];
    HANDLE never; /* an event that nobody sets */
} eg_pipe_fixture;

int eg_pipe_fixture_set_up(void **state);
int eg_pipe_fixture_tear_down(void **state);
/* From now on no client is an administrator or signed in, or (false) as Windows says. */
void eg_pipe_fixture_deny(bool denied);
/* Stores hit `number` and tells the server; its id. */
int64_t eg_pipe_fixture_add_hit(eg_pipe_fixture *fixture, int number);

/* The same with a story. */
int64_t eg_pipe_fixture_add_story_hit(eg_pipe_fixture *fixture, int number, int64_t incident);
/* The same hit once more, only counted: the story has `hits` of them now. */
void eg_pipe_fixture_repeat_story_hit(eg_pipe_fixture *fixture, int number, int64_t incident,
                                      unsigned hits);

typedef struct eg_test_client {
    bool hears_notes; /* state, check_state and update_state; else they are passed over */
    bool hears_known; /* hits that were shown before; the same */
    eg_pipe_io io;
    eg_frame_reader reader;
    eg_message_decoder *decoder;
} eg_test_client;

void eg_test_client_connect(eg_test_client *client, const eg_pipe_fixture *fixture);
/* The same; `level`: SECURITY_SQOS_PRESENT and what the server may do in the client's name. */
void eg_test_client_connect_as(eg_test_client *client, const eg_pipe_fixture *fixture, DWORD level);
void eg_test_client_close(eg_test_client *client);
void eg_test_client_send(eg_test_client *client, const void *bytes, size_t size);
void eg_test_client_say(eg_test_client *client, const eg_message *message);
void eg_test_client_hello(eg_test_client *client, const char *kind, eg_language language);
/* The next message: EG_OK, EG_E_CLOSED, EG_E_TIMEOUT after `milliseconds`. */
int eg_test_client_listen(eg_test_client *client, uint32_t milliseconds, eg_message *out);
/* The next message, which must be of this type. */
void eg_test_client_expect(eg_test_client *client, eg_message_type type, eg_message *out);
/* Must be dropped: an error with this text, or nothing when `reason` is NULL; then the end. */
void eg_test_client_expect_drop(eg_test_client *client, const char *reason);

#endif
