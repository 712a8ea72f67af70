/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/etw/late_win32.h"

typedef ULONG(WINAPI *enumerate_function)(TRACE_QUERY_INFO_CLASS what, void *in, ULONG in_size,
                                          void *out, ULONG out_size, ULONG *needed);
typedef ULONG(WINAPI *access_function)(GUID *guid, ULONG operation, PSID sid, ULONG rights,
                                       BOOLEAN allow);

static void (*find(const char *name))(void)
{
    HMODULE library = GetModuleHandleW(L"advapi32.dll");
    return library ? (void (*)(void))GetProcAddress(library, name) : NULL;
}

ULONG eg_etw_enumerate_guids(TRACE_QUERY_INFO_CLASS what, void *in, ULONG in_size, void *out,
                             ULONG out_size, ULONG *needed)
{
    enumerate_function call = (enumerate_function)find("EnumerateTraceGuidsEx");
    return call ? call(what, in, in_size, out, out_size, needed) : ERROR_CALL_NOT_IMPLEMENTED;
}

ULONG eg_etw_access_control(GUID *guid, ULONG operation, PSID sid, ULONG rights, BOOLEAN allow)
{
    access_function call = (access_function)find("EventAccessControl");
    return call ? call(guid, operation, sid, rights, allow) : ERROR_CALL_NOT_IMPLEMENTED;
}
