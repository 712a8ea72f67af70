/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/mem.h"
#include "core/base/status.h"
#include "driverless-hooks/decode/task_findings.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/alloc.h"
#include "tests/unit/task_blob.h"

/* The three places while a test fills them. */
typedef struct places {
    eg_value_list *files;
    eg_task_cache cache;
    eg_value_list *findings;
} places;

static void put(eg_value_list *list, const char *name, const void *data, size_t size)
{
    eg_value value = {.name = eg_str_from(name), .data = {data, size}, .full_size = size};
    assert_int_equal(eg_value_list_add(list, &value), EG_OK);
}

static void put_text(eg_value_list *list, const char *name, const char *text)
{
    uint16_t *units = eg_utf16_copy(eg_str_from(text));
    assert_non_null(units);
    put(list, name, units, 2 * eg_utf16_length(eg_str_from(text)) + 2);
    eg_free(units);
}

/* A whole task: file, name, definition. */
static void put_task(places *p, const char *name, const char *guid)
{
    static const uint8_t index[4] = {3, 0, 0, 0};
    char path[256];
    put(p->files, name, "stamp", 5);
    snprintf(path, sizeof(path), "%s\\Id", name);
    put_text(p->cache.tree, path, guid);
    snprintf(path, sizeof(path), "%s\\Index", name);
    put(p->cache.tree, path, index, sizeof(index));
    snprintf(path, sizeof(path), "%s\\SD", name);
    put(p->cache.tree, path, "sd", 2);
    snprintf(path, sizeof(path), "%s\\Path", guid);
    put_text(p->cache.tasks, path, name);
    snprintf(path, sizeof(path), "%s\\Author", guid);
    put_text(p->cache.tasks, path, "PC\\admin");
}

static void begin(places *p)
{
    memset(p, 0, sizeof(*p));
    assert_int_equal(eg_value_list_create(&p->files), EG_OK);
    assert_int_equal(eg_value_list_create(&p->cache.tree), EG_OK);
    assert_int_equal(eg_value_list_create(&p->cache.tasks), EG_OK);
    put(p->cache.tree, "\\Folder\\SD", "sd", 2);
    put_task(p, "\\Folder\\Whole", "{AAAA}");
}

static void compare(places *p)
{
    eg_value_list_seal(p->files);
    eg_value_list_seal(p->cache.tree);
    eg_value_list_seal(p->cache.tasks);
    assert_int_equal(eg_task_findings(p->files, &p->cache, &p->findings), EG_OK);
}

static void end(places *p)
{
    eg_value_list_destroy(p->files);
    eg_value_list_destroy(p->cache.tree);
    eg_value_list_destroy(p->cache.tasks);
    eg_value_list_destroy(p->findings);
}

/* The one finding there is. */
static void assert_finding(const places *p, const char *name, const char *text)
{
    assert_int_equal(eg_value_list_count(p->findings), 1);
    const eg_value *value = eg_value_list_at(p->findings, 0);
    assert_true(eg_str_equal(value->name, eg_str_from(name)));
    if (!eg_str_equal(value->data, eg_str_from(text))) {
        fail_msg("%.*s", EG_STR_ARGS(value->data));
    }
}

static void findings__of_whole_tasks__are_none(void **state)
{
    places p;
    EG_UNUSED(state);
    begin(&p);
    put_task(&p, "\\Two", "{bbbb}");
    put_text(p.cache.tree, "\\Two\\Id", "{BBBB}"); /* case does not matter */
    put(p.cache.tasks, "{CCCC}\\Actions", "x", 1); /* names no task: not one */
    compare(&p);
    assert_int_equal(eg_value_list_count(p.findings), 0);
    end(&p);
}

/* Each line: what is missing of a task "\Evil", and what is said of it. */
static void findings__with_a_part_missing__name_it(void **state)
{
    static const struct {
        const char *missing[3]; /* beginnings of names: "file", or of the registry */
        const char *said;
    } cases[] = {
        {{"\\Evil\\SD"}, "no SD"},
        {{"\\Evil\\Index"}, "no Index"},
        {{"\\Evil\\SD", "\\Evil\\Index"}, "no SD; no Index"},
        {{"file"}, "no file"},
        {{"{EEEE}"}, "not in Tasks"},
        {{"{EEEE}", "file"}, "not in Tasks; no file"},
        {{"\\Evil\\"}, "not in Tree"},
        {{"\\Evil\\", "file"}, "not in Tree; no file"},
        {{"\\Evil\\", "{EEEE}"}, "not in Tree; not in Tasks"},
        {{"\\Evil\\SD", "file"}, "no SD; no file"},
    };
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        places whole;
        places p;
        begin(&whole);
        put_task(&whole, "\\Evil", "{EEEE}");
        begin(&p);
        eg_value_list *const from[] = {whole.files, whole.cache.tree, whole.cache.tasks};
        eg_value_list *const to[] = {p.files, p.cache.tree, p.cache.tasks};
        for (size_t list = 0; list < 3; list++) {
            for (size_t k = 0; k < eg_value_list_count(from[list]); k++) {
                const eg_value *value = eg_value_list_at(from[list], k);
                bool keep = true;
                for (size_t m = 0; m < 3 && cases[i].missing[m]; m++) {
                    const char *missing = cases[i].missing[m];
                    keep = keep && !(strcmp(missing, "file") == 0
                                         ? list == 0 && eg_str_equal(value->name, EG_STR("\\Evil"))
                                         : list > 0 && eg_str_starts_nocase(value->name,
                                                                            eg_str_from(missing)));
                }
                if (keep) {
                    assert_int_equal(eg_value_list_add(to[list], value), EG_OK);
                }
            }
        }
        compare(&p);
        assert_finding(&p, "\\Evil", cases[i].said);
        end(&p);
        end(&whole);
    }
}

static void findings__with_index_zero__say_so(void **state)
{
    static const uint8_t zero[4] = {0};
    places p;
    EG_UNUSED(state);
    begin(&p);
    put(p.cache.tree, "\\Folder\\Whole\\Index", zero, sizeof(zero));
    compare(&p);
    assert_finding(&p, "\\Folder\\Whole", "Index 0");
    end(&p);
}

static void findings__of_a_task_without_a_file__change_with_what_it_starts(void **state)
{
    uint64_t first = 0;
    EG_UNUSED(state);
    for (int round = 0; round < 2; round++) {
        places p;
        begin(&p);
        put_text(p.cache.tree, "\\Ghost\\Id", "{99}");
        put_text(p.cache.tasks, "{99}\\Path", "\\Ghost");
        put(p.cache.tasks, "{99}\\Actions", round == 0 ? "one" : "two", 3);
        compare(&p);
        assert_finding(&p, "\\Ghost", "no SD; no Index; no file");
        uint64_t size = eg_value_list_at(p.findings, 0)->full_size;
        assert_true(round == 0 || size != first);
        first = size;
        end(&p);
    }
}

static void findings__of_hostile_values__are_survived(void **state)
{
    places p;
    char *long_text = eg_alloc(200001);
    EG_UNUSED(state);
    assert_non_null(long_text);
    memset(long_text, 'a', 200000);
    long_text[200000] = '\0';
    begin(&p);
    put(p.cache.tree, "\\Odd\\Id", "x", 1);
    put(p.cache.tree, "\\Odd\\Index", "", 0);
    put(p.cache.tree, "\\Odd\\SD", "", 0);
    put(p.cache.tree, "Id", "", 0);
    put(p.cache.tree, "\\Id", "", 0);
    put_text(p.cache.tasks, "{LONG}\\Path", long_text);
    put(p.cache.tasks, "\\Path", "\0\xD8", 2);
    compare(&p);
    assert_true(eg_value_list_count(p.findings) >= 3);
    end(&p);
    eg_free(long_text);
}

static void definition__of_a_task__is_what_the_registry_holds(void **state)
{
    places p;
    eg_buf blob;
    eg_task_xml task;
    EG_UNUSED(state);
    begin(&p);
    blob_begin(&blob, 3);
    blob_exec(&blob, 3, "cmd.exe", "/c x", "");
    put(p.cache.tasks, "{AAAA}\\Actions", blob.data, blob.len);
    put_text(p.cache.tasks, "{BBBB}\\Path", "\\Nameless");
    put(p.cache.tasks, "{BBBB}\\Actions", blob.data, blob.len - 30);
    compare(&p);
    eg_task_xml_init(&task);
    assert_int_equal(eg_task_cache_definition(&p.cache, EG_STR("\\Folder\\Whole"), &task), EG_OK);
    assert_string_equal(eg_buf_cstr(&task.command), "cmd.exe");
    assert_string_equal(eg_buf_cstr(&task.arguments), "/c x");
    assert_string_equal(eg_buf_cstr(&task.author), "PC\\admin");
    assert_int_equal(eg_task_cache_definition(&p.cache, EG_STR("\\nameless"), &task), EG_E_INVALID);
    assert_int_equal(eg_task_cache_definition(&p.cache, EG_STR("\\None"), &task), EG_E_NOTFOUND);
    eg_task_xml_done(&task);
    eg_buf_done(&blob);
    end(&p);
}

static int find_once(void *arg)
{
    places *p = arg;
    eg_value_list *findings = NULL;
    int status = eg_task_findings(p->files, &p->cache, &findings);
    eg_value_list_destroy(findings);
    return status;
}

static void findings__without_memory__fail(void **state)
{
    places p;
    EG_UNUSED(state);
    begin(&p);
    put(p.files, "\\Only a file", "", 0);
    compare(&p);
    assert_true(eg_test_each_allocation_fails(find_once, &p) > 10);
    end(&p);
}

int eg_test_task_findings(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings__of_whole_tasks__are_none),
        cmocka_unit_test(findings__with_a_part_missing__name_it),
        cmocka_unit_test(findings__with_index_zero__say_so),
        cmocka_unit_test(findings__of_a_task_without_a_file__change_with_what_it_starts),
        cmocka_unit_test(findings__of_hostile_values__are_survived),
        cmocka_unit_test(definition__of_a_task__is_what_the_registry_holds),
        cmocka_unit_test(findings__without_memory__fail),
    };
    return cmocka_run_group_tests_name("task_findings", tests, NULL, NULL);
}
