/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a parsed JSON value into JSON that is being written: evidence into an exported hit, a status
 * object into a message. Going through the writer keeps what comes out well-formed, whatever was
 * stored. Pure; value and writer belong to the caller.
 */
#ifndef EG_BASE_JSON_COPY_H
#define EG_BASE_JSON_COPY_H

#include "core/base/json.h"

/* Nesting beyond what the writer can hold becomes null. Failures stay in the writer's buffer. */
void eg_json_copy(eg_json *json, yyjson_val *value);

#endif
