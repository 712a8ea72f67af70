/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/cli_fixture.h"

#include "cli/cli.h"

size_t eg_test_cli_complaints;

void eg_cli_error(const char *format, ...)
{
    EG_UNUSED(format);
    eg_test_cli_complaints++;
}

void eg_cli_print(FILE *stream, eg_str text)
{
    EG_UNUSED(stream);
    eg_test_cli_complaints += text.len > 0 ? 1 : 0;
}
