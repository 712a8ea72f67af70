/* SPDX-License-Identifier: Apache-2.0 */
#include "service/scan_thread.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/stoppable.h"
#include "core/base/utf.h"
#include "worker/win32/file_access.h"
#include "service/scan_folders.h"
#include "service/wide.h"
#include "worker/scan_client.h"

#include <windows.h>

#define EVENTS_WAITING_MAX 2048u

struct eg_scan_thread {
    eg_scan_thread_options options;
    eg_account_cache *accounts;
    eg_scan_folders *folders;
    eg_file_access *access;
    eg_file_reader *reader; /* of signatures */
    eg_scan_queue *queue;
    eg_stoppable thread;
    eg_scan_client *client;     /* NULL: none is open; under the thread's lock, as is the next */
    eg_scan_worker_counts past; /* of the clients before it */
};

/* ---- what the queue asks for ---- */

static int open_scanner(void *user, eg_ruleset *rules, eg_scanner *out)
{
    eg_scan_thread *thread = user;
    const eg_yara_files *files = eg_ruleset_yara_files(rules);
    const eg_scan_client_options options = {
        .engine = &eg_yara_engine,
        .rules = eg_ruleset_yara(rules),
        .sources = files->items,
        .source_count = files->count,
        .limits = {EG_FILE_SCAN_BYTES, EG_FILE_SCAN_SECONDS},
        .network = thread->options.network,
    };
    eg_scan_client *client = NULL;
    int status = eg_scan_client_create(&options, &client);
    if (status != EG_OK) {
        return status;
    }
    eg_mutex_lock(&thread->thread.lock);
    thread->client = client;
    if (thread->thread.stopping) {
        eg_scan_client_stop(client);
    }
    eg_mutex_unlock(&thread->thread.lock);
    /* One that cannot be started is to be known before it is needed; jobs try again. */
    (void)eg_scan_client_start(client);
    *out = eg_scan_client_scanner(client);
    return EG_OK;
}

/* What a client has counted is added up: new rules make a new one. */
static void add_counts(eg_scan_client *client, eg_scan_worker_counts *sum)
{
    eg_scan_client_counts counts;
    eg_scan_client_counts_get(client, &counts);
    sum->starts += counts.starts;
    sum->stops += counts.stops;
    sum->skipped += counts.skipped;
    sum->bytes_peak =
        counts.child_bytes_peak > sum->bytes_peak ? counts.child_bytes_peak : sum->bytes_peak;
    sum->is_down = counts.down;
}

static void close_scanner(void *user, eg_scanner *scanner)
{
    eg_scan_thread *thread = user;
    EG_UNUSED(scanner);
    eg_mutex_lock(&thread->thread.lock);
    eg_scan_client *client = thread->client;
    add_counts(client, &thread->past);
    thread->past.is_down = false;
    thread->client = NULL;
    eg_mutex_unlock(&thread->thread.lock);
    eg_scan_client_destroy(client);
}

static void stop_scanner(void *user)
{
    eg_scan_thread *thread = user;
    eg_file_reader_stop(thread->reader);
    eg_stoppable_stop(&thread->thread);
    eg_mutex_lock(&thread->thread.lock);
    if (thread->client) {
        eg_scan_client_stop(thread->client);
    }
    eg_mutex_unlock(&thread->thread.lock);
}

/* Links and drive letters may lead to other computers: that shows when the file is open. */
static int identify(void *user, const char *path, eg_file_identity *out)
{
    eg_scan_thread *thread = user;
    eg_file_ops ops = eg_file_access_ops(thread->access);
    void *file = NULL;
    if (thread->options.network) {
        return eg_file_identify(path, out);
    }
    int status = ops.open(ops.user, eg_str_from(path), &file);
    if (status == EG_OK) {
        status = ops.identify(file, out);
        ops.close(file);
    }
    return status;
}

static void find_owner(eg_scan_thread *thread, eg_str path, char *out, size_t size)
{
    union {
        SECURITY_DESCRIPTOR descriptor; /* for its alignment */
        BYTE bytes[512];
    } room;
    DWORD needed = 0;
    PSID sid = NULL;
    BOOL defaulted = FALSE;
    wchar_t *wide = eg_wide_copy(path);
    if (wide && GetFileSecurityW(wide, OWNER_SECURITY_INFORMATION, &room, sizeof(room), &needed) &&
        GetSecurityDescriptorOwner(&room.descriptor, &sid, &defaulted) && sid) {
        eg_str name = eg_account_name(thread->accounts, sid, GetLengthSid(sid));
        eg_utf8_copy(out, size, name.ptr ? name : EG_STR(""));
    }
    eg_free(wide);
}

static const char *signer_state(const eg_file_facts *facts)
{
    if (!(facts->known & EG_FACT_SIGNATURE)) {
        return "unknown";
    }
    switch (facts->signature.status) {
    case EG_SIGNATURE_NONE: return "none";
    case EG_SIGNATURE_VALID: return "valid";
    default: return "invalid";
    }
}

static void find_facts(void *user, eg_str path, eg_scan_facts *out)
{
    eg_scan_thread *thread = user;
    eg_file_facts facts = {0};
    find_owner(thread, path, out->owner, sizeof(out->owner));
    if (eg_file_reader_get(thread->reader, path, EG_FACT_SIGNATURE, &facts) == EG_OK) {
        out->signer_state = signer_state(&facts);
    }
}

static void on_found(void *user)
{
    eg_scan_thread *thread = user;
    thread->options.found(thread->options.user);
}

/* ---- the thread ---- */

static void thread_main(void *arg)
{
    eg_scan_thread *thread = arg;
    eg_thread_stand_back();
    eg_scan_queue_run(thread->queue);
}

static int open_parts(eg_scan_thread *thread)
{
    int status = eg_account_cache_create(&thread->accounts);
    if (status == EG_OK) {
        status = eg_scan_folders_create(thread->accounts, &thread->folders);
    }
    if (status == EG_OK) {
        status = eg_file_access_create(&thread->access);
    }
    if (status == EG_OK) {
        eg_file_ops ops = eg_file_access_ops(thread->access);
        status = eg_file_reader_create(&ops, &eg_file_default_limits, &thread->reader);
    }
    return status;
}

static int start(eg_scan_thread *thread)
{
    int status = open_parts(thread);
    if (status == EG_OK) {
        const eg_scan_queue_options options = {
            .rules = thread->options.rules,
            .access = {thread, open_scanner, close_scanner, stop_scanner, identify, find_facts,
                       on_found},
            .folders = eg_scan_folders_view(thread->folders),
            .capacity = EVENTS_WAITING_MAX,
            .network = thread->options.network,
            .memory = thread->options.memory,
            .cache_file = thread->options.cache_file,
        };
        status = eg_scan_queue_create(&options, &thread->queue);
    }
    if (status == EG_OK) {
        status = eg_stoppable_start(&thread->thread, "scan", thread_main, thread);
    }
    return status;
}

int eg_scan_thread_start(const eg_scan_thread_options *options, eg_scan_thread **out)
{
    eg_scan_thread *thread = eg_alloc_zero(1, sizeof(*thread));
    if (!thread) {
        return EG_E_NOMEM;
    }
    thread->options = *options;
    int status = eg_stoppable_init(&thread->thread);
    if (status != EG_OK) {
        eg_free(thread);
        return status;
    }
    status = start(thread);
    if (status != EG_OK) {
        eg_scan_thread_destroy(thread);
        return status;
    }
    *out = thread;
    return EG_OK;
}

eg_scan_queue *eg_scan_thread_queue(eg_scan_thread *thread)
{
    return thread ? thread->queue : NULL;
}

void eg_scan_thread_worker(eg_scan_thread *thread, eg_scan_worker_counts *out)
{
    eg_mutex_lock(&thread->thread.lock);
    *out = thread->past;
    if (thread->client) {
        add_counts(thread->client, out);
    }
    eg_mutex_unlock(&thread->thread.lock);
}

bool eg_scan_thread_is_down(eg_scan_thread *thread)
{
    eg_scan_worker_counts counts = {.is_down = true};
    if (thread) {
        eg_scan_thread_worker(thread, &counts);
    }
    return counts.is_down;
}

void eg_scan_thread_stop(eg_scan_thread *thread)
{
    eg_scan_queue_stop(thread->queue);
}

int eg_scan_thread_join(eg_scan_thread *thread, uint32_t milliseconds)
{
    int status = eg_stoppable_join(&thread->thread, milliseconds,
                                   "a file that is being scanned does not let go");
    if (status != EG_OK) {
        return status;
    }
    eg_scan_counts counts;
    eg_scan_queue_counts(thread->queue, &counts);
    if (counts.waiting > 0) {
        eg_log(EG_LOG_WARNING, "scan", "the files of %llu events were not scanned before the stop",
               (unsigned long long)counts.waiting);
    }
    return EG_OK;
}

void eg_scan_thread_destroy(eg_scan_thread *thread)
{
    if (thread) {
        eg_scan_queue_destroy(thread->queue);
        eg_file_reader_destroy(thread->reader);
        eg_file_access_destroy(thread->access);
        eg_scan_folders_destroy(thread->folders);
        eg_account_cache_destroy(thread->accounts);
        eg_stoppable_done(&thread->thread);
        eg_free(thread);
    }
}
