/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What group policy sets on this PC: values below HKLM\Software\Policies\EmoGuard, each with the
 * name that the setting has in emoguard.conf (installer/policy holds the templates). Only
 * administrators and the policy client of Windows can write there. Main thread, at the start.
 */
#ifndef EG_SERVICE_POLICY_H
#define EG_SERVICE_POLICY_H

#include "core/base/str.h"

/*
 * Appends a value as emoguard.conf would have it; for eg_settings_policies, `user` unused.
 * EG_E_NOTFOUND when policy does not set it; EG_E_INVALID for a value of another type than text or
 * number.
 */
int eg_policy_read(void *user, const char *name, eg_buf *out);

#endif
