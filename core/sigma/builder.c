/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/builder.h"

#include "core/base/status.h"

#include <string.h>

#define ARENA_BLOCK (64u * 1024)
#define SCRATCH_BLOCK (16u * 1024)
#define PREDICATES_MAX 4000000u
#define NAMES_MIN 64

int eg_builder_create(size_t rules, eg_builder *builder)
{
    eg_sigma_set *set = eg_alloc_zero(1, sizeof(*set));
    int status;

    memset(builder, 0, sizeof(*builder));
    if (!set) {
        return EG_E_NOMEM;
    }
    builder->set = set;
    memset(set->slots.known, 0xff, sizeof(set->slots.known));
    status = eg_arena_create(&set->arena, ARENA_BLOCK);
    if (status == EG_OK) {
        status = eg_arena_create(&builder->scratch, SCRATCH_BLOCK);
    }
    set->infos = eg_alloc_zero(rules, sizeof(*set->infos));
    set->rules = eg_alloc_zero(rules, sizeof(*set->rules));
    set->slots.names = eg_alloc_zero(NAMES_MIN, sizeof(*set->slots.names));
    if (status != EG_OK || !set->infos || !set->rules || !set->slots.names) {
        eg_builder_done(builder);
        eg_sigma_set_destroy(set);
        return EG_E_NOMEM;
    }
    set->slots.capacity = NAMES_MIN;
    set->slots.count = 1; /* EG_SLOT_KEYWORD */
    set->slots.names[EG_SLOT_KEYWORD] = EG_STR("");
    return EG_OK;
}

void eg_builder_done(eg_builder *builder)
{
    eg_arena_destroy(builder->scratch);
    eg_free(builder->predicate_table);
    builder->scratch = NULL;
    builder->predicate_table = NULL;
}

void *eg_builder_grow(void *items, size_t *capacity, size_t count, size_t size)
{
    size_t more = *capacity ? *capacity * 2 : 64;
    void *grown;

    if (count < *capacity) {
        return items;
    }
    grown = eg_realloc(items, more * size);
    if (grown) {
        *capacity = more;
    }
    return grown;
}

static int trim(void **items, size_t count, size_t size)
{
    void *trimmed = *items ? eg_realloc(*items, count * size) : NULL;

    if (*items && !trimmed) {
        return EG_E_NOMEM;
    }
    *items = trimmed;
    return EG_OK;
}

int eg_builder_trim(eg_builder *builder)
{
    eg_sigma_set *set = builder->set;
    void *predicates = set->predicates, *nodes = set->nodes, *children = set->children;
    int status = trim(&predicates, set->predicate_count, sizeof(*set->predicates));

    if (status == EG_OK) {
        status = trim(&nodes, set->node_count, sizeof(*set->nodes));
    }
    if (status == EG_OK) {
        status = trim(&children, set->child_count, sizeof(*set->children));
    }
    set->predicates = predicates;
    set->nodes = nodes;
    set->children = children;
    return status;
}

/* ---- field names ---- */

/* Field names differ in their length or at one of their ends. */
static size_t name_hash(eg_str name)
{
    uint64_t first = 0, last = 0;

    if (name.len >= sizeof(first)) {
        memcpy(&first, name.ptr, sizeof(first));
        memcpy(&last, name.ptr + name.len - sizeof(last), sizeof(last));
    } else if (name.len > 0) {
        memcpy(&first, name.ptr, name.len);
    }
    return (size_t)((first + last * 3 + name.len) * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

static size_t name_place(const eg_slot_table *table, eg_str name)
{
    size_t at = name_hash(name) & (table->by_name_size - 1);

    while (table->by_name[at] != 0 && !eg_str_equal(table->names[table->by_name[at]], name)) {
        at = (at + 1) & (table->by_name_size - 1);
    }
    return at;
}

eg_slot eg_slot_find(const eg_slot_table *table, eg_str name)
{
    size_t at;

    if (table->by_name_size == 0) {
        return EG_SLOT_NONE;
    }
    at = name_place(table, name);
    return table->by_name[at] ? table->by_name[at] : EG_SLOT_NONE;
}

/* At most half full, so that every search ends soon. */
static int grow_names(eg_slot_table *table)
{
    size_t size = table->by_name_size ? table->by_name_size * 2 : NAMES_MIN, i;
    eg_slot *by_name, *old = table->by_name;
    size_t old_size = table->by_name_size;

    if (table->count * 2 < table->by_name_size) {
        return EG_OK;
    }
    by_name = eg_alloc_zero(size, sizeof(*by_name));
    if (!by_name) {
        return EG_E_NOMEM;
    }
    table->by_name = by_name;
    table->by_name_size = size;
    for (i = 0; i < old_size; i++) {
        if (old[i] != 0) {
            by_name[name_place(table, table->names[old[i]])] = old[i];
        }
    }
    eg_free(old);
    return EG_OK;
}

static int add_slot(eg_builder *builder, eg_str name, eg_slot *out)
{
    eg_slot_table *table = &builder->set->slots;
    eg_field field;
    eg_str *names;
    char *copy;

    if (table->count >= EG_SLOT_NONE) {
        return eg_fail(EG_E_LIMIT, "more than %d field names", EG_SLOT_NONE - 1);
    }
    names = eg_builder_grow(table->names, &table->capacity, table->count, sizeof(*names));
    if (!names) {
        return EG_E_NOMEM;
    }
    table->names = names;
    if (grow_names(table) != EG_OK) {
        return EG_E_NOMEM;
    }
    copy = eg_arena_copy(builder->set->arena, name.ptr, name.len);
    if (!copy) {
        return EG_E_NOMEM;
    }
    *out = (eg_slot)table->count;
    if (eg_field_from_name(name, &field)) {
        table->known[field] = *out;
    }
    table->by_name[name_place(table, name)] = *out;
    names[table->count++] = (eg_str){copy, name.len};
    return EG_OK;
}

int eg_builder_slot(eg_builder *builder, eg_str name, eg_slot *out)
{
    eg_slot slot = eg_slot_find(&builder->set->slots, name);

    if (slot == EG_SLOT_NONE) {
        return add_slot(builder, name, out);
    }
    *out = slot;
    return EG_OK;
}

int eg_builder_bucket(eg_builder *builder, eg_logsource logsource, uint16_t *out)
{
    eg_sigma_set *set = builder->set;
    eg_bucket *buckets;
    size_t i;

    for (i = 0; i < set->bucket_count; i++) {
        if (set->buckets[i].logsource == logsource) {
            *out = (uint16_t)i;
            return EG_OK;
        }
    }
    buckets = eg_builder_grow(set->buckets, &builder->bucket_capacity, set->bucket_count,
                              sizeof(*buckets));
    if (!buckets) {
        return EG_E_NOMEM;
    }
    set->buckets = buckets;
    memset(&buckets[set->bucket_count], 0, sizeof(*buckets));
    buckets[set->bucket_count].logsource = logsource;
    *out = (uint16_t)set->bucket_count++;
    return EG_OK;
}

/* ---- predicates ---- */

static size_t predicate_place(const eg_builder *builder, const eg_predicate *predicate)
{
    size_t mask = builder->predicate_table_size - 1;
    size_t at = (size_t)(eg_predicate_hash(predicate) >> 17) & mask;

    while (builder->predicate_table[at] != 0) {
        if (eg_predicate_equal(&builder->set->predicates[builder->predicate_table[at] - 1],
                               predicate)) {
            break;
        }
        at = (at + 1) & mask;
    }
    return at;
}

static int grow_predicates(eg_builder *builder)
{
    eg_sigma_set *set = builder->set;
    size_t size = builder->predicate_table_size ? builder->predicate_table_size * 2 : 1024, i;
    eg_predicate *predicates = eg_builder_grow(set->predicates, &builder->predicate_capacity,
                                               set->predicate_count, sizeof(*predicates));
    uint32_t *table;

    if (!predicates) {
        return EG_E_NOMEM;
    }
    set->predicates = predicates;
    if (set->predicate_count * 2 < builder->predicate_table_size) {
        return EG_OK;
    }
    table = eg_alloc_zero(size, sizeof(*table));
    if (!table) {
        return EG_E_NOMEM;
    }
    eg_free(builder->predicate_table);
    builder->predicate_table = table;
    builder->predicate_table_size = size;
    for (i = 0; i < set->predicate_count; i++) {
        table[predicate_place(builder, &predicates[i])] = (uint32_t)i + 1;
    }
    return EG_OK;
}

static int keep_text(eg_arena *arena, eg_str *text)
{
    char *copy = eg_arena_copy(arena, text->len ? text->ptr : "", text->len);

    if (!copy) {
        return EG_E_NOMEM;
    }
    text->ptr = copy;
    return EG_OK;
}

static int keep_regex(eg_arena *arena, eg_predicate *predicate)
{
    eg_predicate_regex *regex = eg_arena_alloc(arena, sizeof(*regex));
    int status;

    if (!regex) {
        return EG_E_NOMEM;
    }
    regex->source = predicate->want.regex->source;
    regex->flags = predicate->want.regex->flags;
    status = keep_text(arena, &regex->source);
    if (status == EG_OK) {
        status = eg_regex_compile(regex->source, regex->flags, &regex->code);
    }
    if (status == EG_OK) {
        predicate->want.regex = regex;
    }
    return status;
}

/* The predicate was made of the rule's memory; the set keeps its own. */
static int keep_predicate(eg_arena *arena, eg_predicate *predicate)
{
    eg_network *network;

    switch ((eg_predicate_kind)predicate->kind) {
    case EG_PREDICATE_STRING: return keep_text(arena, &predicate->want.pattern.text);
    case EG_PREDICATE_REGEX: return keep_regex(arena, predicate);
    case EG_PREDICATE_NETWORK:
        network = eg_arena_alloc(arena, sizeof(*network));
        if (!network) {
            return EG_E_NOMEM;
        }
        *network = *predicate->want.network;
        predicate->want.network = network;
        return EG_OK;
    default: return EG_OK;
    }
}

int eg_builder_predicate(eg_builder *builder, const eg_predicate *predicate, eg_ref *out)
{
    eg_sigma_set *set = builder->set;
    eg_predicate kept = *predicate;
    size_t place;
    int status = grow_predicates(builder);

    if (status != EG_OK) {
        return status;
    }
    place = predicate_place(builder, predicate);
    if (builder->predicate_table[place] != 0) {
        *out = (builder->predicate_table[place] - 1) | EG_REF_PREDICATE;
        return EG_OK;
    }
    if (set->predicate_count >= PREDICATES_MAX) {
        return eg_fail(EG_E_LIMIT, "the rules hold more than %u different values", PREDICATES_MAX);
    }
    status = keep_predicate(set->arena, &kept);
    if (status != EG_OK) {
        return status;
    }
    set->predicates[set->predicate_count++] = kept;
    builder->predicate_table[place] = (uint32_t)set->predicate_count;
    *out = (uint32_t)(set->predicate_count - 1) | EG_REF_PREDICATE;
    return EG_OK;
}

/* ---- nodes ---- */

int eg_builder_node(eg_builder *builder, eg_node_kind kind, uint32_t need, const eg_ref *children,
                    size_t count, eg_ref *out)
{
    eg_sigma_set *set = builder->set;
    eg_node *nodes;
    size_t i;

    if (count == 1 && (kind == EG_NODE_AND || kind == EG_NODE_OR)) {
        *out = children[0];
        return EG_OK;
    }
    if (set->node_count >= PREDICATES_MAX || set->child_count + count > UINT32_MAX / 2) {
        return eg_fail(EG_E_LIMIT, "the rules are too large together");
    }
    nodes = eg_builder_grow(set->nodes, &builder->node_capacity, set->node_count, sizeof(*nodes));
    if (!nodes) {
        return EG_E_NOMEM;
    }
    set->nodes = nodes;
    nodes[set->node_count] = (eg_node){kind, need, (uint32_t)set->child_count, (uint32_t)count};
    for (i = 0; i < count; i++) {
        eg_ref *grown = eg_builder_grow(set->children, &builder->child_capacity, set->child_count,
                                        sizeof(*grown));

        if (!grown) {
            return EG_E_NOMEM;
        }
        set->children = grown;
        grown[set->child_count++] = children[i];
    }
    *out = (uint32_t)set->node_count++;
    return EG_OK;
}
