/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/baseline_table.h"

#include "core/base/mem.h"
#include "core/base/status.h"

#include <string.h>

enum { BUCKETS = 4096 };

#define NAME_MAX_BYTES 8192u
/* Names and details of all objects; an attacker may write many long ones. */
#define TEXT_MAX_BYTES (16u * 1024 * 1024)

struct eg_object_table {
    eg_object *buckets[BUCKETS];
    size_t count, max;
    size_t text_size;
};

int eg_object_table_create(eg_object_table **out, size_t max)
{
    eg_object_table *table = eg_alloc_zero(1, sizeof(*table));
    if (!table) {
        return EG_E_NOMEM;
    }
    table->max = max;
    *out = table;
    return EG_OK;
}

static size_t details_size(const eg_object *object)
{
    return object->details ? strlen(object->details) : 0;
}

static void free_object(eg_object *object)
{
    eg_free(object->details);
    eg_free(object);
}

void eg_object_table_destroy(eg_object_table *table)
{
    for (size_t i = 0; table && i < BUCKETS; i++) {
        while (table->buckets[i]) {
            eg_object *object = table->buckets[i];
            table->buckets[i] = object->next;
            free_object(object);
        }
    }
    eg_free(table);
}

static size_t bucket_of(size_t sensor, eg_kind kind, eg_str name)
{
    return (size_t)(eg_str_hash(name) + sensor * 31 + (size_t)kind) % BUCKETS;
}

eg_object *eg_object_find(const eg_object_table *table, size_t sensor, eg_kind kind, eg_str name)
{
    eg_object *object = table->buckets[bucket_of(sensor, kind, name)];
    while (object && (object->sensor != sensor || object->kind != kind ||
                      !eg_str_equal(object->name, name))) {
        object = object->next;
    }
    return object;
}

int eg_object_add(eg_object_table *table, size_t sensor, eg_kind kind, eg_str name, eg_object **out)
{
    if (name.len > NAME_MAX_BYTES || table->count >= table->max ||
        table->text_size + name.len > TEXT_MAX_BYTES) {
        return eg_fail(EG_E_LIMIT, "no room to remember what a sensor tells");
    }
    eg_object *object = eg_alloc_zero(1, sizeof(*object) + name.len);
    if (!object) {
        return EG_E_NOMEM;
    }
    char *text = (char *)(object + 1);
    memcpy(text, name.ptr, name.len);
    object->name = (eg_str){text, name.len};
    object->sensor = sensor;
    object->kind = kind;
    object->gone = true;
    eg_object **bucket = &table->buckets[bucket_of(sensor, kind, name)];
    object->next = *bucket;
    *bucket = object;
    table->count++;
    table->text_size += name.len;
    *out = object;
    return EG_OK;
}

int eg_object_set_details(eg_object_table *table, eg_object *object, eg_str details)
{
    char *copy = NULL;
    if (details.len > 0 && table->text_size + details.len <= TEXT_MAX_BYTES) {
        copy = eg_copy_bytes(details.ptr, details.len);
        if (!copy) {
            return EG_E_NOMEM;
        }
    }
    table->text_size -= details_size(object);
    eg_free(object->details);
    object->details = copy;
    table->text_size += details_size(object);
    return EG_OK;
}

void eg_object_remove(eg_object_table *table, eg_object *object)
{
    eg_object **link = &table->buckets[bucket_of(object->sensor, object->kind, object->name)];
    while (*link != object) {
        link = &(*link)->next;
    }
    *link = object->next;
    table->count--;
    table->text_size -= object->name.len + details_size(object);
    free_object(object);
}

size_t eg_object_count(const eg_object_table *table)
{
    return table->count;
}

void eg_object_each(eg_object_table *table, void (*visit)(void *user, eg_object *object),
                    void *user)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (eg_object *object = table->buckets[i], *next; object; object = next) {
            next = object->next;
            visit(user, object);
        }
    }
}
