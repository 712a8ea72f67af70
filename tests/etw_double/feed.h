/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets a program that was linked with the simulation be driven from outside. Beside the program
 * <name>.exe a file <name>.exe.etw makes ETW present; what is appended to it, one JSON object a
 * line, is done as it comes:
 *
 *     {"do":"record","provider_id":"...","userdata":"...", ...}     a provider writes: fixture.h,
 *                                      with "level" and "keyword" as in the record's header
 *     {"do":"lose","session":"EmoGuard-Sys","count":7}
 *     {"do":"stop","session":"EmoGuard-Sys"}
 *     {"do":"disable","session":"EmoGuard-Providers","provider_id":"..."}
 *
 * "now":true in a record gives it the time of its delivery. A line that cannot be done is logged.
 * Without the file nothing happens.
 */
#ifndef EG_TESTS_ETW_DOUBLE_FEED_H
#define EG_TESTS_ETW_DOUBLE_FEED_H

/* Looks for the file at the first call and starts the thread that reads it. Any thread. */
void eg_etw_double_feed_begin(void);

#endif
