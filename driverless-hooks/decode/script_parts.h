/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PowerShell writes a long script block as several records (4104, parts counted from 1). This puts
 * them together again by writer and ScriptBlockId: in any order, a part told twice counted once.
 * What does not become complete in time, or has to make room, is handed on with what came, so that
 * nothing a script did stays unseen. Everything is bounded. Pure but for memory; one thread.
 */
#ifndef EG_DECODE_SCRIPT_PARTS_H
#define EG_DECODE_SCRIPT_PARTS_H

#include "driverless-hooks/decode/etw_decode.h"

#define EG_SCRIPT_PARTS_SCRIPTS 64u              /* scripts that wait for parts */
#define EG_SCRIPT_PARTS_EACH 1024u               /* parts of one script */
#define EG_SCRIPT_PARTS_BYTES (8u * 1024 * 1024) /* all texts that wait */
#define EG_SCRIPT_PARTS_WAIT_MS 5000u            /* after the last part that came */
/*
 * Bytes of UTF-16 handed on at once: with every character escaped that is 3 MiB of JSON, and the
 * evidence of a hit has to fit a line of 4 MiB. A longer script comes as several texts.
 */
#define EG_SCRIPT_TEXT_MAX (1024u * 1024)

/* One text of a script. Borrowed: valid during the call. */
typedef struct eg_script_text {
    eg_etw_record record;   /* header of the part that came first; without payload */
    eg_etw_decoded decoded; /* script_block: number is that of the first part in here */
    uint32_t parts;         /* in here */
    uint32_t came;          /* parts of the whole script that came, of script_block.total */
} eg_script_text;

typedef struct eg_script_parts eg_script_parts;

int eg_script_parts_create(eg_script_parts **out,
                           void (*on_text)(void *user, const eg_script_text *text), void *user);
void eg_script_parts_destroy(eg_script_parts *parts); /* NULL-safe; what waits is forgotten */

/*
 * Takes one record that decoded as a script block. `now` is any steady clock in milliseconds.
 * EG_E_NOMEM: the part was handed on alone instead.
 */
int eg_script_parts_add(eg_script_parts *parts, const eg_etw_record *record,
                        const eg_etw_decoded *decoded, uint64_t now);
void eg_script_parts_expire(eg_script_parts *parts, uint64_t now); /* hands on what is overdue */
void eg_script_parts_flush(eg_script_parts *parts);                /* hands on all that waits */
size_t eg_script_parts_waiting(const eg_script_parts *parts);      /* scripts */

#endif
