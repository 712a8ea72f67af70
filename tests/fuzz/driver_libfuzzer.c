/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entry libFuzzer calls, for one target: the build defines EG_FUZZ_TARGET. Only the preset
 * `fuzz` compiles this file; elsewhere tests/unit/test_fuzz_replay.c calls the same functions.
 */
#include <stddef.h>
#include <stdint.h>

int EG_FUZZ_TARGET(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return EG_FUZZ_TARGET(data, size);
}
