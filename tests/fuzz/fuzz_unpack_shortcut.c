/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/unpack_walk.h"

int eg_fuzz_unpack_shortcut(const uint8_t *data, size_t size);

int eg_fuzz_unpack_shortcut(const uint8_t *data, size_t size)
{
    fuzz_container(eg_unpack_shortcut, data, size);
    return 0;
}
