/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process records of a system logger session: MSNT_SystemTrace, group Process, versions 1 to 5,
 * told apart by their opcode. The only process records that carry the command line and the user.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, since, until, member, field) \
    EG_ETW_COLUMN(name, type, since, until, process.member, field)

static const eg_etw_column columns[] = {
    COLUMN("PageDirectoryBase", POINTER, 1, 1, object_key, COUNT),
    COLUMN("UniqueProcessKey", POINTER, 2, EG_ETW_NEWEST, object_key, COUNT),
    COLUMN("ProcessId", U32, 1, EG_ETW_NEWEST, pid, PROCESS_ID),
    COLUMN("ParentId", U32, 1, EG_ETW_NEWEST, parent_pid, PARENT_PROCESS_ID),
    COLUMN("SessionId", U32, 1, EG_ETW_NEWEST, session_id, TERMINAL_SESSION_ID),
    COLUMN("ExitStatus", I32, 1, EG_ETW_NEWEST, exit_status, EXIT_STATUS),
    COLUMN("DirectoryTableBase", POINTER, 3, EG_ETW_NEWEST, directory_table, COUNT),
    COLUMN("Flags", U32, 4, EG_ETW_NEWEST, flags, COUNT),
    COLUMN("UserSID", USER_SID, 1, EG_ETW_NEWEST, user_sid, USER),
    COLUMN("ImageFileName", ANSI, 1, EG_ETW_NEWEST, image_name, IMAGE),
    COLUMN("CommandLine", WIDE, 2, EG_ETW_NEWEST, command_line, COMMAND_LINE),
    COLUMN("PackageFullName", WIDE, 4, EG_ETW_NEWEST, package_name, PACKAGE_FULL_NAME),
    COLUMN("ApplicationId", WIDE, 4, EG_ETW_NEWEST, application_id, COUNT),
    /* only when the object dies; the others end one column earlier */
    COLUMN("ExitTime", TIME, 5, EG_ETW_NEWEST, exit_time, COUNT),
};

#define LAYOUT(opcode, role, kind, count) \
    { \
        EG_ETW_PROVIDER_PROCESS_GROUP, opcode, true, 1, EG_ETW_NEWEST, EG_ETW_ROLE_PROCESS_##role, \
            EG_KIND_##kind, columns, count \
    }

const eg_etw_layout eg_etw_kernel_process_layouts[] = {
    LAYOUT(1, START, PROCESS_START, EG_COUNT(columns) - 1),
    LAYOUT(2, STOP, PROCESS_STOP, EG_COUNT(columns) - 1),
    LAYOUT(3, RUNNING, PROCESS_START, EG_COUNT(columns) - 1),
    LAYOUT(4, LEFT, PROCESS_START, EG_COUNT(columns) - 1),
    LAYOUT(39, GONE, PROCESS_STOP, EG_COUNT(columns)),
    {.columns = NULL},
};
