/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/update/signature.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_tuf_metadata(const uint8_t *data, size_t size);

static void check_role(const eg_tuf_metadata *metadata, const eg_tuf_role *role)
{
    EG_FUZZ_CHECK(role->threshold >= 1 && role->key_count <= EG_TUF_KEYS_MAX);
    for (size_t i = 0; i < role->key_count; i++) {
        EG_FUZZ_CHECK(role->keys[i]->id.len == 2 * EG_HASH256_SIZE);
    }
    int status = eg_tuf_check_signatures(metadata, role, EG_STR("fuzz"));
    EG_FUZZ_CHECK(status == EG_OK || status == EG_E_INVALID);
    EG_FUZZ_CHECK(status != EG_OK || metadata->signature_count >= role->threshold);
}

static void check_targets(const eg_tuf_metadata *metadata)
{
    for (size_t i = 0; i < metadata->target_count; i++) {
        EG_FUZZ_CHECK(eg_tuf_find_target(metadata, metadata->targets[i].path) ==
                      &metadata->targets[i]);
        EG_FUZZ_CHECK(metadata->targets[i].hashes.given > 0);
    }
    for (size_t i = 0; i < metadata->delegation_count; i++) {
        check_role(metadata, &metadata->delegations[i].role);
        (void)eg_tuf_delegates(&metadata->delegations[i], EG_STR("rules/a-b.zst"));
    }
}

/* The first byte chooses the kind; whatever is read is whole, and costs no more than its size. */
int eg_fuzz_tuf_metadata(const uint8_t *data, size_t size)
{
    eg_tuf_metadata *metadata = NULL;
    if (size == 0) {
        return 0;
    }
    eg_tuf_kind kind = (eg_tuf_kind)(data[0] % EG_TUF_KIND_COUNT);
    if (eg_tuf_metadata_read((eg_str){(const char *)data + 1, size - 1}, kind, &metadata) !=
        EG_OK) {
        EG_FUZZ_CHECK(strlen(eg_error_message()) > 0);
        return 0;
    }
    EG_FUZZ_CHECK(metadata->version > 0 && metadata->signed_bytes.len < size);
    for (int i = 0; kind == EG_TUF_ROOT && i < EG_TUF_KIND_COUNT; i++) {
        check_role(metadata, &metadata->roles[i]);
    }
    EG_FUZZ_CHECK(kind != EG_TUF_TIMESTAMP || metadata->meta_count == 1);
    EG_FUZZ_CHECK(kind != EG_TUF_SNAPSHOT || eg_tuf_find_meta(metadata, EG_STR("targets")));
    check_targets(metadata);
    eg_tuf_metadata_destroy(metadata);
    return 0;
}
