/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a namespace of WMI: semisynchronous, everything is fetched on the thread that
 * opened it, no callback comes from outside. A session that failed once is of no use any more: its
 * owner closes it, waits, opens another and looks for what it missed.
 *
 * A session belongs to one thread. The table of calls is a seam for tests.
 */
#ifndef EG_WMI_SESSION_H
#define EG_WMI_SESSION_H

#include "driverless-hooks/decode/event_text.h"

#include <windows.h>

#define COBJMACROS
#include <objbase.h>
#include <oleauto.h>
#include <wbemidl.h>

typedef struct eg_wmi_api {
    HRESULT (*create_locator)(IWbemLocator **locator);
    HRESULT (*protect)(IUnknown *proxy); /* CoSetProxyBlanket */
} eg_wmi_api;

extern const eg_wmi_api eg_wmi_windows_api;

typedef struct eg_wmi_session eg_wmi_session;

/*
 * Connects to `path` ("ROOT\\CIMV2"), within two minutes at most. `stop` (may be NULL) ends the
 * waiting of eg_wmi_session_each. EG_E_NOTFOUND: there is no such namespace; EG_E_DENIED; EG_E_IO.
 */
int eg_wmi_session_open(eg_wmi_session **out, const eg_wmi_api *api, const WCHAR *path,
                        HANDLE stop);
void eg_wmi_session_close(eg_wmi_session *session); /* NULL-safe */

/* Asks for events, which eg_wmi_session_next fetches. */
int eg_wmi_session_subscribe(eg_wmi_session *session, const WCHAR *query);
/* The next event (IWbemClassObject_Release it); EG_E_TIMEOUT when none came in time. */
int eg_wmi_session_next(eg_wmi_session *session, uint32_t milliseconds, IWbemClassObject **event);

/* Visits what a query finds now. EG_E_TIMEOUT when WMI answers nothing for ten seconds. */
typedef void (*eg_wmi_visit)(void *user, IWbemClassObject *object);
int eg_wmi_session_each(eg_wmi_session *session, const WCHAR *query, eg_wmi_visit visit,
                        void *user);

/* Properties. What is missing or of another type is EG_STR_NONE, false, 0, NULL. */
eg_str eg_wmi_text(IWbemClassObject *object, const WCHAR *name, eg_event_text *text);
bool eg_wmi_number(IWbemClassObject *object, const WCHAR *name, uint32_t *out);
/* Bytes of an array, at most `size`; 0 when there are more. */
size_t eg_wmi_bytes(IWbemClassObject *object, const WCHAR *name, uint8_t *out, size_t size);
/* An object inside this one; IWbemClassObject_Release it. */
IWbemClassObject *eg_wmi_object(IWbemClassObject *object, const WCHAR *name);

#endif
