/* SPDX-License-Identifier: Apache-2.0 */
#include "service/hit_copy.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

#define HIT_TEXTS 10
#define TEXTS (HIT_TEXTS + 3 * EG_LANGUAGE_COUNT)

static void list_texts(eg_hit *hit, eg_str *texts[TEXTS])
{
    size_t count = 0;
    texts[count++] = &hit->rule_id;
    texts[count++] = &hit->rule_title;
    texts[count++] = &hit->rule_author;
    texts[count++] = &hit->tags;
    texts[count++] = &hit->program;
    texts[count++] = &hit->parent;
    texts[count++] = &hit->user;
    texts[count++] = &hit->event_json;
    texts[count++] = &hit->incident_json;
    texts[count++] = &hit->incident_memory;
    for (size_t i = 0; i < EG_LANGUAGE_COUNT; i++) {
        texts[count++] = &hit->text[i].title;
        texts[count++] = &hit->text[i].meaning;
        texts[count++] = &hit->text[i].advice;
    }
}

int eg_hit_copy_create(const eg_hit *hit, const eg_event *event, eg_hit_copy **out)
{
    eg_str *texts[TEXTS];
    size_t size = 0;
    eg_hit_copy *copy = eg_alloc_zero(1, sizeof(*copy));
    if (!copy) {
        return EG_E_NOMEM;
    }
    copy->hit = *hit;
    list_texts(&copy->hit, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        size += texts[i]->len;
    }
    copy->texts = eg_alloc(size);
    int status = copy->texts ? eg_event_clone(event, &copy->event) : EG_E_NOMEM;
    if (status != EG_OK) {
        eg_hit_copy_destroy(copy);
        return status;
    }
    char *at = copy->texts;
    for (size_t i = 0; i < TEXTS; i++) {
        if (texts[i]->ptr) {
            memcpy(at, texts[i]->ptr, texts[i]->len);
            texts[i]->ptr = at;
            at += texts[i]->len;
        }
    }
    *out = copy;
    return EG_OK;
}

void eg_hit_copy_destroy(eg_hit_copy *copy)
{
    if (copy) {
        eg_free(copy->event);
        eg_free(copy->texts);
        eg_free(copy);
    }
}
