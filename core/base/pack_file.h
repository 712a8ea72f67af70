/* SPDX-License-Identifier: Apache-2.0 */
/* A file of a rule pack that lies in memory: what archives are made of and rulesets load from. */
#ifndef EG_BASE_PACK_FILE_H
#define EG_BASE_PACK_FILE_H

#include "core/base/str.h"

typedef struct eg_pack_file {
    eg_str name; /* '/' between its parts: "sigma/a.yml" */
    eg_str text;
} eg_pack_file;

#endif
