/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft-Windows-WMI-Activity: providers loaded (5857), errors (5858), subscriptions (5859,
 * 5860), bindings of a permanent subscription (5861) and processes started (23). From user mode:
 * whoever acts on it checks which process wrote it.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, member, field) EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, member, field)

static const eg_etw_column process_created[] = {
    COLUMN("CorrelationId", WIDE, wmi.id, COUNT),
    COLUMN("GroupOperationId", U32, wmi.group, COUNT),
    COLUMN("OperationId", U32, wmi.operation_id, COUNT),
    COLUMN("Commandline", WIDE, wmi.command_line, COUNT),
    COLUMN("CreatedProcessId", U32, wmi.created_pid, COUNT),
    COLUMN("CreatedProcessCreationTime", U64, wmi.created_time, COUNT),
    COLUMN("ClientMachine", WIDE, wmi.machine, COUNT),
    COLUMN("ClientMachineFQDN", WIDE, wmi.machine_full, COUNT),
    COLUMN("User", WIDE, wmi.user, COUNT),
    COLUMN("ClientProcessId", U32, wmi.client_pid, COUNT),
    COLUMN("ClientProcessCreationTime", U64, wmi.client_time, COUNT),
    COLUMN("IsLocal", U32, wmi.is_local, COUNT),
};

static const eg_etw_column provider_loaded[] = {
    COLUMN("ProviderName", WIDE, wmi.provider, COUNT), COLUMN("Code", HEX32, wmi.result, COUNT),
    COLUMN("HostProcess", WIDE, wmi.host, COUNT),      COLUMN("ProcessID", U32, wmi.pid, COUNT),
    COLUMN("ProviderPath", WIDE, wmi.path, COUNT),
};

static const eg_etw_column failed[] = {
    COLUMN("Id", WIDE, wmi.id, COUNT),
    COLUMN("ClientMachine", WIDE, wmi.machine, COUNT),
    COLUMN("User", WIDE, wmi.user, COUNT),
    COLUMN("ClientProcessId", U32, wmi.client_pid, COUNT),
    COLUMN("Component", WIDE, wmi.component, COUNT),
    COLUMN("Operation", WIDE, wmi.operation, COUNT),
    COLUMN("ResultCode", HEX32, wmi.result, COUNT),
    COLUMN("PossibleCause", WIDE, wmi.cause, COUNT),
};

static const eg_etw_column permanent_query[] = {
    COLUMN("NamespaceName", WIDE, wmi.name_space, COUNT),
    COLUMN("Query", WIDE, wmi.query, COUNT),
    COLUMN("User", WIDE, wmi.user, COUNT),
    COLUMN("processid", U32, wmi.pid, COUNT),
    COLUMN("providerName", WIDE, wmi.provider, COUNT),
    COLUMN("queryid", U32, wmi.query_id, COUNT),
    COLUMN("PossibleCause", WIDE, wmi.cause, COUNT),
};

static const eg_etw_column temporary_query[] = {
    COLUMN("NamespaceName", WIDE, wmi.name_space, COUNT),
    COLUMN("Query", WIDE, wmi.query, COUNT),
    COLUMN("User", WIDE, wmi.user, COUNT),
    COLUMN("processid", U32, wmi.pid, COUNT),
    COLUMN("MachineName", WIDE, wmi.machine, COUNT),
    COLUMN("PossibleCause", WIDE, wmi.cause, COUNT),
};

static const eg_etw_column binding[] = {
    COLUMN("Namespace", WIDE, wmi.name_space, COUNT),
    COLUMN("ESS", WIDE, wmi.filter, FILTER),
    COLUMN("CONSUMER", WIDE, wmi.consumer, CONSUMER),
    COLUMN("PossibleCause", WIDE, wmi.cause, COUNT),
};

#define LAYOUT(id, kind, columns) EG_ETW_LAYOUT(EG_ETW_PROVIDER_WMI_ACTIVITY, id, kind, columns)

const eg_etw_layout eg_etw_manifest_wmi_layouts[] = {
    LAYOUT(23, OTHER, process_created),
    LAYOUT(5857, OTHER, provider_loaded),
    LAYOUT(5858, OTHER, failed),
    LAYOUT(5859, OTHER, permanent_query),
    LAYOUT(5860, OTHER, temporary_query),
    LAYOUT(5861, WMI_SUBSCRIPTION, binding),
    {.columns = NULL},
};
