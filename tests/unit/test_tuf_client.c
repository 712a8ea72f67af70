/* SPDX-License-Identifier: Apache-2.0 */
/* The workflow with an honest repository: what is asked for, kept, told and found. */
#include "tests/unit/unit.h"

#include "core/base/clock.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "tests/unit/alloc.h"
#include "tests/unit/tuf_fixture.h"

#include <stdio.h>
#include <string.h>

#define DAY (86400 * EG_TICKS_PER_SECOND)

static void refresh__of_an_honest_repository__trusts_all_four(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.outcome, EG_TUF_UPDATED);
    assert_string_equal(eg_test_asked(&fix->repository),
                        "2.root.json timestamp.json 1.snapshot.json 1.targets.json");
    assert_int_equal(fix->status.stale, 0);
    assert_false(fix->status.clock_error);
    assert_int_equal(fix->status.start, fix->now);
    assert_int_equal(fix->status.expires[EG_TUF_TIMESTAMP], fix->now + 14 * DAY);
    const eg_tuf_metadata *targets = eg_tuf_client_targets(fix->client);
    assert_int_equal(targets->target_count, 1);
    assert_int_equal(eg_json_get_u64(targets->targets[0].custom, "serial", 0), 2026112301);
    eg_tuf_fixture_trusts(fix, 1, 1, 1, 1);
}

static void refresh__with_nothing_new__asks_for_little(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_fixture_accepts(fix);
    eg_test_asked(&fix->repository);
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.outcome, EG_TUF_UP_TO_DATE);
    assert_string_equal(eg_test_asked(&fix->repository), "2.root.json timestamp.json");
    fix->repository.answers_unchanged = true;
    eg_test_publish_next(&fix->repository, EG_PUBLISH_TIMESTAMP);
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.outcome, EG_TUF_UP_TO_DATE);
    assert_int_equal(fix->status.version[EG_TUF_TIMESTAMP], 1);
}

static void refresh__with_changed_content_of_one_version__keeps_the_old(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_tuf_fixture_accepts(fix);
    eg_test_asked(&fix->repository);
    fix->repository.snapshot.version = 100;
    eg_test_publish_as_is(&fix->repository, EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_accepts(fix);
    assert_string_equal(eg_test_asked(&fix->repository), "2.root.json timestamp.json");
    eg_tuf_fixture_trusts(fix, 1, 1, 1, 1);
}

static void refresh__without_consistent_snapshots__asks_for_plain_names(void **state)
{
    eg_tuf_fixture *fix = *state;
    fix->repository.flat = true;
    fix->repository.hashes = true;
    eg_test_publish_as_is(&fix->repository, EG_PUBLISH_ALL);
    eg_buf_clear(&fix->installed);
    eg_buf_append_str(&fix->installed, eg_test_first_root(&fix->repository));
    eg_tuf_fixture_accepts(fix);
    assert_string_equal(eg_test_asked(&fix->repository),
                        "2.root.json timestamp.json snapshot.json targets.json");
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_OK);
    assert_string_equal(eg_test_asked(&fix->repository), "rules/pack.tar.zst");
}

static void refresh__after_rotations__follows_the_chain(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    for (int key = 11; key < 15; key++) {
        int old = r->root.keys[0];
        eg_test_sign_with(&r->root, key);
        r->root.signers[1] = old;
        eg_test_publish_next(r, EG_PUBLISH_ROOT);
    }
    /* two of three */
    r->root = (eg_test_tuf_role){{14, 15, 16}, {14, 16}, 2, r->root.version, 700};
    eg_test_publish_next(r, EG_PUBLISH_ROOT);
    eg_tuf_fixture_accepts(fix);
    eg_tuf_fixture_trusts(fix, 6, 1, 1, 1);
    assert_non_null(strstr(eg_test_asked(r), "2.root.json 3.root.json 4.root.json 5.root.json "
                                             "6.root.json 7.root.json timestamp.json"));
}

static void refresh__with_more_roots_than_allowed__goes_on_next_time(void **state)
{
    eg_tuf_fixture *fix = *state;
    for (int i = 0; i < 5; i++) {
        eg_test_publish_next(&fix->repository, EG_PUBLISH_ROOT);
    }
    fix->options.roots_max = 3;
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.version[EG_TUF_ROOT], 4);
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.version[EG_TUF_ROOT], 6);
}

static void refresh__of_expired_metadata__tells_and_goes_on(void **state)
{
    eg_tuf_fixture *fix = *state;
    fix->now += 20 * DAY;
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.outcome, EG_TUF_UPDATED);
    assert_int_equal(fix->status.stale, 1u << EG_TUF_TIMESTAMP);
    fix->now += 800 * DAY;
    eg_tuf_client_status(fix->client, fix->now, &fix->status);
    assert_int_equal(fix->status.stale, 15);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_OK);
}

/* Each role in turn: nothing expired becomes trusted, but for the root (5.3.10). */
static void refresh__of_expired_metadata__when_strict__stops(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    fix->options.expired_is_fatal = true;
    eg_tuf_fixture_accepts(fix);
    r->targets[0].role.days = 0;
    eg_test_publish_next(r, EG_PUBLISH_TARGETS | EG_PUBLISH_SNAPSHOT | EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_refuses(fix, EG_TUF_EXPIRED, "targets version 2 is expired");
    eg_tuf_fixture_trusts(fix, 1, 2, 2, 1);
    r->snapshot.days = -1;
    eg_test_publish_next(r, EG_PUBLISH_SNAPSHOT | EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_refuses(fix, EG_TUF_EXPIRED, "snapshot version 3 is expired");
    eg_tuf_fixture_trusts(fix, 1, 3, 2, 1);
    r->timestamp.days = -1;
    eg_test_publish_next(r, EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_refuses(fix, EG_TUF_EXPIRED, "timestamp version 4 is expired");
    eg_tuf_fixture_trusts(fix, 1, 3, 2, 1);
    r->root.days = -1;
    eg_test_publish_next(r, EG_PUBLISH_ROOT);
    eg_tuf_fixture_refuses(fix, EG_TUF_EXPIRED, "root version 2 is expired");
    eg_tuf_fixture_trusts(fix, 2, 3, 2, 1);
    /* a kept timestamp that has expired since is no better than a new one */
    r->root.days = 700;
    eg_test_publish_next(r, EG_PUBLISH_ROOT);
    eg_test_serve(r, "metadata/timestamp.json", NULL, 0);
    r->answers_unchanged = true;
    fix->now += 15 * DAY;
    eg_tuf_fixture_refuses(fix, EG_TUF_EXPIRED, "timestamp version 3 is expired");
}

/* A clock that went back, or stands still, does not bring expired metadata to life. */
static void refresh__with_a_clock_behind_signed_time__tells_so(void **state)
{
    eg_tuf_fixture *fix = *state;
    fix->repository.signed_at = "2026-11-20T00:00:00Z";
    eg_test_publish_next(&fix->repository, EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_accepts(fix);
    assert_false(fix->status.clock_error);
    fix->now -= 3650 * DAY;
    eg_tuf_fixture_accepts(fix);
    assert_true(fix->status.clock_error);
    assert_int_equal(fix->status.start, eg_test_now() - 3 * DAY - DAY / 2);
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_client_status(fix->client, fix->now, &fix->status);
    assert_true(fix->status.clock_error);
    /* an old copy, expired since, whose version would do */
    fix->repository.timestamp.days = -100;
    fix->repository.signed_at = "2026-08-01T00:00:00Z";
    eg_test_publish_next(&fix->repository, EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(fix->status.stale, 1u << EG_TUF_TIMESTAMP);
}

static void refresh__after_a_missing_file__goes_on_from_there(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    eg_tuf_fixture_accepts(fix);
    r->targets[0].role.version = 2;
    eg_test_publish_next(r, EG_PUBLISH_SNAPSHOT | EG_PUBLISH_TIMESTAMP);
    eg_tuf_fixture_refuses(fix, EG_TUF_UNREACHABLE, "2.targets.json is listed but not there");
    eg_tuf_fixture_trusts(fix, 1, 2, 2, 1);
    eg_test_asked(r);
    eg_test_publish_as_is(r, EG_PUBLISH_TARGETS);
    eg_tuf_fixture_accepts(fix);
    assert_string_equal(eg_test_asked(r), "2.root.json timestamp.json 2.targets.json");
    eg_test_serve(r, "metadata/timestamp.json", NULL, 0);
    eg_tuf_fixture_refuses(fix, EG_TUF_UNREACHABLE, "404");
    eg_tuf_fixture_trusts(fix, 1, 2, 2, 2);
}

static void refresh__behind_a_captive_portal__is_not_called_an_attack(void **state)
{
    static const char page[] = "<!doctype html><title>Hotel</title>{\"signatures\"}";
    eg_tuf_fixture *fix = *state;
    eg_test_serve(&fix->repository, "metadata/timestamp.json", page, sizeof(page) - 1);
    eg_tuf_fixture_refuses(fix, EG_TUF_NOT_METADATA, "JSON");
    eg_test_publish_as_is(&fix->repository, EG_PUBLISH_ALL);
    eg_test_serve(&fix->repository, "metadata/2.root.json", page, sizeof(page) - 1);
    eg_tuf_fixture_refuses(fix, EG_TUF_NOT_METADATA, "JSON");
}

static void hint__of_a_newer_timestamp__is_worth_an_update(void **state)
{
    eg_tuf_fixture *fix = *state;
    bool newer = true;
    eg_tuf_fixture_accepts(fix);
    const eg_test_file *file = eg_test_served(&fix->repository, "metadata/timestamp.json");
    assert_int_equal(eg_tuf_client_hint(fix->client, (eg_str){file->bytes, file->size}, &newer),
                     EG_OK);
    assert_false(newer);
    eg_test_publish_next(&fix->repository, EG_PUBLISH_TIMESTAMP);
    file = eg_test_served(&fix->repository, "metadata/timestamp.json");
    assert_int_equal(eg_tuf_client_hint(fix->client, (eg_str){file->bytes, file->size}, &newer),
                     EG_OK);
    assert_true(newer);
    eg_tuf_fixture_trusts(fix, 1, 1, 1, 1);
    newer = false;
    fix->repository.timestamp.signers[0] = 9;
    eg_test_publish_next(&fix->repository, EG_PUBLISH_TIMESTAMP);
    file = eg_test_served(&fix->repository, "metadata/timestamp.json");
    assert_int_equal(eg_tuf_client_hint(fix->client, (eg_str){file->bytes, file->size}, &newer),
                     EG_E_INVALID);
    assert_false(newer);
}

static void download__of_a_target__brings_its_bytes(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_targets *targets = &fix->repository.targets[0];
    targets->targets[1] =
        (eg_test_target){.path = "a b/c%.bin", .content = "odd name", .hash = "sha512"};
    targets->targets[2] = (eg_test_target){.path = "both.bin", .content = "both", .hash = "both"};
    targets->targets[3] = (eg_test_target){.path = "empty.bin", .content = ""};
    eg_test_publish_as_is(&fix->repository, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    eg_test_asked(&fix->repository);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_OK);
    assert_string_equal(eg_buf_cstr(&fix->target), "rules of the first day");
    assert_non_null(strstr(eg_test_asked(&fix->repository), ".pack.tar.zst"));
    assert_int_equal(eg_tuf_fixture_download(fix, "both.bin"), EG_OK);
    assert_int_equal(eg_tuf_fixture_download(fix, "empty.bin"), EG_OK);
    /* what is served has no escapes in its name, so this is asked for and not there */
    eg_test_asked(&fix->repository);
    assert_int_equal(eg_tuf_fixture_download(fix, "a b/c%.bin"), EG_E_NOTFOUND);
    assert_memory_equal(eg_test_asked(&fix->repository), "a%20b/", 6);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/none"), EG_E_NOTFOUND);
    assert_string_equal(eg_error_message(), "no target \"rules/none\"");
}

static void find__before_a_refresh_that_succeeded__is_refused(void **state)
{
    eg_tuf_fixture *fix = *state;
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_E_INVALID);
    eg_tuf_fixture_accepts(fix);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_OK);
    eg_test_serve(&fix->repository, "metadata/timestamp.json", NULL, 0);
    assert_int_not_equal(eg_tuf_fixture_refresh(fix), EG_OK);
    assert_int_equal(eg_tuf_fixture_download(fix, "rules/pack.tar.zst"), EG_E_INVALID);
}

static int whole_update(void *arg)
{
    eg_tuf_fixture *fix = arg;
    char path[600];
    for (int slot = 0; slot < 2; slot++) {
        snprintf(path, sizeof(path), "%s.%d", fix->state_path, slot);
        eg_file_delete(path);
    }
    eg_buf_done(&fix->target);
    int status = eg_tuf_fixture_open(fix);
    if (status == EG_OK) {
        status = eg_tuf_client_refresh(fix->client, fix->now, &fix->status);
    }
    return status == EG_OK ? eg_tuf_fixture_download(fix, "team/x") : status;
}

static void delegate_once(eg_test_repository *r)
{
    r->targets[0].delegations[0] = (eg_test_delegation){"team", 21, "team/*", NULL, false};
    r->targets[1] = (eg_test_targets){.name = "team", .role = {{21}, {21}, 1, 1, 30}};
    r->targets[1].targets[0] = (eg_test_target){.path = "team/x", .content = "x of the team"};
    eg_test_publish_next(r, EG_PUBLISH_ALL);
}

static void update__without_memory__says_so_at_every_allocation(void **state)
{
    eg_tuf_fixture *fix = *state;
    delegate_once(&fix->repository);
    assert_true(eg_test_each_allocation_fails(whole_update, fix) > 100);
    assert_string_equal(eg_buf_cstr(&fix->target), "x of the team");
}

int eg_test_tuf_client(void)
{
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, eg_tuf_fixture_set_up, eg_tuf_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(refresh__of_an_honest_repository__trusts_all_four),
        CASE(refresh__with_nothing_new__asks_for_little),
        CASE(refresh__with_changed_content_of_one_version__keeps_the_old),
        CASE(refresh__without_consistent_snapshots__asks_for_plain_names),
        CASE(refresh__after_rotations__follows_the_chain),
        CASE(refresh__with_more_roots_than_allowed__goes_on_next_time),
        CASE(refresh__of_expired_metadata__tells_and_goes_on),
        CASE(refresh__of_expired_metadata__when_strict__stops),
        CASE(refresh__with_a_clock_behind_signed_time__tells_so),
        CASE(refresh__after_a_missing_file__goes_on_from_there),
        CASE(refresh__behind_a_captive_portal__is_not_called_an_attack),
        CASE(hint__of_a_newer_timestamp__is_worth_an_update),
        CASE(download__of_a_target__brings_its_bytes),
        CASE(find__before_a_refresh_that_succeeded__is_refused),
        CASE(update__without_memory__says_so_at_every_allocation),
    };
#undef CASE
    return cmocka_run_group_tests_name("tuf_client", tests, NULL, NULL);
}
