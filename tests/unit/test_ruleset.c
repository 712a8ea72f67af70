/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "core/base/status.h"
#include "core/detect/ruleset.h"
#include "tests/unit/alloc.h"
#include "tests/unit/sigma_fixture.h"
#include "tests/unit/temp_folder.h"

#include <stdio.h>
#include <string.h>

#define RULE(id) \
    "title: t\nid: " id "\nlogsource: {product: windows}\ndetection:\n  s: {F: a}\n  condition: s\n"
#define PACK "{\"name\":\"demo\",\"serial\":7,\"engine_min\":\"0.0.1\"}"
#define TEXTS \
    "{\"rules\":{\"r1\":{\"title\":\"Eins\",\"meaning\":\"m\",\"advice\":\"a\"}},\"techniques\":{}}"

static void write_file(const char *folder, const char *name, const char *text)
{
    const char *path = eg_test_path(folder, name);

    assert_int_equal(eg_file_write_atomic(path, text, strlen(text)), EG_OK);
}

static void make_pack(const char *folder)
{
    assert_int_equal(eg_dir_create(eg_test_path(folder, "sigma/deeper")), EG_OK);
    assert_int_equal(eg_dir_create(eg_test_path(folder, "samples")), EG_OK);
    write_file(folder, "pack.json", PACK);
    write_file(folder, "texts.en.json", TEXTS);
    write_file(folder, "texts.ja.json", TEXTS);
    write_file(folder, "sigma/b.yml", RULE("r2"));
    write_file(folder, "sigma/a.yml", RULE("r1"));
    write_file(folder, "sigma/deeper/c.yaml", RULE("r3"));
    write_file(folder, "sigma/README.md", "not a rule");
    write_file(folder, "samples/sample.yml", "not a rule");
}

static int load(const char *path, eg_test_problems *problems, eg_ruleset **out)
{
    const char *const paths[] = {path};

    eg_test_problems_init(problems);
    return eg_ruleset_load(paths, 1, false, &problems->report, out);
}

static void ruleset_load__of_a_pack__takes_rules_and_texts_in_order(void **state)
{
    eg_test_problems problems;
    eg_ruleset_stats stats;
    eg_ruleset *ruleset;
    const eg_sigma_set *set;

    make_pack(*state);
    assert_int_equal(load(*state, &problems, &ruleset), EG_OK);
    assert_int_equal(problems.count, 0);
    eg_ruleset_stats_get(ruleset, &stats);
    assert_int_equal(stats.files, 3);
    assert_int_equal(stats.loaded, 3);
    assert_true(eg_str_equal(stats.name, EG_STR("demo")));
    assert_int_equal(stats.serial, 7);
    assert_true(stats.memory > 0);
    set = eg_ruleset_sigma(ruleset);
    assert_true(eg_str_equal(eg_sigma_set_rule(set, 0)->id, EG_STR("r1")));
    assert_true(eg_str_equal(eg_sigma_set_rule(set, 1)->id, EG_STR("r2")));
    assert_true(eg_str_equal(eg_sigma_set_rule(set, 2)->id, EG_STR("r3")));
    assert_true(eg_texts_has(eg_ruleset_texts(ruleset), EG_STR("r1"), EG_LANGUAGE_JA));
    eg_ruleset_unref(ruleset);
}

static int load_memory(const eg_pack_file *files, size_t count, eg_test_problems *problems,
                       eg_ruleset **out)
{
    const eg_ruleset_source source = {"site", files, count, 0};
    eg_test_problems_init(problems);
    return eg_ruleset_load_from(&source, 1, false, &problems->report, out);
}

static void ruleset_load__of_a_pack_in_memory__is_that_of_its_folder(void **state)
{
    static const eg_pack_file files[] = {
        {EG_STR_INIT("README.md"), EG_STR_INIT("not a rule")},
        {EG_STR_INIT("pack.json"), EG_STR_INIT(PACK)},
        {EG_STR_INIT("samples/sample.yml"), EG_STR_INIT("not a rule")},
        {EG_STR_INIT("sigma/a.yml"), EG_STR_INIT(RULE("r1"))},
        {EG_STR_INIT("sigma/b.yml"), EG_STR_INIT(RULE("r2"))},
        {EG_STR_INIT("sigma/broken.yml"), EG_STR_INIT("broken: [\n")},
        {EG_STR_INIT("sigma/deeper/c.yaml"), EG_STR_INIT(RULE("r3"))},
        {EG_STR_INIT("texts.en.json"), EG_STR_INIT(TEXTS)},
        {EG_STR_INIT("texts.ja.json"), EG_STR_INIT("{")},
    };
    eg_test_problems problems;
    eg_ruleset_stats stats;
    eg_ruleset *ruleset;

    EG_UNUSED(state);
    assert_int_equal(load_memory(files, EG_COUNT(files), &problems, &ruleset), EG_OK);
    assert_int_equal(problems.count, 2);
    eg_ruleset_stats_get(ruleset, &stats);
    assert_int_equal(stats.files, 4);
    assert_int_equal(stats.loaded, 3);
    assert_int_equal(stats.rejected, 1);
    assert_true(eg_str_equal(stats.name, EG_STR("demo")));
    assert_int_equal(stats.serial, 7);
    assert_true(eg_texts_has(eg_ruleset_texts(ruleset), EG_STR("r1"), EG_LANGUAGE_EN));
    eg_ruleset_unref(ruleset);
    const eg_ruleset_source rolled_back = {"site", files, EG_COUNT(files), 9};
    assert_int_equal(eg_ruleset_load_from(&rolled_back, 1, false, NULL, &ruleset), EG_OK);
    eg_ruleset_stats_get(ruleset, &stats);
    assert_int_equal(stats.serial, 9);
    eg_ruleset_unref(ruleset);
    assert_int_equal(load_memory(files + 2, 3, &problems, &ruleset),
                     EG_E_INVALID); /* no pack.json */
}

static void ruleset_load__of_loose_files__takes_what_is_good(void **state)
{
    eg_test_problems problems;
    eg_ruleset_stats stats;
    eg_ruleset *ruleset;

    write_file(*state, "a.yml", RULE("r1"));
    write_file(*state, "b.yml", "broken: [\n");
    write_file(*state, "c.yml", RULE("r1"));
    write_file(*state, "d.yml", "title: t\nid: l\nlogsource: {product: linux}\n");
    write_file(*state, "e.txt", "ignored");
    assert_int_equal(load(*state, &problems, &ruleset), EG_OK);
    assert_int_equal(problems.count, 3);
    eg_ruleset_stats_get(ruleset, &stats);
    assert_int_equal(stats.files, 4);
    assert_int_equal(stats.loaded, 1);
    assert_int_equal(stats.rejected, 2);
    assert_int_equal(stats.inert, 1);
    assert_int_equal(stats.name.len, 0);
    assert_int_equal(stats.serial, 0);
    eg_ruleset_unref(ruleset);
    assert_int_equal(load(eg_test_path(*state, "a.yml"), &problems, &ruleset), EG_OK);
    eg_ruleset_unref(ruleset);
}

#define EXPANDED(id) \
    "title: t\nid: " id "\nlogsource: {product: windows}\n" \
    "detection:\n  s: {F|expand: '%who%'}\n  condition: s\n"

/* How many rules of these paths the values of their placeholders let in. */
static size_t load_expanded(const char *const *paths, size_t count, const char *fields)
{
    eg_test_problems problems;
    eg_ruleset *ruleset = NULL;
    uint32_t rules[16];
    size_t met = 0;

    eg_test_problems_init(&problems);
    if (eg_ruleset_load(paths, count, false, &problems.report, &ruleset) != EG_OK) {
        return 0;
    }
    assert_int_equal(eg_test_match(eg_ruleset_sigma(ruleset), "Test", 1, fields, rules, &met),
                     EG_OK);
    eg_ruleset_unref(ruleset);
    return met;
}

static void ruleset_load__with_placeholders__takes_the_values_beside_the_rules(void **state)
{
    char other[1024];
    const char *paths[2];

    make_pack(*state);
    write_file(*state, "sigma/d.yml", EXPANDED("r4"));
    paths[0] = *state;
    assert_int_equal(load_expanded(paths, 1, "{\"F\":\"ann\"}"), 0);
    write_file(*state, "placeholders.yml", "who: [ann, bob]\n");
    assert_int_equal(load_expanded(paths, 1, "{\"F\":\"ann\"}"), 1);
    assert_int_equal(eg_dir_create(eg_test_path(*state, "other")), EG_OK);
    write_file(*state, "other/x.yml", EXPANDED("r5"));
    write_file(*state, "other/placeholders.yml", "who: carl\n");
    (void)snprintf(other, sizeof(other), "%s", eg_test_path(*state, "other"));
    paths[1] = other;
    assert_int_equal(load_expanded(paths + 1, 1, "{\"F\":\"carl\"}"), 1);
    assert_int_equal(load_expanded(paths, 2, "{\"F\":\"carl\"}"), 2); /* the later one prevails */
    assert_int_equal(load_expanded(paths, 2, "{\"F\":\"ann\"}"), 0);
    (void)snprintf(other, sizeof(other), "%s", eg_test_path(*state, "other/placeholders.yml"));
    assert_int_equal(load_expanded(paths, 2, "{\"F\":\"carl\"}"), 1); /* a file of its own */
}

static void ruleset_load__without_a_rule__fails_with_the_reason(void **state)
{
    eg_test_problems problems;
    eg_ruleset *ruleset = NULL;

    assert_int_equal(load(eg_test_path(*state, "nowhere"), &problems, &ruleset), EG_E_NOTFOUND);
    assert_non_null(strstr(eg_error_message(), "nowhere"));
    write_file(*state, "b.yml", "broken: [\n");
    assert_int_equal(load(*state, &problems, &ruleset), EG_E_INVALID);
    assert_int_equal(problems.count, 1);
    assert_null(ruleset);
}

static void ruleset_load__of_a_broken_pack__names_the_fault(void **state)
{
    static const struct {
        const char *json, *reason;
    } cases[] = {
        {"{", "pack.json"},
        {"[]", "not an object"},
        {"{\"serial\":7}", "\"name\""},
        {"{\"name\":\"demo\"}", "\"serial\""},
        {"{\"name\":\"demo\",\"serial\":7,\"engine_min\":\"99.0\"}", "needs engine 99.0"},
        {"{\"name\":\"demo\",\"serial\":7,\"engine_min\":\"new\"}", "is no version"},
    };
    eg_test_problems problems;
    eg_ruleset *ruleset = NULL;
    size_t i;

    make_pack(*state);
    for (i = 0; i < EG_COUNT(cases); i++) {
        write_file(*state, "pack.json", cases[i].json);
        assert_int_equal(load(*state, &problems, &ruleset), EG_E_INVALID);
        assert_non_null(strstr(eg_error_message(), cases[i].reason));
    }
    assert_null(ruleset);
}

static void ruleset_load__with_broken_texts__warns_and_goes_on(void **state)
{
    eg_test_problems problems;
    eg_ruleset *ruleset;

    make_pack(*state);
    write_file(*state, "texts.ja.json", "{\"rules\":{\"r1\":{}}}");
    assert_int_equal(load(*state, &problems, &ruleset), EG_OK);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].kind, EG_PROBLEM_WARNING);
    assert_non_null(strstr(problems.items[0].reason, "r1 has no \"title\""));
    assert_true(eg_texts_has(eg_ruleset_texts(ruleset), EG_STR("r1"), EG_LANGUAGE_EN));
    eg_ruleset_unref(ruleset);
}

#define EXCEPTIONS(expires) \
    "{\"exceptions\":[{\"id\":3,\"rule\":\"r1\",\"whole_rule\":true," \
    "\"created_time\":\"2026-01-01T00:00:00Z\",\"expires_time\":" expires \
    ",\"reason\":\"all PCs\"}]}"

static void ruleset_load__with_exceptions__holds_them(void **state)
{
    eg_test_problems problems;
    eg_ruleset *ruleset;

    make_pack(*state);
    write_file(*state, "exceptions.json", EXCEPTIONS("null"));
    assert_int_equal(load(*state, &problems, &ruleset), EG_OK);
    assert_int_equal(problems.count, 0);
    assert_int_equal(eg_exception_list_count(eg_ruleset_exceptions(ruleset)), 1);
    assert_true(eg_ruleset_has_rule(ruleset, EG_STR("r1")));
    assert_false(eg_ruleset_has_rule(ruleset, EG_STR("r9")));
    eg_ruleset_unref(ruleset);
    write_file(*state, "exceptions.json", EXCEPTIONS("\"2036-01-01T00:00:00Z\""));
    assert_int_equal(load(*state, &problems, &ruleset), EG_OK);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].kind, EG_PROBLEM_WARNING);
    assert_non_null(strstr(problems.items[0].reason, "exception 1 of the list"));
    assert_int_equal(eg_exception_list_count(eg_ruleset_exceptions(ruleset)), 0);
    eg_ruleset_unref(ruleset);
}

static int load_once(void *arg)
{
    eg_test_problems problems;
    eg_ruleset *ruleset;
    int status = load(arg, &problems, &ruleset);

    if (status == EG_OK)
        eg_ruleset_unref(ruleset);
    return status;
}

static void lack_of_memory__while_loading__is_reported(void **state)
{
    make_pack(*state);
    assert_true(eg_test_each_allocation_fails(load_once, *state) > 20);
}

static void slot__after_a_swap__keeps_what_is_in_use(void **state)
{
    eg_test_problems problems;
    eg_ruleset *first, *second, *used;
    eg_ruleset_slot *slot;

    make_pack(*state);
    assert_int_equal(eg_ruleset_slot_create(&slot), EG_OK);
    assert_null(eg_ruleset_slot_get(slot));
    assert_int_equal(load(*state, &problems, &first), EG_OK);
    assert_int_equal(load(*state, &problems, &second), EG_OK);
    eg_ruleset_slot_put(slot, first);
    used = eg_ruleset_slot_get(slot);
    assert_ptr_equal(used, first);
    eg_ruleset_slot_put(slot, second);
    assert_int_equal(eg_sigma_set_size(eg_ruleset_sigma(used)), 3);
    eg_ruleset_unref(used);
    used = eg_ruleset_slot_get(slot);
    assert_ptr_equal(used, second);
    eg_ruleset_slot_destroy(slot);
    assert_int_equal(eg_sigma_set_size(eg_ruleset_sigma(used)), 3);
    eg_ruleset_unref(used);
}

#define IN_FOLDER(test) \
    cmocka_unit_test_setup_teardown(test, eg_test_folder_make, eg_test_folder_remove)

int eg_test_ruleset(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(ruleset_load__of_a_pack__takes_rules_and_texts_in_order),
        cmocka_unit_test(ruleset_load__of_a_pack_in_memory__is_that_of_its_folder),
        IN_FOLDER(ruleset_load__of_loose_files__takes_what_is_good),
        IN_FOLDER(ruleset_load__with_placeholders__takes_the_values_beside_the_rules),
        IN_FOLDER(ruleset_load__without_a_rule__fails_with_the_reason),
        IN_FOLDER(ruleset_load__of_a_broken_pack__names_the_fault),
        IN_FOLDER(ruleset_load__with_broken_texts__warns_and_goes_on),
        IN_FOLDER(ruleset_load__with_exceptions__holds_them),
        IN_FOLDER(lack_of_memory__while_loading__is_reported),
        IN_FOLDER(slot__after_a_swap__keeps_what_is_in_use),
    };

    return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
