/* SPDX-License-Identifier: Apache-2.0 */
/* What needs attention, in words. Results live in the arena; any thread. */
#ifndef EG_TRAY_ATTENTION_TEXT_H
#define EG_TRAY_ATTENTION_TEXT_H

#include "core/ipc/message.h"
#include "tray/text.h"

/* One sentence without its full stop: "Rules are 21 days old". */
const wchar_t *eg_attention_text(eg_arena *arena, const eg_attention *attention);

#endif
