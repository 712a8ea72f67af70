/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log sensor: the records of Windows' own channels that name something installed,
 * scheduled, subscribed or run. Some come only where an administrator has switched on auditing or
 * the channel; EmoGuard switches nothing on. What another sensor has told already is not told
 * again: the pipeline sees to that. Script blocks are left out here while they arrive by ETW.
 */
#include "driverless-hooks/hook_script.h"
#include "driverless-hooks/log_sensor.h"

static const eg_log_channel channels[] = {
    {L"System", L"*[System[Provider[@Name='Service Control Manager'] and (EventID=7045)]]",
     "eventlog/System", false, NULL},
    {L"Security",
     L"*[System[(EventID=4688 or EventID=4697 or EventID=4698 or EventID=4699 or EventID=4702)]]",
     "eventlog/Security", false, NULL},
    {L"Microsoft-Windows-WMI-Activity/Operational", L"*[System[(EventID=5861)]]",
     "eventlog/WMI-Activity", true, NULL},
    {L"Microsoft-Windows-TaskScheduler/Operational",
     L"*[System[(EventID=106 or EventID=129 or EventID=140 or EventID=141 or EventID=142)]]",
     "eventlog/TaskScheduler", true, NULL},
    {L"Microsoft-Windows-PowerShell/Operational", L"*[System[(EventID=4104)]]",
     "eventlog/PowerShell", true, eg_script_told_by_etw},
    {L"Microsoft-Windows-PowerShell/Operational", L"*[System[(EventID=4103)]]",
     "eventlog/PowerShell-Modules", true, NULL},
    {L"Windows PowerShell",
     L"*[System[Provider[@Name='PowerShell'] and (EventID=400 or EventID=600 or EventID=800)]]",
     "eventlog/PowerShell-Classic", true, NULL},
    {L"PowerShellCore/Operational", L"*[System[(EventID=4104)]]", "eventlog/PowerShellCore", true,
     eg_script_told_by_etw},
};

_Static_assert(EG_COUNT(channels) <= EG_LOG_CHANNELS_MAX, "too many channels");

static const eg_log_plan plan = {"eventlog", channels, EG_COUNT(channels), ""};

static int eventlog_open(void **context, const eg_sink *sink)
{
    return eg_log_sensor_open(context, sink, &plan, &eg_log_windows_api);
}

const eg_sensor eg_hook_eventlog = {
    .name = "eventlog",
    .what = "records of the event log: services, tasks, WMI subscriptions, scripts, audited starts",
    .open = eventlog_open,
    .run = eg_log_sensor_run,
    .stop = eg_log_sensor_stop,
    .close = eg_log_sensor_close,
    .snapshot = eg_log_sensor_snapshot,
};
