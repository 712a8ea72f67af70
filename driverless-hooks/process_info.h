/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Windows tells of a running process. Every part may be missing: the process may be gone,
 * protected, or another one under the same pid; callers compare create_time.
 */
#ifndef EG_PROCESS_INFO_H
#define EG_PROCESS_INFO_H

#include "driverless-hooks/account_name.h"
#include "driverless-hooks/decode/event_text.h"

typedef struct eg_process_info {
    uint64_t create_time; /* FILETIME; 0 unknown */
    bool has_parent, has_session;
    uint32_t parent_pid, session_id;
    eg_str image; /* full path with drive letter */
    eg_str command_line;
    eg_str current_directory;
    eg_str user;      /* DOMAIN\name */
    eg_str integrity; /* "Medium", ... */
    eg_str logon_id;  /* "0x3e7" */
} eg_process_info;

/*
 * EG_OK with what could be read, texts in `text`; EG_E_NOTFOUND or EG_E_DENIED when the process
 * cannot be opened at all.
 */
int eg_process_info_query(uint32_t pid, eg_account_cache *accounts, eg_event_text *text,
                          eg_process_info *out);
/* Only the path of its file; EG_STR_NONE when unknown. */
eg_str eg_process_info_image(uint32_t pid, eg_event_text *text);

#endif
