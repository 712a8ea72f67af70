/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both sides of the courier in one process: what service and tray say to each other goes through
 * the real messages, from one thread to another, without a pipe.
 */
#ifndef EG_TESTS_BY_TRAY_H
#define EG_TESTS_BY_TRAY_H

#include "core/update/http.h"

/* As eg_http_get, by a tray whose user has this login. */
int eg_by_tray_get(const char *login, const eg_http_options *http, const eg_http_request *request,
                   eg_buf *body, eg_http_answer *out);

#endif
