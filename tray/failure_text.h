/* SPDX-License-Identifier: Apache-2.0 */
/* Why a check or a look for new rules failed, in the person's language; "" for no failure. Pure. */
#ifndef EG_TRAY_FAILURE_TEXT_H
#define EG_TRAY_FAILURE_TEXT_H

#include "core/ipc/message.h"
#include "tray/text.h"

const wchar_t *eg_check_failure_text(eg_arena *arena, eg_check_failure failure);
const wchar_t *eg_update_failure_text(eg_arena *arena, eg_update_failure failure);

#endif
