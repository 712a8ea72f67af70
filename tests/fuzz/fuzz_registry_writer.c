/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of registry writes: id (1, even is set, odd is delete), pid (1), size of the payload (1),
 * payload, again and again; the rest is a value's name and data, told apart by a zero byte.
 * Property: who is named is the process of one of the records.
 */
#include "core/base/compiler.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/etw_providers.h"
#include "driverless-hooks/decode/registry_writer.h"

#include <stdlib.h>
#include <string.h>

enum { RECORDS = 8 };

int eg_fuzz_registry_writer(const uint8_t *data, size_t size);

int eg_fuzz_registry_writer(const uint8_t *data, size_t size)
{
    static const uint8_t provider[EG_ETW_GUID_SIZE] = EG_ETW_PROVIDER_KERNEL_REGISTRY;
    eg_registry_writer_table *table = NULL;
    eg_registry_writer found = {0};
    bool pids[256] = {false};
    if (eg_registry_writer_table_create(&table, RECORDS) != EG_OK) {
        return 0;
    }
    for (int i = 0; i < RECORDS && size >= 3 && size >= 3u + data[2]; i++) {
        eg_etw_record record = {.id = data[0] % 2 ? 6 : 5,
                                .flags = EG_ETW_FLAG_64_BIT,
                                .pid = data[1],
                                .time = 1,
                                .payload = data + 3,
                                .size = data[2]};
        memcpy(record.provider, provider, sizeof(provider));
        pids[data[1]] = eg_registry_writer_table_add(table, &record) || pids[data[1]];
        size -= 3u + data[2];
        data += 3u + record.size;
    }
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    if (end) {
        eg_str name = {(const char *)data, (size_t)(end - data)};
        eg_value now = {.type = 1, .data = {(const char *)end + 1, size - name.len - 1}};
        now.full_size = now.data.len;
        if ((eg_registry_writer_find(table, name, &now, 1, &found) ||
             eg_registry_writer_find(table, name, NULL, 1, &found)) &&
            !pids[found.pid]) {
            abort();
        }
    }
    eg_registry_writer_table_destroy(table);
    return 0;
}
