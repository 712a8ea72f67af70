/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which login the signed-in user gets through a proxy, without being asked. Nothing is kept:
 * where a password is needed, it lies in Windows' Credential Manager, put there by the user or the
 * administrator (`cmdkey /generic:EmoGuard:http://proxy:8080 /user:NAME /pass`). Any thread.
 */
#ifndef EG_TRAY_PROXY_LOGIN_H
#define EG_TRAY_PROXY_LOGIN_H

#include "core/base/str.h"

/*
 * Fills "name:password" when `stored` allows it and there is one under "EmoGuard:" and the address
 * of the proxy; else ":", with which Windows signs in as the user (Negotiate, NTLM).
 */
int eg_proxy_login_get(eg_str proxy, bool stored, eg_buf *out);

#endif
