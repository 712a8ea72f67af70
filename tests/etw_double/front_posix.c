/* SPDX-License-Identifier: Apache-2.0 */
/* Natively the simulation is the only ETW there is. */
#include "tests/etw_double/engine.h"

const char eg_etw_double_front[] = "table";

const eg_etw_api *eg_etw_system_api(void)
{
    return &eg_etw_double_api;
}
