/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the messages, for message_table.c, message_encode.c and message_decode.c alone: one
 * table says which members each type has, and encoding and decoding follow it, so they cannot
 * differ. Pure; any thread.
 */
#ifndef EG_IPC_MESSAGE_TABLE_H
#define EG_IPC_MESSAGE_TABLE_H

#include "core/ipc/message.h"

typedef enum eg_member_type {
    EG_MEMBER_TEXT,
    EG_MEMBER_JSON,
    EG_MEMBER_U32,
    EG_MEMBER_U64,
    EG_MEMBER_ID,
    EG_MEMBER_LEVEL,
    EG_MEMBER_KIND,
    EG_MEMBER_LANGUAGE,
    EG_MEMBER_ANSWER,
    EG_MEMBER_CHOICE,
    EG_MEMBER_STEPS,
    EG_MEMBER_IDS,
    EG_MEMBER_ATTENTION,
    EG_MEMBER_BOOL,
    EG_MEMBER_BYTES,
} eg_member_type;

typedef struct eg_message_choice {
    const char *const *names; /* an enum of int counts them */
    size_t count;
} eg_message_choice;

/*
 * A text of `max` bytes takes at most twice that in a frame, since characters that JSON would write
 * longer are not let in; all texts of a message together stay far below EG_FRAME_MAX.
 */
typedef struct eg_message_member {
    const char *key;
    eg_member_type type;
    size_t offset; /* in eg_message */
    size_t max;    /* texts, bytes: how many; U32: the largest number, 0 for any */
    const eg_message_choice *choice;
} eg_message_member;

#define EG_STEP_NAME_MAX 160
#define EG_ATTENTION_TEXT_MAX 160

const char *eg_message_type_name(eg_message_type type);
/* The members of a type, the protocol number first where there is one; *count how many. */
const eg_message_member *eg_message_members(eg_message_type type, size_t *count);
/* Characters that a person can see, and white space. */
bool eg_message_is_allowed(uint32_t code);
bool eg_message_is_clean(eg_str text);
/* A JSON member: a clean object, not too long. */
int eg_message_check_json(eg_str text, const eg_message_member *wanted);

#endif
