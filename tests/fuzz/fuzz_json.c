/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/json.h"
#include "core/base/status.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_json(const uint8_t *data, size_t size);

/* `text` as one JSON string in `out`. */
static void write_string(eg_buf *out, eg_str text)
{
    eg_json json;
    eg_buf_clear(out);
    eg_json_begin(&json, out);
    eg_json_str(&json, text);
    EG_FUZZ_CHECK(out->status == EG_OK);
}

/* The same for the text that the JSON string in `from` stands for. */
static void rewrite_string(const eg_buf *from, eg_buf *out)
{
    yyjson_doc *document = NULL;
    EG_FUZZ_CHECK(eg_json_parse(eg_buf_str(from), &document) == EG_OK);
    yyjson_val *root = yyjson_doc_get_root(document);
    write_string(out, (eg_str){yyjson_get_str(root), yyjson_get_len(root)});
    yyjson_doc_free(document);
}

/*
 * Any text can be written and read. The first reading joins surrogates that stood apart; from then
 * on nothing changes any more.
 */
int eg_fuzz_json(const uint8_t *data, size_t size)
{
    eg_str text = {size > 0 ? (const char *)data : "", size};
    yyjson_doc *document = NULL;
    eg_buf first;
    eg_buf second;
    if (eg_json_parse(text, &document) == EG_OK) {
        EG_FUZZ_CHECK(yyjson_doc_get_root(document) != NULL);
    } else {
        EG_FUZZ_CHECK(strlen(eg_error_message()) > 0);
    }
    yyjson_doc_free(document);
    eg_buf_init(&first, SIZE_MAX);
    eg_buf_init(&second, SIZE_MAX);
    write_string(&first, text);
    rewrite_string(&first, &second);
    rewrite_string(&second, &first);
    EG_FUZZ_CHECK(eg_str_equal(eg_buf_str(&first), eg_buf_str(&second)));
    eg_buf_done(&first);
    eg_buf_done(&second);
    return 0;
}
