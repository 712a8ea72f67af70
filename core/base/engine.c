/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/engine.h"

#include "core/base/status.h"
#include "core/version.h"

#define VERSION_PARTS 3

static bool parse_version(eg_str text, uint64_t parts[VERSION_PARTS])
{
    eg_str part;
    size_t count = 0;
    parts[0] = parts[1] = parts[2] = 0;
    while (eg_str_split(&text, '.', &part)) {
        if (count == VERSION_PARTS || !eg_str_to_u64(part, &parts[count])) {
            return false;
        }
        count++;
    }
    return count > 0;
}

int eg_engine_check(eg_str needed)
{
    const uint64_t have[VERSION_PARTS] = {EG_VERSION_MAJOR, EG_VERSION_MINOR, EG_VERSION_PATCH};
    uint64_t need[VERSION_PARTS];
    size_t i = 0;
    if (!needed.ptr) {
        return EG_OK;
    }
    if (!parse_version(needed, need)) {
        return eg_fail(EG_E_INVALID, "engine_min \"%.*s\" is no version", EG_STR_ARGS(needed));
    }
    while (i < VERSION_PARTS && need[i] == have[i]) {
        i++;
    }
    return i == VERSION_PARTS || need[i] < have[i]
               ? EG_OK
               : eg_fail(EG_E_UNSUPPORTED, "needs engine %.*s, this is %s", EG_STR_ARGS(needed),
                         EG_VERSION_STRING);
}
