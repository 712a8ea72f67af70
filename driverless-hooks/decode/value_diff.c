/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/value_diff.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 8 * 1024, FIRST_CAPACITY = 16 };

typedef struct item {
    eg_value value;
    size_t order; /* of adding, so that the last of equals wins */
} item;

struct eg_value_list {
    eg_arena *arena;
    item *items;
    size_t count, capacity;
};

int eg_value_list_create(eg_value_list **out)
{
    eg_value_list *list = eg_alloc_zero(1, sizeof(*list));
    if (!list) {
        return EG_E_NOMEM;
    }
    int status = eg_arena_create(&list->arena, ARENA_BLOCK);
    if (status != EG_OK) {
        eg_free(list);
        return status;
    }
    *out = list;
    return EG_OK;
}

void eg_value_list_destroy(eg_value_list *list)
{
    if (list) {
        eg_arena_destroy(list->arena);
        eg_free(list->items);
        eg_free(list);
    }
}

static int reserve(eg_value_list *list)
{
    if (list->count < list->capacity) {
        return EG_OK;
    }
    size_t capacity = list->capacity ? 2 * list->capacity : FIRST_CAPACITY;
    item *items = eg_realloc(list->items, capacity * sizeof(*items));
    if (!items) {
        return EG_E_NOMEM;
    }
    list->items = items;
    list->capacity = capacity;
    return EG_OK;
}

int eg_value_list_add(eg_value_list *list, const eg_value *value)
{
    eg_value copy = *value;
    int status = reserve(list);
    if (status != EG_OK) {
        return status;
    }
    if (copy.data.len > EG_VALUE_DATA_MAX) {
        copy.data.len = EG_VALUE_DATA_MAX;
    }
    copy.name.ptr = eg_arena_copy(list->arena, copy.name.len ? copy.name.ptr : "", copy.name.len);
    copy.data.ptr = eg_arena_copy(list->arena, copy.data.len ? copy.data.ptr : "", copy.data.len);
    if (!copy.name.ptr || !copy.data.ptr) {
        return EG_E_NOMEM;
    }
    list->items[list->count] = (item){copy, list->count};
    list->count++;
    return EG_OK;
}

static int compare_items(const void *left, const void *right)
{
    const item *a = left;
    const item *b = right;
    int order = eg_str_compare(a->value.name, b->value.name);
    if (order == 0) {
        order = a->order < b->order ? -1 : 1;
    }
    return order;
}

void eg_value_list_seal(eg_value_list *list)
{
    size_t kept = 0;
    if (list->count == 0) {
        return;
    }
    qsort(list->items, list->count, sizeof(*list->items), compare_items);
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && eg_str_equal(list->items[kept - 1].value.name, list->items[i].value.name)) {
            kept--;
        }
        list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

size_t eg_value_list_count(const eg_value_list *list)
{
    return list ? list->count : 0;
}

const eg_value *eg_value_list_at(const eg_value_list *list, size_t index)
{
    return &list->items[index].value;
}

/* As eg_str_compare of the name with `first` and `second` behind each other. */
static int compare_name(eg_str name, eg_str first, eg_str second)
{
    eg_str start = {name.ptr, name.len < first.len ? name.len : first.len};
    int order = eg_str_compare(start, first);
    if (order == 0) {
        order = eg_str_compare((eg_str){name.ptr + first.len, name.len - first.len}, second);
    }
    return order;
}

size_t eg_value_list_lower(const eg_value_list *list, eg_str first, eg_str second)
{
    size_t low = 0;
    size_t high = eg_value_list_count(list);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_name(list->items[middle].value.name, first, second) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const eg_value *eg_value_list_find(const eg_value_list *list, eg_str first, eg_str second)
{
    size_t at = eg_value_list_lower(list, first, second);
    return at < eg_value_list_count(list) &&
                   compare_name(list->items[at].value.name, first, second) == 0
               ? &list->items[at].value
               : NULL;
}

bool eg_value_same(const eg_value *a, const eg_value *b)
{
    return a->type == b->type && a->full_size == b->full_size && eg_str_equal(a->data, b->data);
}

void eg_value_diff(const eg_value_list *before, const eg_value_list *now, eg_value_change change,
                   void *user)
{
    size_t old_count = eg_value_list_count(before);
    size_t new_count = eg_value_list_count(now);
    size_t i = 0;
    size_t k = 0;
    while (i < old_count || k < new_count) {
        const eg_value *was = i < old_count ? eg_value_list_at(before, i) : NULL;
        const eg_value *is = k < new_count ? eg_value_list_at(now, k) : NULL;
        int order = !was ? 1 : !is ? -1 : eg_str_compare(was->name, is->name);
        if (order < 0) {
            change(user, was, NULL);
        } else if (order > 0) {
            change(user, NULL, is);
        } else if (!eg_value_same(was, is)) {
            change(user, was, is);
        }
        i += order <= 0;
        k += order >= 0;
    }
}
