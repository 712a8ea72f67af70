/* SPDX-License-Identifier: Apache-2.0 */
/* What the scan worker forbids itself before it looks at anything. Called once, at its start. */
#ifndef EG_WORKER_LOCK_DOWN_H
#define EG_WORKER_LOCK_DOWN_H

#include <stddef.h>

/* `told` gets the names of the measures that this system does not take; "" when it took all. */
void eg_worker_lock_down(char *told, size_t size);

#endif
