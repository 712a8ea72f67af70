/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft-Windows-Kernel-Registry, version 0 on every Windows: keys created (1), opened (2),
 * deleted (3), values set (5), deleted (6). The header names the process that did it.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, member, field) EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, member, field)

static const eg_etw_column open_key[] = {
    COLUMN("BaseObject", POINTER, registry_key.base_object, COUNT),
    COLUMN("KeyObject", POINTER, registry_key.key_object, COUNT),
    COLUMN("Status", HEX32, registry_key.status, COUNT),
    COLUMN("Disposition", U32, registry_key.disposition, COUNT),
    COLUMN("BaseName", WIDE, registry_key.base_name, COUNT),
    COLUMN("RelativeName", WIDE, registry_key.key_name, COUNT),
};

static const eg_etw_column delete_key[] = {
    COLUMN("KeyObject", POINTER, registry_key.key_object, COUNT),
    COLUMN("Status", HEX32, registry_key.status, COUNT),
    COLUMN("KeyName", WIDE, registry_key.key_name, COUNT),
};

/* DATA columns take their size from the number right before them. */
static const eg_etw_column set_value[] = {
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

static const eg_etw_column delete_value[] = {
    COLUMN("KeyObject", POINTER, registry_value.key_object, COUNT),
    COLUMN("Status", HEX32, registry_value.status, COUNT),
    COLUMN("KeyName", WIDE, registry_value.key_name, COUNT),
    COLUMN("ValueName", WIDE, registry_value.value_name, COUNT),
};

#define LAYOUT(id, columns) EG_ETW_LAYOUT(EG_ETW_PROVIDER_KERNEL_REGISTRY, id, OTHER, columns)

/* Evidence of who wrote, not events of their own: those come from reading the registry. */
const eg_etw_layout eg_etw_manifest_registry_layouts[] = {
    LAYOUT(1, open_key),  LAYOUT(2, open_key),     LAYOUT(3, delete_key),
    LAYOUT(5, set_value), LAYOUT(6, delete_value), {.columns = NULL},
};
