/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values below a watched registry key at one moment, and what changed between two moments.
 * Nothing of Windows: names are WTF-8, data are the raw bytes, both may hold anything.
 *
 * A list owns copies of what is added. Fill it, seal it, compare it. One thread per list.
 */
#ifndef EG_DECODE_VALUE_DIFF_H
#define EG_DECODE_VALUE_DIFF_H

#include "core/base/str.h"

/* Data beyond this is not kept: such a value is known by its size and by its first part. */
#define EG_VALUE_DATA_MAX (1024u * 1024)

typedef struct eg_value {
    eg_str name;        /* below the watched key: "OneDrive", "0001\\1" */
    uint32_t type;      /* REG_... */
    eg_str data;        /* raw bytes, at most EG_VALUE_DATA_MAX */
    uint64_t full_size; /* bytes the registry holds */
} eg_value;

typedef struct eg_value_list eg_value_list;

int eg_value_list_create(eg_value_list **out);
void eg_value_list_destroy(eg_value_list *list); /* NULL-safe */
int eg_value_list_add(eg_value_list *list, const eg_value *value);
/* Sorts by name; of several values with one name the last added stays. */
void eg_value_list_seal(eg_value_list *list);
size_t eg_value_list_count(const eg_value_list *list); /* 0 for NULL */
const eg_value *eg_value_list_at(const eg_value_list *list, size_t index);
/*
 * In a sealed list, for the name that is `first` with `second` behind it: the index of the first
 * value whose name is not below it (the count if none), or the value (NULL if none).
 */
size_t eg_value_list_lower(const eg_value_list *list, eg_str first, eg_str second);
const eg_value *eg_value_list_find(const eg_value_list *list, eg_str first, eg_str second);
bool eg_value_same(const eg_value *a, const eg_value *b); /* type, size and data; not the name */

/*
 * Called for each difference in order of names. `before` is NULL for an added value, `now` for a
 * removed one. A value whose name changed its case is both.
 */
typedef void (*eg_value_change)(void *user, const eg_value *before, const eg_value *now);

/* Both lists sealed; NULL is an empty list. */
void eg_value_diff(const eg_value_list *before, const eg_value_list *now, eg_value_change change,
                   void *user);

#endif
