/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/scan_memory.h"

#include "core/base/mem.h"
#include "core/base/status.h"

typedef struct entry {
    eg_verdict_key key;
    eg_file_report *report; /* NULL: free */
} entry;

struct eg_scan_memory {
    entry entries[EG_SCAN_MEMORY_REPORTS];
    size_t next; /* whose place is taken next */
};

int eg_scan_memory_create(eg_scan_memory **out)
{
    eg_scan_memory *memory = eg_alloc_zero(1, sizeof(*memory));
    if (!memory) {
        return EG_E_NOMEM;
    }
    *out = memory;
    return EG_OK;
}

void eg_scan_memory_clear(eg_scan_memory *memory)
{
    for (size_t i = 0; i < EG_SCAN_MEMORY_REPORTS; i++) {
        eg_free(memory->entries[i].report);
        memory->entries[i].report = NULL;
    }
}

void eg_scan_memory_destroy(eg_scan_memory *memory)
{
    if (memory) {
        eg_scan_memory_clear(memory);
        eg_free(memory);
    }
}

const eg_file_report *eg_scan_memory_find(const eg_scan_memory *memory, const eg_verdict_key *key)
{
    for (size_t i = 0; i < EG_SCAN_MEMORY_REPORTS; i++) {
        const entry *at = &memory->entries[i];
        if (at->report && at->key.facts == key->facts &&
            eg_file_identity_equal(&at->key.file, &key->file)) {
            return at->report;
        }
    }
    return NULL;
}

void eg_scan_memory_add(eg_scan_memory *memory, const eg_verdict_key *key,
                        const eg_file_report *report)
{
    eg_file_report *copy = eg_alloc(sizeof(*copy));
    if (!copy) {
        return;
    }
    *copy = *report;
    copy->from_cache = true;
    entry *place = &memory->entries[memory->next];
    memory->next = (memory->next + 1) % EG_SCAN_MEMORY_REPORTS;
    eg_free(place->report);
    *place = (entry){*key, copy};
}
