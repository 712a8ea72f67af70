/* SPDX-License-Identifier: Apache-2.0 */
/* How fuzz targets check a property: a violation ends the process; the fuzzer keeps the input. */
#ifndef EG_TESTS_FUZZ_H
#define EG_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define EG_FUZZ_CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: property violated: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

#endif
