/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/agent.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/agent_archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATE_FILE "packs.json"
#define TUF_FILE "trusted"
#define STOP_FILE "stop" /* there: the end was ordered, however late the agent was */

struct eg_update_agent {
    eg_update_owner owner;
    eg_buf folder, state_path, stop_path, agent_id;
    bool canary;
    uint64_t hold;
    eg_tuf_client *client;
    eg_agent_state state;
    eg_guard guard;
    bool guarding;         /* since the trial's beginning, in this run of the program */
    eg_guard_sample begun; /* as the pack in use began its work */
};

static int save(const eg_update_agent *agent)
{
    return eg_agent_state_save(eg_buf_cstr(&agent->state_path), &agent->state);
}

static void tell(eg_update_agent *agent, eg_update_news what, uint64_t serial, const char *text)
{
    agent->owner.news(agent->owner.user, what, serial, text);
}

static bool same_archive(const eg_agent_pack *a, const eg_agent_pack *b)
{
    return a->serial != 0 && b->serial != 0 && memcmp(a->archive, b->archive, EG_HASH256_SIZE) == 0;
}

static eg_agent_pack pack_of(const eg_release *release)
{
    eg_agent_pack pack = {
        .serial = release->serial, .size = release->archive_size, .guard = release->guard};
    memcpy(pack.archive, release->archive, sizeof(pack.archive));
    return pack;
}

/* ---- what is in use ---- */

static void end_trial(eg_update_agent *agent)
{
    agent->state.on_trial = false;
    agent->state.crashes = 0;
    agent->guarding = false;
}

static void end_test(eg_update_agent *agent)
{
    agent->state.tested = (eg_agent_pack){0};
    agent->state.testing = false;
    agent->state.test_crashes = 0;
}

/* The current pack will not be tried again, and the last good one takes its place. */
static void reject_current(eg_update_agent *agent, uint64_t now, const char *reason)
{
    eg_agent_pack bad = agent->state.current;
    eg_agent_state_reject(&agent->state, &bad, now, reason);
    agent->state.current = agent->state.last_good;
    if (same_archive(&bad, &agent->state.current)) {
        agent->state.current = agent->state.last_good = (eg_agent_pack){0};
    }
    end_trial(agent);
    tell(agent, EG_NEWS_REJECTED, bad.serial, reason);
}

/*
 * Makes `pack` the current one on disk, then at work. The state comes first: a crash counts. `done`
 * by the pack before.
 */
static int put_to_work(eg_update_agent *agent, const eg_agent_pack *pack, eg_bundle *bundle,
                       bool on_trial, uint64_t now, const eg_guard_sample *done)
{
    eg_agent_state before = agent->state;
    if (on_trial && !before.on_trial) {
        /* What was withdrawn is nothing to go back to. */
        agent->state.last_good =
            pack->serial > before.current.serial ? before.current : (eg_agent_pack){0};
    }
    agent->state.current = *pack;
    end_trial(agent);
    agent->state.on_trial = on_trial;
    agent->state.trial_since = now;
    if (!before.on_trial) {
        eg_guard_pace_take(&agent->state.pace, &agent->begun, done);
    }
    int status = save(agent);
    if (status != EG_OK) {
        agent->state = before;
        return status;
    }
    agent->begun = *done;
    return agent->owner.activate(agent->owner.user, bundle, pack->serial);
}

/* Has what the state says run, whatever ran before. */
static int activate_current(eg_update_agent *agent)
{
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    int status = eg_update_agent_load(agent, &bundle);
    if (status == EG_OK || status == EG_E_NOTFOUND) {
        status = agent->owner.activate(agent->owner.user, status == EG_OK ? &bundle : NULL,
                                       agent->state.current.serial);
    }
    eg_bundle_done(&bundle);
    return status;
}

static int go_back(eg_update_agent *agent, uint64_t now, const eg_guard_sample *sample,
                   const char *reason)
{
    reject_current(agent, now, reason);
    agent->begun = *sample;
    int status = save(agent);
    int activated = activate_current(agent);
    return status == EG_OK ? activated : status;
}

int eg_update_agent_load(eg_update_agent *agent, eg_bundle *out)
{
    eg_agent_state *state = &agent->state;
    while (state->current.serial != 0) {
        int status = eg_agent_archive_read(eg_buf_cstr(&agent->folder), &state->current, out);
        if (status != EG_E_CORRUPT && status != EG_E_NOTFOUND) {
            return status;
        }
        tell(agent, EG_NEWS_STATE_DAMAGED, state->current.serial, eg_error_message());
        bool was_last = same_archive(&state->current, &state->last_good);
        state->current = was_last ? (eg_agent_pack){0} : state->last_good;
        end_trial(agent);
        status = save(agent);
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_fail(EG_E_NOTFOUND, "no pack of this repository is in use");
}

/* ---- open and close ---- */

/* Of a crash in its test a pack is suspected, not the one on trial. */
static int count_crash(eg_update_agent *agent, uint64_t now)
{
    static const char text[] = "the service ended without order %" PRIu32 " times while it was %s";
    char reason[120];
    const char *stop = eg_buf_cstr(&agent->stop_path);
    eg_agent_state *state = &agent->state;
    bool crashed = state->running && !eg_file_exists(stop), tested = state->testing;
    state->testing = false;
    if (crashed && tested) {
        if (++state->test_crashes >= EG_UPDATE_CRASHES_MAX) {
            snprintf(reason, sizeof(reason), text, state->test_crashes, "tested");
            eg_agent_state_reject(state, &state->tested, now, reason);
            tell(agent, EG_NEWS_REJECTED, state->tested.serial, reason);
            end_test(agent);
        }
    } else if (crashed && state->on_trial && ++state->crashes >= EG_UPDATE_CRASHES_MAX) {
        snprintf(reason, sizeof(reason), text, state->crashes, "on trial");
        reject_current(agent, now, reason);
    }
    state->running = true;
    int status = save(agent);
    /* Behind the state: a kill between them is better forgiven than charged. */
    if (status == EG_OK && eg_file_exists(stop) && eg_file_delete(stop) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s", eg_error_message());
    }
    return status;
}

static int read_state(eg_update_agent *agent)
{
    int status = eg_agent_state_load(eg_buf_cstr(&agent->state_path), &agent->state);
    if (status == EG_E_CORRUPT) {
        tell(agent, EG_NEWS_STATE_DAMAGED, 0, eg_error_message());
        return EG_OK;
    }
    return status == EG_E_NOTFOUND ? EG_OK : status;
}

static int open_client(eg_update_agent *agent, const eg_update_agent_options *options, uint64_t now)
{
    eg_tuf_settings settings = {.installed_root = options->installed_root,
                                .fetcher = options->fetcher};
    eg_tuf_status told;
    eg_buf path;
    eg_buf_init(&path, 32 * 1024);
    eg_tuf_options_default(&settings.options);
    int status = eg_path_join(&path, options->folder, TUF_FILE);
    if (status == EG_OK) {
        settings.state_path = eg_buf_cstr(&path);
        status = eg_tuf_client_open(&agent->client, &settings);
    }
    if (status == EG_OK) {
        eg_tuf_client_status(agent->client, now, &told);
        if (told.state_damaged) {
            tell(agent, EG_NEWS_STATE_DAMAGED, 0, "a file with trusted metadata");
        }
    }
    eg_buf_done(&path);
    return status;
}

int eg_update_agent_open(const eg_update_agent_options *options, uint64_t now,
                         eg_update_agent **out)
{
    eg_update_agent *agent = eg_alloc_zero(1, sizeof(*agent));
    if (!agent) {
        return EG_E_NOMEM;
    }
    agent->owner = options->owner;
    agent->canary = options->canary;
    agent->hold = options->hold;
    eg_buf_init(&agent->folder, 32 * 1024);
    eg_buf_init(&agent->state_path, 32 * 1024);
    eg_buf_init(&agent->stop_path, 32 * 1024);
    eg_buf_init(&agent->agent_id, 120);
    eg_buf_append_str(&agent->agent_id, options->agent_id);
    eg_buf_append_cstr(&agent->folder, options->folder);
    int status = eg_path_join(&agent->state_path, options->folder, STATE_FILE);
    if (status == EG_OK) {
        status = eg_path_join(&agent->stop_path, options->folder, STOP_FILE);
    }
    status = agent->agent_id.status != EG_OK ? agent->agent_id.status : status;
    status = agent->folder.status != EG_OK ? agent->folder.status : status;
    if (status == EG_OK) {
        status = eg_dir_create(options->folder);
    }
    if (status == EG_OK) {
        status = read_state(agent);
    }
    if (status == EG_OK) {
        status = open_client(agent, options, now);
    }
    if (status == EG_OK) {
        status = count_crash(agent, now);
    }
    if (status == EG_OK) {
        *out = agent;
        return EG_OK;
    }
    agent->state.running = false; /* nothing to write: this was no run */
    eg_update_agent_close(agent);
    return status;
}

void eg_update_agent_close(eg_update_agent *agent)
{
    if (!agent) {
        return;
    }
    if (agent->state.running) {
        agent->state.running = false;
        if (save(agent) != EG_OK) {
            eg_log(EG_LOG_WARNING, "update", "%s", eg_error_message());
        }
    }
    eg_tuf_client_close(agent->client);
    eg_buf_done(&agent->agent_id);
    eg_buf_done(&agent->stop_path);
    eg_buf_done(&agent->state_path);
    eg_buf_done(&agent->folder);
    eg_free(agent);
}

void eg_update_agent_stops(const eg_update_agent *agent)
{
    if (eg_file_write_atomic(eg_buf_cstr(&agent->stop_path), "", 0) != EG_OK) {
        eg_log(EG_LOG_WARNING, "update", "%s", eg_error_message());
    }
}

const eg_agent_state *eg_update_agent_state(const eg_update_agent *agent)
{
    return &agent->state;
}

int eg_update_agent_hint(eg_update_agent *agent, eg_str timestamp, bool *newer)
{
    return eg_tuf_client_hint(agent->client, timestamp, newer);
}

uint32_t eg_update_agent_spread(const eg_update_agent *agent)
{
    const eg_tuf_metadata *targets = eg_tuf_client_targets(agent->client);
    eg_release release, newest = {0};
    for (size_t i = 0; targets && i < targets->target_count; i++) {
        if (eg_release_read(&targets->targets[i], &release) == EG_OK &&
            release.serial > newest.serial) {
            newest = release;
        }
    }
    return newest.spread_s;
}

/* ---- a look at the repository ---- */

static void reject_release(eg_update_agent *agent, const eg_agent_pack *pack, uint64_t now)
{
    char reason[EG_AGENT_STATE_REASON_SIZE];
    snprintf(reason, sizeof(reason), "%s", eg_error_message());
    eg_agent_state_reject(&agent->state, pack, now, reason);
    tell(agent, EG_NEWS_REJECTED, pack->serial, reason);
}

/* The pack's fault, or one of the moment? */
static bool is_of_pack(int status)
{
    return status != EG_E_NOMEM && status != EG_E_CLOSED;
}

/* From what lies here, else from the repository; `*bad` when what came cannot be the pack. */
static int get_archive(eg_update_agent *agent, const eg_release *release, eg_bundle *bundle,
                       bool *bad, eg_update_result *out)
{
    const eg_agent_pack pack = pack_of(release);
    const eg_agent_pack *const held[] = {&agent->state.current, &agent->state.last_good};
    const char *folder = eg_buf_cstr(&agent->folder);
    int status = eg_agent_archive_read(folder, &pack, bundle);
    for (size_t i = 0; i < EG_COUNT(held) && status != EG_OK && status != EG_E_NOMEM; i++) {
        const eg_tuf_target *delta =
            held[i]->serial != 0 ? eg_release_find_delta(eg_tuf_client_targets(agent->client),
                                                         held[i]->archive, release->archive)
                                 : NULL;
        if (delta) {
            status = eg_agent_archive_fetch_delta(agent->client, delta, folder, held[i], &pack,
                                                  bundle, &out->received);
            out->was_delta = status == EG_OK;
            if (status != EG_OK) {
                eg_log(EG_LOG_INFO, "update", "a delta is of no use, all is fetched: %s",
                       eg_error_message());
            }
        }
    }
    if (status == EG_OK || status == EG_E_NOMEM) {
        return status;
    }
    return eg_agent_archive_fetch(agent->client, release->target, &pack, bundle, bad,
                                  &out->received);
}

/* On disk first, so that a crash in it counts. `*bad`: it failed, by its own fault. */
static int test(eg_update_agent *agent, const eg_release *release, const eg_agent_pack *pack,
                const eg_bundle *bundle, bool *bad)
{
    eg_agent_state *state = &agent->state;
    state->test_crashes = same_archive(&state->tested, pack) ? state->test_crashes : 0;
    state->tested = *pack;
    state->testing = true;
    int status = save(agent);
    if (status != EG_OK) {
        end_test(agent);
        return status;
    }
    status = agent->owner.test(agent->owner.user, release, bundle);
    if (is_of_pack(status)) {
        end_test(agent); /* on disk with what follows */
        *bad = status != EG_OK;
        return status;
    }
    state->testing = false;
    int saved = save(agent);
    return saved == EG_OK ? status : saved;
}

static int take_release(eg_update_agent *agent, const eg_release *release, uint64_t now,
                        const eg_guard_sample *before, eg_update_result *out)
{
    const eg_agent_pack pack = pack_of(release);
    bool known = same_archive(&pack, &agent->state.last_good), bad = false;
    uint64_t withdrawn =
        pack.serial < agent->state.current.serial ? agent->state.current.serial : 0;
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    int status = get_archive(agent, release, &bundle, &bad, out);
    if (status == EG_OK && !known) {
        status = test(agent, release, &pack, &bundle, &bad);
    }
    if (status == EG_OK) {
        status = eg_agent_archive_write(eg_buf_cstr(&agent->folder), &pack, &bundle);
    }
    if (status == EG_OK) {
        status = put_to_work(agent, &pack, &bundle, !known, now, before);
        if (status == EG_OK) {
            out->changed = true;
            eg_guard_begin(&agent->guard, &pack.guard, &agent->state.pace, before);
            agent->guarding = !known;
            if (withdrawn) {
                tell(agent, EG_NEWS_WITHDRAWN, withdrawn, "it is no longer published for this PC");
            }
            tell(agent, EG_NEWS_ACTIVATED, pack.serial, "");
        } else if (is_of_pack(status) && same_archive(&pack, &agent->state.current)) {
            status = go_back(agent, now, before, eg_error_message());
        }
    } else if (bad) {
        reject_release(agent, &pack, now);
        status = save(agent);
    }
    eg_bundle_done(&bundle);
    return status;
}

/* Everything was withdrawn: what was installed runs. */
static int take_nothing(eg_update_agent *agent, uint64_t now, const eg_guard_sample *before,
                        eg_update_result *out)
{
    const eg_agent_pack none = {0};
    uint64_t serial = agent->state.current.serial;
    agent->state.last_good = none;
    int status = put_to_work(agent, &none, NULL, false, now, before);
    if (status == EG_OK) {
        out->changed = true;
        tell(agent, EG_NEWS_WITHDRAWN, serial, "nothing is published any more");
    }
    return status;
}

static bool lists_a_pack(const eg_tuf_metadata *targets)
{
    eg_release release;
    for (size_t i = 0; i < targets->target_count; i++) {
        if (eg_release_read(&targets->targets[i], &release) != EG_E_NOTFOUND) {
            return true;
        }
    }
    return false;
}

static int choose(eg_update_agent *agent, uint64_t now, eg_release *out, uint64_t *later)
{
    uint8_t rejected[EG_AGENT_STATE_REJECTED_MAX * EG_HASH256_SIZE];
    size_t wrong = 0;
    for (size_t i = 0; i < agent->state.rejected_count; i++) {
        memcpy(rejected + i * EG_HASH256_SIZE, agent->state.rejected[i].archive, EG_HASH256_SIZE);
    }
    eg_release_agent pc = {eg_buf_str(&agent->agent_id), agent->canary, agent->hold, rejected,
                           agent->state.rejected_count};
    int status =
        eg_release_choose(eg_tuf_client_targets(agent->client), &pc, now, out, later, &wrong);
    if (wrong > 0) {
        eg_log(EG_LOG_WARNING, "update", "%zu published packs are described wrongly", wrong);
    }
    return status;
}

/* The content that is in use, perhaps under another number, which hits then bear, or limits. */
static int take_words(eg_update_agent *agent, const eg_agent_pack *pack, eg_update_result *out)
{
    eg_agent_state before = agent->state;
    if (memcmp(&pack->guard, &before.current.guard, sizeof(pack->guard)) == 0 &&
        pack->serial == before.current.serial) {
        return EG_OK;
    }
    agent->state.current = *pack;
    if (same_archive(pack, &before.last_good)) {
        agent->state.last_good = *pack;
    }
    agent->guard.limits = pack->guard;
    int status = save(agent);
    if (status == EG_OK && pack->serial != before.current.serial) {
        status = activate_current(agent);
        out->changed = status == EG_OK;
    }
    if (out->changed) {
        tell(agent, EG_NEWS_ACTIVATED, pack->serial, "");
    }
    return status;
}

static int follow(eg_update_agent *agent, uint64_t now, const eg_guard_sample *before,
                  eg_update_result *out)
{
    eg_release release;
    eg_agent_pack pack;
    int status = choose(agent, now, &release, &out->later);
    if (status == EG_E_NOTFOUND) {
        /* While any is listed, the one that was good goes on until one of them may run. */
        return agent->state.current.serial != 0 &&
                       !lists_a_pack(eg_tuf_client_targets(agent->client))
                   ? take_nothing(agent, now, before, out)
                   : EG_OK;
    }
    if (status != EG_OK) {
        return status;
    }
    pack = pack_of(&release);
    if (!same_archive(&pack, &agent->state.current)) {
        return take_release(agent, &release, now, before, out);
    }
    return take_words(agent, &pack, out);
}

int eg_update_agent_run(eg_update_agent *agent, uint64_t now, const eg_guard_sample *before,
                        eg_update_result *out)
{
    *out = (eg_update_result){0};
    int status = eg_tuf_client_refresh(agent->client, now, &out->tuf);
    if (status == EG_OK) {
        status = follow(agent, now, before, out);
        eg_agent_archive_clean(eg_buf_cstr(&agent->folder), &agent->state);
    }
    return status;
}

int eg_update_agent_watch(eg_update_agent *agent, uint64_t now, const eg_guard_sample *sample,
                          bool *changed)
{
    char reason[200];
    *changed = false;
    if (!agent->state.on_trial) {
        return EG_OK;
    }
    if (!agent->guarding) {
        eg_guard_begin(&agent->guard, &agent->state.current.guard, &agent->state.pace, sample);
        agent->guarding = true;
    }
    if (!eg_guard_look(&agent->guard, sample, reason, sizeof(reason))) {
        *changed = true;
        return go_back(agent, now, sample, reason);
    }
    if (now < agent->state.trial_since) {
        agent->state.trial_since = now; /* the clock went back */
        return save(agent);
    }
    if (now - agent->state.trial_since < EG_UPDATE_TRIAL_TICKS) {
        return EG_OK;
    }
    end_trial(agent);
    agent->state.last_good = agent->state.current;
    tell(agent, EG_NEWS_PROVEN, agent->state.current.serial, "");
    return save(agent);
}
