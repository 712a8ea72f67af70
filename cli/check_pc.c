/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_pc.h"

#include "cli/check_cancel.h"
#include "core/base/status.h"

int eg_check_pc_add_gap(eg_check_pc *pc, eg_check_area_id area, eg_str what, eg_check_reason reason,
                        eg_str why)
{
    eg_mutex_lock(pc->lock);
    int status = eg_check_gaps_add_path(pc->gaps, area, what, reason, why);
    eg_mutex_unlock(pc->lock);
    return status;
}

int eg_check_pc_add_failure(eg_check_pc *pc, eg_check_area_id area, eg_str what,
                            eg_check_reason reason)
{
    return eg_check_pc_add_gap(pc, area, what, reason, eg_str_from(eg_error_message()));
}

void eg_check_pc_looked(eg_check_pc *pc, eg_check_area_id area, uint64_t count)
{
    eg_mutex_lock(pc->lock);
    eg_check_report_looked(pc->report, area, count);
    eg_mutex_unlock(pc->lock);
}

int eg_check_pc_step(eg_check_pc *pc, eg_check_phase phase, uint64_t done, uint64_t total,
                     eg_str item)
{
    eg_check_progress_show(pc->progress, phase, done, total, item);
    return eg_check_is_cancelled() ? eg_fail(EG_E_CLOSED, "the check was cancelled") : EG_OK;
}
