/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/update/canonical_json.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_canonical_json(const uint8_t *data, size_t size);

static int canonical(eg_str text, eg_buf *out)
{
    yyjson_doc *document = NULL;
    int status = eg_canonical_json_read(text, &document);
    if (status == EG_OK) {
        status = eg_canonical_json_write(yyjson_doc_get_root(document), out);
        EG_FUZZ_CHECK(status == EG_OK); /* what is read can be written, and never grows */
        yyjson_doc_free(document);
    }
    return status;
}

/* Where it can be read back (raw control characters are no JSON), the canonical form is its own. */
int eg_fuzz_canonical_json(const uint8_t *data, size_t size)
{
    eg_str text = {size > 0 ? (const char *)data : "", size};
    eg_buf once, twice;
    eg_buf_init(&once, size);
    eg_buf_init(&twice, size);
    if (canonical(text, &once) == EG_OK && canonical(eg_buf_str(&once), &twice) == EG_OK) {
        EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&once), eg_buf_str(&twice)));
    }
    eg_buf_done(&twice);
    eg_buf_done(&once);
    return 0;
}
