/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a pipe, as Windows says and not as the client says. Each function
 * takes on the client's identity for a moment on the calling thread, which must have read from the
 * pipe before, and is itself again when it returns.
 */
#ifndef EG_SERVICE_CLIENT_USER_H
#define EG_SERVICE_CLIENT_USER_H

#include "core/base/str.h"

#include <windows.h>

/* Appends DOMAIN\name, or the SID of an account without a name. EG_E_DENIED. */
int eg_client_user_name(HANDLE pipe, eg_buf *name);
/*
 * EG_OK when the client runs with the rights of an administrator in force: one whose rights were
 * not raised (UAC) is none. Else EG_E_DENIED.
 */
int eg_client_user_check_admin(HANDLE pipe);
/*
 * EG_OK for a program of somebody who is signed in, at the PC or by remote desktop, and no guest.
 * Else EG_E_DENIED.
 */
int eg_client_user_check_interactive(HANDLE pipe);

#endif
