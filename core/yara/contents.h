/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to look at in a file: the bytes themselves, and in time what lies packed in them.
 * The one place where a container is opened, so that whoever scans need not know of any. Pure;
 * nothing is kept.
 */
#ifndef EG_YARA_CONTENTS_H
#define EG_YARA_CONTENTS_H

#include "core/base/str.h"

/* `name` is "" for the file itself. EG_OK goes on, anything else ends it and is returned. */
typedef int (*eg_contents_visit)(void *user, eg_str name, eg_str bytes);
int eg_contents_each(eg_str file, eg_contents_visit visit, void *user);

#endif
