/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/update/agent_state.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_agent_state(const uint8_t *data, size_t size);

/* What was read and written is read as the same again. */
static void check(eg_str bytes)
{
    eg_agent_state state, again;
    eg_buf text;
    int status = eg_agent_state_decode(bytes, &state);
    if (status != EG_OK) {
        EG_FUZZ_CHECK(status == EG_E_CORRUPT);
        return;
    }
    eg_buf_init(&text, 4 * EG_AGENT_STATE_BYTES_MAX);
    EG_FUZZ_CHECK(eg_agent_state_encode(&state, &text) == EG_OK);
    EG_FUZZ_CHECK(eg_agent_state_decode(eg_buf_str(&text), &again) == EG_OK);
    EG_FUZZ_CHECK(again.current.serial == state.current.serial &&
                  again.rejected_count == state.rejected_count);
    eg_buf_done(&text);
}

/* As it is, and as what follows a checksum that fits: else the parser is never reached. */
int eg_fuzz_agent_state(const uint8_t *data, size_t size)
{
    enum { HEAD = 2 * EG_HASH256_SIZE + 1 };
    uint8_t checksum[EG_HASH256_SIZE];
    eg_str text = {size > 0 ? (const char *)data : "", size};
    char *bytes = eg_alloc(HEAD + size);
    EG_FUZZ_CHECK(bytes && eg_crypto_init() == EG_OK);
    check(text);
    eg_sha256(text, checksum);
    eg_hex_encode(checksum, sizeof(checksum), bytes);
    bytes[HEAD - 1] = '\n';
    memcpy(bytes + HEAD, text.ptr, size);
    check((eg_str){bytes, HEAD + size});
    eg_free(bytes);
    return 0;
}
