/* SPDX-License-Identifier: Apache-2.0 */
/* How the tray's windows look, for the tests that open them; see service_parts.c. */
#include "tray/alert_draw.c"
#include "tray/fonts.c"
#include "tray/look.c"
#include "tray/palette.c"
#include "tray/paragraph.c"
#include "tray/smooth.c"
#include "tray/symbols.c"
