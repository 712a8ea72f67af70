/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry group of a system logger: MSNT_SystemTrace, group Registry, version 2, told apart
 * by its opcode.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, member, field) EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, member, field)

static const eg_etw_column operation[] = {
    COLUMN("InitialTime", U64, registry_operation.initial_time, COUNT),
    COLUMN("Status", HEX32, registry_operation.status, COUNT),
    COLUMN("Index", U32, registry_operation.index, COUNT),
    COLUMN("KeyHandle", POINTER, registry_operation.key_handle, COUNT),
    COLUMN("KeyName", WIDE, registry_operation.name, COUNT),
};

#define LAYOUT(opcode) \
    { \
        EG_ETW_PROVIDER_REGISTRY_GROUP, opcode, true, 2, EG_ETW_NEWEST, EG_ETW_ROLE_OTHER, \
            EG_KIND_OTHER, operation, EG_COUNT(operation) \
    }

const eg_etw_layout eg_etw_kernel_registry_layouts[] = {
    LAYOUT(10), /* create */
    LAYOUT(11), /* open */
    LAYOUT(12), /* delete */
    LAYOUT(13), /* query */
    LAYOUT(14), /* set value */
    LAYOUT(15), /* delete value */
    LAYOUT(16), /* query value */
    LAYOUT(17), /* enumerate keys */
    LAYOUT(18), /* enumerate values */
    LAYOUT(20), /* set information */
    LAYOUT(21), /* flush */
    LAYOUT(22), /* key control block created */
    LAYOUT(23), /* key control block deleted */
    LAYOUT(24), /* key control blocks at the start of the session */
    LAYOUT(25), /* and at its end */
    LAYOUT(26), /* virtualize */
    LAYOUT(27), /* close */
    {.columns = NULL},
};
