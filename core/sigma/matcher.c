/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/matcher.h"

#include "core/base/status.h"

#include <string.h>

#define TEXT_MAX (256u * 1024 * 1024)
#define GENERATION_MAX (UINT32_MAX / 2)

int eg_sigma_matcher_create(const eg_sigma_set *set, eg_sigma_matcher **out)
{
    eg_sigma_matcher *m = eg_alloc_zero(1, sizeof(*m));
    size_t i;
    int status;

    if (!m) {
        return EG_E_NOMEM;
    }
    m->set = set;
    eg_buf_init(&m->folded, TEXT_MAX);
    eg_buf_init(&m->valid, TEXT_MAX);
    status = eg_regex_scratch_create(&m->regex);
    m->slot_generation = eg_alloc_zero(set->slots.count, sizeof(*m->slot_generation));
    m->slot_value = eg_alloc_zero(set->slots.count, sizeof(*m->slot_value));
    m->answers = eg_alloc_zero(set->predicate_count, sizeof(*m->answers));
    m->rule_generation = eg_alloc_zero(set->rule_count, sizeof(*m->rule_generation));
    m->bucket_generation = eg_alloc_zero(set->bucket_count, sizeof(*m->bucket_generation));
    m->route_buckets =
        eg_alloc_zero((EG_MATCHER_ROUTES + 1) * set->bucket_count, sizeof(*m->route_buckets));
    m->candidates = eg_alloc_zero(set->rule_count, sizeof(*m->candidates));
    m->matches = eg_alloc_zero(set->rule_count, sizeof(*m->matches));
    if (status != EG_OK || !m->slot_generation || !m->slot_value || !m->answers ||
        !m->rule_generation || !m->bucket_generation || !m->route_buckets || !m->candidates ||
        !m->matches) {
        eg_sigma_matcher_destroy(m);
        return EG_E_NOMEM;
    }
    for (i = 0; i <= EG_MATCHER_ROUTES; i++) {
        m->routes[i].buckets = m->route_buckets + i * set->bucket_count;
    }
    *out = m;
    return EG_OK;
}

void eg_sigma_matcher_destroy(eg_sigma_matcher *m)
{
    if (!m) {
        return;
    }
    eg_regex_scratch_destroy(m->regex);
    eg_buf_done(&m->folded);
    eg_buf_done(&m->valid);
    eg_free(m->slot_generation);
    eg_free(m->slot_value);
    eg_free(m->answers);
    eg_free(m->rule_generation);
    eg_free(m->bucket_generation);
    eg_free(m->route_buckets);
    eg_free(m->candidates);
    eg_free(m->matches);
    eg_free(m);
}

void eg_matcher_begin(eg_sigma_matcher *m)
{
    const eg_sigma_set *set = m->set;

    if (++m->generation >= GENERATION_MAX) {
        memset(m->slot_generation, 0, set->slots.count * sizeof(*m->slot_generation));
        memset(m->answers, 0, set->predicate_count * sizeof(*m->answers));
        memset(m->rule_generation, 0, set->rule_count * sizeof(*m->rule_generation));
        memset(m->bucket_generation, 0, set->bucket_count * sizeof(*m->bucket_generation));
        m->generation = 1;
    }
    m->value_count = m->candidate_count = m->match_count = 0;
    m->status = EG_OK;
    eg_buf_clear(&m->folded);
    eg_buf_clear(&m->valid);
}
