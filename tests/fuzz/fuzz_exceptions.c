/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "core/detect/exception_list.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_exceptions(const uint8_t *data, size_t size);

/* What is taken passes the check and never hides a hit of which nothing is known. */
int eg_fuzz_exceptions(const uint8_t *data, size_t size)
{
    eg_exception_list *list = NULL;
    eg_exception_facts nothing = {.rule_id = EG_STR("unknown to all")};
    eg_str text = {size > 0 ? (const char *)data : "", size};
    if (eg_exception_list_create(&list) != EG_OK) {
        return 0;
    }
    int status = eg_exception_list_read(list, text);
    EG_FUZZ_CHECK(status == EG_OK || eg_exception_list_count(list) == 0);
    for (size_t i = 0; i < eg_exception_list_count(list); i++) {
        const eg_exception *exception = eg_exception_list_at(list, i);
        EG_FUZZ_CHECK(exception->id < 0 && eg_exception_check(exception) == EG_OK);
        for (int on = 0; on < EG_EXCEPTION_ON_COUNT; on++) {
            eg_exception_pattern_matches(exception->wanted[on], text);
        }
        EG_FUZZ_CHECK(eg_str_equal(exception->rule_id, nothing.rule_id) ||
                      !eg_exception_matches(exception, &nothing));
    }
    eg_exception_list_destroy(list);
    return 0;
}
