/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules of a set ask for facts that take reading a file (file_facts.h): they are decided in
 * the second pass (second_pass.h), all others at once. Immutable, lives as long as its set.
 */
#ifndef EG_DETECT_SLOW_RULES_H
#define EG_DETECT_SLOW_RULES_H

#include "core/detect/file_facts.h"
#include "core/sigma/set.h"

typedef struct eg_slow_rules eg_slow_rules;

int eg_slow_rules_create(const eg_sigma_set *set, eg_slow_rules **out);
void eg_slow_rules_destroy(eg_slow_rules *slow); /* NULL-safe */
bool eg_slow_rules_has(const eg_slow_rules *slow, uint32_t rule);
/* The facts (EG_FACT_...) that rules on this event ask for and it does not hold; 0 for none. */
uint32_t eg_slow_rules_wanted(const eg_slow_rules *slow, const eg_event *event);

#endif
