/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the command line under test say what is wrong through these; here it is counted. */
#ifndef EG_TESTS_CLI_FIXTURE_H
#define EG_TESTS_CLI_FIXTURE_H

#include <stddef.h>

extern size_t eg_test_cli_complaints;

#endif
