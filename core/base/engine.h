/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which version of EmoGuard rules ask for ("engine_min" of a pack and of a release), beside the
 * one that this is. Pure functions, any thread.
 */
#ifndef EG_BASE_ENGINE_H
#define EG_BASE_ENGINE_H

#include "core/base/str.h"

/*
 * EG_OK when this is version `needed` ("1.2.3"; parts left out are 0) or a later one, or nothing is
 * asked for (EG_STR_NONE). EG_E_UNSUPPORTED when this is too old, EG_E_INVALID for what is no
 * version, both with the reason.
 */
int eg_engine_check(eg_str needed);

#endif
