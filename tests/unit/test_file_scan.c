/* SPDX-License-Identifier: Apache-2.0 */
/* Files to verdicts: limits, what cannot be looked at, and what is remembered. */
#include "tests/unit/unit.h"

#include "core/yara/file_scan.h"
#include "tests/unit/alloc.h"
#include "tests/unit/ole_blob.h"
#include "tests/unit/temp_folder.h"
#include "tests/unit/zip_blob.h"

#include <string.h>

#define FILE_MAX 32768

typedef struct fixture {
    char *folder;
    eg_yara_rules *rules;
    eg_verdict_cache *cache;
    eg_file_scan *scan;
    eg_yara_facts facts;
    eg_file_report report;
} fixture;

static const eg_file_scan_limits limits = {FILE_MAX, 20};

static int setup(void **state)
{
    const eg_yara_source source = {"t.yar",
                                   EG_STR("rule evil { strings: $a = \"needle\" condition: $a }\n"
                                          "rule named { condition: filename == \"bad.name\" }")};
    fixture *f = eg_alloc_zero(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(eg_test_folder_make((void **)&f->folder), EG_OK);
    assert_int_equal(eg_yara_engine.compile(&source, 1, NULL, &f->rules), EG_OK);
    assert_int_equal(eg_verdict_cache_create(100, &f->cache), EG_OK);
    eg_verdict_cache_use_rules(f->cache, eg_yara_engine.fingerprint(f->rules));
    assert_int_equal(eg_file_scan_create(&eg_yara_engine, f->rules, f->cache, &limits, &f->scan),
                     EG_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    eg_file_scan_destroy(f->scan);
    eg_verdict_cache_destroy(f->cache);
    eg_yara_engine.rules_destroy(f->rules);
    int status = eg_test_folder_remove((void **)&f->folder);
    eg_free(f);
    return status;
}

static const char *write_file(fixture *f, const char *name, const char *text)
{
    const char *path = eg_test_path(f->folder, name);
    assert_int_equal(eg_file_write_atomic(path, text, strlen(text)), EG_OK);
    return path;
}

static eg_file_verdict verdict_of(fixture *f, const char *path)
{
    f->facts.path = eg_str_from(path);
    assert_int_equal(eg_file_scan_run(f->scan, path, &f->facts, &f->report), EG_OK);
    return f->report.verdict;
}

static void file__with_a_match__is_suspicious_each_time(void **state)
{
    fixture *f = *state;
    const char *path = write_file(f, "a", "hay needle");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(verdict_of(f, path), EG_FILE_SUSPICIOUS);
        assert_false(f->report.from_cache);
        assert_int_equal(f->report.result.matches[0].strings[0].offset, 4);
        assert_string_equal(f->report.reason, "");
    }
}

/* A document as Office writes it: a zip archive with the project of its macros. */
static const char *write_document(fixture *f, const char *source, uint32_t flags)
{
    eg_buf dir, module, project;
    zip_blob zip;
    eg_buf_init(&dir, 8192);
    eg_buf_init(&module, 8192);
    vba_dir(&dir, 1252, "Module1", 0);
    vba_pack(&module, eg_str_from(source));
    const ole_item items[] = {
        {"VBA", 0, EG_STR_NONE}, {"dir", 1, eg_buf_str(&dir)}, {"Module1", 1, eg_buf_str(&module)}};
    ole_build(&project, items, EG_COUNT(items), 9);
    const zip_member member = {"word/vbaProject.bin", eg_buf_str(&project), flags, 0, 0, 0};
    zip_begin(&zip, "");
    zip_add(&zip, &member);
    zip_end(&zip);
    const char *path = eg_test_path(f->folder, "a.docm");
    assert_int_equal(eg_file_write_atomic(path, zip.bytes.data, zip.bytes.len), EG_OK);
    eg_buf_done(&zip.bytes);
    eg_buf_done(&project);
    eg_buf_done(&module);
    eg_buf_done(&dir);
    return path;
}

static void document__with_a_macro__is_looked_into(void **state)
{
    fixture *f = *state;
    const char *source = "Attribute 1234 needle"; /* packed, the word is in two pieces */
    const char *path = write_document(f, source, 0);
    assert_int_equal(verdict_of(f, path), EG_FILE_SUSPICIOUS);
    assert_string_equal(f->report.buffer, "word/vbaProject.bin/VBA/Module1");
    assert_string_equal(f->report.reason, "");
    assert_int_equal(verdict_of(f, write_document(f, "Attribute hay", 0)), EG_FILE_CLEAN);
}

static void document__that_is_encrypted__could_not_be_looked_into(void **state)
{
    fixture *f = *state;
    assert_int_equal(verdict_of(f, write_document(f, "Attribute hay", 1)), EG_FILE_NOT_LOOKED);
    assert_non_null(strstr(f->report.reason, "vbaProject.bin: "));
    assert_non_null(strstr(f->report.reason, "encrypted"));
}

static void file__found_clean__is_read_once_until_it_changes(void **state)
{
    fixture *f = *state;
    const char *path = write_file(f, "a", "hay");
    assert_int_equal(verdict_of(f, path), EG_FILE_CLEAN);
    assert_false(f->report.from_cache);
    assert_int_equal(verdict_of(f, path), EG_FILE_CLEAN);
    assert_true(f->report.from_cache);
    write_file(f, "a", "needle");
    assert_int_equal(verdict_of(f, path), EG_FILE_SUSPICIOUS);
}

static void file__renamed_to_a_name_rules_know__is_looked_at_again(void **state)
{
    fixture *f = *state;
    const char *path = write_file(f, "a", "hay");
    const char *bad = eg_test_path(f->folder, "bad.name");
    assert_int_equal(verdict_of(f, path), EG_FILE_CLEAN);
    assert_int_equal(eg_file_move(path, bad), EG_OK);
    assert_int_equal(verdict_of(f, bad), EG_FILE_SUSPICIOUS);
}

static void rules__that_change__forget_every_verdict(void **state)
{
    fixture *f = *state;
    const char *path = write_file(f, "a", "hay");
    assert_int_equal(verdict_of(f, path), EG_FILE_CLEAN);
    eg_verdict_cache_use_rules(f->cache, 1);
    assert_int_equal(verdict_of(f, path), EG_FILE_CLEAN);
    assert_false(f->report.from_cache);
    eg_verdict_cache_use_rules(f->cache, eg_yara_engine.fingerprint(f->rules));
    assert_int_equal(verdict_of(f, path), EG_FILE_CLEAN);
    assert_false(f->report.from_cache);
}

static void file__beyond_the_limit__is_never_called_clean(void **state)
{
    fixture *f = *state;
    char text[FILE_MAX + 100];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const char *path = write_file(f, "a", text);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(verdict_of(f, path), EG_FILE_NOT_LOOKED);
        assert_non_null(strstr(f->report.reason, "only the first 32768"));
        assert_int_equal(f->report.bytes, FILE_MAX);
    }
    memcpy(text, "needle", 6);
    write_file(f, "a", text);
    assert_int_equal(verdict_of(f, path), EG_FILE_SUSPICIOUS);
    assert_non_null(strstr(f->report.reason, "only the first 32768"));
    text[FILE_MAX] = '\0';
    write_file(f, "a", text + 6);
    assert_int_equal(verdict_of(f, path), EG_FILE_CLEAN);
}

static void what_is_no_file__could_not_be_looked_at(void **state)
{
    fixture *f = *state;
    assert_int_equal(verdict_of(f, f->folder), EG_FILE_NOT_LOOKED);
    assert_non_null(strstr(f->report.reason, "no regular file"));
    assert_int_equal(verdict_of(f, eg_test_path(f->folder, "gone")), EG_FILE_NOT_LOOKED);
    assert_non_null(strstr(f->report.reason, "gone"));
    assert_int_equal(verdict_of(f, write_file(f, "empty", "")), EG_FILE_CLEAN);
}

/* An engine that gives up, in the place of libyara. */
static int scan_too_long(eg_yara_scanner *scanner, eg_str bytes, const eg_yara_facts *facts,
                         int seconds, eg_yara_result *out)
{
    (void)scanner, (void)bytes, (void)facts, (void)seconds;
    memset(out, 0, sizeof(*out));
    return eg_fail(EG_E_TIMEOUT, "scanning took too long");
}

static void file__that_takes_too_long__could_not_be_looked_at(void **state)
{
    fixture *f = *state;
    eg_yara_ops ops = eg_yara_engine;
    ops.scan = scan_too_long;
    const char *path = write_file(f, "a", "hay");
    eg_file_scan_destroy(f->scan);
    assert_int_equal(eg_file_scan_create(&ops, f->rules, f->cache, &limits, &f->scan), EG_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(verdict_of(f, path), EG_FILE_NOT_LOOKED);
        assert_string_equal(f->report.reason, "scanning took too long");
    }
    eg_file_scan_destroy(f->scan);
    f->scan = NULL;
}

static void count_key(void *user, const eg_verdict_key *key)
{
    (void)key;
    ++*(size_t *)user;
}

static void cache__overfull__stays_bounded_and_forgets_the_oldest(void **state)
{
    (void)state;
    eg_verdict_cache *cache = NULL;
    eg_verdict_key key = {.facts = 1};
    size_t count = 0;
    assert_int_equal(eg_verdict_cache_create(64, &cache), EG_OK);
    eg_verdict_cache_use_rules(cache, 7);
    for (uint64_t i = 0; i < 10000; i++) {
        key.file.id[0] = i;
        eg_verdict_cache_add_clean(cache, 7, &key);
        assert_true(eg_verdict_cache_is_clean(cache, 7, &key));
        assert_false(eg_verdict_cache_is_clean(cache, 8, &key));
    }
    key.file.size++;
    assert_false(eg_verdict_cache_is_clean(cache, 7, &key));
    eg_verdict_cache_each(cache, count_key, &count);
    assert_int_equal(count, 64);
    eg_verdict_cache_add_clean(cache, 8, &key);
    assert_false(eg_verdict_cache_is_clean(cache, 7, &key));
    eg_verdict_cache_destroy(cache);
    assert_int_equal(eg_verdict_cache_create(SIZE_MAX, &cache), EG_E_LIMIT);
}

static void file_type__is_told_by_the_first_bytes(void **state)
{
    (void)state;
    const struct {
        eg_str bytes, type;
    } cases[] = {
        {EG_STR("MZ\x90"), EG_STR("EXE")},   {EG_STR("PK\x03\x04"), EG_STR("ZIP")},
        {EG_STR("M"), EG_STR("")},           {EG_STR(""), EG_STR("")},
        {EG_STR("{\\rtf1"), EG_STR("RTF")},  {EG_STR("<HTML>"), EG_STR("HTML")},
        {EG_STR("%PDF-1.7"), EG_STR("PDF")}, {EG_STR("L\0\0\0\x01\x14\x02\0\0"), EG_STR("LNK")},
    };
    for (size_t i = 0; i < EG_COUNT(cases); i++) {
        assert_true(eg_str_equal(eg_file_type(cases[i].bytes), cases[i].type));
    }
}

typedef struct attempt {
    const fixture *f;
    const char *path;
    eg_file_report *report;
} attempt;

static int scan_one(void *arg)
{
    const attempt *a = arg;
    eg_file_scan *scan = NULL;
    eg_verdict_cache *cache = NULL;
    const eg_yara_facts facts = {.path = eg_str_from(a->path)};
    int status = eg_verdict_cache_create(10, &cache);
    if (status == EG_OK) {
        status = eg_file_scan_create(&eg_yara_engine, a->f->rules, cache, &limits, &scan);
    }
    if (status == EG_OK) {
        status = eg_file_scan_run(scan, a->path, &facts, a->report);
    }
    eg_file_scan_destroy(scan);
    eg_verdict_cache_destroy(cache);
    return status;
}

static void allocation__refused_anywhere__is_survived(void **state)
{
    fixture *f = *state;
    attempt a = {f, write_file(f, "a", "needle"), &f->report};
    assert_true(eg_test_each_allocation_fails(scan_one, &a) > 3);
    assert_int_equal(f->report.verdict, EG_FILE_SUSPICIOUS);
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int eg_test_file_scan(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILES(file__with_a_match__is_suspicious_each_time),
        WITH_FILES(document__with_a_macro__is_looked_into),
        WITH_FILES(document__that_is_encrypted__could_not_be_looked_into),
        WITH_FILES(file__found_clean__is_read_once_until_it_changes),
        WITH_FILES(file__renamed_to_a_name_rules_know__is_looked_at_again),
        WITH_FILES(rules__that_change__forget_every_verdict),
        WITH_FILES(file__beyond_the_limit__is_never_called_clean),
        WITH_FILES(what_is_no_file__could_not_be_looked_at),
        WITH_FILES(file__that_takes_too_long__could_not_be_looked_at),
        cmocka_unit_test(cache__overfull__stays_bounded_and_forgets_the_oldest),
        cmocka_unit_test(file_type__is_told_by_the_first_bytes),
        WITH_FILES(allocation__refused_anywhere__is_survived),
    };
    return cmocka_run_group_tests_name("file_scan", tests, NULL, NULL);
}
