/* SPDX-License-Identifier: Apache-2.0 */
/* Windows cannot copy a process: the end-to-end test kills the real service there instead. */
#include "tests/unit/child.h"

#include "core/base/compiler.h"
#include "core/base/status.h"

int eg_child_start(eg_child_main run, void *arg, eg_child **out)
{
    EG_UNUSED(run);
    EG_UNUSED(arg);
    EG_UNUSED(out);
    return eg_fail(EG_E_UNSUPPORTED, "Windows cannot copy a running process");
}

int eg_child_hear(eg_child *child, int64_t *number)
{
    EG_UNUSED(child);
    EG_UNUSED(number);
    return EG_E_CLOSED;
}

void eg_child_kill(eg_child *child)
{
    EG_UNUSED(child);
}

void eg_child_destroy(eg_child *child)
{
    EG_UNUSED(child);
}
