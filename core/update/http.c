/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/http.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define POLL_MS 1000
#define OPTION_MAX 4096
#define CA_MAX ((size_t)4 * 1024 * 1024)
#define RETRY_AFTER_MAX 86400u

enum { STATUS_OK = 200, STATUS_PARTIAL = 206, STATUS_PROXY_LOGIN = 407 };

struct eg_http {
    CURLM *multi;
    CURL *easy;
    eg_atomic cancelled;
    eg_buf user_agent, ca_pem, pinned_key, proxy, proxy_user;
    uint32_t connect_ms, silence_s;
    bool fresh; /* the next request takes no connection that is kept */
};

/* One request while it runs. */
typedef struct transfer {
    eg_http *http;
    const eg_http_request *request;
    eg_buf *body;
    eg_http_answer answer;
    uint64_t range_start; /* as the server tells it */
    size_t before;        /* bytes in front of the body */
    bool begun;           /* the first bytes of the body have come */
    int status;           /* why the body was refused */
} transfer;

/* ---- the client ---- */

/* The library is set up once in a process and stays: others may use it as well. */
static int set_up_library(void)
{
    static eg_mutex lock = EG_MUTEX_INIT;
    static bool done;
    eg_mutex_lock(&lock);
    if (!done) {
        done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    }
    bool ok = done;
    eg_mutex_unlock(&lock);
    return ok ? EG_OK : eg_fail(EG_E_UNSUPPORTED, "the network library does not start");
}

static int keep(eg_buf *out, const char *text)
{
    eg_buf_init(out, OPTION_MAX);
    return eg_buf_append_cstr(out, text ? text : "");
}

static int keep_options(eg_http *http, const eg_http_options *options)
{
    http->connect_ms = options->connect_ms;
    http->silence_s = options->silence_s;
    eg_buf_init(&http->ca_pem, CA_MAX);
    int status = eg_buf_append_str(&http->ca_pem, options->ca_pem);
    const struct {
        eg_buf *kept;
        const char *text;
    } texts[] = {
        {&http->user_agent, options->user_agent},
        {&http->pinned_key, options->pinned_key},
        {&http->proxy, options->proxy},
        {&http->proxy_user, options->proxy_user},
    };
    for (size_t i = 0; i < EG_COUNT(texts) && status == EG_OK; i++) {
        status = keep(texts[i].kept, texts[i].text);
    }
    return status;
}

int eg_http_create(const eg_http_options *options, eg_http **out)
{
    int status = set_up_library();
    eg_http *http = status == EG_OK ? eg_alloc_zero(1, sizeof(*http)) : NULL;
    if (!http) {
        return status == EG_OK ? EG_E_NOMEM : status;
    }
    status = keep_options(http, options);
    if (status == EG_OK) {
        http->multi = curl_multi_init();
        http->easy = curl_easy_init();
        status = http->multi && http->easy ? EG_OK : eg_fail(EG_E_NOMEM, "no memory to fetch");
    }
    if (status != EG_OK) {
        eg_http_destroy(http);
        return status;
    }
    *out = http;
    return EG_OK;
}

void eg_http_destroy(eg_http *http)
{
    if (!http) {
        return;
    }
    curl_easy_cleanup(http->easy);
    if (http->multi) {
        (void)curl_multi_cleanup(http->multi);
    }
    eg_buf_done(&http->user_agent);
    eg_buf_done(&http->ca_pem);
    eg_buf_done(&http->pinned_key);
    eg_buf_done(&http->proxy);
    eg_buf_done(&http->proxy_user);
    eg_free(http);
}

int eg_http_reconnect(eg_http *http, const char *proxy, const char *proxy_user)
{
    eg_buf new_proxy, new_user;
    int status = keep(&new_proxy, proxy);
    int user_status = keep(&new_user, proxy_user);
    status = status == EG_OK ? user_status : status;
    if (status == EG_OK) {
        eg_buf old_proxy = http->proxy, old_user = http->proxy_user;
        http->proxy = new_proxy;
        http->proxy_user = new_user;
        http->fresh = true;
        new_proxy = old_proxy;
        new_user = old_user;
    }
    eg_buf_done(&new_user);
    eg_buf_done(&new_proxy);
    return status;
}

void eg_http_cancel(eg_http *http)
{
    eg_atomic_set(&http->cancelled, 1);
    (void)curl_multi_wakeup(http->multi);
}

/* ---- what comes ---- */

static void copy_text(char *out, eg_str value)
{
    size_t size = value.len < EG_HTTP_TEXT_MAX ? value.len : 0; /* one that is cut is of no use */
    memcpy(out, value.ptr, size);
    out[size] = '\0';
}

static void take_header(transfer *t, eg_str name, eg_str value)
{
    uint64_t number = 0;
    if (eg_str_equal_nocase(name, EG_STR("etag"))) {
        copy_text(t->answer.etag, value);
    } else if (eg_str_equal_nocase(name, EG_STR("last-modified"))) {
        copy_text(t->answer.last_modified, value);
    } else if (eg_str_equal_nocase(name, EG_STR("date"))) {
        copy_text(t->answer.date, value);
    } else if (eg_str_equal_nocase(name, EG_STR("content-type"))) {
        copy_text(t->answer.content_type, value);
    } else if (eg_str_equal_nocase(name, EG_STR("retry-after"))) {
        /* in its form as a date it is left out: then the ordinary pause is made */
        if (eg_str_to_u64(value, &number)) {
            t->answer.retry_after_s =
                (uint32_t)(number < RETRY_AFTER_MAX ? number : RETRY_AFTER_MAX);
        }
    } else if (eg_str_equal_nocase(name, EG_STR("content-range")) &&
               eg_str_starts_nocase(value, EG_STR("bytes "))) {
        eg_str rest = {value.ptr + 6, value.len - 6}, start;
        if (eg_str_split(&rest, '-', &start) && eg_str_to_u64(start, &number)) {
            t->range_start = number;
        }
    }
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    transfer *t = user;
    eg_str line = {bytes, size * count}, name;
    if (eg_str_starts_nocase(line, EG_STR("HTTP/"))) { /* another answer begins: 100, a proxy's */
        memset(&t->answer, 0, sizeof(t->answer));
        t->range_start = UINT64_MAX;
    } else if (eg_str_split(&line, ':', &name)) {
        take_header(t, name, eg_str_trim(line));
    }
    return size * count;
}

static long status_of(const transfer *t)
{
    long status = 0;
    (void)curl_easy_getinfo(t->http->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* The first bytes have come: are they all of it, the rest, or the text of an error? */
static int begin_body(transfer *t, long status)
{
    t->begun = true;
    if (status == STATUS_PARTIAL && t->range_start != t->before + t->body->len) {
        return eg_fail(EG_E_IO, "the server sent another part than was asked for");
    }
    if (status != STATUS_PARTIAL) {
        t->answer.began_anew = t->request->go_on;
        t->before = 0;
        eg_buf_clear(t->body);
    }
    return EG_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    transfer *t = user;
    size_t length = size * count;
    long status = status_of(t);
    if (status != STATUS_OK && status != STATUS_PARTIAL) {
        return length; /* the page that explains an error is of no use */
    }
    t->status = t->begun ? EG_OK : begin_body(t, status);
    t->answer.received += length;
    if (t->status == EG_OK && length > t->request->max - t->before - t->body->len) {
        t->status = eg_fail(EG_E_LIMIT, "the server sends more than the %zu bytes that are allowed",
                            t->request->max);
    }
    if (t->status == EG_OK) {
        t->status = eg_buf_append(t->body, bytes, length);
    }
    return t->status == EG_OK ? length : CURL_WRITEFUNC_ERROR;
}

/* ---- a request ---- */

static bool add_header(struct curl_slist **list, const char *name, eg_str value)
{
    char line[EG_HTTP_TEXT_MAX + 64];
    if (!value.ptr) {
        return true;
    }
    if (value.len >= EG_HTTP_TEXT_MAX || memchr(value.ptr, '\r', value.len) ||
        memchr(value.ptr, '\n', value.len)) {
        return true; /* not one that a server gave us */
    }
    (void)snprintf(line, sizeof(line), "%s: %.*s", name, EG_STR_ARGS(value));
    struct curl_slist *more = curl_slist_append(*list, line);
    *list = more ? more : *list;
    return more != NULL;
}

static bool make_headers(const transfer *t, struct curl_slist **list)
{
    const eg_http_request *request = t->request;
    const char *etag = request->go_on ? "If-Range" : "If-None-Match";
    return add_header(list, etag, request->etag) &&
           add_header(list, "If-Modified-Since", request->last_modified);
}

static void set_security(eg_http *http)
{
    CURL *easy = http->easy;
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* A list of revoked certificates that cannot be reached must not stop updates. */
    (void)curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, (long)CURLSSLOPT_REVOKE_BEST_EFFORT);
    if (http->ca_pem.len > 0) {
        struct curl_blob blob = {http->ca_pem.data, http->ca_pem.len, CURL_BLOB_NOCOPY};
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
    if (http->pinned_key.len > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, eg_buf_cstr(&http->pinned_key));
    }
}

static void set_proxy(eg_http *http)
{
    CURL *easy = http->easy;
    /* "" and not NULL: NULL would take the one of the environment */
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, eg_buf_cstr(&http->proxy));
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (http->proxy_user.len > 0) {
        bool as_account = eg_str_equal(eg_buf_str(&http->proxy_user), EG_STR(":"));
        unsigned long ways = as_account ? CURLAUTH_NEGOTIATE | CURLAUTH_NTLM : CURLAUTH_ANY;
        if (curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)ways) == CURLE_OK) {
            (void)curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, eg_buf_cstr(&http->proxy_user));
        }
    }
}

static void set_bounds(const transfer *t)
{
    CURL *easy = t->http->easy;
    const eg_http_request *request = t->request;
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->http->connect_ms);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->max);
    if (!request->may_be_silent && t->http->silence_s > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)t->http->silence_s);
    }
    if (request->go_on) {
        char range[32];
        (void)snprintf(range, sizeof(range), "%zu-", t->before + t->body->len);
        (void)curl_easy_setopt(easy, CURLOPT_RANGE, range);
    }
}

static int prepare(transfer *t, struct curl_slist *headers, char error[CURL_ERROR_SIZE])
{
    CURL *easy = t->http->easy;
    curl_easy_reset(easy); /* connections and sessions are kept */
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, t->http->fresh ? 1L : 0L);
    t->http->fresh = false;
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, eg_buf_cstr(&t->http->user_agent));
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    set_security(t->http);
    set_proxy(t->http);
    set_bounds(t);
    return curl_easy_setopt(easy, CURLOPT_URL, t->request->url) == CURLE_OK
               ? EG_OK
               : eg_fail(EG_E_NOMEM, "no memory to fetch");
}

static int explain(const transfer *t, CURLcode code, const char *error)
{
    const char *why = error[0] != '\0' ? error : curl_easy_strerror(code);
    int status = EG_E_IO;
    switch (code) {
    case CURLE_OUT_OF_MEMORY: status = EG_E_NOMEM; break;
    case CURLE_OPERATION_TIMEDOUT: status = EG_E_TIMEOUT; break;
    case CURLE_FILESIZE_EXCEEDED: status = EG_E_LIMIT; break;
    case CURLE_URL_MALFORMAT: status = EG_E_INVALID; break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: status = EG_E_DENIED; break;
    default: break;
    }
    return eg_fail(status, "%s: %s", t->request->url, why);
}

static int finish(transfer *t, CURLcode code, const char *error)
{
    long login = 0;
    (void)curl_easy_getinfo(t->http->easy, CURLINFO_HTTP_CONNECTCODE, &login);
    /* An account that Windows cannot sign in with ends in the middle of its login. */
    if (code == CURLE_AUTH_ERROR || code == CURLE_LOGIN_DENIED) {
        login = status_of(t);
    }
    if (code != CURLE_OK && login == STATUS_PROXY_LOGIN) {
        t->answer.status = STATUS_PROXY_LOGIN; /* an answer, though not of the server */
        eg_buf_clear(t->body);
        return EG_OK;
    }
    if (t->status != EG_OK) {
        return t->status;
    }
    if (code != CURLE_OK) {
        return explain(t, code, error);
    }
    long status = status_of(t);
    t->answer.status = status == STATUS_PARTIAL ? STATUS_OK : (int)status;
    if (t->answer.status != STATUS_OK || !t->begun) {
        eg_buf_clear(t->body);
    }
    return EG_OK;
}

/* Drives the transfer to its end; *code is that of the transfer. */
static int drive(eg_http *http, CURLcode *code)
{
    int running = 1;
    while (running > 0) {
        if (eg_atomic_get(&http->cancelled)) {
            return eg_fail(EG_E_CLOSED, "fetching was cancelled");
        }
        CURLMcode result = curl_multi_perform(http->multi, &running);
        if (result == CURLM_OK && running > 0) {
            result = curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
        }
        if (result != CURLM_OK) {
            return eg_fail(EG_E_IO, "fetching failed: %s", curl_multi_strerror(result));
        }
    }
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(http->multi, &left);
    *code = message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_OK;
    return EG_OK;
}

int eg_http_get(eg_http *http, const eg_http_request *request, eg_buf *body, eg_http_answer *out)
{
    transfer t = {.http = http,
                  .request = request,
                  .body = body,
                  .range_start = UINT64_MAX,
                  .before = request->go_on ? request->before : 0};
    struct curl_slist *headers = NULL;
    char error[CURL_ERROR_SIZE] = "";
    CURLcode code = CURLE_OK;
    eg_str url = eg_str_from(request->url);
    if (!eg_str_starts_nocase(url, EG_STR("http://")) &&
        !eg_str_starts_nocase(url, EG_STR("https://"))) {
        return eg_fail(EG_E_INVALID, "%s: neither http:// nor https://", request->url);
    }
    if (!request->go_on) {
        eg_buf_clear(body);
    }
    if (t.before > request->max || body->len > request->max - t.before) {
        return eg_fail(EG_E_LIMIT, "more than the %zu bytes that are allowed", request->max);
    }
    int status = make_headers(&t, &headers) ? prepare(&t, headers, error)
                                            : eg_fail(EG_E_NOMEM, "no memory to fetch");
    if (status == EG_OK && curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
        status = eg_fail(EG_E_IO, "fetching cannot begin");
    }
    if (status == EG_OK) {
        status = drive(http, &code);
        if (status == EG_OK) {
            status = finish(&t, code, error);
        }
        (void)curl_multi_remove_handle(http->multi, http->easy);
    }
    curl_slist_free_all(headers);
    if (status == EG_OK) {
        *out = t.answer;
    }
    return status;
}
