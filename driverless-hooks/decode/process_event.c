/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/process_event.h"

#include "core/base/status.h"
#include "driverless-hooks/decode/etw_event.h"

int eg_process_event(const eg_process_pair *pair, eg_event_text *text, eg_event *event)
{
    /* of a start the provider has the whole path, of a stop neither has */
    bool provider_first = pair->role != EG_ETW_ROLE_PROCESS_STOP;
    const eg_process_half *first = provider_first ? pair->provider : pair->kernel;
    const eg_process_half *second = provider_first ? pair->kernel : pair->provider;
    if (!first) {
        first = second;
        second = NULL;
    }
    eg_event made;
    int status = eg_etw_make_event(&first->record, &first->decoded, text, &made);
    if (status == EG_OK && second) {
        status = eg_etw_complete_event(&second->decoded, text, &made);
    }
    if (status != EG_OK) {
        return status;
    }
    if (!pair->provider) {
        made.source = EG_STR("etw:kernel");
    } else if (!pair->kernel) {
        made.source = EG_STR("etw:provider");
    } else {
        made.source = EG_STR("etw:kernel+provider");
    }
    *event = made;
    return EG_OK;
}
