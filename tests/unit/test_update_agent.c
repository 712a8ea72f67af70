/* SPDX-License-Identifier: Apache-2.0 */
/* One repository's rules on a PC, from the first pack to the one that must go again. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/update/agent.h"
#include "tests/unit/pack_fixture.h"
#include "tests/unit/temp_folder.h"
#include "tests/unit/tuf_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PACKS 3
#define NEW_RULES (EG_PUBLISH_TARGETS | EG_PUBLISH_SNAPSHOT | EG_PUBLISH_TIMESTAMP)
#define MINUTE (EG_TICKS_PER_SECOND * 60)

typedef struct fixture {
    eg_tuf_fixture *tuf;
    char folder[600];
    eg_test_pack packs[PACKS];
    eg_test_pack delta; /* its bundle is unused */
    uint64_t hold;
    bool canary;
    eg_update_agent *agent;
    eg_update_result result;
    eg_guard_sample sample;
    int test_answers; /* what the owner's test returns */
    int activate_answers;
    uint64_t active; /* serial at work; 0: what was installed */
    size_t tests, activations;
    size_t told[EG_NEWS_COUNT];
    char text[512]; /* of the last news */
    char state_path[700];
    eg_agent_state in_test; /* on disk while a test went on that did not come to its end */
} fixture;

/* ---- the owner ---- */

static int on_test(void *user, const eg_release *release, const eg_bundle *bundle)
{
    fixture *f = user;
    f->tests++;
    assert_non_null(eg_bundle_find(bundle, EG_STR("pack.json")));
    assert_true(release->serial > 0);
    if (f->test_answers == EG_E_CLOSED) {
        assert_int_equal(eg_agent_state_load(f->state_path, &f->in_test), EG_OK);
    }
    return f->test_answers == EG_OK ? EG_OK : eg_fail(f->test_answers, "rule a.yml is wrong");
}

static int on_activate(void *user, eg_bundle *bundle, uint64_t serial)
{
    fixture *f = user;
    f->activations++;
    if (f->activate_answers != EG_OK && bundle) {
        int status = f->activate_answers;
        f->activate_answers = EG_OK;
        return eg_fail(status, "cannot be put to work");
    }
    f->active = bundle ? serial : 0;
    return EG_OK;
}

static void on_news(void *user, eg_update_news what, uint64_t serial, const char *text)
{
    fixture *f = user;
    EG_UNUSED(serial);
    f->told[what]++;
    snprintf(f->text, sizeof(f->text), "%s", text);
}

/* ---- packs ---- */

static void make_pack(fixture *f, int index, uint64_t serial, const char *more)
{
    eg_test_pack_make(&f->packs[index], serial, more);
}

static void make_delta(fixture *f, int from, int to)
{
    char from_hash[2 * EG_HASH256_SIZE + 1], to_hash[2 * EG_HASH256_SIZE + 1];
    eg_test_pack_hash(&f->packs[from], from_hash);
    eg_test_pack_hash(&f->packs[to], to_hash);
    snprintf(f->delta.path, sizeof(f->delta.path), "delta/%d-%d.zstp", from, to);
    snprintf(f->delta.custom, sizeof(f->delta.custom), "{\"from\":\"%s\",\"to\":\"%s\"}", from_hash,
             to_hash);
    assert_int_equal(eg_bundle_pack(&f->packs[to].bundle,
                                    eg_buf_str(&f->packs[from].bundle.archive), &f->delta.packed),
                     EG_OK);
}

/* Lists the packs of this mask, and the delta if there is one. */
static void publish(fixture *f, unsigned mask)
{
    eg_test_target *targets = f->tuf->repository.targets[0].targets;
    size_t count = 0;
    memset(targets, 0, sizeof(*targets) * EG_TEST_TARGETS_MAX);
    for (int i = 0; i < PACKS; i++) {
        if (mask & (1u << i)) {
            targets[count++] = (eg_test_target){.path = f->packs[i].path,
                                                .bytes = eg_buf_str(&f->packs[i].packed),
                                                .custom = f->packs[i].custom};
        }
    }
    if (f->delta.packed.len > 0) {
        targets[count] = (eg_test_target){.path = f->delta.path,
                                          .bytes = eg_buf_str(&f->delta.packed),
                                          .custom = f->delta.custom};
    }
    eg_test_publish_next(&f->tuf->repository, NEW_RULES);
}

/* ---- the agent ---- */

static int open_agent(fixture *f)
{
    eg_update_agent_options options = {
        .folder = f->folder,
        .installed_root = eg_buf_str(&f->tuf->installed),
        .fetcher = eg_test_fetcher(&f->tuf->repository),
        .agent_id = EG_STR("6f1f"),
        .canary = f->canary,
        .hold = f->hold,
        .owner = {f, on_test, on_activate, on_news},
    };
    f->agent = NULL;
    return eg_update_agent_open(&options, f->tuf->now, &f->agent);
}

/* What a service does at its start. */
static void start(fixture *f)
{
    eg_bundle bundle;
    eg_bundle_init(&bundle);
    assert_int_equal(open_agent(f), EG_OK);
    int status = eg_update_agent_load(f->agent, &bundle);
    assert_true(status == EG_OK || status == EG_E_NOTFOUND);
    f->active = status == EG_OK ? eg_update_agent_state(f->agent)->current.serial : 0;
    eg_bundle_done(&bundle);
}

static void stop(fixture *f)
{
    eg_update_agent_close(f->agent);
    f->agent = NULL;
}

/* The program ends without order: what lies on disk stays as it was while it ran. */
static void crash(fixture *f)
{
    eg_agent_state state;
    stop(f);
    assert_int_equal(eg_agent_state_load(f->state_path, &state), EG_OK);
    state.running = true;
    assert_int_equal(eg_agent_state_save(f->state_path, &state), EG_OK);
}

static void run(fixture *f)
{
    if (eg_update_agent_run(f->agent, f->tuf->now, &f->sample, &f->result) != EG_OK) {
        fail_msg("%s", eg_error_message());
    }
}

static void runs(fixture *f, uint64_t serial)
{
    run(f);
    assert_int_equal(f->active, serial);
    assert_int_equal(eg_update_agent_state(f->agent)->current.serial, serial);
}

static bool watch(fixture *f)
{
    bool changed = false;
    assert_int_equal(eg_update_agent_watch(f->agent, f->tuf->now, &f->sample, &changed), EG_OK);
    return changed;
}

static void prove(fixture *f)
{
    f->tuf->now += EG_UPDATE_TRIAL_TICKS;
    assert_false(watch(f));
    assert_false(eg_update_agent_state(f->agent)->on_trial);
}

static int set_up(void **state)
{
    static const uint64_t serials[PACKS] = {2026112301, 2026112302, 2026112303};
    void *tuf = NULL;
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    if (!f || eg_tuf_fixture_set_up(&tuf) != 0) {
        return -1;
    }
    f->tuf = tuf;
    snprintf(f->folder, sizeof(f->folder), "%s/site", (const char *)f->tuf->folder);
    snprintf(f->state_path, sizeof(f->state_path), "%s/packs.json", f->folder);
    eg_buf_init(&f->delta.packed, 1024 * 1024);
    for (int i = 0; i < PACKS; i++) {
        eg_bundle_init(&f->packs[i].bundle);
        eg_buf_init(&f->packs[i].packed, 1024 * 1024);
        make_pack(f, i, serials[i], "");
    }
    publish(f, 1);
    start(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    void *tuf = f->tuf;
    stop(f);
    for (int i = 0; i < PACKS; i++) {
        eg_bundle_done(&f->packs[i].bundle);
        eg_buf_done(&f->packs[i].packed);
    }
    eg_buf_done(&f->delta.packed);
    eg_free(f);
    return eg_tuf_fixture_tear_down(&tuf);
}

/* ---- tests ---- */

static void agent__with_nothing_yet__takes_the_first_pack(void **state)
{
    fixture *f = *state;
    assert_int_equal(f->active, 0);
    runs(f, 2026112301);
    assert_true(f->result.changed && !f->result.was_delta);
    assert_int_equal(f->tests, 1);
    assert_int_equal(f->told[EG_NEWS_ACTIVATED], 1);
    runs(f, 2026112301);
    assert_false(f->result.changed);
    assert_int_equal(f->activations, 1);
    stop(f);
    start(f);
    assert_int_equal(f->active, 2026112301);
}

static void agent__told_of_a_newer_pack__takes_it_and_keeps_the_last_good(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    prove(f);
    assert_int_equal(f->told[EG_NEWS_PROVEN], 1);
    publish(f, 3);
    runs(f, 2026112302);
    assert_int_equal(eg_update_agent_state(f->agent)->last_good.serial, 2026112301);
    assert_true(eg_update_agent_state(f->agent)->on_trial);
}

static void agent__with_a_delta__fetches_that(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    make_delta(f, 0, 1);
    publish(f, 3);
    runs(f, 2026112302);
    assert_true(f->result.was_delta);
    assert_true(f->result.received < f->packs[1].packed.len / 4);
}

static void agent__with_a_bad_delta__fetches_all(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    make_delta(f, 0, 1);
    make_pack(f, 1, 2026112304, ""); /* the delta now makes something else than it says */
    char from[2 * EG_HASH256_SIZE + 1], to[2 * EG_HASH256_SIZE + 1];
    eg_test_pack_hash(&f->packs[0], from);
    eg_test_pack_hash(&f->packs[1], to);
    snprintf(f->delta.custom, sizeof(f->delta.custom), "{\"from\":\"%s\",\"to\":\"%s\"}", from, to);
    publish(f, 3);
    runs(f, 2026112304);
    assert_false(f->result.was_delta);
}

static void agent__with_a_pack_that_fails_its_test__rejects_it_once(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    prove(f);
    publish(f, 2); /* the one before is not listed any more */
    f->test_answers = EG_E_INVALID;
    runs(f, 2026112301);
    runs(f, 2026112301);
    assert_int_equal(f->tests, 2);
    assert_int_equal(f->told[EG_NEWS_REJECTED], 1);
    assert_string_equal(f->text, "rule a.yml is wrong");
    assert_int_equal(eg_update_agent_state(f->agent)->rejected_count, 1);
    stop(f);
    start(f);
    runs(f, 2026112301);
    assert_int_equal(f->tests, 2);
    f->test_answers = EG_OK;
    publish(f, 4);
    runs(f, 2026112303);
}

static void agent__whose_test_could_not_be_made__tries_again(void **state)
{
    fixture *f = *state;
    f->test_answers = EG_E_NOMEM;
    assert_int_equal(eg_update_agent_run(f->agent, f->tuf->now, &f->sample, &f->result),
                     EG_E_NOMEM);
    assert_int_equal(f->told[EG_NEWS_REJECTED], 0);
    f->test_answers = EG_OK;
    runs(f, 2026112301);
}

static void agent__with_an_archive_that_is_not_the_signed_one__rejects_it(void **state)
{
    fixture *f = *state;
    memcpy(strstr(f->packs[1].custom, "\"sha256\":\"") + 10, "00000000", 8);
    publish(f, 3);
    runs(f, 0);
    assert_int_equal(f->told[EG_NEWS_REJECTED], 1);
    runs(f, 2026112301); /* the next best */
}

static void agent__with_a_pack_that_cannot_be_activated__goes_back(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    prove(f);
    publish(f, 3);
    f->activate_answers = EG_E_INVALID;
    runs(f, 2026112301);
    assert_int_equal(f->told[EG_NEWS_REJECTED], 1);
}

static void agent__that_crashes_twice_on_trial__goes_back(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    prove(f);
    publish(f, 3);
    runs(f, 2026112302);
    crash(f);
    start(f);
    assert_int_equal(f->active, 2026112302);
    stop(f); /* in order: does not count, and forgives nothing */
    start(f);
    eg_update_agent_stops(f->agent);
    crash(f); /* as one that is late at an ordered end: neither */
    start(f);
    crash(f);
    start(f);
    assert_int_equal(f->active, 2026112301);
    assert_int_equal(f->told[EG_NEWS_REJECTED], 1);
    runs(f, 2026112301);
    crash(f);
    start(f);
    crash(f);
    start(f);
    assert_int_equal(f->active, 2026112301); /* proven: crashes are not its fault */
}

static void agent__that_dies_twice_of_testing_a_pack__rejects_that_one(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301); /* on trial itself, and not suspected */
    publish(f, 3);
    for (int i = 0; i < EG_UPDATE_CRASHES_MAX; i++) {
        assert_int_equal(f->told[EG_NEWS_REJECTED], 0);
        f->test_answers = EG_E_CLOSED;
        assert_int_equal(eg_update_agent_run(f->agent, f->tuf->now, &f->sample, &f->result),
                         EG_E_CLOSED);
        stop(f);
        assert_int_equal(eg_agent_state_save(f->state_path, &f->in_test), EG_OK);
        start(f);
    }
    assert_int_equal(f->told[EG_NEWS_REJECTED], 1);
    assert_non_null(strstr(f->text, "2 times while it was tested"));
    f->test_answers = EG_OK;
    runs(f, 2026112301);
    assert_int_equal(f->told[EG_NEWS_REJECTED], 1);
}

static void agent__flooded_by_hits__goes_back(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    prove(f);
    publish(f, 3);
    runs(f, 2026112302);
    f->sample.time_ns += 30u * UINT64_C(1000000000);
    f->sample.hits += EG_GUARD_HITS_PER_MINUTE;
    assert_false(watch(f));
    f->sample.hits++;
    assert_true(watch(f));
    assert_int_equal(f->active, 2026112301);
    assert_non_null(strstr(f->text, "1001 hits within a minute"));
    runs(f, 2026112301);
    assert_int_equal(f->told[EG_NEWS_REJECTED], 1);
}

static void work(fixture *f, uint64_t events, uint64_t ns)
{
    f->sample.work[EG_GUARD_MATCHING].units += events;
    f->sample.work[EG_GUARD_MATCHING].ns += events * ns;
}

static void agent__slowed_down__goes_back(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    prove(f);
    work(f, 10000, 50000);
    publish(f, 3);
    runs(f, 2026112302);
    stop(f); /* how fast the pack before was is not forgotten */
    start(f);
    f->sample = (eg_guard_sample){0};
    assert_false(watch(f));
    for (unsigned i = 1; i <= EG_GUARD_SLOW_MAX; i++) {
        work(f, EG_GUARD_EVENTS_MIN, 300000);
        assert_true(watch(f) == (i == EG_GUARD_SLOW_MAX));
    }
    assert_int_equal(f->active, 2026112301);
}

static void agent__whose_pack_is_withdrawn__takes_the_one_that_is_listed(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    prove(f);
    publish(f, 2);
    runs(f, 2026112302);
    publish(f, 1);
    runs(f, 2026112301);
    assert_int_equal(f->told[EG_NEWS_WITHDRAWN], 1);
    assert_int_equal(f->tests, 2); /* it is known to be good */
    publish(f, 0);
    runs(f, 0);
    assert_int_equal(f->told[EG_NEWS_WITHDRAWN], 2);
}

static void agent__told_the_old_content_under_a_new_number__takes_it_as_new(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    publish(f, 3);
    runs(f, 2026112302);
    memcpy(strstr(f->packs[0].custom, "2026112301"), "2026112309", 10);
    publish(f, 3);
    runs(f, 2026112309);
    memcpy(strstr(f->packs[0].custom, "2026112309"), "2026112310", 10);
    publish(f, 3);
    runs(f, 2026112310); /* which was in use already */
}

static void agent__that_is_held__takes_nothing_above(void **state)
{
    fixture *f = *state;
    stop(f);
    f->hold = 2026112302;
    start(f);
    publish(f, 7);
    runs(f, 2026112302);
}

static void agent__whose_stage_is_not_due__waits_unless_it_is_canary(void **state)
{
    fixture *f = *state;
    make_pack(f, 1, 2026112302,
              ",\"rollout\":{\"stages\":[{\"after\":\"2026-11-23T18:00:00Z\","
              "\"permille\":1000}]}");
    publish(f, 3);
    runs(f, 2026112301);
    assert_true(f->result.later > f->tuf->now);
    stop(f);
    f->canary = true;
    start(f);
    runs(f, 2026112302);
    stop(f);
    f->canary = false;
    start(f);
    f->tuf->now = eg_test_now() + 6 * 60 * MINUTE;
    runs(f, 2026112302);
}

static void agent__with_a_damaged_state__begins_with_what_was_installed(void **state)
{
    fixture *f = *state;
    char path[700];
    runs(f, 2026112301);
    stop(f);
    snprintf(path, sizeof(path), "%s/packs.json", f->folder);
    assert_int_equal(eg_file_write_atomic(path, "{}", 2), EG_OK);
    start(f);
    assert_int_equal(f->active, 0);
    assert_int_equal(f->told[EG_NEWS_STATE_DAMAGED], 1);
    runs(f, 2026112301);
}

static int damage_archive(void *user, const eg_dir_entry *entry)
{
    size_t *count = user;
    if (eg_str_ends_nocase(eg_str_from(entry->name), EG_STR(".tar"))) {
        (*count)++;
        return eg_file_append(entry->path, "x", 1);
    }
    return EG_OK;
}

static void agent__with_a_damaged_archive__fetches_it_again(void **state)
{
    fixture *f = *state;
    size_t count = 0;
    runs(f, 2026112301);
    stop(f);
    assert_int_equal(eg_dir_walk(f->folder, 1, damage_archive, &count), EG_OK);
    assert_int_equal(count, 1);
    start(f);
    assert_int_equal(f->active, 0);
    assert_int_equal(f->told[EG_NEWS_STATE_DAMAGED], 1);
    runs(f, 2026112301);
}

static void agent__without_its_repository__goes_on_with_what_it_has(void **state)
{
    fixture *f = *state;
    runs(f, 2026112301);
    f->tuf->repository.broken = "metadata/timestamp.json";
    assert_int_not_equal(eg_update_agent_run(f->agent, f->tuf->now, &f->sample, &f->result), EG_OK);
    assert_int_equal(f->result.tuf.outcome, EG_TUF_UNREACHABLE);
    assert_int_equal(f->active, 2026112301);
    f->tuf->repository.broken = NULL;
    f->tuf->now += UINT64_C(400) * 86400 * EG_TICKS_PER_SECOND; /* everything has expired */
    runs(f, 2026112301);
    assert_true(f->result.tuf.stale != 0);
}

static int run_without_memory(void *arg)
{
    fixture *f = arg;
    if (!f->agent) {
        int status = open_agent(f);
        if (status != EG_OK) {
            return status;
        }
    }
    return eg_update_agent_run(f->agent, f->tuf->now, &f->sample, &f->result);
}

/* Only cleaning up behind an update is not worth a failure. */
static void agent__without_memory__says_so_and_takes_the_pack_later(void **state)
{
    fixture *f = *state;
    stop(f);
    for (long allowed = 0;; allowed++) {
        eg_mem_fail_after(allowed);
        int status = run_without_memory(f);
        eg_mem_fail_after(-1);
        assert_true(status == EG_OK || status == EG_E_NOMEM);
        if (eg_mem_failures() == 0) {
            assert_int_equal(status, EG_OK);
            break;
        }
    }
    assert_int_equal(f->told[EG_NEWS_REJECTED], 0);
    runs(f, 2026112301);
}

int eg_test_update_agent(void)
{
#define AGENT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        AGENT_TEST(agent__with_nothing_yet__takes_the_first_pack),
        AGENT_TEST(agent__told_of_a_newer_pack__takes_it_and_keeps_the_last_good),
        AGENT_TEST(agent__with_a_delta__fetches_that),
        AGENT_TEST(agent__with_a_bad_delta__fetches_all),
        AGENT_TEST(agent__with_a_pack_that_fails_its_test__rejects_it_once),
        AGENT_TEST(agent__whose_test_could_not_be_made__tries_again),
        AGENT_TEST(agent__with_an_archive_that_is_not_the_signed_one__rejects_it),
        AGENT_TEST(agent__with_a_pack_that_cannot_be_activated__goes_back),
        AGENT_TEST(agent__that_crashes_twice_on_trial__goes_back),
        AGENT_TEST(agent__flooded_by_hits__goes_back),
        AGENT_TEST(agent__that_dies_twice_of_testing_a_pack__rejects_that_one),
        AGENT_TEST(agent__slowed_down__goes_back),
        AGENT_TEST(agent__whose_pack_is_withdrawn__takes_the_one_that_is_listed),
        AGENT_TEST(agent__told_the_old_content_under_a_new_number__takes_it_as_new),
        AGENT_TEST(agent__that_is_held__takes_nothing_above),
        AGENT_TEST(agent__whose_stage_is_not_due__waits_unless_it_is_canary),
        AGENT_TEST(agent__with_a_damaged_state__begins_with_what_was_installed),
        AGENT_TEST(agent__with_a_damaged_archive__fetches_it_again),
        AGENT_TEST(agent__without_its_repository__goes_on_with_what_it_has),
        AGENT_TEST(agent__without_memory__says_so_and_takes_the_pack_later),
    };
    return cmocka_run_group_tests_name("update_agent", tests, NULL, NULL);
}
