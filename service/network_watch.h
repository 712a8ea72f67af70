/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when the PC's network has changed: a cable, a wireless network, a VPN, another address
 * family comes or goes. Windows tells each change several times, and changes that mean nothing for
 * us, too. Owned by whoever starts it; `changed` comes on threads of Windows until it has ended.
 */
#ifndef EG_SERVICE_NETWORK_WATCH_H
#define EG_SERVICE_NETWORK_WATCH_H

typedef struct eg_network_watch eg_network_watch;

int eg_network_watch_start(void (*changed)(void *user), void *user, eg_network_watch **out);
/* Waits for a `changed` that runs: the caller holds no lock that it takes. NULL-safe. */
void eg_network_watch_end(eg_network_watch *watch);

#endif
