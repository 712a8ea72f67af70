/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/tuf_client/fetch.h"

#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

#define URL_MAX (16 * 1024)

static int by_http(eg_http *http, const char *url, size_t max, eg_buf *body)
{
    eg_http_request request = {.url = url, .max = max, .timeout_ms = 30000};
    eg_http_answer answer = {0};
    int status = eg_http_get(http, &request, body, &answer);
    if (status == EG_OK && (answer.status == 403 || answer.status == 404)) { /* as source.c */
        return eg_fail(EG_E_NOTFOUND, "%s: %d", url, answer.status);
    }
    if (status == EG_OK && answer.status != 200) {
        return eg_fail(EG_E_IO, "%s: answer %d", url, answer.status);
    }
    return status;
}

static int fetch(void *user, const eg_fetch_request *request, const eg_fetch_sink *sink)
{
    const eg_test_fetch *of = user;
    const char *base = request->area == EG_FETCH_METADATA ? of->metadata_base : of->target_base;
    size_t max = (size_t)request->max_bytes;
    eg_buf url, body;
    eg_buf_init(&url, URL_MAX);
    eg_buf_init(&body, max);
    eg_buf_append_cstr(&url, base);
    if (url.len > 0 && url.data[url.len - 1] != '/') {
        eg_buf_append_char(&url, '/');
    }
    int status = eg_buf_append_cstr(&url, request->path);
    if (status == EG_OK) {
        status = strncmp(base, "http", 4) == 0 ? by_http(of->http, url.data, max, &body)
                                               : eg_file_read(url.data, max, &body);
    }
    if (status == EG_OK) {
        status = sink->write(sink->user, eg_buf_cstr(&body), body.len);
    }
    eg_buf_done(&body);
    eg_buf_done(&url);
    return status;
}

eg_fetcher eg_test_fetch_fetcher(eg_test_fetch *of)
{
    return (eg_fetcher){of, fetch};
}
