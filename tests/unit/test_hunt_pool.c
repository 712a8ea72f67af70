/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of events on several threads: counted right, in order, and without memory no hang. */
#include "tests/unit/unit.h"

#include "cli/hunt_batch.c"
#include "cli/hunt_correlation.c"
#include "cli/hunt_format.c"
#include "cli/hunt_pool.c"
#include "cli/matching.c"

#include "tests/unit/alloc.h"
#include "tests/unit/cli_fixture.h"
#include "tests/unit/temp_folder.h"

static const char rule_text[] = "title: t\nid: r\nlogsource: {product: windows}\n"
                                "detection: {s: {Image: hit}, condition: s}\n";
static const char *const paths[] = {"file"};
static const eg_hunt_format format = {.table = false};

static eg_ruleset *load_rule(const char *folder)
{
    eg_ruleset *ruleset = NULL;
    const char *path = eg_test_path(folder, "rule.yml");
    assert_int_equal(eg_file_write_atomic(path, rule_text, strlen(rule_text)), EG_OK);
    assert_int_equal(eg_ruleset_load(&path, 1, false, NULL, &ruleset), EG_OK);
    return ruleset;
}

/* Adds `count` lines of this text, numbered on from *next. */
static int feed(eg_hunt_pool *pool, const char *text, size_t count, uint64_t *next)
{
    int status = EG_OK;
    for (size_t i = 0; i < count && status == EG_OK; i++, ++*next) {
        eg_event_line line = {.text = eg_str_from(text), .number = *next + 1, .i = *next};
        status = eg_hunt_batch_add(eg_hunt_pool_batch(pool), &line, false);
        if (status == EG_OK && eg_hunt_batch_is_full(eg_hunt_pool_batch(pool))) {
            status = eg_hunt_pool_submit(pool);
        }
    }
    return status;
}

#define MISS "{\"event_id\":1,\"fields\":{\"Image\":\"miss\"}}"

static void pool__with_any_number_of_jobs__counts_every_line(void **state)
{
    static const size_t jobs[] = {1, 2, 5};
    eg_ruleset *ruleset = load_rule(*state);

    for (size_t i = 0; i < EG_COUNT(jobs); i++) {
        eg_hunt_pool *pool = NULL;
        eg_hunt_totals totals;
        uint64_t next = 0;
        uint64_t *rule_hits = NULL;

        eg_test_cli_complaints = 0;
        assert_int_equal(eg_hunt_pool_create(ruleset, &format, paths, jobs[i], &pool), EG_OK);
        assert_int_equal(feed(pool, MISS, 3000, &next), EG_OK);
        assert_int_equal(feed(pool, "{broken", 3, &next), EG_OK);
        assert_int_equal(feed(pool, "", 5, &next), EG_OK);
        assert_int_equal(feed(pool, MISS, 1, &next), EG_OK);
        assert_int_equal(eg_hunt_pool_drain(pool), EG_OK);
        eg_hunt_pool_totals(pool, &totals);
        assert_int_equal(totals.events, 3001);
        assert_int_equal(totals.broken, 3);
        assert_int_equal(totals.hits, 0);
        assert_true(totals.match_ns > 0);
        assert_int_equal(eg_test_cli_complaints, 3);
        assert_int_equal(eg_hunt_pool_rule_hits(pool, &rule_hits), EG_OK);
        assert_int_equal(rule_hits[0], 0);
        eg_free(rule_hits);
        assert_int_equal(eg_hunt_pool_drain(pool), EG_OK); /* again, with nothing to do */
        eg_hunt_pool_destroy(pool);
    }
    eg_ruleset_unref(ruleset);
}

static void pool__destroyed_in_the_middle__drops_what_is_left(void **state)
{
    eg_ruleset *ruleset = load_rule(*state);
    eg_hunt_pool *pool = NULL;
    uint64_t next = 0;

    assert_int_equal(eg_hunt_pool_create(ruleset, &format, paths, 3, &pool), EG_OK);
    assert_int_equal(feed(pool, MISS, 5000, &next), EG_OK);
    eg_hunt_pool_destroy(pool);
    eg_hunt_pool_destroy(NULL);
    eg_ruleset_unref(ruleset);
}

static void batch__of_matches__holds_them_in_order(void **state)
{
    eg_ruleset *ruleset = load_rule(*state);
    eg_hunt_batch *batch = NULL;
    eg_hunter hunter;

    assert_int_equal(eg_hunt_batch_create(&batch), EG_OK);
    assert_int_equal(eg_hunter_init(&hunter, eg_ruleset_ref(ruleset), &format, paths), EG_OK);
    for (uint64_t i = 0; i < 20; i++) {
        const char *image = i % 2 ? "{\"event_id\":1,\"fields\":{\"Image\":\"HIT\"}}" : MISS;
        eg_event_line line = {.text = eg_str_from(image), .number = i + 1, .i = i};
        assert_int_equal(eg_hunt_batch_add(batch, &line, false), EG_OK);
    }
    eg_hunter_work(&hunter, batch);
    assert_int_equal(batch->status, EG_OK);
    assert_int_equal(batch->hits, 10);
    assert_int_equal(hunter.rule_hits[0], 10);
    eg_str rest = eg_buf_str(&batch->matches);
    eg_str line;
    for (unsigned i = 1; i < 20; i += 2) {
        char wanted[96];
        (void)snprintf(wanted, sizeof(wanted),
                       "{\"i\":%u,\"rule\":\"r\",\"title\":\"t\",\"level\":\"medium\"}", i);
        assert_true(eg_str_split(&rest, '\n', &line));
        assert_true(eg_str_equal(line, eg_str_from(wanted)));
    }
    assert_int_equal(rest.len, 0);
    eg_hunter_done(&hunter);
    eg_hunt_batch_destroy(batch);
    eg_ruleset_unref(ruleset);
}

static int run_pool(void *ruleset)
{
    eg_hunt_pool *pool = NULL;
    uint64_t next = 0;
    int status = eg_hunt_pool_create(ruleset, &format, paths, 2, &pool);
    if (status == EG_OK) {
        status = feed(pool, MISS, 20, &next);
    }
    if (status == EG_OK) {
        status = eg_hunt_pool_drain(pool);
    }
    eg_hunt_pool_destroy(pool);
    return status;
}

static void lack_of_memory__anywhere__ends_the_hunt_and_nothing_hangs(void **state)
{
    eg_ruleset *ruleset = load_rule(*state);
    assert_true(eg_test_each_allocation_fails(run_pool, ruleset) > 20);
    eg_ruleset_unref(ruleset);
}

int eg_test_hunt_pool(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pool__with_any_number_of_jobs__counts_every_line,
                                        eg_test_folder_make, eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(pool__destroyed_in_the_middle__drops_what_is_left,
                                        eg_test_folder_make, eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(batch__of_matches__holds_them_in_order, eg_test_folder_make,
                                        eg_test_folder_remove),
        cmocka_unit_test_setup_teardown(lack_of_memory__anywhere__ends_the_hunt_and_nothing_hangs,
                                        eg_test_folder_make, eg_test_folder_remove),
    };
    return cmocka_run_group_tests_name("hunt_pool", tests, NULL, NULL);
}
