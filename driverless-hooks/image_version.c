/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/image_version.h"

#include "core/base/compiler.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

enum {
    CACHE_SIZE = 128,
    RESOURCE_SIZE_MAX = 1024 * 1024,
    TEXT_UNITS_MAX = 512, /* longer texts are cut */
    TEXT_COUNT = 5,
};

static const struct {
    const WCHAR *name;
    eg_field field;
} texts[TEXT_COUNT] = {
    {L"OriginalFilename", EG_FIELD_ORIGINAL_FILE_NAME},
    {L"ProductName", EG_FIELD_PRODUCT},
    {L"CompanyName", EG_FIELD_COMPANY},
    {L"FileDescription", EG_FIELD_DESCRIPTION},
    {L"FileVersion", EG_FIELD_FILE_VERSION},
};

typedef struct version {
    char *path; /* NULL: free */
    uint64_t written;
    char *text[TEXT_COUNT]; /* NULL: the file does not say */
} version;

struct eg_version_cache {
    version versions[CACHE_SIZE];
    size_t next; /* to be overwritten */
};

int eg_version_cache_create(eg_version_cache **out)
{
    eg_version_cache *cache = eg_alloc_zero(1, sizeof(*cache));
    if (!cache) {
        return EG_E_NOMEM;
    }
    *out = cache;
    return EG_OK;
}

static void forget(version *at)
{
    eg_free(at->path);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        eg_free(at->text[i]);
    }
    memset(at, 0, sizeof(*at));
}

void eg_version_cache_destroy(eg_version_cache *cache)
{
    if (cache) {
        for (size_t i = 0; i < CACHE_SIZE; i++) {
            forget(&cache->versions[i]);
        }
        eg_free(cache);
    }
}

/* One string of the resource; `translation` is language and code page. */
static char *query_text(const void *resource, const WORD translation[2], const WCHAR *name)
{
    WCHAR path[64];
    WCHAR *value = NULL;
    UINT units = 0;
    eg_buf out;
    _snwprintf(path, EG_COUNT(path), L"\\StringFileInfo\\%04x%04x\\%ls", translation[0],
               translation[1], name);
    path[EG_COUNT(path) - 1] = L'\0';
    if (!VerQueryValueW(resource, path, (void **)&value, &units) || !value) {
        return NULL;
    }
    size_t length = 0;
    while (length < units && length < TEXT_UNITS_MAX && value[length] != L'\0') {
        length++;
    }
    eg_buf_init(&out, 3 * TEXT_UNITS_MAX);
    eg_utf8_from_utf16(&out, value, length);
    char *text = eg_buf_take(&out);
    eg_buf_done(&out);
    return text;
}

static void read_texts(const void *resource, version *at)
{
    /* English with Unicode and with Latin-1, for resources that do not list their translations. */
    static const WORD usual[][2] = {{0x0409, 0x04B0}, {0x0409, 0x04E4}};
    WORD *listed = NULL;
    UINT size = 0;
    bool has_list =
        VerQueryValueW(resource, L"\\VarFileInfo\\Translation", (void **)&listed, &size) &&
        listed && size >= 2 * sizeof(WORD);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        at->text[i] = has_list ? query_text(resource, listed, texts[i].name) : NULL;
        for (size_t k = 0; !at->text[i] && k < EG_COUNT(usual); k++) {
            at->text[i] = query_text(resource, usual[k], texts[i].name);
        }
    }
}

static void read_version(const WCHAR *path, version *at)
{
    DWORD unused = 0;
    DWORD size = GetFileVersionInfoSizeW(path, &unused);
    if (size == 0 || size > RESOURCE_SIZE_MAX) {
        return;
    }
    void *resource = eg_alloc(size);
    if (resource && GetFileVersionInfoW(path, 0, size, resource)) {
        read_texts(resource, at);
    }
    eg_free(resource);
}

static version *lookup(eg_version_cache *cache, eg_str image, const WCHAR *path, uint64_t written)
{
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        version *at = &cache->versions[i];
        if (at->path && at->written == written && eg_str_equal(eg_str_from(at->path), image)) {
            return at;
        }
    }
    version *at = &cache->versions[cache->next];
    cache->next = (cache->next + 1) % CACHE_SIZE;
    forget(at);
    at->path = eg_copy_bytes(image.ptr, image.len);
    at->written = written;
    read_version(path, at);
    return at;
}

void eg_image_version_fill(eg_version_cache *cache, eg_str image, eg_event_text *text,
                           eg_event *event)
{
    WIN32_FILE_ATTRIBUTE_DATA file;
    if (image.len < 3 || image.ptr[1] != ':') {
        return;
    }
    WCHAR *path = (WCHAR *)eg_utf16_copy(image);
    if (path && GetFileAttributesExW(path, GetFileExInfoStandard, &file)) {
        uint64_t written = (uint64_t)file.ftLastWriteTime.dwHighDateTime << 32 |
                           file.ftLastWriteTime.dwLowDateTime;
        const version *at = lookup(cache, image, path, written);
        for (size_t i = 0; i < TEXT_COUNT; i++) {
            event->field[texts[i].field] =
                eg_event_text_copy(text, eg_str_from(at->text[i] ? at->text[i] : "-"));
        }
    }
    eg_free(path);
}
