/* SPDX-License-Identifier: Apache-2.0 */
/* For every unit test: cmocka with the headers it wants first, and the groups' prototypes. */
#ifndef EG_TESTS_UNIT_H
#define EG_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST(name) int eg_test_##name(void);
#include "tests/unit/tests.def"
#undef TEST

#endif
