/* SPDX-License-Identifier: Apache-2.0 */
/* See service_parts.c; apart from it because the two have static functions of the same names. */
#include "service/client_requests.c"
#include "service/client_session.c"
#include "service/pipe_server.c"
