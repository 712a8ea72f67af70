/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxy that the system has for programs without a user: what `netsh winhttp` sets, else what
 * the network tells by its own automatic configuration. WinHTTP is loaded when it is asked and not
 * before. Any thread; may take seconds.
 */
#ifndef EG_SERVICE_SYSTEM_PROXY_H
#define EG_SERVICE_SYSTEM_PROXY_H

#include "core/base/str.h"

/* Appends "http://host:port", or nothing when there is none for this URL. */
int eg_system_proxy_find(const char *url, eg_buf *out);

/*
 * Is this host one that the proxy is not used for, by a list like "<local>;*.example.jp 10.*"?
 * "<local>" is every name without a point.
 */
bool eg_system_proxy_is_bypassed(eg_str list, eg_str host);

/* That for `scheme` in "host:port" or "http=a:1;https=b:2", parted by ';' or blanks. */
eg_str eg_system_proxy_pick(eg_str list, eg_str scheme);

#endif
