/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of the tray. Pure; texts borrow from the arguments.
 */
#ifndef EG_TRAY_OPTIONS_H
#define EG_TRAY_OPTIONS_H

#include <stdbool.h>
#include <wchar.h>

typedef struct eg_tray_options {
    const wchar_t *pipe; /* NULL: the service's own */
    const wchar_t *show; /* file with alerts to show, NULL: connect to the service */
    int scale;           /* percent, 0: that of the screen */
    bool contrast;       /* the system's colours, as where the person chose high contrast */
    bool help;
    bool version;
} eg_tray_options;

/* On failure EG_E_INVALID and *wrong, the argument that is not understood. */
int eg_tray_options_read(int count, wchar_t *const *arguments, eg_tray_options *out,
                         const wchar_t **wrong);

#endif
