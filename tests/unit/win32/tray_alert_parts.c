/* SPDX-License-Identifier: Apache-2.0 */
/* See tray_parts.c; apart from it because the two have static functions of the same names. */
#include "tray/alert_body.c"
#include "tray/alert_window.c"
