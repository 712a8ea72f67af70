/* SPDX-License-Identifier: Apache-2.0 */
#include "service/network_watch.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <winsock2.h>

#include <ws2ipdef.h>

#include <iphlpapi.h>

struct eg_network_watch {
    void (*changed)(void *user);
    void *user;
    HANDLE handle; /* NULL: this system takes the wish and tells nothing */
};

static VOID WINAPI on_change(PVOID context, PMIB_IPINTERFACE_ROW row, MIB_NOTIFICATION_TYPE type)
{
    eg_network_watch *watch = context;
    EG_UNUSED(row);
    if (type != MibInitialNotification) {
        watch->changed(watch->user);
    }
}

int eg_network_watch_start(void (*changed)(void *user), void *user, eg_network_watch **out)
{
    eg_network_watch *watch = eg_alloc_zero(1, sizeof(*watch));
    if (!watch) {
        return EG_E_NOMEM;
    }
    watch->changed = changed;
    watch->user = user;
    DWORD error = NotifyIpInterfaceChange(AF_UNSPEC, on_change, watch, FALSE, &watch->handle);
    if (error != NO_ERROR) {
        eg_free(watch);
        return eg_fail_os(error, "watch for changes of the network");
    }
    *out = watch;
    return EG_OK;
}

void eg_network_watch_end(eg_network_watch *watch)
{
    if (watch) {
        if (watch->handle) {
            CancelMibChangeNotify2(watch->handle);
        }
        eg_free(watch);
    }
}
