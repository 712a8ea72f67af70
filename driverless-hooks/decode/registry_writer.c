/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/registry_writer.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"
#include "driverless-hooks/decode/etw_decode.h"
#include "driverless-hooks/decode/etw_providers.h"

#include <string.h>

enum { ID_SET = 5, ID_DELETE = 6 };

#define FNV_BASIS UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)
#define WINDOW_TICKS (UINT64_C(10000) * EG_REGISTRY_WRITER_WINDOW_MS)
#define NAME_SIZE_MAX (64u * 1024) /* a name has at most 16383 units */

typedef struct write {
    uint64_t time;
    uint64_t name; /* hash */
    uint64_t data; /* hash of what was captured */
    uint64_t type, size, captured;
    uint32_t pid;
    bool deleted;
} write;

struct eg_registry_writer_table {
    write *writes; /* a ring */
    size_t capacity;
    size_t next;
    size_t count;
    eg_buf name;
};

int eg_registry_writer_table_create(eg_registry_writer_table **out, size_t capacity)
{
    eg_registry_writer_table *table = eg_alloc_zero(1, sizeof(*table));
    if (!table) {
        return EG_E_NOMEM;
    }
    table->writes = eg_alloc_zero(capacity, sizeof(*table->writes));
    if (!table->writes) {
        eg_free(table);
        return EG_E_NOMEM;
    }
    table->capacity = capacity;
    eg_buf_init(&table->name, NAME_SIZE_MAX);
    *out = table;
    return EG_OK;
}

void eg_registry_writer_table_destroy(eg_registry_writer_table *table)
{
    if (table) {
        eg_buf_done(&table->name);
        eg_free(table->writes);
        eg_free(table);
    }
}

static uint64_t hash_bytes(const void *bytes, size_t size)
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * FNV_PRIME;
    }
    return hash;
}

/* The registry keeps the case of whoever wrote first. */
static uint64_t hash_name(eg_str name)
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c + ('a' - 'A'));
        }
        hash = (hash ^ c) * FNV_PRIME;
    }
    return hash;
}

static bool is_write(const eg_etw_record *record, eg_etw_decoded *decoded)
{
    static const uint8_t provider[EG_ETW_GUID_SIZE] = EG_ETW_PROVIDER_KERNEL_REGISTRY;
    return (record->id == ID_SET || record->id == ID_DELETE) && record->pid != 0 &&
           record->pid != EG_ETW_NO_PROCESS &&
           memcmp(record->provider, provider, sizeof(provider)) == 0 &&
           eg_etw_decode(record, decoded) == EG_ETW_EVENT && decoded->as.registry_value.status == 0;
}

bool eg_registry_writer_table_add(eg_registry_writer_table *table, const eg_etw_record *record)
{
    eg_etw_decoded decoded;
    if (!is_write(record, &decoded)) {
        return false;
    }
    const eg_etw_registry_value *value = &decoded.as.registry_value;
    eg_buf_clear(&table->name);
    eg_utf8_from_utf16le(&table->name, value->value_name.bytes, value->value_name.size);
    if (table->name.status != EG_OK) {
        return false;
    }
    write *at = &table->writes[table->next];
    *at = (write){.time = record->time,
                  .name = hash_name(eg_buf_str(&table->name)),
                  .pid = record->pid,
                  .deleted = record->id == ID_DELETE};
    if (!at->deleted) {
        at->type = value->type;
        at->size = value->data_size;
        at->captured = value->data.size;
        at->data = hash_bytes(value->data.bytes, value->data.size);
    }
    table->next = (table->next + 1) % table->capacity;
    table->count += table->count < table->capacity;
    return true;
}

static bool made(const write *at, const eg_value *now)
{
    if (!now) {
        return at->deleted;
    }
    return !at->deleted && at->type == now->type && at->size == now->full_size &&
           at->captured <= now->data.len && at->captured <= at->size &&
           at->data == hash_bytes(now->data.ptr, (size_t)at->captured);
}

/* True when nothing of the data is there to tell one write from another. */
static bool is_vague(const write *at)
{
    return at->deleted || (at->captured == 0 && at->size > 0);
}

static bool find_by(const eg_registry_writer_table *table, uint64_t name, const eg_value *now,
                    uint64_t when, eg_registry_writer *out)
{
    const write *found = NULL;
    for (size_t i = 1; i <= table->count; i++) {
        const write *at = &table->writes[(table->next + table->capacity - i) % table->capacity];
        uint64_t apart = at->time < when ? when - at->time : at->time - when;
        if (apart > WINDOW_TICKS || at->name != name || !made(at, now)) {
            continue;
        }
        if (found && found->pid != at->pid && (is_vague(found) || is_vague(at))) {
            return false;
        }
        if (!found || at->time > found->time) {
            found = at;
        }
    }
    if (found) {
        *out = (eg_registry_writer){found->pid, found->time};
    }
    return found;
}

bool eg_registry_writer_find(const eg_registry_writer_table *table, eg_str name,
                             const eg_value *now, uint64_t when, eg_registry_writer *out)
{
    size_t start = name.len;
    if (find_by(table, hash_name(name), now, when, out)) {
        return true;
    }
    while (start > 0 && name.ptr[start - 1] != '\\') {
        start--;
    }
    eg_str own = {name.ptr + start, name.len - start};
    return start > 0 && find_by(table, hash_name(own), now, when, out);
}
