/* SPDX-License-Identifier: Apache-2.0 */
/* What is trusted survives restarts, crashes and damage, and is never more than was verified. */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/base/status.h"
#include "core/update/state.h"
#include "tests/unit/alloc.h"
#include "tests/unit/child.h"
#include "tests/unit/tuf_fixture.h"

#include <stdio.h>
#include <string.h>

#define KILLS 500
#define NEW_RULES (EG_PUBLISH_TARGETS | EG_PUBLISH_SNAPSHOT | EG_PUBLISH_TIMESTAMP)

static const char *slot_path(const eg_tuf_fixture *fix, int slot)
{
    static char path[600];
    snprintf(path, sizeof(path), "%s.%d", fix->state_path, slot);
    return path;
}

static void damage(const eg_tuf_fixture *fix, int slot)
{
    eg_buf bytes;
    eg_buf_init(&bytes, 1024 * 1024);
    assert_int_equal(eg_file_read(slot_path(fix, slot), 1024 * 1024, &bytes), EG_OK);
    bytes.data[bytes.len / 2] = (char)(bytes.data[bytes.len / 2] ^ 0x20);
    assert_int_equal(eg_file_write_atomic(slot_path(fix, slot), bytes.data, bytes.len), EG_OK);
    eg_buf_done(&bytes);
}

static void fill(eg_tuf_state *state)
{
    eg_tuf_state_init(state);
    state->generation = 7;
    state->newest_signed = 12345678901234567u;
    memset(state->installed, 0xA5, sizeof(state->installed));
    assert_int_equal(eg_tuf_state_put(state, EG_STR("root"), EG_STR("{\"a\":1}")), EG_OK);
    assert_int_equal(eg_tuf_state_put(state, EG_STR("a/../b"), EG_STR("")), EG_OK);
    assert_int_equal(eg_tuf_state_put(state, EG_STR("root"), EG_STR("{\"a\":2}")), EG_OK);
}

static void state__written_and_read__is_the_same(void **unused)
{
    eg_tuf_state state, again;
    eg_buf bytes;
    (void)unused;
    assert_int_equal(eg_crypto_init(), EG_OK);
    fill(&state);
    eg_tuf_state_init(&again);
    eg_buf_init(&bytes, 4096);
    assert_int_equal(eg_tuf_state_encode(&state, &bytes), EG_OK);
    assert_int_equal(eg_tuf_state_decode(eg_buf_str(&bytes), &again), EG_OK);
    assert_int_equal(again.generation, 7);
    assert_int_equal(again.newest_signed, state.newest_signed);
    assert_memory_equal(again.installed, state.installed, sizeof(state.installed));
    assert_int_equal(again.file_count, 2);
    assert_true(eg_str_equal(eg_tuf_state_get(&again, EG_STR("root")), EG_STR("{\"a\":2}")));
    assert_non_null(eg_tuf_state_get(&again, EG_STR("a/../b")).ptr);
    assert_null(eg_tuf_state_get(&again, EG_STR("roo")).ptr);
    eg_tuf_state_remove(&again, EG_STR("root"));
    eg_tuf_state_remove(&again, EG_STR("root"));
    assert_int_equal(again.file_count, 1);
    eg_tuf_state_done(&again);
    /* every single bit counts, and every byte */
    for (size_t i = 0; i < bytes.len * 8; i++) {
        bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ (1 << i % 8));
        assert_int_equal(eg_tuf_state_decode(eg_buf_str(&bytes), &again), EG_E_CORRUPT);
        bytes.data[i / 8] = (char)(bytes.data[i / 8] ^ (1 << i % 8));
    }
    for (size_t cut = 0; cut < bytes.len; cut++) {
        assert_int_equal(eg_tuf_state_decode((eg_str){bytes.data, cut}, &again), EG_E_CORRUPT);
    }
    eg_buf_done(&bytes);
    eg_tuf_state_done(&state);
}

static void state__with_too_many_files__is_a_limit(void **unused)
{
    eg_tuf_state state;
    char name[16];
    (void)unused;
    eg_tuf_state_init(&state);
    for (int i = 0; i <= EG_TUF_STATE_FILES_MAX; i++) {
        snprintf(name, sizeof(name), "role%d", i);
        int status = eg_tuf_state_put(&state, eg_str_from(name), EG_STR("x"));
        assert_int_equal(status, i < EG_TUF_STATE_FILES_MAX ? EG_OK : EG_E_LIMIT);
    }
    eg_tuf_state_done(&state);
}

static int save_and_load(void *arg)
{
    eg_tuf_fixture *fix = arg;
    eg_tuf_state state;
    bool damaged = false;
    eg_tuf_state_init(&state);
    int status = eg_tuf_state_put(&state, EG_STR("root"), EG_STR("x"));
    if (status == EG_OK) {
        status = eg_tuf_state_save(fix->state_path, &state);
    }
    if (status == EG_OK) {
        status = eg_tuf_state_load(fix->state_path, &state, &damaged);
    }
    eg_tuf_state_done(&state);
    return status;
}

static void state__without_memory__says_so(void **state)
{
    assert_true(eg_test_each_allocation_fails(save_and_load, *state) > 5);
}

static void client__with_a_damaged_generation__goes_on_with_the_other(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_fixture_accepts(fix); /* generations 1 to 4: root, timestamp, snapshot, targets */
    damage(fix, 0);
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_client_status(fix->client, fix->now, &fix->status);
    assert_true(fix->status.state_damaged);
    assert_int_equal(fix->status.version[EG_TUF_SNAPSHOT], 1);
    assert_int_equal(fix->status.version[EG_TUF_TARGETS], 0);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 1, 1, 1, 1);
    eg_tuf_client_status(fix->client, fix->now, &fix->status);
    assert_false(fix->status.state_damaged);
}

/* Both damaged: what is believed then is the installed root and nothing more. */
static void client__with_both_generations_damaged__begins_with_the_installed_root(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    r->root.keys[0] = 11;
    r->root.signers[1] = 11;
    eg_test_publish_next(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    damage(fix, 0);
    damage(fix, 1);
    /* nor does a state of another repository serve */
    eg_test_serve(r, "metadata/2.root.json", NULL, 0);
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_client_status(fix->client, fix->now, &fix->status);
    assert_true(fix->status.state_damaged);
    assert_int_equal(fix->status.version[EG_TUF_ROOT], 1);
    assert_int_equal(fix->status.version[EG_TUF_TIMESTAMP], 0);
    r->timestamp.signers[0] = 99;
    eg_test_publish_as_is(r, EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_refuses(fix, EG_TUF_REFUSED, "0 valid signatures");
    r->timestamp.signers[0] = 2;
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 2, 2, 2, 2);
}

/* A state with a sound checksum is believed no more than its signatures. */
static void client__with_a_forged_state__drops_what_is_not_signed(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_state forged;
    bool damaged = false;
    eg_tuf_fixture_accepts(fix);
    fix->repository.targets[0].role.signers[0] = 99;
    eg_test_publish_as_is(&fix->repository, EG_PUBLISH_TARGETS);
    const eg_test_file *file = eg_test_served(&fix->repository, "metadata/1.targets.json");
    eg_tuf_state_init(&forged);
    assert_int_equal(eg_tuf_state_load(fix->state_path, &forged, &damaged), EG_OK);
    assert_int_equal(
        eg_tuf_state_put(&forged, EG_STR("targets"), (eg_str){file->bytes, file->size}), EG_OK);
    assert_int_equal(eg_tuf_state_put(&forged, EG_STR("snapshot"), EG_STR("{}")), EG_OK);
    assert_int_equal(eg_tuf_state_save(fix->state_path, &forged), EG_OK);
    eg_tuf_state_done(&forged);
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_client_status(fix->client, fix->now, &fix->status);
    assert_int_equal(fix->status.version[EG_TUF_TARGETS], 0);
    assert_int_equal(fix->status.version[EG_TUF_SNAPSHOT], 0);
    assert_int_equal(fix->status.version[EG_TUF_TIMESTAMP], 1);
}

/* ---- another installed root ---- */

static void install(eg_tuf_fixture *fix, const char *name)
{
    const eg_test_file *file = eg_test_served(&fix->repository, name);
    eg_buf_clear(&fix->installed);
    assert_int_equal(eg_buf_append(&fix->installed, file->bytes, file->size), EG_OK);
}

static void client__with_a_newer_installed_root__takes_it(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_fixture_accepts(fix);
    eg_test_publish_next(&fix->repository, EG_PUBLISH_ROOT);
    eg_test_publish_next(&fix->repository, EG_PUBLISH_ROOT);
    install(fix, "metadata/3.root.json");
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_trusts(fix, 3, 1, 1, 1);
    /* an older one, of an older installer, changes nothing */
    install(fix, "metadata/2.root.json");
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_trusts(fix, 3, 1, 1, 1);
}

static void client__with_an_installed_root_of_new_keys__begins_anew(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_test_publish_next(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 2, 2, 2, 2);
    eg_test_repository_done(r);
    eg_test_repository_init(r);
    eg_test_sign_with(&r->root, 61);
    eg_test_sign_with(&r->timestamp, 62);
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
    install(fix, "metadata/1.root.json");
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 1, 1, 1, 1);
}

static void client__with_an_installed_root_that_is_none__does_not_open(void **state)
{
    eg_tuf_fixture *fix = *state;
    install(fix, "metadata/timestamp.json");
    assert_int_equal(eg_tuf_fixture_open(fix), EG_E_INVALID);
    fix->repository.root.signers[0] = 99;
    eg_test_publish_as_is(&fix->repository, EG_PUBLISH_ROOT);
    install(fix, "metadata/1.root.json");
    assert_int_equal(eg_tuf_fixture_open(fix), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "0 valid signatures"));
}

/* ---- kill -9 ---- */

/* In the child: publishes and updates without end, and tells each version that is trusted. */
static void update_for_ever(void *arg, eg_child_tell tell, void *pipe)
{
    eg_tuf_fixture *fix = arg;
    for (;;) {
        eg_test_publish_next(&fix->repository, NEW_RULES);
        if (eg_tuf_fixture_refresh(fix) != EG_OK ||
            tell(pipe, (int64_t)fix->status.version[EG_TUF_TARGETS]) != EG_OK) {
            return;
        }
    }
}

static void client__killed_500_times__never_loses_what_it_trusted(void **state)
{
    eg_tuf_fixture *fix = *state;
    uint64_t trusted = 0;
    for (int round = 0; round < KILLS; round++) {
        eg_child *child = NULL;
        int64_t told = 0;
        int status = eg_child_start(update_for_ever, fix, &child);
        if (status == EG_E_UNSUPPORTED) {
            printf("skipped: %s\n", eg_error_message());
            skip();
        }
        assert_int_equal(status, EG_OK);
        assert_int_equal(eg_child_hear(child, &told), EG_OK);
        eg_thread_sleep_ms((uint32_t)(round % 4));
        eg_child_kill(child);
        while (eg_child_hear(child, &told) == EG_OK) {
            continue;
        }
        eg_child_destroy(child);
        assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
        eg_tuf_client_status(fix->client, fix->now, &fix->status);
        assert_false(fix->status.state_damaged);
        /* what is on disk may be ahead of what was told, by the steps that were under way */
        assert_true(fix->status.version[EG_TUF_TARGETS] >= (uint64_t)told);
        assert_true(fix->status.version[EG_TUF_TIMESTAMP] >= trusted);
        trusted = fix->status.version[EG_TUF_TIMESTAMP];
        fix->repository.timestamp.version = fix->repository.snapshot.version = trusted;
        fix->repository.targets[0].role.version = trusted;
    }
}

int eg_test_tuf_state(void)
{
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, eg_tuf_fixture_set_up, eg_tuf_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state__written_and_read__is_the_same),
        cmocka_unit_test(state__with_too_many_files__is_a_limit),
        CASE(state__without_memory__says_so),
        CASE(client__with_a_damaged_generation__goes_on_with_the_other),
        CASE(client__with_both_generations_damaged__begins_with_the_installed_root),
        CASE(client__with_a_forged_state__drops_what_is_not_signed),
        CASE(client__with_a_newer_installed_root__takes_it),
        CASE(client__with_an_installed_root_of_new_keys__begins_anew),
        CASE(client__with_an_installed_root_that_is_none__does_not_open),
        CASE(client__killed_500_times__never_loses_what_it_trusted),
    };
#undef CASE
    return cmocka_run_group_tests_name("tuf_state", tests, NULL, NULL);
}
