/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one form of a JSON value that signatures are made over: "canonical JSON" of OLPC, as TUF 1.0
 * uses it (section 4.1): members sorted by the bytes of their names, no white space, in strings
 * only `"` and `\` escaped, no numbers but integers. And a strict reader, which refuses what two
 * readers could take for two different things. Pure functions; the caller owns buffer and document.
 */
#ifndef EG_UPDATE_CANONICAL_JSON_H
#define EG_UPDATE_CANONICAL_JSON_H

#include "core/base/json.h"

#define EG_CANONICAL_DEPTH_MAX 32

/*
 * Parses `text`. Refuses with EG_E_INVALID, beside what is not JSON: a member name that stands
 * twice in an object, numbers with fraction, exponent or more than 64 bits, strings that are not
 * Unicode text, nesting beyond EG_CANONICAL_DEPTH_MAX. The caller frees with yyjson_doc_free.
 */
int eg_canonical_json_read(eg_str text, yyjson_doc **out);

/* Appends the canonical form of `value`; EG_E_INVALID for what the reader would refuse. */
int eg_canonical_json_write(yyjson_val *value, eg_buf *out);

#endif
