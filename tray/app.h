/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tray's own life: a hidden window that owns icon, menu, alert window, list of alerts and the
 * connection to the service, and decides what is shown when. Everything runs on its thread except
 * the pipe client. The caller runs the message loop through eg_app_run.
 */
#ifndef EG_TRAY_APP_H
#define EG_TRAY_APP_H

#include "tray/options.h"

#include <windows.h>

/* Returns when the person exits or the session ends. A failure to start has an error message. */
int eg_app_run(HINSTANCE instance, const eg_tray_options *options);

#endif
