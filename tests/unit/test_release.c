/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/status.h"
#include "core/update/release.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PACK(serial, hash, more) \
    "{\"name\":\"site\",\"serial\":" serial ",\"archive\":{\"sha256\":\"" hash \
    "\",\"length\":1024}" more "}"
#define STAGED \
    ",\"rollout\":{\"stages\":[{\"after\":\"2026-11-23T00:00:00Z\",\"permille\":10}," \
    "{\"after\":\"2026-11-23T04:00:00Z\",\"permille\":200}," \
    "{\"after\":\"2026-11-24T00:00:00Z\",\"permille\":1000}]}"

#define TARGETS_MAX 4

/* Targets metadata with these custom objects. */
typedef struct fixture {
    eg_tuf_target targets[TARGETS_MAX];
    yyjson_doc *docs[TARGETS_MAX];
    eg_tuf_metadata metadata;
} fixture;

static void make(fixture *f, const char *const *custom, size_t count)
{
    memset(f, 0, sizeof(*f));
    assert_true(count <= TARGETS_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(eg_json_parse(eg_str_from(custom[i]), &f->docs[i]), EG_OK);
        f->targets[i].path = EG_STR("rules/x.tar.zst");
        f->targets[i].custom = yyjson_doc_get_root(f->docs[i]);
    }
    f->metadata.targets = f->targets;
    f->metadata.target_count = count;
}

static void drop(fixture *f)
{
    for (size_t i = 0; i < TARGETS_MAX; i++) {
        yyjson_doc_free(f->docs[i]);
    }
}

static uint64_t at(const char *text)
{
    uint64_t ticks = 0;
    assert_int_equal(eg_time_parse(eg_str_from(text), &ticks), EG_OK);
    return ticks;
}

static int read_one(const char *custom, eg_release *out)
{
    fixture f;
    make(&f, &custom, 1);
    int status = eg_release_read(&f.targets[0], out);
    drop(&f);
    return status;
}

static void release__with_all_it_may_say__is_read(void **state)
{
    eg_release release;
    EG_UNUSED(state);
    assert_int_equal(read_one(PACK("2026112301", HASH_A,
                                   STAGED ",\"spread_s\":30,\"engine_min\":\"0.1\",\"guard\":{"
                                          "\"max_hits_per_hour\":50,\"max_slowdown\":5}"),
                              &release),
                     EG_OK);
    assert_int_equal(release.serial, 2026112301);
    assert_int_equal(release.archive[0], 0xaa);
    assert_int_equal(release.archive_size, 1024);
    assert_int_equal(release.spread_s, 30);
    assert_int_equal(release.stage_count, 3);
    assert_int_equal(release.stages[1].permille, 200);
    assert_true(release.stages[2].after == at("2026-11-24T00:00:00Z"));
    assert_int_equal(release.guard.max_hits_per_hour, 50);
    assert_int_equal(release.guard.max_slowdown, 5);
    assert_false(release.emergency);
}

static void release__that_is_wrong__is_refused(void **state)
{
    static const char *const bad[] = {
        PACK("0", HASH_A, ""),
        PACK("\"7\"", HASH_A, ""),
        PACK("7", "aa", ""),
        PACK("7", HASH_A, ",\"spread_s\":86401"),
        PACK("7", HASH_A, ",\"spread_s\":-1"),
        PACK("7", HASH_A, ",\"rollout\":[]"),
        PACK("7", HASH_A, ",\"rollout\":{\"stages\":{}}"),
        PACK("7", HASH_A, ",\"rollout\":{\"stages\":[{\"permille\":5}]}"),
        PACK("7", HASH_A,
             ",\"rollout\":{\"stages\":[{\"after\":\"2026-11-23T00:00:00Z\",\"permille\":1001}]}"),
        PACK("7", HASH_A,
             ",\"rollout\":{\"stages\":[{\"after\":\"2026-11-23T00:00:00Z\",\"permille\":9},"
             "{\"after\":\"2026-11-24T00:00:00Z\",\"permille\":8}]}"),
        PACK("7", HASH_A, ",\"guard\":1"),
        "{\"serial\":7,\"name\":\"x\",\"archive\":{\"sha256\":\"" HASH_A
        "\",\"length\":999999999}}",
        "{\"serial\":7,\"archive\":{\"sha256\":\"" HASH_A "\",\"length\":9}}",
    };
    eg_release release;
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(bad); i++) {
        assert_int_equal(read_one(bad[i], &release), EG_E_INVALID);
    }
    assert_int_equal(read_one("{\"from\":\"" HASH_A "\"}", &release), EG_E_NOTFOUND);
}

static void bucket__of_many_pcs__is_spread_and_differs_by_serial(void **state)
{
    size_t first = 0, second = 0, both = 0;
    EG_UNUSED(state);
    for (int i = 0; i < 10000; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "agent-%d", i);
        bool a = eg_release_bucket(2026112301, eg_str_from(id)) < 100;
        bool b = eg_release_bucket(2026112302, eg_str_from(id)) < 100;
        first += a;
        second += b;
        both += a && b;
    }
    assert_in_range(first, 900, 1100);
    assert_in_range(second, 900, 1100);
    assert_in_range(both, 50, 150);
    /* of SHA-256("7agent"), by another program */
    assert_int_equal(eg_release_bucket(7, EG_STR("agent")), 748);
}

static void stage__decides_by_bucket_and_time(void **state)
{
    const char *const custom[] = {PACK("2026112301", HASH_A, STAGED)};
    fixture f;
    uint64_t later;
    size_t early = 0, middle = 0, told = 0;
    eg_release release;
    EG_UNUSED(state);
    make(&f, custom, 1);
    assert_int_equal(eg_release_read(&f.targets[0], &release), EG_OK);
    for (int i = 0; i < 5000; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "agent-%d", i);
        const eg_release_agent agent = {.id = eg_str_from(id)};
        assert_false(eg_release_is_due(&release, &agent, at("2026-11-22T23:59:59Z"), &later));
        assert_true(later >= at("2026-11-23T00:00:00Z"));
        early += eg_release_is_due(&release, &agent, at("2026-11-23T01:00:00Z"), &later);
        middle += eg_release_is_due(&release, &agent, at("2026-11-23T05:00:00Z"), &later);
        told += later == at("2026-11-24T00:00:00Z");
        assert_true(eg_release_is_due(&release, &agent, at("2026-11-24T00:00:00Z"), &later));
    }
    assert_in_range(early, 20, 90);
    assert_in_range(middle, 850, 1150);
    assert_int_equal(middle + told, 5000);
    const eg_release_agent canary = {.id = EG_STR("x"), .canary = true};
    assert_true(eg_release_is_due(&release, &canary, 0, &later));
    release.emergency = true;
    const eg_release_agent any = {.id = EG_STR("x")};
    assert_true(eg_release_is_due(&release, &any, 0, &later));
    const eg_release_agent held = {.id = EG_STR("x"), .hold = 2026112300};
    assert_false(eg_release_is_due(&release, &held, UINT64_MAX, &later));
    assert_int_equal(later, 0);
    drop(&f);
}

static void choose__takes_the_highest_that_may_run(void **state)
{
    const char *const custom[] = {
        PACK("5", HASH_A, ""),
        PACK("9", HASH_B, ""),
        PACK("12", HASH_B, ",\"engine_min\":\"99.0\""),
        PACK("7", "no hash", ""),
    };
    uint8_t rejected[EG_HASH256_SIZE];
    eg_release_agent agent = {.id = EG_STR("x")};
    eg_release release;
    fixture f;
    uint64_t later;
    size_t wrong;
    EG_UNUSED(state);
    make(&f, custom, 4);
    assert_int_equal(eg_release_choose(&f.metadata, &agent, 1, &release, &later, &wrong), EG_OK);
    assert_int_equal(release.serial, 9);
    assert_int_equal(wrong, 1);
    memset(rejected, 0xbb, sizeof(rejected));
    agent.rejected = rejected;
    agent.rejected_count = 1;
    assert_int_equal(eg_release_choose(&f.metadata, &agent, 1, &release, &later, NULL), EG_OK);
    assert_int_equal(release.serial, 5);
    agent.hold = 4;
    assert_int_equal(eg_release_choose(&f.metadata, &agent, 1, &release, &later, NULL),
                     EG_E_NOTFOUND);
    drop(&f);
}

static void delta__is_found_by_both_ends(void **state)
{
    const char *const custom[] = {
        PACK("5", HASH_A, ""),
        "{\"from\":\"" HASH_A "\",\"to\":\"" HASH_B "\"}",
    };
    uint8_t a[EG_HASH256_SIZE], b[EG_HASH256_SIZE];
    fixture f;
    EG_UNUSED(state);
    memset(a, 0xaa, sizeof(a));
    memset(b, 0xbb, sizeof(b));
    make(&f, custom, 2);
    assert_ptr_equal(eg_release_find_delta(&f.metadata, a, b), &f.targets[1]);
    assert_null(eg_release_find_delta(&f.metadata, b, a));
    drop(&f);
}

int eg_test_release(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release__with_all_it_may_say__is_read),
        cmocka_unit_test(release__that_is_wrong__is_refused),
        cmocka_unit_test(bucket__of_many_pcs__is_spread_and_differs_by_serial),
        cmocka_unit_test(stage__decides_by_bucket_and_time),
        cmocka_unit_test(choose__takes_the_highest_that_may_run),
        cmocka_unit_test(delta__is_found_by_both_ends),
    };
    return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
