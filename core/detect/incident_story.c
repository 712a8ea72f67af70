/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/incident_story.h"

#include "core/base/status.h"
#include "core/base/utf.h"

#include <string.h>

enum {
    NAME_SIZE = 160, /* bytes that are kept of a text, here and below */
    DETAIL_SIZE = 1024,
    TEXT_SIZE = 1024,
};

const size_t eg_story_step_limits[2] = {NAME_SIZE, DETAIL_SIZE};

eg_story *eg_story_create(void)
{
    eg_story *at = eg_alloc_zero(1, sizeof(*at));
    if (at) {
        at->view.steps = at->steps;
        at->view.rules = at->rules;
        at->view.absorbed = at->absorbed;
    }
    return at;
}

void eg_story_destroy(eg_story *at)
{
    if (!at) {
        return;
    }
    for (size_t i = 0; i < at->view.step_count; i++) {
        eg_free(at->step_texts[i]);
    }
    for (size_t i = 0; i < at->view.rule_count; i++) {
        eg_free(at->rule_texts[i]);
    }
    eg_free(at->headline);
    eg_free(at);
}

char *eg_story_keep_texts(eg_str *const *texts, const size_t *limits, size_t count)
{
    size_t size = 1;
    for (size_t i = 0; i < count; i++) {
        *texts[i] = eg_utf8_cut(texts[i]->ptr ? *texts[i] : EG_STR(""), limits[i]);
        size += texts[i]->len;
    }
    char *block = eg_alloc(size);
    char *at = block;
    for (size_t i = 0; block && i < count; i++) {
        memcpy(at, texts[i]->ptr, texts[i]->len);
        texts[i]->ptr = at;
        at += texts[i]->len;
    }
    return block;
}

void eg_story_headline_texts(eg_str *user, eg_text *text, eg_str *texts[EG_STORY_HEADLINE_TEXTS],
                             size_t limits[EG_STORY_HEADLINE_TEXTS])
{
    size_t count = 0;
    limits[count] = NAME_SIZE;
    texts[count++] = user;
    for (int i = 0; i < EG_LANGUAGE_COUNT; i++) {
        eg_str *const parts[] = {&text[i].title, &text[i].meaning, &text[i].advice};
        for (size_t j = 0; j < EG_COUNT(parts); j++) {
            limits[count] = TEXT_SIZE;
            texts[count++] = parts[j];
        }
    }
}

static bool keep_headline(eg_arrival *new)
{
    eg_str *texts[EG_STORY_HEADLINE_TEXTS];
    size_t limits[EG_STORY_HEADLINE_TEXTS];
    new->user = new->hit->user;
    memcpy(new->text, new->hit->text, sizeof(new->text));
    eg_story_headline_texts(&new->user, new->text, texts, limits);
    new->headline = eg_story_keep_texts(texts, limits, EG_COUNT(texts));
    return new->headline != NULL;
}

void eg_arrival_done(eg_arrival *new)
{
    for (size_t i = 0; i < new->step_count; i++) {
        eg_free(new->step_texts[i]);
    }
    eg_free(new->rule_texts);
    eg_free(new->headline);
    eg_story_destroy(new->fresh);
}

int eg_arrival_take(eg_arrival *new)
{
    const size_t *limits = eg_story_step_limits;
    bool had = true;
    for (size_t i = 0; had && i < new->step_count; i++) {
        eg_str *const texts[] = {&new->steps[i].name, &new->steps[i].detail};
        new->step_texts[i] = eg_story_keep_texts(texts, limits, EG_COUNT(texts));
        had = new->step_texts[i] != NULL;
    }
    new->rule = (eg_incident_rule){new->hit->rule_id, new->hit->rule_title, new->hit->level, 0, 0};
    eg_str *const texts[] = {&new->rule.id, &new->rule.title};
    new->rule_texts = had ? eg_story_keep_texts(texts, limits, EG_COUNT(texts)) : NULL;
    had = had && new->rule_texts &&keep_headline(new);
    if (had) {
        new->fresh = eg_story_create();
        had = new->fresh != NULL;
    }
    if (!had) {
        eg_arrival_done(new);
        return EG_E_NOMEM;
    }
    return EG_OK;
}

static bool knows(const eg_story *at, uint64_t key)
{
    size_t count = at->key_count < EG_STORY_KEYS_MAX ? at->key_count : EG_STORY_KEYS_MAX;
    for (size_t i = 0; i < count; i++) {
        if (at->keys[i] == key) {
            return true;
        }
    }
    return false;
}

static bool has_seen(const eg_story *at, uint64_t fingerprint)
{
    size_t count = at->seen_count < EG_STORY_SEEN_MAX ? at->seen_count : EG_STORY_SEEN_MAX;
    for (size_t i = 0; i < count; i++) {
        if (at->seen[i] == fingerprint) {
            return true;
        }
    }
    return false;
}

uint64_t eg_time_apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

bool eg_story_belongs(const eg_story *at, const eg_arrival *new)
{
    if (eg_time_apart(at->view.last_time, new->hit->time) > EG_HIT_QUIET_TICKS) {
        return false;
    }
    if (has_seen(at, new->hit->fingerprint)) {
        return true;
    }
    for (size_t i = 0; i < new->step_count; i++) {
        if (new->steps[i].joins && knows(at, new->steps[i].key)) {
            return true;
        }
    }
    return false;
}

static void learn_key(eg_story *at, uint64_t key)
{
    if (!knows(at, key)) {
        at->keys[at->key_count++ % EG_STORY_KEYS_MAX] = key;
    }
}

static void learn_seen(eg_story *at, uint64_t fingerprint)
{
    if (!has_seen(at, fingerprint)) {
        at->seen[at->seen_count++ % EG_STORY_SEEN_MAX] = fingerprint;
    }
}

static void move_step(eg_story *at, size_t from, size_t to)
{
    eg_step step = at->steps[from];
    char *texts = at->step_texts[from];
    memmove(&at->steps[from], &at->steps[from + 1], (to - from) * sizeof(at->steps[0]));
    memmove(&at->step_texts[from], &at->step_texts[from + 1],
            (to - from) * sizeof(at->step_texts[0]));
    at->steps[to] = step;
    at->step_texts[to] = texts;
}

/* A known step stands behind the one before it; *place becomes the place behind it. */
static void know_step(eg_story *at, size_t index, const eg_step *step, size_t *place)
{
    eg_step *known = &at->steps[index];
    known->suspicious = known->suspicious || step->suspicious;
    if (known->time == 0 || (step->time != 0 && step->time < known->time)) {
        known->time = step->time;
    }
    if (index < *place) {
        move_step(at, index, *place - 1);
    } else {
        *place = index + 1;
    }
}

/* True when the step is new here. The block is taken only then, and *texts set to NULL. */
static bool add_step(eg_story *at, const eg_step *step, char **texts, size_t *place)
{
    for (size_t i = 0; i < at->view.step_count; i++) {
        if (at->steps[i].key == step->key) {
            know_step(at, i, step, place);
            return false;
        }
    }
    if (at->view.step_count == EG_INCIDENT_STEPS_MAX) {
        at->view.steps_left_out++;
        return false;
    }
    size_t end = at->view.step_count++;
    memmove(&at->steps[*place + 1], &at->steps[*place], (end - *place) * sizeof(at->steps[0]));
    memmove(&at->step_texts[*place + 1], &at->step_texts[*place],
            (end - *place) * sizeof(at->step_texts[0]));
    at->steps[*place] = *step;
    at->step_texts[*place] = *texts;
    *texts = NULL;
    ++*place;
    return true;
}

/*
 * Where a step that nobody knows yet goes when none before it is known: in front of the first that
 * is, else by its time.
 */
static size_t first_place(const eg_story *at, const eg_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < at->view.step_count; j++) {
            if (at->steps[j].key == steps[i].key) {
                return j;
            }
        }
    }
    size_t place = at->view.step_count;
    while (place > 0 && count > 0 && steps[0].time != 0 &&
           at->steps[place - 1].time > steps[0].time) {
        place--;
    }
    return place;
}

static bool add_steps(eg_story *at, const eg_step *steps, char **texts, size_t count)
{
    bool news = false;
    size_t place = first_place(at, steps, count);
    for (size_t i = 0; i < count; i++) {
        if (steps[i].joins) {
            learn_key(at, steps[i].key);
        }
        news = add_step(at, &steps[i], &texts[i], &place) || news;
    }
    return news;
}

/* The line of this rule; a new one takes the texts. NULL when there is no room for one more. */
static eg_incident_rule *rule_line(eg_story *at, const eg_incident_rule *rule, char **texts)
{
    for (size_t i = 0; i < at->view.rule_count; i++) {
        if (eg_str_equal(at->rules[i].id, rule->id)) {
            return &at->rules[i];
        }
    }
    if (at->view.rule_count == EG_INCIDENT_RULES_MAX) {
        return NULL;
    }
    at->rules[at->view.rule_count] = *rule;
    at->rule_texts[at->view.rule_count] = *texts;
    *texts = NULL;
    return &at->rules[at->view.rule_count++];
}

/* Where this thing is told, or would be: in its own place, else in that of the oldest. */
static eg_telling *telling_of(eg_telling told[EG_STORY_TOLD_MAX], uint64_t fingerprint)
{
    eg_telling *oldest = &told[0];
    for (size_t i = 0; i < EG_STORY_TOLD_MAX; i++) {
        if (told[i].fingerprint == fingerprint) {
            return &told[i];
        }
        if (told[i].time < oldest->time) {
            oldest = &told[i];
        }
    }
    return oldest;
}

/*
 * True when the thing is to be told now, which is noted: not soon after the last time, and not as
 * one of many. Silence counts from the telling, so that what goes on and on is told again.
 */
static bool tell(eg_telling told[EG_STORY_TOLD_MAX], const eg_arrival *new)
{
    const eg_telling now = {new->hit->fingerprint, new->hit->time};
    eg_telling *last = telling_of(told, now.fingerprint);
    bool any = last->fingerprint != 0 || last->time != 0;
    if (any && (eg_time_apart(last->time, now.time) < EG_HIT_QUIET_TICKS ||
                (new->found && last->fingerprint == now.fingerprint))) {
        return false;
    }
    *last = now;
    return true;
}

/* True when this rule has anything new to say here. What is found again is no second time. */
static bool add_rule(eg_story *at, eg_arrival *new)
{
    bool repeated = has_seen(at, new->hit->fingerprint);
    bool happened = !repeated || !new->found;
    eg_incident_rule *line = rule_line(at, &new->rule, &new->rule_texts);
    learn_seen(at, new->hit->fingerprint);
    at->view.hits += happened;
    if (!line) {
        return false;
    }
    line->count += happened;
    line->kinds += !repeated;
    return tell(at->told[line - at->rules], new);
}

static bool take_headline(eg_story *at, const eg_arrival *new, char **headline)
{
    if (at->headline && new->hit->level <= at->view.level) {
        return false;
    }
    eg_free(at->headline);
    at->headline = *headline;
    *headline = NULL;
    at->view.level = new->hit->level;
    at->view.user = new->user;
    memcpy(at->view.text, new->text, sizeof(new->text));
    return true;
}

bool eg_story_grow(eg_story *at, eg_arrival *new)
{
    if (new->hit->time > at->view.last_time) {
        at->view.last_time = new->hit->time;
    }
    if (new->hit->time < at->view.first_time) {
        at->view.first_time = new->hit->time;
    }
    bool news = add_rule(at, new);
    if (news) {
        /* what is told no more does not lengthen the chain either */
        add_steps(at, new->steps, new->step_texts, new->step_count);
    }
    return take_headline(at, new, &new->headline) || news;
}

static void move_telling(eg_telling to[EG_STORY_TOLD_MAX], const eg_telling *from)
{
    eg_telling *last = telling_of(to, from->fingerprint);
    if (from->time >= last->time) {
        *last = *from;
    }
}

static void move_rules(eg_story *to, eg_story *from)
{
    for (size_t i = 0; i < from->view.rule_count; i++) {
        eg_incident_rule rule = from->rules[i];
        rule.count = rule.kinds = 0;
        eg_incident_rule *line = rule_line(to, &rule, &from->rule_texts[i]);
        if (line) {
            line->count += from->rules[i].count;
            line->kinds += from->rules[i].kinds;
            for (size_t j = 0; j < EG_STORY_TOLD_MAX; j++) {
                move_telling(to->told[line - to->rules], &from->told[i][j]);
            }
        }
    }
}

static void absorb(eg_story *to, int64_t id)
{
    if (to->view.absorbed_count < EG_INCIDENT_ABSORBED_MAX) {
        to->absorbed[to->view.absorbed_count++] = id;
    }
}

void eg_story_merge(eg_story *to, eg_story *from)
{
    add_steps(to, from->steps, from->step_texts, from->view.step_count);
    move_rules(to, from);
    for (size_t i = 0; i < from->key_count && i < EG_STORY_KEYS_MAX; i++) {
        learn_key(to, from->keys[i]);
    }
    for (size_t i = 0; i < from->seen_count && i < EG_STORY_SEEN_MAX; i++) {
        learn_seen(to, from->seen[i]);
    }
    if (from->view.level > to->view.level) {
        char *headline = to->headline;
        to->headline = from->headline;
        from->headline = headline;
        to->view.level = from->view.level;
        to->view.user = from->view.user;
        memcpy(to->view.text, from->view.text, sizeof(to->view.text));
    }
    absorb(to, from->view.id);
    for (size_t i = 0; i < from->view.absorbed_count; i++) {
        absorb(to, from->absorbed[i]);
    }
    to->view.hits += from->view.hits;
    to->view.steps_left_out += from->view.steps_left_out;
    if (from->view.first_time < to->view.first_time) {
        to->view.first_time = from->view.first_time;
    }
    if (from->view.last_time > to->view.last_time) {
        to->view.last_time = from->view.last_time;
    }
}
