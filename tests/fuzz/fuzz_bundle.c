/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/update/bundle.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_bundle(const uint8_t *data, size_t size);

/* The input as an archive, which written again must be the same bytes, and as a bundle. */
int eg_fuzz_bundle(const uint8_t *data, size_t size)
{
    eg_tar_walk walk = {.archive = {(const char *)data, size}};
    eg_pack_file file;
    eg_buf again;
    eg_str last = EG_STR_NONE;
    int status;
    eg_buf_init(&again, size + 2048);
    while ((status = eg_tar_next(&walk, &file)) == EG_OK) {
        EG_FUZZ_CHECK(eg_tar_append(&again, last, &file) == EG_OK);
        last = walk.last;
    }
    if (status == EG_E_NOTFOUND) {
        EG_FUZZ_CHECK(eg_tar_end(&again) == EG_OK);
        EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&again), walk.archive));
    }
    eg_buf_done(&again);

    eg_bundle bundle;
    eg_bundle_init(&bundle);
    status = eg_bundle_unpack(walk.archive, EG_STR_NONE, &bundle);
    EG_FUZZ_CHECK((status == EG_OK) == (bundle.count > 0));
    eg_bundle_done(&bundle);
    return 0;
}
