/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/crypto.h"
#include "core/update/der.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_der(const uint8_t *data, size_t size);

static bool lies_in(eg_str part, eg_str whole)
{
    return part.len > 0 && part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

/* Numbers lie within their key; PEM of any text never overflows. */
int eg_fuzz_der(const uint8_t *data, size_t size)
{
    uint8_t numbers[2 * EG_P256_NUMBER_SIZE], key[64];
    eg_str text = {size > 0 ? (const char *)data : "", size};
    eg_str modulus, exponent;
    (void)eg_der_p256_key(text, numbers);
    (void)eg_der_p256_signature(text, numbers);
    if (eg_der_rsa_key(text, &modulus, &exponent)) {
        EG_FUZZ_CHECK(lies_in(modulus, text) && lies_in(exponent, text));
    }
    EG_FUZZ_CHECK(eg_pem_public_key(text, key, sizeof(key)) <= sizeof(key));
    return 0;
}
