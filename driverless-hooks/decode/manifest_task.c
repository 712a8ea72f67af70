/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft-Windows-TaskScheduler: what the Schedule service tells. From user mode: whoever acts
 * on it checks which process wrote it.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, member, field) EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, member, field)

static const eg_etw_column registered[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("UserContext", WIDE, task.user, USER_CONTEXT),
};

static const eg_etw_column changed[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("UserName", WIDE, task.user, USER_NAME),
};

static const eg_etw_column run[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("UserContext", WIDE, task.user, USER_CONTEXT),
    COLUMN("InstanceId", GUID, task.instance, COUNT),
};

static const eg_etw_column triggered[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("InstanceId", GUID, task.instance, COUNT),
};

static const eg_etw_column triggered_by_user[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("InstanceId", GUID, task.instance, COUNT),
    COLUMN("UserContext", WIDE, task.user, USER_CONTEXT),
};

static const eg_etw_column triggered_on_logon[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("UserName", WIDE, task.user, USER_NAME),
    COLUMN("InstanceId", GUID, task.instance, COUNT),
};

static const eg_etw_column process[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("Path", WIDE, task.path, PATH),
    COLUMN("ProcessID", U32, task.pid, PROCESS_ID),
    COLUMN("Priority", U32, task.priority, COUNT),
};

static const eg_etw_column action_start[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    COLUMN("ActionName", WIDE, task.action, ACTION_NAME),
    COLUMN("TaskInstanceId", GUID, task.instance, COUNT),
    EG_ETW_COLUMN("EnginePID", U32, 1, EG_ETW_NEWEST, task.engine_pid, COUNT),
};

/* Not the order of action start: from version 1 the instance stands before the action. */
static const eg_etw_column action_done[] = {
    COLUMN("TaskName", WIDE, task.name, TASK_NAME),
    EG_ETW_COLUMN("ActionName", WIDE, 0, 0, task.action, ACTION_NAME),
    COLUMN("TaskInstanceId", GUID, task.instance, COUNT),
    EG_ETW_COLUMN("ActionName", WIDE, 1, EG_ETW_NEWEST, task.action, ACTION_NAME),
    EG_ETW_COLUMN("ResultCode", U32, 1, EG_ETW_NEWEST, task.result, RESULT_CODE),
    EG_ETW_COLUMN("EnginePID", U32, 2, EG_ETW_NEWEST, task.engine_pid, COUNT),
};

#define LAYOUT(id, kind, columns) EG_ETW_LAYOUT(EG_ETW_PROVIDER_TASK_SCHEDULER, id, kind, columns)

const eg_etw_layout eg_etw_manifest_task_layouts[] = {
    LAYOUT(100, OTHER, run), /* started */
    LAYOUT(102, OTHER, run), /* completed */
    LAYOUT(106, TASK_REGISTERED, registered),
    LAYOUT(107, OTHER, triggered), /* by the clock */
    LAYOUT(108, OTHER, triggered), /* by an event */
    LAYOUT(110, OTHER, triggered_by_user),
    LAYOUT(119, OTHER, triggered_on_logon),
    LAYOUT(129, TASK_STARTED, process),
    LAYOUT(140, TASK_UPDATED, changed),
    LAYOUT(141, TASK_REMOVED, changed),
    LAYOUT(142, OTHER, changed), /* disabled */
    LAYOUT(200, OTHER, action_start),
    LAYOUT(201, OTHER, action_done),
    {.columns = NULL},
};
