/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who wrote a registry value: a bounded memory of the writes that Kernel-Registry told lately, and
 * the look-up by what the registry holds now. The records name no key, only the value, so name,
 * type and data have to agree. Pure, nothing of Windows; a table belongs to one thread at a time.
 */
#ifndef EG_DECODE_REGISTRY_WRITER_H
#define EG_DECODE_REGISTRY_WRITER_H

#include "driverless-hooks/decode/etw_record.h"
#include "driverless-hooks/decode/value_diff.h"

/* Between a write and its look-up. */
#define EG_REGISTRY_WRITER_WINDOW_MS 3000u

typedef struct eg_registry_writer_table eg_registry_writer_table;

typedef struct eg_registry_writer {
    uint32_t pid;
    uint64_t time; /* FILETIME of the write */
} eg_registry_writer;

/* Remembers the last `capacity` writes. */
int eg_registry_writer_table_create(eg_registry_writer_table **out, size_t capacity);
void eg_registry_writer_table_destroy(eg_registry_writer_table *table); /* NULL-safe */
/* True when the record is a write that succeeded, by a process that it names. */
bool eg_registry_writer_table_add(eg_registry_writer_table *table, const eg_etw_record *record);
/*
 * The last write within the window before `when` (FILETIME) that made a value what it is: `now` as
 * read, NULL when it was deleted. `name` is the value's, with its subkey in front or not. Where the
 * data of a write were not captured, and others wrote the like, nobody is named.
 */
bool eg_registry_writer_find(const eg_registry_writer_table *table, eg_str name,
                             const eg_value *now, uint64_t when, eg_registry_writer *out);

#endif
