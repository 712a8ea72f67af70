/* SPDX-License-Identifier: Apache-2.0 */
/* emoguard exceptions add: propose, preview, ask, have the service make it. One thread. */
#ifndef EG_CLI_EXCEPTION_ADD_H
#define EG_CLI_EXCEPTION_ADD_H

#include "cli/exception_proposal.h"

typedef struct eg_exception_order {
    int64_t hit, incident; /* from which; 0 none, then the wish says all */
    eg_proposal_wish wish;
    bool dry_run, yes, json;
} eg_exception_order;

/* EG_E_CLOSED when the person said no. */
int eg_exceptions_add(eg_store *store, const eg_exception_order *order);
/* What an exception is about, one line each, as `add` and `show` print it. */
void eg_exception_print(const eg_exception *exception);
/* "2027-02-21", "never" or "over since 2026-11-23": when it ends. */
#define EG_EXCEPTION_END_SIZE 40
void eg_exception_end_text(const eg_exception *exception, uint64_t now,
                           char out[EG_EXCEPTION_END_SIZE]);

#endif
