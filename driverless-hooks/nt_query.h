/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process list and what ntdll tells of one process. The structs are our own, since the headers
 * of the SDK and of MinGW-w64 hide different members; 64-bit layouts only.
 * Stateless apart from the list, which belongs to one thread.
 */
#ifndef EG_NT_QUERY_H
#define EG_NT_QUERY_H

#include "core/base/str.h"

#include <windows.h>

typedef struct eg_nt_list {
    uint8_t *bytes; /* zero-initialise; free with eg_nt_list_done */
    size_t size, used;
    size_t next;
} eg_nt_list;

typedef struct eg_nt_process {
    uint32_t pid, parent_pid, session_id;
    uint64_t create_time; /* FILETIME; 0 when unknown: the idle process, one being made */
    const uint8_t *name;  /* UTF-16LE, without path; lives in the list */
    size_t name_size;     /* bytes */
} eg_nt_process;

int eg_nt_list_read(eg_nt_list *list); /* takes a new picture; keeps the memory */
void eg_nt_list_done(eg_nt_list *list);
bool eg_nt_list_next(eg_nt_list *list, eg_nt_process *out);

/*
 * Appends UTF-8 to `out`. `process` needs PROCESS_QUERY_LIMITED_INFORMATION; where Windows offers
 * no direct query (before 8.1, Wine) also PROCESS_VM_READ.
 */
int eg_nt_command_line(HANDLE process, eg_buf *out);
/* Appends the current directory with its closing backslash. Needs PROCESS_VM_READ. */
int eg_nt_current_directory(HANDLE process, eg_buf *out);
bool eg_nt_parent_pid(HANDLE process, uint32_t *out);

#endif
