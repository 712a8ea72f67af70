/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/exception_list.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <stdio.h>

#define BLOCK_BYTES 4096u

struct eg_exception_list {
    eg_arena *texts;
    eg_exception *items;
    size_t count, capacity;
};

int eg_exception_list_create(eg_exception_list **out)
{
    eg_exception_list *list = eg_alloc_zero(1, sizeof(*list));
    if (!list) {
        return EG_E_NOMEM;
    }
    int status = eg_arena_create(&list->texts, BLOCK_BYTES);
    if (status != EG_OK) {
        eg_free(list);
        return status;
    }
    *out = list;
    return EG_OK;
}

void eg_exception_list_destroy(eg_exception_list *list)
{
    if (list) {
        eg_arena_destroy(list->texts);
        eg_free(list->items);
        eg_free(list);
    }
}

static int make_room(eg_exception_list *list)
{
    if (list->count == EG_EXCEPTIONS_MAX) {
        return eg_fail(EG_E_LIMIT, "there are %d exceptions already: revoke some",
                       EG_EXCEPTIONS_MAX);
    }
    if (list->count < list->capacity) {
        return EG_OK;
    }
    size_t capacity = list->capacity ? list->capacity * 2 : 16;
    eg_exception *items = eg_realloc(list->items, capacity * sizeof(*items));
    if (!items) {
        return EG_E_NOMEM;
    }
    list->items = items;
    list->capacity = capacity;
    return EG_OK;
}

static int keep_text(eg_exception_list *list, eg_str *text)
{
    char *copy = eg_arena_copy(list->texts, text->len > 0 ? text->ptr : "", text->len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    text->ptr = copy;
    return EG_OK;
}

int eg_exception_list_add(eg_exception_list *list, const eg_exception *exception)
{
    eg_exception kept = *exception;
    eg_str *const texts[] = {&kept.rule_id, &kept.created_by, &kept.reason, &kept.revoked_by};
    int status = eg_exception_check(exception);
    if (status == EG_OK) {
        status = make_room(list);
    }
    for (size_t i = 0; status == EG_OK && i < EG_COUNT(texts); i++) {
        status = keep_text(list, texts[i]);
    }
    for (size_t i = 0; status == EG_OK && i < EG_EXCEPTION_ON_COUNT; i++) {
        status = keep_text(list, &kept.wanted[i]);
    }
    if (status == EG_OK) {
        list->items[list->count++] = kept;
    }
    return status;
}

/* Says which one of the file is wrong. */
static int wrong_item(int status, size_t index)
{
    char reason[512];
    if (status != EG_E_INVALID) {
        return status;
    }
    snprintf(reason, sizeof(reason), "%s", eg_error_message());
    return eg_fail(status, "exception %zu of the list: %s", index + 1, reason);
}

static int add_of_pack(eg_exception_list *list, yyjson_val *value)
{
    eg_exception exception;
    int status = eg_exception_read_json(value, &exception);
    if (status != EG_OK) {
        return status;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].id == -exception.id) {
            return eg_fail(EG_E_INVALID, "\"id\" %lld is taken", (long long)exception.id);
        }
    }
    if (exception.id == 0) {
        return eg_fail(EG_E_INVALID, "\"id\" is missing: a number from 1");
    }
    exception.id = -exception.id;
    return eg_exception_list_add(list, &exception);
}

int eg_exception_list_read(eg_exception_list *list, eg_str json)
{
    yyjson_doc *document = NULL;
    size_t index, count, before = list->count;
    yyjson_val *value;
    int status = eg_json_parse(json, &document);
    if (status != EG_OK) {
        return status;
    }
    yyjson_val *array = yyjson_obj_get(yyjson_doc_get_root(document), "exceptions");
    if (!yyjson_is_arr(array)) {
        status = eg_fail(EG_E_INVALID, "no list \"exceptions\"");
    }
    yyjson_arr_foreach(array, index, count, value) {
        if (status == EG_OK) {
            status = wrong_item(add_of_pack(list, value), index);
        }
    }
    if (status != EG_OK) {
        list->count = before;
    }
    yyjson_doc_free(document);
    return status;
}

size_t eg_exception_list_count(const eg_exception_list *list)
{
    return list->count;
}

const eg_exception *eg_exception_list_at(const eg_exception_list *list, size_t index)
{
    return &list->items[index];
}

const eg_exception *eg_exception_list_find(const eg_exception_list *list,
                                           const eg_exception_facts *facts)
{
    for (size_t i = 0; list && i < list->count; i++) {
        if (eg_exception_matches(&list->items[i], facts)) {
            return &list->items[i];
        }
    }
    return NULL;
}
