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
    NAME_BYTES_MAX = 4 * NAME_UNITS * 2,
    WAIT_MS = 500,
};

/* A name that could not be found is asked for again after this long: the network may be back. */
#define RETRY_NS (UINT64_C(10) * 60 * 1000000000)

typedef struct account {
    uint8_t sid[EG_SID_SIZE_MAX];
    size_t size; /* 0: free */
    char *name;
    bool unknown; /* `name` is the SID's text */
    bool asked;
    uint64_t asked_at; /* monotonic */
} account;

/* One lookup at a time. The cache may be gone when it ends, so both hold the job. */
typedef struct job {
    eg_atomic holders;
    eg_account_lookup lookup;
    eg_mutex lock; /* of all below */
    eg_cond changed;
    uint8_t sid[EG_SID_SIZE_MAX];
    bool running, done;
    char *name; /* the answer; NULL: nobody knows */
} job;

struct eg_account_cache {
    account accounts[CACHE_SIZE];
    size_t next; /* to be overwritten */
    job *job;
};

static void release_job(job *held)
{
    if (held && eg_atomic_add(&held->holders, -1) == 0) {
        eg_cond_done(&held->changed);
        eg_mutex_done(&held->lock);
        eg_free(held->name);
        eg_free(held);
    }
}

static int create_job(eg_account_lookup lookup, job **out)
{
    job *made = eg_alloc_zero(1, sizeof(*made));
    if (!made) {
        return EG_E_NOMEM;
    }
    made->lookup = lookup;
    eg_atomic_set(&made->holders, 1);
    int status = eg_mutex_init(&made->lock);
    if (status != EG_OK) {
        eg_free(made);
        return status;
    }
    status = eg_cond_init(&made->changed);
    if (status != EG_OK) {
        eg_mutex_done(&made->lock);
        eg_free(made);
        return status;
    }
    *out = made;
    return EG_OK;
}

int eg_account_cache_create_with(eg_account_lookup lookup, eg_account_cache **out)
{
    eg_account_cache *cache = eg_alloc_zero(1, sizeof(*cache));
    if (!cache) {
        return EG_E_NOMEM;
    }
    int status = create_job(lookup, &cache->job);
    if (status != EG_OK) {
        eg_free(cache);
        return status;
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
        release_job(cache->job);
        eg_free(cache);
    }
}

static bool look_up(const uint8_t *sid, eg_buf *out)
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

int eg_account_cache_create(eg_account_cache **out)
{
    return eg_account_cache_create_with(look_up, out);
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

static void CALLBACK run_job(PTP_CALLBACK_INSTANCE instance, void *context)
{
    job *held = context;
    eg_buf found;
    CallbackMayRunLong(instance);
    eg_buf_init(&found, NAME_BYTES_MAX);
    bool known = held->lookup(held->sid, &found);
    eg_mutex_lock(&held->lock);
    held->name = known ? eg_buf_take(&found) : NULL;
    held->running = false;
    held->done = true;
    eg_cond_wake_all(&held->changed);
    eg_mutex_unlock(&held->lock);
    eg_buf_done(&found);
    release_job(held);
}

/* Under the lock. Puts an answer that has come where it belongs. */
static void take_answer(eg_account_cache *cache)
{
    job *held = cache->job;
    account *at =
        held->done ? find(cache, held->sid, eg_sid_size(held->sid, sizeof(held->sid))) : NULL;
    if (at && held->name) {
        eg_free(at->name);
        at->name = held->name;
        at->unknown = false;
        held->name = NULL;
    }
    if (held->done) {
        eg_free(held->name);
        held->name = NULL;
        held->done = false;
    }
}

/* Under the lock, while nothing runs. Waits for the answer, for a while. */
static void ask(eg_account_cache *cache, account *at)
{
    job *held = cache->job;
    uint64_t begin = eg_clock_monotonic_ns();
    memcpy(held->sid, at->sid, at->size);
    at->asked = true;
    at->asked_at = begin;
    held->running = true;
    eg_atomic_add(&held->holders, 1);
    if (!TrySubmitThreadpoolCallback(run_job, held, NULL)) {
        held->running = false;
        eg_atomic_add(&held->holders, -1);
        return;
    }
    uint64_t end = eg_deadline_after(WAIT_MS);
    while (held->running && eg_cond_wait_until(&held->changed, &held->lock, end) == EG_OK) {
        continue;
    }
    take_answer(cache);
}

static account *add(eg_account_cache *cache, const void *sid, size_t size)
{
    char shown[EG_SID_TEXT_SIZE];
    account *at = &cache->accounts[cache->next];
    cache->next = (cache->next + 1) % CACHE_SIZE;
    eg_free(at->name);
    memset(at, 0, sizeof(*at));
    memcpy(at->sid, sid, size);
    at->size = size;
    at->unknown = true;
    at->name = eg_copy_bytes(shown, eg_sid_format(sid, size, shown));
    return at;
}

eg_str eg_account_name(eg_account_cache *cache, const void *sid, size_t size)
{
    size = eg_sid_size(sid, size);
    if (size == 0) {
        return EG_STR_NONE;
    }
    eg_mutex_lock(&cache->job->lock);
    take_answer(cache);
    account *at = find(cache, sid, size);
    if (!at) {
        at = add(cache, sid, size);
    }
    bool due = !at->asked || eg_clock_monotonic_ns() - at->asked_at > RETRY_NS;
    if (at->unknown && due && !cache->job->running) {
        ask(cache, at);
    }
    eg_mutex_unlock(&cache->job->lock);
    return eg_str_from(at->name);
}
