/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/dropped_file.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_dropped_file(const uint8_t *data, size_t size);

static void check_inside(eg_str part, eg_str whole)
{
    EG_FUZZ_CHECK(!part.ptr || part.len == 0 ||
                  (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

/* The input is a Mark of the Web, and the name and the path of a file. */
int eg_fuzz_dropped_file(const uint8_t *data, size_t size)
{
    eg_str text = {size > 0 ? (const char *)data : "", size};
    eg_zone_identifier zone;
    eg_zone_identifier_parse(text, &zone);
    check_inside(zone.zone_id, text);
    check_inside(zone.host_url, text);
    check_inside(zone.referrer_url, text);
    EG_FUZZ_CHECK(eg_dropped_class_of(text) <= EG_DROPPED_ARCHIVE);
    for (int root = EG_DROPPED_ROOT_PROFILE; root <= EG_DROPPED_ROOT_WINDOWS_TEMP; root++) {
        /* a file in a place must be reached by a walk: each folder above it may hold something */
        if (!eg_dropped_in_place((eg_dropped_root)root, text)) {
            continue;
        }
        EG_FUZZ_CHECK(eg_dropped_may_hold((eg_dropped_root)root, EG_STR("")));
        for (size_t i = 0; i < text.len; i++) {
            EG_FUZZ_CHECK(text.ptr[i] != '\\' ||
                          eg_dropped_may_hold((eg_dropped_root)root, (eg_str){text.ptr, i}));
        }
    }
    return 0;
}
