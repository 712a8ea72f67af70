/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a stored hit to the exception that would have hidden it, and what else that would have
 * hidden. Reads the store, changes nothing; one thread.
 */
#ifndef EG_CLI_EXCEPTION_PROPOSAL_H
#define EG_CLI_EXCEPTION_PROPOSAL_H

#include "core/detect/exception_list.h"
#include "core/store/store.h"

#define EG_PROPOSALS_MAX 16

/* What the command line says beyond the hit; NULL and false: nothing. */
typedef struct eg_proposal_wish {
    const char *keep; /* "path,hash": these conditions of the hit alone */
    const char *rule;
    bool any_rule;
    bool whole_rule;
    const char *wanted[EG_EXCEPTION_ON_COUNT];
    const char *reason;
    uint64_t now, expires; /* FILETIME; expires 0 never */
} eg_proposal_wish;

/*
 * The narrowest that makes sense: its rule, its signer or else its hash, its program and who
 * started it; or what is kept of all it tells. Texts lie in the arena. EG_E_INVALID when something
 * is to be kept that the hit does not tell.
 */
int eg_exception_propose(const eg_hit *hit, const eg_exception_facts *facts,
                         const eg_proposal_wish *wish, eg_arena *arena, eg_exception *out);
/* Without a hit: the wish alone, from which it borrows. */
eg_exception eg_exception_wished(const eg_proposal_wish *wish);

/* The same of one hit, or of each hit of a story, every exception once. */
int eg_proposals_of_hit(eg_store *store, int64_t hit_id, const eg_proposal_wish *wish,
                        eg_exception_list *out);
int eg_proposals_of_incident(eg_store *store, int64_t incident_id, const eg_proposal_wish *wish,
                             eg_exception_list *out);

/* A hit that is not hidden, newest first; `hidden` says whether one of the list would hide it. */
typedef int (*eg_preview_visit)(void *user, const eg_hit *hit, bool hidden);
int eg_exceptions_preview(eg_store *store, const eg_exception_list *list, eg_preview_visit visit,
                          void *user);

#endif
