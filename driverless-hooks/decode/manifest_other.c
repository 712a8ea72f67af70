/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of other manifest providers: registry values with their writer, DNS queries, PowerShell
 * script blocks, scheduled tasks. All but the registry ones come from user mode and can be
 * imitated: whoever acts on them checks which process wrote them.
 */
#include "core/base/compiler.h"
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, member, field) EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, member, field)

/* DATA columns take their size from the number right before them. */
static const eg_etw_column registry_set_value[] = {
    COLUMN("KeyObject", POINTER, registry_value.key_object, COUNT),
    COLUMN("Status", HEX32, registry_value.status, COUNT),
    COLUMN("Type", U32, registry_value.type, COUNT),
    COLUMN("DataSize", U32, registry_value.data_size, COUNT),
    COLUMN("KeyName", WIDE, registry_value.key_name, COUNT),
    COLUMN("ValueName", WIDE, registry_value.value_name, COUNT),
    COLUMN("CapturedDataSize", U16, registry_value.captured_size, COUNT),
    COLUMN("CapturedData", VALUE_DATA, registry_value.data, COUNT),
    COLUMN("PreviousDataType", U32, registry_value.previous_type, COUNT),
    COLUMN("PreviousDataSize", U32, registry_value.previous_size, COUNT),
    COLUMN("PreviousDataCapturedSize", U16, registry_value.previous_captured_size, COUNT),
    COLUMN("PreviousData", DATA, registry_value.previous_data, COUNT),
};

static const eg_etw_column dns_query[] = {
    COLUMN("QueryName", WIDE, dns_query.name, QUERY_NAME),
    COLUMN("QueryType", U32, dns_query.type, COUNT),
    COLUMN("QueryOptions", U64, dns_query.options, COUNT),
    COLUMN("QueryStatus", U32, dns_query.status, QUERY_STATUS),
    COLUMN("QueryResults", WIDE, dns_query.results, QUERY_RESULTS),
};

static const eg_etw_column script_block[] = {
    COLUMN("MessageNumber", I32, script_block.number, COUNT),
    COLUMN("MessageTotal", I32, script_block.total, COUNT),
    COLUMN("ScriptBlockText", WIDE, script_block.text, SCRIPT_BLOCK_TEXT),
    COLUMN("ScriptBlockId", WIDE, script_block.id, SCRIPT_BLOCK_ID),
    COLUMN("Path", WIDE, script_block.path, PATH),
};

static const eg_etw_column task_registered[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("UserContext", WIDE, task.user, USER_CONTEXT),
};

static const eg_etw_column task_changed[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("UserName", WIDE, task.user, USER_NAME),
};

static const eg_etw_column task_process[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("Path", WIDE, task.path, PATH),
    COLUMN("ProcessID", U32, task.pid, PROCESS_ID),
    COLUMN("Priority", U32, task.priority, COUNT),
};

static const eg_etw_column task_action_start[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("ActionName", WIDE, task.action, ACTION_NAME),
    COLUMN("TaskInstanceId", GUID, task.instance, COUNT),
    EG_ETW_COLUMN("EnginePID", U32, 1, EG_ETW_NEWEST, task.engine_pid, COUNT),
};

/* Not the order of action start: from version 1 the instance stands before the action. */
static const eg_etw_column task_action_done[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    EG_ETW_COLUMN("ActionName", WIDE, 0, 0, task.action, ACTION_NAME),
    COLUMN("TaskInstanceId", GUID, task.instance, COUNT),
    EG_ETW_COLUMN("ActionName", WIDE, 1, EG_ETW_NEWEST, task.action, ACTION_NAME),
    EG_ETW_COLUMN("ResultCode", U32, 1, EG_ETW_NEWEST, task.result, RESULT_CODE),
    EG_ETW_COLUMN("EnginePID", U32, 2, EG_ETW_NEWEST, task.engine_pid, COUNT),
};

#define REGISTRY \
    { \
        0x03, 0x4f, 0xeb, 0x70, 0xde, 0xc1, 0x73, 0x4f, 0xa0, 0x51, 0x33, 0xd1, 0x3d, 0x54, 0x13, \
            0xbd \
    }
#define DNS \
    { \
        0x6e, 0x12, 0x95, 0x1c, 0xea, 0x7e, 0xa9, 0x49, 0xa3, 0xfe, 0xa3, 0x78, 0xb0, 0x3d, 0xdb, \
            0x4d \
    }
#define POWERSHELL \
    { \
        0x3b, 0x85, 0xc1, 0xa0, 0x40, 0x5c, 0x15, 0x4b, 0x87, 0x66, 0x3c, 0xf1, 0xc5, 0x8f, 0x98, \
            0x5a \
    }
#define TASKS \
    { \
        0xea, 0x24, 0x7b, 0xde, 0xc8, 0x73, 0x09, 0x4a, 0x98, 0x5d, 0x5b, 0xda, 0xdc, 0xfa, 0x90, \
            0x17 \
    }
#define LAYOUT(provider, id, since, kind, columns) \
    { \
        provider, id, false, since, EG_ETW_NEWEST, EG_ETW_ROLE_OTHER, EG_KIND_##kind, columns, \
            EG_COUNT(columns) \
    }

/* Set values and finished actions are evidence for other events, not events of their own. */
const eg_etw_layout eg_etw_manifest_other_layouts[] = {
    LAYOUT(REGISTRY, 5, 0, OTHER, registry_set_value),
    LAYOUT(DNS, 3008, 0, DNS_QUERY, dns_query),
    LAYOUT(POWERSHELL, 4104, 1, SCRIPT_BLOCK, script_block),
    LAYOUT(TASKS, 106, 0, TASK_REGISTERED, task_registered),
    LAYOUT(TASKS, 129, 0, TASK_STARTED, task_process),
    LAYOUT(TASKS, 140, 0, TASK_UPDATED, task_changed),
    LAYOUT(TASKS, 141, 0, TASK_REMOVED, task_changed),
    LAYOUT(TASKS, 142, 0, OTHER, task_changed),
    LAYOUT(TASKS, 200, 0, OTHER, task_action_start),
    LAYOUT(TASKS, 201, 0, OTHER, task_action_done),
    {.columns = NULL},
};
