/* SPDX-License-Identifier: Apache-2.0 */
/* From which sensor a log source or a field would come: a table for people, no promise. Pure. */
#ifndef EG_CLI_SENSOR_HINTS_H
#define EG_CLI_SENSOR_HINTS_H

#include "core/base/str.h"

/* Never NULL. */
const char *eg_hint_for_source(eg_str log_source);
const char *eg_hint_for_field(eg_str log_source, eg_str field);

#endif
