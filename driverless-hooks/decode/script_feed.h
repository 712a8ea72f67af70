/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From records of PowerShell and AMSI to events: script blocks put together, contents that a
 * process repeats told once in a while. Pure but for memory and the sink; one thread.
 */
#ifndef EG_DECODE_SCRIPT_FEED_H
#define EG_DECODE_SCRIPT_FEED_H

#include "driverless-hooks/decode/etw_record.h"
#include "driverless-hooks/sensor.h"

typedef struct eg_script_feed eg_script_feed;

int eg_script_feed_create(eg_script_feed **out, const eg_sink *sink);
void eg_script_feed_destroy(eg_script_feed *feed); /* NULL-safe; what waits is told first */
/* `now` is any steady clock in milliseconds. A record that cannot be used is logged and dropped. */
void eg_script_feed_record(eg_script_feed *feed, const eg_etw_record *record, uint64_t now);
void eg_script_feed_tick(eg_script_feed *feed, uint64_t now); /* at least once a second */

#endif
