/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/bell.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

#define URL_MAX 4096
/*
 * A proxy that cuts long waits does it again and again after the same time. After two such cuts the
 * bell asks for the server's short wait ("short=1"), which its configuration may offer.
 */
#define CUTS_MAX 2
#define CUT_SPREAD_NS UINT64_C(2000000000)
#define CUT_MIN_NS UINT64_C(4000000000) /* what ends sooner is a server that is down */

struct eg_bell {
    eg_http *http;
    eg_buf url, short_url;
    uint32_t wait_ms;
    bool is_short;
    int cuts;
    uint64_t cut_after_ns;
    /* By which nchan knows what we have: both must be sent back as they came. */
    char etag[EG_HTTP_TEXT_MAX], last_modified[EG_HTTP_TEXT_MAX];
};

int eg_bell_create(const eg_bell_options *options, eg_bell **out)
{
    eg_bell *bell = eg_alloc_zero(1, sizeof(*bell));
    if (!bell) {
        return EG_E_NOMEM;
    }
    bell->wait_ms = options->wait_ms;
    eg_buf_init(&bell->url, URL_MAX);
    eg_buf_init(&bell->short_url, URL_MAX);
    int status = eg_buf_append_cstr(&bell->url, options->url);
    if (status == EG_OK) {
        status = eg_buf_appendf(&bell->short_url, "%s?short=1", options->url);
    }
    if (status == EG_OK) {
        status = eg_http_create(&options->http, &bell->http);
    }
    if (status != EG_OK) {
        eg_bell_destroy(bell);
        return status;
    }
    *out = bell;
    return EG_OK;
}

void eg_bell_destroy(eg_bell *bell)
{
    if (bell) {
        eg_http_destroy(bell->http);
        eg_buf_done(&bell->short_url);
        eg_buf_done(&bell->url);
        eg_free(bell);
    }
}

void eg_bell_cancel(eg_bell *bell)
{
    eg_http_cancel(bell->http);
}

static void note_cut(eg_bell *bell, uint64_t waited_ns)
{
    if (waited_ns < CUT_MIN_NS) {
        return;
    }
    uint64_t difference = waited_ns > bell->cut_after_ns ? waited_ns - bell->cut_after_ns
                                                         : bell->cut_after_ns - waited_ns;
    bell->cuts = difference < CUT_SPREAD_NS ? bell->cuts + 1 : 1;
    bell->cut_after_ns = waited_ns;
    bell->is_short = bell->is_short || bell->cuts >= CUTS_MAX;
}

static eg_bell_outcome judge(eg_bell *bell, const eg_http_answer *answer, uint64_t waited_ns)
{
    switch (answer->status) {
    case 200:
        bell->cuts = 0;
        memcpy(bell->etag, answer->etag, sizeof(bell->etag));
        memcpy(bell->last_modified, answer->last_modified, sizeof(bell->last_modified));
        return EG_BELL_RANG;
    case 204:
    case 304:
    case 408: /* nchan's own word for "nothing happened" */ return EG_BELL_SILENT;
    case 403:
    case 404: return EG_BELL_ABSENT; /* 410 is nchan's when nginx ends or reloads: lost */
    case 504: /* how a proxy cuts that stays polite */
        note_cut(bell, waited_ns);
        return EG_BELL_LOST;
    default: return EG_BELL_LOST;
    }
}

static eg_str validator(const char *text)
{
    return text[0] != '\0' ? eg_str_from(text) : EG_STR_NONE;
}

int eg_bell_wait(eg_bell *bell, eg_buf *body, eg_bell_outcome *out)
{
    eg_http_answer answer = {0};
    const eg_http_request request = {
        .url = eg_buf_cstr(bell->is_short ? &bell->short_url : &bell->url),
        .max = EG_BELL_BODY_MAX,
        .timeout_ms = bell->wait_ms,
        .may_be_silent = true,
        .etag = validator(bell->etag),
        .last_modified = validator(bell->last_modified),
    };
    uint64_t start = eg_clock_monotonic_ns();
    int status = eg_http_get(bell->http, &request, body, &answer);
    uint64_t waited_ns = eg_clock_monotonic_ns() - start;
    switch (status) {
    case EG_OK: *out = judge(bell, &answer, waited_ns); return EG_OK;
    case EG_E_NOMEM:
    case EG_E_CLOSED: return status;
    case EG_E_TIMEOUT: *out = EG_BELL_SILENT; return EG_OK;
    default:
        note_cut(bell, waited_ns);
        *out = EG_BELL_LOST;
        return EG_OK;
    }
}
