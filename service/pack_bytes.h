/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The samples of bytes that a pack brings, against its own YARA rules: samples/<rule>/hit*.bytes
 * must meet that rule, itself or by what is packed in it, miss*.bytes must not. They are scanned
 * where files are, in the child. On a slow PC those beyond EG_PACK_BYTES_SECONDS are left out,
 * which the log tells. The thread of the scanner.
 */
#ifndef EG_SERVICE_PACK_BYTES_H
#define EG_SERVICE_PACK_BYTES_H

#include "core/detect/ruleset.h"
#include "core/update/bundle.h"
#include "core/yara/scanner.h"

#define EG_PACK_BYTES_SECONDS 60

/* EG_E_INVALID names the sample that is not met; EG_E_CLOSED, EG_E_NOMEM. */
int eg_pack_bytes_run(eg_scanner *scanner, const eg_ruleset *ruleset, const eg_bundle *bundle);

#endif
