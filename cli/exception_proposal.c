/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exception_proposal.h"

#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

#define ARENA_BLOCK 8192u
#define ABSORBED_HOPS_MAX 16

/* The text as a pattern: cut with '*', and '?' for what a pattern must not hold. */
static int take_pattern(eg_arena *arena, eg_str text, eg_str *out)
{
    eg_buf pattern;
    eg_buf_init(&pattern, EG_EXCEPTION_TEXT_MAX);
    for (size_t at = 0; at < text.len;) {
        char bytes[4];
        uint32_t code = eg_utf8_next(text, &at);
        bool plain =
            code >= 0x20 && (code < 0x7F || code > 0x9F) && (code < 0xD800 || code > 0xDFFF);
        size_t size = plain ? eg_utf8_encode(code, bytes) : 1;
        if (pattern.len + size >= EG_EXCEPTION_TEXT_MAX) {
            eg_buf_append_char(&pattern, '*');
            break;
        }
        eg_buf_append(&pattern, plain ? bytes : "?", size);
    }
    char *copy =
        pattern.status == EG_OK ? eg_arena_copy(arena, eg_buf_cstr(&pattern), pattern.len) : NULL;
    if (copy) {
        *out = (eg_str){copy, pattern.len};
    }
    eg_buf_done(&pattern);
    return copy ? EG_OK : EG_E_NOMEM;
}

/* ---- one exception ---- */

static int choose_kept(const eg_exception_facts *facts, eg_str keep,
                       bool chosen[EG_EXCEPTION_ON_COUNT])
{
    eg_str name;
    while (eg_str_split(&keep, ',', &name)) {
        eg_exception_on on;
        name = eg_str_trim(name);
        if (!eg_exception_on_from_name(name, &on)) {
            return eg_fail(EG_E_INVALID, "there is no condition '%.*s'", EG_STR_ARGS(name));
        }
        if (facts->of[on].len == 0) {
            return eg_fail(EG_E_INVALID, "the hit does not tell its %s", eg_exception_on_names[on]);
        }
        chosen[on] = true;
    }
    return EG_OK;
}

static void choose_narrowest(const eg_exception_facts *facts, bool chosen[EG_EXCEPTION_ON_COUNT])
{
    bool is_signed = facts->of[EG_EXCEPTION_SIGNER].len > 0;
    chosen[EG_EXCEPTION_SIGNER] = is_signed;
    chosen[EG_EXCEPTION_HASH] = !is_signed;
    chosen[EG_EXCEPTION_PATH] = true;
    chosen[EG_EXCEPTION_PARENT] = true;
}

/* What was said on the command line goes before what the hit tells. */
static void take_wish(const eg_proposal_wish *wish, eg_exception *out)
{
    out->created_time = wish->now;
    out->expires_time = wish->expires;
    out->whole_rule = wish->whole_rule;
    out->reason = eg_str_from(wish->reason);
    if (wish->rule || wish->any_rule) {
        out->rule_id = wish->any_rule ? EG_STR("") : eg_str_from(wish->rule);
    }
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        if (wish->wanted[i]) {
            out->wanted[i] = eg_str_from(wish->wanted[i]);
        }
    }
}

eg_exception eg_exception_wished(const eg_proposal_wish *wish)
{
    eg_exception made = {.rule_id = EG_STR("")};
    take_wish(wish, &made);
    return made;
}

int eg_exception_propose(const eg_hit *hit, const eg_exception_facts *facts,
                         const eg_proposal_wish *wish, eg_arena *arena, eg_exception *out)
{
    bool chosen[EG_EXCEPTION_ON_COUNT] = {false};
    eg_exception made = {.rule_id = hit->rule_id};
    int status = EG_OK;
    if (wish->keep) {
        status = choose_kept(facts, eg_str_from(wish->keep), chosen);
    } else if (!wish->whole_rule) {
        choose_narrowest(facts, chosen);
    }
    for (int i = 0; status == EG_OK && i < EG_EXCEPTION_ON_COUNT; i++) {
        if (chosen[i] && facts->of[i].len > 0) {
            status = take_pattern(arena, facts->of[i], &made.wanted[i]);
        }
    }
    if (status == EG_OK) {
        take_wish(wish, &made);
        *out = made;
    }
    return status;
}

/* ---- out of the store ---- */

typedef struct walk {
    const eg_proposal_wish *wish;
    eg_event_reader *reader;
    eg_arena *arena;
    eg_exception_list *proposals;  /* of a walk that proposes */
    const eg_exception_list *list; /* of one that previews */
    eg_preview_visit visit;
    void *user;
    int64_t id; /* of the story; changes when it was absorbed */
    bool moved;
} walk;

static int walk_init(walk *self)
{
    int status = eg_event_reader_create(&self->reader);
    return status == EG_OK ? eg_arena_create(&self->arena, ARENA_BLOCK) : status;
}

static void walk_done(walk *self)
{
    eg_arena_destroy(self->arena);
    eg_event_reader_destroy(self->reader);
}

/* Evidence that cannot be read any more leaves what the hit itself tells. */
static int read_facts(walk *self, const eg_hit *hit, eg_exception_facts *out)
{
    eg_event event;
    int status = eg_event_read_json(self->reader, hit->event_json, &event);
    if (status == EG_E_NOMEM) {
        return status;
    }
    if (status != EG_OK) {
        eg_event_init(&event, EG_KIND_OTHER);
    }
    eg_exception_facts_of(hit, &event, out);
    return EG_OK;
}

static bool is_same(const eg_exception *a, const eg_exception *b)
{
    bool same = eg_str_equal(a->rule_id, b->rule_id);
    for (int i = 0; i < EG_EXCEPTION_ON_COUNT; i++) {
        same = same && (a->wanted[i].len + b->wanted[i].len == 0 ||
                        eg_str_equal(a->wanted[i], b->wanted[i]));
    }
    return same;
}

static int propose_one(void *user, const eg_hit *hit)
{
    walk *self = user;
    eg_exception_facts facts;
    eg_exception made;
    eg_arena_reset(self->arena);
    int status = read_facts(self, hit, &facts);
    if (status == EG_OK) {
        status = eg_exception_propose(hit, &facts, self->wish, self->arena, &made);
    }
    if (status != EG_OK) {
        return status;
    }
    for (size_t i = 0; i < eg_exception_list_count(self->proposals); i++) {
        if (is_same(eg_exception_list_at(self->proposals, i), &made)) {
            return EG_OK;
        }
    }
    if (eg_exception_list_count(self->proposals) == EG_PROPOSALS_MAX) {
        return eg_fail(EG_E_LIMIT,
                       "the incident would need more than %d exceptions: make them "
                       "hit by hit",
                       EG_PROPOSALS_MAX);
    }
    return eg_exception_list_add(self->proposals, &made);
}

int eg_proposals_of_hit(eg_store *store, int64_t hit_id, const eg_proposal_wish *wish,
                        eg_exception_list *out)
{
    walk self = {.wish = wish, .proposals = out};
    int status = walk_init(&self);
    if (status == EG_OK) {
        status = eg_store_get_hit(store, hit_id, propose_one, &self);
    }
    walk_done(&self);
    return status;
}

static int follow(void *user, const eg_stored_incident *incident)
{
    walk *self = user;
    self->moved = incident->absorbed_by != 0;
    self->id = self->moved ? incident->absorbed_by : incident->id;
    return EG_OK;
}

int eg_proposals_of_incident(eg_store *store, int64_t incident_id, const eg_proposal_wish *wish,
                             eg_exception_list *out)
{
    walk self = {.wish = wish, .proposals = out, .id = incident_id, .moved = true};
    int status = walk_init(&self);
    for (int i = 0; status == EG_OK && self.moved && i < ABSORBED_HOPS_MAX; i++) {
        status = eg_store_get_incident(store, self.id, follow, &self);
    }
    if (status == EG_OK) {
        eg_hit_query query = {.incident_id = self.id, .limit = SIZE_MAX};
        status = eg_store_each_hit(store, &query, propose_one, &self);
    }
    walk_done(&self);
    return status;
}

static int preview_one(void *user, const eg_hit *hit)
{
    walk *self = user;
    eg_exception_facts facts;
    int status = read_facts(self, hit, &facts);
    if (status != EG_OK) {
        return status;
    }
    return self->visit(self->user, hit, eg_exception_list_find(self->list, &facts) != NULL);
}

int eg_exceptions_preview(eg_store *store, const eg_exception_list *list, eg_preview_visit visit,
                          void *user)
{
    walk self = {.list = list, .visit = visit, .user = user};
    eg_hit_query query = {.newest_first = true, .limit = SIZE_MAX};
    int status = walk_init(&self);
    if (status == EG_OK) {
        status = eg_store_each_hit(store, &query, preview_one, &self);
    }
    walk_done(&self);
    return status;
}
