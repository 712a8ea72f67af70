/* SPDX-License-Identifier: Apache-2.0 */
/* Targets that the top-level role leaves to others. */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "tests/unit/tuf_fixture.h"

#include <string.h>

#define NEW_RULES (EG_PUBLISH_TARGETS | EG_PUBLISH_SNAPSHOT | EG_PUBLISH_TIMESTAMP)

/*
 * targets -> A (a/STAR, terminating or not), then B (STAR/STAR) -> C (b/STAR.zip)
 * Each has a target in its own folder and "a/both".
 */
static void set_up_tree(eg_test_repository *r, bool terminating)
{
    r->targets[0].delegations[0] = (eg_test_delegation){"A", 31, "a/*", NULL, terminating};
    r->targets[0].delegations[1] = (eg_test_delegation){"B", 32, "*/*", NULL, false};
    r->targets[1] = (eg_test_targets){.name = "A", .role = {{31}, {31}, 1, 1, 30}};
    r->targets[1].targets[0] = (eg_test_target){.path = "a/x", .content = "x by A"};
    r->targets[1].targets[1] = (eg_test_target){.path = "b/stolen", .content = "not A's to give"};
    r->targets[2] = (eg_test_targets){.name = "B", .role = {{32}, {32}, 1, 1, 30}};
    r->targets[2].targets[0] = (eg_test_target){.path = "a/y", .content = "y by B"};
    r->targets[2].delegations[0] = (eg_test_delegation){"C", 33, "b/*.zip", NULL, false};
    r->targets[3] = (eg_test_targets){.name = "C", .role = {{33}, {33}, 1, 1, 30}};
    r->targets[3].targets[0] = (eg_test_target){.path = "b/z.zip", .content = "z by C"};
    r->targets[3].targets[1] = (eg_test_target){.path = "b/z.exe", .content = "not C's to give"};
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
}

static void expect(eg_tuf_fixture *fix, const char *path, const char *content, const char *asked)
{
    eg_test_asked(&fix->repository);
    int status = eg_tuf_fixture_download(fix, path);
    if (content) {
        assert_int_equal(status, EG_OK);
        assert_string_equal(eg_buf_cstr(&fix->target), content);
        assert_memory_equal(eg_test_asked(&fix->repository), asked, strlen(asked));
    } else {
        assert_int_equal(status, EG_E_NOTFOUND);
        assert_string_equal(eg_test_asked(&fix->repository), asked);
    }
}

static void find__through_delegations__is_depth_first_and_keeps_to_their_paths(void **state)
{
    eg_tuf_fixture *fix = *state;
    set_up_tree(&fix->repository, false);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "a/x", "x by A", "1.A.json a/");
    expect(fix, "a/y", "y by B", "1.B.json a/");
    expect(fix, "b/z.zip", "z by C", "1.C.json b/");
    expect(fix, "b/z.exe", NULL, "");
    expect(fix, "b/stolen", NULL, "");
    expect(fix, "top", NULL, "");
    /* kept, also after a restart */
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "b/z.zip", "z by C", "b/");
    eg_test_publish_next(&fix->repository, NEW_RULES);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "b/z.zip", "z by C", "2.B.json 2.C.json b/");
}

static void find__behind_a_terminating_delegation__ends_there(void **state)
{
    eg_tuf_fixture *fix = *state;
    set_up_tree(&fix->repository, true);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "a/y", NULL, "1.A.json");
    expect(fix, "b/z.zip", "z by C", "1.B.json 1.C.json b/");
}

static void find__in_a_circle__ends(void **state)
{
    eg_tuf_fixture *fix = *state;
    set_up_tree(&fix->repository, false);
    fix->repository.targets[3].delegations[0] = (eg_test_delegation){"B", 32, "*/*", NULL, false};
    fix->repository.targets[3].delegations[1] = (eg_test_delegation){"A", 31, "*/*", NULL, false};
    eg_test_publish_as_is(&fix->repository, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "b/none.zip", NULL, "1.B.json 1.C.json 1.A.json");
    fix->options.delegations_max = 2;
    assert_int_equal(eg_tuf_fixture_open(fix), EG_OK);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "b/none.zip", NULL, "");
    assert_non_null(strstr(eg_error_message(), "first 2 delegated roles"));
}

static void find__by_hash_prefix__finds_the_bin(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    /* the SHA-256 of "a/x" begins with this */
    uint8_t hash[EG_HASH256_SIZE];
    char hex[2 * EG_HASH256_SIZE + 1];
    eg_sha256(EG_STR("a/x"), hash);
    eg_hex_encode(hash, sizeof(hash), hex);
    hex[2] = 0;
    set_up_tree(r, false);
    r->targets[0].delegations[0] = (eg_test_delegation){"A", 31, NULL, "zz", false};
    r->targets[0].delegations[1] = (eg_test_delegation){"B", 32, NULL, hex, false};
    r->targets[2].targets[0].path = "a/x";
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "a/x", "y by B", "1.B.json a/");
}

/* The same name from two delegators with different keys: each way is verified for itself. */
static void find__by_two_ways_to_one_role__verifies_each(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    set_up_tree(r, false);
    r->targets[1].delegations[0] = (eg_test_delegation){"C", 35, "a/*", NULL, false};
    r->targets[3].targets[1] = (eg_test_target){.path = "a/z", .content = "signed for B only"};
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "b/z.zip", "z by C", "1.B.json 1.C.json b/");
    assert_int_equal(eg_tuf_fixture_download(fix, "a/z"), EG_E_INVALID);
    assert_non_null(strstr(eg_error_message(), "C version 1 bears 0 valid signatures"));
    assert_int_equal(fix->target.len, 0);
}

static void find__of_a_role_that_is_unlisted_or_forged__fails(void **state)
{
    eg_tuf_fixture *fix = *state;
    eg_test_repository *r = &fix->repository;
    set_up_tree(r, false);
    r->targets[1].unlisted = true;
    r->targets[3].role.signers[0] = 99;
    eg_test_publish_as_is(r, EG_PUBLISH_ALL);
    eg_tuf_fixture_accepts(fix);
    expect(fix, "a/x", NULL, "");
    assert_non_null(strstr(eg_error_message(), "does not list the delegated role \"A\""));
    assert_int_equal(eg_tuf_fixture_download(fix, "b/z.zip"), EG_E_INVALID);
    assert_int_equal(fix->target.len, 0);
}

static void delegation__of_a_path__fits_by_the_rules(void **state)
{
    static const struct {
        const char *pattern, *path;
        bool fits;
    } cases[] = {
        {"*.tgz", "foo.tgz", true},
        {"*.tgz", "targets/foo.tgz", false},
        {"*/*", "a/b", true},
        {"*/*", "a/b/c", false},
        {"foo-?.tgz", "foo-1.tgz", true},
        {"foo-?.tgz", "foo-alpha.tgz", false},
        {"a?b", "a/b", false},
        {"a?b",
         "a\xE6\x97\xA5"
         "b",
         true},
        {"*a*b", "xaxab", true},
        {"*a*b", "xaxa", false},
        {"A", "a", false},
        {"", "", true},
        {"*", "", true},
        {"**", "abc", true},
        {"[a]", "a", false},
        {"[a]", "[a]", true},
        {"a*", "b", false},
        {"a", "ab", false},
    };
    (void)state;
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        eg_str pattern = eg_str_from(cases[i].pattern);
        eg_tuf_delegation delegation = {.paths = &pattern, .path_count = 1};
        if (eg_tuf_delegates(&delegation, eg_str_from(cases[i].path)) != cases[i].fits) {
            fail_msg("%s for %s", cases[i].pattern, cases[i].path);
        }
    }
}

int eg_test_tuf_delegation(void)
{
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, eg_tuf_fixture_set_up, eg_tuf_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(find__through_delegations__is_depth_first_and_keeps_to_their_paths),
        CASE(find__behind_a_terminating_delegation__ends_there),
        CASE(find__in_a_circle__ends),
        CASE(find__by_hash_prefix__finds_the_bin),
        CASE(find__by_two_ways_to_one_role__verifies_each),
        CASE(find__of_a_role_that_is_unlisted_or_forged__fails),
        cmocka_unit_test(delegation__of_a_path__fits_by_the_rules),
    };
#undef CASE
    return cmocka_run_group_tests_name("tuf_delegation", tests, NULL, NULL);
}
