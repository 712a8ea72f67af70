/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session tells of its own losses (RT_LostEvent), in-band. The records carry no data: that
 * one arrived is the news.
 */
#include "driverless-hooks/decode/etw_layout.h"

/* A layout needs columns to be one; no version has this one. */
static const eg_etw_column nothing[] = {
    EG_ETW_COLUMN("", U8, EG_ETW_NEWEST, 0, plain.number[0], COUNT),
};

#define LAYOUT(opcode) \
    { \
        EG_ETW_PROVIDER_LOST_GROUP, opcode, true, 0, EG_ETW_NEWEST, EG_ETW_ROLE_LOST, \
            EG_KIND_OTHER, nothing, EG_COUNT(nothing) \
    }

const eg_etw_layout eg_etw_kernel_lost_layouts[] = {
    LAYOUT(32), /* records */
    LAYOUT(33), /* buffers */
    LAYOUT(34), /* a file */
    {.columns = NULL},
};
