/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/errand.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "core/update/http.h"
#include "core/version.h"

#include <string.h>

#define CONNECT_MS 15000u
#define SILENCE_S 60u
#define ADDRESS_MAX 4096u
#define LOGIN_MAX 1024u
#define TEXT_MAX 256

struct eg_errands {
    eg_errands_options options;
    eg_thread *thread;               /* of the errand, until the next one or the end */
    eg_buf url, proxy, ca_pem, etag; /* the texts of `errand` */
    eg_errand errand;
    eg_http_answer answer;
    char error[TEXT_MAX];
    eg_mutex lock; /* for what follows */
    bool fetched;  /* `body` is the errand's, to be asked for */
    bool dropped;  /* nobody wants it any more */
    eg_http *http; /* while it is fetched */
    eg_buf body;   /* the thread's until `fetched` */
};

int eg_errands_create(const eg_errands_options *options, eg_errands **out)
{
    eg_errands *errands = eg_alloc_zero(1, sizeof(*errands));
    int status = errands ? eg_mutex_init(&errands->lock) : EG_E_NOMEM;
    if (status != EG_OK) {
        eg_free(errands);
        return status;
    }
    errands->options = *options;
    errands->dropped = true; /* there is none */
    eg_buf_init(&errands->url, ADDRESS_MAX);
    eg_buf_init(&errands->proxy, ADDRESS_MAX);
    eg_buf_init(&errands->ca_pem, EG_ERRAND_CA_MAX);
    eg_buf_init(&errands->etag, EG_HTTP_TEXT_MAX);
    eg_buf_init(&errands->body, EG_ERRAND_FILE_MAX);
    *out = errands;
    return EG_OK;
}

/* ---- the fetching's thread ---- */

static eg_errand_result result_of(int status)
{
    switch (status) {
    case EG_OK: return EG_ERRAND_ANSWERED;
    case EG_E_DENIED: return EG_ERRAND_DENIED;
    case EG_E_TIMEOUT: return EG_ERRAND_TIMEOUT;
    case EG_E_LIMIT: return EG_ERRAND_TOO_LARGE;
    case EG_E_IO: return EG_ERRAND_BROKEN;
    default: return EG_ERRAND_REFUSED;
    }
}

static int open_http(eg_errands *errands)
{
    eg_buf login;
    eg_http *http = NULL;
    eg_buf_init(&login, LOGIN_MAX);
    int status = errands->options.login(errands->options.user, errands->errand.proxy,
                                        errands->errand.stored_login, &login);
    const eg_http_options options = {
        .user_agent = "EmoGuard/" EG_VERSION_STRING,
        .ca_pem = errands->ca_pem.len > 0 ? eg_buf_str(&errands->ca_pem) : EG_STR_NONE,
        .proxy = eg_buf_cstr(&errands->proxy),
        .proxy_user = eg_buf_cstr(&login),
        .connect_ms = CONNECT_MS,
        .silence_s = SILENCE_S,
    };
    if (status == EG_OK) {
        status = eg_http_create(&options, &http);
    }
    if (login.data) {
        memset(login.data, 0, login.len);
    }
    eg_buf_done(&login);
    eg_mutex_lock(&errands->lock);
    errands->http = http;
    bool dropped = errands->dropped;
    eg_mutex_unlock(&errands->lock);
    return status == EG_OK && dropped ? eg_fail(EG_E_CLOSED, "no longer wanted") : status;
}

static int get(eg_errands *errands)
{
    const eg_errand *errand = &errands->errand;
    const eg_http_request request = {
        .url = eg_buf_cstr(&errands->url),
        .max = errand->max,
        .timeout_ms = errand->timeout_ms,
        .etag = errand->etag.len > 0 ? errand->etag : EG_STR_NONE,
        .go_on = errand->start > 0,
        .before = errand->start,
    };
    int status = open_http(errands);
    return status == EG_OK ? eg_http_get(errands->http, &request, &errands->body, &errands->answer)
                           : status;
}

static void fetch(void *arg)
{
    eg_errands *errands = arg;
    eg_message message = {.type = EG_MESSAGE_ERRAND_ANSWER};
    eg_errand_answer *answer = &message.body.errand_answer;
    memset(&errands->answer, 0, sizeof(errands->answer));
    int status = get(errands);
    eg_utf8_copy(errands->error, sizeof(errands->error),
                 eg_str_from(status == EG_OK ? "" : eg_error_message()));
    eg_mutex_lock(&errands->lock);
    eg_http *http = errands->http;
    bool wanted = !errands->dropped;
    /* A part that broke off is of use from the beginning of the file on: where else it lies is not
     * known. */
    if (!wanted || (status != EG_OK && (status != EG_E_IO || errands->errand.start > 0))) {
        eg_buf_done(&errands->body);
    }
    errands->http = NULL;
    errands->fetched = wanted;
    errands->errand.start = errands->answer.began_anew ? 0 : errands->errand.start;
    *answer = (eg_errand_answer){
        .id = errands->errand.id,
        .result = result_of(status),
        .status = (uint32_t)errands->answer.status,
        .retry_after_s = errands->answer.retry_after_s,
        .start = errands->errand.start,
        .size = (uint32_t)errands->body.len,
        .etag = eg_str_from(errands->answer.etag),
        .last_modified = eg_str_from(errands->answer.last_modified),
        .date = eg_str_from(errands->answer.date),
        .error = eg_str_from(errands->error),
    };
    eg_mutex_unlock(&errands->lock);
    eg_http_destroy(http);
    if (wanted) {
        errands->options.send(errands->options.user, &message);
    }
}

/* ---- the pipe's thread ---- */

void eg_errands_drop(eg_errands *errands)
{
    eg_mutex_lock(&errands->lock);
    errands->dropped = true;
    if (errands->fetched) {
        errands->fetched = false;
        eg_buf_done(&errands->body);
    }
    if (errands->http) {
        eg_http_cancel(errands->http);
    }
    eg_mutex_unlock(&errands->lock);
}

static void end_thread(eg_errands *errands)
{
    eg_errands_drop(errands);
    eg_thread_join(errands->thread);
    errands->thread = NULL;
}

void eg_errands_destroy(eg_errands *errands)
{
    if (errands) {
        end_thread(errands);
        eg_buf_done(&errands->url);
        eg_buf_done(&errands->proxy);
        eg_buf_done(&errands->ca_pem);
        eg_buf_done(&errands->etag);
        eg_buf_done(&errands->body);
        eg_mutex_done(&errands->lock);
        eg_free(errands);
    }
}

static int keep(eg_buf *out, eg_str *text)
{
    eg_buf_clear(out);
    int status = eg_buf_append_str(out, *text);
    *text = eg_buf_str(out);
    return status;
}

static bool is_web(eg_str url)
{
    return eg_str_starts_nocase(url, EG_STR("http://")) ||
           eg_str_starts_nocase(url, EG_STR("https://"));
}

static int prepare(eg_errands *errands, const eg_errand *errand)
{
    errands->errand = *errand;
    if (errand->id == 0 || errand->start > errand->max || !is_web(errand->url) ||
        errand->proxy.len == 0) {
        return eg_fail(EG_E_INVALID, "not a file of the web behind a proxy");
    }
    int status = keep(&errands->url, &errands->errand.url);
    if (status == EG_OK) {
        status = keep(&errands->proxy, &errands->errand.proxy);
    }
    if (status == EG_OK) {
        status = keep(&errands->ca_pem, &errands->errand.ca_pem);
    }
    return status == EG_OK ? keep(&errands->etag, &errands->errand.etag) : status;
}

static void begin(eg_errands *errands, const eg_errand *errand)
{
    end_thread(errands);
    int status = prepare(errands, errand);
    errands->dropped = status != EG_OK;
    if (status == EG_OK) {
        eg_log(EG_LOG_INFO, "tray", "fetches for the service: %.*s", EG_STR_ARGS(errand->url));
        status = eg_thread_start(&errands->thread, "errand", fetch, errands);
    }
    if (status != EG_OK) {
        eg_message message = {.type = EG_MESSAGE_ERRAND_ANSWER};
        errands->dropped = true;
        message.body.errand_answer.id = errand->id;
        message.body.errand_answer.result = EG_ERRAND_REFUSED;
        message.body.errand_answer.etag = EG_STR("");
        message.body.errand_answer.last_modified = EG_STR("");
        message.body.errand_answer.date = EG_STR("");
        message.body.errand_answer.error = eg_str_from(eg_error_message());
        errands->options.send(errands->options.user, &message);
    }
}

static int hand_over(eg_errands *errands, uint32_t id, uint32_t at)
{
    eg_message message = {.type = EG_MESSAGE_ERRAND_BYTES};
    const eg_errand *errand = &errands->errand;
    eg_mutex_lock(&errands->lock);
    bool there = errands->fetched && id == errand->id && at >= errand->start &&
                 at - errand->start < errands->body.len;
    if (there) {
        size_t from = at - errand->start, left = errands->body.len - from;
        message.body.errand_bytes.id = id;
        message.body.errand_bytes.at = at;
        message.body.errand_bytes.bytes = (eg_str){
            errands->body.data + from, left < EG_ERRAND_PIECE_MAX ? left : EG_ERRAND_PIECE_MAX};
        errands->options.send(errands->options.user, &message);
    }
    eg_mutex_unlock(&errands->lock);
    return there ? EG_OK
                 : eg_fail(EG_E_INVALID, "the service asks for bytes that were not fetched");
}

int eg_errands_take(eg_errands *errands, const eg_message *message)
{
    switch (message->type) {
    case EG_MESSAGE_ERRAND: begin(errands, &message->body.errand); return EG_OK;
    case EG_MESSAGE_ERRAND_NEXT:
        return hand_over(errands, message->body.errand_next.id, message->body.errand_next.at);
    default:
        if (message->body.errand_end.id == errands->errand.id) {
            eg_errands_drop(errands);
        }
        return EG_OK;
    }
}
