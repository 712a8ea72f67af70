/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs as their publisher has them: the files as a bundle, packed, and what the target's "custom"
 * says of it. Include after unit.h.
 */
#ifndef EG_TESTS_PACK_FIXTURE_H
#define EG_TESTS_PACK_FIXTURE_H

#include "core/update/bundle.h"
#include "core/update/crypto.h"

typedef struct eg_test_pack {
    char path[64], custom[1024];
    eg_bundle bundle; /* initialised, as is the next */
    eg_buf packed;
} eg_test_pack;

/* All have a long text in common, that nothing makes shorter; `more` is put into "custom". */
void eg_test_pack_make(eg_test_pack *pack, uint64_t serial, const char *more);
/* Of its archive. */
void eg_test_pack_hash(const eg_test_pack *pack, char out[2 * EG_HASH256_SIZE + 1]);

#endif
