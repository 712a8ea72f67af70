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

void eg_cli_append_column(eg_buf *out, eg_str text, size_t width)
{
    EG_UNUSED(width);
    eg_buf_append_str(out, text);
}

void eg_cli_append_cut(eg_buf *out, eg_str text, size_t width)
{
    EG_UNUSED(width);
    eg_buf_append_str(out, text);
}
