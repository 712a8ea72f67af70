/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/account_name.h"

#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/sid.h"

#include <string.h>
#include <windows.h>

enum {
    CACHE_SIZE = 64,
    NAME_UNITS = 512, /* names and domains have at most 256 */
};

/* A name that could not be found is asked for again after this long: the network may be back. */
#define RETRY_NS (UINT64_C(10) * 60 * 1000000000)

typedef struct account {
    uint8_t sid[EG_SID_SIZE_MAX];
    size_t size; /* 0: free */
    char *name;
    bool unknown;      /* `name` is the SID's text */
    uint64_t asked_at; /* monotonic */
} account;

struct eg_account_cache {
    account accounts[CACHE_SIZE];
    size_t next; /* to be overwritten */
};

int eg_account_cache_create(eg_account_cache **out)
{
    eg_account_cache *cache = eg_alloc_zero(1, sizeof(*cache));
    if (!cache) {
        return EG_E_NOMEM;
    }
    *out = cache;
    return EG_OK;
}

void eg_account_cache_destroy(eg_account_cache *cache)
{
    if (cache) {
        for (size_t i = 0; i < CACHE_SIZE; i++) {
            eg_free(cache->accounts[i].name);
        }
        eg_free(cache);
    }
}

static bool lookup(const uint8_t *sid, eg_buf *out)
{
    WCHAR name[NAME_UNITS];
    WCHAR domain[NAME_UNITS];
    DWORD name_units = NAME_UNITS;
    DWORD domain_units = NAME_UNITS;
    SID_NAME_USE use;
    if (!LookupAccountSidW(NULL, (PSID)sid, name, &name_units, domain, &domain_units, &use)) {
        return false;
    }
    if (domain_units > 0) {
        eg_utf8_from_utf16(out, domain, domain_units);
        eg_buf_append_char(out, '\\');
    }
    eg_utf8_from_utf16(out, name, name_units);
    return out->status == EG_OK;
}

static account *find(eg_account_cache *cache, const void *sid, size_t size)
{
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        account *at = &cache->accounts[i];
        if (at->size == size && memcmp(at->sid, sid, size) == 0) {
            return at;
        }
    }
    return NULL;
}

static void ask(account *at)
{
    eg_buf found;
    eg_buf_init(&found, 4 * NAME_UNITS * 2);
    at->unknown = !lookup(at->sid, &found);
    if (at->unknown) {
        char shown[EG_SID_TEXT_SIZE];
        eg_buf_clear(&found);
        eg_sid_format(at->sid, at->size, shown);
        eg_buf_append_cstr(&found, shown);
    }
    eg_free(at->name);
    at->name = eg_buf_take(&found);
    at->asked_at = eg_clock_monotonic_ns();
    eg_buf_done(&found);
}

eg_str eg_account_name(eg_account_cache *cache, const void *sid, size_t size)
{
    size = eg_sid_size(sid, size);
    if (size == 0) {
        return EG_STR_NONE;
    }
    account *at = find(cache, sid, size);
    if (!at) {
        at = &cache->accounts[cache->next];
        cache->next = (cache->next + 1) % CACHE_SIZE;
        memcpy(at->sid, sid, size);
        at->size = size;
        ask(at);
    } else if (at->unknown && eg_clock_monotonic_ns() - at->asked_at > RETRY_NS) {
        ask(at);
    }
    return eg_str_from(at->name);
}
