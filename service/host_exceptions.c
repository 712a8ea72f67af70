/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators except: from the pipe to the store, from the store to the pipeline. */
#include "service/host_internal.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"

#include <stdio.h>

typedef struct loading {
    eg_exception_list *list;
    uint64_t now;
} loading;

static int load_one(void *user, const eg_exception *exception)
{
    loading *to = user;
    if (!eg_exception_in_force(exception, to->now)) {
        return EG_OK;
    }
    int status = eg_exception_list_add(to->list, exception);
    if (status == EG_E_INVALID) {
        eg_log(EG_LOG_WARNING, "exception", "%lld is not used: %s", (long long)exception->id,
               eg_error_message());
        return EG_OK;
    }
    return status;
}

/* What is in force by now; the caller destroys it. */
static int read_list(eg_store *store, eg_exception_list **out)
{
    loading to = {.now = eg_clock_utc()};
    int status = eg_exception_list_create(&to.list);
    if (status == EG_OK) {
        status = eg_store_each_exception(store, load_one, &to);
    }
    if (status != EG_OK) {
        eg_exception_list_destroy(to.list);
        return status;
    }
    *out = to.list;
    return EG_OK;
}

static int put_in_force(eg_host *host, eg_store *store)
{
    eg_exception_list *list = NULL;
    int status = read_list(store, &list);
    if (status == EG_OK) {
        eg_pipeline_thread_use_exceptions(host->pipeline, list);
    }
    return status;
}

void eg_host_exceptions_load(eg_host *host)
{
    eg_store *store = eg_host_store(host);
    eg_mutex_lock(&host->exceptions_lock);
    if (store && put_in_force(host, store) != EG_OK) {
        eg_log(EG_LOG_ERROR, "exception", "none is in force: %s", eg_error_message());
    }
    eg_mutex_unlock(&host->exceptions_lock);
}

static int open_store(eg_host *host, eg_store **out)
{
    *out = eg_host_store(host);
    return *out ? EG_OK : eg_fail(EG_E_IO, "the hit database is not open");
}

/* One more must fit beside those in force. */
static int check_room(eg_store *store, const eg_exception *exception)
{
    eg_exception_list *list = NULL;
    int status = read_list(store, &list);
    if (status == EG_OK) {
        status = eg_exception_list_add(list, exception);
        eg_exception_list_destroy(list);
    }
    return status;
}

static void tell(eg_host *host, eg_event_message message, int64_t id, eg_str who, eg_str reason)
{
    char number[24];
    snprintf(number, sizeof(number), "%lld", (long long)id);
    eg_str values[] = {eg_str_from(number), who, reason};
    eg_event_source_report(host->events, message, values, EG_COUNT(values));
}

static int keep(eg_host *host, yyjson_val *object, eg_str who, int64_t *id)
{
    eg_store *store = NULL;
    eg_exception exception;
    int status = eg_exception_read_json(object, &exception);
    if (status == EG_OK) {
        status = open_store(host, &store);
    }
    if (status != EG_OK) {
        return status;
    }
    exception.id = 1; /* one of this PC; the store gives the number */
    exception.created_time = eg_clock_utc();
    exception.created_by = who;
    status = check_room(store, &exception);
    if (status == EG_OK) {
        status = eg_store_add_exception(store, &exception, id);
    }
    if (status == EG_OK) {
        eg_log(EG_LOG_WARNING, "exception", "%lld made by %.*s: %.*s", (long long)*id,
               EG_STR_ARGS(who), EG_STR_ARGS(exception.reason));
        tell(host, EG_EVENT_MESSAGE_EXCEPTION_MADE, *id, who, exception.reason);
        status = put_in_force(host, store);
    }
    return status;
}

int eg_host_except(void *user, eg_str json, eg_str who, int64_t *id)
{
    eg_host *host = user;
    yyjson_doc *document = NULL;
    int status = eg_json_parse(json, &document);
    if (status == EG_OK) {
        eg_mutex_lock(&host->exceptions_lock);
        status = keep(host, yyjson_doc_get_root(document), who, id);
        eg_mutex_unlock(&host->exceptions_lock);
    }
    yyjson_doc_free(document);
    return status;
}

int eg_host_revoke_exception(void *user, int64_t id, eg_str who)
{
    eg_host *host = user;
    eg_store *store = NULL;
    eg_mutex_lock(&host->exceptions_lock);
    int status = open_store(host, &store);
    if (status == EG_OK) {
        status = eg_store_revoke_exception(store, id, eg_clock_utc(), who);
    }
    if (status == EG_OK) {
        eg_log(EG_LOG_WARNING, "exception", "%lld revoked by %.*s", (long long)id,
               EG_STR_ARGS(who));
        tell(host, EG_EVENT_MESSAGE_EXCEPTION_REVOKED, id, who, EG_STR(""));
        status = put_in_force(host, store);
    }
    eg_mutex_unlock(&host->exceptions_lock);
    return status;
}
