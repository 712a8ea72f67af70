/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a pack that came over the network is fit for this PC, before it has any effect: every
 * rule compiles (YARA in a child that may die of it), the pack's own samples are met, ordinary
 * events are not, and no YARA rule hits our own programs or well-known files of Windows. The
 * calling thread; takes seconds to a minute.
 */
#ifndef EG_SERVICE_PACK_TEST_H
#define EG_SERVICE_PACK_TEST_H

#include "core/update/bundle.h"

/*
 * `programs`: folder of our executables. EG_E_INVALID with the reason when the pack is not fit;
 * EG_E_NOMEM and EG_E_CLOSED when that could not be found out.
 */
int eg_pack_test(const eg_bundle *bundle, const char *programs);

#endif
