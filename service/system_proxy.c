/* SPDX-License-Identifier: Apache-2.0 */
#include "service/system_proxy.h"

#include "core/base/status.h"
#include "service/wide.h"

#include <windows.h>

#include <winhttp.h>

typedef struct calls {
    HMODULE library;
    BOOL(WINAPI *get_default)(WINHTTP_PROXY_INFO *info);
    HINTERNET(WINAPI *open)
    (LPCWSTR agent, DWORD access, LPCWSTR proxy, LPCWSTR bypass, DWORD flags);
    BOOL(WINAPI *get_for_url)
    (HINTERNET session, LPCWSTR url, WINHTTP_AUTOPROXY_OPTIONS *options, WINHTTP_PROXY_INFO *info);
    BOOL(WINAPI *close)(HINTERNET handle);
} calls;

static bool next_part(eg_str *rest, eg_str *part)
{
    size_t at = 0;
    while (rest->len > 0 && (rest->ptr[0] == ';' || rest->ptr[0] == ' ')) {
        *rest = (eg_str){rest->ptr + 1, rest->len - 1};
    }
    while (at < rest->len && rest->ptr[at] != ';' && rest->ptr[at] != ' ') {
        at++;
    }
    *part = (eg_str){rest->ptr, at};
    *rest = (eg_str){rest->ptr + at, rest->len - at};
    return at > 0;
}

eg_str eg_system_proxy_pick(eg_str list, eg_str scheme)
{
    eg_str part, plain = EG_STR_NONE;
    while (next_part(&list, &part)) {
        eg_str value = part, key;
        bool has_key = memchr(part.ptr, '=', part.len) != NULL;
        if (!has_key) {
            plain = plain.ptr ? plain : part;
        } else if (eg_str_split(&value, '=', &key) && eg_str_equal_nocase(key, scheme)) {
            return value;
        }
    }
    return plain;
}

/* '*' stands for any text; names of hosts are the same in either case. */
static bool fits(eg_str pattern, eg_str host)
{
    size_t p = 0, h = 0, star = SIZE_MAX, resume = 0;
    while (h < host.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = h;
        } else if (p < pattern.len &&
                   eg_str_equal_nocase((eg_str){pattern.ptr + p, 1}, (eg_str){host.ptr + h, 1})) {
            p++;
            h++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            h = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

bool eg_system_proxy_is_bypassed(eg_str list, eg_str host)
{
    eg_str part;
    while (next_part(&list, &part)) {
        bool is_local = eg_str_equal_nocase(part, EG_STR("<local>"));
        if (is_local ? !memchr(host.ptr, '.', host.len) : fits(part, host)) {
            return true;
        }
    }
    return false;
}

/* "https://user@host:1/x": host. Of an IPv6 address: what is in its brackets. */
static eg_str host_of(eg_str url)
{
    eg_str host = url, part;
    for (size_t i = 0; i + 2 < host.len; i++) {
        if (memcmp(host.ptr + i, "://", 3) == 0) {
            host = (eg_str){host.ptr + i + 3, host.len - i - 3};
            break;
        }
    }
    if (eg_str_split(&host, '/', &part)) {
        host = part;
    }
    for (size_t i = host.len; i-- > 0;) {
        if (host.ptr[i] == '@') {
            host = (eg_str){host.ptr + i + 1, host.len - i - 1};
            break;
        }
    }
    bool is_v6 = host.len > 0 && host.ptr[0] == '[';
    host = is_v6 ? (eg_str){host.ptr + 1, host.len - 1} : host;
    return eg_str_split(&host, is_v6 ? ']' : ':', &part) ? part : host;
}

static bool is_bypassed(const wchar_t *list, const char *url)
{
    eg_buf text;
    eg_buf_init(&text, 16 * 1024);
    bool found = list && eg_wide_append_utf8(&text, list) == EG_OK &&
                 eg_system_proxy_is_bypassed(eg_buf_str(&text), host_of(eg_str_from(url)));
    eg_buf_done(&text);
    return found;
}

static int append(eg_buf *out, const wchar_t *list, const char *url)
{
    eg_buf text;
    eg_buf_init(&text, 4096);
    bool is_https = eg_str_starts_nocase(eg_str_from(url), EG_STR("https:"));
    int status = eg_wide_append_utf8(&text, list);
    if (status == EG_OK) {
        eg_str found =
            eg_system_proxy_pick(eg_buf_str(&text), is_https ? EG_STR("https") : EG_STR("http"));
        if (found.len > 0) {
            status = eg_buf_appendf(out, "http://%.*s", EG_STR_ARGS(found));
        }
    }
    eg_buf_done(&text);
    return status;
}

static void free_info(WINHTTP_PROXY_INFO *info)
{
    if (info->lpszProxy) {
        GlobalFree(info->lpszProxy);
    }
    if (info->lpszProxyBypass) {
        GlobalFree(info->lpszProxyBypass);
    }
    *info = (WINHTTP_PROXY_INFO){0};
}

static FARPROC find(HMODULE library, const char *name)
{
    return library ? GetProcAddress(library, name) : NULL;
}

static bool load(calls *c)
{
    FARPROC get_default, open, get_for_url, close;
    c->library = LoadLibraryExW(L"winhttp.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    get_default = find(c->library, "WinHttpGetDefaultProxyConfiguration");
    open = find(c->library, "WinHttpOpen");
    get_for_url = find(c->library, "WinHttpGetProxyForUrl");
    close = find(c->library, "WinHttpCloseHandle");
    memcpy(&c->get_default, &get_default, sizeof(get_default));
    memcpy(&c->open, &open, sizeof(open));
    memcpy(&c->get_for_url, &get_for_url, sizeof(get_for_url));
    memcpy(&c->close, &close, sizeof(close));
    return get_default && open && get_for_url && close;
}

/*
 * By the network's own configuration (DHCP, DNS); no such thing is no failure. Takes seconds where
 * nobody answers, and cannot be broken off: a stop does not wait for it (eg_update_feed_join).
 */
static int find_automatic(const calls *c, const char *url, eg_buf *out)
{
    WINHTTP_PROXY_INFO info = {0};
    WINHTTP_AUTOPROXY_OPTIONS options = {
        .dwFlags = WINHTTP_AUTOPROXY_AUTO_DETECT,
        .dwAutoDetectFlags = WINHTTP_AUTO_DETECT_TYPE_DHCP | WINHTTP_AUTO_DETECT_TYPE_DNS_A,
        .fAutoLogonIfChallenged = TRUE,
    };
    int status = EG_OK;
    wchar_t *wide = eg_wide_copy(eg_str_from(url));
    HINTERNET session =
        wide ? c->open(L"EmoGuard", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0) : NULL;
    if (!wide) {
        return EG_E_NOMEM;
    }
    if (session && c->get_for_url(session, wide, &options, &info) &&
        info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY && info.lpszProxy) {
        status = append(out, info.lpszProxy, url);
    }
    free_info(&info);
    if (session) {
        c->close(session);
    }
    eg_free(wide);
    return status;
}

int eg_system_proxy_find(const char *url, eg_buf *out)
{
    calls c = {0};
    WINHTTP_PROXY_INFO info = {0};
    int status = EG_OK;
    if (!load(&c)) {
        status = eg_fail_os(GetLastError(), "WinHTTP");
    } else if (c.get_default(&info) && info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY &&
               info.lpszProxy) {
        status = is_bypassed(info.lpszProxyBypass, url) ? EG_OK : append(out, info.lpszProxy, url);
    } else {
        status = find_automatic(&c, url, out);
    }
    free_info(&info);
    if (c.library) {
        FreeLibrary(c.library);
    }
    return status;
}
