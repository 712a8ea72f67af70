/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/pack_fixture.h"

#include "core/base/status.h"

#include <inttypes.h>
#include <stdio.h>

#define FILLER_SIZE 20000

static void add_file(eg_buf *archive, eg_str *last, const char *name, eg_str text)
{
    eg_pack_file file = {eg_str_from(name), text};
    assert_int_equal(eg_tar_append(archive, *last, &file), EG_OK);
    *last = file.name;
}

void eg_test_pack_hash(const eg_test_pack *pack, char out[2 * EG_HASH256_SIZE + 1])
{
    uint8_t hash[EG_HASH256_SIZE];
    eg_sha256(eg_buf_str(&pack->bundle.archive), hash);
    eg_hex_encode(hash, sizeof(hash), out);
}

void eg_test_pack_make(eg_test_pack *pack, uint64_t serial, const char *more)
{
    char json[128], hash[2 * EG_HASH256_SIZE + 1], filler[FILLER_SIZE];
    uint32_t noise = 1;
    eg_str last = EG_STR_NONE;
    eg_buf archive;
    for (size_t i = 0; i < sizeof(filler); i++) {
        noise = noise * 1664525u + 1013904223u;
        filler[i] = (char)('!' + (noise >> 24) % 90);
    }
    snprintf(json, sizeof(json), "{\"name\":\"site\",\"serial\":%" PRIu64 "}", serial);
    eg_buf_init(&archive, 1024 * 1024);
    add_file(&archive, &last, "pack.json", eg_str_from(json));
    add_file(&archive, &last, "sigma/a.yml", (eg_str){filler, sizeof(filler)});
    assert_int_equal(eg_tar_end(&archive), EG_OK);
    assert_int_equal(eg_bundle_open(&archive, &pack->bundle), EG_OK);
    assert_int_equal(eg_bundle_pack(&pack->bundle, EG_STR_NONE, &pack->packed), EG_OK);
    eg_test_pack_hash(pack, hash);
    snprintf(pack->path, sizeof(pack->path), "rules/%" PRIu64 ".tar.zst", serial);
    snprintf(pack->custom, sizeof(pack->custom),
             "{\"name\":\"site\",\"serial\":%" PRIu64
             ",\"archive\":{\"sha256\":\"%s\",\"length\":%zu}%s}",
             serial, hash, pack->bundle.archive.len, more);
}
