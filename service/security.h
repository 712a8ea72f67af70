/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Security descriptors from their text form (SDDL), and who owns a thing. No state, any thread.
 * What eg_security_from_sddl hands out is freed with LocalFree.
 */
#ifndef EG_SERVICE_SECURITY_H
#define EG_SERVICE_SECURITY_H

#include <stdbool.h>

#include <windows.h>

int eg_security_from_sddl(const wchar_t *sddl, PSECURITY_DESCRIPTOR *out);
/* True when the open file or folder belongs to SYSTEM, the Administrators or this very account. */
bool eg_security_owner_is_trusted(HANDLE handle);
/* Replaces the access list of an open file or folder and cuts it off from its parent's. */
int eg_security_set_dacl(HANDLE handle, const wchar_t *sddl);
/* True when this process may do what an administrator may. */
bool eg_security_is_administrator(void);

#endif
