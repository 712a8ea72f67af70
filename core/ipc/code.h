/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short code of an incident that a clerk reads out on the phone: "7K3-Q9". Made from its number
 * alone, so the window and the administrator's command line agree without storing it; neighbouring
 * numbers look unlike each other. No letter or digit that is mistaken for another. Pure.
 */
#ifndef EG_IPC_CODE_H
#define EG_IPC_CODE_H

#include "core/base/str.h"

#define EG_INCIDENT_CODE_SIZE 7 /* with the NUL */

void eg_incident_code(int64_t incident_id, char out[EG_INCIDENT_CODE_SIZE]);
/* Its number (those above 28 million share codes with low ones); any case, dash optional. */
bool eg_incident_from_code(eg_str code, int64_t *incident_id);

/*
 * What an administrator types to except a story that somebody called his own doing; takes the code.
 * Answers alone never except anything.
 */
#define EG_EXCEPTION_PROPOSAL "emoguard exceptions add --from-incident %s --why \"...\""

#endif
