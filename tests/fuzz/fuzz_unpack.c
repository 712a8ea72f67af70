/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/unpack_walk.h"

int eg_fuzz_unpack(const uint8_t *data, size_t size);

/* The input as a file: what it is, is told by its bytes. */
int eg_fuzz_unpack(const uint8_t *data, size_t size)
{
    fuzz_told told = {0, 0, 0, 0};
    eg_unpack_visitor visitor = {&told, fuzz_take_part, fuzz_take_problem};
    eg_str bytes = {(const char *)data, size};
    EG_FUZZ_CHECK(eg_unpack(bytes, EG_STR("file"), &fuzz_limits, &visitor) == EG_OK);
    fuzz_check(&told);
    return 0;
}
