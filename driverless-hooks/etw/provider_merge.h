/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several feeds want of one session, put together: each provider once, with the lowest common
 * demand that serves all. Pure functions on the caller's memory.
 */
#ifndef EG_ETW_PROVIDER_MERGE_H
#define EG_ETW_PROVIDER_MERGE_H

#include "driverless-hooks/etw/session.h"
#include "driverless-hooks/provider_session.h"

typedef struct eg_merged_provider {
    const char *name;
    eg_etw_enable enable;
    bool failed; /* for who enables it: it could not be */
} eg_merged_provider;

typedef struct eg_provider_list {
    eg_merged_provider at[EG_ETW_SESSION_PROVIDERS_MAX];
    size_t count;
} eg_provider_list;

/* Adds to the list; EG_E_LIMIT when it is full. */
int eg_provider_list_add(eg_provider_list *list, const eg_provider *provider);
/* NULL when it is not there. */
eg_merged_provider *eg_provider_list_find(eg_provider_list *list,
                                          const uint8_t guid[EG_ETW_GUID_SIZE]);
bool eg_provider_same_enable(const eg_etw_enable *a, const eg_etw_enable *b);
/* True when a feed with these providers wants the record. */
bool eg_provider_wants(const eg_provider *const *providers, size_t count,
                       const eg_etw_record *record);

#endif
