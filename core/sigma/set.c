/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled set from outside: what it holds and how to let it go. */
#include "core/sigma/correlation.h"

#include "core/base/status.h"

#include <string.h>

/* ---- what people need to know of a rule ---- */

static size_t text_size(eg_str text)
{
    return text.ptr ? text.len + 1 : 0;
}

static eg_str put_text(char **at, eg_str text)
{
    eg_str copy = {*at, text.len};

    if (!text.ptr) {
        return EG_STR_NONE;
    }
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
    }
    (*at)[text.len] = '\0';
    *at += text.len + 1;
    return copy;
}

/* One block for all texts: an arena rounds each of its blocks up. */
int eg_rule_info_copy(eg_arena *arena, const eg_rule_info *info, eg_rule_info *out)
{
    eg_str file = eg_str_from(info->file);
    size_t size = text_size(info->id) + text_size(info->title) + text_size(info->author) +
                  text_size(info->description) + text_size(info->license) + text_size(file);
    eg_rule_info copy = *info;
    eg_str *tags = NULL;
    char *at;
    size_t i;

    for (i = 0; i < info->tag_count; i++) {
        size += text_size(info->tags[i]);
    }
    at = eg_arena_alloc(arena, size);
    if (info->tag_count > 0) {
        tags = eg_arena_alloc(arena, info->tag_count * sizeof(*tags));
    }
    if (!at || (info->tag_count > 0 && !tags)) {
        return EG_E_NOMEM;
    }
    copy.id = put_text(&at, info->id);
    copy.title = put_text(&at, info->title);
    copy.author = put_text(&at, info->author);
    copy.description = put_text(&at, info->description);
    copy.license = put_text(&at, info->license);
    copy.file = put_text(&at, file).ptr;
    for (i = 0; i < info->tag_count; i++) {
        tags[i] = put_text(&at, info->tags[i]);
    }
    copy.tags = tags;
    *out = copy;
    return EG_OK;
}

/* ---- the set ---- */

size_t eg_sigma_set_size(const eg_sigma_set *set)
{
    return set->rule_count;
}

const eg_rule_info *eg_sigma_set_rule(const eg_sigma_set *set, size_t index)
{
    return &set->infos[index];
}

size_t eg_sigma_set_correlations(const eg_sigma_set *set)
{
    return set->correlations ? set->correlations->count : 0;
}

bool eg_sigma_set_is_correlation(const eg_sigma_set *set, size_t index)
{
    return set->correlations && index >= set->correlations->first;
}

bool eg_sigma_set_is_correlated(const eg_sigma_set *set, size_t index)
{
    const eg_correlations *all = set->correlations;

    return all && all->user_first[index] < all->user_first[index + 1];
}

bool eg_sigma_set_is_silent(const eg_sigma_set *set, size_t index)
{
    return set->correlations && set->correlations->silent[index];
}

static size_t regex_memory(const eg_sigma_set *set)
{
    size_t sum = 0, i;

    for (i = 0; i < set->predicate_count; i++) {
        if (set->predicates[i].kind == EG_PREDICATE_REGEX) {
            sum += eg_regex_memory(set->predicates[i].want.regex->code);
        }
    }
    return sum;
}

static size_t bucket_memory(const eg_sigma_set *set)
{
    size_t sum = set->bucket_count * sizeof(*set->buckets), i, j;

    for (i = 0; i < set->bucket_count; i++) {
        const eg_bucket *bucket = &set->buckets[i];

        sum += bucket->always_capacity * sizeof(*bucket->always) +
               bucket->index_count * sizeof(*bucket->indexes);
        for (j = 0; j < bucket->index_count; j++) {
            sum += eg_literal_index_memory(bucket->indexes[j].literals);
        }
    }
    return sum;
}

static void bucket_done(eg_bucket *bucket)
{
    size_t i;

    for (i = 0; i < bucket->index_count; i++) {
        eg_literal_index_destroy(bucket->indexes[i].literals);
    }
    eg_free(bucket->indexes);
    eg_free(bucket->always);
}

void eg_sigma_set_stats(const eg_sigma_set *set, eg_sigma_stats *stats)
{
    *stats = set->stats;
    stats->rules = set->rule_count;
    stats->predicates = set->predicate_count;
    stats->memory =
        sizeof(*set) + eg_arena_bytes(set->arena) + regex_memory(set) + bucket_memory(set) +
        set->rule_count * (sizeof(*set->infos) + sizeof(*set->rules)) +
        set->node_count * sizeof(*set->nodes) + set->child_count * sizeof(*set->children) +
        set->predicate_count * (sizeof(*set->predicates) + sizeof(uint32_t)) +
        set->predicate_count / 8 + set->posting_count * sizeof(*set->postings) +
        set->slots.capacity * sizeof(*set->slots.names) +
        set->slots.by_name_size * sizeof(*set->slots.by_name);
}

void eg_sigma_set_destroy(eg_sigma_set *set)
{
    size_t i;

    if (!set) {
        return;
    }
    for (i = 0; i < set->predicate_count; i++) {
        if (set->predicates[i].kind == EG_PREDICATE_REGEX) {
            eg_regex_destroy(set->predicates[i].want.regex->code);
        }
    }
    for (i = 0; i < set->bucket_count; i++) {
        bucket_done(&set->buckets[i]);
    }
    eg_free(set->buckets);
    eg_free(set->indexed);
    eg_free(set->posting_first);
    eg_free(set->postings);
    eg_free(set->predicates);
    eg_free(set->nodes);
    eg_free(set->children);
    eg_free(set->slots.names);
    eg_free(set->slots.by_name);
    eg_free(set->rules);
    eg_free(set->infos);
    eg_arena_destroy(set->arena);
    eg_free(set);
}
