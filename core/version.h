/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that knows EmoGuard's version. C code, resource scripts, CMake and the installer
 * take it from here. Only plain #define lines, because resource compilers read this file too.
 */
#ifndef EG_VERSION_H
#define EG_VERSION_H

#define EG_VERSION_MAJOR 0
#define EG_VERSION_MINOR 1
#define EG_VERSION_PATCH 0
#define EG_VERSION_STRING "0.1.0"

#define EG_PRODUCT_NAME "EmoGuard"
#define EG_COMPANY_NAME "EmoGuard project"
#define EG_COPYRIGHT "Copyright (c) the EmoGuard authors. Apache License 2.0."

#endif
