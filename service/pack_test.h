/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a pack that came over the network is fit for this PC, before it has any effect: every
 * rule compiles (YARA in a child that may die of it), the pack's own samples are met, ordinary
 * events are not, and no YARA rule hits our own programs or well-known files of Windows. Takes
 * seconds to a minute, on the calling thread; eg_pack_tester_stop is for any.
 */
#ifndef EG_SERVICE_PACK_TEST_H
#define EG_SERVICE_PACK_TEST_H

#include "core/update/bundle.h"

typedef struct eg_pack_tester eg_pack_tester;

/* `programs`: folder of our executables, borrowed. */
int eg_pack_tester_create(const char *programs, eg_pack_tester **out);
void eg_pack_tester_destroy(eg_pack_tester *tester); /* NULL-safe */
/*
 * EG_E_INVALID with the reason when the pack is not fit; EG_E_NOMEM and EG_E_CLOSED when that could
 * not be found out.
 */
int eg_pack_tester_run(eg_pack_tester *tester, const eg_bundle *bundle);
/* The test that runs, and all after it, end with EG_E_CLOSED at once. */
void eg_pack_tester_stop(eg_pack_tester *tester);

#endif
