/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the process harder to attack, first thing in main. Nothing here is fatal: an old Windows
 * (or Wine) that does not know a measure runs without it. Results are kept and written to the log
 * once it is open. Main thread, before any other thread exists.
 */
#ifndef EG_SERVICE_HARDEN_H
#define EG_SERVICE_HARDEN_H

void eg_harden_process(void);
/*
 * Gives up every privilege the service and its sensors do not need. After the data folder is made.
 */
void eg_harden_privileges(void);
void eg_harden_log(void); /* writes what took effect and what did not */

#endif
