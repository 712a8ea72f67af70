/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little picture "who started what" of an alert: up to four boxes from left to right, each with
 * a symbol, a plain name for its kind and the thing's own short name. Pure; texts borrow from the
 * notice.
 */
#ifndef EG_TRAY_CHAIN_H
#define EG_TRAY_CHAIN_H

#include "core/ipc/message.h"

#define EG_CHAIN_MAX 4

typedef enum eg_symbol {
    EG_SYMBOL_PROGRAM,
    EG_SYMBOL_DOCUMENT,
    EG_SYMBOL_MAIL,
    EG_SYMBOL_BROWSER,
    EG_SYMBOL_ARCHIVE,
    EG_SYMBOL_DESKTOP,
    EG_SYMBOL_COMMANDS,
    EG_SYMBOL_TOOL,
    EG_SYMBOL_UNKNOWN,
    EG_SYMBOL_AUTOSTART,
    EG_SYMBOL_TASK,
    EG_SYMBOL_COUNT,
} eg_symbol;

typedef struct eg_chain_box {
    eg_symbol symbol;
    unsigned kind_text; /* EG_TEXT_KIND_... */
    eg_str name;        /* file, value or task name, without its path */
    bool suspicious;    /* what the alert is about: drawn in the colour of the alert */
    uint64_t time;      /* FILETIME; 0 when only the order is known */
    bool gap;           /* steps between the box before and this one are left out */
} eg_chain_box;

/*
 * The boxes that say most: where it came from, the commands, the unknown file, how it stays. From
 * the steps of the story, or from the hit where there are none. Number of boxes written, 0 when the
 * notice names nothing at all.
 */
size_t eg_chain_from_notice(const eg_hit_notice *hit, eg_chain_box boxes[EG_CHAIN_MAX]);

#endif
