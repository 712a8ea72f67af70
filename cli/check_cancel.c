/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_cancel.h"

#include "cli/cli.h"
#include "core/base/os.h"
#include "core/base/status.h"

static eg_atomic cancelled;

void eg_check_cancel(void)
{
    eg_atomic_set(&cancelled, 1);
}

bool eg_check_is_cancelled(void)
{
    return eg_atomic_get(&cancelled) != 0;
}

int eg_check_cancel_on_interrupt(void)
{
    return eg_cli_on_interrupt(eg_check_cancel);
}

static void wait_for_end(void *arg)
{
    EG_UNUSED(arg);
    eg_cli_wait_input_end();
    eg_check_cancel();
}

int eg_check_cancel_on_input_end(void)
{
    /* Never joined: it waits for somebody else, and ends with the process. */
    static eg_thread *waiting;
    return waiting ? EG_OK : eg_thread_start(&waiting, "input", wait_for_end, NULL);
}
