/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/status.h"
#include "driverless-hooks/decode/path_map.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int eg_fuzz_path_map(const uint8_t *data, size_t size);

/* Lines of a map, "from" and "to" in turn, each ended by a NUL; what is left is the path. */
int eg_fuzz_path_map(const uint8_t *data, size_t size)
{
    eg_path_map *map = NULL;
    eg_buf out;
    eg_str rest = {(const char *)data, size};
    eg_str from, to;
    EG_FUZZ_CHECK(eg_path_map_create(&map) == EG_OK);
    while (rest.len > 0 && memchr(rest.ptr, '\0', rest.len) && eg_str_split(&rest, '\0', &from) &&
           eg_str_split(&rest, '\0', &to)) {
        eg_path_map_add(map, from, to);
    }
    eg_buf_init(&out, 16 * 1024);
    int status = eg_path_map_rewrite(map, rest, &out);
    EG_FUZZ_CHECK(status == EG_OK || status == EG_E_NOTFOUND || status == EG_E_LIMIT);
    EG_FUZZ_CHECK(status != EG_E_NOTFOUND || out.len == 0);
    EG_FUZZ_CHECK(rest.len == 0 || status != EG_OK || out.len > 0);
    eg_buf_done(&out);
    eg_path_map_destroy(map);
    return 0;
}
