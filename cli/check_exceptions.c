/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_exceptions.h"

#include "cli/cli.h"
#include "core/base/status.h"

typedef struct loading {
    eg_exception_list *list;
    uint64_t now;
} loading;

/* One that is wrong, or too many, hides nothing. */
static int load_one(void *user, const eg_exception *exception)
{
    const loading *to = user;
    int status = eg_exception_in_force(exception, to->now)
                     ? eg_exception_list_add(to->list, exception)
                     : EG_OK;
    return status == EG_E_NOMEM ? status : EG_OK;
}

int eg_check_exceptions_load(uint64_t now, eg_exception_list **out)
{
    loading to = {.now = now};
    eg_store *store = NULL;
    int status = eg_cli_open_database(NULL, &store);
    if (status != EG_OK) {
        return status == EG_E_NOMEM ? status : EG_OK;
    }
    status = eg_exception_list_create(&to.list);
    if (status == EG_OK) {
        status = eg_store_each_exception(store, load_one, &to);
    }
    eg_store_close(store);
    if (status == EG_OK) {
        *out = to.list;
    } else {
        eg_exception_list_destroy(to.list);
    }
    return status == EG_E_NOMEM ? status : EG_OK;
}
