/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exceptions that administrators have made on this PC, for a check: what is in force now, as
 * far as the service's database may be read. Stateless; one thread.
 */
#ifndef EG_CLI_CHECK_EXCEPTIONS_H
#define EG_CLI_CHECK_EXCEPTIONS_H

#include "core/detect/exception_list.h"

/*
 * *out stays NULL where there is no database, or none that may be read: then nothing is hidden.
 * EG_E_NOMEM. The caller destroys the list.
 */
int eg_check_exceptions_load(uint64_t now, eg_exception_list **out);

#endif
