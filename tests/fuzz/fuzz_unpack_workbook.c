/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/unpack_walk.h"

int eg_fuzz_unpack_workbook(const uint8_t *data, size_t size);

static void unpack(eg_walk *walk, eg_str bytes)
{
    eg_unpack_workbook(walk, EG_STR("workbook"), bytes);
}

int eg_fuzz_unpack_workbook(const uint8_t *data, size_t size)
{
    fuzz_container(unpack, data, size);
    return 0;
}
