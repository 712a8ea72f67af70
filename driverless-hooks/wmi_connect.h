/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting to WMI without waiting for it: a hung WMI holds up whoever connects for two minutes,
 * so that happens on a thread of the pool. An attempt belongs to one thread, which is in the
 * multithreaded apartment of COM for as long; attempt and session are ended there too. An attempt
 * given up early is freed by the pool's thread, once WMI has answered it.
 */
#ifndef EG_WMI_CONNECT_H
#define EG_WMI_CONNECT_H

#include "driverless-hooks/wmi_session.h"

typedef struct eg_wmi_connect eg_wmi_connect;

/* Begins to connect to `path` and to subscribe with `query`; both texts are constants. */
int eg_wmi_connect_begin(eg_wmi_connect **out, const eg_wmi_api *api, const WCHAR *path,
                         const WCHAR *query);
/*
 * The subscribed session, once (eg_wmi_session_close it); EG_E_TIMEOUT while WMI has not answered
 * within `milliseconds`; or why there will be none.
 */
int eg_wmi_connect_take(eg_wmi_connect *connect, uint32_t milliseconds, eg_wmi_session **session);
void eg_wmi_connect_end(eg_wmi_connect *connect); /* does not wait; NULL-safe */

#endif
