/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts: Microsoft-Windows-PowerShell, PowerShellCore (the same records) and AMSI, the interface
 * by which script hosts hand their text to the virus scanner. From user mode: can be imitated, and
 * silenced inside the process that writes them.
 */
#include "driverless-hooks/decode/etw_layout.h"

#define COLUMN(name, type, member, field) EG_ETW_COLUMN(name, type, 0, EG_ETW_NEWEST, member, field)

/* A Path that is not there was empty when the record became an event of the log. */
static const eg_etw_column script_block[] = {
    COLUMN("MessageNumber", I32, script_block.number, COUNT),
    COLUMN("MessageTotal", I32, script_block.total, COUNT),
    COLUMN("ScriptBlockText", WIDE, script_block.text, SCRIPT_BLOCK_TEXT),
    COLUMN("ScriptBlockId", WIDE, script_block.id, SCRIPT_BLOCK_ID),
    COLUMN("Path", WIDE_LAST, script_block.path, PATH),
};

static const eg_etw_column engine[] = {
    COLUMN("ContextInfo", WIDE, plain.part[0], COUNT),
    COLUMN("UserData", WIDE, plain.part[1], COUNT),
    COLUMN("Payload", WIDE, plain.part[2], COUNT),
};

static const eg_etw_column activity[] = {
    COLUMN("currentActivityId", GUID, plain.part[0], COUNT),
    COLUMN("parentActivityId", GUID, plain.part[1], COUNT),
};

static const eg_etw_column texts[] = {
    COLUMN("strings", WIDE_LIST, plain.part[0], COUNT),
};

/* The manifest gives hashes no size and booleans none; recorded payloads do: 32 and 4 bytes. */
static const eg_etw_column amsi_scan[] = {
    COLUMN("session", POINTER, amsi_scan.session, COUNT),
    COLUMN("scanStatus", U8, amsi_scan.scan_status, COUNT),
    COLUMN("scanResult", U32, amsi_scan.result, SCAN_RESULT),
    COLUMN("appname", WIDE, amsi_scan.application, APP_NAME),
    COLUMN("contentname", WIDE, amsi_scan.content_name, CONTENT_NAME),
    COLUMN("contentsize", U32, amsi_scan.content_size, COUNT),
    COLUMN("originalsize", U32, amsi_scan.original_size, COUNT),
    COLUMN("content", CONTENT, amsi_scan.content, SCRIPT_BLOCK_TEXT),
    COLUMN("hash", SHA256, amsi_scan.hash, HASHES),
    COLUMN("contentFiltered", U32, amsi_scan.filtered, COUNT),
    EG_ETW_COLUMN("hashoriginalcontent", SHA256_LAST, 1, EG_ETW_NEWEST, amsi_scan.original_hash,
                  COUNT),
};

static const eg_etw_column texts_or_none[] = {
    COLUMN("strings", WIDE_LIST_LAST, plain.part[0], COUNT),
};

#define LAYOUT(id, kind, columns) EG_ETW_LAYOUT(EG_ETW_PROVIDER_POWERSHELL, id, kind, columns)

const eg_etw_layout eg_etw_manifest_script_layouts[] = {
    LAYOUT(4103, OTHER, engine), /* a pipeline was run */
    LAYOUT(4104, SCRIPT_BLOCK, script_block),
    LAYOUT(7937, OTHER, engine),
    LAYOUT(7938, OTHER, engine),
    LAYOUT(7939, OTHER, texts),
    LAYOUT(7940, OTHER, texts),
    LAYOUT(7941, OTHER, activity),
    LAYOUT(7942, OTHER, texts),
    LAYOUT(40961, OTHER, texts_or_none), /* the console starts */
    LAYOUT(40962, OTHER, texts_or_none), /* the console is ready */
    LAYOUT(53504, OTHER, texts), /* the pipe of the process: its id, its application domain */
    EG_ETW_LAYOUT(EG_ETW_PROVIDER_POWERSHELL_CORE, 4104, SCRIPT_BLOCK, script_block),
    EG_ETW_LAYOUT(EG_ETW_PROVIDER_AMSI, 1101, AMSI_CONTENT, amsi_scan),
    {.columns = NULL},
};
