/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft-Windows-Kernel-Process: start (1), stop (2), image load (5) and unload (6), rundown
 * (15). No command line and no user in any version, but full image path, integrity, elevation.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, since, until, member, field) \
    EG_ETW_COLUMN(name, type, since, until, process.member, field)

/* Rundown records number their versions two lower than start records: see `rundown`. */
#define START_COLUMNS(v1, v2, v3, v4, v5) \
    COLUMN("ProcessID", U32, 0, EG_ETW_NEWEST, pid, PROCESS_ID), \
        COLUMN("ProcessSequenceNumber", U64, v3, EG_ETW_NEWEST, sequence, \
               PROCESS_SEQUENCE_NUMBER), \
        COLUMN("CreateTime", TIME_UTC, 0, EG_ETW_NEWEST, create_time, COUNT), \
        COLUMN("ParentProcessID", U32, 0, EG_ETW_NEWEST, parent_pid, PARENT_PROCESS_ID), \
        COLUMN("ParentProcessSequenceNumber", U64, v3, EG_ETW_NEWEST, parent_sequence, \
               PARENT_PROCESS_SEQUENCE_NUMBER), \
        COLUMN("SessionID", U32, 0, EG_ETW_NEWEST, session_id, TERMINAL_SESSION_ID), \
        COLUMN("Flags", U32, v1, EG_ETW_NEWEST, flags, COUNT), \
        COLUMN("ProcessTokenElevationType", U32, v3, EG_ETW_NEWEST, elevation_type, \
               PROCESS_TOKEN_ELEVATION_TYPE), \
        COLUMN("ProcessTokenIsElevated", U32, v3, EG_ETW_NEWEST, elevated, \
               PROCESS_TOKEN_IS_ELEVATED), \
        COLUMN("MandatoryLabel", SID, v3, EG_ETW_NEWEST, mandatory_label, INTEGRITY_LEVEL), \
        COLUMN("ImageName", WIDE, 0, EG_ETW_NEWEST, image_name, IMAGE), \
        COLUMN("ImageChecksum", HEX32, v2, EG_ETW_NEWEST, checksum, COUNT), \
        COLUMN("TimeDateStamp", HEX32, v2, EG_ETW_NEWEST, time_stamp, COUNT), \
        COLUMN("PackageFullName", WIDE, v2, EG_ETW_NEWEST, package_name, PACKAGE_FULL_NAME), \
        COLUMN("PackageRelativeAppId", WIDE, v2, EG_ETW_NEWEST, application_id, COUNT), \
        COLUMN("SecurityMitigations", HEX32, v4, EG_ETW_NEWEST, mitigations, COUNT), \
        COLUMN("PartitionID", U32, v5, EG_ETW_NEWEST, partition, COUNT), \
        COLUMN("ProcessMachine", U16, v5, EG_ETW_NEWEST, machine, COUNT)

static const eg_etw_column start[] = {START_COLUMNS(1, 2, 3, 4, 5)};
static const eg_etw_column rundown[] = {START_COLUMNS(0, 0, 1, 2, 3)};

static const eg_etw_column stop[] = {
    COLUMN("ProcessID", U32, 0, EG_ETW_NEWEST, pid, PROCESS_ID),
    COLUMN("ProcessSequenceNumber", U64, 2, EG_ETW_NEWEST, sequence, PROCESS_SEQUENCE_NUMBER),
    COLUMN("CreateTime", TIME, 0, EG_ETW_NEWEST, create_time, COUNT),
    COLUMN("ExitTime", TIME, 0, EG_ETW_NEWEST, exit_time, COUNT),
    COLUMN("ExitCode", U32, 0, EG_ETW_NEWEST, exit_status, EXIT_STATUS),
    COLUMN("TokenElevationType", U32, 0, EG_ETW_NEWEST, elevation_type, COUNT),
    COLUMN("HandleCount", U32, 0, EG_ETW_NEWEST, handle_count, COUNT),
    COLUMN("CommitCharge", U64, 0, EG_ETW_NEWEST, commit_charge, COUNT),
    COLUMN("CommitPeak", U64, 0, EG_ETW_NEWEST, commit_peak, COUNT),
    COLUMN("CPUCycleCount", U64, 1, EG_ETW_NEWEST, cycles, COUNT),
    COLUMN("ReadOperationCount", U32, 1, EG_ETW_NEWEST, read_count, COUNT),
    COLUMN("WriteOperationCount", U32, 1, EG_ETW_NEWEST, write_count, COUNT),
    COLUMN("ReadTransferKiloBytes", U32, 1, EG_ETW_NEWEST, read_kilobytes, COUNT),
    COLUMN("WriteTransferKiloBytes", U32, 1, EG_ETW_NEWEST, write_kilobytes, COUNT),
    COLUMN("HardFaultCount", U32, 1, EG_ETW_NEWEST, hard_faults, COUNT),
    COLUMN("ImageName", ANSI, 0, EG_ETW_NEWEST, image_name, IMAGE),
};

#define IMAGE_COLUMN(name, type, member, field) \
    EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, image.member, field)

static const eg_etw_column image[] = {
    IMAGE_COLUMN("ImageBase", POINTER, base, COUNT),
    IMAGE_COLUMN("ImageSize", POINTER, size, COUNT),
    IMAGE_COLUMN("ProcessID", U32, pid, PROCESS_ID),
    IMAGE_COLUMN("ImageCheckSum", HEX32, checksum, COUNT),
    IMAGE_COLUMN("TimeDateStamp", HEX32, time_stamp, COUNT),
    IMAGE_COLUMN("DefaultBase", POINTER, default_base, COUNT),
    IMAGE_COLUMN("ImageName", WIDE, name, IMAGE_LOADED),
};

#define LAYOUT(id, since, role, kind, columns) \
    { \
        EG_ETW_PROVIDER_KERNEL_PROCESS, id, false, since, EG_ETW_NEWEST, EG_ETW_ROLE_##role, \
            EG_KIND_##kind, columns, EG_COUNT(columns) \
    }

const eg_etw_layout eg_etw_manifest_process_layouts[] = {
    LAYOUT(1, 0, PROCESS_START, PROCESS_START, start),
    LAYOUT(2, 0, PROCESS_STOP, PROCESS_STOP, stop),
    LAYOUT(5, 0, OTHER, IMAGE_LOAD, image),
    LAYOUT(6, 0, OTHER, OTHER, image),
    LAYOUT(15, 0, PROCESS_RUNNING, PROCESS_START, rundown),
    {.columns = NULL},
};
