/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft-Windows-DNS-Client: what programs ask (3006) and what they get (3008), the DNS service
 * asking for others (3020), and the servers of an interface. From user mode: can be imitated.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, member, field) EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, member, field)

static const eg_etw_column server[] = {
    COLUMN("Interface", WIDE, plain.part[0], COUNT),
    COLUMN("TotalServerCount", U32, plain.number[0], COUNT),
    COLUMN("Index", U32, plain.number[1], COUNT),
    COLUMN("DynamicAddress", U8, plain.number[2], COUNT),
    COLUMN("AddressLength", U32, plain.number[3], COUNT),
    COLUMN("Address", DATA, plain.part[1], COUNT),
};

static const eg_etw_column no_server[] = {
    COLUMN("Location", U32, plain.number[0], COUNT),
    COLUMN("Context", U32, plain.number[1], COUNT),
};

static const eg_etw_column request[] = {
    COLUMN("QueryName", WIDE, dns_query.name, QUERY_NAME),
    COLUMN("QueryType", U32, dns_query.type, COUNT),
    COLUMN("QueryOptions", U64, dns_query.options, COUNT),
    COLUMN("ServerList", WIDE, dns_query.servers, COUNT),
    COLUMN("IsNetworkQuery", U32, dns_query.is_network, COUNT),
    COLUMN("NetworkQueryIndex", U32, dns_query.network_index, COUNT),
    COLUMN("InterfaceIndex", U32, dns_query.interface_index, COUNT),
    COLUMN("IsAsyncQuery", U32, dns_query.is_async, COUNT),
};

static const eg_etw_column answer[] = {
    COLUMN("QueryName", WIDE, dns_query.name, QUERY_NAME),
    COLUMN("QueryType", U32, dns_query.type, COUNT),
    COLUMN("QueryOptions", U64, dns_query.options, COUNT),
    COLUMN("QueryStatus", U32, dns_query.status, QUERY_STATUS),
    COLUMN("QueryResults", WIDE, dns_query.results, QUERY_RESULTS),
};

static const eg_etw_column service_answer[] = {
    COLUMN("QueryName", WIDE, dns_query.name, QUERY_NAME),
    COLUMN("QueryType", U32, dns_query.type, COUNT),
    COLUMN("NetworkIndex", U32, dns_query.network_index, COUNT),
    COLUMN("InterfaceIndex", U32, dns_query.interface_index, COUNT),
    COLUMN("Status", U32, dns_query.status, QUERY_STATUS),
    COLUMN("QueryResults", WIDE, dns_query.results, QUERY_RESULTS),
    EG_ETW_COLUMN("ClientPID", U32, 1, EG_ETW_NEWEST, dns_query.client_pid, COUNT),
    EG_ETW_COLUMN("QueryBlob", POINTER, 2, EG_ETW_NEWEST, dns_query.blob, COUNT),
};

#define LAYOUT(id, kind, columns) EG_ETW_LAYOUT(EG_ETW_PROVIDER_DNS_CLIENT, id, kind, columns)

/* An answer is the event; the others repeat it or only show the machine's settings. */
const eg_etw_layout eg_etw_manifest_dns_layouts[] = {
    LAYOUT(1001, OTHER, server),         LAYOUT(1019, OTHER, no_server),
    LAYOUT(3006, OTHER, request),        LAYOUT(3008, DNS_QUERY, answer),
    LAYOUT(3020, OTHER, service_answer), {.columns = NULL},
};
