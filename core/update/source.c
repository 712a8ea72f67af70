/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/source.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"

#include <string.h>

#define URL_MAX 4096
#define ATTEMPTS 4 /* of one file, when the connection breaks in the middle */

struct eg_source {
    bool is_web;
    eg_buf base; /* without a '/' at its end */
    eg_http *http;
    eg_http_options options; /* for the courier, with `proxy` */
    eg_buf proxy;
    eg_source_courier courier;
    uint32_t timeout_ms;
    eg_atomic cancelled;
    eg_source_answer answer;
    /* How the file that may be asked for conditionally was when it last came. */
    eg_buf known_url;
    char known_etag[EG_HTTP_TEXT_MAX];
};

static const char *const area_folders[] = {
    [EG_FETCH_METADATA] = "metadata",
    [EG_FETCH_TARGET] = "targets",
};

/* ---- which kind ---- */

static bool take_prefix(eg_str *text, eg_str prefix)
{
    if (!eg_str_starts_nocase(*text, prefix)) {
        return false;
    }
    *text = (eg_str){text->ptr + prefix.len, text->len - prefix.len};
    return true;
}

/* file:///C:/rules, file:///srv/rules, file://server/share; what has no scheme is a path. */
static int set_base(eg_source *source, eg_str url)
{
    eg_str rest = url;
    source->is_web = eg_str_starts_nocase(url, EG_STR("http://")) ||
                     eg_str_starts_nocase(url, EG_STR("https://"));
    if (!source->is_web && take_prefix(&rest, EG_STR("file://"))) {
        bool has_drive = rest.len > 2 && rest.ptr[0] == '/' && rest.ptr[2] == ':';
        url = has_drive ? (eg_str){rest.ptr + 1, rest.len - 1} : rest;
        if (rest.len > 0 && rest.ptr[0] != '/') {
            (void)eg_buf_append_cstr(&source->base, "//");
        }
    } else if (!source->is_web && url.len > 2) {
        for (size_t i = 2; i + 2 < url.len; i++) {
            if (memcmp(url.ptr + i, "://", 3) == 0) {
                return eg_fail(EG_E_INVALID, "%.*s: neither a web address nor a folder",
                               EG_STR_ARGS(url));
            }
        }
    }
    while (url.len > 1 && (url.ptr[url.len - 1] == '/' || url.ptr[url.len - 1] == '\\')) {
        url.len--;
    }
    return url.len == 0 ? eg_fail(EG_E_INVALID, "the address of the rules is empty")
                        : eg_buf_append_str(&source->base, url);
}

int eg_source_create(const eg_source_options *options, eg_source **out)
{
    eg_source *source = eg_alloc_zero(1, sizeof(*source));
    if (!source) {
        return EG_E_NOMEM;
    }
    source->timeout_ms = options->timeout_ms;
    source->options = options->http;
    source->courier = options->courier;
    eg_buf_init(&source->proxy, URL_MAX);
    eg_buf_init(&source->base, URL_MAX);
    eg_buf_init(&source->known_url, URL_MAX);
    int status = set_base(source, eg_str_from(options->url));
    if (status == EG_OK && source->is_web) {
        status = eg_http_create(&options->http, &source->http);
    }
    if (status != EG_OK) {
        eg_source_destroy(source);
        return status;
    }
    *out = source;
    return EG_OK;
}

void eg_source_destroy(eg_source *source)
{
    if (source) {
        eg_http_destroy(source->http);
        eg_buf_done(&source->known_url);
        eg_buf_done(&source->proxy);
        eg_buf_done(&source->base);
        eg_free(source);
    }
}

int eg_source_reconnect(eg_source *source, const char *proxy, const char *proxy_user)
{
    eg_buf_clear(&source->proxy);
    int status = eg_buf_append_cstr(&source->proxy, proxy);
    source->options.proxy = eg_buf_cstr(&source->proxy);
    if (status != EG_OK) {
        return status;
    }
    return source->http ? eg_http_reconnect(source->http, proxy, proxy_user) : EG_OK;
}

void eg_source_cancel(eg_source *source)
{
    eg_atomic_set(&source->cancelled, 1);
    if (source->http) {
        eg_http_cancel(source->http);
    }
}

bool eg_source_is_web(const eg_source *source)
{
    return source->is_web;
}

void eg_source_answer_get(const eg_source *source, eg_source_answer *out)
{
    *out = source->answer;
}

/* ---- folders ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Appends the path without its percent signs; refuses what would leave the folder. */
static int append_path(eg_buf *out, const char *path)
{
    size_t start = out->len;
    for (const char *c = path; *c != '\0'; c++) {
        char byte = *c;
        if (*c == '%') {
            int high = hex_digit(c[1]);
            int low = high < 0 ? -1 : hex_digit(c[2]);
            if (low < 0) {
                return eg_fail(EG_E_INVALID, "%s: a '%%' without its two digits", path);
            }
            byte = (char)(high * 16 + low);
            c += 2;
        }
        if (byte == '\0' || byte == '\\' || byte == ':') {
            return eg_fail(EG_E_INVALID, "%s: not a path of a repository", path);
        }
        (void)eg_buf_append_char(out, byte);
    }
    eg_str rest = {out->data + start, out->len - start}, part;
    while (out->status == EG_OK && eg_str_split(&rest, '/', &part)) {
        if (part.len == 0 || eg_str_equal(part, EG_STR(".")) || eg_str_equal(part, EG_STR(".."))) {
            return eg_fail(EG_E_INVALID, "%s: not a path of a repository", path);
        }
    }
    return out->status;
}

static int read_folder(const char *path, const eg_fetch_request *request, eg_buf *body)
{
    eg_buf_init(body, (size_t)request->max_bytes);
    return eg_file_read(path, (size_t)request->max_bytes, body);
}

/* ---- web servers ---- */

static int judge(eg_source *source, const char *url)
{
    int status = source->answer.status;
    switch (status) {
    case 200: return EG_OK;
    case 304: return EG_FETCH_UNCHANGED;
    case 403:
    case 404:
    case 410: return eg_fail(EG_E_NOTFOUND, "%s: the server has no such file (%d)", url, status);
    case 401:
    case 407:
        return eg_fail(EG_E_DENIED, "%s: %s wants a login (%d)", url,
                       status == 407 ? "the proxy" : "the server", status);
    default: return eg_fail(EG_E_IO, "%s: the server answered %d", url, status);
    }
}

/*
 * Servers make an ETag of time and size: a file that was changed in the second in which it was sent
 * may be changed again in that second and keep its ETag (RFC 9110, 8.8.1).
 */
static bool is_validator(const eg_http_answer *answer)
{
    return answer->etag[0] != '\0' && strcmp(answer->date, answer->last_modified) != 0;
}

/* Nobody else is told a name and a password that lie in an address. */
static bool has_courier(const eg_source *source)
{
    return source->courier.user && source->options.proxy && source->options.proxy[0] != '\0' &&
           !strchr(source->options.proxy, '@') && !strchr(eg_buf_cstr(&source->base), '@');
}

/*
 * By the courier when the proxy wants a login, and while that goes well, until the timestamp (the
 * one file that is asked for conditionally) of the next look.
 */
static int get_either_way(eg_source *source, const eg_http_request *get, eg_buf *body,
                          eg_http_answer *answer)
{
    int status;
    if (!source->answer.by_courier) {
        status = eg_http_get(source->http, get, body, answer);
        if (status != EG_OK || answer->status != 407 || !has_courier(source)) {
            return status;
        }
    }
    status = source->courier.get(source->courier.user, &source->options, get, body, answer);
    source->answer.by_courier = status == EG_OK || status == EG_E_IO;
    return status;
}

static int get_web(eg_source *source, const char *url, const eg_fetch_request *request,
                   eg_buf *body)
{
    bool known = request->conditional && strcmp(eg_buf_cstr(&source->known_url), url) == 0;
    eg_http_answer answer = {0};
    eg_http_request get = {.url = url,
                           .max = (size_t)request->max_bytes,
                           .timeout_ms = source->timeout_ms,
                           .etag = known ? eg_str_from(source->known_etag) : EG_STR_NONE};
    eg_buf_init(body, get.max);
    source->answer.status = 0;
    source->answer.retry_after_s = 0;
    source->answer.by_courier = source->answer.by_courier && !request->conditional;
    int status = get_either_way(source, &get, body, &answer);
    /* Files whose name tells their content are the same file whatever the server calls them. */
    for (int i = 1; i < ATTEMPTS && status == EG_E_IO && body->len > 0; i++) {
        get.go_on = true;
        get.etag = EG_STR_NONE;
        status = get_either_way(source, &get, body, &answer);
    }
    if (status != EG_OK) {
        return status;
    }
    source->answer.status = answer.status;
    source->answer.retry_after_s = answer.retry_after_s;
    source->answer.received += answer.received;
    status = judge(source, url);
    if (status == EG_OK && request->conditional) {
        eg_buf_clear(&source->known_url);
        (void)eg_buf_append_cstr(&source->known_url, is_validator(&answer) ? url : "");
        memcpy(source->known_etag, answer.etag, sizeof(answer.etag));
    }
    return status;
}

/* ---- either ---- */

static int fetch(void *user, const eg_fetch_request *request, const eg_fetch_sink *sink)
{
    eg_source *source = user;
    eg_buf place, body;
    if (eg_atomic_get(&source->cancelled)) {
        return eg_fail(EG_E_CLOSED, "fetching was cancelled");
    }
    eg_buf_init(&place, URL_MAX);
    eg_buf_init(&body, 0);
    int status =
        eg_buf_appendf(&place, "%s/%s/", eg_buf_cstr(&source->base), area_folders[request->area]);
    if (status == EG_OK) {
        status = source->is_web ? eg_buf_append_cstr(&place, request->path)
                                : append_path(&place, request->path);
    }
    if (status == EG_OK) {
        status = source->is_web ? get_web(source, eg_buf_cstr(&place), request, &body)
                                : read_folder(eg_buf_cstr(&place), request, &body);
    }
    if (status == EG_OK) {
        status = sink->write(sink->user, eg_buf_cstr(&body), body.len);
    }
    eg_buf_done(&body);
    eg_buf_done(&place);
    return status;
}

eg_fetcher eg_source_fetcher(eg_source *source)
{
    return (eg_fetcher){source, fetch};
}
