/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/sid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SID_HEAD_SIZE = 8, /* revision, count, 6 bytes of authority */
    SUB_AUTHORITIES_MAX = 15,
    MANDATORY_LABEL_AUTHORITY = 16,
};

size_t eg_sid_size(const uint8_t *bytes, size_t size)
{
    if (!bytes || size < SID_HEAD_SIZE || bytes[0] != 1 || bytes[1] > SUB_AUTHORITIES_MAX) {
        return 0;
    }
    size_t needed = SID_HEAD_SIZE + 4 * (size_t)bytes[1];
    return needed <= size ? needed : 0;
}

static uint64_t authority(const uint8_t *sid)
{
    uint64_t value = 0;
    for (size_t i = 2; i < SID_HEAD_SIZE; i++) {
        value = value << 8 | sid[i];
    }
    return value;
}

static uint32_t sub_authority(const uint8_t *sid, size_t index)
{
    const uint8_t *at = sid + SID_HEAD_SIZE + 4 * index;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

size_t eg_sid_format(const uint8_t *bytes, size_t size, char out[EG_SID_TEXT_SIZE])
{
    out[0] = '\0';
    if (eg_sid_size(bytes, size) == 0) {
        return 0;
    }
    uint64_t top = authority(bytes);
    int written = top > UINT32_MAX ? snprintf(out, EG_SID_TEXT_SIZE, "S-1-0x%012" PRIx64, top)
                                   : snprintf(out, EG_SID_TEXT_SIZE, "S-1-%" PRIu64, top);
    for (size_t i = 0; i < bytes[1]; i++) {
        size_t used = (size_t)written;
        written +=
            snprintf(out + used, EG_SID_TEXT_SIZE - used, "-%" PRIu32, sub_authority(bytes, i));
    }
    return (size_t)written;
}

eg_str eg_integrity_level_name(uint32_t rid)
{
    static const struct {
        uint32_t from;
        eg_str name;
    } levels[] = {
        {0x4000, {"System", 6}}, {0x3000, {"High", 4}}, {0x2100, {"MediumPlus", 10}},
        {0x2000, {"Medium", 6}}, {0x1000, {"Low", 3}},  {0, {"Untrusted", 9}},
    };
    size_t i = 0;
    while (rid < levels[i].from) {
        i++;
    }
    return levels[i].name;
}

eg_str eg_sid_integrity_level(const uint8_t *bytes, size_t size)
{
    if (eg_sid_size(bytes, size) == 0 || authority(bytes) != MANDATORY_LABEL_AUTHORITY ||
        bytes[1] == 0) {
        return EG_STR_NONE;
    }
    return eg_integrity_level_name(sub_authority(bytes, (size_t)bytes[1] - 1));
}
