/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/slow_rules.h"

#include "core/base/status.h"

struct eg_slow_rules {
    uint32_t of_kind[EG_KIND_COUNT]; /* facts wanted of events of the kind */
    size_t count;
    bool is_slow[]; /* by rule */
};

static uint32_t facts_of(const eg_sigma_set *set, size_t rule)
{
    uint32_t facts = 0;
    for (int i = 0; i < EG_FIELD_COUNT; i++) {
        eg_str name = eg_str_from(eg_field_name((eg_field)i));
        uint32_t more = eg_file_facts_of_field(name);
        if ((more & ~facts) != 0 && eg_sigma_set_reads(set, rule, name)) {
            facts |= more;
        }
    }
    return facts;
}

static void note(eg_slow_rules *slow, const eg_sigma_set *set, size_t rule, uint32_t facts)
{
    slow->is_slow[rule] = facts != 0;
    for (int kind = 0; facts != 0 && kind < EG_KIND_COUNT; kind++) {
        eg_event event;
        eg_event_init(&event, (eg_kind)kind);
        if (eg_file_facts_path_field((eg_kind)kind) != EG_FIELD_COUNT &&
            eg_logsource_covers(eg_sigma_set_rule(set, rule)->logsource, &event)) {
            slow->of_kind[kind] |= facts;
        }
    }
}

int eg_slow_rules_create(const eg_sigma_set *set, eg_slow_rules **out)
{
    size_t rules = eg_sigma_set_size(set) - eg_sigma_set_correlations(set);
    eg_slow_rules *slow = eg_alloc_zero(1, sizeof(*slow) + rules * sizeof(slow->is_slow[0]));
    if (!slow) {
        return EG_E_NOMEM;
    }
    slow->count = rules;
    for (size_t i = 0; i < rules; i++) {
        note(slow, set, i, facts_of(set, i));
    }
    *out = slow;
    return EG_OK;
}

void eg_slow_rules_destroy(eg_slow_rules *slow)
{
    eg_free(slow);
}

bool eg_slow_rules_has(const eg_slow_rules *slow, uint32_t rule)
{
    return rule < slow->count && slow->is_slow[rule];
}

uint32_t eg_slow_rules_wanted(const eg_slow_rules *slow, const eg_event *event)
{
    eg_field path = eg_file_facts_path_field(event->kind);
    if (path == EG_FIELD_COUNT || eg_path_base(event->field[path]).len == event->field[path].len) {
        return 0; /* no file: the kernel's own processes have a name only */
    }
    uint32_t wanted = slow->of_kind[event->kind];
    if (event->field[EG_FIELD_HASHES].ptr) { /* by whoever recorded it, as Sysmon does */
        wanted &= ~(uint32_t)(EG_FACT_DIGESTS | EG_FACT_IMPHASH);
    }
    if (event->field[EG_FIELD_SIGNED].ptr) {
        wanted &= ~(uint32_t)EG_FACT_SIGNATURE;
    }
    return wanted;
}
