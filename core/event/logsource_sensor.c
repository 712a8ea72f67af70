/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event/logsource.h"

#include "core/base/str.h"

#define EVERY_EVENT " EventID Channel Provider_Name UtcTime "
#define OF_A_TASK \
    EVERY_EVENT \
    "TaskName TaskContent Command Arguments WorkingDirectory Triggers UserId RunLevel Hidden " \
    "Author ClassId TaskCache User "

#define OF_A_FILE "Hashes Imphash Signed Signature SignatureStatus " /* in the second pass */
#define OF_A_SERVICE EVERY_EVENT "ServiceName ImagePath "
/* Of audited events alone: what the other sensors see has no subject. */
#define SUBJECT "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId "

/* Who wrote it, where ETW tells. */
#define OF_A_VALUE "EventType TargetObject PreviousDetails ProcessId ProcessGuid Image User "

#define OF_A_SCRIPT \
    EVERY_EVENT \
    "ProcessId Image User ScriptBlockText ScriptBlockId Path MessageNumber MessageTotal "

/* An event that the sensors of this build and the enrichment behind them can bring about. */
typedef struct made_event {
    eg_str channel;
    uint32_t event_id;
    eg_str event_type;
    eg_str fields; /* names between blanks */
} made_event;

static const made_event made_events[] = {
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 1, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT OF_A_FILE
                 "ProcessId Image CommandLine CurrentDirectory User LogonId TerminalSessionId "
                 "IntegrityLevel FileVersion Description Product Company OriginalFileName "
                 "ParentProcessId ParentImage ParentCommandLine ParentUser GrandParentImage "
                 "CreatorProcessId PackageFullName ProcessGuid ParentProcessGuid "
                 "ProcessSequenceNumber ParentProcessSequenceNumber ProcessTokenElevationType "
                 "ProcessTokenIsElevated ")},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 5, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "ProcessId ProcessGuid Image User ExitStatus ")},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 13, EG_STR_INIT("SetValue"),
     EG_STR_INIT(EVERY_EVENT OF_A_VALUE "Details ")},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 12, EG_STR_INIT("DeleteValue"),
     EG_STR_INIT(EVERY_EVENT OF_A_VALUE)},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 11, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "TargetFilename CreationUtcTime User LinkTarget LinkArguments ZoneId "
                             "HostUrl ReferrerUrl ")},
    {EG_STR_INIT(EG_CHANNEL_AGENT), 106, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK)},
    {EG_STR_INIT(EG_CHANNEL_AGENT), 140, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK)},
    {EG_STR_INIT(EG_CHANNEL_AGENT), 141, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK)},
    {EG_STR_INIT(EG_CHANNEL_TASK), 106, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK "UserContext ")},
    {EG_STR_INIT(EG_CHANNEL_TASK), 140, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK "UserName ")},
    {EG_STR_INIT(EG_CHANNEL_TASK), 141, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK "UserName ")},
    {EG_STR_INIT(EG_CHANNEL_TASK), 200, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "TaskName ActionName ")},
    {EG_STR_INIT(EG_CHANNEL_SECURITY), 4698, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK SUBJECT)},
    {EG_STR_INIT(EG_CHANNEL_SECURITY), 4702, EG_STR_INIT(""),
     EG_STR_INIT(OF_A_TASK SUBJECT "TaskContentNew ")},
    {EG_STR_INIT(EG_CHANNEL_SECURITY), 4699, EG_STR_INIT(""), EG_STR_INIT(OF_A_TASK SUBJECT)},
    {EG_STR_INIT(EG_CHANNEL_SYSTEM), 7045, EG_STR_INIT(""),
     EG_STR_INIT(OF_A_SERVICE "ServiceType StartType AccountName ")},
    {EG_STR_INIT(EG_CHANNEL_SECURITY), 4697, EG_STR_INIT(""),
     EG_STR_INIT(OF_A_SERVICE SUBJECT "ServiceFileName ServiceType ServiceStartType "
                                      "ServiceAccount ")},
    {EG_STR_INIT(EG_CHANNEL_SECURITY), 4688, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT SUBJECT
                 "NewProcessId NewProcessName TokenElevationType ProcessId CommandLine "
                 "TargetUserSid TargetUserName TargetDomainName TargetLogonId ParentProcessName "
                 "MandatoryLabel Image ParentImage ")},
    {EG_STR_INIT(EG_CHANNEL_TASK), 129, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "TaskName Path ProcessID ProcessId Priority ")},
    {EG_STR_INIT(EG_CHANNEL_TASK), 142, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "TaskName UserName ")},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 19, EG_STR_INIT("WmiFilterEvent"),
     EG_STR_INIT(EVERY_EVENT "EventType Operation User EventNamespace Name Query ")},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 20, EG_STR_INIT("WmiConsumerEvent"),
     EG_STR_INIT(EVERY_EVENT "EventType Operation User Name Type Destination ")},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 21, EG_STR_INIT("WmiBindingEvent"),
     EG_STR_INIT(EVERY_EVENT "EventType Operation User Consumer Filter ")},
    {EG_STR_INIT(EG_CHANNEL_WMI), 5861, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "Namespace ESS CONSUMER PossibleCause ")},
    {EG_STR_INIT(EG_CHANNEL_POWERSHELL), 4104, EG_STR_INIT(""), EG_STR_INIT(OF_A_SCRIPT)},
    {EG_STR_INIT(EG_CHANNEL_POWERSHELL_CORE), 4104, EG_STR_INIT(""), EG_STR_INIT(OF_A_SCRIPT)},
    {EG_STR_INIT(EG_CHANNEL_POWERSHELL), 4103, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "ContextInfo UserData Payload ")},
    {EG_STR_INIT(EG_CHANNEL_POWERSHELL_CLASSIC), 400, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "Data ")},
    {EG_STR_INIT(EG_CHANNEL_POWERSHELL_CLASSIC), 600, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "Data ")},
    {EG_STR_INIT(EG_CHANNEL_POWERSHELL_CLASSIC), 800, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "Data ")},
    {EG_STR_INIT(EG_CHANNEL_AGENT), 1101, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT
                 "ProcessId Image User AppName ContentName ScanResult ScriptBlockText Hashes ")},
    {EG_STR_INIT(EG_CHANNEL_SYSMON), 22, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "ProcessId Image User QueryName QueryStatus QueryResults ")},
    {EG_STR_INIT(EG_CHANNEL_AGENT), 1, EG_STR_INIT(""),
     EG_STR_INIT(EVERY_EVENT "Sensor Reason Count Description ")},
};

static bool makes(const made_event *made, eg_logsource logsource)
{
    eg_event event;
    eg_event_init(&event, EG_KIND_OTHER);
    event.channel = made->channel;
    event.event_id = made->event_id;
    event.field[EG_FIELD_EVENT_TYPE] = made->event_type;
    return eg_logsource_covers(logsource, &event);
}

bool eg_logsource_has_sensor(eg_logsource logsource)
{
    for (size_t i = 0; i < EG_COUNT(made_events); i++) {
        if (makes(&made_events[i], logsource)) {
            return true;
        }
    }
    return false;
}

static bool lists(eg_str names, eg_str name)
{
    eg_str part;
    while (eg_str_split(&names, ' ', &part)) {
        if (part.len > 0 && eg_str_equal(part, name)) {
            return true;
        }
    }
    return false;
}

bool eg_logsource_has_field(eg_logsource logsource, eg_str field_name)
{
    for (size_t i = 0; i < EG_COUNT(made_events); i++) {
        if (lists(made_events[i].fields, field_name) && makes(&made_events[i], logsource)) {
            return true;
        }
    }
    return false;
}

bool eg_logsource_has_event(eg_logsource logsource, eg_str event_id)
{
    uint64_t id = 0;
    for (size_t i = 0; eg_str_to_u64(event_id, &id) && i < EG_COUNT(made_events); i++) {
        if (made_events[i].event_id == id && makes(&made_events[i], logsource)) {
            return true;
        }
    }
    return false;
}
