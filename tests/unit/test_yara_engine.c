/* SPDX-License-Identifier: Apache-2.0 */
/* YARA: what is compiled and what refused, what rules may ask, and that results are bounded. */
#include "tests/unit/unit.h"

#include "core/base/os.h"
#include "core/yara/engine.h"
#include "tests/unit/alloc.h"

#include <stdio.h>
#include <string.h>

#define GENERATED 5000

typedef struct problems {
    size_t errors, warnings;
    int line;
    char file[64], reason[256];
} problems;

static void on_problem(void *user, const eg_yara_problem *problem)
{
    problems *p = user;
    if (problem->is_warning) {
        p->warnings++;
        return;
    }
    p->errors++;
    p->line = problem->line;
    (void)snprintf(p->file, sizeof(p->file), "%s", problem->file);
    (void)snprintf(p->reason, sizeof(p->reason), "%s", problem->reason);
}

static eg_yara_rules *compile(const eg_yara_source *sources, size_t count, problems *found)
{
    eg_yara_rules *rules = NULL;
    memset(found, 0, sizeof(*found));
    const eg_yara_report report = {on_problem, found};
    assert_int_equal(eg_yara_engine.compile(sources, count, &report, &rules), EG_OK);
    return rules;
}

static eg_yara_source source(const char *file, const char *text)
{
    return (eg_yara_source){file, eg_str_from(text)};
}

/* What one scan of `bytes` gives; `result` is large, so it is the caller's. */
static int scan_once(const eg_yara_rules *rules, eg_str bytes, const eg_yara_facts *facts,
                     eg_yara_result *result)
{
    eg_yara_scanner *scanner = NULL;
    assert_int_equal(eg_yara_engine.scanner_create(rules, &scanner), EG_OK);
    int status = eg_yara_engine.scan(scanner, bytes, facts, 20, result);
    eg_yara_engine.scanner_destroy(scanner);
    return status;
}

static eg_yara_result result;

static void rule__with_metadata__is_read_out_and_told(void **state)
{
    (void)state;
    problems found;
    const eg_yara_facts facts = {.size = 11};
    const eg_yara_source one =
        source("a.yar", "rule first : tag {\n"
                        " meta: id = \"11-22\" title = \"T\" author = \"A\"\n"
                        "  description = \"D\" level = \"high\"\n"
                        "  reference = \"R\" score = 70\n"
                        " strings: $here = \"needle\"\n"
                        " condition: $here }\n");
    eg_yara_rules *rules = compile(&one, 1, &found);
    assert_int_equal(found.errors, 0);
    assert_int_equal(eg_yara_engine.rule_count(rules), 1);
    const eg_yara_rule *rule = eg_yara_engine.rule(rules, 0);
    assert_true(eg_str_equal(rule->id, EG_STR("11-22")));
    assert_true(eg_str_equal(rule->name, EG_STR("first")));
    assert_true(eg_str_equal(rule->title, EG_STR("T")));
    assert_true(eg_str_equal(rule->author, EG_STR("A")));
    assert_true(eg_str_equal(rule->level, EG_STR("high")));
    assert_true(eg_str_equal(rule->reference, EG_STR("R")));
    assert_int_equal(rule->score, 70);
    assert_string_equal(rule->file, "a.yar");

    assert_int_equal(scan_once(rules, EG_STR("hay needle."), &facts, &result), EG_OK);
    assert_int_equal(result.count, 1);
    assert_ptr_equal(result.matches[0].rule, rule);
    assert_int_equal(result.matches[0].string_count, 1);
    assert_string_equal(result.matches[0].strings[0].name, "$here");
    assert_int_equal(result.matches[0].strings[0].offset, 4);
    assert_int_equal(result.matches[0].strings[0].length, 6);
    assert_memory_equal(result.matches[0].strings[0].excerpt, "needle", 6);
    assert_int_equal(scan_once(rules, EG_STR("hay"), &facts, &result), EG_OK);
    assert_int_equal(result.total, 0);
    eg_yara_engine.rules_destroy(rules);
}

static void file__with_an_error__is_told_and_left_out(void **state)
{
    (void)state;
    problems found;
    const eg_yara_facts facts = {.size = 1};
    const eg_yara_source sources[] = {
        source("good.yar", "rule a { condition: true }"),
        source("bad.yar", "rule b {\n condition:\n  nonsense }"),
        source("same_name.yar", "rule a { condition: filesize == 1 }"),
        source("include.yar", "include \"/etc/passwd\"\nrule c { condition: true }"),
        source("module.yar", "import \"cuckoo\"\nrule d { condition: true }"),
        source("empty.yar", ""),
    };
    eg_yara_rules *rules = compile(sources, 2, &found);
    assert_int_equal(found.errors, 1);
    assert_string_equal(found.file, "bad.yar");
    assert_int_equal(found.line, 3);
    assert_non_null(strstr(found.reason, "nonsense"));
    assert_int_equal(eg_yara_engine.rule_count(rules), 1);
    eg_yara_engine.rules_destroy(rules);

    rules = compile(sources, EG_COUNT(sources), &found);
    assert_true(found.errors >= 3);
    assert_int_equal(eg_yara_engine.rule_count(rules), 2);
    assert_int_equal(scan_once(rules, EG_STR("x"), &facts, &result), EG_OK);
    assert_int_equal(result.total, 2);
    eg_yara_engine.rules_destroy(rules);
}

static void no_rules__meet_nothing(void **state)
{
    (void)state;
    problems found;
    const eg_yara_facts facts = {.size = 1};
    eg_yara_rules *rules = compile(NULL, 0, &found);
    assert_int_equal(eg_yara_engine.rule_count(rules), 0);
    assert_int_equal(scan_once(rules, EG_STR("x"), &facts, &result), EG_OK);
    assert_int_equal(result.total, 0);
    eg_yara_engine.rules_destroy(rules);
}

static void externals__tell_what_is_known_of_the_file(void **state)
{
    (void)state;
    problems found;
    const eg_yara_facts facts = {
        .path = EG_STR("C:\\Users\\sato\\Letter.2023.DOC"),
        .filetype = EG_STR("OLE"),
        .owner = EG_STR("PC\\sato"),
        .event_kind = EG_STR("check"),
        .signer_state = EG_STR("none"),
        .size = UINT64_C(5000000000),
    };
    const eg_yara_facts nothing = {.size = 0};
    const eg_yara_source one =
        source("e.yar", "rule e { condition: filepath == \"C:\\\\Users\\\\sato\" and\n"
                        " filename == \"Letter.2023.DOC\" and extension iequals \".doc\" and\n"
                        " full_path endswith \"\\\\Letter.2023.DOC\" and filetype == \"OLE\" and\n"
                        " owner == \"PC\\\\sato\" and event_kind == \"check\" and\n"
                        " signer_state == \"none\" and file_size > 4096MB and filesize == 1 }\n"
                        "rule n { condition: filename == \"\" and extension == \"\" }");
    eg_yara_rules *rules = compile(&one, 1, &found);
    assert_int_equal(found.errors, 0);
    assert_int_equal(scan_once(rules, EG_STR("x"), &facts, &result), EG_OK);
    assert_int_equal(result.total, 1);
    assert_true(eg_str_equal(result.matches[0].rule->name, EG_STR("e")));
    assert_int_equal(scan_once(rules, EG_STR("x"), &nothing, &result), EG_OK);
    assert_int_equal(result.total, 1);
    assert_true(eg_str_equal(result.matches[0].rule->name, EG_STR("n")));
    eg_yara_engine.rules_destroy(rules);
}

static void modules__that_need_no_openssl__work(void **state)
{
    (void)state;
    problems found;
    const eg_yara_facts facts = {.size = 3};
    const eg_yara_source one =
        source("m.yar", "import \"hash\"\nimport \"math\"\nimport \"string\"\nimport \"time\"\n"
                        "import \"pe\"\nimport \"elf\"\n"
                        "rule m { condition: not pe.is_pe and math.entropy(0, filesize) > 1 and\n"
                        " string.to_int(\"7\") == 7 and time.now() > 0 and\n"
                        " hash.md5(0, filesize) == \"900150983cd24fb0d6963f7d28e17f72\" and\n"
                        " hash.sha256(0, 3) == "
                        "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\" }");
    eg_yara_rules *rules = compile(&one, 1, &found);
    assert_int_equal(found.errors, 0);
    assert_int_equal(scan_once(rules, EG_STR("abc"), &facts, &result), EG_OK);
    assert_int_equal(result.total, 1);
    eg_yara_engine.rules_destroy(rules);
}

/* As many rules, strings and long matches as there is no room for. */
static void results__beyond_the_room__are_counted_and_cut(void **state)
{
    (void)state;
    problems found;
    eg_buf text;
    char bytes[256];
    const eg_yara_facts facts = {.size = sizeof(bytes)};
    memset(bytes, 'a', sizeof(bytes));
    eg_buf_init(&text, 1024 * 1024);
    for (int i = 0; i < 100; i++) {
        eg_buf_appendf(&text, "rule r%d { strings: ", i);
        for (int j = 0; j < 12; j++) {
            eg_buf_appendf(&text, "$s%d = /a{%d}/ ", j, 100 + j);
        }
        eg_buf_append_cstr(&text, "condition: all of them }\n");
    }
    const eg_yara_source one = {"many.yar", eg_buf_str(&text)};
    eg_yara_rules *rules = compile(&one, 1, &found);
    assert_int_equal(found.errors, 0);
    assert_int_equal(scan_once(rules, (eg_str){bytes, sizeof(bytes)}, &facts, &result), EG_OK);
    assert_int_equal(result.total, 100);
    assert_int_equal(result.count, EG_YARA_MATCHES_MAX);
    assert_int_equal(result.matches[0].string_count, EG_YARA_STRINGS_MAX);
    assert_true(result.matches[0].strings[0].length >= 100);
    assert_int_equal(result.matches[0].strings[0].excerpt_length, EG_YARA_EXCERPT_MAX);
    eg_yara_engine.rules_destroy(rules);
    eg_buf_done(&text);
}

static void scan__that_takes_too_long__is_ended(void **state)
{
    (void)state;
    problems found;
    const eg_yara_facts facts = {.size = 1};
    eg_yara_scanner *scanner = NULL;
    const eg_yara_source one =
        source("slow.yar", "rule slow { condition: for all i in (1..100000000000) : ("
                           "for all j in (1..100000000) : (i + j > 0)) }");
    eg_yara_rules *rules = compile(&one, 1, &found);
    assert_int_equal(found.errors, 0);
    assert_int_equal(eg_yara_engine.scanner_create(rules, &scanner), EG_OK);
    assert_int_equal(eg_yara_engine.scan(scanner, EG_STR("x"), &facts, 1, &result), EG_E_TIMEOUT);
    assert_int_equal(result.total, 0);
    eg_yara_engine.scanner_destroy(scanner);
    eg_yara_engine.rules_destroy(rules);
}

static void fingerprint__of_other_sources__is_another(void **state)
{
    (void)state;
    problems found;
    const eg_yara_source sources[] = {source("a.yar", "rule a { condition: true }"),
                                      source("a.yar", "rule a { condition: false }")};
    eg_yara_rules *first = compile(&sources[0], 1, &found);
    eg_yara_rules *same = compile(&sources[0], 1, &found);
    eg_yara_rules *other = compile(&sources[1], 1, &found);
    assert_true(eg_yara_engine.fingerprint(first) == eg_yara_engine.fingerprint(same));
    assert_true(eg_yara_engine.fingerprint(first) != eg_yara_engine.fingerprint(other));
    eg_yara_engine.rules_destroy(first);
    eg_yara_engine.rules_destroy(same);
    eg_yara_engine.rules_destroy(other);
}

typedef struct worker {
    const eg_yara_rules *rules;
    size_t wrong;
} worker;

static void scan_often(void *arg)
{
    worker *w = arg;
    eg_yara_scanner *scanner = NULL;
    const eg_yara_facts facts = {.size = 1};
    eg_yara_result *own = eg_alloc(sizeof(*own));
    if (!own || eg_yara_engine.scanner_create(w->rules, &scanner) != EG_OK) {
        w->wrong++;
        eg_free(own);
        return;
    }
    for (int i = 0; i < 500; i++) {
        eg_str bytes = i % 2 == 0 ? EG_STR("a number: r4999.") : EG_STR("nothing");
        bool wrong = eg_yara_engine.scan(scanner, bytes, &facts, 20, own) != EG_OK ||
                     own->total != (i % 2 == 0 ? 1u : 0u);
        w->wrong += wrong;
    }
    eg_yara_engine.scanner_destroy(scanner);
    eg_free(own);
}

static void five_thousand_rules__compile_and_serve_threads(void **state)
{
    (void)state;
    problems found;
    worker workers[3];
    eg_thread *threads[EG_COUNT(workers)];
    eg_buf text;
    eg_buf_init(&text, EG_YARA_SOURCE_MAX);
    for (int i = 0; i < GENERATED; i++) {
        eg_buf_appendf(&text,
                       "rule r%d { meta: id = \"%d\" strings: $a = \"r%d.\" $b = { 4D %02X %02X } "
                       "condition: $a or ($b at 0 and filesize > %d) }\n",
                       i, i, i, i & 255, i >> 8, i);
    }
    const eg_yara_source one = {"generated.yar", eg_buf_str(&text)};
    eg_yara_rules *rules = compile(&one, 1, &found);
    assert_int_equal(found.errors, 0);
    assert_int_equal(eg_yara_engine.rule_count(rules), GENERATED);
    for (size_t i = 0; i < EG_COUNT(workers); i++) {
        workers[i] = (worker){rules, 0};
        assert_int_equal(eg_thread_start(&threads[i], "scan", scan_often, &workers[i]), EG_OK);
    }
    for (size_t i = 0; i < EG_COUNT(workers); i++) {
        eg_thread_join(threads[i]);
        assert_int_equal(workers[i].wrong, 0);
    }
    eg_yara_engine.rules_destroy(rules);
    eg_buf_done(&text);
}

static int compile_and_scan(void *arg)
{
    const eg_yara_source *sources = arg;
    const eg_yara_facts facts = {.path = EG_STR("C:\\a.b"), .size = 1};
    eg_yara_rules *rules = NULL;
    eg_yara_scanner *scanner = NULL;
    int status = eg_yara_engine.compile(sources, 2, NULL, &rules);
    if (status == EG_OK) {
        status = eg_yara_engine.scanner_create(rules, &scanner);
    }
    if (status == EG_OK) {
        status = eg_yara_engine.scan(scanner, EG_STR("x"), &facts, 20, &result);
    }
    eg_yara_engine.scanner_destroy(scanner);
    eg_yara_engine.rules_destroy(rules);
    return status;
}

static void allocation__refused_anywhere__is_survived(void **state)
{
    (void)state;
    eg_yara_source sources[] = {source("a.yar", "rule a { condition: true }"),
                                source("b.yar", "rule b { condition: nonsense }")};
    assert_true(eg_test_each_allocation_fails(compile_and_scan, sources) > 3);
}

int eg_test_yara_engine(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule__with_metadata__is_read_out_and_told),
        cmocka_unit_test(file__with_an_error__is_told_and_left_out),
        cmocka_unit_test(no_rules__meet_nothing),
        cmocka_unit_test(externals__tell_what_is_known_of_the_file),
        cmocka_unit_test(modules__that_need_no_openssl__work),
        cmocka_unit_test(results__beyond_the_room__are_counted_and_cut),
        cmocka_unit_test(scan__that_takes_too_long__is_ended),
        cmocka_unit_test(fingerprint__of_other_sources__is_another),
        cmocka_unit_test(five_thousand_rules__compile_and_serve_threads),
        cmocka_unit_test(allocation__refused_anywhere__is_survived),
    };
    return cmocka_run_group_tests_name("yara_engine", tests, NULL, NULL);
}
