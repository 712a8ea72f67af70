/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hit with its event in memory of its own, for the time until it can be stored. Freed with
 * eg_hit_copy_destroy. No state; any thread.
 */
#ifndef EG_SERVICE_HIT_COPY_H
#define EG_SERVICE_HIT_COPY_H

#include "core/detect/hit.h"

typedef struct eg_hit_copy {
    eg_hit hit; /* its texts point into `texts` */
    eg_event *event;
    char *texts;
} eg_hit_copy;

int eg_hit_copy_create(const eg_hit *hit, const eg_event *event, eg_hit_copy **out);
void eg_hit_copy_destroy(eg_hit_copy *copy); /* NULL-safe */

#endif
