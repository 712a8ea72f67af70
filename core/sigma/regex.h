/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions as Sigma means them: unanchored search, case-sensitive, '.' not across lines,
 * \w \d \s in ASCII. PCRE2 with JIT and a limit on the work, so that no event can stall the agent.
 * A compiled expression is immutable and serves any thread; a scratch belongs to one.
 */
#ifndef EG_SIGMA_REGEX_H
#define EG_SIGMA_REGEX_H

#include "core/base/str.h"

enum {
    EG_REGEX_NOCASE = 1 << 0,
    EG_REGEX_MULTILINE = 1 << 1,
    EG_REGEX_DOTALL = 1 << 2,
};

typedef struct eg_regex eg_regex;
typedef struct eg_regex_scratch eg_regex_scratch;

/* EG_E_INVALID with place and reason; EG_E_NOMEM. */
int eg_regex_compile(eg_str pattern, unsigned flags, eg_regex **out);
void eg_regex_destroy(eg_regex *regex); /* NULL-safe */
size_t eg_regex_memory(const eg_regex *regex);

int eg_regex_scratch_create(eg_regex_scratch **out);
void eg_regex_scratch_destroy(eg_regex_scratch *scratch); /* NULL-safe */
/*
 * `subject` must be valid UTF-8. EG_E_LIMIT when the work allowed was used up (*found is false
 * then), EG_E_NOMEM.
 */
int eg_regex_search(const eg_regex *regex, eg_regex_scratch *scratch, eg_str subject, bool *found);

#endif
