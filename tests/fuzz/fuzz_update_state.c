/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/update/state.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_update_state(const uint8_t *data, size_t size);

static void check(eg_str bytes)
{
    eg_tuf_state state;
    eg_buf again;
    eg_tuf_state_init(&state);
    int status = eg_tuf_state_decode(bytes, &state);
    if (status != EG_OK) {
        EG_FUZZ_CHECK(status == EG_E_CORRUPT && state.file_count == 0);
        return;
    }
    eg_buf_init(&again, bytes.len);
    EG_FUZZ_CHECK(eg_tuf_state_encode(&state, &again) == EG_OK);
    EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&again), bytes));
    eg_buf_done(&again);
    eg_tuf_state_done(&state);
}

/* As it is, and as what follows a head whose checksum fits: else the parser is never reached. */
int eg_fuzz_update_state(const uint8_t *data, size_t size)
{
    static const char magic[8] = {'E', 'G', 'T', 'U', 'F', '0', '1', '\n'};
    size_t head = sizeof(magic) + EG_HASH256_SIZE;
    eg_str text = {size > 0 ? (const char *)data : "", size};
    char *bytes = eg_alloc(head + size);
    EG_FUZZ_CHECK(bytes && eg_crypto_init() == EG_OK);
    check(text);
    memcpy(bytes, magic, sizeof(magic));
    eg_sha256(text, (uint8_t *)bytes + sizeof(magic));
    memcpy(bytes + head, text.ptr, size);
    check((eg_str){bytes, head + size});
    eg_free(bytes);
    return 0;
}
