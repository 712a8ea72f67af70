/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Sysmon sensor: where Sysmon is installed, what it logs of process starts, the registry and
 * WMI subscriptions is taken as well, with what only a driver can tell (hashes, who wrote). Where
 * it is not, nothing is amiss.
 */
#include "driverless-hooks/log_sensor.h"

static const eg_log_channel channels[] = {
    {L"Microsoft-Windows-Sysmon/Operational",
     L"*[System[Provider[@Name='Microsoft-Windows-Sysmon'] and (EventID=1 or EventID=12 or "
     L"EventID=13 or EventID=14 or EventID=19 or EventID=20 or EventID=21)]]",
     "sysmon", true, NULL},
};

static const eg_log_plan plan = {"sysmon", channels, EG_COUNT(channels),
                                 "Sysmon is not installed on this PC"};

static int sysmon_open(void **context, const eg_sink *sink)
{
    return eg_log_sensor_open(context, sink, &plan, &eg_log_windows_api);
}

const eg_sensor eg_hook_sysmon = {
    .name = "sysmon",
    .what = "what Sysmon logs of processes, registry and WMI, where it is installed",
    .open = sysmon_open,
    .run = eg_log_sensor_run,
    .stop = eg_log_sensor_stop,
    .close = eg_log_sensor_close,
    .snapshot = eg_log_sensor_snapshot,
};
