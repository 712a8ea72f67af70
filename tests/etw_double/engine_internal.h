/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the simulation consists of: engine.c keeps sessions and buffers, calls.c is what a program
 * can call. Everything below is read and written under eg_etw_double_lock.
 */
#ifndef EG_TESTS_ETW_DOUBLE_ENGINE_INTERNAL_H
#define EG_TESTS_ETW_DOUBLE_ENGINE_INTERNAL_H

#include "tests/etw_double/engine.h"

#include "core/base/os.h"
#include "core/base/status.h"

typedef struct eg_etw_double_buffer {
    struct eg_etw_double_buffer *next;
    size_t used;
    uint64_t begun;  /* monotonic ns */
    uint8_t bytes[]; /* records, each followed by its payload */
} eg_etw_double_buffer;

typedef struct eg_etw_double_provider {
    uint8_t guid[EG_ETW_GUID_SIZE];
    uint8_t level;
    uint64_t any_keyword;
    bool registry_data;
} eg_etw_double_provider;

typedef struct eg_etw_double_session {
    struct eg_etw_double_session *next;
    char name[128];
    eg_etw_properties properties;
    bool running; /* a stopped one stays until the reset, for its consumer to drain */
    bool hangs;
    bool return_early;
    uint32_t return_code;
    eg_etw_double_provider providers[32];
    size_t provider_count;
    eg_etw_double_buffer *current; /* being written; NULL when empty */
    eg_etw_double_buffer *full;    /* waiting for the consumer, oldest first */
    uint32_t in_use;               /* buffers, with the one being read */
    uint32_t most_in_use;
    uint64_t delivered;
    uint64_t flushes;
    bool loss_untold;
} eg_etw_double_session;

typedef struct eg_etw_double_trace {
    bool open;
    bool processing;
    bool closing;
    eg_etw_double_session *session; /* NULL: there was none of that name */
    const eg_etw_consumer *consumer;
} eg_etw_double_trace;

typedef struct eg_etw_double_registration {
    uint8_t guid[EG_ETW_GUID_SIZE];
    int count;
    int captures;
    bool is_protected;
} eg_etw_double_registration;

typedef struct eg_etw_double_refusal {
    uint32_t code;
    int times;
} eg_etw_double_refusal;

typedef struct eg_etw_double_state {
    eg_mutex lock;
    eg_cond changed;
    bool has_changed; /* the condition exists */
    bool present;
    const char *front; /* so that whoever links the engine links its front */
    eg_etw_double_session *sessions;
    uint64_t last_handle;
    eg_etw_double_trace traces[16];
    eg_etw_double_registration providers[64];
    size_t provider_count;
    eg_etw_double_refusal refusals[EG_ETW_DOUBLE_CALLS];
    int calls[EG_ETW_DOUBLE_CALLS];
    eg_etw_double_call last_call;
    char history[4096];
    size_t history_size;
} eg_etw_double_state;

extern eg_etw_double_state eg_etw_double;

void eg_etw_double_lock(void);
void eg_etw_double_unlock(void);
/* Locks, notes the call; EG_ETW_OK or what it is to be refused with. The caller unlocks. */
uint32_t eg_etw_double_enter(eg_etw_double_call call);

/* All under the lock. */
eg_etw_double_session *eg_etw_double_named(const char *name);
eg_etw_double_provider *eg_etw_double_provider_of(eg_etw_double_session *session,
                                                  const uint8_t guid[EG_ETW_GUID_SIZE]);
eg_etw_double_registration *eg_etw_double_registration_of(const uint8_t guid[EG_ETW_GUID_SIZE]);
eg_etw_double_session *eg_etw_double_make(const char *name, const eg_etw_properties *properties);
void eg_etw_double_hand_over(eg_etw_double_session *session); /* the buffer being written */
void eg_etw_double_end(eg_etw_double_session *session);

#endif
