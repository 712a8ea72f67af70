/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every tray is told as soon as it changes: what needs attention, how a check of this PC and
 * how an update of the rules go. Each is one message that replaces the one before, so a slow client
 * gets the newest only. Any thread; owned by the host, who wakes the clients after a change.
 */
#ifndef EG_SERVICE_BOARD_H
#define EG_SERVICE_BOARD_H

#include "core/base/os.h"
#include "core/ipc/message.h"

#define EG_BOARD_NOTES 3 /* state, check_state, update_state */

typedef struct eg_board_note {
    uint64_t version; /* 0: nothing was posted yet */
    eg_buf frame;
} eg_board_note;

typedef struct eg_board {
    eg_mutex lock;
    uint64_t version;
    eg_board_note note[EG_BOARD_NOTES];
} eg_board;

/* Begins with the answers of a service that can neither check nor update. */
int eg_board_init(eg_board *board);
void eg_board_done(eg_board *board);
/*
 * Posts a state, check_state or update_state; *changed says whether clients must be woken. The
 * message is copied.
 */
int eg_board_post(eg_board *board, const eg_message *message, bool *changed);
/*
 * Appends the frame of the oldest note that came after *seen, and moves *seen to it. EG_E_NOTFOUND
 * when there is none.
 */
int eg_board_next(eg_board *board, uint64_t *seen, eg_buf *out);
/* Appends the frame of the note of this type. EG_E_NOTFOUND when nothing was posted yet. */
int eg_board_get(eg_board *board, eg_message_type type, eg_buf *out);

#endif
