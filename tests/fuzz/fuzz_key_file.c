/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/update/key_file.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_key_file(const uint8_t *data, size_t size);

/* Unlocking takes as long as the file says: only open ones are read whole. */
int eg_fuzz_key_file(const uint8_t *data, size_t size)
{
    eg_str bytes = {size > 0 ? (const char *)data : "", size};
    eg_secret_key key, again;
    bool locked = false;
    EG_FUZZ_CHECK(eg_crypto_init() == EG_OK);
    int status = eg_key_file_look(bytes, &key, &locked);
    if (status != EG_OK) {
        EG_FUZZ_CHECK(status == EG_E_INVALID && strlen(eg_error_message()) > 0);
        return 0;
    }
    EG_FUZZ_CHECK(strlen(key.id) == 2 * EG_HASH256_SIZE && strlen(key.role) > 0);
    if (!locked && eg_key_file_read(bytes, EG_STR_NONE, &again) == EG_OK) {
        EG_FUZZ_CHECK(strcmp(key.id, again.id) == 0);
    }
    return 0;
}
