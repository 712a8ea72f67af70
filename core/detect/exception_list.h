/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions in memory of their own: those of this PC, which the service keeps in its database, or
 * those of a pack (exceptions.json). Filled by whoever creates it, unchanged after that; then any
 * thread may look. Freed by its owner.
 */
#ifndef EG_DETECT_EXCEPTION_LIST_H
#define EG_DETECT_EXCEPTION_LIST_H

#include "core/detect/exception.h"

#define EG_EXCEPTIONS_MAX 1000 /* of one list */
#define EG_EXCEPTIONS_FILE "exceptions.json"

typedef struct eg_exception_list eg_exception_list;

int eg_exception_list_create(eg_exception_list **out);
void eg_exception_list_destroy(eg_exception_list *list); /* NULL-safe */
/* Checks and copies. EG_E_INVALID as eg_exception_check; EG_E_LIMIT when the list is full. */
int eg_exception_list_add(eg_exception_list *list, const eg_exception *exception);
/*
 * Reads {"exceptions": [...]}; each has an "id" from 1 of its own and becomes -id here. All or
 * none: EG_E_INVALID names the first that is wrong.
 */
int eg_exception_list_read(eg_exception_list *list, eg_str json);
size_t eg_exception_list_count(const eg_exception_list *list);
const eg_exception *eg_exception_list_at(const eg_exception_list *list, size_t index);
/* The first that hides the hit; NULL when none does, and for a NULL list. */
const eg_exception *eg_exception_list_find(const eg_exception_list *list,
                                           const eg_exception_facts *facts);

#endif
