/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What service and tray (and `emoguard status`) say to each other over the pipe: one JSON object a
 * frame, {"type":"...", ...}. The first message of a client is hello; a version that differs ends
 * the connection with an error message that says so. Every field is checked on decoding: type,
 * range, length; unknown members are ignored. Decoded texts borrow from the decoder, are valid
 * until its next use, and hold no control characters but tab and line ends. A hello or welcome of
 * another protocol version decodes to that number alone.
 */
#ifndef EG_IPC_MESSAGE_H
#define EG_IPC_MESSAGE_H

#include "core/detect/hit.h"
#include "core/detect/role.h"

#define EG_PROTOCOL_VERSION 1
#define EG_PIPE_NAME "\\\\.\\pipe\\EmoGuard"
/*
 * The access a client asks for when it opens the pipe. GENERIC_WRITE is refused to users: it
 * contains the right to make instances of the pipe, which only the service has.
 */
#define EG_PIPE_CLIENT_ACCESS 0x0012019Bu

typedef enum eg_message_type {
    EG_MESSAGE_HELLO,      /* client: who it is */
    EG_MESSAGE_WELCOME,    /* service: answer to hello */
    EG_MESSAGE_HIT,        /* service: one hit to show, in the client's language */
    EG_MESSAGE_ANSWER,     /* client: what the person at the PC says about a story */
    EG_MESSAGE_ANSWERED,   /* service: whether that answer is kept; it need not be sent again */
    EG_MESSAGE_RESOLVE,    /* client: an administrator is done with a story */
    EG_MESSAGE_RESOLVED,   /* service: it is closed */
    EG_MESSAGE_SHOWN,      /* client: a window shows this hit under this title; "": it did before */
    EG_MESSAGE_STATUS_ASK, /* client */
    EG_MESSAGE_STATUS,     /* service: as JSON text, see service/status.h */
    EG_MESSAGE_ERROR,      /* either: why the connection ends, or what was refused */
    EG_MESSAGE_COUNT,
} eg_message_type;

typedef struct eg_hello {
    uint32_t protocol;
    eg_str client;  /* "tray" or "cli" */
    eg_str version; /* of the client program */
    uint32_t pid;
    uint32_t session; /* Windows session id */
    eg_language language;
} eg_hello;

typedef struct eg_welcome {
    uint32_t protocol;
    eg_str version;
    eg_str computer;
    eg_str contact; /* whom the clerk calls, from the settings; may be empty */
    eg_str pack;    /* name of the rules */
    uint64_t pack_serial;
    uint64_t rules; /* loaded */
} eg_welcome;

/* One step of the story a hit belongs to: see core/detect/incident_steps.h. */
typedef struct eg_notice_step {
    eg_role role;
    uint64_t time; /* FILETIME, 0 unknown */
    bool suspicious;
    eg_str name;
} eg_notice_step;

#define EG_NOTICE_STEPS_MAX 16

typedef struct eg_notice_steps {
    size_t count;
    eg_notice_step step[EG_NOTICE_STEPS_MAX];
} eg_notice_steps;

#define EG_NOTICE_ABSORBED_MAX 16

typedef struct eg_notice_ids {
    size_t count;
    int64_t id[EG_NOTICE_ABSORBED_MAX];
} eg_notice_ids;

/* A hit as the clerk's window needs it: one language, texts cut to what a window can hold. */
typedef struct eg_hit_notice {
    int64_t id;
    uint64_t time; /* FILETIME */
    eg_level level;
    eg_kind kind; /* of the event: chooses the picture */
    eg_text text; /* in the client's language */
    eg_str rule_id;
    eg_str rule_title;
    eg_str rule_author;
    eg_str program;
    eg_str command_line;
    eg_str parent;
    eg_str user;
    uint32_t pid;
    eg_str target; /* registry value, task or service name; "" for processes */
    /* The story it belongs to, as it is now: level and text above are the story's. */
    uint64_t incident_id;   /* 0 for a hit of an older database */
    uint64_t incident_hits; /* hits in it so far */
    eg_notice_steps steps;
    eg_notice_ids absorbed; /* stories that turned out to be part of it */
    bool reminder;          /* told before, and nobody has answered since */
} eg_hit_notice;

/* "did_it": I did this myself; "unknown": I do not know this; "call": I have called. */
typedef enum eg_answer_kind {
    EG_ANSWER_DID_IT,
    EG_ANSWER_UNKNOWN,
    EG_ANSWER_CALL,
    EG_ANSWER_COUNT,
} eg_answer_kind;
extern const char *const eg_answer_names[];
bool eg_answer_from_name(eg_str name, eg_answer_kind *out);

typedef struct eg_message {
    eg_message_type type;
    union {
        eg_hello hello;
        eg_welcome welcome;
        eg_hit_notice hit;
        struct {
            int64_t incident_id;
            eg_str answer; /* one of eg_answer_names */
        } answer;
        struct {
            int64_t incident_id;
            bool kept; /* else refused, and why is in the log of the service */
        } answered;
        struct {
            int64_t incident_id;
        } resolve, resolved;
        struct {
            int64_t hit_id;
            eg_str title;
        } shown;
        struct {
            eg_str json;
        } status;
        struct {
            eg_str reason;
        } error;
    } body;
} eg_message;

typedef struct eg_message_decoder eg_message_decoder;
int eg_message_decoder_create(eg_message_decoder **out);
void eg_message_decoder_destroy(eg_message_decoder *decoder); /* NULL-safe */
/* EG_E_INVALID with the reason for anything that is not exactly one well-formed message. */
int eg_message_decode(eg_message_decoder *decoder, eg_str payload, eg_message *out);

/* Appends one whole frame. Texts that would exceed the frame are cut at a character with "…". */
int eg_message_encode(eg_buf *out, const eg_message *message);

/* Makes the notice for a client out of a stored hit: reads the event's fields from its JSON. */
int eg_hit_notice_from_hit(const eg_hit *hit, eg_language language, eg_arena *arena,
                           eg_hit_notice *out);

#endif
