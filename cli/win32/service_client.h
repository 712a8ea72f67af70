/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One short conversation with the service over its pipe: connect, hello, ask for the status.
 * Blocking, each step with a deadline; one thread.
 */
#ifndef EG_CLI_SERVICE_CLIENT_H
#define EG_CLI_SERVICE_CLIENT_H

#include "core/base/json.h"
#include "core/ipc/frame.h"
#include "core/ipc/message.h"

/*
 * Replaces `json` with the status document of the service behind `pipe` (NULL: the installed one).
 * EG_E_NOTFOUND when no service listens, EG_E_TIMEOUT, EG_E_UNSUPPORTED for another protocol.
 */
int eg_service_status(const char *pipe, uint32_t timeout_ms, eg_buf *json);

#endif
