/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/unpack/shell_link.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_shell_link(const uint8_t *data, size_t size);

/* What is read comes from the input: it cannot be longer than its bytes as UTF-8. */
int eg_fuzz_shell_link(const uint8_t *data, size_t size)
{
    eg_shell_link link;
    eg_shell_link_init(&link);
    int status = eg_shell_link_parse(data, size, &link);
    EG_FUZZ_CHECK(status == EG_OK || status == EG_E_INVALID || status == EG_E_LIMIT);
    EG_FUZZ_CHECK(link.arguments.len <= 3 * size);
    EG_FUZZ_CHECK(link.working_directory.len <= 3 * size);
    EG_FUZZ_CHECK(status != EG_OK || size >= 76);
    eg_shell_link_done(&link);
    return 0;
}
