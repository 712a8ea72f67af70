/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/task_review.h"

#include "core/base/status.h"
#include "driverless-hooks/task_cache.h"
#include "driverless-hooks/task_folder.h"

/* Reads folder and registry and compares them. EG_E_NOTFOUND where there is no TaskCache. */
static int find_findings(eg_task_cache *cache, eg_value_list **findings)
{
    eg_value_list *files = NULL;
    int status = eg_task_cache_read(cache);
    if (status == EG_OK) {
        status = eg_task_folder_list(&files);
    }
    if (status == EG_OK) {
        status = eg_task_findings(files, cache, findings);
    }
    eg_value_list_destroy(files);
    if (status != EG_OK) {
        eg_task_cache_done(cache);
    }
    return status;
}

/* Of `now`, what `before` has as well; of what it has not, what was `told` before. */
static int keep_stable(const eg_value_list *before, const eg_value_list *told,
                       const eg_value_list *now, eg_value_list **out, bool *all_stable)
{
    eg_value_list *list = NULL;
    int status = eg_value_list_create(&list);
    *all_stable = true;
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(now); i++) {
        const eg_value *value = eg_value_list_at(now, i);
        const eg_value *earlier = eg_value_list_find(before, value->name, EG_STR(""));
        if (!earlier || !eg_value_same(earlier, value)) {
            *all_stable = false;
            value = eg_value_list_find(told, value->name, EG_STR(""));
        }
        if (value) {
            status = eg_value_list_add(list, value);
        }
    }
    if (status != EG_OK) {
        eg_value_list_destroy(list);
        return status;
    }
    eg_value_list_seal(list);
    *out = list;
    return EG_OK;
}

/* What telling of a finding needs. */
typedef struct finding_context {
    const eg_sink *sink;
    eg_event_text *text;
    const eg_task_cache *cache;
    const eg_value_list *known; /* files; NULL: as if none were known */
    uint32_t flags;
    int status;
} finding_context;

static void on_finding(void *user, const eg_value *before, const eg_value *now)
{
    finding_context *context = user;
    EG_UNUSED(before);
    if (!now) {
        return; /* it has become whole, or is gone: the folder tells of that */
    }
    bool has_file = eg_value_list_find(context->known, now->name, EG_STR("")) != NULL;
    eg_task_news news = {
        .kind = has_file ? EG_KIND_TASK_UPDATED : EG_KIND_TASK_REGISTERED,
        .flags = context->flags,
        .name = now->name,
        .findings = now->data,
        .cache = context->cache,
    };
    int status = eg_task_report(context->sink, context->text, &news, true);
    context->status = context->status == EG_OK ? status : context->status;
}

void eg_task_review_done(eg_task_review *review)
{
    eg_value_list_destroy(review->seen);
    eg_value_list_destroy(review->told);
    *review = (eg_task_review){NULL, NULL};
}

int eg_task_review_look(eg_task_review *review, const eg_sink *sink, eg_event_text *text,
                        const eg_value_list *known, bool *again)
{
    eg_task_cache cache = {NULL, NULL};
    eg_value_list *now = NULL;
    eg_value_list *stable = NULL;
    bool all_stable = true;
    int status = find_findings(&cache, &now);
    if (status == EG_OK) {
        /* what is odd at the start is for the snapshot to tell */
        status =
            keep_stable(review->seen ? review->seen : now, review->told, now, &stable, &all_stable);
    }
    if (status != EG_OK) {
        eg_value_list_destroy(now);
        eg_task_cache_done(&cache);
        return status;
    }
    finding_context context = {sink, text, &cache, known, 0, EG_OK};
    if (review->seen) {
        eg_value_diff(review->told, stable, on_finding, &context);
    }
    eg_task_review_done(review);
    *review = (eg_task_review){.seen = now, .told = stable};
    eg_task_cache_done(&cache);
    *again = !all_stable;
    return context.status;
}

/* The findings that two looks agree about; NULL where there is no registry to compare with. */
static int steady_findings(HANDLE stop, eg_task_cache *cache, eg_value_list **out)
{
    eg_value_list *first = NULL;
    eg_value_list *second = NULL;
    bool all_stable = true;
    int status = find_findings(cache, &first);
    if (status == EG_OK && eg_value_list_count(first) > 0) {
        if (WaitForSingleObject(stop, EG_TASK_REVIEW_AGAIN_MS) != WAIT_TIMEOUT) {
            eg_value_list_destroy(first);
            return EG_E_CLOSED;
        }
        eg_task_cache_done(cache);
        status = find_findings(cache, &second);
        if (status == EG_OK) {
            status = keep_stable(first, NULL, second, out, &all_stable);
        }
    }
    eg_value_list_destroy(first);
    eg_value_list_destroy(second);
    return status == EG_E_NOMEM ? status : EG_OK;
}

static int unless_stopped(HANDLE stop)
{
    return WaitForSingleObject(stop, 0) == WAIT_TIMEOUT ? EG_OK : EG_E_CLOSED;
}

int eg_task_review_snapshot(const eg_sink *sink, eg_event_text *text, HANDLE stop)
{
    eg_value_list *list = NULL;
    eg_value_list *findings = NULL;
    eg_task_cache cache = {NULL, NULL};
    int status = steady_findings(stop, &cache, &findings);
    if (status == EG_OK) {
        status = eg_task_folder_list(&list);
    }
    if (status == EG_OK) {
        status = unless_stopped(stop);
    }
    for (size_t i = 0; status == EG_OK && i < eg_value_list_count(list); i++) {
        eg_task_news news = {.kind = EG_KIND_TASK_REGISTERED, .flags = EG_EVENT_EXISTING};
        news.name = eg_value_list_at(list, i)->name;
        if (!eg_value_list_find(findings, news.name, EG_STR(""))) {
            status = eg_task_report(sink, text, &news, true);
        }
        status = status == EG_OK ? unless_stopped(stop) : status;
    }
    if (status == EG_OK) {
        finding_context told = {sink, text, &cache, NULL, EG_EVENT_EXISTING, EG_OK};
        eg_value_diff(NULL, findings, on_finding, &told);
        status = told.status;
    }
    eg_value_list_destroy(findings);
    eg_value_list_destroy(list);
    eg_task_cache_done(&cache);
    return status;
}
