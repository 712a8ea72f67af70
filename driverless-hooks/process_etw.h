/* SPDX-License-Identifier: Apache-2.0 */
/* The ETW process source with its seam for tests. */
#ifndef EG_PROCESS_ETW_H
#define EG_PROCESS_ETW_H

#include "driverless-hooks/etw/api.h"
#include "driverless-hooks/process_source.h"

#define EG_PROCESS_ETW_RING (8u * 1024 * 1024) /* 15,000 starts; untouched pages cost nothing */

/* As eg_process_source_etw.open, on other calls than those of Windows, with so large a ring. */
int eg_process_etw_open(void **context, eg_process_feed *feed, HANDLE stop, const eg_etw_api *api,
                        size_t ring_size);

#endif
