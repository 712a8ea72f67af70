/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yara/contents.h"

int eg_contents_each(eg_str file, eg_contents_visit visit, void *user)
{
    return visit(user, EG_STR(""), file);
}
