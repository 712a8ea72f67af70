/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan worker's side of the conversation: takes requests from its pipe, one at a time, answers
 * them, and ends when the other side does. It opens nothing by itself: files and processes come as
 * handles. One thread, that of the program.
 */
#ifndef EG_WORKER_SERVE_H
#define EG_WORKER_SERVE_H

#include "core/yara/engine.h"

#include <windows.h>

/* Gives up further rights, says READY, serves. EG_OK when the other side closed the pipe. */
int eg_worker_serve(HANDLE pipe, const eg_yara_ops *engine);

/*
 * "--pipe NUMBER" of the command line, an inherited handle; EG_E_INVALID. Takes the rest of
 * what a worker's main() has to do as well; returns its exit code.
 */
int eg_worker_main(int argc, char **argv, const eg_yara_ops *engine);

#endif
