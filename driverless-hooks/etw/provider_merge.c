/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/etw/provider_merge.h"

#include "core/base/status.h"

#include <string.h>

eg_merged_provider *eg_provider_list_find(eg_provider_list *list,
                                          const uint8_t guid[EG_ETW_GUID_SIZE])
{
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(list->at[i].enable.guid, guid, EG_ETW_GUID_SIZE) == 0) {
            return &list->at[i];
        }
    }
    return NULL;
}

int eg_provider_list_add(eg_provider_list *list, const eg_provider *provider)
{
    eg_merged_provider *at = eg_provider_list_find(list, provider->guid);
    if (!at) {
        if (list->count == EG_ETW_SESSION_PROVIDERS_MAX) {
            return eg_fail(EG_E_LIMIT, "%s: too many ETW providers", provider->name);
        }
        at = &list->at[list->count++];
        memset(at, 0, sizeof(*at));
        at->name = provider->name;
        memcpy(at->enable.guid, provider->guid, EG_ETW_GUID_SIZE);
        at->enable.level = provider->level;
        at->enable.any_keyword = provider->any_keyword;
        at->enable.registry_data = provider->registry_data;
        return EG_OK;
    }
    if (provider->level > at->enable.level) {
        at->enable.level = provider->level;
    }
    /* 0 means all, so it wins */
    at->enable.any_keyword = at->enable.any_keyword && provider->any_keyword
                                 ? at->enable.any_keyword | provider->any_keyword
                                 : 0;
    at->enable.registry_data |= provider->registry_data;
    return EG_OK;
}

bool eg_provider_same_enable(const eg_etw_enable *a, const eg_etw_enable *b)
{
    return memcmp(a->guid, b->guid, EG_ETW_GUID_SIZE) == 0 && a->level == b->level &&
           a->any_keyword == b->any_keyword && a->registry_data == b->registry_data;
}

static bool has_id(const uint16_t *ids, uint16_t id)
{
    if (!ids) {
        return true;
    }
    while (*ids != 0 && *ids != id) {
        ids++;
    }
    return *ids != 0;
}

bool eg_provider_wants(const eg_provider *const *providers, size_t count,
                       const eg_etw_record *record)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(providers[i]->guid, record->provider, EG_ETW_GUID_SIZE) == 0 &&
            has_id(providers[i]->ids, record->id)) {
            return true;
        }
    }
    return false;
}
