/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What service and tray (and `emoguard status`) say to each other over the pipe: one JSON object a
 * frame, {"type":"...", ...}. The first message of a client is hello; a version that differs ends
 * the connection with an error message that says so. Every field is checked on decoding: type,
 * range, length; unknown members are ignored. Decoded texts and bytes borrow from the decoder and
 * are valid until its next use; texts hold no control characters but tab and line ends. A hello or
 * welcome of another protocol version decodes to that number alone.
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
    EG_MESSAGE_RESOLVED,   /* service: it is closed; to those who show it as well */
    EG_MESSAGE_SHOWN,      /* client: a window shows this hit under this title; "": it did before */
    EG_MESSAGE_EXCEPT,     /* client: an administrator makes an exception */
    EG_MESSAGE_REVOKE,     /* client: an administrator revokes one */
    EG_MESSAGE_EXCEPTED,   /* service: either is done, and in force */
    EG_MESSAGE_STATUS_ASK, /* client */
    EG_MESSAGE_STATUS,     /* service: as JSON text, see service/status.h */
    EG_MESSAGE_STATE,      /* service: what needs attention, to trays on change */
    EG_MESSAGE_CHECK_ASK,  /* client: check this PC now, or stop doing so */
    EG_MESSAGE_CHECK_STATE,   /* service: how that goes, to trays on change and as answer */
    EG_MESSAGE_UPDATE_ASK,    /* client: look for new rules */
    EG_MESSAGE_UPDATE_STATE,  /* service: how that goes, the same */
    EG_MESSAGE_ERRAND,        /* service, to one tray: fetch this through the proxy as your user */
    EG_MESSAGE_ERRAND_ANSWER, /* that tray: how it went */
    EG_MESSAGE_ERRAND_NEXT,   /* service: now the bytes from there on */
    EG_MESSAGE_ERRAND_BYTES,  /* that tray: one piece of them; asked for one by one */
    EG_MESSAGE_ERRAND_END,    /* service: that is all, or it is no longer wanted */
    EG_MESSAGE_ERROR,         /* either: why the connection ends, or what was refused */
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
    uint64_t rules;      /* loaded */
    eg_str instructions; /* of the administrator, in the client's language; may be empty */
} eg_welcome;
#define EG_INSTRUCTIONS_MAX 1024u

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

typedef enum eg_telling {
    EG_TELLING_NEWS,
    EG_TELLING_REMINDER, /* told before, and nobody has answered since */
    EG_TELLING_KNOWN,    /* shown to this user before: for the list, and an open window's numbers */
    EG_TELLING_COUNT,
} eg_telling;
extern const char *const eg_telling_names[];

typedef enum eg_told_answer {
    EG_TOLD_ANSWER_NONE,
    EG_TOLD_ANSWER_DID_IT, /* from here in the order of eg_answer_kind */
    EG_TOLD_ANSWER_UNKNOWN,
    EG_TOLD_ANSWER_CALL,
    EG_TOLD_ANSWER_CLOSED, /* an administrator is done with the story */
    EG_TOLD_ANSWER_COUNT,
} eg_told_answer;
extern const char *const eg_told_answer_names[];

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
    uint64_t incident_last; /* FILETIME of the latest; 0 unknown */
    eg_notice_steps steps;
    eg_notice_ids absorbed; /* stories that turned out to be part of it */
    eg_telling telling;
    eg_told_answer answer; /* what is known: what this user answered last */
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

/* What somebody should look after, gravest first; only the first is an alert. */
typedef enum eg_attention_id {
    EG_ATTENTION_CHECK_SUSPICIOUS, /* the last check of this PC met number things: an alert */
    EG_ATTENTION_NO_RULES,         /* nothing can be detected; text: why */
    EG_ATTENTION_SENSOR_BLIND,     /* text: the sensor's name */
    EG_ATTENTION_DISK_FULL,        /* hits cannot be stored; number: of those that wait */
    EG_ATTENTION_SCANNER_DOWN,     /* files are not looked into */
    EG_ATTENTION_PACK_REJECTED,    /* new rules were refused, the old ones hold; text: why */
    EG_ATTENTION_RULES_REJECTED,   /* number: of rules with errors */
    EG_ATTENTION_RULES_STALE,      /* number: days since they were made */
    EG_ATTENTION_SENSOR_DEGRADED,  /* text: the sensor's name */
    EG_ATTENTION_DATABASE,         /* was damaged and made anew */
    EG_ATTENTION_SETTINGS,         /* are not in force: they hold an error */
    EG_ATTENTION_COUNT,
} eg_attention_id;
extern const char *const eg_attention_names[];

typedef struct eg_attention {
    eg_attention_id id;
    eg_str text;
    uint64_t number;
} eg_attention;

#define EG_ATTENTION_MAX 16

typedef struct eg_attention_list {
    size_t count;
    eg_attention item[EG_ATTENTION_MAX];
} eg_attention_list;

typedef struct eg_service_state {
    eg_attention_list attention;
    uint64_t open_alerts; /* stories of level high or critical that nobody has resolved */
    eg_str pack;
    uint64_t pack_serial;
    uint64_t pack_time; /* FILETIME of when the rules were made, 0 unknown */
    uint64_t rules;     /* loaded */
    uint32_t sensors;   /* that this PC has something for */
    uint32_t sensors_working;
    bool uplink;           /* hits are sent to a central place */
    uint64_t reported_hit; /* with uplink: that place has all hits up to this number */
} eg_service_state;

typedef enum eg_check_action {
    EG_CHECK_START,
    EG_CHECK_CANCEL,
    EG_CHECK_ACTION_COUNT
} eg_check_action;
extern const char *const eg_check_action_names[];

typedef enum eg_job_state {
    EG_JOB_UNAVAILABLE, /* this service cannot */
    EG_JOB_IDLE,        /* none since the service started */
    EG_JOB_RUNNING,
    EG_JOB_DONE,
    EG_JOB_FAILED,
    EG_JOB_CANCELLED,
    EG_JOB_STATE_COUNT,
} eg_job_state;
extern const char *const eg_job_state_names[];

typedef enum eg_verdict {
    EG_VERDICT_NONE,
    EG_VERDICT_NOTHING_FOUND,
    EG_VERDICT_SUSPICIOUS,
    EG_VERDICT_COULD_NOT_LOOK, /* everywhere */
    EG_VERDICT_COUNT,
} eg_verdict;
extern const char *const eg_verdict_names[];

typedef enum eg_check_phase {
    EG_CHECK_PHASE_NONE,
    EG_CHECK_PHASE_PROCESSES,
    EG_CHECK_PHASE_AUTOSTARTS,
    EG_CHECK_PHASE_TASKS,
    EG_CHECK_PHASE_SERVICES,
    EG_CHECK_PHASE_WMI,
    EG_CHECK_PHASE_FILES,
    EG_CHECK_PHASE_MEMORY,
    EG_CHECK_PHASE_COUNT,
} eg_check_phase;
extern const char *const eg_check_phase_names[];

/* Why a check failed, for the person at the PC; `error` says it for the administrator. */
typedef enum eg_check_failure {
    EG_CHECK_FAILURE_NONE,
    EG_CHECK_FAILURE_START,  /* its program could not be started */
    EG_CHECK_FAILURE_STUCK,  /* it made no progress, or no end */
    EG_CHECK_FAILURE_ENDED,  /* before it was done */
    EG_CHECK_FAILURE_REPORT, /* what it found could not be kept or read */
    EG_CHECK_FAILURE_COUNT,
} eg_check_failure;
extern const char *const eg_check_failure_names[];

/* A check of this PC: one at a time, whoever asked for it; every tray sees how it goes. */
typedef struct eg_check_state {
    eg_job_state state;
    uint32_t percent; /* 0 to 100 */
    eg_check_phase phase;
    eg_str item;           /* what it looks at: a path, a task */
    uint32_t left_seconds; /* estimate, 0 unknown; at most a week */
    eg_verdict verdict;    /* of the last that was done */
    uint32_t findings;
    uint32_t gaps;            /* things it could not look at */
    uint64_t time;            /* FILETIME of its end */
    eg_str report;            /* name of the file, "" none */
    eg_check_failure failure; /* failed: why */
    eg_str error;             /* the same, in technical English */
} eg_check_state;

typedef enum eg_update_state_id {
    EG_UPDATE_UNAVAILABLE, /* no place to look for rules is set */
    EG_UPDATE_IDLE,
    EG_UPDATE_CHECKING,
    EG_UPDATE_DOWNLOADING,
    EG_UPDATE_CURRENT, /* there was nothing newer */
    EG_UPDATE_UPDATED,
    EG_UPDATE_FAILED,
    EG_UPDATE_STATE_COUNT,
} eg_update_state_id;
extern const char *const eg_update_state_names[];

/* The same for a look for new rules. */
typedef enum eg_update_failure {
    EG_UPDATE_FAILURE_NONE,
    EG_UPDATE_FAILURE_NETWORK,   /* no way to the place that rules come from */
    EG_UPDATE_FAILURE_LOGIN,     /* it, or the proxy, wants a login */
    EG_UPDATE_FAILURE_MISSING,   /* there is nothing where it should be */
    EG_UPDATE_FAILURE_UNTRUSTED, /* what came must not be trusted */
    EG_UPDATE_FAILURE_CLOCK,     /* the same, and the clock of this PC is wrong */
    EG_UPDATE_FAILURE_OTHER,
    EG_UPDATE_FAILURE_COUNT,
} eg_update_failure;
extern const char *const eg_update_failure_names[];

typedef struct eg_update_state {
    eg_update_state_id state;
    uint32_t percent;
    uint64_t serial;           /* of the rules in force after it */
    uint64_t time;             /* FILETIME of the last look, 0 never */
    eg_update_failure failure; /* failed: why */
    eg_str error;              /* the same, in technical English */
    bool by_courier; /* the last look went through the proxy, by the tray of a signed-in user */
} eg_update_state;

#define EG_ERRAND_FILE_MAX (64u * 1024 * 1024)
#define EG_ERRAND_PIECE_MAX (24u * 1024)
#define EG_ERRAND_CA_MAX 20000u

/* A file that the service cannot fetch, since the proxy wants the login of a user. */
typedef struct eg_errand {
    uint32_t id;         /* never 0, grows */
    eg_str url;          /* http:// or https:// */
    eg_str proxy;        /* "http://host:port" */
    eg_str ca_pem;       /* certificates to trust in the place of Windows' own; "": those */
    eg_str etag;         /* for a conditional request, "" none */
    uint32_t max;        /* bytes of the whole file */
    uint32_t start;      /* only from there on: the service has what is before */
    uint32_t timeout_ms; /* for all of it */
    bool stored_login;   /* a login of the Credential Manager may be used, by Basic too */
} eg_errand;

typedef enum eg_errand_result {
    EG_ERRAND_ANSWERED, /* the server, or the proxy: see status */
    EG_ERRAND_BROKEN,   /* no connection, or it broke: `size` bytes came */
    EG_ERRAND_DENIED,   /* the server's certificate is not trusted */
    EG_ERRAND_TIMEOUT,
    EG_ERRAND_TOO_LARGE,
    EG_ERRAND_REFUSED, /* the tray does not do such */
    EG_ERRAND_RESULT_COUNT,
} eg_errand_result;
extern const char *const eg_errand_result_names[];

typedef struct eg_errand_answer {
    uint32_t id;
    eg_errand_result result;
    uint32_t status; /* of HTTP, 0 none */
    uint32_t retry_after_s;
    uint32_t start; /* where the bytes begin: that of the errand, or 0 when all of it came anew */
    uint32_t size;  /* bytes from there on */
    eg_str etag, last_modified, date; /* as the server told them */
    eg_str error;                     /* not answered: why */
} eg_errand_answer;

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
            eg_str json; /* see eg_exception_read_json */
        } except;
        struct {
            int64_t exception_id;
        } revoke, excepted;
        struct {
            int64_t hit_id;
            eg_str title;
        } shown;
        struct {
            eg_str json;
        } status;
        eg_service_state state;
        struct {
            eg_check_action action;
        } check_ask;
        eg_check_state check_state;
        eg_update_state update_state;
        eg_errand errand;
        eg_errand_answer errand_answer;
        struct {
            uint32_t id;
            uint32_t at; /* in the whole file */
        } errand_next;
        struct {
            uint32_t id;
            uint32_t at;
            eg_str bytes; /* EG_ERRAND_PIECE_MAX, or what is left */
        } errand_bytes;
        struct {
            uint32_t id;
        } errand_end;
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
