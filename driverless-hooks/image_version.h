/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program says of itself: the version resource of its file. Answers are kept by path and
 * time of last change. The resource is written by whoever made the file: evidence, not truth.
 * A cache belongs to one thread at a time.
 */
#ifndef EG_IMAGE_VERSION_H
#define EG_IMAGE_VERSION_H

#include "core/event/event.h"
#include "driverless-hooks/decode/event_text.h"

typedef struct eg_version_cache eg_version_cache;

int eg_version_cache_create(eg_version_cache **out);
void eg_version_cache_destroy(eg_version_cache *cache); /* NULL-safe */

/*
 * Fills OriginalFileName, Product, Company, Description and FileVersion of `event` for the file
 * `image` (a full path), "-" for what the file does not say, as Sysmon does. Leaves them missing
 * when the file cannot be read or lies on another computer, where reading could block for long.
 */
void eg_image_version_fill(eg_version_cache *cache, eg_str image, eg_event_text *text,
                           eg_event *event);

#endif
