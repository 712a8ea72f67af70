/* SPDX-License-Identifier: Apache-2.0 */
#include "service/board.h"

#include "core/base/status.h"
#include "core/ipc/frame.h"

#include <string.h>

#define FRAME_MAX (EG_FRAME_MAX + EG_FRAME_HEADER)

/* NULL for a message that has no place here. */
static eg_board_note *note_of(eg_board *board, eg_message_type type)
{
    switch (type) {
    case EG_MESSAGE_STATE: return &board->note[0];
    case EG_MESSAGE_CHECK_STATE: return &board->note[1];
    case EG_MESSAGE_UPDATE_STATE: return &board->note[2];
    default: return NULL;
    }
}

int eg_board_init(eg_board *board)
{
    static const eg_message_type unavailable[] = {EG_MESSAGE_CHECK_STATE, EG_MESSAGE_UPDATE_STATE};
    memset(board, 0, sizeof(*board));
    int status = eg_mutex_init(&board->lock);
    if (status != EG_OK) {
        return status;
    }
    for (size_t i = 0; i < EG_BOARD_NOTES; i++) {
        eg_buf_init(&board->note[i].frame, FRAME_MAX);
    }
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(unavailable); i++) {
        const eg_message message = {.type = unavailable[i]}; /* all zero says so */
        bool changed;
        status = eg_board_post(board, &message, &changed);
    }
    if (status != EG_OK) {
        eg_board_done(board);
    }
    return status;
}

void eg_board_done(eg_board *board)
{
    for (size_t i = 0; i < EG_BOARD_NOTES; i++) {
        eg_buf_done(&board->note[i].frame);
    }
    eg_mutex_done(&board->lock);
}

int eg_board_post(eg_board *board, const eg_message *message, bool *changed)
{
    eg_board_note *note = note_of(board, message->type);
    eg_buf frame;
    if (!note) {
        return eg_fail(EG_E_INVALID, "a message of type %d is not for all", (int)message->type);
    }
    eg_buf_init(&frame, FRAME_MAX);
    int status = eg_message_encode(&frame, message);
    if (status != EG_OK) {
        eg_buf_done(&frame);
        return status;
    }
    eg_mutex_lock(&board->lock);
    *changed = note->version == 0 || !eg_str_equal(eg_buf_str(&note->frame), eg_buf_str(&frame));
    if (*changed) {
        eg_buf before = note->frame;
        note->frame = frame;
        note->version = ++board->version;
        frame = before;
    }
    eg_mutex_unlock(&board->lock);
    eg_buf_done(&frame);
    return EG_OK;
}

int eg_board_next(eg_board *board, uint64_t *seen, eg_buf *out)
{
    const eg_board_note *next = NULL;
    int status = EG_E_NOTFOUND;
    eg_mutex_lock(&board->lock);
    for (size_t i = 0; i < EG_BOARD_NOTES; i++) {
        const eg_board_note *note = &board->note[i];
        if (note->version > *seen && (!next || note->version < next->version)) {
            next = note;
        }
    }
    if (next) {
        status = eg_buf_append(out, next->frame.data, next->frame.len);
    }
    if (status == EG_OK) {
        *seen = next->version;
    }
    eg_mutex_unlock(&board->lock);
    return status;
}

int eg_board_get(eg_board *board, eg_message_type type, eg_buf *out)
{
    const eg_board_note *note = note_of(board, type);
    int status = EG_E_NOTFOUND;
    eg_mutex_lock(&board->lock);
    if (note && note->version > 0) {
        status = eg_buf_append(out, note->frame.data, note->frame.len);
    }
    eg_mutex_unlock(&board->lock);
    return status;
}
