/* SPDX-License-Identifier: Apache-2.0 */
/* There is no worker here: eg_scan_child_create says so, and nothing else is called then. */
#include "worker/scan_child.h"

#include "core/base/status.h"

static int fail_here(void)
{
    return eg_fail(EG_E_UNSUPPORTED, "the scan worker runs on Windows only");
}

int eg_scan_child_create(const char *program, size_t memory_bytes, eg_scan_child **out)
{
    EG_UNUSED(program);
    EG_UNUSED(memory_bytes);
    EG_UNUSED(out);
    return fail_here();
}

void eg_scan_child_destroy(eg_scan_child *child)
{
    EG_UNUSED(child);
}

int eg_scan_child_start(eg_scan_child *child, uint64_t deadline)
{
    EG_UNUSED(child);
    EG_UNUSED(deadline);
    return fail_here();
}

bool eg_scan_child_runs(const eg_scan_child *child)
{
    EG_UNUSED(child);
    return false;
}

void eg_scan_child_end(eg_scan_child *child)
{
    EG_UNUSED(child);
}

void eg_scan_child_stop(eg_scan_child *child)
{
    EG_UNUSED(child);
}

uint64_t eg_scan_child_bytes_peak(const eg_scan_child *child)
{
    EG_UNUSED(child);
    return 0;
}

int eg_scan_child_send(eg_scan_child *child, eg_str bytes, uint64_t deadline)
{
    EG_UNUSED(child);
    EG_UNUSED(bytes);
    EG_UNUSED(deadline);
    return fail_here();
}

int eg_scan_child_receive(eg_scan_child *child, eg_buf *message, uint64_t deadline)
{
    EG_UNUSED(child);
    EG_UNUSED(message);
    EG_UNUSED(deadline);
    return fail_here();
}

int eg_scan_child_open_file(eg_str path, bool network, intptr_t *handle)
{
    EG_UNUSED(path);
    EG_UNUSED(network);
    EG_UNUSED(handle);
    return fail_here();
}

int eg_scan_child_open_process(uint32_t id, uint64_t created, intptr_t *handle)
{
    EG_UNUSED(id);
    EG_UNUSED(created);
    EG_UNUSED(handle);
    return fail_here();
}

void eg_scan_child_close(intptr_t handle)
{
    EG_UNUSED(handle);
}

int eg_scan_child_lend(eg_scan_child *child, intptr_t handle, bool is_file, uint64_t *lent)
{
    EG_UNUSED(child);
    EG_UNUSED(handle);
    EG_UNUSED(is_file);
    EG_UNUSED(lent);
    return fail_here();
}
